"""Opening a session: one transaction, the session written once, and the browser that is then known."""

import time
from collections.abc import Callable

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Espace, NavigateurConnu, Session
from accounts.models.sessions_base import DERNIERE_ACTIVITE, SessionStore
from surveillance.models import Connexion
from tests.factories import MOT_DE_PASSE, EspaceFactory

REQUETES = 24  # of a sign-in whole, BEGIN and COMMIT counted; 37 before
pytestmark = pytest.mark.django_db(transaction=True)


def entrer(client: Client, espace: Espace) -> list[str]:
    """Sign in; return the statements sent."""
    assert espace.compte is not None
    with CaptureQueriesContext(connection) as requetes:
        reponse = client.post(reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE})
    assert reponse.status_code == 302
    return [requete["sql"] for requete in requetes]


def test_une_connexion_tient_en_peu_d_ecritures() -> None:
    espace, client = EspaceFactory(), Client()
    for _ in ("inconnu", "connu"):
        client.get(reverse("connexion"))
        sql = entrer(client, espace)
        assert len(sql) <= REQUETES, "\n".join(sql)
        assert len([s for s in sql if "accounts_session" in s and s.startswith(("INSERT", "UPDATE"))]) == 1
        ouverture = sql[len(sql) - 1 - sql[::-1].index("BEGIN") :]
        assert ouverture[-1] == "COMMIT"
        assert sum("surveillance_connexion" in s or "navigateurconnu" in s for s in ouverture) >= 2
        client.post(reverse("deconnexion"))
    assert NavigateurConnu.objects.count() == 1
    assert Connexion.objects.count() == 2


def test_ce_qui_echoue_en_ouvrant_n_ouvre_rien(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last write of the opening fails: no session, no known browser, no sign-in recorded."""
    espace, client = EspaceFactory(), Client(raise_request_exception=False)
    client.get(reverse("connexion"))

    def echouer(*_: object, **__: object) -> None:
        raise RuntimeError("the database went away")

    monkeypatch.setattr(SessionStore, "save", echouer)
    assert espace.compte is not None
    reponse = client.post(reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE})
    assert reponse.status_code == 500
    assert not Session.objects.filter(compte=espace.compte).exists()
    assert not NavigateurConnu.objects.exists()
    assert not Connexion.objects.exists()


def test_une_session_garde_ses_donnees_sous_sa_nouvelle_cle() -> None:
    magasin = SessionStore()
    magasin["panier"] = "plein"
    magasin.save()
    ancienne = magasin.session_key
    magasin.cycle_key()
    assert magasin.session_key != ancienne
    assert not SessionStore(ancienne).exists(ancienne or "")
    magasin.save()
    assert SessionStore(magasin.session_key)["panier"] == "plein"
    with CaptureQueriesContext(connection) as requetes:
        magasin.save()
    assert not requetes, "nothing has changed since"
    magasin["panier"] = "vide"
    magasin.save()
    assert SessionStore(magasin.session_key)["panier"] == "vide"
    assert Session.objects.count() == 1


def test_la_session_finie_pendant_la_page_la_redemande(
    espace: Espace, client_de: Callable[[Espace], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closed from elsewhere, or given a new key by another press, before its last use was written: the page again, no error."""
    client = client_de(espace)
    session = client.session
    session[DERNIERE_ACTIVITE] = int(time.time()) - 120  # so that the page writes it anew
    session.save()

    def manquer(*_: object, **__: object) -> None:
        raise UpdateError

    monkeypatch.setattr(SessionStore, "save", manquer)
    reponse = client.get(reverse("coordonnees"), {"suite": "1"})
    assert reponse.status_code == 303
    assert reponse["Location"] == reverse("coordonnees") + "?suite=1"
    redirige = client.get(reverse("connexion"))
    assert (redirige.status_code, redirige["Location"]) == (302, reverse("espace")), "a redirection leads where it led"
