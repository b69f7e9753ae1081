"""The pages of a list at /gestion/: the one shown is marked, to the eye as to a screen reader (issue 10 item 11)."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from habilitations.models import Adhesion
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, habiliter

pytestmark = pytest.mark.django_db
FEUILLE = Path("static/css/gestion.css")


def test_la_page_montree_est_la_page_marquee(monkeypatch: pytest.MonkeyPatch) -> None:
    agent: Any = AgentFactory()
    from django.contrib import admin

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
