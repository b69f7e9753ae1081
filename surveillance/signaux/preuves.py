"""What counts towards a disabling that no agent decides: what was seen since its holder last proved himself (R15; RGPD art. 22).

Two agents who recognised him, the cell which undid a disabling, a password chosen by mail and trust answer after « ce n'est pas moi »
say that what was seen before is over: who does what we ask of him is not shut out for having said it. So does a verification of what
its own session showed; while it waits for one, a session opens nothing, and its user has the time of a code to pass it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from accounts.actes import ESPACE_CE_N_EST_PAS_MOI, MOT_DE_PASSE_REINITIALISE
from accounts.models import Espace
from accounts.traces.journal import ecrites

from ..models import Alerte, Desactivation, Retablissement, SignalVu, Verification
from ..verification.demandes import VALIDITE
from .registre import ANCIENNE_ADRESSE, probantes

SIGNAUX_TIENNENT: Final = timedelta(days=7)
"""What was seen before counts no more towards a disabling that no agent decides."""
A_RENOUVELER: Final = timedelta(days=30)
"""How long before that a « ce n'est pas moi » is looked for, whose password was renewed since."""


@dataclass(frozen=True)
class Comptee:
    """An alert that counts, and the first of what it saw that does."""

    alerte: Alerte
    premiere: datetime


def comptees(alertes: Collection[Alerte], *, espace: Espace, maintenant: datetime) -> list[Comptee]:
    """Return those of these alerts of this espace that count now, each with the first moment that does.

    What they saw within seven days and since the holder last proved himself, of no session that was verified, or waits for it since
    less than a code lives. A « ce n'est pas moi » said from a former address never does: whoever reads that mailbox closes the
    sessions by it, and nothing more.
    """
    candidates = probantes(alertes)
    depuis = maintenant - SIGNAUX_TIENNENT
    if (preuve := prouve_le(espace, depuis)) is not None:
        depuis = max(depuis, preuve)
    vus: dict[Alerte, list[SignalVu]] = {alerte: [] for alerte in candidates}
    for vu in SignalVu.objects.filter(alerte__in=candidates).select_related("alerte"):
        if vu.alerte is not None:
            vus[vu.alerte].append(vu)
    cles = {vu.verification for siens in vus.values() for vu in siens if vu.verification is not None}
    verifications = Verification.objects.in_bulk(list(cles)) if cles else {}
    depuis_peu = maintenant - VALIDITE

    def compte(vu: SignalVu) -> bool:
        sienne = verifications.get(vu.verification) if vu.verification is not None else None
        if sienne is not None and (sienne.reussie_le is not None or (sienne.attend and vu.vu_le > depuis_peu)):
            return False
        return bool(vu.vu_le > depuis and vu.details.get("boite") != ANCIENNE_ADRESSE)

    lues = [
        (alerte, min((vu.vu_le for vu in siens if compte(vu)), default=None) if siens else _de_l_alerte(alerte, depuis))
        for alerte, siens in vus.items()
    ]
    return [Comptee(alerte, premiere) for alerte, premiere in lues if premiere is not None]


def _de_l_alerte(alerte: Alerte, depuis: datetime) -> datetime | None:
    """Return when an alert that no signal of the table raised, as a score, saw something since then: it says so itself."""
    if alerte.derniere_le <= depuis:
        return None
    return alerte.levee_le if alerte.levee_le > depuis else alerte.derniere_le


def prouve_le(espace: Espace, depuis: datetime) -> datetime | None:
    """Return when its holder last proved himself since then: at the counter, before the cell, or after « ce n'est pas moi »."""
    rendus = Retablissement.objects.filter(espace=espace, accorde_le__gt=depuis).values_list("accorde_le", flat=True)
    annulees = Desactivation.objects.filter(espace=espace, annulee_le__gt=depuis).values_list("annulee_le", flat=True)
    preuves = [*rendus, *(quand for quand in annulees if quand is not None), *_renouveles(espace, depuis)]
    return max(preuves, default=None)


def _renouveles(espace: Espace, depuis: datetime) -> list[datetime]:
    """Return when a password blocked by « ce n'est pas moi » was chosen again, by mail and trust answer (CGU §3.2.f)."""
    dites = ecrites(ESPACE_CE_N_EST_PAS_MOI, auteur=espace, depuis=depuis - A_RENOUVELER)
    choisis = ecrites(MOT_DE_PASSE_REINITIALISE, auteur=espace, depuis=depuis)
    lignes = dites.filter(details__mot_de_passe_bloque=True) | choisis
    renouveles, bloque = [], False
    for acte, quand in lignes.order_by("pk").values_list("acte", "quand"):
        choisi = acte == MOT_DE_PASSE_REINITIALISE.code
        if choisi and bloque:
            renouveles.append(quand)
        bloque = not choisi
    return renouveles
