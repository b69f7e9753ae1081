"""A page of the portal turned into what can only be read: no link, no form, nothing that acts (issue 14, item 5).

By what may stay, never by what must go: an element or an attribute that is not named here is not written.
"""

from html import escape
from html.parser import HTMLParser
from typing import Final

from django.utils.safestring import SafeString

GARDES: Final = frozenset(
    [
        "section",
        "div",
        "p",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "strong",
        "em",
        "small",
        "span",
        "br",
    ]
)
"""Elements that stay as they are."""
TUS: Final = frozenset(
    ["script", "style", "template", "select", "datalist", "textarea", "svg", "iframe", "object", "video", "audio"]
)
"""Elements of which nothing stays, their words neither."""
VIDES: Final = frozenset(
    ["br", "input", "img", "hr", "meta", "link", "source", "wbr", "area", "base", "col", "embed", "track"]
)
TEXTES: Final = {"a": "ep-lien-inerte", "button": "ep-bouton-inerte", "label": "ep-libelle-inerte"}
"""What acts, written as text: the class that says what it is for the holder."""
BLOCS: Final = frozenset(
    {"form", "nav", "details", "summary", "fieldset", "legend", "article", "aside", "header", "footer"}
)
"""What holds others, written as a division."""
SANS_OBJET: Final = frozenset({"ep-filtres", "fr-pagination"})
"""Classes of what only acts, and says nothing once it does not: the filters of a list, the links to its other pages."""
ATTRIBUTS: Final = frozenset({"class", "id", "scope", "colspan", "rowspan"})
NOMMES_PAR: Final = frozenset({"section", "table"})
"""Elements that may be named by another (`aria-labelledby`)."""
ROLES: Final = frozenset({"table", "rowgroup", "row", "columnheader", "rowheader", "cell"})
NIVEAUX: Final = 6


class _Inerte(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.morceaux: list[str] = []
        self._ouverts: list[tuple[str, str]] = []  # element as it was, and as it is written
        self._tu = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VIDES:
            if tag == "br" and not self._tu:
                self.morceaux.append("<br>")
            return
        if tag in TUS or self._tu or SANS_OBJET & set((dict(attrs).get("class") or "").split()):
            self._tu += 1
            self._ouverts.append((tag, ""))
            return
        ecrit = _element(tag)
        self._ouverts.append((tag, ecrit))
        if ecrit:
            self.morceaux.append(f"<{ecrit}{_attributs(tag, ecrit, attrs)}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VIDES:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in {ouvert for ouvert, _ in self._ouverts}:
            return
        while self._ouverts:
            ouvert, ecrit = self._ouverts.pop()
            if self._tu:
                self._tu -= 1
            elif ecrit:
                self.morceaux.append(f"</{ecrit}>")
            if ouvert == tag:
                return

    def handle_data(self, data: str) -> None:
        if not self._tu:
            self.morceaux.append(escape(data))

    def fermer(self) -> str:
        self.close()
        while self._ouverts:
            self.handle_endtag(self._ouverts[-1][0])
        return "".join(self.morceaux)


def _est_titre(tag: str) -> bool:
    return len(tag) == 2 and tag[0] == "h" and tag[1].isdigit()


def _element(tag: str) -> str:
    """Return the element that this one is written as, "" where its words alone stay."""
    if _est_titre(tag):
        return f"h{min(int(tag[1]) + 1, NIVEAUX)}"  # under the title of the page that shows it
    if tag in TEXTES:
        return "span"
    if tag in BLOCS:
        return "div"
    return tag if tag in GARDES else ""


def _attributs(tag: str, ecrit: str, attrs: list[tuple[str, str | None]]) -> str:
    gardes: dict[str, str] = {}
    for nom, valeur in attrs:
        permis = (
            nom in ATTRIBUTS
            or (nom == "aria-labelledby" and ecrit in NOMMES_PAR)
            or (nom == "role" and valeur in ROLES and ecrit == tag)
        )
        if permis and valeur:
            gardes[nom] = valeur
    classes = gardes.get("class", "").split()
    if tag in TEXTES:
        bouton = tag == "button" or "fr-btn" in classes
        classes = [TEXTES["button" if bouton else tag]]
    elif _est_titre(tag) and not classes:
        classes.append(f"fr-{tag}")
    if classes:
        gardes["class"] = " ".join(classes)
    return "".join(f' {nom}="{escape(valeur)}"' for nom, valeur in gardes.items())


def rendre_inerte(html: str) -> SafeString:
    """Return this part of a page without anything that acts: links and buttons are text, fields are gone."""
    lecteur = _Inerte()
    lecteur.feed(html)
    return SafeString(lecteur.fermer())
