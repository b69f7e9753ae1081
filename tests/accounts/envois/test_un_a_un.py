"""What a job does of each of many: one that fails is told, undone alone, and keeps none of the others waiting (design.md §6)."""

import ast
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import DataError
from django.utils import timezone

from accounts.envois.un_a_un import chacun
from accounts.models import Espace, ServiceGestionnaire
from activation.models import Courrier
from habilitations.models import Cessation
from tests.activation import scenes
from tests.factories import EspaceFactory, PersonneFactory, ServiceGestionnaireFactory
from tests.scenes import RACINE
from tests.sources import module_de, noeuds

pytestmark = pytest.mark.django_db
IL_Y_A_LONGTEMPS = timezone.now() - timedelta(days=4_000)


def test_un_seul_en_panne_est_defait_seul_et_les_autres_se_font(
    caplog: pytest.LogCaptureFixture, echecs: list[str]
) -> None:
    lieux = [ServiceGestionnaireFactory() for _ in range(3)]

    def renommer(lieu: ServiceGestionnaire) -> int:
        lieu.nom = "Rebaptisé"
        lieu.save(update_fields=["nom"])
        if lieu == lieux[1]:
            ServiceGestionnaire.objects.filter(pk=lieu.pk).update(nom="x" * 10_000)
        return 1

    assert chacun("renommer", lieux, renommer) == 2
    noms = [ServiceGestionnaire.objects.get(pk=lieu.pk).nom for lieu in lieux]
    assert [nom == "Rebaptisé" for nom in noms] == [True, False, True]
    assert echecs == ["renommer"]
    assert "echec_d_un_seul" in caplog.text
    assert DataError.__name__ in caplog.text


def test_la_fin_de_son_temps_arrete_la_tache() -> None:
    def trop_long(_: int) -> int:
        raise SoftTimeLimitExceeded

    with pytest.raises(SoftTimeLimitExceeded):
        chacun("attendre", [1, 2], trop_long)


# What one transaction holds of many is not one of many: a batch of rows, or of a file, is done or undone as a whole.
PAR_LOTS = {
    "accounts/donnees/retention.py",
    "accounts/facteurs/second_facteur.py",
    "accounts/mots_de_passe/politique.py",
    "services/banque/chiffrement.py",
    "services/importation.py",
    "services/messagerie/pieces/rechiffrement.py",
    "services/registre/import_representants.py",
}
# A command tells of each line of its file; an outbox counts what fails and sets it aside; a number is drawn again.
A_LEUR_FACON = {
    "accounts/envois/relais.py",
    "accounts/espace/inscription.py",
    "services/banque/reponses.py",
    "services/messagerie/pieces/analyse.py",
    "services/registre/identification.py",
}
APPS = ("accounts", "services", "habilitations", "activation", "surveillance")
BOUCLES = (ast.For, ast.While, ast.GeneratorExp, ast.ListComp)


def boucle_seul(arbre: ast.Module) -> bool:
    """Whether something here is done of many, each in its transaction, by a loop of its own."""
    atomiques = {
        noeud.name
        for noeud in noeuds(arbre)
        if isinstance(noeud, ast.FunctionDef) and "transaction.atomic" in map(ast.unparse, noeud.decorator_list)
    }
    return any(
        (isinstance(noeud, ast.Call) and ast.unparse(noeud.func) in atomiques)
        or (isinstance(noeud, ast.With) and "transaction.atomic()" in ast.unparse(noeud.items[0]))
        for boucle in noeuds(arbre)
        if isinstance(boucle, BOUCLES)
        for noeud in noeuds(boucle)
    )


def test_ce_qui_se_fait_de_chacun_passe_par_chacun() -> None:
    """A job whose loop has a transaction for each row stops at the first that fails: those behind it never come."""
    trouvees = {
        chemin
        for app in APPS
        for fichier in (RACINE / app).rglob("*.py")
        if "migrations" not in fichier.parts
        and (chemin := str(fichier.relative_to(RACINE))) != "accounts/envois/un_a_un.py"
        and boucle_seul(module_de(fichier))
    }
    assert trouvees == PAR_LOTS | A_LEUR_FACON


# Each job that looks at many, and what it does of one of them.
TACHES = {
    "accounts.espace.dormants": ("signaler_dormants", "_signaler"),
    "activation.demandes.suites": ("expirer_demandes", "_expirer"),
    "habilitations.registre.cessations": ("suivre_cessations", "_faire_suivre"),
}


def _dormants() -> None:
    for espace in (EspaceFactory(), EspaceFactory()):
        Espace.objects.filter(pk=espace.pk).update(cree_le=IL_Y_A_LONGTEMPS, active_le=IL_Y_A_LONGTEMPS)


def _demandes() -> None:
    for _ in range(2):
        scenes.editer(scenes.adhesion())
    Courrier.objects.update(expire_le=IL_Y_A_LONGTEMPS)


def _cessations() -> None:
    for _ in range(2):
        Cessation.objects.create(personne=PersonneFactory(), constatee_le=timezone.now() - timedelta(days=400))


@pytest.mark.parametrize(("module", "scene"), zip(TACHES, (_dormants, _demandes, _cessations), strict=True))
def test_une_ligne_en_panne_n_arrete_pas_la_tache(
    module: str, scene: Callable[[], None], monkeypatch: pytest.MonkeyPatch, echecs: list[str]
) -> None:
    scene()
    lue = import_module(module)
    tache, de_chacun = (getattr(lue, nom) for nom in TACHES[module])
    vus: list[Any] = []

    def en_panne(cle: Any, *suite: Any) -> int:
        vus.append(cle)
        return 1 // (len(vus) - 1) and de_chacun(cle, *suite)

    monkeypatch.setattr(lue, TACHES[module][1], en_panne)
    assert tache() == 1
    assert len(vus) == 2
    assert len(echecs) == 1
    monkeypatch.undo()
    assert tache() == 1, "it comes again"
