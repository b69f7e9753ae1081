"""The details of a signal in words: for the mail to the holder, « Sécurité », the cell."""

from collections.abc import Mapping
from typing import Final

from accounts.gestion.faits import en_mots
from accounts.saisies.pays import nom_du_pays

from .registre import DETAILS, Demande

PAYS: Final = frozenset({"pays", "avant"})
"""The details that hold the code of a country; `avant` may also hold a place, whose own keys say what they are."""
FAIT: Final[dict[str, str]] = {
    Demande.DIRE: "un courriel vous a été envoyé",
    Demande.VERIFIER: "une vérification a été demandée",
    Demande.ALERTER: "la cellule de surveillance a été prévenue",
    Demande.FERMER: "la session a été fermée",
}
"""What was done of a signal, as its holder reads it."""


def avec_libelles(details: Mapping[str, object]) -> object:
    """Return these details with the words of the table in place of their keys."""
    return _lues(details)


def en_lignes(details: Mapping[str, object]) -> list[str]:
    """Return each detail as « label : words », those that are empty left out."""
    return [
        f"{DETAILS.get(cle, cle)} : {mots}" for cle, valeur in details.items() if (mots := en_mots(_lues(valeur, cle)))
    ]


def _lues(valeur: object, de: str = "") -> object:
    """Return a detail with the labels of the table in place of the keys of what it holds, and the names of the countries (`de`: its key)."""
    if isinstance(valeur, Mapping):
        return {DETAILS.get(str(cle), str(cle)): _lues(dit, str(cle)) for cle, dit in valeur.items()}
    if isinstance(valeur, list | tuple):
        return [_lues(dit, de) for dit in valeur]
    return nom_du_pays(valeur) if de in PAYS and isinstance(valeur, str) else valeur
