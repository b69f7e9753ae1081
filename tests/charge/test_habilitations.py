"""The permission query and the pages, on ten thousand habilitations: the plan, and a number of queries that is constant.

The same on a million, with times, is tests/charge/test_million.py.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Compte, Espace
from habilitations.droits.backends import permissions_de_la_page
from habilitations.lectures.espace import accueil
from habilitations.models import Habilitation
from services.dossiers import Dossier
from services.models import PersonneSirenisee
from tests.factories import PersonneFactory, ServiceGestionnaireFactory

from .jeu import TAILLES, charger, expliquer

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = ("espace", "gerer_services", "demandes", "journal", "adherer", "activer")
LIMITE = 8


def question(espace: Espace) -> tuple[Compte, Dossier]:
    """Return an account and something that it may do."""
    habilitation = Habilitation.objects.select_related("personne", "service").filter(espace=espace).order_by("pk")[0]
    compte = Compte.objects.select_related("espace").get(espace=espace)
    return compte, Dossier(habilitation.personne, habilitation.service)


def requete_de(compte: Compte, dossier: Dossier) -> str:
    """Return the one query of the one question."""
    with CaptureQueriesContext(connection) as requetes:
        assert compte.has_perm("services.utiliser", dossier)
    assert len(requetes) == 1
    return requetes.captured_queries[0]["sql"]


def exiger_index_seul(plan: str) -> None:
    """Check that the question is answered by one index. What the heap is asked besides is up to the last vacuum."""
    assert "Index Only Scan using habilitation_question" in plan, plan
    assert "Seq Scan" not in plan, plan


def compter(navigateur: Client, adresse: str) -> int:
    navigateur.get(adresse)  # what a first visit alone does (the session's own row)
    with CaptureQueriesContext(connection) as requetes:
        reponse = navigateur.get(adresse)
    assert reponse.status_code in {200, 302}
    return len(requetes)


def requetes_par_page(espaces: dict[int, Espace], client_de: Callable[[Espace], Client]) -> dict[str, list[int]]:
    """Return the number of queries of each page at 1, 20 and 100 SIREN."""
    comptes: dict[str, list[int]] = {}
    for taille in TAILLES:
        navigateur, (_, dossier) = client_de(espaces[taille]), question(espaces[taille])
        service = reverse("ouvrir_service", args=[dossier.personne.siren, dossier.service.code])
        for nom, adresse in [*((page, reverse(page)) for page in PAGES), ("ouvrir_service", service)]:
            comptes.setdefault(nom, []).append(compter(navigateur, adresse))
    return comptes


def test_dix_mille_habilitations(client_de: Callable[[Espace], Client]) -> None:
    jeu = charger(1)
    assert jeu.habilitations == Habilitation.objects.count() == 10_890
    for taille in TAILLES:
        compte, dossier = question(jeu.espaces[taille])
        exiger_index_seul(expliquer(requete_de(compte, dossier)))
        dossiers = [
            Dossier(h.personne, h.service)
            for h in Habilitation.objects.select_related("personne", "service").filter(espace=jeu.espaces[taille])
        ]
        with CaptureQueriesContext(connection) as requetes:
            reponses = permissions_de_la_page(compte.espace, dossiers)
        assert len(requetes) == 1
        assert len(reponses) == taille * 30
        assert all(reponses.values())
    comptes = requetes_par_page(jeu.espaces, client_de)
    assert all(len(set(valeurs)) == 1 and valeurs[0] <= LIMITE for valeurs in comptes.values()), comptes


def personnes_lues(noeud: dict[str, Any]) -> float:
    """Return how many rows of the table of personnes a plan read, kept or not."""
    lues = sum(personnes_lues(enfant) for enfant in noeud.get("Plans", []))
    if noeud.get("Relation Name") == PersonneSirenisee._meta.db_table:
        ecartees = noeud.get("Rows Removed by Filter", 0) + noeud.get("Rows Removed by Index Recheck", 0)
        lues += (noeud["Actual Rows"] + ecartees) * noeud["Actual Loops"]
    return lues


def test_l_accueil_ne_cherche_que_dans_les_siren_de_l_espace() -> None:
    """However many personnes the country has, a search reads those of the espace: 100 at most, in each of its queries."""
    gestionnaire = ServiceGestionnaireFactory()
    PersonneSirenisee.objects.bulk_create(
        (
            PersonneFactory.build(siren=f"{700_000_000 + rang}", service_gestionnaire=gestionnaire)
            for rang in range(20_000)
        ),
        batch_size=5000,
    )
    jeu = charger(1)
    espace = jeu.espaces[100]
    for recherche, trouvees in (("atelier", 100), ("introuvable", 0), ("7000", 0), ("é", 100), ("%", 0)):
        with CaptureQueriesContext(connection) as requetes:
            lecture = accueil(espace, recherche=recherche)
        assert lecture.page.paginator.count == trouvees, recherche
        assert len(requetes) <= 5
        for requete in requetes.captured_queries:
            with connection.cursor() as curseur:
                curseur.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {requete['sql']}")
                plan = curseur.fetchone()[0][0]["Plan"]
            assert personnes_lues(plan) <= 100, (recherche, requete["sql"])
