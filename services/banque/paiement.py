"""From which accounts a payment may be made: what who pays is offered, masked, and what is said of each (CGU §4.d, domaine.md §2.13).

The portal pays nothing: it says which accounts a téléprocédure would be given. Nothing is written here.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from accounts.saisies.regles import RegleMetier

from .lectures import Compte

COMPTES_PAR_PAIEMENT: Final = 3


class TropDeComptesChoisis(RegleMetier):
    code = "trop_de_comptes_choisis"
    message = "Un paiement se partage entre {limite} comptes au plus ; vous en avez coché {nombre}. Décochez-en."


class CompteNonChoisissable(RegleMetier):
    code = "compte_non_choisissable"
    message = (
        "Un compte que vous aviez coché ne peut plus servir à payer : voici ceux qui le peuvent. Choisissez de nouveau."
    )


@dataclass(frozen=True)
class Paiement:
    """The accounts that may be chosen, those that may not yet or any more, and those that are chosen."""

    offerts: list[Compte]
    ecartes: list[Compte]
    choisis: list[Compte]
    refus: RegleMetier | None = None

    @property
    def mandats_a_remettre(self) -> list[Compte]:
        """Those offered whose mandate was not handed to the bank: it would reject the debit."""
        return [compte for compte in self.offerts if compte.mandat_a_remettre]


def preparer_paiement(comptes: Iterable[Compte], cles: Collection[str]) -> Paiement:
    """Return what is offered of these accounts, and which of them these keys choose; a choice that cannot be is refused whole."""
    lus = list(comptes)
    offerts = [compte for compte in lus if not compte.pourquoi_ecarte]
    ecartes = [compte for compte in lus if compte.pourquoi_ecarte]
    voulus = frozenset(cles)
    choisis = [compte for compte in offerts if str(compte.reference.pk) in voulus]
    refus: RegleMetier | None = None
    if len(choisis) < len(voulus):
        refus = CompteNonChoisissable()
    elif len(choisis) > COMPTES_PAR_PAIEMENT:
        refus = TropDeComptesChoisis(limite=COMPTES_PAR_PAIEMENT, nombre=len(choisis))
    return Paiement(offerts, ecartes, [] if refus else choisis, refus)
