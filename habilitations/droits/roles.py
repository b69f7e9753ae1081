"""The permission matrix, as data (design.md §4). Nothing else knows it."""

from typing import Final

from services import dossiers
from services.banque import droits
from services.messagerie import droits as messagerie

from ..models import Role

UTILISER: Final = dossiers.UTILISER
LIRE_MESSAGERIE: Final = messagerie.LIRE
ECRIRE: Final = messagerie.ECRIRE
GERER_BANQUE: Final = droits.GERER
VOIR_BANQUE: Final = droits.VOIR
SIGNALER_BANQUE: Final = droits.SIGNALER
GERER_COURRIEL: Final = "services.gerer_courriel"
VOIR_HABILITATIONS: Final = "habilitations.voir"
DELEGUER_ACTEUR_DELEGANT: Final = "habilitations.deleguer_acteur_delegant"
DELEGUER_ACTEUR: Final = "habilitations.deleguer_acteur"
RETIRER_DELEGATION: Final = "habilitations.retirer_delegation"
RETIRER_SES_DELEGATIONS: Final = "habilitations.retirer_ses_delegations"
GERER_SUPPLEANTS: Final = "habilitations.gerer_suppleants"

_TOUS = frozenset(Role)
_ADMINISTRATEURS = frozenset({Role.TITULAIRE, Role.SUPPLEANT})
_DELEGANTS = _ADMINISTRATEURS | {Role.ACTEUR_DELEGANT}

# permission -> the roles that give it, read for one SIREN and one service.
MATRICE: Final[dict[str, frozenset[Role]]] = {
    UTILISER: _TOUS,
    LIRE_MESSAGERIE: _TOUS,
    ECRIRE: _TOUS,
    VOIR_BANQUE: _TOUS,
    GERER_BANQUE: _ADMINISTRATEURS,
    SIGNALER_BANQUE: _ADMINISTRATEURS,
    GERER_COURRIEL: _ADMINISTRATEURS,
    VOIR_HABILITATIONS: _ADMINISTRATEURS,
    DELEGUER_ACTEUR_DELEGANT: _ADMINISTRATEURS,
    DELEGUER_ACTEUR: _DELEGANTS,
    RETIRER_DELEGATION: _ADMINISTRATEURS,
    RETIRER_SES_DELEGATIONS: _DELEGANTS,
    GERER_SUPPLEANTS: frozenset({Role.TITULAIRE}),
}


def roles_pour(permission: str) -> frozenset[Role]:
    """Return the roles that give this permission; none for an unknown one (fails closed)."""
    return MATRICE.get(permission, frozenset())


def permissions_de(role: str | None) -> frozenset[str]:
    """Return the permissions that this role gives; none for no role or an unknown one (fails closed)."""
    return frozenset(permission for permission, roles in MATRICE.items() if role in roles)


# role granted -> the permission that it takes.
_ACCORDER: Final[dict[str, str]] = {
    Role.SUPPLEANT: GERER_SUPPLEANTS,
    Role.ACTEUR_DELEGANT: DELEGUER_ACTEUR_DELEGANT,
    Role.ACTEUR: DELEGUER_ACTEUR,
}


def permission_d_accorder(role: str) -> str:
    """Return the permission that granting this role takes; one that nobody has for a role that is not granted."""
    return _ACCORDER.get(role, "")
