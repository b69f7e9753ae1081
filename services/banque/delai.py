"""When a new account may be used: at once (CGU §4.d « à tout moment »), after 48 hours where its addition follows what a thief does first.

Within seven days of an unusual sign-in, or of a change of address, password or second factor of whoever adds it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings

from accounts import actes
from accounts.models import Espace, Evenement

from ..models import ReferenceBancaire

type Signal = Callable[[Espace, datetime], bool]
"""Tells whether something unusual was seen of this espace since this moment."""

ATTENTE: Final = ReferenceBancaire.Attente
CAUSES: Final = {
    actes.ADRESSE_CHANGEE.code: ATTENTE.ADRESSE,
    actes.MOT_DE_PASSE_CHANGE.code: ATTENTE.MOT_DE_PASSE,
    actes.MOT_DE_PASSE_REINITIALISE.code: ATTENTE.MOT_DE_PASSE,
    actes.SECOND_FACTEUR_ENREGISTRE.code: ATTENTE.SECOND_FACTEUR,
    actes.SECOND_FACTEUR_CLE_ENREGISTREE.code: ATTENTE.SECOND_FACTEUR,
    actes.SECOND_FACTEUR_RETIRE.code: ATTENTE.SECOND_FACTEUR,
}
_SIGNAUX: list[Signal] = []


@dataclass(frozen=True)
class Delai:
    """From when a new account may be used, None for at once, and what makes it wait."""

    utilisable_le: datetime | None = None
    attente: str = ""


def inscrire_signal(signal: Signal) -> None:
    """Give what the floor that watches sign-ins knows."""
    _SIGNAUX[:] = [signal]


def delai(espace: Espace, maintenant: datetime) -> Delai:
    """Return the delay of an account that this espace adds now."""
    depuis = maintenant - settings.DELAI_BANCAIRE_APRES
    dernier = (
        Evenement.objects.filter(espace=espace.numero_abonne, acte__in=CAUSES, quand__gt=depuis, quand__lte=maintenant)
        .order_by("-id")
        .values_list("acte", flat=True)
        .first()
    )
    if dernier is not None:
        cause: str = CAUSES[dernier]
    elif any(signal(espace, depuis) for signal in _SIGNAUX):
        cause = ATTENTE.CONNEXION
    else:
        return Delai()
    return Delai(maintenant + settings.DELAI_BANCAIRE, cause)
