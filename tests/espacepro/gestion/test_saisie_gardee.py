"""What an agent typed in a form whose session ended is given back to that agent, after the password and the second factor, to nobody else."""

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import Agent, Application
from services.models import Echange
from tests.accounts.scenes import code_de
from tests.espacepro.scenes import client_verifie
from tests.factories import MOT_DE_PASSE, AgentFactory
from tests.services.messagerie.scenes import Scene

pytestmark = pytest.mark.django_db
NOTE = "Vu au téléphone avec la comptable, elle rappelle lundi"
GARDEE = "/gestion/saisie-gardee/"


def lire(reponse: Any) -> str:
    texte: str = reponse.content.decode().replace("&#x27;", "'")
    return texte


def remplie(client: Client, page: str) -> dict[str, str]:
    """Return what the browser posts from this page: its hidden fields, and the note."""
    html = client.get(page).content.decode()
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html)) | {"texte": NOTE}


def entrer(client: Client, agent: Agent, porte: str) -> Any:
    """Sign in by the password, then the second factor, from the sign-in page to which what was posted was sent."""
    suite = re.search(r'name="next" value="([^"]*)"', client.get(porte).content.decode())
    assert suite is not None
    saisie = {"username": agent.compte.email, "password": MOT_DE_PASSE, "next": suite[1]}
    etape = client.post(reverse("admin:login"), saisie)["Location"]
    assert NOTE not in lire(client.get(etape, follow=True)), "the password alone gives nothing back"
    assert client.get(GARDEE)["Location"].startswith(reverse("admin:verification"))
    code = code_de(Application.objects.get(user=agent.compte))
    return client.post(reverse("admin:verification"), {"code": code, "next": suite[1]})


@pytest.mark.parametrize("acte", ["noter", "repondre"])
def test_la_session_finie_rend_a_l_agent_ce_qu_il_avait_rempli(lieu: Scene, echange: Echange, acte: str) -> None:
    page = reverse(f"admin:services_echange_{acte}", args=[echange.pk])
    client = client_verifie(lieu.agent)
    posee = remplie(client, page)
    client.cookies.clear()
    porte = client.post(page, posee)["Location"]
    assert porte.startswith(reverse("admin:login"))
    assert "Ce que vous aviez rempli est gardé quinze minutes" in lire(client.get(porte))
    assert NOTE not in cache.get(f"saisie:agent:{lieu.agent.pk}")
    assert entrer(client, lieu.agent, porte)["Location"] == GARDEE
    assert NOTE in lire(client.get(GARDEE))
    assert client.post(GARDEE, {"reprendre": "1"})["Location"] == page
    assert NOTE in lire(client.get(page)).partition("<textarea")[2]
    assert not echange.messages.filter(texte=NOTE).exists(), "nothing is sent by itself"
    assert client.post(page, remplie(client, page)).status_code in {200, 302}
    if acte == "noter":
        assert echange.messages.filter(texte=NOTE).exists()
        assert "Aucune saisie gardée" in lire(client.get(GARDEE))


def test_un_autre_agent_du_meme_bureau_ne_trouve_rien(lieu: Scene, echange: Echange) -> None:
    page = reverse("admin:services_echange_noter", args=[echange.pk])
    posee = remplie(client_verifie(lieu.agent), page)
    autre = AgentFactory(service_gestionnaire=lieu.agent.service_gestionnaire)
    client_verifie(autre)
    client = Client()
    porte = client.post(page, posee)["Location"]
    assert entrer(client, autre, porte)["Location"] == GARDEE
    assert "Aucune saisie gardée" in lire(client.get(GARDEE))
    assert client.post(page, posee | {"texte": "Posée par un autre"}).status_code in {200, 302}
    assert NOTE in lire(client_verifie(lieu.agent).get(GARDEE))


def test_le_mot_de_passe_seul_garde_pour_apres_le_second_facteur(lieu: Scene, echange: Echange) -> None:
    """In another tab the agent has begun to sign in again: the form posted meanwhile is not lost either."""
    page = reverse("admin:services_echange_noter", args=[echange.pk])
    posee = remplie(client_verifie(lieu.agent), page)
    client = Client()
    client.force_login(lieu.agent.compte, backend="accounts.portes.connexion.CompteBackend")
    etape = client.post(page, posee)["Location"]
    assert etape.startswith(reverse("admin:verification"))
    assert "gardé quinze minutes" in lire(client.get(etape))
    assert client.get(etape).content.decode().count('name="estampille"') == 0, "no stamp before the second factor"
    code = code_de(Application.objects.get(user=lieu.agent.compte))
    assert client.post(etape, {"code": code, "next": GARDEE})["Location"] == GARDEE
    assert NOTE in lire(client.get(GARDEE))


@pytest.mark.parametrize("connecte", [True, False])
def test_un_jeton_expire_garde_aussi(lieu: Scene, echange: Echange, connecte: bool) -> None:
    page = reverse("admin:services_echange_noter", args=[echange.pk])
    posee = remplie(client_verifie(lieu.agent), page)
    client = client_verifie(lieu.agent) if connecte else Client()
    client.handler.enforce_csrf_checks = True
    reponse = client.post(page, posee)
    assert reponse.status_code == 403
    attendue = GARDEE if connecte else f"{reverse('admin:login')}?next={GARDEE}"
    assert f'href="{attendue}"' in lire(reponse)
    assert NOTE in lire(client_verifie(lieu.agent).get(GARDEE))
