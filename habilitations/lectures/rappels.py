"""The weekly reminder of the dates: one mail an espace and week, however many SIREN (CGU §3.1.a)."""

from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count, Exists, OuterRef
from django.utils import timezone

from accounts.envois import courriels
from accounts.models import Courriel, Espace
from accounts.saisies.dates import jour
from services.models import Echeance

from ..droits.roles import UTILISER, roles_pour
from ..models import Habilitation, Preference

ESPACES_PAR_LOT: Final = 200


def semaine_prochaine(aujourd_hui: date) -> tuple[date, date]:
    """Return the Monday and the Sunday of the week after this day's: what this week's mail tells, so each date once."""
    lundi = aujourd_hui + timedelta(days=7 - aujourd_hui.weekday())
    return lundi, lundi + timedelta(days=6)


@transaction.atomic
def rappeler_echeances(*, maintenant: datetime | None = None) -> int:
    """Write to the next batch of those who hold a service with a date next week; return how many. May run twice.

    Nobody who chose otherwise (« Préférences d'avis »), nobody twice in the week.
    """
    aujourd_hui = timezone.localdate(maintenant or timezone.now())
    du, au = semaine_prochaine(aujourd_hui)
    echeances = list(Echeance.objects.filter(jour__range=(du, au)).select_related("service").order_by("jour", "pk"))
    if not echeances:
        return 0
    acte = f"echeances:{du:%Y%m%d}"
    tenues = Habilitation.objects.actives(aujourd_hui).filter(
        service__in={e.service_id for e in echeances}, role__in=roles_pour(UTILISER)
    )
    lot = list(
        Espace.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
        .select_related("compte")
        .filter(
            Exists(tenues.filter(espace=OuterRef("pk"))),
            ~Exists(Courriel.objects.filter(espace=OuterRef("pk"), acte=acte)),
            ~Exists(Preference.objects.filter(espace=OuterRef("pk"), rappels=Preference.Rappels.AUCUN)),
            etat=Espace.Etat.ACTIF,
            compte__isnull=False,
        )
        .order_by("pk")[:ESPACES_PAR_LOT]
    )
    nombres = {
        (ligne["espace"], ligne["service"]): ligne["nombre"]
        for ligne in tenues.filter(espace__in=lot)
        .order_by()
        .values("espace", "service")
        .annotate(nombre=Count("personne", distinct=True))
    }
    for espace in lot:
        siennes = [e for e in echeances if (espace.pk, e.service_id) in nombres]
        assert espace.compte is not None  # noqa: S101  # the filter says so
        courriels.deposer(
            "echeances_semaine",
            destinataire=espace.compte.email,
            acte=acte,
            espace=espace,
            contexte={"du": jour(du), "lignes": [_ligne(e, nombres[espace.pk, e.service_id]) for e in siennes]},
            maintenant=maintenant,
        )
    return len(lot)


def _ligne(echeance: Echeance, nombre: int) -> str:
    qui = "1 entreprise" if nombre == 1 else f"{nombre} entreprises"
    return f"{jour(echeance.jour)}\u00a0: {echeance.libelle} ({echeance.service.libelle}), {qui}"
