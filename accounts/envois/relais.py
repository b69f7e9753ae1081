"""The relay of the outboxes: takes due rows under a lease, backs off, sets aside what keeps failing (design.md §6)."""

import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from ..models import Envoi
from .budget import DUREE_BALAYAGE

BAIL = timedelta(seconds=60)
TENTATIVES_MAX = 8
ENVOIS_PAR_LOT = 50
log = structlog.get_logger(__name__)


class EnvoiImpossible(Exception):
    """The row could not be delivered this time; its text is kept as the provider's answer."""


class RelaisInjoignable(EnvoiImpossible):
    """Whoever delivers could not be reached at all: the other rows would wait for the same silence."""


def attente(tentatives: int) -> timedelta:
    """Return how long to wait after that many failed tries: 2 s, 8 s, 32 s … one hour at most, with jitter."""
    secondes = min(3600.0, 2.0 * 4 ** (tentatives - 1))
    return timedelta(seconds=secondes * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret


@transaction.atomic
def prendre[E: Envoi](modele: type[E], nombre: int, maintenant: datetime | None = None) -> list[E]:
    """Lease at most `nombre` due rows of this outbox and return them. Rows taken by another relay are passed over."""
    maintenant = maintenant or timezone.now()
    lignes = list(
        modele._default_manager.a_prendre(maintenant).select_for_update(no_key=True, skip_locked=True, of=("self",))[  # type: ignore[attr-defined]
            :nombre
        ]
    )
    for ligne in lignes:
        ligne.bail_jusqu_a = maintenant + BAIL
    modele._default_manager.filter(pk__in=[ligne.pk for ligne in lignes]).update(bail_jusqu_a=maintenant + BAIL)
    return lignes


def traiter[E: Envoi](
    modele: type[E], cle: object, livrer: Callable[[E], str], verrouiller: Callable[[object], None] | None = None
) -> bool:
    """Deliver one row once: under its lock, unless it is already done. Return whether it was delivered here.

    `verrouiller` takes, before the row's own lock, those that the acts take before it (lock order, style.md). `livrer`
    returns the provider's answer or raises EnvoiImpossible; then the row waits, and after eight tries it is set aside
    for an operator to see. Any other exception counts the same and is logged with its traceback.
    Raises RelaisInjoignable, once the row's wait is committed.
    """
    with transaction.atomic():
        if verrouiller is not None:
            verrouiller(cle)
        ligne = (
            modele._default_manager.a_livrer()  # type: ignore[attr-defined]
            .select_for_update(no_key=True, skip_locked=True, of=("self",))
            .filter(pk=cle, traite_le=None, ecarte_le=None)
            .first()
        )
        if ligne is None:
            return False
        ligne.tentatives += 1
        injoignable: RelaisInjoignable | None = None
        try:
            with transaction.atomic():
                ligne.derniere_reponse = livrer(ligne)
                ligne.traite_le = timezone.now()
        except Exception as erreur:
            if isinstance(erreur, RelaisInjoignable):
                injoignable = erreur
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
    if injoignable is not None:
        raise injoignable
    return ligne.traite_le is not None


def vider[E: Envoi](
    modele: type[E],
    livrer: Callable[[E], str],
    nombre: int = ENVOIS_PAR_LOT,
    verrouiller: Callable[[object], None] | None = None,
    *,
    duree: float = DUREE_BALAYAGE,
) -> int:
    """Sweep: lease the due rows, `nombre` at a time, and deliver each, until none is due or `duree` seconds are over.

    Stops at the first RelaisInjoignable. The rows leased but not tried are given back, and those that somebody had locked
    for a moment (a sweep that took them for free while this one leased them): none waits for the end of a lease. Returns how
    many left.
    """
    fin, partis = time.monotonic() + duree, 0
    while lignes := prendre(modele, nombre):
        a_rendre: list[E] = []
        try:
            for rang, ligne in enumerate(lignes, start=1):
                parti = traiter(modele, ligne.pk, livrer, verrouiller)
                partis += parti
                if not parti:
                    a_rendre.append(ligne)
                if time.monotonic() >= fin:
                    a_rendre += lignes[rang:]
                    return partis
        except RelaisInjoignable as erreur:
            log.warning("relais_injoignable", modele=modele._meta.label, erreur=str(erreur))
            a_rendre += lignes[rang:]
            return partis
        finally:
            _rendre(modele, a_rendre)
    return partis


@transaction.atomic
def _rendre[E: Envoi](modele: type[E], lignes: list[E]) -> None:
    """Give up the lease of rows that were not delivered here, unless another relay has taken them since, or has one in hand."""
    for bail in {ligne.bail_jusqu_a for ligne in lignes}:
        cles = [ligne.pk for ligne in lignes if ligne.bail_jusqu_a == bail]
        nos_lignes = modele._default_manager.filter(pk__in=cles, bail_jusqu_a=bail)
        libres = nos_lignes.select_for_update(no_key=True, skip_locked=True, of=("self",)).values("pk")
        modele._default_manager.filter(pk__in=libres).update(bail_jusqu_a=None)
