"""The queues of /gestion/: each app declares its own in `AppConfig.ready`; this floor knows only that something waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from ..models import Agent
from .fonctions import BUREAU


@dataclass(frozen=True, kw_only=True)
class File:
    """One queue: what waits in it (`accounts.models.Affaire.file`), whose work it is, and when it is late."""

    code: str
    libelle: str
    singulier: str
    modele: str
    """The label of the model whose page in the admin shows one of them: `habilitations.cessation`."""
    retard: timedelta
    rang: int
    """Its place on the home page."""
    fonctions: frozenset[Agent.Fonction] = BUREAU


_FILES: dict[str, File] = {}


class FileDejaDeclaree(ValueError):
    """Two queues bear the same code."""


def inscrire(*files: File) -> None:
    """Add queues to the desk; twice the same changes nothing. Raises: FileDejaDeclaree."""
    for file in files:
        if _FILES.setdefault(file.code, file) != file:
            raise FileDejaDeclaree(file.code)


def catalogue() -> Mapping[str, File]:
    """Return every queue by its code."""
    return MappingProxyType(_FILES)


def files_de(agent: Agent) -> list[File]:
    """Return the queues that are this agent's work, in the order of the home page."""
    return sorted((file for file in _FILES.values() if agent.fonction in file.fonctions), key=lambda file: file.rang)


def files_du_modele(modele: str) -> list[str]:
    """Return the codes of the queues whose things are of this model."""
    return [file.code for file in _FILES.values() if file.modele == modele]
