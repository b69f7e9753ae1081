"""When a new account may be used: at once (CGU §4.d « à tout moment »), after 48 hours where its addition follows what a thief does first.

Within seven days of an unusual sign-in, or of a change of address, password or second factor of whoever adds it, or of whoever
made him suppléant within these days. An account that waits, removed and added again by another, goes on waiting; one whose
addition the office has undone waits each time that it is added again.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings

from accounts import actes
from accounts.models import Espace
from accounts.traces.journal import dernier_acte

from ..models import ChangementBancaire, PersonneSirenisee, ReferenceBancaire, SignalementBancaire

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
_SIGNAUX: dict[str, Signal] = {}


@dataclass(frozen=True)
class Delai:
    """From when a new account may be used, None for at once, and what makes it wait."""

    utilisable_le: datetime | None = None
    attente: str = ""


def inscrire_signal(attente: str, signal: Signal) -> None:
    """Give what another floor knows that makes a new account wait, under the name that the page gives it."""
    _SIGNAUX[attente] = signal


def cause_recente(espaces: Collection[str], depuis: datetime, maintenant: datetime) -> str:
    """Return the last sensitive change of one of these espaces, by number, between these moments; "" when there is none."""
    acte = dernier_acte(CAUSES.keys(), auteurs=espaces, depuis=depuis, jusqu_a=maintenant)
    return CAUSES[acte] if acte else ""


def delai(espace: Espace, personne: PersonneSirenisee, empreinte: str, maintenant: datetime) -> Delai:
    """Return the delay of the account of this print that this espace adds now to this personne."""
    retire = (
        ReferenceBancaire.objects.filter(personne=personne, empreinte=empreinte, utilisable_le__gt=maintenant)
        .order_by("-utilisable_le")
        .first()
    )
    if retire is not None:
        return Delai(retire.utilisable_le, retire.attente)
    if SignalementBancaire.objects.filter(
        changement__reference__personne=personne,
        changement__reference__empreinte=empreinte,
        changement__genre=ChangementBancaire.Genre.AJOUT,
        etat=SignalementBancaire.Etat.ANNULE,
    ).exists():
        return Delai(maintenant + settings.DELAI_BANCAIRE, ATTENTE.ECARTE)
    depuis = maintenant - settings.DELAI_BANCAIRE_APRES
    cause = cause_recente([espace.numero_abonne], depuis, maintenant)
    if not cause:
        cause = next((attente for attente, signal in _SIGNAUX.items() if signal(espace, depuis)), "")
    return Delai(maintenant + settings.DELAI_BANCAIRE, cause) if cause else Delai()
