"""Agents' search of a personne by its name: the index serves what the search asks."""

import pytest
from django.db import connection

from services.models import PersonneSirenisee
from tests.factories import PersonneFactory

pytestmark = pytest.mark.django_db


def test_la_recherche_par_denomination_se_fait_par_l_index() -> None:
    PersonneFactory(denomination="LE BŒUF SUR LE TOIT")
    with connection.cursor() as curseur:
        curseur.execute("SET LOCAL enable_seqscan = off")
    trouvees = PersonneSirenisee.objects.filter(denomination__replie_contient="leboeuf").order_by()
    assert "personne_denomination_repliee" in trouvees.explain()
    assert trouvees.count() == 1


@pytest.mark.parametrize("saisie", ["%", "_", "\\", "", "!"])
def test_un_signe_n_est_pas_un_joker(saisie: str) -> None:
    """LIKE's own signs are folded away before it sees them."""
    PersonneFactory(denomination="A_B%C")
    assert PersonneSirenisee.objects.filter(denomination__replie=saisie).count() == 0
    assert PersonneSirenisee.objects.filter(denomination__replie_commence=f"a{saisie}bc").count() == 1
