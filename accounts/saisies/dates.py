"""How a day and a moment are written for people, in the portal's time zone: one format per use, nowhere else.

Figures in what is short, sent or listed (« 29/11/2026 »); letters in the sentences of a page and in letters
(« 29 novembre 2026 »). A letter's typographic form is `accounts.documents.typst.date_longue`.
"""

from datetime import date, datetime, timedelta

from django.utils import formats, timezone


def ici(quand: datetime) -> datetime:
    """Return a moment as the clocks of the portal show it (`settings.TIME_ZONE`), whatever zone it comes in."""
    return timezone.localtime(quand, timezone.get_default_timezone())


def apres_des_mois(quand: datetime, mois: int) -> datetime:
    """Return the same clock time so many calendar months later (negative: earlier), in Paris.

    A day that the month lacks becomes the first of the next one, never earlier than the CGU say: three years after
    29 February is 1 March.
    """
    local = timezone.localtime(quand).replace(tzinfo=None)
    total = local.year * 12 + local.month - 1 + mois
    try:
        voulu = local.replace(year=total // 12, month=total % 12 + 1)
    except ValueError:
        voulu = local.replace(year=(total + 1) // 12, month=(total + 1) % 12 + 1, day=1)
    return timezone.make_aware(voulu)


def _jour(quand: date) -> date:
    return ici(quand).date() if isinstance(quand, datetime) else quand


def _heure(quand: datetime) -> str:
    """Return the hour as French typography writes it, and as the opening hours are written: no line ends inside."""
    ici_meme = ici(quand)
    return f"{ici_meme.hour}\u00a0h\u00a0{ici_meme:%M}"


def jour(quand: date | None) -> str:
    """Return `29/11/2026`, or nothing: a mail, a message, a cell. A moment gives the day that it is here."""
    return f"{_jour(quand):%d/%m/%Y}" if quand else ""


def jour_heure(quand: datetime | None) -> str:
    """Return `29/11/2026 à 0 h 30`, or nothing: a mail, a message."""
    return f"{ici(quand):%d/%m/%Y} à {_heure(quand)}" if quand else ""


def horodatage(quand: datetime | None) -> str:
    """Return `29/11/2026, 0 h 30`, or nothing: the column of a list, that is read downwards."""
    return f"{ici(quand):%d/%m/%Y}, {_heure(quand)}" if quand else ""


def horodatage_de_tableur(quand: datetime | None) -> str:
    """Return `29/11/2026 00:30`, or nothing: the cell of a file, that a spreadsheet reads as a moment."""
    return f"{ici(quand):%d/%m/%Y %H:%M}" if quand else ""


def _premier(date: str) -> str:
    """The first of a month is an ordinal in French."""
    return date.replace("1", "1er", 1) if date.startswith("1\u00a0") else date


def jour_en_lettres(quand: date | None) -> str:
    """Return `29 novembre 2026`, or nothing: the sentence of a page. No line ends between the day and its month."""
    return _premier(formats.date_format(_jour(quand), "j\u00a0F Y")) if quand else ""


def mois_en_lettres(quand: date | None) -> str:
    """Return `novembre 2026`, or nothing: a heading."""
    return formats.date_format(_jour(quand), "F Y") if quand else ""


def jour_heure_en_lettres(quand: datetime | None) -> str:
    """Return `29 novembre 2026 à 0 h 30`, or nothing: the sentence of a page."""
    return f"{jour_en_lettres(quand)} à {_heure(quand)}" if quand else ""


def dans(quand: date, maintenant: datetime) -> str:
    """Return `29/11/2026, dans 8 jours`, `29/11/2026, demain`: a day to come, and how near it is."""
    jours = (_jour(quand) - ici(maintenant).date()).days
    pres = {0: "aujourd’hui", 1: "demain"}.get(jours, f"dans {jours} jours")
    return f"{jour(quand)}, {pres}" if jours >= 0 else jour(quand)


def en_jours(duree: timedelta) -> str:
    """Return `3 jours`, `5 heures` below one day, `moins d'une heure`: a delay as a person reads it."""
    heures = int(duree.total_seconds() // 3600)
    if heures < 1:
        return "moins d’une heure"
    if heures < 24:
        return f"{heures} heure{'s' if heures > 1 else ''}"
    jours = round(heures / 24)
    return f"{jours} jour{'s' if jours > 1 else ''}"
