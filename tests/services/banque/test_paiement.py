"""The accounts to pay from, where the portal hands over to a paying service: who chooses, among which, and what is said (R20)."""

import uuid
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Evenement
from services.banque.comptes import retirer_compte
from services.banque.lectures import comptes_de
from services.banque.paiement import PaiementNonDetenu, choisir_comptes, preparer_paiement
from services.banque.reunion import reunir_les_comptes
from services.banque.signalement import decider_signalement, signaler_changement
from services.models import ReferenceBancaire, Service
from tests.factories import AgentFactory, PersonneFactory, changement_bancaire, compte_bancaire

from .scenes import AUTRE, IBAN, SENTINELLE, Entreprise, client_de

QUATRIEME = "FR7630004000031234567890143"


@pytest.fixture(autouse=True)
def _demonstration(settings: Any) -> None:
    settings.DEMONSTRATION = True


def adresse(entreprise: Entreprise) -> str:
    return reverse("ouvrir_service", args=[entreprise.personne.siren, "PAYER_TVA"])


def phrases(reponse: Any) -> str:
    return " ".join(unescape(reponse.content.decode()).replace("\xa0", " ").replace("\u202f", " ").split())


def page(entreprise: Entreprise, acteur: Any, *choisis: ReferenceBancaire) -> str:
    """Return the page of the service; where accounts are given, once they were chosen there."""
    client = client_de(acteur)
    if not choisis:
        return phrases(client.get(adresse(entreprise)))
    return phrases(client.post(adresse(entreprise), {"compte": [str(un.pk) for un in choisis]}, follow=True))


def test_un_acteur_choisit_parmi_les_comptes_masques_et_n_y_change_rien(entreprise: Entreprise) -> None:
    remis = compte_bancaire(entreprise.personne, remis_le=timezone.localdate())
    autre = compte_bancaire(entreprise.personne, AUTRE, etat_b2b="VALIDE", b2b_le=timezone.localdate())
    for acteur in (entreprise.titulaire, entreprise.suppleant, entreprise.delegant, entreprise.acteur):
        lue = page(entreprise, acteur)
        assert "Comptes à débiter" in lue
        assert f'value="{remis.pk}"' in lue
        assert "Mandat remis, en attente de la banque" in lue
        assert "interentreprises (B2B) : Valide" in lue
        assert "Compte à débiter 1" not in lue
        assert IBAN not in lue
        assert IBAN[4:23] not in lue
    choisie = page(entreprise, entreprise.acteur, remis, autre)
    assert f"FR •••• 0189, RUM {remis.mandat.rum}" in choisie
    assert f"FR •••• 2606, RUM {autre.mandat.rum}" in choisie
    assert choisie.count(" checked>") == 2
    assert "Mandat à remettre à la banque avant de payer" not in choisie


def test_trois_comptes_au_plus_et_rien_de_perime(entreprise: Entreprise) -> None:
    comptes = [compte_bancaire(entreprise.personne, iban) for iban in (IBAN, AUTRE, SENTINELLE, QUATRIEME)]
    assert "trois" in page(entreprise, entreprise.acteur)
    trop = page(entreprise, entreprise.acteur, *comptes)
    assert "entre 3 comptes au plus ; vous en avez coché 4" in trop
    assert "Compte à débiter 1" not in trop
    assert "Compte à débiter 3" in page(entreprise, entreprise.acteur, *comptes[:3])
    ReferenceBancaire.objects.filter(pk=comptes[0].pk).update(supprimee_le=timezone.now())
    perime = page(entreprise, entreprise.acteur, comptes[0], comptes[1])
    assert "ne peut plus servir à payer" in perime
    assert "Compte à débiter 1" not in perime, "what was meant cannot be: nothing of it is handed over"


def test_ce_qui_ne_peut_servir_n_est_pas_offert_et_dit_pourquoi(entreprise: Entreprise) -> None:
    fin = timezone.now() + timedelta(hours=40)
    attend = compte_bancaire(entreprise.personne, utilisable_le=fin, attente="MOT_DE_PASSE")
    clos = compte_bancaire(entreprise.personne, AUTRE, etat_b2b="REFUSE", b2b_motif="AC04", b2b_le=timezone.localdate())
    suspendu = compte_bancaire(entreprise.personne, SENTINELLE)
    signaler_changement(acteur=entreprise.suppleant, changement=changement_bancaire(suspendu))
    lue = page(entreprise, entreprise.acteur)
    for compte, dit in ((attend, "pas encore utilisable, jusqu’au"), (clos, "clos, d’après"), (suspendu, "suspendu :")):
        assert f'value="{compte.pk}"' not in lue
        assert dit in lue
        assert "ne peut plus servir à payer" in page(entreprise, entreprise.acteur, compte)
    assert "Aucun compte ne peut servir" in lue


def test_chaque_paiement_rappelle_le_mandat_non_remis(entreprise: Entreprise, settings: Any) -> None:
    compte = compte_bancaire(entreprise.personne)
    for acteur in (entreprise.titulaire, entreprise.acteur):
        assert "Mandat à remettre à la banque avant de payer" in page(entreprise, acteur)
        choisie = page(entreprise, acteur, compte)
        assert "Mandat à remettre à la banque avant de payer" in choisie
        assert "Avant de payer, remettez à la banque le mandat de FR •••• 0189" in choisie
        assert "Enregistrer ce choix" in choisie, "the button pays nothing"
    Service.objects.filter(code="PAYER_TVA").update(adresse="https://payer.example.org/")
    settings.DEMONSTRATION = False
    lue = page(entreprise, entreprise.acteur, compte)
    assert "Mandat à remettre à la banque avant de payer" in lue
    assert "Vous choisirez parmi eux, trois au plus, dans la téléprocédure" in lue
    assert 'type="checkbox"' not in lue, "what is chosen here would be handed to nobody"


def test_le_choix_se_journalise_et_se_propose_a_tous_la_prochaine_fois(entreprise: Entreprise) -> None:
    compte, autre = compte_bancaire(entreprise.personne), compte_bancaire(entreprise.personne, AUTRE)
    avant = {champ: getattr(compte, champ) for champ in ("titulaire", "bic", "etat_b2b", "utilisable_le")}
    assert " checked>" not in page(entreprise, entreprise.acteur)
    for _ in range(2):  # pressed twice
        dite = page(entreprise, entreprise.acteur, compte)
    assert "Compte choisi pour payer par ce service : FR •••• 0189" in dite
    ligne = Evenement.objects.get(acte="comptes_bancaires.choisis")
    assert (ligne.auteur, ligne.siren, ligne.service) == (
        entreprise.acteur.numero_abonne,
        entreprise.personne.siren,
        "PAYER_TVA",
    )
    assert ligne.details == {"comptes": "FR •••• 0189"}
    for acteur in (entreprise.titulaire, entreprise.delegant, entreprise.acteur):
        lue = page(entreprise, acteur)
        assert f'value="{compte.pk}" checked>' in lue
        assert lue.count(" checked>") == 1
        assert "Compte à débiter 1" in lue
    page(entreprise, entreprise.delegant, autre)
    assert f'value="{autre.pk}" checked>' in page(entreprise, entreprise.acteur)
    assert page(entreprise, entreprise.acteur).count(" checked>") == 1, (
        "the last choice stands in the place of the first"
    )
    compte.refresh_from_db()
    assert {champ: getattr(compte, champ) for champ in avant} == avant
    assert compte.choisie_pour == []


def choisir(entreprise: Entreprise, *comptes: ReferenceBancaire, acteur: Any = None) -> None:
    choisir_comptes(
        acteur=acteur or entreprise.acteur,
        personne=entreprise.personne,
        service=Service.objects.get(code="PAYER_TVA"),
        cles=[str(compte.pk) for compte in comptes],
    )


def lignes() -> list[str]:
    choisis = Evenement.objects.filter(acte="comptes_bancaires.choisis").order_by("pk")
    return [ligne.details["comptes"] for ligne in choisis]


def proposes(entreprise: Entreprise) -> list[ReferenceBancaire]:
    service = Service.objects.get(code="PAYER_TVA")
    return [compte.reference for compte in preparer_paiement(comptes_de(entreprise.personne), service).choisis]


def test_un_choix_qui_change_se_journalise_meme_dans_la_minute(entreprise: Entreprise) -> None:
    un, autre = compte_bancaire(entreprise.personne), compte_bancaire(entreprise.personne, AUTRE)
    for compte in (un, un, autre, un):
        choisir(entreprise, compte)
    choisir(entreprise, un, acteur=entreprise.delegant)  # it is so already, whoever chose it
    assert lignes() == ["FR •••• 0189", "FR •••• 2606", "FR •••• 0189"]


def _retire(entreprise: Entreprise, compte: ReferenceBancaire) -> None:
    retirer_compte(acteur=entreprise.titulaire, reference=compte)


def _defait(entreprise: Entreprise, compte: ReferenceBancaire) -> None:
    signalement = signaler_changement(acteur=entreprise.suppleant, changement=changement_bancaire(compte))
    agent = AgentFactory(service_gestionnaire=entreprise.personne.service_gestionnaire)
    decider_signalement(acteur=agent, signalement=signalement, annuler=True, motif="Erreur")


def _absorbe(entreprise: Entreprise, compte: ReferenceBancaire) -> None:
    """The file that held it becomes another one, which holds the same account already."""
    definitive = PersonneFactory()
    compte_bancaire(definitive, ajoutee_le=timezone.now() - timedelta(days=9))  # the older one stays
    reunir_les_comptes(entreprise.personne, definitive, timezone.now())


@pytest.mark.parametrize("fait", [_retire, _defait, _absorbe], ids=lambda fait: fait.__name__)
def test_un_compte_retire_perd_le_choix_et_ne_le_retrouve_pas(entreprise: Entreprise, fait: Any) -> None:
    compte = compte_bancaire(entreprise.personne)
    choisir(entreprise, compte)
    fait(entreprise, compte)
    compte.refresh_from_db()
    assert compte.supprimee_le is not None
    assert compte.choisie_pour == []
    ReferenceBancaire.objects.filter(pk=compte.pk).update(choisie_pour=["PAYER_TVA"])  # as one removed before kept it
    assert proposes(entreprise) == []
    compte.refresh_from_db()
    compte.rendre()
    assert (compte.supprimee_le, compte.choisie_pour) == (None, [])


def test_plus_de_comptes_retenus_qu_un_paiement_n_en_prend_n_en_proposent_aucun(entreprise: Entreprise) -> None:
    """Two files became one, each with its own choice."""
    comptes = [compte_bancaire(entreprise.personne, iban) for iban in (IBAN, AUTRE, SENTINELLE, QUATRIEME)]
    ReferenceBancaire.objects.update(choisie_pour=["PAYER_TVA"])
    assert proposes(entreprise) == []
    lue = page(entreprise, entreprise.acteur)
    assert " checked>" not in lue
    assert "Compte à débiter 1" not in lue
    choisir(entreprise, *comptes[:2])
    assert set(proposes(entreprise)) == set(comptes[:2])


def test_ce_qui_fut_choisi_et_ne_peut_plus_servir_se_dit(entreprise: Entreprise) -> None:
    compte, autre = compte_bancaire(entreprise.personne), compte_bancaire(entreprise.personne, AUTRE)
    page(entreprise, entreprise.acteur, compte, autre)
    signaler_changement(acteur=entreprise.suppleant, changement=changement_bancaire(compte))
    lue = page(entreprise, entreprise.acteur)
    assert "qui ne peuvent pas servir aujourd'hui" in lue.replace("’", "'")
    assert lue.count(" checked>") == 1
    assert f'value="{autre.pk}" checked>' in lue


def test_un_choix_refuse_ne_perd_rien_de_ce_qui_est_coche(entreprise: Entreprise) -> None:
    comptes = [compte_bancaire(entreprise.personne, iban) for iban in (IBAN, AUTRE, SENTINELLE, QUATRIEME)]
    assert page(entreprise, entreprise.acteur, *comptes).count(" checked>") == 4
    vide = phrases(client_de(entreprise.acteur).post(adresse(entreprise), {}))
    assert "Cochez au moins un compte" in vide
    for cle in ("x", "\x00", str(uuid.uuid4())):
        assert "ne peut plus servir à payer" in phrases(
            client_de(entreprise.acteur).post(adresse(entreprise), {"compte": cle})
        )
    assert not Evenement.objects.filter(acte="comptes_bancaires.choisis").exists()


def test_choisir_garde_la_liste_d_ou_l_on_vient(entreprise: Entreprise) -> None:
    """The page is shown again at its own address, query string included; it leads nowhere else, whatever that holds."""
    compte = compte_bancaire(entreprise.personne)
    client, choisi = client_de(entreprise.acteur), {"compte": str(compte.pk)}
    for retour in (f"{reverse('espace')}?q=garage&page=2", "https://exemple.org/", "//exemple.org/"):
        page = f"{adresse(entreprise)}?{urlencode({'retour': retour})}"
        assert client.post(page, choisi)["Location"] == f"{page}#comptes-a-debiter"


def test_qui_ne_paie_pas_ne_choisit_pas(entreprise: Entreprise) -> None:
    compte = compte_bancaire(entreprise.personne)
    service = Service.objects.get(code="PAYER_TVA")
    for acteur in (entreprise.declarant, entreprise.etranger):
        assert client_de(acteur).post(adresse(entreprise), {"compte": str(compte.pk)}).status_code == 404
        with pytest.raises(PaiementNonDetenu):
            choisir_comptes(acteur=acteur, personne=entreprise.personne, service=service, cles=[str(compte.pk)])
    compte.refresh_from_db()
    assert compte.choisie_pour == []
