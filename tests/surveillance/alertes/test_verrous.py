"""Two at once on the alerts of one account: nobody waits in a ring, and « ce n'est pas moi » is never refused (R15)."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from accounts.espace.pas_moi import dire_depuis_l_espace
from accounts.models import Agent, Espace
from accounts.models.sessions_base import SessionStore
from accounts.saisies.regles import RegleMetier
from surveillance.alertes import decisions
from surveillance.alertes.decisions import confirmer_alertes
from surveillance.alertes.questions import demander_au_detenteur
from surveillance.espaces import desactivation
from surveillance.espaces.desactivation import desactiver_espace
from surveillance.models import Alerte, SuiteAlerte
from surveillance.signaux.signalement import signaler
from tests.factories import AgentFactory, EspaceFactory
from tests.scenes import attendre_un_verrou

pytestmark = pytest.mark.django_db(transaction=True)


def lancer(quoi: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    rendus: list[Any] = []

    def courir() -> None:
        try:
            rendus.append(quoi())
        except (DatabaseError, RegleMetier) as erreur:
            rendus.append(erreur)
        finally:
            connections.close_all()

    fil = threading.Thread(target=courir)
    fil.start()
    return fil, rendus


def fini(lance: tuple[threading.Thread, list[Any]]) -> Callable[[], bool]:
    return lambda: not lance[0].is_alive()


def sans_erreur(*lances: tuple[threading.Thread, list[Any]]) -> None:
    for fil, _ in lances:
        fil.join(60)
    assert [
        repr(rendu) for _, rendus in lances for rendu in rendus if isinstance(rendu, DatabaseError | RegleMetier)
    ] == []
    assert all(rendus for _, rendus in lances), "each came to its end"


def scene() -> tuple[Agent, Espace]:
    with transaction.atomic():
        return AgentFactory(fonction=Agent.Fonction.SURVEILLANCE), EspaceFactory()


def test_ce_n_est_pas_moi_passe_quand_un_agent_decide_au_meme_instant() -> None:
    cellule, espace = scene()
    signaler(compte=espace.compte, genre="voyage_impossible", details={})
    alerte = Alerte.objects.get()
    demander_au_detenteur(acteur=cellule, alertes=[alerte])
    with transaction.atomic():
        confirmer_alertes(acteur=cellule, alertes=[alerte], motif="Vu avec lui.")
        dit = lancer(lambda: dire_depuis_l_espace(acteur=Espace.objects.get(pk=espace.pk)))
        attendre_un_verrou(fini(dit))  # he presses, and waits for the cell
    sans_erreur(dit)
    assert not Espace.objects.get(pk=espace.pk).compte.has_usable_password()
    assert SuiteAlerte.objects.get(genre="QUESTION").reponse == "", "the cell had decided"


def test_desactiver_pendant_un_signal_ne_se_bloque_pas(monkeypatch: pytest.MonkeyPatch) -> None:
    cellule, espace = scene()
    hier = timezone.now() - timedelta(days=1)
    signaler(compte=espace.compte, genre="rafale_exports", details={"fichiers": 15}, maintenant=hier)
    verrouille = threading.Event()
    vrai = desactivation.desarmer

    def desarmer(**choix: Any) -> str:
        verrouille.set()
        attendre_un_verrou()  # the burst comes: the espace and its account are locked, its alerts not yet
        return vrai(**choix)

    monkeypatch.setattr(desactivation, "desarmer", desarmer)
    desactivee = lancer(
        lambda: desactiver_espace(
            acteur=cellule,
            espace=espace,
            raison="INHABITUEL",
            motif="Deux signaux.",
            depuis=hier,
            alertes=list(Alerte.objects.filter(compte=espace.compte)),
        )
    )
    verrouille.wait(30)
    session = SessionStore()
    session["_auth_user_id"] = str(espace.compte_id)
    vu = lancer(
        lambda: signaler(compte=espace.compte, genre="rafale_exports", details={"fichiers": 15}, session=session)
    )
    sans_erreur(desactivee, vu)


def test_decider_de_deux_alertes_pendant_ce_n_est_pas_moi_ne_se_bloque_pas() -> None:
    """He has his saying counted on one, then answers what was asked of the other, which the cell locks first."""
    cellule, espace = scene()
    dire_depuis_l_espace(acteur=espace)
    signaler(compte=espace.compte, genre="voyage_impossible", details={})
    question, dite = Alerte.objects.get(motif="voyage_impossible"), Alerte.objects.get(motif="ce_n_est_pas_moi")
    demander_au_detenteur(acteur=cellule, alertes=[question])
    with transaction.atomic():
        decisions.verrouiller([question.pk])
        dit = lancer(lambda: dire_depuis_l_espace(acteur=Espace.objects.get(pk=espace.pk)))
        attendre_un_verrou(fini(dit))
        decisions.verrouiller([question.pk, dite.pk])
    sans_erreur(dit)
    assert SuiteAlerte.objects.get(genre="QUESTION").reponse == "PAS_MOI"
