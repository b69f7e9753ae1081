"""No header, JSON body or kind of body that a stranger makes up gets a 500: each is read up to a bound, and refused by its rule."""

import time
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import Espace
from espacepro.type_lisible import REFUS, TypeLisible
from espacepro.wsgi import application
from surveillance.automates.detecteurs import DETECTEURS, Vue
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory

pytestmark = pytest.mark.django_db
CHIFFRES = "9" * 4_301  # one more than Python makes a number of
ADRESSES = [
    "http://[",
    "//[",
    "http://[::1",
    "https://[v1.x]/",
    "http://a:99999999/",
    "http://\u2100.fr/",
    "/[",
    "\x00",
]
COMMUNES = ["", "\x00", "\xff", CHIFFRES, "é\u0300\u0316" * 500, ";,=\"'%s{}", "\ud800", "\t\r\n x"]
HOSTILES = {
    "HTTP_USER_AGENT": [f"Mozilla/5.0 {nom}/{CHIFFRES}" for nom in ("Chrome", "Firefox", "CriOS", "Chromium")],
    "HTTP_REFERER": ADRESSES,
    "HTTP_ORIGIN": [*ADRESSES, "null"],
    "HTTP_ACCEPT_LANGUAGE": [f"fr;q={CHIFFRES}", "fr;q=nan", "x-" * 2_000, "fr," * 2_000],
    "HTTP_ACCEPT": [f"text/html;q={CHIFFRES}", "a/b/c"],
    "HTTP_COOKIE": [
        "sessionid=" + "x" * 3_000,
        "__Host-sessionid=\x00; messages=\x00; csrftoken=\u00e9",
        f"connu-a={CHIFFRES}:x; humain={CHIFFRES}.x:y; __Host-humain=:::",
        "=;=;;",
    ],
    "HTTP_SEC_CH_UA": [f'"Google Chrome";v="{CHIFFRES}"', '"'],
    "HTTP_SEC_CH_UA_PLATFORM": ['"'],
    "HTTP_SEC_FETCH_SITE": ["cross-site, cross-site"],
    "HTTP_SEC_FETCH_MODE": ["navigate"],
    "HTTP_VIA": [CHIFFRES],
    "HTTP_X_FORWARDED_FOR": ["\x00,[", "[", "::ffff:", "1.2.3.4%", f"1.2.3.{CHIFFRES}", f"1.2.3.4:{CHIFFRES}"],
    "HTTP_X_FORWARDED_PROTO": ["https,http"],
    "HTTP_X_REQUEST_ID": [CHIFFRES],
    "HTTP_HOST": ["[::1", "[", "a:b:c", f"testserver:{CHIFFRES}", "\u2100.fr"],
    "HTTP_RANGE": [f"bytes={CHIFFRES}-", f"bytes=-{CHIFFRES}", "bytes=-"],
    "HTTP_IF_MODIFIED_SINCE": [CHIFFRES, f"Mon, 30 Nov {CHIFFRES} 10:00:00 GMT", "99999999999"],
    "HTTP_IF_NONE_MATCH": ['W/"', "*"],
    "HTTP_AUTHORIZATION": ["Basic =", f"Bearer {CHIFFRES}"],
    "CONTENT_LENGTH": ["-1", "1e3", "\u0663"],
    "CONTENT_TYPE": ["multipart/form-data", f"multipart/form-data; boundary={CHIFFRES}", "/"],
}
JEUX = (
    "hex",
    "rot13",
    "idna",
    "punycode",
    "undefined",
    "utf-7",
    "unicode_escape",
    "utf-16",
    "zlib",
    "iso-8859-1",
    "\x00",
    "inconnu",
)
TYPES = [
    *(
        f"{genre}; charset={jeu}"
        for genre in (
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/html",
            "application/json",
        )
        for jeu in JEUX
    ),
    "text/html; charset*=hex''%ff",
    "text/html; charset*=x",
]
PAGES = ("accueil", "connexion", "signaler", "espace", "echange", "admin:login", "cgu", "sante", "saisie_gardee")
CORPS = urlencode({"username": "é", "texte": "é", "estampille": "x", "q": "é"}).encode()


def _demander(client: Client, methode: str, chemin: str, entete: str, valeur: str) -> int:
    """Return the status of the answer; what fails is raised, as it is by default."""
    cache.clear()
    donnees = {entete: valeur.encode("utf-8", "surrogatepass").decode("latin-1")}  # as a server gives what it was sent
    genre = donnees.pop("CONTENT_TYPE", "application/x-www-form-urlencoded")
    return client.generic(
        methode, f"{chemin}?q=%C3%A9", CORPS if methode == "POST" else b"", genre, **donnees
    ).status_code


@pytest.mark.parametrize("entete", HOSTILES)
def test_aucun_entete_ne_donne_de_500(entete: str, espace: Espace, client_de) -> None:
    fautes = []
    sans_provenance = Client()
    sans_provenance.defaults = {n: v for n, v in sans_provenance.defaults.items() if not n.startswith("HTTP_SEC_FETCH")}
    for valeur in [*HOSTILES[entete], *COMMUNES]:
        for client in (client_de(espace), sans_provenance):
            for nom in PAGES if client is sans_provenance or entete == "HTTP_REFERER" else ("espace", "signaler"):
                chemin = "/espace/messages/E-x/" if nom == "echange" else reverse(nom)
                for methode in ("GET", "POST"):
                    try:
                        statut = _demander(client, methode, chemin, entete, valeur)
                    except Exception as erreur:  # noqa: BLE001 - each is what is looked for
                        fautes.append((nom, methode, valeur[:40], repr(erreur)[:80]))
                    else:
                        fautes += [(nom, methode, valeur[:40], statut)] if statut >= 500 and statut != 503 else []
    assert fautes == []


@pytest.mark.parametrize("referer", ADRESSES)
def test_ce_qui_est_poste_trop_tard_ne_depend_pas_de_la_page_d_ou_il_vient(referer: str) -> None:
    for client in (Client(), client_verifie(AgentFactory())):
        for nom in ("coordonnees", "verifier_session_code", "admin:index", "favori"):
            assert client.post(reverse(nom), {"estampille": "x", "a": "b"}, HTTP_REFERER=referer).status_code < 500


def _json() -> Iterator[bytes]:
    nombre = CHIFFRES.encode() + b"9" * 700
    yield from (
        b"[" * 100_000,
        b'{"a":' + nombre + b"}",
        nombre,
        b"null",
        b"[]",
        b'"x"',
        b"\xff",
        b"\xff\xfe{",
        b'{"id":1e999}',
        b"{}",
    )
    yield b'{"id":"\\ud800","rawId":"\\u0000","response":{},"type":"public-key"}'
    yield b'{"id":"AA","rawId":"AA","response":{"clientDataJSON":"AA","attestationObject":"AA"},"type":"public-key"}'
    yield b'{"id":"AA","rawId":"AA","response":{"clientDataJSON":"%%","authenticatorData":5},"type":"public-key"}'


def test_aucun_json_ne_donne_de_500_aux_cles_d_acces(espace: Espace, client_de) -> None:
    connecte, visiteur = client_de(espace), Client()
    for client, cle, valeur in ((connecte, "prouve_le", time.time()), (visiteur, "second_facteur_attendu", 1)):
        session = client.session
        session[cle] = valeur
        session.save()
    for client, nom in ((connecte, "cle_acces"), (visiteur, "connexion_cle")):
        for corps in _json():
            client.post(reverse(f"{nom}_debut"), b"{}", content_type="application/json")
            for suite in ("debut", "fin"):
                statut = client.generic(
                    "POST", reverse(f"{nom}_{suite}"), corps, content_type="application/json"
                ).status_code
                assert statut < 500, (nom, suite, corps[:30])


def _lire(environ: dict[str, Any], commencer: Callable[..., Any]) -> list[bytes]:
    """Answer what Django reads of this request: what is looked for, and what is typed."""
    requete = WSGIRequest(environ)
    commencer("200 OK", [])
    return [requete.GET["q"].encode(), b"/", requete.POST.get("texte", "").encode()]


def _servir(methode: str, genre: str) -> tuple[str, str]:
    dit: list[str] = []
    environ = RequestFactory()._base_environ(
        PATH_INFO="/",
        QUERY_STRING="q=%C3%A9t%C3%A9",
        REQUEST_METHOD=methode,
        CONTENT_TYPE=genre,
        CONTENT_LENGTH=str(len(CORPS)),
        **{"wsgi.input": BytesIO(CORPS)},
    )
    lu = b"".join(TypeLisible(_lire)(environ, lambda statut, entetes: dit.append(statut))).decode()
    return dit[0], lu


def test_un_corps_qui_n_est_pas_en_utf_8_est_refuse_sans_etre_lu() -> None:
    """A browser sends what a page of ours is: UTF-8. Django raised on `hex` before any of our doors; `punycode` costs the square."""
    assert isinstance(application, TypeLisible), "what gunicorn calls"
    for genre in TYPES:
        assert _servir("POST", genre) == ("400 Bad Request", REFUS.decode()), genre
        assert _servir("GET", genre) == ("200 OK", "été/"), genre
    for jeu in ("utf-8", "UTF-8", "UTF8", '"utf-8"'):
        assert _servir("POST", f"application/x-www-form-urlencoded; charset={jeu}") == ("200 OK", "été/é"), jeu
    assert _servir("POST", "application/x-www-form-urlencoded") == ("200 OK", "été/é")


def test_les_detecteurs_lisent_toute_version() -> None:
    for ecrite in (CHIFFRES, "0", "131", "\u0663", ""):
        for navigateur in ("Chrome", "Firefox"):
            vue = Vue("GET", {"user-agent": f"{navigateur}/{ecrite}", "sec-ch-ua": f'"Google Chrome";v="{ecrite}"'})
            assert all(d.vu(vue) in {True, False} for d in DETECTEURS if d.vu is not None)
