"""The pages of a list at /gestion/: the one shown is marked, to the eye as to a screen reader (issue 10 item 11)."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.gestion.consultation import PagesDUneListe
from habilitations.models import Adhesion
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, habiliter

pytestmark = pytest.mark.django_db
FEUILLE = Path("static/css/gestion.css")


def test_la_page_montree_est_la_page_marquee(monkeypatch: pytest.MonkeyPatch) -> None:
    agent: Any = AgentFactory()
    monkeypatch.setattr(type(admin.site._registry[Adhesion]), "list_per_page", 2)
    for _ in range(5):
        habiliter(EspaceFactory(), personne=PersonneFactory(service_gestionnaire=agent.service_gestionnaire))
    client = client_verifie(agent)
    for numero in (1, 2, 3):
        page = client.get(reverse("admin:habilitations_adhesion_changelist"), {"p": numero}).content.decode()
        assert re.findall(r'aria-current="page">(\d+)</a>', page) == [str(numero)]
        assert page.index("css/gestion.css") > page.index("admin/css/changelists.css"), "ours has the last word"


def test_la_page_montree_est_la_seule_remplie() -> None:
    regles = dict(re.findall(r"#changelist \.paginator (a[^{]+) \{([^}]+)\}", FEUILLE.read_text()))
    assert "background: transparent" in regles["a:not(.showall)"]
    assert "background: var(--button-bg)" in regles['a[aria-current="page"]']


@pytest.mark.parametrize(("rangees", "au_dela"), [(4, False), (5, True)])
def test_une_liste_compte_jusqu_a_dix_mille_et_dit_qu_il_y_en_a_d_autres(
    monkeypatch: pytest.MonkeyPatch, rangees: int, au_dela: bool
) -> None:
    """Counting all that the country has would cost the more the more it has; the pages stop where the count does."""
    agent: Any = AgentFactory()
    monkeypatch.setattr(PagesDUneListe, "COMPTEES", 4)
    monkeypatch.setattr(type(admin.site._registry[Adhesion]), "list_per_page", 2)
    for _ in range(rangees):
        habiliter(EspaceFactory(), personne=PersonneFactory(service_gestionnaire=agent.service_gestionnaire))
    client, adresse = client_verifie(agent), reverse("admin:habilitations_adhesion_changelist")
    with CaptureQueriesContext(connection) as requetes:
        page = client.get(adresse, {"p": 2}).content.decode()
    sql = [requete["sql"] for requete in requetes]
    assert ("Plus de 4 adhésions : cherchez ou filtrez" in " ".join(page.split())) == au_dela
    assert client.get(adresse, {"p": 3}).status_code == 400
    comptees = [une for une in sql if "COUNT(*)" in une and "habilitations_adhesion" in une]
    assert comptees
    assert all("LIMIT 5" in une for une in comptees)


def test_aucune_liste_ne_compte_tout_le_pays() -> None:
    assert {page.paginator for page in admin.site._registry.values()} == {PagesDUneListe}
