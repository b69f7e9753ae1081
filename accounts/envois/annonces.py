"""Telling everybody of a publication, by mail, batch by batch (CGU §1, §3.2.d): it comes into force no sooner than all are told."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import models, transaction
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from ..models import Courriel, Publication
from ..models.publication import oublier_publications

PERSONNES_PAR_LOT: Final = 200
RATTRAPAGE: Final = timedelta(days=1)
INSCRIPTION: Final = timedelta(days=30)
"""How long before a publication an inscription may have begun that ends after it."""


def lot_suivant[D: models.Model](
    parcours: models.Model, suite: models.QuerySet[D], *, jusqu_a: str, termine: str, maintenant: datetime | None = None
) -> list[D]:
    """Return the next of `suite` in the order of their keys, and note in the locked row `parcours` how far that is.

    Its column `jusqu_a` holds the last key, `termine` the moment when none was left. In one transaction with what is done
    of the batch: a run that dies has done whole batches, none twice, and each begins where the last one ended.
    """
    dernier = getattr(parcours, jusqu_a)
    lot = list((suite if dernier is None else suite.filter(pk__gt=dernier)).order_by("pk")[:PERSONNES_PAR_LOT])
    if len(lot) < PERSONNES_PAR_LOT:
        setattr(parcours, termine, maintenant or timezone.now())
    else:
        setattr(parcours, jusqu_a, lot[-1].pk)
    parcours.save(update_fields=[jusqu_a, termine])
    return lot


@transaction.atomic
def annoncer_un_lot[P: Publication, D: models.Model](
    publications: type[P],
    *,
    destinataires: Callable[[P], models.QuerySet[D]],
    ecrire: Callable[[P, D], object],
    oublies: Callable[[P], models.QuerySet[D]] | None = None,
    maintenant: datetime | None = None,
) -> int:
    """Write to the next batch of `destinataires` of the oldest publication that is not announced to all; return how many.

    The publication's own row holds how far it went (`lot_suivant`). A second run meanwhile does nothing. Once all are told,
    and until it is in force, `oublies` are: those who came since, with a key that the run had passed.
    """
    maintenant = maintenant or timezone.now()
    publication = (
        publications._default_manager.select_for_update(no_key=True, skip_locked=True)
        .filter(annoncee_le=None)
        .order_by("publiee_le")
        .first()
    )
    if publication is None:
        return _rattraper(publications, oublies, ecrire, maintenant) if oublies is not None else 0
    lot = lot_suivant(
        publication,
        destinataires(publication),
        jusqu_a="annoncee_jusqu_a",
        termine="annoncee_le",
        maintenant=maintenant,
    )
    for destinataire in lot:
        ecrire(publication, destinataire)
    if publication.annoncee_le is not None:
        oublier_publications()
    return len(lot)


def _rattraper[P: Publication, D: models.Model](
    publications: type[P],
    oublies: Callable[[P], models.QuerySet[D]],
    ecrire: Callable[[P, D], object],
    maintenant: datetime,
) -> int:
    """Write to a batch of those whom the run has missed, of each publication that is told and not in force for a day."""
    ecrits = 0
    annoncees = publications._default_manager.select_for_update(no_key=True, skip_locked=True).filter(
        annoncee_le__isnull=False, en_vigueur_le__gt=maintenant - RATTRAPAGE
    )
    for publication in annoncees.order_by("publiee_le"):
        lot = list(oublies(publication).order_by("pk")[:PERSONNES_PAR_LOT])
        for destinataire in lot:
            ecrire(publication, destinataire)
        ecrits += len(lot)
    return ecrits


def sans_courriel(acte: str, cle: str = "pk") -> models.Q:
    """Whether the mail of this act, whose name ends with the key of its reader, is still to be written."""
    nom = Concat(models.Value(acte), Cast(models.OuterRef(cle), models.CharField()))
    return ~models.Q(models.Exists(Courriel.objects.filter(acte=nom)))
