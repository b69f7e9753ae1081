"""The relay of the outboxes: takes due rows under a lease, backs off, sets aside what keeps failing (design.md §6)."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from ..models import Envoi

BAIL = timedelta(seconds=60)
TENTATIVES_MAX = 8
log = structlog.get_logger(__name__)


class EnvoiImpossible(Exception):
    """The row could not be delivered this time; its text is kept as the provider's answer."""


def attente(tentatives: int) -> timedelta:
    """Return how long to wait after that many failed tries: 2 s, 8 s, 32 s … one hour at most, with jitter."""
    secondes = min(3600.0, 2.0 * 4 ** (tentatives - 1))
    return timedelta(seconds=secondes * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret


@transaction.atomic
def prendre[E: Envoi](modele: type[E], nombre: int, maintenant: datetime | None = None) -> list[E]:
    """Lease at most `nombre` due rows of this outbox and return them. Rows taken by another relay are passed over."""
    maintenant = maintenant or timezone.now()
    lignes = list(
        modele._default_manager.a_prendre(maintenant).select_for_update(no_key=True, skip_locked=True)[:nombre]  # type: ignore[attr-defined]
    )
    for ligne in lignes:
        ligne.bail_jusqu_a = maintenant + BAIL
    modele._default_manager.bulk_update(lignes, ["bail_jusqu_a"])
    return lignes


def traiter[E: Envoi](
    modele: type[E], cle: object, livrer: Callable[[E], str], verrouiller: Callable[[object], None] | None = None
) -> bool:
    """Deliver one row once: under its lock, unless it is already done. Return whether it was delivered here.

    `verrouiller` takes, before the row's own lock, those that the acts take before it (lock order, style.md). `livrer` returns the provider's answer or raises EnvoiImpossible; then the row waits, and after eight tries it is
    set aside for an operator to see. Any other exception counts the same and is logged with its traceback.
    """
    with transaction.atomic():
        if verrouiller is not None:
            verrouiller(cle)
        ligne = (
            modele._default_manager.select_for_update(no_key=True, skip_locked=True, of=("self",))
            .filter(pk=cle, traite_le=None, ecarte_le=None)
            .first()
        )
        if ligne is None:
            return False
        ligne.tentatives += 1
        try:
            with transaction.atomic():
                ligne.derniere_reponse = livrer(ligne)
                ligne.traite_le = timezone.now()
        except Exception as erreur:
            if not isinstance(erreur, EnvoiImpossible):
                log.exception("envoi_en_panne", modele=modele._meta.label, cle=str(cle))
            ligne.derniere_reponse = (str(erreur) or type(erreur).__name__)[:2000]
            if ligne.tentatives >= TENTATIVES_MAX:
                ligne.ecarte_le = timezone.now()
                log.error("envoi_ecarte", modele=modele._meta.label, cle=str(cle))  # noqa: TRY400 - told above
            else:
                ligne.prochain_essai_le = timezone.now() + attente(ligne.tentatives)
        ligne.bail_jusqu_a = None
        ligne.save(
            update_fields=[
                "tentatives",
                "derniere_reponse",
                "traite_le",
                "ecarte_le",
                "prochain_essai_le",
                "bail_jusqu_a",
            ]
        )
        return ligne.traite_le is not None


def vider[E: Envoi](
    modele: type[E],
    livrer: Callable[[E], str],
    nombre: int = 50,
    verrouiller: Callable[[object], None] | None = None,
) -> int:
    """Sweep: lease up to `nombre` due rows, deliver each, return how many left."""
    return sum(traiter(modele, ligne.pk, livrer, verrouiller) for ligne in prendre(modele, nombre))
