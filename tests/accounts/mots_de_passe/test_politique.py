"""R3: exactly the last five passwords are refused, and one that is too long is refused before it is hashed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Compte, Espace
from accounts.mots_de_passe.politique import (
    LONGUEUR_MAX,
    MotDePasseDejaUtilise,
    MotDePasseFaible,
    MotDePasseTropLong,
    changer_mot_de_passe,
    invalider_mot_de_passe,
)
from tests.factories import MOT_DE_PASSE, PersonneFactory

pytestmark = pytest.mark.django_db
MOTS = ("brouillard", "moutarde", "violoncelle", "parapluie", "tournevis", "coquelicot")
SUIVANTS = [f"{mot} kayak 81 lanterne {mot[::-1]}" for mot in MOTS]


def choisir(espace: Espace, *mots_de_passe: str) -> None:
    """Change the password, one second after the other."""
    depart = espace.compte.mot_de_passe_change_le
    for rang, nouveau in enumerate(mots_de_passe, start=1):
        changer_mot_de_passe(acteur=espace.compte, nouveau=nouveau, maintenant=depart + timedelta(seconds=rang))
    espace.compte.refresh_from_db()


def refuse(espace: Espace, mot_de_passe: str) -> bool:
    try:
        choisir(espace, mot_de_passe)
    except MotDePasseDejaUtilise:
        return True
    return False


def test_les_cinq_derniers_sont_refuses_et_le_sixieme_accepte(espace: Espace) -> None:
    choisir(espace, *SUIVANTS[:5])
    assert [refuse(espace, mot) for mot in SUIVANTS[:5]] == [True] * 5
    assert not refuse(espace, MOT_DE_PASSE), "it is the sixth from the end"
    assert not refuse(espace, SUIVANTS[0]), "and so is this one, now"


def test_ni_moins_ni_plus_apres_une_invalidation(espace: Espace) -> None:
    choisir(espace, *SUIVANTS[:5])
    invalider_mot_de_passe(acteur=espace.compte, maintenant=timezone.now() + timedelta(hours=1))
    espace.compte.refresh_from_db()
    assert [refuse(espace, mot) for mot in SUIVANTS[:5]] == [True] * 5
    choisir(espace, SUIVANTS[5])
    assert refuse(espace, SUIVANTS[1]), "fifth from the end: the password made unusable is not counted twice"
    assert not refuse(espace, SUIVANTS[0])


def test_au_dela_de_la_longueur_rien_n_est_hache(espace: Espace, monkeypatch: pytest.MonkeyPatch) -> None:
    juste = (MOT_DE_PASSE[::-1] + " " + " ".join(SUIVANTS) * 2)[:LONGUEUR_MAX]
    choisir(espace, juste)
    assert Compte.objects.get().check_password(juste)
    monkeypatch.setattr("accounts.mots_de_passe.politique.check_password", lambda *_: pytest.fail("hashed"))
    with pytest.raises(MotDePasseTropLong, match=str(LONGUEUR_MAX)):
        choisir(espace, juste + "x")


def test_le_nom_de_l_organisation_compte_peu(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    """CGU §3.2.e: what can be found about somebody elsewhere, as the name of their company, makes no password."""
    nom = "Zorglubine Xavatique"
    PersonneFactory(siren=espace.siren_appartenance, denomination=nom)
    page = client_de(espace).get(reverse("changer_mot_de_passe")).content.decode()
    assert nom in page, "the browser's gauge knows what the server knows"
    with pytest.raises(MotDePasseFaible):
        changer_mot_de_passe(acteur=espace.compte, nouveau="zorglubine-xavatique-2026")
