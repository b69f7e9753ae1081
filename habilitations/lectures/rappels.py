"""The weekly reminder of the dates: one mail an espace and week, however many SIREN (CGU §3.1.a)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.envois import courriels
from accounts.envois.annonces import lot_suivant
from accounts.models import Espace
from accounts.saisies.dates import jour
from services.models import Echeance

from ..droits.roles import UTILISER, roles_pour
from ..models import Habilitation, Preference, RappelHebdomadaire


def semaine_prochaine(aujourd_hui: date) -> tuple[date, date]:
    """Return the Monday and the Sunday of the week after this day's: what this week's mail tells, so each date once."""
    lundi = aujourd_hui + timedelta(days=7 - aujourd_hui.weekday())
    return lundi, lundi + timedelta(days=6)


@transaction.atomic
def rappeler_echeances(*, maintenant: datetime | None = None) -> int:
    """Write to the next batch of those who hold a service with a date next week; return how many were looked at.

    Nobody who chose otherwise (« Préférences d'avis »), nobody twice in the week: its row holds how far it went, in the
    transaction of the batch. A run that dies has written whole batches; of two runs, one waits for the other's batch. Who
    comes to hold a service once the week has passed him reads its dates on the portal.
    """
    maintenant = maintenant or timezone.now()
    aujourd_hui = timezone.localdate(maintenant)
    du, au = semaine_prochaine(aujourd_hui)
    echeances = list(Echeance.objects.filter(jour__range=(du, au)).select_related("service").order_by("jour", "pk"))
    if not echeances:
        return 0
    RappelHebdomadaire.objects.get_or_create(lundi=du)
    semaine = RappelHebdomadaire.objects.select_for_update(no_key=True).get(lundi=du)
    if semaine.termine_le is not None:
        return 0
    tenues = Habilitation.objects.actives(aujourd_hui).filter(
        service__in={e.service_id for e in echeances}, role__in=roles_pour(UTILISER)
    )
    suite = Espace.objects.filter(
        Exists(tenues.filter(espace=OuterRef("pk"))),
        ~Exists(Preference.objects.filter(espace=OuterRef("pk"), rappels=Preference.Rappels.AUCUN)),
        etat=Espace.Etat.ACTIF,
        compte__isnull=False,
    )
    lot = lot_suivant(semaine, suite.only("pk"), jusqu_a="jusqu_a", termine="termine_le", maintenant=maintenant)
    _ecrire([espace.pk for espace in lot], echeances, tenues, maintenant)
    return len(lot)


def _ecrire(
    cles: Sequence[UUID], echeances: Sequence[Echeance], tenues: QuerySet[Habilitation], maintenant: datetime
) -> None:
    """Write to these, locked one after the other in the order of their keys, unless they are active no more."""
    du, _ = semaine_prochaine(timezone.localdate(maintenant))
    lot = list(
        Espace.objects.select_for_update(no_key=True, of=("self",))
        .select_related("compte")
        .filter(pk__in=cles, etat=Espace.Etat.ACTIF, compte__isnull=False)
        .order_by("pk")
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
        if not siennes:  # lost since it was chosen
            continue
        assert espace.compte is not None  # noqa: S101  # the filter says so
        courriels.deposer(
            "echeances_semaine",
            destinataire=espace.compte.email,
            acte=f"echeances:{du:%Y%m%d}",
            espace=espace,
            contexte={"du": jour(du), "lignes": [_ligne(e, nombres[espace.pk, e.service_id]) for e in siennes]},
            maintenant=maintenant,
        )


def _ligne(echeance: Echeance, nombre: int) -> str:
    qui = "1 entreprise" if nombre == 1 else f"{nombre} entreprises"
    return f"{jour(echeance.jour)}\u00a0: {echeance.libelle} ({echeance.service.libelle}), {qui}"
