"""Every page that a test is served is read: its ids, what names them, its labels, its headings, its keyboards (issues 10.13, 10.14).

One middleware, the outermost under test: a page without a test of its own is seen by the access matrix, which opens every door as
everybody. What is wrong is noted, and the fixture of conftest.py fails the test at its end.
"""

import gzip
import re
from collections import Counter
from collections.abc import Callable, Iterator
from html import unescape
from itertools import pairwise

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from accounts.forms.claviers import Attributs, Clavier
from accounts.forms.reauthentification import ConfirmationForm

BALISE = re.compile(
    r"""<!--.*?-->|<(script|style)\b[^>]*>.*?</\1>|<(/?[a-z][a-z0-9-]*)((?:[^>"']|"[^"]*"|'[^']*')*)>""", re.S
)
ATTRIBUT = re.compile(r"""([a-z][\w:-]*)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""", re.I)
DESIGNENT = {
    "aria-activedescendant",
    "aria-controls",
    "aria-describedby",
    "aria-details",
    "aria-errormessage",
    "aria-labelledby",
    "aria-owns",
    "form",
    "headers",
    "list",
}
ETIQUETABLES = {"input", "select", "textarea", "button", "output", "meter", "progress"}
SANS_ETIQUETTE = {"hidden", "submit", "button", "image", "reset"}
TAPES = {"text", "search", "email", "tel", "url", "password", "number", "date", "textarea"}
DITS = set(Attributs._fields) - {"type"}
GENRES = {(c.value.type, frozenset(c.attributs.items())) for c in Clavier}
# Doors that answer a POST with a file: the page stays, and another file may be wanted at once (static/js/portail.js).
TELECHARGEMENTS = {
    "admin:espace_pli",
    "compte_bancaire_mandat_pdf",
    "comptes_bancaires_exporter",
    "delegations_exporter",
    "designation_fichier_existant",
    "export_telecharger",
    "inscription_recapitulatif",
    "journal_personne_exporter",
    "question_changee",
    "suppleants_exporter",
    "telecharger_donnees",
    "vos_habilitations_exporter",
}
fautes: list[str] = []


def _elements(html: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each tag and its attributes, in the order of the page; a closing tag begins with a slash."""
    for trouve in BALISE.finditer(html):
        if trouve[2]:
            texte = trouve[3]
            attributs = {nom.lower(): valeur.strip("\"'") for nom, valeur in ATTRIBUT.findall(texte)} if texte else {}
            yield trouve[2], attributs


Elements = list[tuple[str, dict[str, str]]]


def _ids(vus: Elements) -> Iterator[str]:
    fois = Counter(attributs["id"] for _, attributs in vus if "id" in attributs)
    yield from (f'id="{identifiant}" {nombre} times' for identifiant, nombre in fois.items() if nombre > 1)
    yield from (f"<{nom}> has an empty id" for nom, attributs in vus if attributs.get("id") == "")


def _renvois(vus: Elements) -> Iterator[str]:
    ids = {attributs["id"] for _, attributs in vus if "id" in attributs}
    for nom, attributs in vus:
        for attribut in DESIGNENT & set(attributs):
            yield from (f'<{nom} {attribut}="{c}"> names nothing' for c in attributs[attribut].split() if c not in ids)
        ancre = attributs.get("href", "")
        if nom == "a" and ancre.startswith("#") and ancre[1:] not in ids:
            yield f'<a href="{ancre}"> leads nowhere'


def _etiquettes(vus: Elements) -> Iterator[str]:
    par_id = {attributs["id"]: (nom, attributs) for nom, attributs in vus if "id" in attributs}
    designes = {attributs["for"] for nom, attributs in vus if nom == "label" and "for" in attributs}
    for cible in designes:
        nom, attributs = par_id.get(cible, ("", {}))
        if nom not in ETIQUETABLES or attributs.get("type") == "hidden":
            yield f'<label for="{cible}"> labels nothing'
    dans = 0
    for nom, attributs in vus:
        dans += (nom == "label") - (nom == "/label")
        if nom not in {"input", "select", "textarea"} or attributs.get("type") in SANS_ETIQUETTE or dans:
            continue
        if not {"aria-label", "aria-labelledby"} & set(attributs) and attributs.get("id") not in designes:
            yield f'<{nom} name="{attributs.get("name", "")}"> has no label'


def _titres(vus: Elements) -> Iterator[str]:
    niveaux = [0, *(int(nom[1]) for nom, _ in vus if re.fullmatch(r"h[1-6]", nom))]
    for avant, niveau in pairwise(niveaux):
        if niveau > avant + 1:
            yield f"<h{niveau}> after " + (f"<h{avant}>" if avant else "no heading")
    if niveaux.count(1) != 1:
        yield f"{niveaux.count(1)} h1"


def _claviers(vus: Elements) -> Iterator[str]:
    """A field that is typed in carries the attributes of one kind (accounts/forms/claviers.py)."""
    for nom, attributs in vus:
        if nom not in {"input", "textarea"}:
            continue
        genre = attributs.get("type", "text") if nom == "input" else nom
        if (
            nom in {"input", "textarea"}
            and genre in TAPES
            and (genre, frozenset((n, attributs[n]) for n in DITS & set(attributs))) not in GENRES
        ):
            yield f'<{nom} type="{genre}" name="{attributs.get("name", "")}"> is of no kind of keyboard'


BRUTS = ("script", "style", "pre", "code", "textarea", "kbd", "samp")
PLAINE = re.compile(
    r"(?<![\w'’])(?:[cdjlmnst]|(?:jus|lors|puis|quoi|quel|pres)?qu|aujourd)'[^\W\d]| [;:?!»](?:[\s<]|$)|« "
)
# The same, in the whole of a page at once: a text ends there at a tag or at the quote of an attribute.
PEUT_ETRE_PLAINE = re.compile(PLAINE.pattern.replace("|$)", "|$|[\"'])"))
# What tests type, that the portal shows as it was typed.
ECRITS = (
    "lettre n'arrive",
    "texte que j'ai écrit",
    "12 rue de l'Ancienne-Comédie",
    "Crêperie de l'Île",
    "Dernière de l'an",
)
LUS = ("title", "aria-label", "aria-description", "placeholder", "alt")


def _du_portail(texte: str) -> str:
    texte = unescape(texte)
    for ecrit in ECRITS if PLAINE.search(texte) else ():
        texte = texte.replace(ecrit, "")
    return texte


def typographie(html: str) -> Iterator[str]:
    """Yield what is in plain typing. What is read has typographic apostrophes, and no ordinary space where a line must not break (issue 10.15)."""
    ici, bruts = 0, 0
    html = html.partition("<body")[2]
    if not PEUT_ETRE_PLAINE.search(unescape(html)):
        return  # most pages: read once, in one go
    for balise in BALISE.finditer(html):
        if not bruts and (trouve := PLAINE.search(texte := _du_portail(html[ici : balise.start()]))):
            yield f"plain typography: {texte[max(0, trouve.start() - 25) : trouve.end() + 15].strip()!r}"
        ici = balise.end()
        if balise[2] and balise[2].lstrip("/") in BRUTS:
            bruts += -1 if balise[2].startswith("/") else 1
        for nom, valeur in ATTRIBUT.findall(balise[3] or ""):
            if nom.lower() in LUS and (trouve := PLAINE.search(texte := _du_portail(valeur.strip("\"'")))):
                yield f"plain typography in {nom}: {texte!r}"


BRUT = re.compile(rf"<({'|'.join(BRUTS)})\b[^>]*>.*?</\1>", re.S)
ECRITURES = {
    "a numéro d'abonné that is not in its groups": re.compile(r"(?<![\w-])20[2-4]\d[0-3]\d{9}(?![\w-])"),
    "an hour that is not « 7 h 41 »": re.compile(r"\d/20\d\d\D{1,4}\d\d:\d\d\b"),
    "none said by a figure": re.compile(r"\bdont 0\b"),
    "« de » or « que » before a name that it elides": re.compile(
        r"\b(?:[dD]e|[qQ]ue)\s+ATELIERS? (?:DU NORD|ROUSSEL)\b"
    ),
    "a network of one address": re.compile(r"\d\.\d{1,3}/32\b"),
}


def ecritures(html: str) -> Iterator[str]:
    """Yield what is not written as the house writes it, in all that is read of the page: numbers, hours, what is none."""
    texte = unescape(BALISE.sub(" ", BRUT.sub(" ", html.partition("<body")[2])))
    for quoi, motif in ECRITURES.items():
        if trouve := motif.search(texte):
            yield f"{quoi}: {texte[max(0, trouve.start() - 40) : trouve.end() + 15].strip()!r}"


def fautes_de(html: str) -> list[str]:
    """Return what is wrong with this page: an id twice, a name of nothing, a field without label, a heading out of order."""
    return _fautes_de(list(_elements(html)))


def _fautes_de(vus: Elements) -> list[str]:
    return [faute for lire in (_ids, _renvois, _etiquettes, _titres, _claviers) for faute in lire(vus)]


def _envois(vus: Elements, html: str, page: str) -> Iterator[str]:
    """A form that is answered with a file may be sent twice: a second format, right after the first (issue 10.3)."""
    for nom, attributs in vus:
        if nom != "form" or attributs.get("method") != "post" or "data-plusieurs-envois" in attributs:
            continue
        if (
            f'name="{ConfirmationForm.CHAMP}"' in html
        ):  # asked in place, for any act: what follows is asked of the page before
            continue
        try:
            porte = resolve(attributs.get("action", page).partition("?")[0] or page).view_name
        except Resolver404:
            continue
        if porte in TELECHARGEMENTS:
            yield f"the form of {porte} is answered with a file, and is guarded against a second sending"


DE_DJANGO = ("/gestion/",)  # the pages of the agents are half Django's, in the words of its catalogue
SANS_FORME = {"demonstration:courriel_html"}  # the HTML of a mail, as it came


class PagesMiddleware:
    """The outermost middleware: it sees what the browser is sent, the errors' pages included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        reponse = self.get_response(request)
        nom = request.resolver_match.view_name if request.resolver_match else ""
        fichier = request.method == "POST" and "attachment" in reponse.headers.get("Content-Disposition", "")
        if fichier and nom not in TELECHARGEMENTS:
            fautes.append(f"POST {request.path}: answers with a file, and is not among TELECHARGEMENTS")
        if not reponse.streaming and reponse.headers.get("Content-Type", "").startswith("text/html"):
            corps = reponse.content  # type: ignore[attr-defined]
            html = (gzip.decompress(corps) if reponse.headers.get("Content-Encoding") == "gzip" else corps).decode()
            if "<html" in html and nom not in SANS_FORME:
                vus = list(_elements(html))
                trouvees = [*_fautes_de(vus), *_envois(vus, html, request.path), *ecritures(html)]
                if not request.path.startswith(DE_DJANGO):
                    trouvees.extend(typographie(html))
                fautes.extend(f"{request.method} {request.path}: {faute}" for faute in trouvees)
        return reponse
