"""« Je ne reconnais pas cette demande »: the code pauses, an agent decides, nobody is told more than he had (R8)."""

import html
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.envois import courriels
from accounts.models import Courriel, Espace, Evenement
from accounts.saisies.jours_ouvres import apres_jours_ouvres
from accounts.traces.acteurs import Visiteur
from activation.courriers.codes import ALPHABET, CodeSuspendu, ReferenceMalSaisie, lire_reference, reference_a_signaler
from activation.courriers.messagerie import lire_code
from activation.courriers.rappels import rappeler_codes
from activation.demandes import signalements
from activation.demandes.activation import activer
from activation.demandes.attente import DemandeTerminee
from activation.demandes.lectures import detail_demande, substitutions_contre
from activation.demandes.retours import AgentNonCompetent, refuser_demande
from activation.demandes.signalements import (
    PAR_DEMANDE,
    ReferenceIncomplete,
    ReferenceInconnue,
    SignalementDejaTraite,
    confirmer_signalement,
    ecarter_signalement,
    examiner_signalements,
    reprendre_codes,
    signaler,
)
from activation.demandes.substitution import Choix, deposer_substitution
from activation.demandes.suites import annuler_demande, demander_nouveau_courrier, expirer_demandes
from activation.models import Courrier, Demande, Signalement, SignalementDiffere
from habilitations.models import Role
from tests.activation import scenes
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db
LUNDI = timezone.make_aware(datetime(2026, 11, 30, 10))


def reference(demande: Demande) -> str:
    return reference_a_signaler(reference=demande.reference, demande=demande.pk)


def dire(demande: Demande, *, acteur: Espace | None = None, maintenant: datetime = LUNDI, saisie: str = "") -> None:
    signaler(
        acteur=acteur or Visiteur(adresse_ip="203.0.113.7"),
        saisie=saisie or reference(demande),
        texte="Nous n'avons rien demandé.",
        adresse_ip="203.0.113.7",
        maintenant=maintenant,
    )


@pytest.fixture
def demande() -> Demande:
    """A demande of adhésion whose letter was made two days before."""
    demande = scenes.adhesion()
    scenes.editer(demande, edite_le=LUNDI - timedelta(days=2))
    return demande


@pytest.fixture
def substitution() -> tuple[Demande, Espace]:
    """A demande to replace a titulaire, and this titulaire."""
    titulaire = EspaceFactory()
    habilitation = habiliter(titulaire)
    demandeur = EspaceFactory()
    choix = [Choix(habilitation.personne, [habilitation.service])]
    (demande,) = deposer_substitution(acteur=demandeur, choix=choix, qualite="MANDATAIRE")
    scenes.editer(demande, edite_le=LUNDI - timedelta(days=2))
    return demande, titulaire


def agent(demande: Demande) -> object:
    return AgentFactory(service_gestionnaire=demande.personne.service_gestionnaire)


def expire_le(demande: Demande) -> datetime:
    fin = demande.courriers.get(remplace_le=None).expire_le
    assert fin is not None
    return fin


def test_le_code_est_suspendu_cinq_jours_ouvres_et_les_jours_perdus_sont_rendus(demande: Demande) -> None:
    avant = expire_le(demande)
    dire(demande)
    signalement = Signalement.objects.get()
    assert signalement.suspend_jusqu_au == apres_jours_ouvres(LUNDI, 5)
    assert expire_le(demande) - avant == signalement.suspend_jusqu_au - LUNDI
    with pytest.raises(CodeSuspendu, match="07/12/2026"):
        activer(acteur=demande.espace, demande=demande, saisie=scenes.code(demande), maintenant=LUNDI)
    assert demande.courriers.get().essais == 0
    presque = signalement.suspend_jusqu_au - timedelta(seconds=1)
    with pytest.raises(CodeSuspendu):
        activer(acteur=demande.espace, demande=demande, saisie=scenes.code(demande), maintenant=presque)
    # The job never ran: the code lives again all the same.
    assert activer(
        acteur=demande.espace,
        demande=demande,
        saisie=scenes.code(demande),
        maintenant=signalement.suspend_jusqu_au,
    ).adhesions
    signalement.refresh_from_db()
    assert signalement.decision == Signalement.Decision.SANS_OBJET


def test_un_code_inexact_n_est_pas_compte_pendant_la_suspension(demande: Demande) -> None:
    dire(demande)
    autre = scenes.adhesion()
    scenes.editer(autre)
    with pytest.raises(CodeSuspendu):
        activer(acteur=demande.espace, demande=demande, saisie=scenes.code(autre), maintenant=LUNDI)
    assert demande.courriers.get().essais == 0


def test_le_demandeur_et_le_service_gestionnaire_sont_avertis_et_le_journal_le_dit(demande: Demande) -> None:
    dire(demande)
    a_l_usager = courriels.composer(Courriel.objects.get(genre="demande_signalee"))
    assert a_l_usager.to == [demande.espace.compte.email]
    assert "07/12/2026 à 10\u00a0h\u00a000" in a_l_usager.body
    assert "rien demandé" not in a_l_usager.body, "what the company wrote is for the agent"
    a_l_office = courriels.composer(Courriel.objects.get(genre="signalement_recu"))
    assert a_l_office.to == [demande.personne.service_gestionnaire.courriel]
    ligne = Evenement.objects.get(acte="demande.signalee")
    assert (ligne.auteur, ligne.espace, ligne.siren) == (
        "systeme:signaler",
        demande.espace.numero_abonne,
        demande.personne.siren,
    )
    assert ligne.details == {"demande": demande.reference, "nature": "ADHESION", "suspendu": True}


def test_une_fois_par_demande(demande: Demande) -> None:
    dire(demande)
    dire(demande)
    assert Signalement.objects.count() == 1, "one waits already"
    ecarter_signalement(acteur=agent(demande), signalement=Signalement.objects.get(), maintenant=LUNDI)
    fin = expire_le(demande)
    dire(demande, maintenant=LUNDI + timedelta(days=1))
    assert list(Signalement.objects.order_by("recu_le").values_list("suspend_jusqu_au", flat=True))[1] is None
    assert expire_le(demande) == fin
    assert demande.suspendue_jusqu_au(LUNDI + timedelta(days=1)) is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Signalement.objects.create(
            demande=demande, origine="COURRIER", suspend_jusqu_au=LUNDI, decision="ECARTE", decide_le=LUNDI
        )


def test_au_plus_trois_signalements_par_demande(demande: Demande) -> None:
    for _ in range(5):
        dire(demande)
        attendu = Signalement.objects.filter(decision="EN_ATTENTE").first()
        if attendu is not None:
            ecarter_signalement(acteur=agent(demande), signalement=attendu, maintenant=LUNDI)
    assert Signalement.objects.count() == signalements.PAR_DEMANDE


def test_l_agent_ecarte_et_le_code_revit_aussitot_sans_jour_de_trop(demande: Demande) -> None:
    avant = expire_le(demande)
    dire(demande)
    mardi = LUNDI + timedelta(days=1)
    ecarter_signalement(acteur=agent(demande), signalement=Signalement.objects.get(), maintenant=mardi)
    assert expire_le(demande) - avant == timedelta(days=1), "one day was lost, one is given back"
    avis = courriels.composer(Courriel.objects.get(genre="code_repris"))
    assert f"{timezone.localdate(expire_le(demande)):%d/%m/%Y}" in avis.body
    assert Evenement.objects.filter(acte="signalement.ecarte").exists()
    assert activer(acteur=demande.espace, demande=demande, saisie=scenes.code(demande), maintenant=mardi).adhesions


def test_l_agent_confirme_et_la_demande_est_refusee(demande: Demande) -> None:
    dire(demande)
    lui = agent(demande)
    confirmer_signalement(acteur=lui, signalement=Signalement.objects.get(), motif="Inconnue.", maintenant=LUNDI)
    demande.refresh_from_db()
    signalement = Signalement.objects.get()
    assert (demande.etat, demande.motif_refus) == ("REFUSEE", "Inconnue.")
    assert (signalement.decision, signalement.agent) == ("CONFIRME", lui)
    with pytest.raises(DemandeTerminee):
        activer(acteur=demande.espace, demande=demande, saisie=scenes.code(demande), maintenant=LUNDI)
    with pytest.raises(SignalementDejaTraite):
        ecarter_signalement(acteur=lui, signalement=signalement)


def test_un_agent_d_un_autre_service_ne_decide_pas(demande: Demande) -> None:
    dire(demande)
    with pytest.raises(AgentNonCompetent):
        ecarter_signalement(acteur=AgentFactory(), signalement=Signalement.objects.get())
    with pytest.raises(AgentNonCompetent):
        confirmer_signalement(acteur=AgentFactory(), signalement=Signalement.objects.get(), motif="Non.")
    assert Signalement.objects.get().decision == "EN_ATTENTE"


@pytest.mark.parametrize("fin", ["annulee", "refusee"])
def test_la_fin_de_la_demande_ferme_le_signalement(demande: Demande, fin: str) -> None:
    dire(demande)
    if fin == "annulee":
        annuler_demande(acteur=demande.espace, demande=demande)
    else:
        refuser_demande(acteur=agent(demande), demande=demande, motif="Inconnue.")
    assert Signalement.objects.get().decision == {"annulee": "SANS_OBJET", "refusee": "CONFIRME"}[fin]


def test_sans_reponse_le_code_revit_et_l_agent_peut_encore_refuser(demande: Demande) -> None:
    dire(demande)
    fin = apres_jours_ouvres(LUNDI, 5)
    duree = expire_le(demande)
    assert reprendre_codes(maintenant=fin - timedelta(seconds=1)) == 0
    assert reprendre_codes(maintenant=fin) == 1
    assert reprendre_codes(maintenant=fin) == 0
    assert expire_le(demande) == duree
    assert Courriel.objects.filter(genre="code_repris").count() == 1
    assert Evenement.objects.filter(acte="code.repris").count() == 1
    signalement = Signalement.objects.get()
    assert (signalement.decision, signalement.repris_le) == ("EN_ATTENTE", fin)
    confirmer_signalement(acteur=agent(demande), signalement=signalement, motif="Inconnue.", maintenant=fin)
    demande.refresh_from_db()
    assert demande.etat == "REFUSEE"


def test_la_suspension_ne_fait_pas_expirer_la_demande(demande: Demande) -> None:
    veille = expire_le(demande) - timedelta(hours=1)
    dire(demande, maintenant=veille)
    assert expirer_demandes(maintenant=veille + timedelta(hours=2)) == 0
    assert expirer_demandes(maintenant=apres_jours_ouvres(veille, 5)) == 0
    assert expirer_demandes(maintenant=expire_le(demande) + timedelta(seconds=1)) == 1


def test_ni_rappel_ni_nouveau_courrier_pendant_la_suspension(demande: Demande) -> None:
    Courrier.objects.update(edite_le=LUNDI - timedelta(days=10), cree_le=LUNDI - timedelta(days=16))
    dire(demande)
    assert rappeler_codes(maintenant=LUNDI) == 0
    with pytest.raises(CodeSuspendu):
        demander_nouveau_courrier(acteur=demande.espace, demande=demande, maintenant=LUNDI)
    ecarter_signalement(acteur=agent(demande), signalement=Signalement.objects.get(), maintenant=LUNDI)
    assert rappeler_codes(maintenant=LUNDI) == 1
    nouveau = demander_nouveau_courrier(acteur=demande.espace, demande=demande, maintenant=LUNDI)
    assert nouveau.numero == 2


def test_le_titulaire_signale_sans_suspendre(substitution: tuple[Demande, Espace]) -> None:
    demande, titulaire = substitution
    dire(demande, acteur=titulaire, saisie=demande.reference)
    signalement = Signalement.objects.get()
    assert (signalement.origine, signalement.suspend_jusqu_au, signalement.espace) == ("TITULAIRE", None, titulaire)
    assert demande.suspendue_jusqu_au(LUNDI) is None
    assert Evenement.objects.get(acte="demande.signalee").auteur == titulaire.numero_abonne
    assert "peut toujours être saisi" in courriels.composer(Courriel.objects.get(genre="demande_signalee")).body
    # Even with the letter in hand, signed in as the titulaire he suspends nothing; and he does not use up the company's.
    dire(demande, acteur=titulaire)
    assert Signalement.objects.count() == 1
    dire(demande)
    assert demande.suspendue_jusqu_au(LUNDI) is not None


def test_un_suppleant_ou_un_etranger_connecte_n_a_que_la_reference_du_courrier(
    substitution: tuple[Demande, Espace],
) -> None:
    demande, titulaire = substitution
    suppleant = EspaceFactory()
    accorder(demande.personne.habilitations.get(espace=titulaire), suppleant, Role.SUPPLEANT)
    for qui in (suppleant, EspaceFactory(), demande.espace):
        with pytest.raises(ReferenceInconnue):
            dire(demande, acteur=qui, saisie=demande.reference)
    assert not Signalement.objects.exists()


def test_sans_la_fin_de_la_reference_rien_n_est_dit_ni_fait(demande: Demande) -> None:
    for saisie in (demande.reference, "D-2026-" + ALPHABET[:8]):
        with pytest.raises(ReferenceIncomplete):
            dire(demande, saisie=saisie)
    assert not Signalement.objects.exists()


def test_une_mauvaise_cle_repond_comme_la_bonne(demande: Demande, client: Client) -> None:
    autre = scenes.adhesion()
    inconnue = reference_a_signaler(reference="D-2026-22222222", demande="rien")
    fausse = reference_a_signaler(reference=demande.reference, demande=autre.pk)
    reponses = set()
    for saisie in (inconnue, fausse, reference(demande)):
        reponse = client.post(reverse("signaler"), {"reference": saisie, "texte": ""})
        reponses.add((reponse.status_code, reponse["Location"]))
        assert Signalement.objects.count() == (saisie == reference(demande))
    assert reponses == {(302, reverse("signalement_recu"))}


@pytest.mark.parametrize("rang", range(21))
def test_une_faute_de_frappe_est_dite(demande: Demande, rang: int) -> None:
    juste = reference(demande)
    assert lire_reference(juste.lower().replace("-", " ")) == (demande.reference, juste[-5:])
    if juste[rang] == "-":
        return
    faux = "3" if juste[rang] != "3" else "4"
    with pytest.raises(ReferenceMalSaisie):
        lire_reference(juste[:rang] + faux + juste[rang + 1 :])


def test_debit(demande: Demande, settings: Any) -> None:
    """Beyond the pace of its network a report is taken all the same, and compared at the next hour (issue 9)."""
    settings.DEBIT_SIGNALEMENTS_RESEAU = (2, timedelta(hours=1))
    for _ in range(2):
        with pytest.raises(ReferenceMalSaisie):
            dire(demande, saisie="D-2026-XX", maintenant=LUNDI)
    dire(demande)
    assert not Signalement.objects.exists(), "nothing is compared yet"
    assert examiner_signalements(maintenant=LUNDI + timedelta(minutes=59)) == 0
    heure = LUNDI + timedelta(hours=1)
    assert [examiner_signalements(maintenant=heure) for _ in range(2)] == [1, 0]
    signalement = Signalement.objects.get()
    assert (signalement.texte, signalement.recu_le) == ("Nous n'avons rien demandé.", heure)
    assert signalement.suspend_a(heure)
    assert not SignalementDiffere.objects.exists()


def test_ce_qui_est_differe_n_apprend_rien_et_ne_se_devine_pas(demande: Demande, client: Client, settings: Any) -> None:
    """The same answer for a right key, a wrong one and an unknown demande; three guesses of a network wait for one demande."""
    settings.DEBIT_SIGNALEMENTS_RESEAU = (1, timedelta(hours=1))
    client.post(reverse("signaler"), {"reference": "D-2026-XX", "texte": ""})
    autre = reference_a_signaler(reference=demande.reference, demande="une autre")
    inconnue = reference_a_signaler(reference="D-2026-22222222", demande="rien")
    reponses = set()
    for saisie in (autre, inconnue, autre, autre, autre, reference(demande)):
        reponse = client.post(reverse("signaler"), {"reference": saisie, "texte": ""})
        reponses.add((reponse.status_code, reponse["Location"]))
    assert reponses == {(302, reverse("signalement_recu"))}
    assert SignalementDiffere.objects.count() == PAR_DEMANDE
    plus_tard = timezone.now() + timedelta(hours=1, minutes=1)
    assert examiner_signalements(maintenant=plus_tard) == PAR_DEMANDE
    assert not Signalement.objects.exists(), "three wrong keys"
    ailleurs = Visiteur(adresse_ip="198.51.100.77")
    signaler(acteur=ailleurs, saisie=reference(demande), adresse_ip=ailleurs.adresse_ip)
    examiner_signalements(maintenant=plus_tard)
    assert Signalement.objects.get().origine == Signalement.Origine.COURRIER, "from another network"


def test_un_signalement_differe_d_une_demande_terminee_ne_fait_rien(demande: Demande, settings: Any) -> None:
    settings.DEBIT_SIGNALEMENTS_RESEAU = (1, timedelta(hours=1))
    with pytest.raises(ReferenceMalSaisie):
        dire(demande, saisie="D-2026-XX")
    dire(demande)
    annuler_demande(acteur=demande.espace, demande=demande)
    assert examiner_signalements(maintenant=LUNDI + timedelta(hours=1)) == 1
    assert not Signalement.objects.exists()
    assert not SignalementDiffere.objects.exists()


def test_une_demande_terminee_ou_un_code_perime_ne_se_signale_plus(demande: Demande) -> None:
    dire(demande, maintenant=expire_le(demande) + timedelta(seconds=1))
    annuler_demande(acteur=demande.espace, demande=demande)
    dire(demande)
    assert not Signalement.objects.exists()


def test_la_frise_le_dit(demande: Demande, client_de: Callable[[Espace], Client]) -> None:
    dire(demande)
    detail = detail_demande(demande, LUNDI)
    assert not detail.code_attendu
    assert [e["titre"] for e in detail.frise][-3:] == [
        "Demande signalée comme inconnue de l’entreprise",
        "Code suspendu",
        "Saisie du code",
    ]
    apres = detail_demande(demande, apres_jours_ouvres(LUNDI, 5))
    assert apres.code_attendu
    assert "Code valable de nouveau" in [e["titre"] for e in apres.frise]
    Signalement.objects.update(suspend_jusqu_au=timezone.now() + timedelta(days=1))
    page = client_de(demande.espace).get(reverse("demande", args=[demande.reference])).content.decode()
    assert "Code suspendu" in page
    assert 'name="code"' not in page
    ecarter_signalement(acteur=agent(demande), signalement=Signalement.objects.get())
    page = client_de(demande.espace).get(reverse("demande", args=[demande.reference])).content.decode()
    assert "Signalement écarté par un agent" in page
    assert 'name="code"' in page


def test_la_page_publique(client: Client, demande: Demande) -> None:
    page = client.get(reverse("signaler"), {"reference": reference(demande)})
    assert page.status_code == 200
    assert reference(demande) in page.content.decode()
    assert not Signalement.objects.exists(), "GET writes nothing"
    mauvaise = client.post(reverse("signaler"), {"reference": "D-2026", "texte": ""})
    assert mauvaise.status_code == 200
    assert "erreur de saisie" in mauvaise.content.decode()
    illisible = client.get(reverse("signaler"), {"reference": "\x00" * 5}, follow=True)
    assert illisible.redirect_chain == [(reverse("signaler"), 302)]
    assert "Ce texte contient un caractère qui ne peut pas être lu" in html.unescape(illisible.content.decode())
    recu = client.post(
        reverse("signaler"), {"reference": reference(demande), "texte": "Voir http://evil.example\nmerci"}, follow=True
    )
    assert "pris en compte" in recu.content.decode()
    assert Signalement.objects.get().texte == "Voir http://evil.example merci"
    assert mail.outbox == []


def test_le_lecteur_de_la_messagerie_ne_lit_plus_le_code_suspendu() -> None:
    personne = PersonneFactory()
    chef = EspaceFactory(nom="Durand", prenom="Jean Noel", siren_appartenance=personne.siren)
    scenes.ouvrir_messagerie(chef, personne)
    type(chef.compte).objects.filter(pk=chef.compte_id).update(last_login=timezone.now())
    demande = scenes.adhesion(EspaceFactory(), personne, ServiceFactory())
    courrier = scenes.editer(demande)
    assert courrier.canal == Courrier.Canal.MESSAGERIE
    assert courrier.contenu["a_signaler"] == reference(demande)
    scenes.remettre(courrier, timezone.now() - timedelta(days=15))
    dire(demande, maintenant=timezone.now())
    with pytest.raises(CodeSuspendu):
        lire_code(acteur=chef, courrier=courrier)


def test_les_chiffres() -> None:
    assert (settings.CODE_SUSPENDU, settings.CODE_LISIBLE_APRES) == (5, 5)


def test_le_titulaire_venu_sans_reference_choisit_la_sienne(
    client_de: Callable[[Espace], Client], client: Client
) -> None:
    """Several substitutions are asked for of his services: « À faire » leads him here, where each has its link."""
    titulaire, autre = EspaceFactory(), EspaceFactory()
    racines = [habiliter(titulaire, service=ServiceFactory(code=code)) for code in ("TVA", "IS")]
    etrangere = habiliter(autre)
    demandes = []
    for rang, racine in enumerate([*racines, racines[0], etrangere]):
        demande = Demande.objects.create(
            reference=f"D-2026-SUBST{rang}",
            nature="SUBSTITUTION",
            espace=EspaceFactory(),
            personne=racine.personne,
            qualite="MANDATAIRE",
        )
        demande.lignes.create(service=racine.service)
        demande.lignes.create(service=ServiceFactory(code="AUTRE"))
        demandes.append(demande)
    assert [(d.reference, d.nombre) for d in substitutions_contre(titulaire)] == [
        (d.reference, 1) for d in demandes[:3]
    ]
    page = client_de(titulaire).get(reverse("signaler")).content.decode()
    for demande in demandes[:3]:
        assert f'href="?reference={demande.reference}"' in page
    assert demandes[3].reference not in page, "of somebody else's service"
    assert "Substitutions demandées" not in client.get(reverse("signaler")).content.decode()
    choisie = client_de(titulaire).get(reverse("signaler"), {"reference": demandes[1].reference}).content.decode()
    assert f'value="{demandes[1].reference}"' in choisie
    assert "Substitutions demandées" not in choisie
