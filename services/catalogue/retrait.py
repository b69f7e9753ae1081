"""The retirement of a service of the catalogue: decided, undone. Telling and closing are the floor's that knows who holds it."""

from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.traces.journal import consigner

from .. import actes
from ..models import RetraitService, Service

PREAVIS: Final = timedelta(days=90)
"""How long a service that the file has no more goes on."""
PREAVIS_MINIMAL: Final = timedelta(days=60)
"""Before any last day that the file gives: what a code that waits has to be entered."""


@transaction.atomic
def retirer_service(
    *, acteur: str, service: Service, ferme_le: date, maintenant: datetime | None = None
) -> RetraitService:
    """Decide until which day this service goes on: no new adhésion from now on; nothing closes before that day is over.

    Another day that was decided before is undone, and the new one is told in its place.
    """
    maintenant = maintenant or timezone.now()
    service = Service.objects.select_for_update().get(pk=service.pk)
    RetraitService.objects.filter(service=service, annule_le=None).update(
        annule_le=maintenant, annonce_le=maintenant, execute_le=None
    )
    service.ferme_le = ferme_le
    service.save(update_fields=["ferme_le"])
    consigner(actes.SERVICE_RETIRE, auteur=acteur, service=service.code, details={"ferme_le": ferme_le.isoformat()})
    return RetraitService.objects.create(service=service, decide_le=maintenant, ferme_le=ferme_le)


@transaction.atomic
def retablir_service(*, acteur: str, service: Service, maintenant: datetime | None = None) -> None:
    """Undo the retirement of this service; whoever was told of it will be told of that too."""
    maintenant = maintenant or timezone.now()
    service = Service.objects.select_for_update().get(pk=service.pk)
    service.ferme_le = None
    service.save(update_fields=["ferme_le"])
    for retrait in RetraitService.objects.select_for_update().filter(service=service, annule_le=None):
        retrait.annule_le = maintenant
        # Nobody was told: nothing to tell. Else the announcement begins again, with what undoes it.
        retrait.annonce_le = None if retrait.annonce_le or retrait.annonce_jusqu_a else maintenant
        retrait.annonce_jusqu_a, retrait.execute_le = None, None
        retrait.save(update_fields=["annule_le", "annonce_le", "annonce_jusqu_a", "execute_le"])
    consigner(actes.SERVICE_RETABLI, auteur=acteur, service=service.code)
