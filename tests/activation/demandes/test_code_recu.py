"""« Code reçu »: one field finds its own demande; what it counts, what it says, where it leads (issue 10.8)."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.chiffrement import chiffrer
from accounts.models import Application, Espace, Evenement
from accounts.portes.code_garde import CHAMP, POUR
from accounts.portes.saisie import ESTAMPILLE
from accounts.traces.acteurs import Visiteur
from activation.courriers.codes import (
    CodeDejaUtilise,
    CodeEtranger,
    CodeExpire,
    CodeMalSaisi,
    CodePasEncoreEdite,
    CodeRemplace,
    CodeSansDemande,
    CodeSuspendu,
    TropDeCodesSansDemande,
    TropDEssais,
    reference_a_signaler,
)
from activation.demandes.activation import activer, activer_code_recu, demande_du_code
from activation.demandes.attente import DemandeTerminee
from activation.demandes.signalements import signaler
from activation.demandes.suites import annuler_demande, demander_nouveau_courrier
from activation.models import Courrier, Demande
from habilitations.models import Habilitation, Role
from tests.activation import scenes
from tests.factories import MOT_DE_PASSE, EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db
INCONNU = "K7QM4TXB9RW"


def attendre(espace: Espace, nombre: int = 1) -> list[Demande]:
    """Have this espace wait for so many codes, each letter made."""
    demandes = [scenes.adhesion(espace, PersonneFactory(), ServiceFactory(code="DECL_TVA")) for _ in range(nombre)]
    for demande in demandes:
        scenes.editer(demande)
    return demandes


def faux(rang: int = 0) -> str:
    """Return a code of nobody that could have been typed: its check character is right."""
    return scenes.code_faux("23456789ABCD"[rang] + INCONNU)


def manques(espace: Espace) -> int:
    return Evenement.objects.filter(acte="code.sans_demande", auteur=espace.numero_abonne).count()


def texte(reponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reponse.content.decode()).replace("&#x27;", "'"))


def test_chaque_code_trouve_sa_demande(espace: Espace) -> None:
    demandes = attendre(espace, 3)
    for demande in reversed(demandes):
        activation = activer_code_recu(
            acteur=espace, saisie=f" {scenes.code(demande).lower()[:4]} {scenes.code(demande)[4:]} "
        )
        assert activation.demande == demande
        assert len(activation.adhesions) == 1
    assert Habilitation.objects.filter(espace=espace).count() == 3
    assert manques(espace) == 0


def test_un_code_inconnu_compte_une_fois_pour_l_espace_et_sur_aucun_courrier(espace: Espace) -> None:
    demandes = attendre(espace, 2)
    with pytest.raises(CodeSansDemande, match="heure : 9"):
        activer_code_recu(acteur=espace, saisie=faux())
    assert manques(espace) == 1
    assert [scenes.essais(demande) for demande in demandes] == [0, 0]


def test_une_faute_de_frappe_ne_compte_pas(espace: Espace) -> None:
    attendre(espace)
    for saisie in ("O" + INCONNU, "K7QM", faux()[:-1] + ("2" if faux()[-1] != "2" else "3")):
        with pytest.raises(CodeMalSaisi):
            activer_code_recu(acteur=espace, saisie=saisie)
        assert demande_du_code(espace, saisie) is None
    assert manques(espace) == 0


def test_dix_par_heure_et_la_page_de_la_demande_reste_ouverte(espace: Espace) -> None:
    """The limit hurts the holder who mistook ten codes: the demande's own page takes its code all the same."""
    une, deux = attendre(espace, 2)
    for _ in range(10):
        with pytest.raises(CodeSansDemande):
            activer_code_recu(acteur=espace, saisie=faux())
    with pytest.raises(TropDeCodesSansDemande):
        activer_code_recu(acteur=espace, saisie=faux())
    with pytest.raises(TropDeCodesSansDemande):
        activer_code_recu(acteur=espace, saisie=scenes.code(une))
    assert manques(espace) == 10
    activer(acteur=espace, demande=une, saisie=scenes.code(une))
    plus_tard = timezone.now() + timedelta(hours=1, seconds=1)
    assert activer_code_recu(acteur=espace, saisie=scenes.code(deux), maintenant=plus_tard).demande == deux


def test_les_essais_d_un_espace_ne_genent_pas_un_autre(espace: Espace) -> None:
    autre = EspaceFactory()
    (demande,) = attendre(autre)
    for _ in range(10):
        with pytest.raises(CodeSansDemande):
            activer_code_recu(acteur=espace, saisie=faux())
    activer_code_recu(acteur=autre, saisie=scenes.code(demande))


def test_le_code_d_un_autre_espace(espace: Espace) -> None:
    (sienne,) = attendre(EspaceFactory())
    attendre(espace)
    with pytest.raises(CodeEtranger):
        activer_code_recu(acteur=espace, saisie=scenes.code(sienne))
    assert (manques(espace), scenes.essais(sienne)) == (1, 0)
    assert not Habilitation.objects.exists()


def test_deja_utilise_expire_annule_pas_parti_ne_comptent_pas(espace: Espace) -> None:
    utilise, expire, annulee = attendre(espace, 3)
    en_preparation = scenes.adhesion(espace, PersonneFactory())
    activer_code_recu(acteur=espace, saisie=scenes.code(utilise))
    fin = expire.courriers.get().expire_le
    annuler_demande(acteur=espace, demande=annulee)
    for demande, regle in (
        (utilise, CodeDejaUtilise),
        (expire, CodeExpire),
        (annulee, DemandeTerminee),
        (en_preparation, CodePasEncoreEdite),
    ):
        with pytest.raises(regle):
            activer_code_recu(
                acteur=espace,
                saisie=scenes.code(demande),
                maintenant=fin + timedelta(seconds=1) if regle is CodeExpire else None,
            )
    assert manques(espace) == 0


def test_remplace_et_suspendu(espace: Espace) -> None:
    remplacee, suspendue = attendre(espace, 2)
    ancien = scenes.code(remplacee)
    demander_nouveau_courrier(acteur=espace, demande=remplacee, maintenant=timezone.now() + timedelta(days=16))
    with pytest.raises(CodeRemplace):
        activer_code_recu(acteur=espace, saisie=ancien)
    assert manques(espace) == 1
    signaler(
        acteur=Visiteur(),
        saisie=reference_a_signaler(reference=suspendue.reference, demande=suspendue.pk),
        adresse_ip="192.0.2.7",
    )
    with pytest.raises(CodeSuspendu):
        activer_code_recu(acteur=espace, saisie=scenes.code(suspendue))
    with pytest.raises(CodeSansDemande):
        activer_code_recu(acteur=espace, saisie=faux())
    assert manques(espace) == 2


def test_cinq_essais_sur_la_demande_ferment_aussi_ce_champ(espace: Espace) -> None:
    (demande,) = attendre(espace)
    Courrier.objects.update(essais=5)
    with pytest.raises(TropDEssais):
        activer_code_recu(acteur=espace, saisie=scenes.code(demande))


def test_les_pages_l_une_apres_l_autre(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    demandes = attendre(espace, 3)
    client = client_de(espace)
    accueil = client.get(reverse("espace"))
    assert "3 demandes attendent le leur" in texte(accueil)
    assert 'name="code"' in accueil.content.decode()
    page = client.post(reverse("activer"), {"code": scenes.code(demandes[0])}, follow=True)
    assert page.redirect_chain == [(reverse("activer"), 302)]
    assert f"Code accepté : vos services sont ouverts pour {demandes[0].personne.denomination}." in texte(page)
    assert "2 demandes attendent le leur" in texte(page)
    assert demandes[0].reference not in page.content.decode()
    page = client.post(reverse("activer"), {"code": faux()})
    assert "n’est celui d’aucune de vos demandes" in texte(page)
    client.post(reverse("activer"), {"code": scenes.code(demandes[1])})
    page = client.post(reverse("activer"), {"code": scenes.code(demandes[2])}, follow=True)
    assert page.redirect_chain == [(reverse("demande", args=[demandes[2].reference]), 302)]
    page = client.post(reverse("activer"), {"code": scenes.code(demandes[2])}, follow=True)  # a second press
    assert "Ce code a déjà servi" in texte(page)
    assert page.status_code == 200
    assert scenes.code(demandes[2]) not in page.content.decode()


def test_un_espace_plein_relit_ce_qui_prendra_fin(
    espace: Espace, client_de: Callable[[Espace], Client], settings
) -> None:
    settings.PERIMETRE_SIREN = 1
    recente = accorder(habiliter(EspaceFactory()), espace, Role.ACTEUR)
    (demande,) = attendre(espace)
    client = client_de(espace)
    page = client.post(reverse("activer"), {"code": scenes.code(demande)})
    contenu = page.content.decode()
    assert "Votre espace est plein" in texte(page)
    assert f'action="{reverse("demande", args=[demande.reference])}"' in contenu
    demande.refresh_from_db()
    assert demande.est_en_cours
    apercu = re.search(r'name="apercu" value="(\w+)"', contenu)
    assert apercu
    code = scenes.code(demande)
    assert f'value="{code}"' in contenu
    client.post(reverse("demande", args=[demande.reference]), {"code": code, "apercu": apercu[1]})
    recente.refresh_from_db()
    demande.refresh_from_db()
    assert demande.etat == Demande.Etat.ACTIVEE
    assert recente.fin_le is not None


def test_la_limite_vaut_aussi_pour_un_code_qui_prendrait_une_place(
    espace: Espace, client_de: Callable[[Espace], Client], settings
) -> None:
    """What the code would end is shown once the try is counted: beyond the limit a right code says no more than a wrong one."""
    settings.PERIMETRE_SIREN = 1
    accorder(habiliter(EspaceFactory()), espace, Role.ACTEUR)
    (demande,) = attendre(espace)
    for rang in range(10):
        with pytest.raises(CodeSansDemande):
            activer_code_recu(acteur=espace, saisie=faux(rang))
    client = client_de(espace)
    pages = [client.post(reverse("activer"), {"code": code}) for code in (scenes.code(demande), faux(10))]
    for page in pages:
        assert demande.reference not in [m.message for m in page.context["messages"]]
        assert "Ce code est celui de cette demande" not in texte(page)
        assert page.status_code == 429
    assert manques(espace) == 10


def test_un_visiteur_retrouve_son_code_apres_la_connexion(espace: Espace, client: Client) -> None:
    (demande,) = attendre(espace)
    code = scenes.code(demande)
    assert 'name="code"' in client.get(reverse("accueil")).content.decode()
    reponse = client.post(reverse("saisir_code"), {"code": code})
    assert reponse["Location"] == reverse("connexion", query={"next": reverse("activer")})
    assert code not in client.session[CHAMP]
    assert code[:4] not in str(dict(client.session))
    page = client.post(reponse["Location"], {"username": espace.compte.email, "password": MOT_DE_PASSE}, follow=True)
    assert page.redirect_chain[-1][0] == reverse("activer")
    assert f'value="{code[:4]}-{code[4:8]}-{code[8:]}"' in page.content.decode()
    demande.refresh_from_db()
    assert demande.est_en_cours  # never sent by itself
    assert code[:4] + "-" not in client.get(reverse("activer")).content.decode()


def test_un_visiteur_apprend_une_faute_de_frappe_et_rien_d_autre(client: Client) -> None:
    page = client.post(reverse("saisir_code"), {"code": "K7QM-4TXB-9RW0"})
    assert "erreur de saisie" in texte(page)
    assert client.post(reverse("saisir_code"), {"code": faux()}).status_code == 302
    assert not Evenement.objects.exists()


def test_le_code_garde_un_quart_d_heure(espace: Espace, client: Client) -> None:
    code = scenes.code(attendre(espace)[0])
    client.post(reverse("saisir_code"), {"code": code})
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=2)):
        page = client.post(
            reverse("connexion") + "?next=" + reverse("activer"),
            {"username": espace.compte.email, "password": MOT_DE_PASSE},
            follow=True,
        )
        assert page.redirect_chain[-1][0] == reverse("activer")
        assert code[:4] not in page.content.decode()


def test_un_espace_simplifie_en_attente_retrouve_le_sien(client: Client) -> None:
    scenes.services_du_bouquet()
    espace = scenes.inscrire(PersonneFactory())
    demande = scenes.confirmer(espace)
    scenes.editer(demande)
    code = scenes.code(demande)
    Espace.objects.update(reponse_a_montrer=False)
    client.post(reverse("saisir_code"), {"code": code})
    page = client.post(
        reverse("connexion") + "?next=" + reverse("activer"),
        {"username": scenes.LOGIN, "password": MOT_DE_PASSE},
        follow=True,
    )
    assert page.redirect_chain[-1][0] == reverse("activer_espace")
    assert code[:4] + "-" in page.content.decode()


@pytest.mark.parametrize(
    ("adresse", "attendus"),
    [
        ("?q=leboeuf", {"LE BŒUF ET FILS"}),
        ("?q=LEBŒUF", {"LE BŒUF ET FILS"}),
        ("?etat=ANNULEE", {"ALPES CHARPENTE"}),
        ("?etat=EN_ATTENTE", {"LE BŒUF ET FILS", "ZINGUERIE"}),
        ("?q=zing&etat=ANNULEE", set()),
        ("?etat=INCONNU&ordre=INCONNU&par_page=3", {"LE BŒUF ET FILS", "ZINGUERIE", "ALPES CHARPENTE"}),
    ],
)
def test_la_liste_se_cherche_et_se_filtre(
    espace: Espace, client_de: Callable[[Espace], Client], adresse: str, attendus: set[str]
) -> None:
    noms = ("LE BŒUF ET FILS", "ZINGUERIE", "ALPES CHARPENTE")
    demandes = [scenes.adhesion(espace, PersonneFactory(denomination=nom)) for nom in noms]
    scenes.adhesion(EspaceFactory(), PersonneFactory(denomination="LE BŒUF D'AILLEURS"))
    annuler_demande(acteur=espace, demande=demandes[2])
    page = client_de(espace).get(reverse("demandes") + adresse).context["page"]
    assert {demande.personne.denomination for demande in page} == attendus


def test_ordre_taille_et_reference(espace: Espace, client_de: Callable[[Espace], Client], settings) -> None:
    settings.PLAFOND_COURRIERS_ESPACE = 30
    demandes = attendre(espace, 25)
    client = client_de(espace)

    def lues(adresse: str) -> list[str]:
        return [demande.reference for demande in client.get(adresse).context["page"]]

    assert len(lues(reverse("demandes"))) == 20
    assert lues(reverse("demandes") + "?par_page=50&ordre=anciennes") == [d.reference for d in demandes]
    assert lues(reverse("demandes") + f"?q={demandes[3].reference}") == [demandes[3].reference]
    Courrier.objects.filter(demande=demandes[7]).update(expire_le=timezone.now() + timedelta(days=2))
    assert lues(reverse("activer"))[0] == demandes[7].reference
    page = client.get(reverse("activer") + "?par_page=20&ordre=entreprise")
    assert "par_page=20&amp;ordre=entreprise&amp;page=2" in page.content.decode()


def se_connecter(client: Client, espace: Espace, **suite: str) -> Any:
    donnees = {"username": espace.compte.email, "password": MOT_DE_PASSE, **suite}
    return client.post(reverse("connexion"), donnees, follow=True)


@pytest.mark.parametrize("depart", ["second facteur attendu", "déconnexion"])
def test_le_code_garde_est_a_qui_se_connecte_le_premier(espace: Espace, client: Client, depart: str) -> None:
    code = scenes.code(attendre(espace)[0])
    client.post(reverse("saisir_code"), {"code": code})
    if depart == "second facteur attendu":
        Application.objects.create(user=espace.compte, name="Téléphone", confirmed=True)
    se_connecter(client, espace)
    if depart == "déconnexion":
        client.post(reverse("deconnexion"))
    autre = EspaceFactory()
    assert code[:4] + "-" not in se_connecter(client, autre, next=reverse("activer")).content.decode()
    assert CHAMP not in client.session


def test_un_code_tape_dans_une_session_ouverte_est_a_elle(
    espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    code = scenes.code(attendre(espace)[0])
    client = client_de(espace)
    client.post(reverse("saisir_code"), {"code": code})
    assert code[:4] + "-" in client.get(reverse("activer")).content.decode()
    client.post(reverse("saisir_code"), {"code": code})
    session = client.session
    session[POUR] = str(EspaceFactory().compte.pk)
    session.save()
    assert code[:4] + "-" not in client.get(reverse("activer")).content.decode()


def test_relire_une_saisie_gardee_n_use_pas_le_code(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    code = scenes.code(attendre(espace)[0])
    client, page = client_de(espace), reverse("activer")
    client.post(reverse("saisir_code"), {"code": code})
    Client().post(page, {"remarque": "x", "estampille": chiffrer(json.dumps([str(espace.pk), page]), usage=ESTAMPILLE)})
    assert "Rien n’a encore" in texte(client.get(reverse("saisie_gardee")))
    assert code[:4] + "-" in client.get(page).content.decode()
