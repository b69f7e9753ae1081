"""What one writes about: the themes of the data file, each with what to attach and the delay to expect."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from accounts.saisies.regles import RegleMetier

FICHIER: Final = Path(__file__).parents[1] / "donnees" / "messagerie.toml"
CODE_ACTIVATION: Final = "CODE_ACTIVATION"
"""The theme of what the portal writes when a code comes by the mailbox (R8)."""
CHAMPS: Final = {"code", "libelle", "joindre", "delai_jours", "fondement", "portail"}


class ThemesInvalides(RegleMetier):
    code = "themes_invalides"
    message = "Le fichier {fichier} n’est pas une liste de thèmes valable : {raison}."


class ThemeInconnu(RegleMetier):
    code = "theme_inconnu"
    message = "Choisissez un thème de la liste."


@dataclass(frozen=True)
class Theme:
    """One theme; `portail`: only the portal writes about it."""

    code: str
    libelle: str
    joindre: str
    delai_jours: int
    fondement: str = ""
    portail: bool = False

    def __str__(self) -> str:
        return self.libelle


@cache
def themes() -> dict[str, Theme]:
    """Return the themes by code, in the order of the file. Raises: ThemesInvalides."""
    return lire_themes(FICHIER)


def a_choisir() -> list[Theme]:
    """Return the themes that a person may write about."""
    return [theme for theme in themes().values() if not theme.portail]


def theme_de(code: str) -> Theme:
    """Return this theme; one that the file has no more is shown under its code, and what was written about it goes on as before."""
    return themes().get(code) or Theme(code=code, libelle=code, joindre="", delai_jours=0)


def exiger_theme(code: str) -> Theme:
    """Return the theme of this code, when one may write about it. Raises: ThemeInconnu."""
    theme = themes().get(code)
    if theme is None or theme.portail:
        raise ThemeInconnu
    return theme


def lire_themes(fichier: Path) -> dict[str, Theme]:
    """Return the themes of this file. Raises: ThemesInvalides."""
    try:
        with fichier.open("rb") as flux:
            entrees: list[dict[str, Any]] = tomllib.load(flux).get("theme", [])
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as erreur:
        raise ThemesInvalides(fichier=fichier, raison=str(erreur)) from erreur
    lus: dict[str, Theme] = {}
    for rang, entree in enumerate(entrees, start=1):
        if raison := "; ".join(_fautes(entree, lus)):
            raise ThemesInvalides(fichier=fichier, raison=f"thème {rang} : {raison}")
        lus[entree["code"]] = Theme(**entree)
    if CODE_ACTIVATION not in lus or all(theme.portail for theme in lus.values()):
        raise ThemesInvalides(fichier=fichier, raison=f"il faut {CODE_ACTIVATION}, et un thème que l’on puisse choisir")
    return lus


def _fautes(entree: dict[str, Any], lus: dict[str, Theme]) -> Iterator[str]:
    """Yield what is wrong with one entry of the file, in French."""
    if inconnus := set(entree) - CHAMPS:
        yield f"champ inconnu {', '.join(sorted(inconnus))}"
    code = entree.get("code")
    if not isinstance(code, str) or not re.fullmatch(r"[A-Z][A-Z0-9_]{0,29}", code):
        yield "son code s’écrit en capitales, chiffres et tirets bas, 30 signes au plus"
    elif code in lus:
        yield f"{code} figure deux fois"
    if not isinstance(entree.get("libelle"), str) or not entree["libelle"]:
        yield "il n’a pas de libellé"
    if not isinstance(entree.get("joindre"), str):
        yield "il ne dit pas ce qu’il faut joindre (vide s’il n’y a rien)"
    if type(entree.get("delai_jours")) is not int or entree["delai_jours"] < 0:
        yield "son délai n’est pas un nombre de jours"
