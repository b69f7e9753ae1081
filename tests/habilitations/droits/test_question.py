"""The one question's SQL: prepared once where the process owns its connection, never elsewhere, seen by what guards and counts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Compte
from habilitations.droits.backends import permissions_de_la_page
from habilitations.models import Habilitation, Role
from services.dossiers import Dossier
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db

UTILISER = "services.utiliser"


def preparees() -> list[str]:
    """Return the statements about habilitations that this connection has prepared."""
    with connection.cursor() as curseur:
        curseur.execute(
            "SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%habilitations_habilitation%'"
        )
        return [texte for (texte,) in curseur.fetchall()]


@contextmanager
def vues() -> Iterator[list[str]]:
    """Collect what an execute wrapper sees, as the guard of GET does."""
    collectees: list[str] = []

    def collecter(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        collectees.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(collecter):
        yield collectees


@pytest.fixture
def question() -> tuple[Compte, Dossier]:
    habilitation = habiliter(EspaceFactory())
    compte = Compte.objects.select_related("espace").get(espace=habilitation.espace_id)
    return compte, Dossier(habilitation.personne, habilitation.service)


def test_une_seule_lecture_preparee_pour_toutes_les_cles(question: tuple[Compte, Dossier], settings: Any) -> None:
    """Keys of two, four and eight bytes make one statement, not nine."""
    assert settings.QUESTION_PREPAREE
    with connection.cursor() as curseur:
        curseur.execute("DEALLOCATE ALL")
    compte, dossier = question
    for cle in (1, 40_000, 3_000_000_000):
        autre = Dossier(PersonneFactory.build(pk=cle), ServiceFactory.build(pk=cle))
        assert not compte.has_perm(UTILISER, autre)
    assert compte.has_perm(UTILISER, dossier)
    assert len(preparees()) == 1


def test_derriere_un_pooler_rien_n_est_prepare(question: tuple[Compte, Dossier], settings: Any) -> None:
    settings.QUESTION_PREPAREE = False
    with connection.cursor() as curseur:
        curseur.execute("DEALLOCATE ALL")
    compte, dossier = question
    assert compte.has_perm(UTILISER, dossier)
    assert permissions_de_la_page(compte.espace, [dossier])[dossier]
    assert not preparees()


def test_ce_qui_garde_et_ce_qui_compte_la_voient(question: tuple[Compte, Dossier]) -> None:
    compte, dossier = question
    with vues() as preparee:
        assert compte.has_perm(UTILISER, dossier)
    with CaptureQueriesContext(connection) as comptees:
        assert compte.has_perm(UTILISER, dossier)
    assert len(preparee) == len(comptees) == 1
    assert "habilitations_habilitation" in preparee[0]


@pytest.mark.parametrize("preparee", [True, False])
def test_les_deux_voies_repondent_comme_le_modele(preparee: bool, settings: Any) -> None:
    """By the rows read one by one with `est_active`: each role, en veille, expired, ended, last day today."""
    settings.QUESTION_PREPAREE = preparee
    jour, maintenant = timezone.localdate(), timezone.now()
    espace = EspaceFactory()
    tenues = [
        accorder(habiliter(EspaceFactory()), espace, Role.ACTEUR, **champs)
        for champs in (
            {},
            {"expire_le": jour},
            {"expire_le": jour + timedelta(days=1)},
            {"expire_le": jour - timedelta(days=1)},
            {"etat": Habilitation.Etat.EN_VEILLE, "veille_motif": "TITULAIRE", "veille_depuis": maintenant},
            {"fin_le": maintenant, "fin_motif": "RETRAIT"},
        )
    ]
    compte = Compte.objects.select_related("espace").get(espace=espace)
    dossiers = [Dossier(habilitation.personne, habilitation.service) for habilitation in tenues]
    attendu = [habilitation.est_active() for habilitation in tenues]
    assert attendu == [True, True, True, False, False, False]
    assert [compte.has_perm(UTILISER, dossier) for dossier in dossiers] == attendu
    page = permissions_de_la_page(espace, dossiers)
    assert [UTILISER in page[dossier] for dossier in dossiers] == attendu
