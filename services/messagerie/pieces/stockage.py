"""Where the encrypted files lie: Django's storage « pieces », a folder that no web server reads (docs/exploitation.md)."""

import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import IO, Any, Final

import structlog
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from accounts.saisies.regles import RegleMetier

ALIAS: Final = "pieces"
log = structlog.get_logger(__name__)


class StockageIndisponible(RegleMetier):
    code = "stockage_indisponible"
    statut = 503
    message = (
        "Le fichier n’a pas pu être enregistré : le dépôt des fichiers ne répond pas ou est plein. Rien n’est perdu de ce que "
        "vous avez écrit. Réessayez dans quelques minutes, ou envoyez votre message sans pièce jointe."
    )


class Depot(FileSystemStorage):
    """A folder whose files are on the disk once they are said to be saved."""

    def _save(self, name: str, content: "File[Any]") -> str:
        nom: str = super()._save(name, content)  # type: ignore[misc]
        for chemin in (self.path(nom), os.path.dirname(self.path(nom))):
            descripteur = os.open(chemin, os.O_RDONLY)
            try:
                os.fsync(descripteur)
            finally:
                os.close(descripteur)
        return nom


class _Flot(File):
    """What is saved as it is made, with the fingerprint of what went through."""

    def __init__(self, morceaux: Iterable[bytes]) -> None:
        super().__init__(None)
        self.morceaux = morceaux
        self.empreinte = hashlib.sha256()

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        for morceau in self.morceaux:
            self.empreinte.update(morceau)
            yield morceau


def depot() -> Storage:
    return storages[ALIAS]


def nom_de(piece: uuid.UUID) -> str:
    """Return the name of its file: of its row alone, in one of 256 folders."""
    return f"{piece.hex[:2]}/{piece.hex}"


def deposer(piece: uuid.UUID, morceaux: Iterable[bytes]) -> str:
    """Write the file of this row, whole or not at all; return the SHA-256 of what was written. Raises: StockageIndisponible."""
    nom, flot = nom_de(piece), _Flot(morceaux)
    try:
        depot().save(nom, flot)
    except OSError as erreur:
        log.exception("depot_en_panne", piece=str(piece), erreur=type(erreur).__name__)
        retirer(nom)
        raise StockageIndisponible from erreur
    return flot.empreinte.hexdigest()


def ouvrir(nom: str) -> IO[bytes]:
    """Open what was written under this name. Raises: OSError."""
    return depot().open(nom, "rb")


def retirer(nom: str) -> None:
    """Delete this file; one that cannot be is left to the sweep."""
    with suppress(OSError):
        depot().delete(nom)
