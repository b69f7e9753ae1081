"""What is put into the addresses of the desk: one letter, 300 characters, a dotted capital I, look-ups of hidden columns (issue 14)."""

import logging
import uuid
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.gestion.fonctions import TOUTES
from accounts.models import Agent
from espacepro.gestion.recherche import chercher
from tests.espacepro.scenes import client_verifie, dossier
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory

pytestmark = pytest.mark.django_db
HOSTILES: list[dict[str, Any]] = [
    {"compte__password__startswith": "argon2"},
    {"espace__compte__email__regex": "("},
    {"service_gestionnaire__agents__compte__password__gt": "a"},
    {"_to_field": "compte__password", "_popup": "1"},
    {"q": "a"},
    {"q": "İ"},
    {"q": "x" * 300},
    {"q": "İ" * 300, "p": "-1"},
    {"q": "\x00"},
    {"page": "9" * 300},
    {"page": "İ"},
    {"next": "https://ailleurs.exemple/" + "x" * 300},
]


def pages_nues() -> list[str]:
    """Every address of the site that needs no key, signing out and the lists apart (test_site.py has them)."""
    noms = [m.name for m in admin.site.get_urls() if getattr(m, "name", None) and "<" not in str(m.pattern)]
    return [reverse(f"admin:{nom}") for nom in noms if nom not in {"logout", "jsi18n"}]


@pytest.mark.parametrize("fonction", sorted(TOUTES))
def test_aucune_adresse_du_bureau_ne_cede(fonction: str, caplog: pytest.LogCaptureFixture) -> None:
    """No 500, no traceback, nothing that a hidden column would tell: the page without the parameter, or a refusal."""
    agent = AgentFactory(fonction=fonction)
    lignes = dossier(agent, 1)
    espace = lignes["activation_demande"].espace
    cles = [
        reverse("admin:espace", args=[espace.pk]),
        reverse("admin:espace", args=[uuid.uuid4()]),
        reverse("admin:file", args=["RETRAIT"]),
        reverse("admin:file", args=["x" * 300]),
        reverse("admin:file", args=["İ"]),
        reverse("admin:services_personnesirenisee_change", args=["9" * 300]),
        reverse("admin:activation_demande_change", args=["İ"]),
        reverse("admin:accounts_agent_change", args=["1__compte__password"]),
        reverse("admin:accounts_agent_donner-fonction", args=["'\"" * 20]),
    ]
    client = client_verifie(agent)
    with caplog.at_level(logging.ERROR):
        for adresse in [*pages_nues(), *cles]:
            for parametres in HOSTILES:
                reponse = client.get(adresse, parametres)
                assert reponse.status_code in {200, 302, 400, 403, 404}, (adresse, parametres)
                assert "ailleurs.exemple" not in reponse.headers.get("Location", "")
    assert not [ligne for ligne in caplog.records if ligne.exc_info]


def test_une_recherche_d_une_lettre_le_dit_et_une_trop_longue_est_refusee() -> None:
    client = client_verifie(AgentFactory())
    for saisie in ("a", "İ", "é ", "l' d'"):
        page = client.get(reverse("admin:chercher"), {"q": saisie})
        assert "au moins trois lettres" in page.content.decode()
        assert f'value="{saisie.strip()}"'.replace("'", "&#x27;") in page.content.decode(), "what was typed is not lost"
    assert client.get(reverse("admin:chercher"), {"q": "x" * 300}).status_code == 400


def test_le_i_pointe_se_cherche_comme_un_i() -> None:
    agent = AgentFactory()
    personne = PersonneFactory(denomination="İSTANBUL KEBAP", service_gestionnaire=agent.service_gestionnaire)
    espace = EspaceFactory(nom="İnönü", siren_appartenance=personne.siren)
    for saisie in ("istanbul", "İSTANBUL", "ıstanbul", "i\u0307stanbul"):
        assert chercher(agent, saisie).entreprises == [personne], saisie
    for saisie in ("inonu", "İNÖNÜ"):
        assert chercher(agent, saisie).espaces == [espace], saisie


@pytest.mark.parametrize("suite", [" " * 40, "x" * 61, "\x00", "İ" * 60, "D-2026-000001-" + "9" * 40])
def test_le_lecteur_de_codes_barres_supporte_tout(suite: str) -> None:
    agent: Agent = AgentFactory()
    reponse = client_verifie(agent).post(reverse("admin:lettres_revenues"), {"numero_lettre": suite})
    assert reponse.status_code == 200
    assert "fr-error-text" in reponse.content.decode() or "fr-alert" in reponse.content.decode()


@pytest.mark.parametrize("depuis", ["0001-01-01", "0001-01-01 00:00:00+14:00", "9999-12-31", "demain", "2026-13-45"])
def test_le_journal_depuis_un_jour_qui_n_en_est_pas_un(depuis: str) -> None:
    cellule = client_verifie(AgentFactory(fonction=Agent.Fonction.SURVEILLANCE))
    journal = reverse("admin:accounts_evenement_changelist", query={"quand__gte": depuis})
    assert cellule.get(journal).status_code in {200, 302, 400}
