"""What the files of one request may cost to examine, all together: seconds of processor, asked between two pieces of a file."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from .regles import PieceDemesuree, PieceNonExaminee

PATIENCE: Final = 4.0  # seconds of processor for the files of one request; the largest honest document takes two
LONGUE: Final = 1.0  # seconds: a file that took more counts as one that is refused, even when it is taken


class Patience:
    """What is left to the files of one request: one object for all of them, in the thread that examines them."""

    def __init__(self) -> None:
        self.depense = 0.0
        """Seconds that the files before this one have taken."""
        self.derniere = 0.0
        """Seconds that the last file examined has taken."""
        self._debut = time.thread_time()

    def exiger(self, nom: str) -> None:
        """Ask, before a file of this name is examined, whether any may be. Raises: PieceNonExaminee."""
        if self.depense >= PATIENCE:
            raise PieceNonExaminee(nom=nom)

    @contextmanager
    def un_fichier(self) -> Iterator[None]:
        """Within it one file is examined; what it took is spent, whatever became of it."""
        self._debut = time.thread_time()
        try:
            yield
        finally:
            self.derniere = time.thread_time() - self._debut
            self.depense += self.derniere

    def continuer(self, nom: str) -> None:
        """Ask, between two pieces of this file. Raises: PieceDemesuree, PieceNonExaminee where others before it have taken the time."""
        if self.depense + time.thread_time() - self._debut > PATIENCE:
            raise (PieceDemesuree if self.depense < PATIENCE / 10 else PieceNonExaminee)(nom=nom)
