"""What a file is, told by its content: our own strict table, for the kept libraries were fooled (shared/stack2.md, Files).

A kind is known by its first byte and read to its end: a PDF begins at byte 0, an image is walked segment by segment, an office
document is unpacked whole within limits. What is two things at once is refused, and so is a name that says another kind.
"""

import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import Final

import structlog

from . import bureautique, images, pdf
from .noms import extension_de, nettoyer_nom
from .patience import Patience
from .regles import (
    PieceAbimee,
    PieceAncienFormat,
    PieceArchive,
    PieceDeGenreInconnu,
    PieceDouble,
    PieceExecutable,
    PieceExtension,
    PiecePageWeb,
    PieceProtegee,
    PieceTropLourde,
    PieceVide,
)

log = structlog.get_logger(__name__)

TAILLE_D_UNE_PIECE: Final = 10_000_000  # bytes


@dataclass(frozen=True)
class Nature:
    """A kind of file: its type, how a message names it, and the extensions that its name may have, the usual one first."""

    code: str
    type_mime: str
    libelle: str
    extensions: tuple[str, ...]


PDF: Final = Nature("pdf", "application/pdf", "un PDF", ("pdf",))
JPEG: Final = Nature("jpeg", "image/jpeg", "une image JPEG", ("jpg", "jpeg", "jpe", "jfif"))
PNG: Final = Nature("png", "image/png", "une image PNG", ("png",))
WEBP: Final = Nature("webp", "image/webp", "une image WebP", ("webp",))
HEIC: Final = Nature("heic", "image/heic", "une photo HEIC", ("heic", "heif"))
_OPEN_XML: Final = "application/vnd.openxmlformats-officedocument."
_ODF: Final = "application/vnd.oasis.opendocument."
BUREAUTIQUE: Final = {
    nature.code: nature
    for nature in (
        Nature("docx", f"{_OPEN_XML}wordprocessingml.document", "un document Word", ("docx",)),
        Nature("xlsx", f"{_OPEN_XML}spreadsheetml.sheet", "un classeur Excel", ("xlsx",)),
        Nature("pptx", f"{_OPEN_XML}presentationml.presentation", "une présentation PowerPoint", ("pptx",)),
        Nature("odt", f"{_ODF}text", "un document LibreOffice", ("odt",)),
        Nature("ods", f"{_ODF}spreadsheet", "un classeur LibreOffice", ("ods",)),
        Nature("odp", f"{_ODF}presentation", "une présentation LibreOffice", ("odp",)),
    )
}
CSV: Final = Nature("csv", "text/csv", "un texte", ("csv",))
TEXTE: Final = Nature("texte", "text/plain", "un texte", ("txt",))
NATURES: Final = (PDF, JPEG, PNG, WEBP, HEIC, *BUREAUTIQUE.values(), CSV, TEXTE)
EXTENSIONS: Final = tuple(f".{extension}" for nature in NATURES for extension in nature.extensions)

_ARCHIVES: Final = (
    b"Rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"\x28\xb5\x2f\xfd",
    b"MSCF",
)
_PROGRAMMES: Final = (
    b"MZ",
    b"\x7fELF",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"#!",
    b"L\x00\x00\x00\x01\x14\x02\x00",
)
_OLE2: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE2_CHIFFRE: Final = "EncryptedPackage".encode("utf-16-le")
_FIN_DE_ZIP: Final = b"PK\x05\x06"
_FIN_DE_ZIP_AU_PLUS: Final = 65_535 + 22  # bytes that a ZIP may have after that mark
# What no browser takes for a text, wherever it stands at the beginning.
_PAGE_WEB: Final = re.compile(
    r"<\s*(!doctype|html|head|body|script|iframe|svg|object|embed|meta|link|form|style)[\s>/]|<\?xml|<!--",
    re.IGNORECASE,
)
_SIGNE_DE_COMMANDE: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")  # other than tab, line and page
_LU_COMME_PAGE: Final = 4096  # characters: more than any browser sniffs
_PDF_CHERCHE: Final = 1024  # bytes in which readers look for a header
# What reading the bytes of others may raise where nobody thought of it: the file is refused, and the fault is ours to mend.
_IMPREVUS: Final = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True)
class PieceLue:
    """A file that is taken: its clean name, what it is, and its bytes, an image without what it said of its place and time."""

    nom: str
    nature: Nature
    contenu: bytes


def examiner(nom: str, contenu: bytes, patience: Patience | None = None) -> PieceLue:
    """Say what this file is, cleaned; `patience`: what is left to the files of its request. Raises: a FichierRefuse."""
    patience = patience or Patience()
    with patience.un_fichier():
        return _examiner(nom, contenu, patience)


def _examiner(nom: str, contenu: bytes, patience: Patience) -> PieceLue:
    propre = nettoyer_nom(nom)
    if not contenu:
        raise PieceVide(nom=propre)
    if len(contenu) > TAILLE_D_UNE_PIECE:
        raise PieceTropLourde(nom=propre)
    try:
        nature, garde = _reconnaitre(propre, contenu, patience)
    except _IMPREVUS as erreur:
        log.exception("piece_mal_examinee", erreur=type(erreur).__name__, taille=len(contenu))
        raise PieceAbimee(nom=propre) from erreur
    extension = extension_de(propre)
    if not extension:
        return PieceLue(nettoyer_nom(f"{propre}.{nature.extensions[0]}"), nature, garde)
    if extension not in nature.extensions:
        if nature is TEXTE and extension not in _TOUTES:
            raise PieceDeGenreInconnu(nom=propre)
        raise PieceExtension(nom=propre, contenu=nature.libelle, extension=nature.extensions[0])
    return PieceLue(propre, nature, garde)


_TOUTES: Final = frozenset(extension for nature in NATURES for extension in nature.extensions)


def _reconnaitre(nom: str, contenu: bytes, patience: Patience) -> tuple[Nature, bytes]:
    """Return the kind of these bytes, and what is kept of them. Raises: a FichierRefuse."""
    if contenu.startswith(b"%PDF-"):
        pdf.exiger_pdf(nom, contenu, patience)
        _exiger_sans_zip(nom, contenu)
        return PDF, contenu
    if contenu.startswith(b"PK"):
        code = bureautique.reconnaitre(nom, contenu, patience)
        _exiger_sans_pdf(nom, contenu)
        return BUREAUTIQUE[code], contenu
    for nature, est_une, nettoyer in (
        (JPEG, images.est_jpeg, images.nettoyer_jpeg),
        (PNG, images.est_png, images.nettoyer_png),
        (WEBP, images.est_webp, images.nettoyer_webp),
        (HEIC, images.est_heic, images.nettoyer_heic),
    ):
        if est_une(contenu):
            propre = nettoyer(nom, contenu)
            _exiger_sans_pdf(nom, propre)
            _exiger_sans_zip(nom, propre)
            return nature, propre
    _refuser_les_connus(nom, contenu)
    _exiger_texte(nom, contenu)
    return (CSV if extension_de(nom) == "csv" else TEXTE), contenu


def _exiger_sans_zip(nom: str, contenu: bytes) -> None:
    """Refuse a file that is a ZIP too when it is read from its end. Raises: PieceDouble."""
    if _FIN_DE_ZIP in contenu[-_FIN_DE_ZIP_AU_PLUS:]:
        raise PieceDouble(nom=nom)


def _refuser_les_connus(nom: str, contenu: bytes) -> None:
    """Name what is well known and not taken, so that its message helps. Raises: a FichierRefuse."""
    if contenu.startswith(_ARCHIVES) or contenu[257:262] == b"ustar":
        raise PieceArchive(nom=nom)
    if contenu.startswith(_PROGRAMMES):
        raise PieceExecutable(nom=nom)
    if contenu.startswith(_OLE2):
        raise (PieceProtegee if _OLE2_CHIFFRE in contenu else PieceAncienFormat)(nom=nom)
    _exiger_sans_pdf(nom, contenu)


def _exiger_sans_pdf(nom: str, contenu: bytes) -> None:
    """Refuse what a reader of PDF, which looks for its header further, would open as one. Raises: PieceDouble."""
    if b"%PDF-" in contenu[:_PDF_CHERCHE]:
        raise PieceDouble(nom=nom)


def _exiger_texte(nom: str, contenu: bytes) -> None:
    """Take plain text alone: it decodes, has no control sign, and no browser would take it for a page. Raises: a FichierRefuse.

    Cells of a CSV that begin like a formula stay: amounts do (« -12,50 »), and every spreadsheet asks before one acts.
    """
    texte = _decoder(contenu)
    if texte is None or _SIGNE_DE_COMMANDE.search(texte):
        raise PieceDeGenreInconnu(nom=nom)
    debut = texte[:_LU_COMME_PAGE].lstrip("\ufeff \t\r\n\f")
    if debut.startswith("<") or _PAGE_WEB.search(debut):
        raise PiecePageWeb(nom=nom)
    if debut.startswith("{\\rtf"):
        raise PieceDeGenreInconnu(nom=nom)


def _decoder(contenu: bytes) -> str | None:
    """Return the text as UTF-8, as UTF-16 that says so (Excel's « Texte Unicode »), else as Windows writes it."""
    encodages = ("utf-16",) if contenu[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    for encodage in encodages:
        try:
            return contenu.decode(encodage)
        except UnicodeDecodeError:
            continue
    return None
