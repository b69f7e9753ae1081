"""French typography of what the portal itself writes: typographic apostrophes, no-break spaces (issue 10.15).

Templates are typed plainly (« l'espace », « Code : ») and treated when they are compiled, once per process: only their literal text, the
attributes that are read aloud or shown, and the strings that their tags pass on. A variable is never touched: what a person typed stays
as it was typed. Texts in Python stand in their typographic form in the source, put there by `python -m tests.typographie`.
Every replacement is one character for one, so that no position moves.
"""

import re
from pathlib import Path

from django.template import Origin
from django.template.base import tag_re
from django.template.loaders import app_directories, filesystem

RACINE = Path(__file__).resolve().parent.parent
APOSTROPHE, INSECABLE, FINE = "’", "\u00a0", "\u202f"

_ELISION = re.compile(
    r"(?<![\w\\=/&])((?:[cdjlmnst]|(?:jus|lors|puis|quoi|quel|pres)?qu|aujourd|prud|entr)')(?=[^\W\d]|[«\"“<{]|$)", re.I
)
_FINE = re.compile(r" (?=;|[!?](?![=\w]))")
_INSECABLE = re.compile(r"(?<=«) | (?=»|€|:(?=[\s<]|$)|%(?![\w(}%]))")
_LUS = {"title", "aria-label", "aria-description", "aria-roledescription", "placeholder", "alt", "label"}
_BRUTS = ("script", "style", "pre", "code", "textarea", "kbd", "samp")
_CHAINE = re.compile(r"""("[^"]*")|('[^']*')""")
_MUETTE = re.compile(r"{%\s*(end)?(?:comment|verbatim)\b")
_SANS_TEXTE = re.compile(r"{%-?\s*(?:url|static|load|extends|libelle)\b|{#")


def francais(texte: str) -> str:
    """Return a French text with its typographic apostrophes, and no-break spaces before « : ; ? ! % € » and inside quotes."""
    texte = _ELISION.sub(lambda trouve: trouve[1][:-1] + APOSTROPHE, texte)
    return _INSECABLE.sub(INSECABLE, _FINE.sub(FINE, texte))


class _Html:
    """Where one stands in a page, from one literal part of its template to the next."""

    def __init__(self) -> None:
        self.brut = ""  # inside <pre>, <code>…: the name of the element that ends it
        self.balise = False  # between « < » and « > »
        self.attribut = ""
        self.guillemet = ""  # inside a value: the quote that ends it

    def traiter(self, texte: str) -> str:
        """Return this part, its text and its readable attributes in French typography."""
        rendu: list[str] = []
        while texte:
            lire = (
                self._valeur
                if self.guillemet
                else self._balise
                if self.balise
                else self._brut
                if self.brut
                else self._texte
            )
            debut, texte = lire(texte)
            rendu.append(debut)
        return "".join(rendu)

    def _texte(self, texte: str) -> tuple[str, str]:
        trouve = re.search(r"</?([a-z][\w-]*)|<!--.*?-->", texte, re.S | re.I)
        if trouve is None:
            return francais(texte), ""
        # What follows is a tag: « l'<strong> » is an elision all the same.
        avant = francais(texte[: trouve.start()] + "<")[:-1]
        if trouve[1]:
            self.balise, self.attribut = True, ""
            if not trouve[0].startswith("</") and trouve[1].lower() in _BRUTS:
                self.brut = trouve[1].lower()
        return avant + trouve[0], texte[trouve.end() :]

    def _brut(self, texte: str) -> tuple[str, str]:
        trouve = re.search(rf"</{self.brut}\b", texte, re.I)
        if trouve is None:
            return texte, ""
        self.brut, self.balise = "", True
        return texte[: trouve.end()], texte[trouve.end() :]

    def _balise(self, texte: str) -> tuple[str, str]:
        trouve = re.search(r""">|([\w:-]+)\s*=\s*(["'])|(["'])""", texte)
        if trouve is None:
            return texte, ""
        if trouve[0] == ">":
            self.balise = False
        else:
            self.attribut, self.guillemet = (trouve[1] or "").lower(), trouve[2] or trouve[3]
        return texte[: trouve.end()], texte[trouve.end() :]

    def _valeur(self, texte: str) -> tuple[str, str]:
        fin = texte.find(self.guillemet)
        valeur, reste = (texte, "") if fin < 0 else (texte[:fin], texte[fin:])
        rendu = francais(valeur) if self.attribut in _LUS else valeur
        if fin < 0:
            return rendu, ""
        self.guillemet = ""
        return rendu + reste[0], reste[1:]


def _chaine(trouve: re.Match[str]) -> str:
    return trouve[0][0] + francais(trouve[0][1:-1]) + trouve[0][-1]


def gabarit(source: str, *, html: bool) -> str:
    """Return the source of a template, its literal parts in French typography; `html` says whether it has tags and attributes."""
    page = _Html()
    parties = []
    muet = False  # inside {% comment %}
    for rang, partie in enumerate(tag_re.split(source)):
        if rang % 2 == 1:
            if borne := _MUETTE.match(partie):
                muet = not borne[1]
            parties.append(partie if _SANS_TEXTE.match(partie) else _CHAINE.sub(_chaine, partie))
        elif muet:
            parties.append(partie)
        else:
            parties.append(page.traiter(partie) if html else francais(partie))
    return "".join(parties)


def _a_nous(origine: Origin) -> bool:
    """Django's and DSFR's templates stay as they are: they are not ours, and their texts are keys of translations."""
    chemin = Path(str(origine.name))
    return chemin.suffix in {".html", ".txt"} and chemin.is_relative_to(RACINE) and ".venv" not in chemin.parts


class _EnFrancais:
    def get_contents(self, origin: Origin) -> str:
        """Return the source of a template, in French typography if it is one of ours."""
        source: str = super().get_contents(origin)  # type: ignore[misc]
        return gabarit(source, html=str(origin.name).endswith(".html")) if _a_nous(origin) else source


class Dossiers(_EnFrancais, filesystem.Loader):
    """The templates of the engine's `DIRS`."""


class Applications(_EnFrancais, app_directories.Loader):
    """The templates of the installed apps."""
