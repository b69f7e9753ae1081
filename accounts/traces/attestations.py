"""What leaves the database every day: the journal's last number and hash, signed (Ed25519). Whoever cuts the journal cannot cut those.

A statement holds the hash of the one before. It goes to the log, to the security officer's mailbox and to a folder; the public key
is at `/.well-known/journal.json`. The signing key is derived from the first key of CLE_JOURNAL, the former ones go on verifying.
"""

import base64
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from ..models import Attestation, BlocScelle, Evenement

log = structlog.get_logger("espacepro.journal")
ENTRE_DEUX: Final = timedelta(hours=20)  # one a day, whatever the hour of the job
RATTRAPEES: Final = 60  # of the last ones, those that are missing are written to the folder
_VERROU = 0xA77E57  # advisory lock: one statement at a time


# --- Keys


@lru_cache(maxsize=16)
def _cle(secret: str) -> Ed25519PrivateKey:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"attestation du journal")
    return Ed25519PrivateKey.from_private_bytes(derivation.derive(secret.encode()))


def _nom(cle: Ed25519PublicKey) -> str:
    return hashlib.sha256(cle.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def cles_publiques() -> dict[str, Ed25519PublicKey]:
    """Return the public keys by name, the one that signs first."""
    publiques = [_cle(secret).public_key() for secret in settings.CLES_JOURNAL]
    return {_nom(cle): cle for cle in publiques}


def pem(cle: Ed25519PublicKey) -> str:
    """Return a public key as `openssl` reads it."""
    return cle.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signer(texte: bytes) -> tuple[str, str]:
    """Return the name of the key that signs, and the signature (base64)."""
    cle = _cle(settings.CLES_JOURNAL[0])
    return _nom(cle.public_key()), base64.b64encode(cle.sign(texte)).decode()


def est_signe(texte: bytes, signature: str) -> bool:
    """Whether one of our keys has signed this text."""
    try:
        octets = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    for cle in cles_publiques().values():
        try:
            cle.verify(octets, texte)
        except InvalidSignature:
            continue
        return True
    return False


# --- A statement


@dataclass(frozen=True)
class Declaration:
    """What a statement says, read again from its text."""

    numero: int
    faite_le: datetime
    dernier_evenement: int
    bloc: int
    empreinte: str
    precedente: str
    texte: str
    signature: str

    @property
    def empreinte_du_texte(self) -> str:
        """The hash by which the next statement names this one."""
        return hashlib.sha256(self.texte.encode()).hexdigest()


class AttestationIllisible(ValueError):
    """This is no statement of the journal."""


def lire_declaration(texte: str, signature: str) -> Declaration:
    """Return what a statement says. Raises: AttestationIllisible."""
    try:
        dit: Mapping[str, Any] = json.loads(texte)
        return Declaration(
            numero=int(dit["numero"]),
            faite_le=datetime.fromisoformat(dit["faite_le"]).astimezone(UTC),
            dernier_evenement=int(dit["dernier_evenement"]),
            bloc=int(dit["bloc"]),
            empreinte=str(dit["empreinte"]),
            precedente=str(dit["precedente"]),
            texte=texte,
            signature=signature,
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as erreur:
        raise AttestationIllisible(texte[:80]) from erreur


@transaction.atomic
def attester(*, force: bool = False) -> Attestation | None:
    """Sign what the journal is now and return the statement, written and mailed; None where there is one of today, or no block.

    Seal what waits before. Safe to run twice or at once.
    """
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_advisory_xact_lock(%s)", [_VERROU])
    maintenant = timezone.now()
    derniere = Attestation.objects.order_by("-numero").first()
    bloc = BlocScelle.objects.order_by("-numero").first()
    if bloc is None or (derniere and not force and derniere.faite_le > maintenant - ENTRE_DEUX):
        return None
    numero = derniere.numero + 1 if derniere else 1
    dit = {
        "journal": settings.SITE_URL,
        "numero": numero,
        "faite_le": maintenant.astimezone(UTC).isoformat(timespec="seconds"),
        "dernier_evenement": Evenement.objects.order_by("-id").values_list("id", flat=True).first() or 0,
        "bloc": bloc.numero,
        "empreinte": bloc.empreinte,
        "precedente": hashlib.sha256(derniere.contenu.encode()).hexdigest() if derniere else "",
        "cle": next(iter(cles_publiques())),
    }
    contenu = json.dumps(dit, separators=(",", ":"), ensure_ascii=False)
    attestation = Attestation.objects.create(
        numero=numero, faite_le=maintenant, contenu=contenu, signature=signer(contenu.encode())[1]
    )
    transaction.on_commit(lambda: _ecrire_au_log(dit, attestation.signature))
    return attestation


def _ecrire_au_log(dit: Mapping[str, Any], signature: str) -> None:
    """The hash and the signature in groups: the log masks whatever is as long as the secret of a link."""
    log.info(
        "journal_atteste",
        **{nom: dit[nom] for nom in ("numero", "dernier_evenement", "bloc", "cle")},
        empreinte=par_groupes(dit["empreinte"]),
        signature=par_groupes(signature),
    )


def par_groupes(texte: str) -> str:
    """Return a long hash as a person reads it."""
    return " ".join(texte[rang : rang + 8] for rang in range(0, len(texte), 8))


# --- The folder


def deposer_fichiers(dossier: Path | None = None) -> list[Path]:
    """Write the last statements that are missing in the folder: the text, its signature, the keys. Never over a file. Raises: OSError."""
    dossier = dossier or settings.DOSSIER_ATTESTATIONS
    dossier.mkdir(parents=True, exist_ok=True)
    ecrits = []
    a_ecrire = {f"cle-{nom}.pem": pem(cle).encode() for nom, cle in cles_publiques().items()}
    for attestation in Attestation.objects.order_by("-numero")[:RATTRAPEES]:
        nom = f"attestation-{attestation.numero:06}"
        a_ecrire[f"{nom}.json"] = attestation.contenu.encode()
        a_ecrire[f"{nom}.sig"] = base64.b64decode(attestation.signature)
    for nom, octets in a_ecrire.items():
        if not (dossier / nom).exists():
            provisoire = dossier / f".{nom}.{os.getpid()}"
            provisoire.write_bytes(octets)
            provisoire.replace(dossier / nom)
            ecrits.append(dossier / nom)
    return ecrits


def declarations_du_dossier(dossier: Path) -> Iterator[Declaration]:
    """Yield the statements that a folder holds. Raises: AttestationIllisible."""
    for fichier in sorted(dossier.glob("attestation-*.json")):
        sceau = fichier.with_suffix(".sig")
        signature = base64.b64encode(sceau.read_bytes()).decode() if sceau.exists() else ""
        try:
            texte = fichier.read_text(encoding="utf-8")
        except UnicodeDecodeError as erreur:
            raise AttestationIllisible(fichier.name) from erreur
        yield lire_declaration(texte, signature)
