"""The catalogue of journal acts: each is declared once, in the `actes.py` of its app, and closed unless it says otherwise."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType, ModuleType
from typing import Final


class Lecteur(StrEnum):
    """An espace that may be shown a line. The agents of the personne's service gestionnaire read every line."""

    DETENTEUR = "le détenteur de l’espace nommé"
    AUTRE_PARTIE = "qui a agi, de son espace, sur l’espace d’un autre"
    ADMINISTRATEURS = "les administrateurs du service et du SIREN nommés"
    ADMINISTRATEURS_DEMANDE = "les administrateurs d’un service de la demande nommée"
    ADMINISTRATEURS_MESSAGERIE = "les administrateurs de la Messagerie du SIREN nommé"
    ADMINISTRATEURS_PAIEMENT = "les administrateurs d’un service de paiement du SIREN nommé"


AGENTS_SEULS: Final[frozenset[Lecteur]] = frozenset()
SOI: Final = frozenset({Lecteur.DETENTEUR})
PARTIES: Final = frozenset({Lecteur.DETENTEUR, Lecteur.AUTRE_PARTIE})
ADMINISTRATEURS: Final = frozenset(
    {
        Lecteur.ADMINISTRATEURS,
        Lecteur.ADMINISTRATEURS_DEMANDE,
        Lecteur.ADMINISTRATEURS_MESSAGERIE,
        Lecteur.ADMINISTRATEURS_PAIEMENT,
    }
)


class ActeNonDeclare(LookupError):
    """This act is not in the catalogue: declare it in the `actes.py` of its app."""


class ActeDejaDeclare(ValueError):
    """Two declarations bear the same code."""


class DetailNonDeclare(ValueError):
    """The details hold a key that the declaration of the act does not name."""


@dataclass(frozen=True)
class Cas:
    """Who reads an act, and whether its administrators are told who: all closed. `libelle`: other words for them."""

    lecteurs: frozenset[Lecteur] = AGENTS_SEULS
    anonyme: bool = True
    libelle: str = ""


@dataclass(frozen=True)
class Acte:
    """One kind of act. Its stored code never changes, and its declaration stays as long as the journal has its lines.

    lecteurs: the espaces shown it; nobody by default, but agents.
    anonyme: whether administrators are kept from whom it is about (unless it is themselves, or he got their service).
    details: the only keys that its details may hold.
    natures: what differs for the lines whose details have this `nature`.
    """

    code: str
    libelle: str
    lecteurs: frozenset[Lecteur] = AGENTS_SEULS
    anonyme: bool = True
    details: tuple[str, ...] = ()
    natures: Mapping[str, Cas] = field(default_factory=dict)

    def cas(self, nature: str = "") -> Cas:
        """Return what is declared for a line of this nature, with the words of the act where it has none of its own."""
        propre = self.natures.get(nature, Cas(self.lecteurs, self.anonyme))
        return Cas(propre.lecteurs, propre.anonyme, propre.libelle or self.libelle)

    def exiger_details(self, details: Iterable[str]) -> None:
        """Check that these keys are declared. Raises: DetailNonDeclare."""
        if inconnus := sorted(set(details) - set(self.details)):
            raise DetailNonDeclare(f"{self.code} : {', '.join(inconnus)}")


_catalogue: dict[str, Acte] = {}


def inscrire(module: ModuleType) -> None:
    """Enter in the catalogue the acts that this module declares; twice changes nothing. Raises: ActeDejaDeclare."""
    for acte in vars(module).values():
        if isinstance(acte, Acte) and _catalogue.setdefault(acte.code, acte) is not acte:
            raise ActeDejaDeclare(acte.code)


def catalogue() -> Mapping[str, Acte]:
    """Return every act of every floor by its code, lower floors first."""
    return MappingProxyType(_catalogue)


def exiger_declare(acte: Acte) -> None:
    """Check that this very object is in the catalogue. Raises: ActeNonDeclare."""
    if not isinstance(acte, Acte) or _catalogue.get(acte.code) is not acte:
        raise ActeNonDeclare(str(acte))
