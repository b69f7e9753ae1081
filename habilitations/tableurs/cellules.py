"""What a cell says, whatever the hand or the spreadsheet that wrote it: words compared folded, days."""

import re
from datetime import date, timedelta
from typing import Final

from accounts.saisies.dates import jour
from accounts.saisies.porte import TexteIllisible, lire_identifiant
from accounts.saisies.regles import RegleMetier
from accounts.saisies.repliement import replier

_MOIS: Final = (
    ("janvier", "janv", "jan"),
    ("fevrier", "fevr", "fev"),
    ("mars", "mar"),
    ("avril", "avr"),
    ("mai",),
    ("juin",),
    ("juillet", "juill", "juil"),
    ("aout",),
    ("septembre", "sept", "sep"),
    ("octobre", "oct"),
    ("novembre", "nov"),
    ("decembre", "dec"),
)
_RANG_DU_MOIS: Final = {nom: rang for rang, noms in enumerate(_MOIS, 1) for nom in noms}
_HEURE: Final = r"(?:(?: ?T ?|,? (?:à )?)\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2}| [AP]M)?)?"
_SEMAINE: Final = r"(?:(?:lun|mar|mer|jeu|ven|sam|dim)[^\W\d]*\.?,? |le )?"
_FRANCAIS: Final = re.compile(
    rf"{_SEMAINE}(\d{{1,2}})( ?[/.\-] ?| )(\d{{1,2}})\2(\d{{4}}|\d{{2}})\.?{_HEURE}", re.IGNORECASE
)
_ISO: Final = re.compile(rf"(\d{{4}})([/.\- ]?)(\d{{2}}|\d(?!\d))\2(\d{{1,2}}){_HEURE}", re.IGNORECASE)
_EN_LETTRES: Final = re.compile(
    rf"{_SEMAINE}(\d{{1,2}})(?:er)?[ -]([^\W\d]+)\.?[ -](\d{{4}}|\d{{2}}){_HEURE}", re.IGNORECASE
)
_BARRES: Final = str.maketrans("\u2044\u2215", "//")
_COMPTE: Final = re.compile(r"[34567]\d{4}(?:[.,]0+)?")
_ORIGINE: Final = date(1899, 12, 30)


class DateIllisible(RegleMetier):
    code = "date_illisible"
    message = "date de fin illisible : écrivez-la 31/12/2026"


class DateComptee(DateIllisible):
    """A day as the spreadsheet counts it; no key proves it, so it is told and not taken."""

    message = (
        "le tableur a remplacé la date de fin par un nombre, qui serait le {jour} : mettez la cellule au format Date ou "
        "Texte et récrivez-la"
    )


def lire_jour(texte: str) -> date:
    """Return the day of a cell: 31/12/2026, ven. 31/12/26, 31-12-2026, 2026-12-31, 20261231, 31 déc. 2026; an hour may follow.

    Two digits of a year are of this century. Raises: DateIllisible, DateComptee.
    """
    try:
        texte = lire_identifiant(texte).translate(_BARRES)
    except TexteIllisible as regle:
        raise DateIllisible from regle
    try:
        if trouve := _FRANCAIS.fullmatch(texte):
            return date(_annee(trouve[4]), int(trouve[3]), int(trouve[1]))
        if trouve := _ISO.fullmatch(texte):
            return date(int(trouve[1]), int(trouve[3]), int(trouve[4]))
        if (trouve := _EN_LETTRES.fullmatch(texte)) and (mois := _RANG_DU_MOIS.get(replier(trouve[2]))):
            return date(_annee(trouve[3]), mois, int(trouve[1]))
    except ValueError as erreur:
        raise DateIllisible from erreur
    if _COMPTE.fullmatch(texte):
        raise DateComptee(jour=jour(_ORIGINE + timedelta(days=int(texte[:5]))))
    raise DateIllisible


def _annee(chiffres: str) -> int:
    return int(chiffres) if len(chiffres) == 4 else 2000 + int(chiffres)
