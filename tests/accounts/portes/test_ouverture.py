"""Opening a session: one transaction, the session written once, and the browser that is then known."""

import html
import re
import time
from collections.abc import Callable

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Application, Compte, Espace, NavigateurConnu, Session
from accounts.models.sessions_base import DERNIERE_ACTIVITE, SessionStore
from accounts.mots_de_passe.politique import CompteModifie
from surveillance.models import Alerte, Connexion
from tests.factories import MOT_DE_PASSE, AgentFactory, EspaceFactory
from tests.scenes import en_parallele

REQUETES = 16  # of a sign-in whole, BEGIN and COMMIT counted; 37 at first
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
        assert sql.count("COMMIT") == 2, "the guess counted, then all that the right password opens"
        assert sql[sql.index("COMMIT") + 1] == "BEGIN", "nothing is read between the hash and the opening"
        assert len([s for s in sql if "accounts_session" in s and s.startswith(("INSERT", "UPDATE"))]) == 1
        ouverture = sql[len(sql) - 1 - sql[::-1].index("BEGIN") :]
        assert ouverture[-1] == "COMMIT"
        assert sum("surveillance_connexion" in s or "navigateurconnu" in s for s in ouverture) >= 2
        client.post(reverse("deconnexion"))
    assert NavigateurConnu.objects.count() == 1
    assert Connexion.objects.count() == 2


def test_ce_que_lit_une_connexion_est_le_compte_entier() -> None:
    """The constant statement reads what the ORM reads, field by field, with or without an espace, with or without a device."""
    espace, agent = EspaceFactory(), AgentFactory()
    Application.objects.create(user=espace.compte, name="application", confirmed=True)
    Application.objects.create(user=agent.compte, name="application", confirmed=False)
    for compte, second in ((espace.compte, True), (agent.compte, False)):
        assert compte is not None
        lu = Compte.objects.a_la_connexion(compte.email)
        assert lu is not None
        with CaptureQueriesContext(connection) as requetes:
            tenu = getattr(lu, "espace", None)
        assert not requetes
        attendu = Compte.objects.select_related("espace").get(pk=compte.pk)
        assert lu.a_un_second_facteur is second
        assert [getattr(lu, champ.attname) for champ in Compte._meta.concrete_fields] == [
            getattr(attendu, champ.attname) for champ in Compte._meta.concrete_fields
        ]
        if tenu is None:
            assert not hasattr(attendu, "espace")
        else:
            assert [getattr(tenu, champ.attname) for champ in Espace._meta.concrete_fields] == [
                getattr(attendu.espace, champ.attname) for champ in Espace._meta.concrete_fields
            ]
    assert Compte.objects.a_la_connexion("personne@nulle-part.fr") is None


def gestes(espace: Espace | None, mot_de_passe: str) -> list[str]:
    """Return what the try of a password sends to the database, each statement by what it does to which table."""
    adresse = espace.compte.email if espace is not None and espace.compte is not None else "personne@nulle-part.fr"
    with CaptureQueriesContext(connection) as requetes:
        Client().post(reverse("connexion"), {"username": adresse, "password": mot_de_passe})
    return [re.sub(r"'[^']*'|\d+", "", requete["sql"])[:60] for requete in requetes]


def test_un_refus_fait_le_meme_travail_qu_un_echec() -> None:
    """A wrong password, an unknown address, and both once their counters refuse: nothing tells them apart."""
    espace = EspaceFactory()
    faux, inconnu = gestes(espace, "faux"), gestes(None, "faux")
    for _ in range(4):
        gestes(espace, "faux")
        gestes(None, "faux")
    refuse, inconnu_refuse = gestes(espace, MOT_DE_PASSE), gestes(None, "faux")
    assert Connexion.objects.filter(resultat="VERROUILLEE").count() == 2
    assert faux == inconnu == refuse == inconnu_refuse


@pytest.mark.parametrize("quoi", ["un second facteur", "un autre mot de passe", "désactivé"])
def test_le_compte_modifie_pendant_le_hachage_ne_s_ouvre_pas(quoi: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read before the hash is checked again by the statement that locks the account."""
    espace = EspaceFactory()
    compte = espace.compte
    assert compte is not None
    comparer = Compte.check_password

    def modifier(lui: Compte, brut: str) -> bool:
        juste = comparer(lui, brut)
        if quoi == "un second facteur":
            Application.objects.create(user=compte, name="application", confirmed=True)
        elif quoi == "désactivé":
            Compte.objects.filter(pk=compte.pk).update(is_active=False)
        else:
            compte.set_password("brouillard kayak 81 moutarde violon")
            compte.save(update_fields=["password"])
        return juste

    monkeypatch.setattr(Compte, "check_password", modifier)
    client = Client()
    reponse = client.post(reverse("connexion"), {"username": compte.email, "password": MOT_DE_PASSE})
    assert reponse.status_code == 200
    assert CompteModifie.message in html.unescape(reponse.content.decode())
    assert "_auth_user_id" not in client.session
    assert not Session.objects.filter(compte=compte).exists()
    assert not Connexion.objects.filter(resultat="REUSSIE").exists()


def test_deux_lieux_au_meme_instant_se_voient() -> None:
    """Sign-ins of one account queue at its row: the second sees the session of the first."""
    for _ in range(3):
        espace = EspaceFactory()
        assert espace.compte is not None
        saisie = {"username": espace.compte.email, "password": MOT_DE_PASSE}

        def entrer(rang: int, saisie: dict[str, str] = saisie) -> int:
            return Client(REMOTE_ADDR=("193.51.224.1", "8.8.8.8")[rang]).post(reverse("connexion"), saisie).status_code

        assert en_parallele(2, entrer) == [302, 302]
        assert Alerte.objects.filter(compte=espace.compte, motif="usage_parallele").count() == 1


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
