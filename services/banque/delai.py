"""When a new account may be used: at once (CGU §4.d « à tout moment »), after 48 hours where its addition follows what a thief does first.

Within seven days of an unusual sign-in, or of a change of address, password or second factor of whoever adds it, or of whoever
made him administrator of this company within these days, or made that one so, and so on up. An account that waits, removed and added again by another, goes on waiting; one whose
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
type Designants = Callable[[Espace, PersonneSirenisee, datetime], list[Espace]]
"""Returns by whom this espace was made, since this moment, administrator of this personne, and by whom those were, however far up."""

ATTENTE: Final = ReferenceBancaire.Attente
CAUSES: Final = {
    actes.ADRESSE_CHANGEE.code: ATTENTE.ADRESSE,
    actes.ADRESSE_CHANGEMENT_ANNULE.code: ATTENTE.ADRESSE,
    actes.MOT_DE_PASSE_CHANGE.code: ATTENTE.MOT_DE_PASSE,
    actes.MOT_DE_PASSE_REINITIALISE.code: ATTENTE.MOT_DE_PASSE,
    actes.SECOND_FACTEUR_ENREGISTRE.code: ATTENTE.SECOND_FACTEUR,
    actes.SECOND_FACTEUR_CLE_ENREGISTREE.code: ATTENTE.SECOND_FACTEUR,
    actes.SECOND_FACTEUR_RETIRE.code: ATTENTE.SECOND_FACTEUR,
    actes.SECOND_FACTEUR_CODES_RENOUVELES.code: ATTENTE.SECOND_FACTEUR,
    actes.SECOND_FACTEUR_CODE_SECOURS_UTILISE.code: ATTENTE.SECOND_FACTEUR,
}
_SIGNAUX: dict[str, Signal] = {}
_DESIGNANTS: list[Designants] = []


@dataclass(frozen=True)
class Delai:
    """From when a new account may be used, None for at once, and what makes it wait."""

    utilisable_le: datetime | None = None
    attente: str = ""


def inscrire_signal(attente: str, signal: Signal) -> None:
    """Give what another floor knows that makes a new account wait, under the name that the page gives it."""
    _SIGNAUX[attente] = signal


def inscrire_designants(designants: Designants) -> None:
    """Give what the floor of the rights knows: who made whom administrator."""
    _DESIGNANTS.append(designants)


def cause_recente(espaces: Collection[Espace], depuis: datetime, maintenant: datetime) -> str:
    """Return what makes the accounts of one of these espaces wait, itself: the last sensitive change, else a signal; "" for nothing."""
    if not espaces:
        return ""
    numeros = [espace.numero_abonne for espace in espaces]
    acte = dernier_acte(CAUSES.keys(), auteurs=numeros, depuis=depuis, jusqu_a=maintenant)
    if acte:
        return CAUSES[acte]
    vus = (attente for attente, signal in _SIGNAUX.items() if any(signal(espace, depuis) for espace in espaces))
    return next(vus, "")


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
    cause = cause_recente([espace], depuis, maintenant)
    if not cause:
        par = [un for designants in _DESIGNANTS for un in designants(espace, personne, depuis)]
        cause = ATTENTE.DESIGNATION if cause_recente(par, depuis, maintenant) else ""
    return Delai(maintenant + settings.DELAI_BANCAIRE, cause) if cause else Delai()
