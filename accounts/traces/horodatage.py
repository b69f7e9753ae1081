"""A time stamp of somebody else's on a statement of the journal (RFC 3161): asked over HTTP, read and verified here.

DER is read by its few rules (X.690): a request is five values, and of an answer we look at the imprint, the time and the signature.

Not by the library `rfc3161-client`, tried in 1.0.9 (30 November 2026). It verifies a token of `openssl ts` that holds one
certificate, by RSA as by EC, with its imprint, nonce, use and time, and no token altered byte by byte passed for another; but:

- it reads the certificates of a token only in the order of DER (`InvalidSetOrdering`), and refuses `openssl ts` where that one adds
  its issuer (`certs =`); its users report that it does not read DigiCert's either (its issue 104). An authority which answers so could not be
  asked at all, and tokens kept from before would read as false;
- it believes an authority by a self-signed root alone: neither by the authority's own certificate nor by an issuer that is not a root
  (`unable to get local issuer certificate`), both of which `HORODATAGE_CERTIFICATS` allows.
"""

import hashlib
import secrets
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

DELAI_DE_REPONSE: Final = 10  # seconds: for the authority to answer
TAILLE_MAX: Final = 100_000
VALEURS_DUES: Final = 5  # of a TSTInfo (RFC 3161 §2.4.2)
ENTIER, OCTETS, SUITE, ENSEMBLE = 0x02, 0x04, 0x30, 0x31
_SHA256 = bytes.fromhex("300d06096086480165030402010500")  # AlgorithmIdentifier
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
_TST_INFO = bytes.fromhex("2a864886f70d0109100104")
_EMPREINTES: Final[dict[bytes, hashes.HashAlgorithm]] = {
    bytes.fromhex("608648016503040201"): hashes.SHA256(),
    bytes.fromhex("608648016503040202"): hashes.SHA384(),
    bytes.fromhex("608648016503040203"): hashes.SHA512(),
}


class JetonInvalide(Exception):
    """This is no time stamp of that text by an authority that we trust; the message says why."""


class AutoriteInjoignable(Exception):
    """The authority does not answer, or refuses."""


# --- DER


@dataclass(frozen=True)
class Valeur:
    """One value: its tag, what is in it, and the bytes that it is written with."""

    balise: int
    contenu: bytes
    brut: bytes

    def enfants(self) -> list["Valeur"]:
        """Return the values that this one holds. Raises: JetonInvalide."""
        trouves, reste = [], self.contenu
        while reste:
            valeur = lire_der(reste)
            trouves.append(valeur)
            reste = reste[len(valeur.brut) :]
        return trouves


def lire_der(octets: bytes) -> Valeur:
    """Return the first value of these bytes. Raises: JetonInvalide."""
    try:
        taille, debut = octets[1], 2
        if taille & 0x80:
            debut = 2 + (taille & 0x7F)
            taille = int.from_bytes(octets[2:debut])
        contenu = octets[debut : debut + taille]
    except IndexError as erreur:
        raise JetonInvalide("DER tronqué") from erreur
    if len(contenu) != taille:
        raise JetonInvalide("DER tronqué")
    return Valeur(octets[0], contenu, octets[: debut + taille])


def _der(balise: int, contenu: bytes) -> bytes:
    taille = len(contenu)
    if taille < 0x80:
        return bytes([balise, taille]) + contenu
    longueur = taille.to_bytes((taille.bit_length() + 7) // 8)
    return bytes([balise, 0x80 | len(longueur)]) + longueur + contenu


# --- Asking


def requete(texte: bytes, nonce: int) -> bytes:
    """Return the request (DER) of a time stamp on this text, with the authority's certificate in the answer."""
    empreinte = _der(SUITE, _SHA256 + _der(OCTETS, hashlib.sha256(texte).digest()))
    entier = _der(ENTIER, nonce.to_bytes(nonce.bit_length() // 8 + 1))
    return _der(SUITE, _der(ENTIER, b"\x01") + empreinte + entier + b"\x01\x01\xff")


def demander(url: str, texte: bytes) -> bytes:
    """Ask the authority for a time stamp on this text and return its answer, ours by its imprint and nonce.

    Raises: AutoriteInjoignable, JetonInvalide.
    """
    nonce = secrets.randbits(64)
    demande = urllib.request.Request(  # noqa: S310 - the address is the operator's (HORODATAGE_URL)
        url, requete(texte, nonce), {"Content-Type": "application/timestamp-query"}
    )
    try:
        with urllib.request.urlopen(demande, timeout=DELAI_DE_REPONSE) as reponse:  # noqa: S310  # nosec B310
            octets: bytes = reponse.read(TAILLE_MAX)
    except (OSError, HTTPException) as erreur:
        raise AutoriteInjoignable(str(erreur)) from erreur
    if nonce not in {int.from_bytes(v.contenu) for v in _informations(octets) if v.balise == ENTIER}:
        raise JetonInvalide("la réponse n’est pas celle de cette demande")
    _exiger_empreinte(_informations(octets), texte)
    return octets


# --- Reading and verifying


def _jeton(reponse: bytes) -> list[Valeur]:
    """Return the parts of the signed data of an answer. Raises: AutoriteInjoignable for a refusal, JetonInvalide."""
    try:
        etat, *jetons = lire_der(reponse).enfants()
        if etat.enfants()[0].contenu not in {b"\x00", b"\x01"}:
            raise AutoriteInjoignable("l’autorité refuse la demande")
        (jeton,) = jetons
        return jeton.enfants()[1].enfants()[0].enfants()
    except (ValueError, IndexError) as erreur:
        raise JetonInvalide("réponse illisible") from erreur


def _contenu(parties: Sequence[Valeur]) -> bytes:
    try:
        nature, contenu = parties[2].enfants()
        if nature.contenu != _TST_INFO:
            raise JetonInvalide("ce n’est pas un jeton d’horodatage")
        return contenu.enfants()[0].contenu
    except (ValueError, IndexError) as erreur:
        raise JetonInvalide("jeton illisible") from erreur


def _informations(reponse: bytes) -> list[Valeur]:
    """Return the values of the TSTInfo, of which five are due: version, policy, imprint, number, time. Raises: JetonInvalide."""
    informations = lire_der(_contenu(_jeton(reponse))).enfants()
    if len(informations) < VALEURS_DUES:
        raise JetonInvalide("jeton illisible")
    return informations


def _exiger_empreinte(informations: Sequence[Valeur], texte: bytes) -> None:
    if _der(SUITE, _SHA256 + _der(OCTETS, hashlib.sha256(texte).digest())) != informations[2].brut:
        raise JetonInvalide("le jeton est celui d’un autre texte")


def verifier_jeton(reponse: bytes, texte: bytes, autorites: Iterable[x509.Certificate]) -> datetime:
    """Return when the authority saw this text, once its signature is that of one of these certificates, or of one that they issued.

    Raises: JetonInvalide, AutoriteInjoignable.
    """
    parties = _jeton(reponse)
    contenu, informations = _contenu(parties), _informations(reponse)
    _exiger_empreinte(informations, texte)
    signataire = _certificats(parties)
    try:
        attributs, signature, empreinte = _signature(parties)
        _exiger_resume(attributs, contenu, empreinte)
        date = datetime.strptime(informations[4].contenu.decode().split(".")[0].rstrip("Z"), "%Y%m%d%H%M%S")  # noqa: DTZ007
    except (ValueError, IndexError) as erreur:
        raise JetonInvalide("signature illisible") from erreur
    quand = date.replace(tzinfo=UTC)
    for certificat in [*signataire, *autorites]:
        if _a_signe(certificat, signature, _der(ENSEMBLE, attributs.contenu), empreinte):
            _exiger_confiance(certificat, autorites, quand)
            return quand
    raise JetonInvalide("la signature n’est d’aucun certificat connu")


def _certificats(parties: Sequence[Valeur]) -> list[x509.Certificate]:
    try:
        return [x509.load_der_x509_certificate(c.brut) for p in parties if p.balise == 0xA0 for c in p.enfants()]
    except (ValueError, x509.InvalidVersion) as erreur:
        raise JetonInvalide("certificat illisible") from erreur


def _signature(parties: Sequence[Valeur]) -> tuple[Valeur, bytes, hashes.HashAlgorithm]:
    """Return the signed attributes, the signature and its hash. Raises: ValueError, IndexError."""
    (signataire,) = parties[-1].enfants()
    _, _, algorithme, attributs, _, signature, *_ = signataire.enfants()
    resume = _EMPREINTES.get(algorithme.enfants()[0].contenu)
    if resume is None or attributs.balise != 0xA0:
        raise JetonInvalide("algorithme inconnu")
    return attributs, signature.contenu, resume


def _exiger_resume(attributs: Valeur, contenu: bytes, empreinte: hashes.HashAlgorithm) -> None:
    calcul = hashes.Hash(empreinte)
    calcul.update(contenu)
    resume = calcul.finalize()
    for attribut in attributs.enfants():
        nom, valeurs = attribut.enfants()
        if nom.contenu == _MESSAGE_DIGEST and valeurs.enfants()[0].contenu == resume:
            return
    raise JetonInvalide("le contenu n’est pas celui qui a été signé")


def _a_signe(certificat: x509.Certificate, signature: bytes, texte: bytes, empreinte: hashes.HashAlgorithm) -> bool:
    try:
        cle = certificat.public_key()
        if isinstance(cle, rsa.RSAPublicKey):
            cle.verify(signature, texte, padding.PKCS1v15(), empreinte)
        elif isinstance(cle, ec.EllipticCurvePublicKey):
            cle.verify(signature, texte, ec.ECDSA(empreinte))
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _exiger_confiance(certificat: x509.Certificate, autorites: Iterable[x509.Certificate], quand: datetime) -> None:
    """Raises JetonInvalide where this certificate is issued by nobody that we trust, not for time stamps alone (RFC 3161 §2.3), or
    was not in force then. What it says of itself is read once it is known whose it is.
    """
    if not any(certificat == autorite or _a_emis(autorite, certificat) for autorite in autorites):
        raise JetonInvalide("ce certificat n’est d’aucune autorité connue")
    try:
        usages = certificat.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError) as erreur:
        raise JetonInvalide("ce certificat n’est pas d’horodatage") from erreur
    if not usages.critical or list(usages.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise JetonInvalide("ce certificat n’est pas d’horodatage")
    if not certificat.not_valid_before_utc <= quand <= certificat.not_valid_after_utc:
        raise JetonInvalide("ce certificat n’était pas en vigueur")


def _a_emis(autorite: x509.Certificate, certificat: x509.Certificate) -> bool:
    try:
        certificat.verify_directly_issued_by(autorite)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True
