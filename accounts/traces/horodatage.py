"""A time stamp of somebody else's on a statement of the journal (RFC 3161): asked over HTTP, read and verified here.

ASN.1 is read and written by pyasn1 and its modules (RFC 3161, RFC 5652), the certificates by cryptography. Ours are the network, what the
answer must be of, and whose certificates are believed.

Not by the library `rfc3161-client`, tried in 1.0.9 (30 November 2026), whose two refusals are tested here. It reads the certificates of a token only in the
order of DER (`InvalidSetOrdering`), and so not what `openssl ts` answers with its issuer added (`certs =`), nor DigiCert (its issue 104): such an
authority could not be asked, and tokens kept from before would read as false. It believes by a self-signed root alone: neither by the authority's own
certificate nor by an issuer that is no root, both of which `HORODATAGE_CERTIFICATS` allows.
"""

import hashlib
import secrets
import time
import urllib.request
from collections.abc import Iterable
from datetime import datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyasn1.codec.der.decoder import decode
from pyasn1.codec.der.encoder import encode
from pyasn1.error import PyAsn1Error
from pyasn1.type.univ import OctetString
from pyasn1_modules import rfc3161, rfc5652

DELAI_DE_REPONSE: Final = 10  # seconds: for the authority to answer, and again for the whole of its answer to be read
DELAI_DU_JETON: Final = timedelta(
    days=8
)  # after which a statement is stamped no more, and a stamp tells of a statement dated back
TAILLE_MAX: Final = 100_000
ACCORDES: Final = (0, 1)  # granted, granted with modifications (RFC 3161 §2.4.2)
SHA256: Final = "2.16.840.1.101.3.4.2.1"
_EMPREINTES: Final[dict[str, hashes.HashAlgorithm]] = {
    SHA256: hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}


class JetonInvalide(Exception):
    """This is no time stamp of that text by an authority that we trust; the message says why."""


class AutoriteInjoignable(Exception):
    """The authority does not answer, or refuses."""


# --- Asking


def requete(texte: bytes, nonce: int) -> bytes:
    """Return the request (DER) of a time stamp on this text, with the authority's certificate in the answer."""
    demande = rfc3161.TimeStampReq()
    demande["version"] = 1
    demande["messageImprint"]["hashAlgorithm"]["algorithm"] = SHA256
    demande["messageImprint"]["hashedMessage"] = hashlib.sha256(texte).digest()
    demande["nonce"] = nonce
    demande["certReq"] = True
    octets: bytes = encode(demande)
    return octets


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
            octets = _lire_la_reponse(reponse)
    except (OSError, HTTPException) as erreur:
        raise AutoriteInjoignable(str(erreur)) from erreur
    informations = _informations(_donnees_signees(_jeton(octets)))
    if not informations["nonce"].isValue or informations["nonce"] != nonce:
        raise JetonInvalide("la réponse n’est pas celle de cette demande")
    _exiger_empreinte(informations, texte)
    return octets


def _lire_la_reponse(reponse: Any) -> bytes:
    """Return the answer, TAILLE_MAX bytes at most. Raises: AutoriteInjoignable where it comes by drops."""
    fin, octets = time.monotonic() + DELAI_DE_REPONSE, b""
    while len(octets) < TAILLE_MAX and (lus := reponse.read1(TAILLE_MAX - len(octets))):
        octets += lus
        if time.monotonic() > fin:
            raise AutoriteInjoignable("la réponse ne finit pas")
    return octets


# --- Reading and verifying


def lire_autorites(fichier: str) -> list[x509.Certificate]:
    """Return the certificates of this file (PEM), whose stamps are believed. Raises: OSError, ValueError."""
    return x509.load_pem_x509_certificates(Path(fichier).read_bytes())


def _lire(octets: bytes, forme: Any) -> Any:
    """Return what these bytes say in this form, and nothing after it. Raises: JetonInvalide."""
    try:
        valeur, reste = decode(octets, asn1Spec=forme)
    except (PyAsn1Error, ValueError, IndexError, OverflowError) as erreur:
        raise JetonInvalide("réponse illisible") from erreur
    if reste:
        raise JetonInvalide("réponse illisible")
    return valeur


def _jeton(reponse: bytes) -> Any:
    """Return the token of an answer. Raises: AutoriteInjoignable for a refusal, JetonInvalide."""
    lue = _lire(reponse, rfc3161.TimeStampResp())
    if int(lue["status"]["status"]) not in ACCORDES:
        raise AutoriteInjoignable("l’autorité refuse la demande")
    jeton = lue["timeStampToken"]
    if not jeton.isValue or jeton["contentType"] != rfc5652.id_signedData:
        raise JetonInvalide("réponse illisible")
    return jeton


def _donnees_signees(jeton: Any) -> Any:
    """Return the signed data of a token, whose content is a time stamp. Raises: JetonInvalide."""
    donnees = _lire(bytes(jeton["content"]), rfc5652.SignedData())
    contenu = donnees["encapContentInfo"]
    if contenu["eContentType"] != rfc3161.id_ct_TSTInfo or not contenu["eContent"].isValue:
        raise JetonInvalide("ce n’est pas un jeton d’horodatage")
    return donnees


def _informations(donnees: Any) -> Any:
    return _lire(bytes(donnees["encapContentInfo"]["eContent"]), rfc3161.TSTInfo())


def _exiger_empreinte(informations: Any, texte: bytes) -> None:
    empreinte = informations["messageImprint"]
    resume = (str(empreinte["hashAlgorithm"]["algorithm"]), bytes(empreinte["hashedMessage"]))
    if resume != (SHA256, hashlib.sha256(texte).digest()):
        raise JetonInvalide("le jeton est celui d’un autre texte")


def verifier_jeton(reponse: bytes, texte: bytes, autorites: Iterable[x509.Certificate]) -> datetime:
    """Return when the authority saw this text, once its signature is that of one of these certificates, or of one that they issued.

    Raises: JetonInvalide, AutoriteInjoignable.
    """
    donnees = _donnees_signees(_jeton(reponse))
    informations = _informations(donnees)
    _exiger_empreinte(informations, texte)
    joints = _certificats(donnees)
    try:
        quand: datetime = informations["genTime"].asDateTime
    except (PyAsn1Error, ValueError) as erreur:
        raise JetonInvalide("date illisible") from erreur
    if quand.tzinfo is None:
        raise JetonInvalide("date illisible")
    attributs, signature, empreinte = _signature(donnees)
    for certificat in [*joints, *autorites]:
        if _a_signe(certificat, signature, attributs, empreinte):
            _exiger_confiance(certificat, autorites, quand)
            return quand
    raise JetonInvalide("la signature n’est d’aucun certificat connu")


def _certificats(donnees: Any) -> list[x509.Certificate]:
    """Return the certificates that a token holds, in whatever order, if any. Raises: JetonInvalide."""
    joints = donnees["certificates"]
    if not joints.isValue:
        return []
    try:
        ecrits = [encode(joint["certificate"]) for joint in joints if joint.getName() == "certificate"]
        return [x509.load_der_x509_certificate(ecrit) for ecrit in ecrits]
    except (PyAsn1Error, ValueError, x509.InvalidVersion) as erreur:
        raise JetonInvalide("certificat illisible") from erreur


def _signature(donnees: Any) -> tuple[bytes, bytes, hashes.HashAlgorithm]:
    """Return the signed attributes as they are signed, the signature and its hash, the content being what they say. Raises: JetonInvalide."""
    if len(donnees["signerInfos"]) != 1:
        raise JetonInvalide("signature illisible")
    signataire = donnees["signerInfos"][0]
    empreinte = _EMPREINTES.get(str(signataire["digestAlgorithm"]["algorithm"]))
    attributs = signataire["signedAttrs"]
    if empreinte is None or not attributs.isValue:
        raise JetonInvalide("algorithme inconnu")
    calcul = hashes.Hash(empreinte)
    calcul.update(bytes(donnees["encapContentInfo"]["eContent"]))
    resume = calcul.finalize()
    dits = [
        bytes(_lire(bytes(valeur), OctetString()))
        for attribut in attributs
        if attribut["attrType"] == rfc5652.id_messageDigest
        for valeur in attribut["attrValues"]
    ]
    if dits != [resume]:
        raise JetonInvalide("le contenu n’est pas celui qui a été signé")
    # Signed as the set that they are, not under the tag that they have here (RFC 5652 §5.4).
    return b"\x31" + encode(attributs)[1:], bytes(signataire["signature"]), empreinte


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
