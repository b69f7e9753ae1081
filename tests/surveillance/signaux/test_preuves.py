"""What counts towards a disabling that no agent decides: nothing of before the holder proved himself (R15; RGPD art. 22)."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.actes import MOT_DE_PASSE_REINITIALISE
from accounts.envois.liens import creer_lien, jeton
from accounts.espace.pas_moi import dire_depuis_l_espace, dire_par_un_lien
from accounts.models import Agent, Espace, Lien, Session
from accounts.traces.acteurs import Visiteur
from accounts.traces.journal import consigner
from surveillance.alertes.questions import demander_au_detenteur
from surveillance.balayage import balayer
from surveillance.espaces.desactivation import annuler_desactivation
from surveillance.models import Alerte, Desactivation, Gravite, SignalVu, SuiteAlerte, Verification
from surveillance.signaux.signalement import signaler
from tests.accounts.scenes import connecter
from tests.factories import AgentFactory, EspaceFactory
from tests.surveillance.espaces.scenes import Compromis

pytestmark = pytest.mark.django_db
JOUR = timedelta(days=1)


@pytest.fixture(autouse=True)
def veille() -> None:
    """A first sweep has noted where the journal stands."""
    balayer()


def voir(espace: Espace, *genres: str, quand: datetime) -> None:
    for genre in genres:
        signaler(compte=espace.compte, genre=genre, details={}, maintenant=quand)
    balayer(maintenant=quand + timedelta(seconds=30))


def est_desactive(espace: Espace) -> bool:
    return Espace.objects.get(pk=espace.pk).etat == Espace.Etat.DESACTIVE


def renouveler(espace: Espace) -> None:
    """What the last page of a forgotten password writes, once the trust answer is right."""
    with transaction.atomic():
        consigner(MOT_DE_PASSE_REINITIALISE, auteur=espace)


def dire_d_une_ancienne_adresse(espace: Espace) -> None:
    lien = creer_lien(
        espace=espace, objet=Lien.Objet.CE_N_EST_PAS_MOI, adresse="ancienne@employeur.fr", sujet=uuid.uuid4()
    )
    dire_par_un_lien(acteur=Visiteur(jeton=jeton(lien)))


def test_reconnu_au_guichet_ce_qui_fut_vu_avant_ne_compte_plus() -> None:
    scene = Compromis()
    dire_depuis_l_espace(acteur=scene.espace)
    signaler(compte=scene.espace.compte, genre="demande_non_reconnue", details={})
    scene.reconnaitre()
    dite = Alerte.objects.get(motif="ce_n_est_pas_moi")
    assert (dite.etat, dite.examinee_par) == (Alerte.Etat.CONFIRMEE, scene.guichet)
    suite = SuiteAlerte.objects.get(alerte=dite)
    assert (suite.genre, suite.agent, suite.second) == ("AVEREE", scene.guichet, scene.second)
    etrangere = Alerte.objects.get(motif="demande_non_reconnue")
    assert etrangere.etat == Alerte.Etat.OUVERTE, "who she is says nothing of what a company does not recognise"
    voir(scene.espace, "usage_parallele", "acte_appareil_neuf", quand=timezone.now() + JOUR)
    assert not est_desactive(scene.espace)


def test_une_alerte_restee_ouverte_ne_compte_pas_apres_le_guichet() -> None:
    """One that was raised between the disabling and the counter, and that a command or a race left open."""
    scene = Compromis()
    scene.desactiver()
    scene.reconnaitre()
    signaler(compte=scene.espace.compte, genre="session_volee", details={}, maintenant=timezone.now() - JOUR)
    voir(scene.espace, "acte_appareil_neuf", quand=timezone.now() + JOUR)
    assert not est_desactive(scene.espace)


@pytest.mark.parametrize("renouvele", [True, False])
def test_qui_dit_ce_n_est_pas_moi_puis_renouvelle_n_est_pas_desactive_le_lendemain(renouvele: bool) -> None:
    espace = EspaceFactory()
    dire_depuis_l_espace(acteur=espace)
    if renouvele:
        renouveler(espace)
    voir(espace, "acte_appareil_neuf", quand=timezone.now() + JOUR)
    assert est_desactive(espace) is not renouvele, "said, and nobody proved anything since: another hand goes on"


def test_un_mot_de_passe_oublie_sans_l_avoir_dit_ne_prouve_rien() -> None:
    espace = EspaceFactory()
    signaler(compte=espace.compte, genre="session_volee", details={})
    renouveler(espace)
    voir(espace, "acte_appareil_neuf", quand=timezone.now() + timedelta(minutes=1))
    assert est_desactive(espace)


def test_le_vol_qui_vient_apres_la_preuve_est_trouve() -> None:
    espace = EspaceFactory()
    dire_depuis_l_espace(acteur=espace)
    renouveler(espace)
    vol = timezone.now() + JOUR
    voir(espace, "session_volee", "acte_appareil_neuf", quand=vol)
    assert est_desactive(espace)
    assert Desactivation.objects.get().depuis == vol


def test_une_desactivation_annulee_ne_recommence_pas_sur_ce_qui_restait_ouvert() -> None:
    scene = Compromis()
    signaler(compte=scene.espace.compte, genre="session_volee", details={})
    desactivation = scene.desactiver()
    assert Alerte.objects.get().etat == Alerte.Etat.OUVERTE, "disabled on something else"
    annuler_desactivation(acteur=scene.cellule, desactivation=desactivation, motif="Elle était en voyage.")
    voir(scene.espace, "acte_appareil_neuf", quand=timezone.now() + timedelta(minutes=1))
    assert not est_desactive(scene.espace)


@pytest.mark.parametrize("genre", ["usage_parallele", "echecs_puis_reussite"])
def test_ce_qu_un_detenteur_honnete_fait_n_est_pas_un_des_deux(genre: str) -> None:
    espace = EspaceFactory()
    dire_depuis_l_espace(acteur=espace)
    voir(espace, genre, "session_volee", quand=timezone.now())
    desactivation = Desactivation.objects.get()
    assert str(desactivation.motif).count(",") == 1, "the other two, and not this one"
    seul = EspaceFactory()
    voir(seul, genre, "session_volee", quand=timezone.now())
    assert not est_desactive(seul)


@pytest.mark.parametrize("dire", [dire_d_une_ancienne_adresse, lambda espace: dire_depuis_l_espace(acteur=espace)])
def test_une_ancienne_boite_ferme_et_ne_desactive_pas(dire: Callable[[Espace], object]) -> None:
    """The former employer presses the link of a mail of this week; the holder had signed in on a new computer."""
    espace = EspaceFactory()
    signaler(compte=espace.compte, genre="acte_appareil_neuf", details={}, maintenant=timezone.now() - JOUR)
    dire(espace)
    balayer()
    assert est_desactive(espace) is (dire is not dire_d_une_ancienne_adresse)
    assert Alerte.objects.get(motif="ce_n_est_pas_moi").gravite == Gravite.GRAVE, "the cell reads it at once"


def test_ce_qu_une_ancienne_boite_repond_ne_rend_pas_grave_ce_qui_desactive() -> None:
    espace, cellule = EspaceFactory(), AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)
    for genre in ("acte_appareil_neuf", "voyage_impossible"):
        signaler(compte=espace.compte, genre=genre, details={})
    demander_au_detenteur(acteur=cellule, alertes=list(Alerte.objects.all()))
    dire_d_une_ancienne_adresse(espace)
    assert set(Alerte.objects.values_list("gravite", flat=True)) == {Gravite.GRAVE}
    balayer()
    assert not est_desactive(espace)


# --- The verification of a session ------------------------------------------------------------------------------------


def exporter(espace: Espace, quand: datetime) -> tuple[Session, SignalVu]:
    """Sign in, download a file too many; the session now waits for a code."""
    avant = list(Session.objects.values_list("pk", flat=True))
    connecter(espace, "193.51.224.1")
    session = Session.objects.exclude(pk__in=avant).get()
    vu = signaler(compte=espace.compte, genre="rafale_exports", details={}, session=session, maintenant=quand)
    assert vu is not None
    return session, vu


def repondre(vu: SignalVu, **quoi: datetime) -> None:
    assert Verification.objects.filter(pk=vu.verification).update(**quoi) == 1


def test_qui_attend_son_code_n_est_pas_desactive_qui_ne_le_donne_pas_l_est(espace: Espace) -> None:
    maintenant = timezone.now()
    exporter(espace, maintenant)
    voir(espace, "acte_appareil_neuf", quand=maintenant)
    assert not est_desactive(espace), "the session opens nothing: he reads his mail"
    balayer(maintenant=maintenant + timedelta(minutes=11))
    assert est_desactive(espace)


@pytest.mark.parametrize(("issue", "desactive"), [("reussie_le", False), ("manquee_le", True)])
def test_une_verification_passee_vaut_pour_ce_que_sa_session_a_montre(
    espace: Espace, issue: str, desactive: bool
) -> None:
    maintenant = timezone.now()
    _, vu = exporter(espace, maintenant)
    repondre(vu, **{issue: maintenant + timedelta(seconds=20)})
    voir(espace, "acte_appareil_neuf", quand=maintenant)
    balayer(maintenant=maintenant + timedelta(minutes=11))
    assert est_desactive(espace) is desactive


def test_la_preuve_d_une_session_ne_vaut_pas_pour_une_autre(espace: Espace) -> None:
    maintenant = timezone.now()
    _, vu = exporter(espace, maintenant)
    repondre(vu, reussie_le=maintenant)
    voleur, autre = exporter(espace, maintenant + timedelta(minutes=1))
    assert (autre.pk != vu.pk, Session.objects.get(pk=voleur.pk).verification) == (True, autre.verification)
    voir(espace, "acte_appareil_neuf", quand=maintenant + timedelta(minutes=12))
    assert est_desactive(espace)


def test_qui_vient_de_se_verifier_n_est_pas_desactive(espace: Espace) -> None:
    maintenant = timezone.now()
    connecter(espace, "193.51.224.1")
    session = Session.objects.get(compte=espace.compte)
    prouvee = Verification.objects.create(
        compte=espace.compte, raison="Essai", preuve="COURRIEL", reussie_le=maintenant - timedelta(minutes=2)
    )
    Session.objects.filter(pk=session.pk).update(verifiee_le=prouvee.reussie_le)
    session.refresh_from_db()
    vu = signaler(compte=espace.compte, genre="rafale_exports", details={}, session=session, maintenant=maintenant)
    assert vu is not None
    assert vu.verification == prouvee.pk
    voir(espace, "acte_appareil_neuf", quand=maintenant)
    balayer(maintenant=maintenant + timedelta(minutes=11))
    assert not est_desactive(espace)
