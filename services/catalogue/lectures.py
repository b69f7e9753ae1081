"""What the public pages of the catalogue read: one query, whatever is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter
from typing import Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils import timezone

from accounts.saisies.repliement import replier

from ..models import Echeance, Service

UN_AN: Final = timedelta(days=365)


@dataclass(frozen=True)
class Filtres:
    """What the list is narrowed to; it stands in its address."""

    recherche: str = ""
    famille: str = ""
    domaine: str = ""

    @property
    def actifs(self) -> bool:
        return bool(self.recherche or self.famille or self.domaine)


@dataclass(frozen=True)
class FicheService:
    """One service, and those that go with it."""

    service: Service
    voisins: list[Service]


def au_catalogue(jour: date | None = None) -> list[Service]:
    """Return the services that the catalogue has that day, in its order: one query."""
    jour = jour or timezone.localdate()
    return [s for s in Service.objects.order_by("ordre", "code") if not s.est_retire(jour)]


def catalogue_et_dates(jour: date) -> tuple[list[Service], list[Echeance]]:
    """Return the services that the catalogue has that day, and the dates of all within a year, the nearest first: one query."""
    prochaines = (
        Echeance.objects.filter(service=OuterRef("pk"), jour__range=(jour, jour + UN_AN))
        .order_by("jour", "libelle")
        .values(dite=JSONObject(jour="jour", libelle="libelle"))
    )
    services = list(Service.objects.annotate(dites=ArraySubquery(prochaines)).order_by("ordre", "code"))
    dates = [
        Echeance(service=service, jour=date.fromisoformat(dite["jour"]), libelle=dite["libelle"])
        for service in services
        for dite in service.dites
    ]
    return [s for s in services if not s.est_retire(jour)], sorted(dates, key=attrgetter("jour"))


def par_famille(filtres: Filtres) -> list[tuple[str, list[Service]]]:
    """Return the services that answer these filters, by family, in the catalogue's order: one query."""
    mots = [replie for mot in filtres.recherche.split() if (replie := replier(mot))]
    choisis = [
        service
        for service in au_catalogue()
        if (not filtres.famille or service.famille == filtres.famille)
        and (not filtres.domaine or service.domaine == filtres.domaine)
    ]
    trouves = _chercher(choisis, mots) if filtres.recherche else choisis
    familles = ((str(libelle), [s for s in trouves if s.famille == code]) for code, libelle in Service.Famille.choices)
    return [(libelle, services) for libelle, services in familles if services]


def _chercher(services: Sequence[Service], mots: Sequence[str]) -> list[Service]:
    """Return those whose name or line has all these words; where none has, those whose description has them."""
    if not mots:
        return []
    courts = {
        s.pk: replier(f"{s.libelle} {s.resume} {s.get_famille_display()} {s.get_domaine_display()}") for s in services
    }
    trouves = [s for s in services if all(mot in courts[s.pk] for mot in mots)]
    return trouves or [s for s in services if all(mot in courts[s.pk] + replier(s.description) for mot in mots)]


def fiche_du_service(code: str) -> FicheService | None:
    """Return a service of the catalogue and its neighbours, or None: one query."""
    catalogue = {service.code: service for service in au_catalogue()}
    service = catalogue.get(code)
    if service is None:
        return None
    return FicheService(service, [catalogue[voisin] for voisin in service.voisins if voisin in catalogue])
