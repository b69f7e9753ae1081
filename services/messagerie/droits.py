"""Who may read and who may write in the mailbox of a personne: the one question that page, act and admin ask (CGU §2.3).

Answered by the permission backend (habilitations/droits): its Messagerie gives both, to whom the matrix says; nobody writes
any longer for a personne whose rights are reduced to consultation.
"""

from collections.abc import Callable, Collection
from typing import Final

from accounts.models import Espace
from accounts.saisies.regles import RegleMetier

from ..models import PersonneSirenisee

LIRE: Final = "services.lire_messagerie"
ECRIRE: Final = "services.ecrire"

type Lecteurs = Callable[[PersonneSirenisee], Collection[Espace]]
"""Returns who may read the mailbox of a personne today, each with its account."""
type SesPersonnes = Callable[[Espace], Collection[int]]
"""Returns the keys of the personnes whose mailbox an espace may read today: one query."""

type Retenir = Callable[[Espace, PersonneSirenisee], None]
"""Keeps what gives an espace the mailbox of a personne as it is until the transaction ends."""


class MessagerieNonDetenue(RegleMetier):
    code = "messagerie_non_detenue"
    message = "Vous ne détenez pas le service Messagerie {denomination:de} : vous ne pouvez pas y écrire."


class MessagerieEnConsultation(RegleMetier):
    code = "messagerie_en_consultation"
    message = "{denomination} a cessé son activité : sa messagerie peut encore être lue, mais plus aucun message ne peut y être écrit."


def peut_lire(espace: Espace, personne: PersonneSirenisee) -> bool:
    """Whether this espace may read the mailbox of this personne today."""
    return espace.compte is not None and espace.compte.has_perm(LIRE, personne)


def peut_ecrire(espace: Espace, personne: PersonneSirenisee) -> bool:
    """Whether this espace may write in the mailbox of this personne today."""
    return espace.compte is not None and espace.compte.has_perm(ECRIRE, personne)


def exiger_ecriture(acteur: Espace, personne: PersonneSirenisee) -> None:
    """Check that this espace may write for this personne today. Raises: MessagerieNonDetenue, MessagerieEnConsultation."""
    if peut_ecrire(acteur, personne):
        return
    if peut_lire(acteur, personne):
        raise MessagerieEnConsultation(denomination=personne.denomination)
    raise MessagerieNonDetenue(denomination=personne.denomination)


_LECTEURS: list[Lecteurs] = []
_SES_PERSONNES: list[SesPersonnes] = []
_RETENIR: list[Retenir] = []


def inscrire_lecteurs(lecteurs: Lecteurs, ses_personnes: SesPersonnes, retenir: Retenir) -> None:
    """Give what the floor above knows: who reads a mailbox, whose mailboxes an espace reads, how its right is locked."""
    _LECTEURS[:] = [lecteurs]
    _SES_PERSONNES[:] = [ses_personnes]
    _RETENIR[:] = [retenir]


def lecteurs_de(personne: PersonneSirenisee) -> list[Espace]:
    """Return the espaces that may read the mailbox of this personne today, as the floor above says."""
    return [espace for lire in _LECTEURS for espace in lire(personne)]


def personnes_de(espace: Espace) -> list[int]:
    """Return the keys of the personnes whose mailbox this espace may read today."""
    return sorted({cle for lire in _SES_PERSONNES for cle in lire(espace)})


def retenir_le_droit(acteur: Espace, personne: PersonneSirenisee) -> None:
    """Lock what gives this espace this mailbox: a withdrawal waits for the end of the act, or the act finds it done."""
    for retenir in _RETENIR:
        retenir(acteur, personne)
