"""Browsers and robots: what each sends, as recorded, and a clock that the test moves."""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import altcha
from altcha.v2 import Challenge
from django.http import HttpResponse
from django.test import Client

from accounts.portes.marques import SERVI, sceller
from surveillance.automates import releve

FORMULAIRE = "application/x-www-form-urlencoded"
_PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_SEC = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"}
_CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0{} Safari/537.36"
_WINDOWS = "Windows NT 10.0; Win64; x64"

HONNETES: Mapping[str, Mapping[str, str]] = {
    "firefox, lecteur d’écran NVDA": {
        "User-Agent": f"Mozilla/5.0 ({_WINDOWS}; rv:144.0) Gecko/20100101 Firefox/144.0",
        "Accept": _PAGE,
        "Accept-Language": "fr,fr-FR;q=0.8,en-US;q=0.5,en;q=0.3",
        **_SEC,
    },
    "chrome": {
        "User-Agent": _CHROME.format(_WINDOWS, ""),
        "Accept": _PAGE,
        "Accept-Language": "fr-FR,fr;q=0.9",
        "sec-ch-ua": '"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
        "sec-ch-ua-platform": '"Windows"',
        **_SEC,
    },
    "edge": {
        "User-Agent": _CHROME.format(_WINDOWS, "") + " Edg/142.0.0.0",
        "Accept": _PAGE,
        "Accept-Language": "fr",
        "sec-ch-ua": '"Chromium";v="142", "Microsoft Edge";v="142", "Not_A Brand";v="99"',
        "sec-ch-ua-platform": '"Windows"',
        **_SEC,
    },
    "téléphone android": {
        "User-Agent": _CHROME.format("Linux; Android 10; K", "").replace("Safari", "Mobile Safari"),
        "Accept": _PAGE,
        "Accept-Language": "fr-FR,fr;q=0.9",
        "sec-ch-ua": '"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
        "sec-ch-ua-platform": '"Android"',
        **_SEC,
    },
    "iphone": {
        "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
        " Mobile/15E148 Safari/604.1",
        "Accept": _PAGE,
        "Accept-Language": "fr-FR,fr;q=0.9",
        **_SEC,
    },
    "vieux firefox": {
        "User-Agent": "Mozilla/5.0 (Windows NT 6.1; rv:60.0) Gecko/20100101 Firefox/60.0",
        "Accept": _PAGE,
        "Accept-Language": "fr-FR,fr;q=0.5",
    },
    "mandataire qui ôte les indices": {
        "User-Agent": _CHROME.format(_WINDOWS, ""),
        "Accept": _PAGE,
        "Accept-Language": "fr-FR",
        **_SEC,
    },
    "mandataire qui ôte tout, et le dit": {
        "User-Agent": _CHROME.format(_WINDOWS, ""),
        "Accept": "*/*",
        "Accept-Language": "fr-FR",
        "Via": "1.1 mandataire",
    },
    "mandataire qui ôte tout, et le tait": {
        "User-Agent": _CHROME.format(_WINDOWS, ""),
        "Accept": "*/*",
        "Accept-Language": "fr-FR",
    },
    "extension qui change le nom": {
        "User-Agent": f"Mozilla/5.0 ({_WINDOWS}; rv:144.0) Gecko/20100101 Firefox/144.0",
        "Accept": _PAGE,
        "Accept-Language": "fr-FR",
        "sec-ch-ua": '"Chromium";v="142", "Not_A Brand";v="99"',
        "sec-ch-ua-platform": '"Linux"',
        **_SEC,
    },
}
ROBOTS: Mapping[str, Mapping[str, str]] = {
    "curl": {"User-Agent": "curl/8.14.1", "Accept": "*/*"},
    "python-requests": {"User-Agent": "python-requests/2.32.5", "Accept": "*/*"},
    "chrome sans écran": {
        **HONNETES["chrome"],
        "User-Agent": HONNETES["chrome"]["User-Agent"].replace("Chrome/", "HeadlessChrome/"),
    },
    "requests au nom de chrome": {"User-Agent": HONNETES["chrome"]["User-Agent"], "Accept": "*/*"},
    "sans nom": {"Accept": "*/*"},
}


class Horloge:
    """A clock that stands still until it is moved."""

    def __init__(self, instant: float) -> None:
        self.instant = instant

    @classmethod
    def ronde(cls) -> "Horloge":
        """Return one at the first second of a window and of a minute: what is counted in one is not cut in two."""
        return cls(time.time() // releve.FENETRE_DES_RELEVES * releve.FENETRE_DES_RELEVES)

    def __call__(self) -> float:
        return self.instant

    def avancer(self, secondes: float) -> None:
        self.instant += secondes


def navigateur(entetes: Mapping[str, str], adresse: str) -> Client:
    """Return a browser, or what passes for one, that sends these headers from this address and nothing else."""
    client = Client(raise_request_exception=True)
    client.defaults = {f"HTTP_{nom.upper().replace('-', '_')}": valeur for nom, valeur in entetes.items()}
    client.defaults["REMOTE_ADDR"] = adresse
    return client


def envoyer(client: Client, chemin: str, champs: Mapping[str, Any], *, servi_a: float | None = None) -> HttpResponse:
    """Post a form, of a page served at this time or never read."""
    corps = dict(champs) | ({} if servi_a is None else {SERVI: sceller(servi_a)})
    return client.post(chemin, urlencode(corps), content_type=FORMULAIRE)


def resoudre(epreuve: str) -> str:
    """Return what the widget posts."""
    lue = json.loads(epreuve)
    solution = altcha.solve_challenge(Challenge.from_dict(lue))
    assert solution is not None
    return base64.b64encode(json.dumps({"challenge": lue, "solution": solution.to_dict()}).encode()).decode()
