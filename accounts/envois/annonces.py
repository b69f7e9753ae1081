"""Telling everybody of a publication, by mail, batch by batch (CGU §1, §3.2.d): it comes into force no sooner than all are told."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.db import models, transaction
from django.utils import timezone

from ..models import Publication
from ..models.publication import oublier_publications

PERSONNES_PAR_LOT: Final = 200


@transaction.atomic
def annoncer_un_lot[P: Publication, D: models.Model](
    publications: type[P],
    *,
    destinataires: Callable[[P], models.QuerySet[D]],
    ecrire: Callable[[P, D], object],
    maintenant: datetime | None = None,
) -> int:
    """Write to the next batch of `destinataires` of the oldest publication that is not announced to all; return how many.

    The publication's own row holds how far it went, in the transaction of the batch: a run that dies has written whole
    batches, and nobody is written to twice. A second run meanwhile does nothing.
    """
    publication = (
        publications._default_manager.select_for_update(no_key=True, skip_locked=True)
        .filter(annoncee_le=None)
        .order_by("publiee_le")
        .first()
    )
    if publication is None:
        return 0
    suite = destinataires(publication)
    if publication.annoncee_jusqu_a is not None:
        suite = suite.filter(pk__gt=publication.annoncee_jusqu_a)
    lot = list(suite.order_by("pk")[:PERSONNES_PAR_LOT])
    for destinataire in lot:
        ecrire(publication, destinataire)
    if len(lot) < PERSONNES_PAR_LOT:
        publication.annoncee_le = maintenant or timezone.now()
        oublier_publications()
    else:
        publication.annoncee_jusqu_a = lot[-1].pk
    publication.save(update_fields=["annoncee_le", "annoncee_jusqu_a"])
    return len(lot)
