"""What stays open to a session that owes something first is declared once; the four doors agree, and none leads to another for ever."""

import ast
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse
from django.utils.module_loading import import_string

from accounts.models import Espace
from accounts.portes import conditions, middleware, reponse
from accounts.portes.ouvertes import Du, ouvertes
from espacepro.acces import OUVERTES, TABLE, Acces
from espacepro.middleware import LECTURES, RETIRENT
from surveillance.verification import middleware as verification
from tests.scenes import RACINE
from tests.sources import module_de, noeuds

PORTES = {
    Du.VERIFICATION: (verification.VerificationMiddleware, verification.PAGE),
    Du.MOT_DE_PASSE: (middleware.RenouvellementMiddleware, "renouveler_mot_de_passe"),
    Du.REPONSE: (reponse.ReponseMiddleware, "choisir_question"),
    Du.CONDITIONS: (conditions.ConditionsMiddleware, conditions.PAGE),
}
"""Each door, and the page that it leads to."""
LISTES = {
    "espacepro/middleware.py": "what an automaton may open: no session owes it",
    "accounts/portes/reponse.py": "which pages offer the récapitulatif themselves",
}
"""Files that name pages in a list of their own, and why."""


def test_les_portes_se_suivent_dans_l_ordre_de_ce_qui_est_du() -> None:
    """`Du` says the order; MIDDLEWARE has it."""
    classes = [import_string(nom) for nom in settings.MIDDLEWARE]
    rangs = [classes.index(porte) for porte, _ in PORTES.values()]
    assert rangs == sorted(rangs)
    assert list(PORTES) == [du for du in Du if du is not Du.TOUT]


@pytest.mark.parametrize("rang", range(4))
def test_aucune_porte_ne_mene_a_une_page_qu_une_suivante_ferme(rang: int) -> None:
    """What is asked first is open to all that is asked after: neither leads to the other for ever."""
    _, page = list(PORTES.values())[rang]
    for du in list(PORTES)[rang:]:
        assert page in ouvertes(du), du


@pytest.mark.parametrize("du", PORTES)
def test_la_sortie_l_aide_et_ce_qui_ferme_restent_ouverts(du: Du) -> None:
    """Whatever is due: leaving, going on, proving to be no automaton, reading, saying « ce n'est pas moi »."""
    lectures = LECTURES - {"accueil", "catalogue", "service_public"}  # the portal, not its rules
    ferment = {"deconnexion", "securite_pas_moi", "ce_n_est_pas_moi", "pas_moi_fait", "annuler_changement_adresse"}
    assert ferment < RETIRENT
    assert ouvertes(du) >= lectures | ferment | {"prolonger_session", "verifier_humain"}
    assert set(TABLE) >= ouvertes(du)
    assert not ouvertes(du) & {"espace", "messagerie", "coordonnees", "changer_adresse", "securite", "adherer"}


def demande(nom: str, espace: Espace, monkeypatch: pytest.MonkeyPatch) -> Any:
    requete = RequestFactory().post("/")
    requete.user = espace.compte
    requete.session = SimpleNamespace(verification=object(), get=lambda *_: reponse.NOUVELLE_REPONSE)  # type: ignore[assignment]
    requete.resolver_match = SimpleNamespace(view_name=nom, url_name=nom, namespace="", kwargs={})  # type: ignore[assignment]
    for module, fonction in (
        (verification, "suite_de"),
        (conditions, "suite_de"),
    ):
        monkeypatch.setattr(module, fonction, lambda *_, **__: "")
    monkeypatch.setattr(middleware, "renouvellement_du", lambda _: True)
    monkeypatch.setattr(conditions, "conditions_dues", lambda _: True)
    return requete


@pytest.mark.django_db
@pytest.mark.parametrize("du", PORTES)
def test_chaque_porte_ouvre_ce_que_dit_la_table_et_rien_d_autre(
    du: Du, espace: Espace, monkeypatch: pytest.MonkeyPatch
) -> None:
    espace.reponse_a_montrer = True
    porte, page = PORTES[du][0](lambda _: HttpResponse()), PORTES[du][1]
    for nom, malgre in OUVERTES.items():
        if du is Du.REPONSE and nom in reponse.ReponseMiddleware.A_L_INSCRIPTION:
            continue
        if TABLE[nom].qui in {Acces.RESSOURCE, Acces.DEMONSTRATION}:
            continue
        rendue = porte.process_view(demande(nom, espace, monkeypatch), None, (), {})
        assert (rendue is None) is (du in malgre), nom
        assert rendue is None or rendue["Location"].startswith(reverse(page))


def listes() -> Iterator[str]:
    """Yield each file, but the table, that names three pages or more in one set."""
    for etage in ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro"):
        for fichier in sorted((RACINE / etage).rglob("*.py")):
            if {"migrations", "aide", "demonstration"} & set(fichier.parts):
                continue
            for noeud in noeuds(module_de(fichier)):
                if isinstance(noeud, ast.Set):
                    noms = [e.value for e in noeud.elts if isinstance(e, ast.Constant)]
                    if sum(nom in TABLE for nom in noms) >= 3:
                        yield str(fichier.relative_to(RACINE))


def test_aucune_autre_liste_de_pages_n_est_ecrite_a_la_main() -> None:
    assert set(listes()) - {"espacepro/acces.py"} == set(LISTES)
