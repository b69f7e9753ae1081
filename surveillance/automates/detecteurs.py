"""What gives an automaton away in one request: a table of small detectors, each of them pure (R17; CGU §3.7; docs/surveillance.md).

A mark is worth `poids`, and all marks of one detector in the window `plafond` at most: what an honest browser may do by itself
(a proxy that strips headers, a password manager that fills too much) never adds up to a verification. `reseau`: the mark counts
for the source address too, and not for the browser alone.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

ASSEZ: Final = 10_000
"""A ceiling that is none."""
TROP_VITE: Final = 1.5
"""Seconds between a page and its form, sent: nobody reads and fills CHAMPS_A_LIRE fields in less."""
CHAMPS_A_LIRE: Final = 3
"""Fewer are filled, and sent, by the browser or a password manager: to sign in, a code, a new password, the one button of a link."""
ANCIENNE: Final = 24 * 3600.0
"""Seconds after which a page is old: one may be left open for a night, and few are at once."""
PAGES_PAR_MINUTE: Final = 120
"""Of one account: an accountant who opens his 100 SIREN in as many tabs, and reads some of them, stays below."""
PAGES_PAR_FENETRE: Final = 600
"""The same in ten minutes: one page a second, without a stop."""
VISITEURS_PAR_MINUTE: Final = 300
"""Of all that visits from one address without being signed in: an office of two hundred that signs in at nine."""

_PROGRAMMES: Final = re.compile(
    r"curl/|wget/|python|aiohttp|httpx|urllib|scrapy|java/|okhttp|apache-httpclient|go-http-client|libwww-perl|lwp::|guzzle|node-fetch"
    r"|axios/|undici|got \(|postman|insomnia|ruby|mechanize|phantomjs|casperjs|httrack|powershell|winhttp|restsharp|faraday|dart/",
    re.IGNORECASE,
)
_SANS_TETE: Final = re.compile(r"headless|puppeteer|playwright|selenium|slimerjs|splash", re.IGNORECASE)
# A version has four digits at most: Python makes no number of more than 4,300, and a header may hold twice as many.
_CHROME: Final = re.compile(r"(?:Chrome|Chromium|CriOS)/(\d{1,4})")
_FIREFOX: Final = re.compile(r"Firefox/(\d{1,4})")
_MARQUE_CHROME: Final = re.compile(r'"(?:Google Chrome|Chromium)";v="(\d{1,4})')
_PLATEFORMES: Final = {"Windows": "Windows", "macOS": "Mac OS X", "Android": "Android", "Chrome OS": "CrOS"}
# Since which version a browser says by itself how it came to ask (Fetch Metadata), on a secure origin.
_DIT_D_OU: Final = ((_CHROME, 80), (_FIREFOX, 90))


@dataclass(frozen=True)
class Vue:
    """One request as the detectors see it, and nothing else of it."""

    methode: str
    entetes: Mapping[str, str]
    """By their names in small letters; only those that a detector reads."""
    sur: bool = True
    """Whether the origin is secure: on another, browsers do not say how they came to ask."""
    connecte: bool = False
    formulaire: bool = False
    """Whether this is a form posted by a visitor."""
    age: float | None = None
    """Seconds since its page was served; None when it was not."""
    resservie: bool = False
    """Whether a form of that very page had been sent already."""
    remplis: int = 0
    """How many of its fields say something."""
    piege: bool = False
    pilote: bool = False
    profonde: bool = False
    """Whether a link of the portal leads there, and hardly anything else."""


@dataclass(frozen=True)
class Detecteur:
    """One detector: what it sees, what a mark is worth, and where this was learnt."""

    nom: str
    voit: str
    poids: int
    plafond: int
    reseau: bool
    source: str
    vu: Callable[[Vue], bool] | None = field(default=None, repr=False)
    """None: it is told from elsewhere (a counter, the sign-in)."""


def _entete(vue: Vue, nom: str) -> str:
    return vue.entetes.get(nom, "")


def _dit_d_ou(vue: Vue) -> bool:
    return any(nom.startswith("sec-fetch-") for nom in vue.entetes)


def _programme(vue: Vue) -> bool:
    return bool(_PROGRAMMES.search(_entete(vue, "user-agent")))


def _sans_tete(vue: Vue) -> bool:
    return bool(_SANS_TETE.search(_entete(vue, "user-agent")) or _SANS_TETE.search(_entete(vue, "sec-ch-ua")))


def _provenance_tue(vue: Vue) -> bool:
    if not vue.sur or _dit_d_ou(vue) or _entete(vue, "via"):
        return False
    agent = _entete(vue, "user-agent")
    lus = ((motif.search(agent), depuis) for motif, depuis in _DIT_D_OU)
    return any(trouve is not None and int(trouve[1]) >= depuis for trouve, depuis in lus)


def _indices_contraires(vue: Vue) -> bool:
    indices, agent = _entete(vue, "sec-ch-ua"), _entete(vue, "user-agent")
    if not indices:
        return False
    dite, ecrite = _MARQUE_CHROME.search(indices), _CHROME.search(agent)
    if ecrite is None or (dite is not None and dite[1] != ecrite[1]):
        return True
    plateforme = _entete(vue, "sec-ch-ua-platform").strip('"')
    return plateforme in _PLATEFORMES and _PLATEFORMES[plateforme] not in agent


DETECTEURS: Final = (
    Detecteur(
        "programme",
        "un programme qui dit son nom (curl, python-requests…)",
        20,
        ASSEZ,
        True,
        "OWASP OAT-011",
        _programme,
    ),
    Detecteur(
        "sans_tete",
        "un navigateur sans écran, ou qui nomme son pilote",
        20,
        ASSEZ,
        True,
        "W3C WebDriver ; Chromium, User-Agent",
        _sans_tete,
    ),
    Detecteur(
        "pilote",
        "un navigateur qui se dit piloté (navigator.webdriver)",
        30,
        ASSEZ,
        True,
        "W3C WebDriver §3",
        lambda vue: vue.pilote,
    ),
    Detecteur(
        "sans_agent",
        "aucun nom de navigateur",
        10,
        50,
        True,
        "RFC 9110 §10.1.5",
        lambda vue: not _entete(vue, "user-agent"),
    ),
    Detecteur(
        "sans_langue",
        "aucune langue : tout navigateur en demande une",
        10,
        ASSEZ,
        True,
        "RFC 9110 §12.5.4",
        lambda vue: not _entete(vue, "accept-language"),
    ),
    Detecteur(
        "jamais_lu",
        "un formulaire envoyé sans que sa page ait été lue",
        15,
        ASSEZ,
        True,
        "references.md E.6",
        lambda vue: vue.formulaire and vue.age is None,
    ),
    Detecteur(
        "trop_vite",
        f"un formulaire de {CHAMPS_A_LIRE} champs ou plus, rempli plus vite qu’on ne le lit",
        15,
        30,
        True,
        "references.md E.6",
        lambda vue: vue.formulaire and vue.remplis >= CHAMPS_A_LIRE and vue.age is not None and vue.age < TROP_VITE,
    ),
    Detecteur(
        "page_ancienne",
        "un formulaire d’une page de plus d’un jour",
        5,
        30,
        True,
        "references.md E.6",
        lambda vue: vue.formulaire and vue.age is not None and vue.age > ANCIENNE,
    ),
    Detecteur(
        "page_resservie",
        "des formulaires d’une même page lue une seule fois",
        5,
        ASSEZ,
        True,
        "references.md E.6",
        lambda vue: vue.resservie,
    ),
    Detecteur(
        "champ_piege",
        "un champ que personne ne voit, rempli",
        15,
        25,
        True,
        "references.md E.6",
        lambda vue: vue.piege,
    ),
    Detecteur(
        "accepte_tout",
        "une page demandée comme n’importe quel fichier",
        5,
        15,
        False,
        "WHATWG Fetch §2.2.2",
        lambda vue: vue.methode == "GET" and not _dit_d_ou(vue) and _entete(vue, "accept") in {"", "*/*"},
    ),
    Detecteur(
        "provenance_tue",
        "un navigateur récent qui ne dit pas d’où il vient",
        5,
        10,
        False,
        "W3C Fetch Metadata",
        _provenance_tue,
    ),
    Detecteur(
        "indices_contraires",
        "un nom de navigateur que ses indices démentent",
        5,
        10,
        False,
        "W3C UA Client Hints",
        _indices_contraires,
    ),
    Detecteur(
        "adresses_tapees",
        "des pages d’un espace demandées une à une, sans suivre un lien",
        1,
        15,
        False,
        "W3C Fetch Metadata",
        lambda vue: vue.profonde and vue.connecte and vue.methode == "GET" and _entete(vue, "sec-fetch-site") == "none",
    ),
    Detecteur(
        "cadence",
        "plus de pages qu’une personne n’en ouvre",
        1,
        ASSEZ,
        True,
        f"{PAGES_PAR_MINUTE} par minute",
    ),
    Detecteur(
        "insiste",
        "une demande de plus, quand il a été dit d’attendre ou de vérifier",
        1,
        ASSEZ,
        True,
        "RFC 6585 §4",
    ),
    Detecteur(
        "echec",
        "une connexion manquée",
        2,
        ASSEZ,
        True,
        "design.md §8 ; CNIL 2022-100",
    ),
)
PAR_NOM: Final = {detecteur.nom: detecteur for detecteur in DETECTEURS}
LONGUEUR_LUE: Final = 1_000  # characters of each: the name of an honest browser has some hundreds
LUS: Final = (
    "user-agent",
    "accept",
    "accept-language",
    "via",
    "sec-ch-ua",
    "sec-ch-ua-platform",
    "sec-fetch-site",
    "sec-fetch-mode",
    "sec-fetch-dest",
)
"""The headers that are looked at."""


def marques_de(vue: Vue) -> Iterator[str]:
    """Yield the name of each detector that sees this request."""
    for detecteur in DETECTEURS:
        if detecteur.vu is not None and detecteur.vu(vue):
            yield detecteur.nom


def peser(nombres: Mapping[str, float]) -> float:
    """Return what so many marks of each detector are worth."""
    return sum(
        min(nombre * PAR_NOM[nom].poids, PAR_NOM[nom].plafond) for nom, nombre in nombres.items() if nom in PAR_NOM
    )
