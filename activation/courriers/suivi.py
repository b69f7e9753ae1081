"""What the letters desk reads: an office's queue, its weeks, what is set aside and why, the batches (issue 14, item 7).

Everything of one office is found by two indexes of the letter; everything of the country is small: what is set aside, and one
batch at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import TruncWeek
from django.utils import timezone

from accounts.gestion.bureau import Mediane

from ..models import Courrier, Demande, Remise

SEMAINES: Final = 8
DE_COTE_AU_PLUS: Final = 100
REMISES_MONTREES: Final = 20
PLUS_ANCIENNES_D_ABORD: Final = frozenset({Courrier.Etat.A_EDITER, Courrier.Etat.EDITE})
"""What waits is read from its oldest, what has left or come back from its newest."""


@dataclass(frozen=True)
class Semaine:
    """The letters made in one week, and what became of them."""

    debut: date
    faits: int
    remis: int
    revenus: int
    avant_remise: timedelta | None
    avant_retour: timedelta | None


def lettres_du_bureau(bureau: int, etat: str) -> QuerySet[Courrier]:
    """Return the letters of this office (its key) in this state that count still: not replaced, and their demande waits."""
    ordre = ("cree_le", "pk") if etat in PLUS_ANCIENNES_D_ABORD else ("-cree_le", "-pk")
    return (
        Courrier.objects.filter(
            service_gestionnaire=bureau, etat=etat, remplace_le=None, demande__etat__in=Demande.ETATS_EN_COURS
        )
        .select_related("demande__personne", "demande__espace", "remise")
        .defer("contenu")
        .order_by(*ordre)
    )


def semaines(bureau: int, *, maintenant: datetime | None = None) -> list[Semaine]:
    """Return the last eight weeks of this office (its key), the newest first: one query."""
    maintenant = maintenant or timezone.now()
    lundi = timezone.localtime(maintenant).replace(hour=0, minute=0, second=0, microsecond=0)
    lundi -= timedelta(days=lundi.weekday(), weeks=SEMAINES - 1)
    duree: Any = DurationField()
    lignes = (
        Courrier.objects.filter(service_gestionnaire=bureau, edite_le__gte=lundi)
        .order_by()
        .annotate(semaine=TruncWeek("edite_le"))
        .values("semaine")
        .annotate(
            faits=Count("pk"),
            remis=Count("remis_le"),
            revenus=Count("pk", filter=Q(etat=Courrier.Etat.NPAI)),
            avant_remise=Mediane(ExpressionWrapper(F("remis_le") - F("edite_le"), output_field=duree)),
            avant_retour=Mediane(ExpressionWrapper(F("revenu_le") - F("remis_le"), output_field=duree)),
        )
        .order_by("-semaine")
    )
    return [
        Semaine(
            timezone.localdate(ligne["semaine"]),
            ligne["faits"],
            ligne["remis"],
            ligne["revenus"],
            ligne["avant_remise"],
            ligne["avant_retour"],
        )
        for ligne in lignes
    ]


def mises_de_cote(bureau: int | None) -> list[Courrier]:
    """Return the letters that could not be made, the oldest first, of this office (its key) or of all: one query."""
    lignes = Courrier.objects.filter(ecarte_le__isnull=False)
    if bureau is not None:
        lignes = lignes.filter(service_gestionnaire=bureau)
    return list(lignes.select_related("demande__personne").defer("contenu").order_by("cree_le", "pk")[:DE_COTE_AU_PLUS])


@dataclass(frozen=True)
class RemiseLue:
    """One batch, and how many of its letters the reader may know of."""

    remise: Remise
    lettres: int


def remises(bureau: int | None, *, maintenant: datetime | None = None) -> Sequence[RemiseLue]:
    """Return the last batches with how many letters they hold, of this office (its key) in eight weeks or of all: two queries."""
    maintenant = maintenant or timezone.now()
    if bureau is None:
        dernieres = list(Remise.objects.order_by("-preparee_le", "-pk")[:REMISES_MONTREES])
        comptees = Courrier.objects.filter(remise__in=dernieres)
    else:
        comptees = Courrier.objects.filter(
            service_gestionnaire=bureau,
            edite_le__gt=maintenant - timedelta(weeks=SEMAINES),
            remise__isnull=False,
        )
    nombres = dict(comptees.order_by().values_list("remise").annotate(nombre=Count("pk")))
    if bureau is not None:
        dernieres = list(
            Remise.objects.filter(pk__in=sorted(nombres)[-REMISES_MONTREES:]).order_by("-preparee_le", "-pk")
        )
    return [RemiseLue(remise, nombres.get(remise.pk, 0)) for remise in dernieres]


def lettres_de_la_remise(remise: Remise, bureau: int | None) -> QuerySet[Courrier]:
    """Return the letters of this batch in the order of its manifest, those of this office (its key) or all."""
    lignes = Courrier.objects.filter(remise=remise)
    if bureau is not None:
        lignes = lignes.filter(service_gestionnaire=bureau)
    return lignes.select_related("demande__personne").defer("contenu").order_by("rang")
