"""Whatever the door by which a message is read, it leaves the read receipts that the page of its exchange leaves (CGU §2.3, R24)."""

import ast
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Agent, Compte, Espace
from services.admin import EchangeAdmin
from services.messagerie.remise import remettre
from services.models import Echange, LectureMessage, Message, MessageNonLu
from tests.espacepro.scenes import client_verifie
from tests.factories import echanger
from tests.scenes import RACINE
from tests.sources import module_de, noeuds

from .scenes import Scene, recevoir, scene

pytestmark = pytest.mark.django_db
LISENT = {"fil", "imprimer", "lire_echange"}
"""What gives a page, or a file, the words of an exchange."""


@pytest.fixture
def lieu() -> Scene:
    return scene(denomination="ATELIER ROUSSEL")


def client_de(espace: Espace) -> Client:
    client = Client()
    client.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
    return client


def recus(lieu: Scene, combien: int) -> list[Message]:
    """An exchange in which the office has written so many messages, which nobody has read."""
    echange = echanger(lieu.personne, etat=Echange.Etat.REPONDU)
    messages = [
        recevoir(lieu.personne, echange=echange, agent=lieu.agent, texte=f"MOT{rang}") for rang in range(combien)
    ]
    for message in messages:
        remettre(message)
    return messages


def lus_par(compte: Compte | None) -> set[object]:
    return set(LectureMessage.objects.filter(lecteur=compte).values_list("message", flat=True))


def test_imprimer_c_est_lire_la_partie_qu_on_imprime(lieu: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.messagerie.imprime.MESSAGES_D_UNE_PARTIE", 2)
    messages = recus(lieu, 3)
    page = reverse("echange_pdf", args=[messages[0].echange.reference])
    client, compte = client_de(lieu.acteur), lieu.acteur.compte
    assert client.get(page).status_code == 200
    assert not lus_par(compte), "the list of the parts shows none of their words"
    prepare = client.get(page, {"partie": "2"}, headers={"Sec-Purpose": "prefetch"})
    assert (prepare.status_code, lus_par(compte)) == (503, set()), "nobody has asked for it yet"
    for _ in range(2):
        assert client.get(page, {"partie": "2"}).content.startswith(b"%PDF")
        assert lus_par(compte) == {messages[2].pk}
    assert client.get(page, {"partie": "9"}).status_code == 404
    client.get(page, {"partie": "1"})
    assert lus_par(compte) == {message.pk for message in messages}
    assert not MessageNonLu.objects.filter(lecteur=compte).exists()
    assert MessageNonLu.objects.filter(lecteur=lieu.titulaire.compte).count() == 3, "the others have not read"


def test_son_propre_message_imprime_n_a_pas_d_accuse(lieu: Scene) -> None:
    (message,) = recus(lieu, 1)
    sien = recevoir(lieu.personne, echange=message.echange, espace=lieu.titulaire, pret_le=message.pret_le)
    client_de(lieu.titulaire).get(reverse("echange_pdf", args=[message.echange.reference]))
    assert lus_par(lieu.titulaire.compte) == {message.pk}
    client_de(lieu.acteur).get(reverse("echange_pdf", args=[message.echange.reference]))
    assert lus_par(lieu.acteur.compte) == {message.pk, sien.pk}


def test_chaque_acte_d_un_agent_qui_montre_les_messages_les_dit_lus(lieu: Scene) -> None:
    vus = []
    for acte in EchangeAdmin.actes:
        echange = echanger(lieu.personne, etat=Echange.Etat.ENVOYE)
        message = recevoir(lieu.personne, echange=echange, espace=lieu.titulaire, texte="MOT-DE-L-ENTREPRISE")
        remettre(message)
        agent = Agent.objects.get(pk=lieu.agent.pk)
        page = client_verifie(agent).get(reverse(f"admin:services_echange_{acte.nom}", args=[echange.pk]))
        montre = "MOT-DE-L-ENTREPRISE" in page.content.decode()
        assert (message.pk in lus_par(agent.compte)) is montre, acte.nom
        vus += [acte.nom] if montre else []
    assert len(vus) >= 4, vus


def portes() -> Iterator[tuple[str, set[str]]]:
    """Yield each function of a view that reads the words of an exchange, and what it calls."""
    for fichier in [*RACINE.glob("*/views/*.py"), *RACINE.glob("*/admin.py"), *RACINE.glob("espacepro/gestion/*.py")]:
        for noeud in noeuds(module_de(fichier)):
            if isinstance(noeud, ast.FunctionDef):
                appels = {
                    getattr(n.func, "attr", getattr(n.func, "id", "")) for n in noeuds(noeud) if isinstance(n, ast.Call)
                }
                if appels & LISENT:
                    yield f"{fichier.relative_to(RACINE)}:{noeud.name}", appels


def test_chaque_vue_qui_lit_un_echange_en_laisse_la_trace() -> None:
    lues = dict(portes())
    assert len(lues) >= 4, sorted(lues)
    assert [ou for ou, appels in lues.items() if "noter_la_suite" not in appels] == []
