"""The dates of the services that an espace holds, for its calendar, its home page and a company's (CGU §3.1.a)."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, OuterRef, Subquery
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.dates import mois_en_lettres
from services.catalogue.lectures import UN_AN
from services.models import Echeance, Service

from ..droits.backends import donnant
from ..droits.roles import UTILISER

PROCHAINES = 3
"""How many the home page and a company's page show."""


@dataclass(frozen=True)
class Mois:
    """A month of the calendar and its dates."""

    titre: str
    echeances: list[Echeance]


@dataclass(frozen=True)
class Calendrier:
    """A year of dates, those of the months that are over apart; `propres` are the services held whose day is the company's own, `sans_date` the others without any."""

    annee: int
    mois: list[Mois]
    passes: list[Mois]
    propres: list[Service]
    sans_date: list[Service]


def echeances_entre(espace: Espace, du: date, au: date, *, bureau: int | None = None) -> list[Echeance]:
    """Return the dates of the services held, from one day to another, each with `personnes`, how many it is for: one query.

    For the companies of one service gestionnaire alone where `bureau` is given (its key).
    """
    tenues = donnant(UTILISER, espace)
    if bureau is not None:
        tenues = tenues.filter(personne__service_gestionnaire=bureau)
    nombre = (
        tenues.filter(service=OuterRef("service"))
        .order_by()
        .values("service")
        .annotate(nombre=Count("personne", distinct=True))
        .values("nombre")
    )
    return list(
        Echeance.objects.filter(jour__range=(du, au), service__in=tenues.order_by().values("service"))
        .annotate(personnes=Subquery(nombre))
        .select_related("service")
        .order_by("jour", "service__ordre", "libelle")
    )


def prochaines_echeances(
    espace: Espace, *, bureau: int | None = None, nombre: int = PROCHAINES, jour: date | None = None
) -> list[Echeance]:
    """Return the next dates of the services held, within a year: one query."""
    jour = jour or timezone.localdate()
    return echeances_entre(espace, jour, jour + UN_AN, bureau=bureau)[:nombre]


def calendrier(espace: Espace, annee: int, *, jour: date | None = None) -> Calendrier:
    """Return a year of dates, month by month, and where the days stand that are not here: two queries."""
    echeances = echeances_entre(espace, date(annee, 1, 1), date(annee, 12, 31))
    mois: dict[int, list[Echeance]] = {}
    for echeance in echeances:
        mois.setdefault(echeance.jour.month, []).append(echeance)
    debut = (jour or timezone.localdate()).replace(day=1)
    lus = [(date(annee, rang, 1), leurs) for rang, leurs in mois.items()]
    datees = {echeance.service_id for echeance in echeances}
    tenus = Service.objects.filter(pk__in=donnant(UTILISER, espace).order_by().values("service"))
    autres = [service for service in tenus.order_by("ordre", "code") if service.pk not in datees]
    return Calendrier(
        annee,
        [Mois(mois_en_lettres(premier), leurs) for premier, leurs in lus if premier >= debut],
        [Mois(mois_en_lettres(premier), leurs) for premier, leurs in lus if premier < debut],
        [service for service in autres if service.echeance_propre],
        [service for service in autres if not service.echeance_propre],
    )
