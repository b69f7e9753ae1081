"""Who may see and who may change the accounts of a personne: the one question that page, act and mandate ask (R20, CGU §4.d).

Answered by the permission backend (habilitations/droits): any paying service of the personne gives it, to whom the matrix says.
"""

from collections.abc import Callable, Collection
from typing import Final

from accounts.models import Espace
from accounts.saisies.regles import RegleMetier

from ..models import PersonneSirenisee

GERER: Final = "services.gerer_banque"
VOIR: Final = "services.voir_banque"
SIGNALER: Final = "services.signaler_banque"

type Administrateurs = Callable[[PersonneSirenisee], Collection[Espace]]
"""Returns who administers some service of this personne today."""


class GestionBanqueRequise(RegleMetier):
    code = "gestion_banque_requise"
    message = (
        "Seul l’administrateur titulaire ou suppléant d’un service de paiement {denomination:de} peut ajouter, supprimer ou "
        "renommer ses comptes bancaires."
    )


class SignalementBanqueRequis(RegleMetier):
    code = "signalement_banque_requis"
    message = (
        "Seul un administrateur titulaire ou suppléant d’un service {denomination:de} peut signaler un changement de ses comptes "
        "bancaires."
    )


def peut(espace: Espace, permission: str, personne: PersonneSirenisee) -> bool:
    """Whether this espace has this permission on this personne today."""
    return espace.compte is not None and espace.compte.has_perm(permission, personne)


def exiger_gestion(acteur: Espace, personne: PersonneSirenisee) -> None:
    """Check that this espace may change the accounts of this personne today. Raises: GestionBanqueRequise."""
    if not peut(acteur, GERER, personne):
        raise GestionBanqueRequise(denomination=personne.denomination)


def exiger_signalement(acteur: Espace, personne: PersonneSirenisee) -> None:
    """Check that this espace is told of the changes of these accounts, and may say no. Raises: SignalementBanqueRequis."""
    if not peut(acteur, SIGNALER, personne):
        raise SignalementBanqueRequis(denomination=personne.denomination)


_ADMINISTRATEURS: list[Administrateurs] = []


def inscrire_administrateurs(administrateurs: Administrateurs) -> None:
    """Give what the floor above knows: whom every change is told."""
    _ADMINISTRATEURS[:] = [administrateurs]


def administrateurs_de(personne: PersonneSirenisee) -> list[Espace]:
    """Return who administers some service of this personne, as the floor above says."""
    return [espace for lire in _ADMINISTRATEURS for espace in lire(personne)]
