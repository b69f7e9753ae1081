"""What a stranger sends may not hold a process, nor get a 500: texts made to be slow, posted to each form that anybody may open."""

import re

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import Espace
from espacepro.acces import TABLE, Acces
from tests.espacepro.scenes import NOMS, adresse
from tests.scenes import duree

pytestmark = pytest.mark.django_db
PILE = "a" + "\u0300" * 50_000 + "\u0316" * 50_000  # 200 kB: eleven seconds of normalisation, by the square
AU_PLUS = 0.3  # seconds of this process, all that a request costs
PUBLIQUES = [nom for nom in NOMS if nom in TABLE and TABLE[nom].qui is Acces.PUBLIC] + ["admin:login"]
FORMULAIRE = re.compile(r"<form[^>]*method=\"post\"[^>]*>(.*?)</form>", re.DOTALL | re.IGNORECASE)
CHAMP = re.compile(r"<(?:input|textarea|select|button)[^>]*\bname=\"([^\"]+)\"")
A_PART = {"csrfmiddlewaretoken", "username", "password"}


def _chemin(nom: str) -> str:
    return reverse(nom) if ":" in nom else adresse(nom)


def _champs(page: str) -> set[str]:
    """Return the fields of the forms of a page; those of the sign-in, whether it says them or not."""
    return A_PART | {champ for formulaire in FORMULAIRE.findall(page) for champ in CHAMP.findall(formulaire)}


def _poster(client: Client, chemin: str, champ: str, texte: str, autres: set[str]) -> tuple[float, int]:
    """Return what it cost to post this text in one field, the others filled with little, and the answer's status."""
    saisie = dict.fromkeys(autres, "x") | {champ: texte}
    statuts: list[int] = []

    def poster() -> None:
        cache.clear()  # who posts so much is soon asked whether he is a person: each form is to be reached
        statuts.append(client.post(chemin, saisie, secure=True).status_code)

    cout = duree(poster, fois=1)
    return cout if cout < AU_PLUS else duree(poster), statuts[0]


@pytest.mark.parametrize("nom", PUBLIQUES)
def test_une_pile_d_accents_ne_retient_aucun_formulaire_public(nom: str) -> None:
    client = Client()
    ouverte = client.get(_chemin(nom), secure=True)
    champs = _champs(ouverte.content.decode())
    for champ in sorted(champs | {"texte", "q"}):
        cout, statut = _poster(client, _chemin(nom), champ, PILE, champs)
        assert statut != 403 or ouverte.status_code != 200, (nom, champ)
        assert statut < 500, (nom, champ)
        assert cout < AU_PLUS, (nom, champ, statut)


def test_ce_qui_etait_tape_est_rendu_et_la_faute_est_dite() -> None:
    reponse = Client().post(
        reverse("signaler"), {"reference": "D-2026-AB", "texte": "Voici e" + "\u0301" * 40 + " tout."}
    )
    page = reponse.content.decode()
    assert reponse.status_code == 200
    assert "empile plus de 30 accents" in page
    assert "D-2026-AB" in page
    assert "\u0301" * 40 in page


def test_ni_les_formulaires_d_un_espace(espace: Espace, client_de) -> None:
    for nom in (
        "coordonnees",
        "identifiants",
        "rectifier_donnees",
        "adherer",
        "activer",
        "message_ecrire",
        "verifier_session",
    ):
        if nom not in NOMS:
            continue
        client = client_de(espace)
        champs = _champs(client.get(_chemin(nom)).content.decode())
        for champ in sorted(champs):
            cout, statut = _poster(client, _chemin(nom), champ, PILE, champs)
            assert statut < 500, (nom, champ)
            assert cout < AU_PLUS, (nom, champ, statut)
