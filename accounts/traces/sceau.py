"""The seal of one line of the journal: a keyed hash, made as it is written, by keys that are not in the database.

A seal reads `key.process.followed.mac`. The MAC covers every column of the line, its number first: a line that somebody without
the key inserts, changes, dates back or gives another number shows by itself. Numbers are drawn before their transaction commits
and may be lost with it, so a missing number proves nothing; hence `followed`: how many lines the process that writes knew to
be committed, by itself, when it wrote this one. Whoever removes lines, the last ones of all included, leaves the next line of
that process following more lines than there are (`accounts/traces/verification.py`). Nothing waits for anything: a process
counts its own commits in its own memory, and begins again under another name when it begins again.
"""

import hashlib
import hmac
import ipaddress
import json
import os
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from threading import Lock
from typing import Any, Final

from django.conf import settings
from django.db import transaction

COLONNES: Final = (
    "id",
    "quand",
    "acte",
    "auteur",
    "espace",
    "siren",
    "service",
    "adresse_ip",
    "requete",
    "details",
    "sceau",
)
FORME: Final = r"^[0-9a-f]{8}\.[0-9a-f]{12}\.[0-9]{1,12}\.[0-9a-f]{64}$"
_FORME = re.compile(FORME)


class CleInconnue(LookupError):
    """No key of CLE_JOURNAL has this name: an older one was taken out, or nobody of ours wrote this."""


# --- Keys: the first one writes, all of them read


@cache
def _nom(cle: str) -> str:
    return hashlib.sha256(b"journal\x00" + cle.encode()).hexdigest()[:8]


def nom_de_cle() -> str:
    """Return the name of the key that writes; it tells nothing of the key."""
    return _nom(settings.CLES_JOURNAL[0])


def cle_nommee(nom: str) -> bytes:
    """Return the key of this name. Raises: CleInconnue."""
    for cle in settings.CLES_JOURNAL:
        if _nom(cle) == nom:
            return bytes(cle.encode())
    raise CleInconnue(nom)


def sceller_texte(objet: str, texte: bytes) -> str:
    """Return `key.mac` of a text that is no line (a block, what was dropped); `objet` keeps one kind from passing for another."""
    nom = nom_de_cle()
    return f"{nom}.{_mac(cle_nommee(nom), objet.encode() + bytes(1) + texte)}"


def est_scelle(objet: str, texte: bytes, sceau: str) -> bool:
    """Whether this seal is that of this text, by one of our keys."""
    nom, _, mac = sceau.partition(".")
    try:
        return hmac.compare_digest(mac.encode(), _mac(cle_nommee(nom), objet.encode() + bytes(1) + texte).encode())
    except CleInconnue:
        return False


def _mac(cle: bytes, message: bytes) -> str:
    return hmac.digest(cle, message, "sha256").hex()


# --- The process that writes


class _Temoin:
    """What this process remembers of the journal: its own name, and how many lines it knows to be committed."""

    def __init__(self) -> None:
        self.verrou = Lock()
        self.recommencer()

    def recommencer(self) -> None:
        self.verrou = Lock()
        self.processus = secrets.token_hex(6)
        self.suivis = 0

    def etat(self) -> tuple[str, int]:
        """Return the name of this process, and how many of its lines are known to be committed now."""
        with self.verrou:
            return self.processus, self.suivis

    def noter(self, processus: str) -> None:
        with self.verrou:
            if processus == self.processus:  # a line begun under an earlier name is not one of ours
                self.suivis += 1


temoin = _Temoin()
os.register_at_fork(after_in_child=temoin.recommencer)  # two processes never count under one name


# --- The line


_encoder = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


@lru_cache(maxsize=4096)
def _adresse(adresse: str | None) -> str:
    """Return an address in the one form that does not depend on who wrote it."""
    return ipaddress.ip_address(adresse).packed.hex() if adresse else ""


def texte_de_ligne(ligne: Sequence[Any]) -> bytes:
    """Return every column of a line but its seal as bytes, always the same ones for the same line."""
    numero, quand, acte, auteur, espace, siren, service, adresse, requete, details = ligne[:10]
    date = quand.astimezone(UTC).isoformat(timespec="microseconds")
    valeurs = [numero, date, acte, auteur, espace, siren, service, _adresse(adresse), requete, details]
    return _encoder(valeurs).encode()


def sceller_ligne(
    suite: tuple[str, int],
    *,
    numero: int,
    quand: datetime,
    acte: str,
    auteur: str,
    espace: str,
    siren: str,
    service: str,
    adresse_ip: str | None,
    requete: str,
    details: dict[str, Any],
) -> str:
    """Return the seal of a line about to be written, in its transaction; it is counted once that commits.

    `suite` is what the process knew (`_Temoin.etat`) before the number was drawn.
    """
    lus = json.loads(json.dumps(details))  # as the database gives them back
    texte = texte_de_ligne((numero, quand, acte, auteur, espace, siren, service, adresse_ip, requete, lus))
    processus, suivis = suite
    sceau = sceau_de(texte, processus=processus, suivis=suivis)
    transaction.on_commit(lambda: temoin.noter(processus))
    return sceau


def sceau_de(texte: bytes, *, processus: str, suivis: int) -> str:
    """Return the seal of a line's text, written by this process when it followed so many of its own."""
    nom = nom_de_cle()
    debut = f"{nom}.{processus}.{suivis}"
    return f"{debut}.{_mac(cle_nommee(nom), _message(debut, texte))}"


def _message(debut: str, texte: bytes) -> bytes:
    return b"ligne\x00" + debut.encode() + bytes(1) + texte


def ligne_authentique(ligne: Sequence[Any]) -> bool:
    """Whether the seal of a line (`COLONNES`) is that of what it says, by one of our keys."""
    return texte_authentique(texte_de_ligne(ligne), ligne[10])


def texte_authentique(texte: bytes, sceau: str) -> bool:
    """The same, of a line's text."""
    if not _FORME.match(sceau):
        return False
    debut, _, mac = sceau.rpartition(".")
    try:
        cle = cle_nommee(debut[:8])
    except CleInconnue:
        return False
    return hmac.compare_digest(mac, _mac(cle, _message(debut, texte)))


# --- The tree of a block, as RFC 6962 §2.1 builds it: one line can be proved to somebody who sees no other


def feuille(texte: bytes, sceau: str) -> bytes:
    """Return the leaf of a line's text. Its seal, which nobody guesses, keeps a neighbour's leaf from being tried out."""
    return hashlib.sha256(b"\x00" + texte + sceau.encode()).digest()


def _noeud(gauche: bytes, droite: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + gauche + droite).digest()


def racine(feuilles: Sequence[bytes]) -> str:
    """Return the root (hex) of the tree over these leaves, at least one."""
    etage = list(feuilles)
    while len(etage) > 1:
        etage = _etage_du_dessus(etage)
    return etage[0].hex()


def chemin(feuilles: Sequence[bytes], rang: int) -> list[list[str]]:
    """Return what leads from the leaf at `rang` to the root: at each floor its neighbour, on the left (`g`) or right (`d`)."""
    etage, trouve = list(feuilles), []
    while len(etage) > 1:
        voisin = rang ^ 1
        if voisin < len(etage):
            trouve.append(["d" if voisin > rang else "g", etage[voisin].hex()])
        etage, rang = _etage_du_dessus(etage), rang // 2
    return trouve


def _etage_du_dessus(etage: list[bytes]) -> list[bytes]:
    paires = [_noeud(gauche, droite) for gauche, droite in zip(etage[::2], etage[1::2], strict=False)]
    return paires + (etage[-1:] if len(etage) % 2 else [])
