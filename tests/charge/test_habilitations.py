"""The permission query and the pages, on ten thousand habilitations: the plan, and a number of queries that is constant.

The same on a million, with times, is tests/charge/grande.py.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Espace
from habilitations.droits.backends import permissions_de_la_page
from habilitations.lectures.entreprises import FiltresEntreprises, entreprises, vos_entreprises
from habilitations.models import Habilitation
from services.dossiers import Dossier
from services.models import PersonneSirenisee
from tests.charge.mesures import REQUETES_AU_PLUS, exiger_index_seul, question, requete_de, requetes_par_page
from tests.factories import PersonneFactory, ServiceGestionnaireFactory

from .jeu import TAILLES, charger, expliquer

pytestmark = pytest.mark.django_db(transaction=True)


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
    assert all(len(set(valeurs)) == 1 and valeurs[0] <= REQUETES_AU_PLUS for valeurs in comptes.values()), comptes


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
            lues = vos_entreprises(entreprises(espace), FiltresEntreprises(q=recherche))
        assert lues.page.paginator.count == trouvees, recherche
        assert len(requetes) == 2
        for requete in requetes.captured_queries:
            with connection.cursor() as curseur:
                curseur.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {requete['sql']}")
                plan = curseur.fetchone()[0][0]["Plan"]
            assert personnes_lues(plan) <= 100, (recherche, requete["sql"])
