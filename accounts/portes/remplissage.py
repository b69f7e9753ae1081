"""A form given back filled with what was typed in it and could not be taken (issue 10.2).

Done on the page as it leaves, as a browser that remembers would: whatever a form is made with, its fields, boxes and choices take the
values kept, and each value is read in the words that the form shows it with. Nothing is sent.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from copy import copy, deepcopy
from dataclasses import dataclass, field
from html import escape, unescape
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve

from ..saisies.regles import RegleMetier
from ..traces.lecture import partager_les_lectures
from ..traces.requete import compte_connecte
from .saisie import Saisie, est_la_page, oublier_saisie, saisie_gardee, vient_d_etre_gardee

A_REMPLIR: Final = "saisie_a_remplir"
JAMAIS: Final = {"password", "file", "hidden", "submit", "button", "reset", "image"}
COCHES: Final = {"checkbox", "radio"}
TUS: Final = ("fr-hint-text", "ep-facultatif")  # what stands in a label and is not its name

# What a form carries and nobody typed: the value of a box, an imprint, an identifier, the code of a choice.
BLANCS: Final = re.compile(r"[ \t\r\n\f]+")  # not the no-break spaces: they are part of the words
SIGNES: Final = re.compile(r"on|[0-9a-f]{16,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Z0-9]+(_[A-Z0-9]+)+")


@dataclass
class Champ:
    """One element of a form: `valeur` of a box, `choix` of a list of choices (value and words), `groupe` its legend."""

    nom: str
    genre: str
    ancre: str
    valeur: str
    groupe: str
    choix: list[tuple[str, str]] = field(default_factory=list)


class _Page(HTMLParser):
    """A page read, and written again as it was, but for what `remplir` puts into the form of this rank."""

    def __init__(self, saisie: Saisie | None = None, rang: int = -1, bandeau: str = "") -> None:
        super().__init__(convert_charrefs=False)
        self.ecrit: list[str] = []
        self.formulaires: list[tuple[str, list[Champ]]] = []
        self.etiquettes: dict[str, str] = defaultdict(str)
        self._cible, self._bandeau = rang, bandeau
        self._donnees: dict[str, list[str]] = defaultdict(list)
        for nom, valeur in saisie.champs if saisie else ():
            self._donnees[nom].append(valeur)
        self._dans = False
        self._etiquette, self._legende = "", False
        self._legendes: list[str] = []
        self._tu = self._profondeur = 0
        self._choix: Champ | None = None
        self._texte_a_jeter = False

    @property
    def _visee(self) -> bool:
        return self._dans and len(self.formulaires) - 1 == self._cible

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        brut = self.get_starttag_text() or ""
        a = {nom: valeur or "" for nom, valeur in attrs}
        if tag == "span" or tag == "p":
            self._profondeur += 1
            if not self._tu and any(mot in a.get("class", "") for mot in TUS):
                self._tu = self._profondeur
        elif tag == "form":
            self._dans = a.get("method", "get").lower() == "post"
            if self._dans:
                self.formulaires.append((a.get("action", ""), []))
        elif tag == "label":
            self._etiquette = a.get("for", "")
        elif tag == "fieldset":
            self._legendes.append("")
        elif tag == "legend":
            self._legende = True
        elif tag in {"input", "select", "textarea", "option"} and self._dans:
            brut = self._champ(tag, a, brut)
        self.ecrit.append(brut + (self._bandeau if tag == "main" else ""))

    handle_startendtag = handle_starttag

    def _champ(self, tag: str, a: dict[str, str], brut: str) -> str:
        """Note this element, and return it as it is to be written."""
        if tag == "option":
            if self._choix is None:
                return brut
            self._choix.choix.append((a.get("value", ""), ""))
            return (
                _marquer(brut, "selected", a.get("value", "") in self._donnees[self._choix.nom])
                if self._rempli()
                else brut
            )
        genre = a.get("type", "text") if tag == "input" else tag
        champ = Champ(
            a.get("name", ""),
            genre,
            a.get("id", ""),
            a.get("value", "on"),
            next(filter(None, reversed(self._legendes)), ""),
        )
        self.formulaires[-1][1].append(champ)
        if tag == "select":
            self._choix = champ
        if not self._visee or genre in JAMAIS:
            return brut
        siennes = self._donnees.get(champ.nom, [])
        if genre in COCHES:
            return _marquer(brut, "checked", champ.valeur in siennes) if siennes or genre == "checkbox" else brut
        if not siennes:
            return brut
        if tag == "textarea":
            self._texte_a_jeter = True
            return brut + escape(siennes.pop(0))
        return _valoir(brut, siennes.pop(0)) if tag == "input" else brut

    def _rempli(self) -> bool:
        return self._visee and self._choix is not None and bool(self._donnees.get(self._choix.nom))

    def handle_endtag(self, tag: str) -> None:
        if tag in {"span", "p"}:
            if self._tu == self._profondeur:
                self._tu = 0
            self._profondeur -= 1
        elif tag == "form":
            self._dans = False
        elif tag == "label":
            self._etiquette = ""
        elif tag == "legend":
            self._legende = False
        elif tag == "fieldset" and self._legendes:
            self._legendes.pop()
        elif tag == "select":
            self._choix = None
        elif tag == "textarea":
            self._texte_a_jeter = False
        self.ecrit.append(f"</{tag}>")

    def _texte(self, brut: str, clair: str) -> None:
        if not self._texte_a_jeter:
            self.ecrit.append(brut)
        if self._choix is not None and self._choix.choix:
            valeur, mots = self._choix.choix[-1]
            self._choix.choix[-1] = (valeur, mots + clair)
        elif not self._tu and self._etiquette:
            self.etiquettes[self._etiquette] += clair
        elif not self._tu and self._legende and self._legendes:
            self._legendes[-1] += clair

    def handle_data(self, data: str) -> None:
        self._texte(data, data)

    def handle_entityref(self, name: str) -> None:
        self._texte(f"&{name};", unescape(f"&{name};"))

    def handle_charref(self, name: str) -> None:
        self._texte(f"&#{name};", unescape(f"&#{name};"))

    def handle_comment(self, data: str) -> None:
        self.ecrit.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.ecrit.append(f"<!{decl}>")


def _sans(brut: str, attribut: str) -> str:
    return re.sub(rf'\s{attribut}(?:="[^"]*")?(?=[\s/>])', "", brut)[:-1].rstrip("/ ")


def _marquer(brut: str, attribut: str, oui: bool) -> str:
    return _sans(brut, attribut) + (f" {attribut}>" if oui else ">")


def _valoir(brut: str, valeur: str) -> str:
    return f'{_sans(brut, "value")} value="{escape(valeur)}">'


def _lire(html: str) -> _Page:
    page = _Page()
    page.feed(html)
    page.close()
    return page


def _rang(page: _Page, saisie: Saisie) -> int:
    """Return the rank of the form that these values come from: posted there, with the most of their names; -1 if none has any."""
    noms = {nom for nom, _ in saisie.champs}

    def vaut(formulaire: tuple[str, list[Champ]]) -> tuple[bool, int]:
        action, champs = formulaire
        la = (action or saisie.page).partition("?")[0] == saisie.adresse.partition("?")[0]
        return la, len(noms & {champ.nom for champ in champs if champ.genre not in JAMAIS})

    rangs = sorted(range(len(page.formulaires)), key=lambda rang: vaut(page.formulaires[rang]))
    return rangs[-1] if rangs and vaut(page.formulaires[rangs[-1]])[1] else -1


def _mots(texte: str) -> str:
    return BLANCS.sub(" ", texte).strip(" ").rstrip(" :*\u00a0\u202f")


def montrer(request: HttpRequest, saisie: Saisie) -> str:
    """Return the page of the form as this holder sees it now, "" when there is none any more or it is refused.

    A GET writes nothing: what the view puts into the session or takes from it is dropped. What it reads is read: noted, traced
    and counted with this request.
    """
    adresse = urlsplit(saisie.page)
    try:
        porte = resolve(adresse.path)
    except Resolver404:
        return ""
    if est_la_page(saisie.page):
        return ""
    partager_les_lectures(request)
    copie = copy(request)
    copie.session = deepcopy(request.session)
    copie.method, copie.GET, copie.POST = "GET", QueryDict(adresse.query), QueryDict()
    copie.path = copie.path_info = adresse.path
    copie.META = {**request.META, "REQUEST_METHOD": "GET", "PATH_INFO": adresse.path, "QUERY_STRING": adresse.query}
    copie.resolver_match = porte
    copie._messages = FallbackStorage(copie)  # type: ignore[attr-defined]  # what waits to be said is said on the real page
    try:
        reponse = porte.func(copie, *porte.args, **porte.kwargs)
        if hasattr(reponse, "render") and not reponse.is_rendered:
            reponse.render()
    except (Http404, PermissionDenied, RegleMetier):
        return ""
    return reponse.content.decode() if reponse.status_code == 200 and est_une_page(reponse) else ""


def lire_en_clair(html: str, saisie: Saisie) -> tuple[list[tuple[str, str]], bool]:
    """Return what was typed as its form says it, (label, words), and whether that form is there to be filled."""
    page = _lire(html)
    rang = _rang(page, saisie)
    if rang < 0:
        return [], False
    champs = page.formulaires[rang][1]
    lus: dict[str, list[str]] = {}
    for nom, valeur in saisie.champs:
        siens = [c for c in champs if c.nom == nom and c.genre not in JAMAIS]
        champ = next((c for c in siens if c.genre not in COCHES or c.valeur == valeur), None)
        if champ is None or not valeur:
            continue
        etiquette = _mots(page.etiquettes[champ.ancre])
        if champ.genre in COCHES:
            titre, mots = (_mots(champ.groupe), etiquette) if champ.groupe else (etiquette, "oui")
        else:
            titre, mots = etiquette, _mots(dict(champ.choix).get(valeur, "")) if champ.choix else valeur
        lus.setdefault(titre or "Choix", []).append(mots)
    return [(titre, ", ".join(mots)) for titre, mots in lus.items()], True


def textes_saisis(saisie: Saisie) -> list[str]:
    """Return what was typed, each text once, where no form is there any more to say it in its words."""
    return [
        texte for texte in dict.fromkeys(valeur for _, valeur in saisie.champs if valeur) if not SIGNES.fullmatch(texte)
    ]


def remplir(html: str, saisie: Saisie, bandeau: str) -> str:
    """Return this page with its form filled, and the notice on top."""
    rang = _rang(_lire(html), saisie)
    if rang < 0:
        return html
    page = _Page(saisie, rang, bandeau)
    page.feed(html)
    page.close()
    return "".join(page.ecrit)


def est_une_page(reponse: HttpResponse) -> bool:
    """Whether this answer is a page in HTML, whole."""
    return not reponse.streaming and reponse.headers.get("Content-Type", "").startswith("text/html")


class RemplissageMiddleware:
    """Fills the form to which its holder came back for what was kept, until it is sent and taken."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reponse = self.get_response(request)
        a_remplir = request.session.get(A_REMPLIR)
        compte = compte_connecte(request) if a_remplir else None
        if a_remplir is None or compte is None:
            return reponse
        page, adresse = a_remplir
        if request.method == "POST" and request.get_full_path() == adresse:
            if reponse.status_code < 400 and not vient_d_etre_gardee(request):
                del request.session[A_REMPLIR]
                oublier_saisie(compte)
        elif request.method == "GET" and request.get_full_path() == page and reponse.status_code == 200:
            saisie = saisie_gardee(compte)
            if saisie is not None and est_une_page(reponse):
                bandeau = render_to_string("accounts/saisie_rendue.html", {"saisie": saisie})
                reponse.content = remplir(reponse.content.decode(), saisie, bandeau).encode()
        return reponse
