"""Working days (*jours ouvrés*) of France: Monday to Friday, but the eleven public holidays (code du travail, L. 3133-1).

Those of Alsace-Moselle and of the overseas départements are not among them: a delay is the same for every company.
"""

from datetime import date, datetime, timedelta
from functools import cache

from django.utils import timezone

_FIXES = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
_APRES_PAQUES = (1, 39, 50)  # lundi de Pâques, Ascension, lundi de Pentecôte
_VENDREDI = 4


def paques(annee: int) -> date:
    """Return Easter Sunday of this year (the anonymous Gregorian computus, Meeus)."""
    a, (b, c) = annee % 19, divmod(annee, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    j = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * j) // 451
    mois, jour = divmod(h + j - 7 * m + 114, 31)
    return date(annee, mois, jour + 1)


@cache
def jours_feries(annee: int) -> frozenset[date]:
    """Return the public holidays of this year."""
    dimanche = paques(annee)
    return frozenset(
        [date(annee, mois, jour) for mois, jour in _FIXES]
        + [dimanche + timedelta(days=ecart) for ecart in _APRES_PAQUES]
    )


def est_ouvre(jour: date) -> bool:
    """Whether offices and the post work on that day."""
    return jour.weekday() <= _VENDREDI and jour not in jours_feries(jour.year)


def apres_jours_ouvres(instant: datetime, nombre: int) -> datetime:
    """Return the same hour, in the portal's time zone, on the `nombre`-th working day after that of `instant`."""
    local = timezone.localtime(instant)
    jour = local.date()
    while nombre > 0:
        jour += timedelta(days=1)
        nombre -= est_ouvre(jour)
    return timezone.make_aware(datetime.combine(jour, local.time()))
