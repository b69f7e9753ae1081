"""Office documents: a ZIP that is one document and nothing else, without macros, that unpacks within limits.

Every member is unpacked, in pieces that are thrown away: what a ZIP says of its sizes is not believed. Each pattern costs what the
text has of length (possessive quantifiers, no two in a row that may share a sign), and all those of a request no more than `patience.PATIENCE`.
"""

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import Final

from .patience import Patience
from .regles import (
    PieceAbimee,
    PieceArchive,
    PieceDemesuree,
    PieceDouble,
    PieceMacros,
    PieceProtegee,
)

MEMBRES: Final = 4_000
DECOMPRESSE: Final = 150_000_000  # bytes in all, the documents inside included
RAPPORT: Final = 250  # unpacked / packed, of a member, or of the whole document with what it holds, of more than…
RAPPORT_DES: Final = 1_000_000  # bytes; the XML of a large workbook packs 20 to 60 times, a bomb 1,000 times
INTERIEUR: Final = 20_000_000  # bytes of a document inside another, which is held in memory to be looked at
SOMMAIRE: Final = (
    1_000_000  # bytes of a table of contents: 4,000 members of 250 bytes; it is read before any is counted
)
_MORCEAU: Final = 65_536
_ENTETE_LUE: Final = 200_000  # bytes of what names the kind
_OPEN_XML: Final = {
    b"wordprocessingml.document.main+xml": "docx",
    b"spreadsheetml.sheet.main+xml": "xlsx",
    b"presentationml.presentation.main+xml": "pptx",
}
_ODF: Final = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.presentation": "odp",
}
_TYPES: Final = "[Content_Types].xml"
_MANIFESTE: Final = "META-INF/manifest.xml"
EXTENSIONS_ACTIVES: Final = r"\.(exe|dll|com|scr|bat|cmd|ps1|vbs|vbe|js|jse|wsf|hta|lnk|jar|msi|reg|docm|dotm|xlsm|xltm|xlam|xlsb|pptm|potm|ppam|ppsm|sldm)$"
_ACTIFS: Final = re.compile(
    r"(^|/)(scripts|basic)/|(^|/)(activex|macrosheets|intlmacrosheets|dialogsheets)/|(^|/)(vbaproject|vbadata)[^/]*$"
    r"|" + EXTENSIONS_ACTIVES,
    re.IGNORECASE,
)
# What a program or an incorporated object begins with: a ZIP inside must itself be a document that is taken.
_CHARGES: Final = (b"MZ", b"\x7fELF", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"Rar!", b"7z\xbc\xaf\x27\x1c")
_LOCALE: Final = b"PK\x03\x04"
_FIN: Final = b"PK\x05\x06"
# What zipfile raises for a file that is not quite one: none says anything of the portal.
_ABIME: Final = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    ValueError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
)
_XML: Final = (".xml", ".rels", ".rdf", ".vml")
_BLANCS: Final = b"\xef\xbb\xbf \t\r\n"
_RESTE: Final = 4_096  # bytes of a piece that are read again with the next one
_PREFIXE: Final = rb"<(?:[^\s<>:/]++:)?+"
_VALEURS: Final = (
    rb"(?:\"[^\"<]*+\"|'[^'<]*+'|[^<>\"']++)*+"  # « < » stands in no value: what is looked for stops there
)
_ATTRIBUTS: Final = rb"(" + _VALEURS + rb")>"
# What acts when a document is opened, or fetches what acts: a script, a template or an object from elsewhere, DDE. The
# words are looked for first, in small letters: most documents have none, and a word costs twenty times less than a pattern.
_SCRIPT: Final = (b"vnd.sun.star.script:", b"<!entity")
_DDE: Final = re.compile(_PREFIXE + rb"dde(?:link|-source|-connection-decl)\b", re.IGNORECASE)
_INSTRUCTION: Final = re.compile(rb"\binstr\s*+=\s*+[\"']\s*+dde\b", re.IGNORECASE)
_RELATION: Final = re.compile(_PREFIXE + rb"Relationship\s" + _ATTRIBUTS)
_DEHORS: Final = re.compile(rb"\bTargetMode\s*+=\s*+[\"']\s*+External", re.IGNORECASE)
_DEHORS_ACTIF: Final = re.compile(
    rb"\bType\s*+=\s*+[\"'][^\"']*/(attachedTemplate|oleObject|frame|subDocument|control|package)\s*+[\"']",
    re.IGNORECASE,
)
_CHAMP: Final = re.compile(
    rb"(?P<borne>"
    + _PREFIXE
    + rb"fldChar\s)"
    + _ATTRIBUTS
    + rb"|"
    + _PREFIXE
    + rb"instrText(?=[\s>])"
    + _ATTRIBUTS
    + rb"(?P<texte>[^<]*+)|(?P<fin></)|(?P<cache><[!?])"
)
_CHAMP_DEBUT: Final = re.compile(rb"\bfldCharType\s*+=\s*+[\"']\s*+begin")
_CHAMP_DDE: Final = re.compile(rb"DDE(AUTO)?\b", re.IGNORECASE)
_AVANT_LE_MOT: Final = b" \t\r\n\f\v\\"
_MOT: Final = 16  # bytes kept of an instruction: its first word says what it does
# A tag that is followed and is not whole after a piece: it would be cut, and nobody writes one that long.
_TROP_LONGUE: Final = re.compile(
    _PREFIXE + rb"(?:Relationship|fldChar|fldSimple|instrText)(?=[\s>])" + _VALEURS + rb"(?!>)"
)
_REFERENCE: Final = re.compile(rb"&#(?:x([0-9a-f]{1,8})|([0-9]{1,10}));", re.IGNORECASE)
_REFERENCE_DEMESUREE: Final = re.compile(rb"&#(?:x[0-9a-f]{9}|[0-9]{11})", re.IGNORECASE)
_ENCODAGE: Final = re.compile(rb"^\s*+<\?xml\s[^>]*\bencoding\s*+=\s*+[\"']([^\"']*+)[\"']")
_ENCODAGES: Final = (b"utf-8", b"us-ascii", b"ascii", b"iso-8859-1", b"iso-8859-15", b"windows-1252")
_SORT_DU_DOSSIER: Final = re.compile(r"^[/\\]|:|(?:^|[/\\])\.\.(?:[/\\]|\Z)")
_TYPE_ACTIF: Final = re.compile(rb"macroEnabled|vbaProject|activeX", re.IGNORECASE)


class _LectureXml:
    """Looks, piece by piece, for what acts in the XML of a document, however it is written. Raises: PieceAbimee, PieceMacros."""

    def __init__(self, nom: str) -> None:
        self.nom = nom
        self.reste = b""
        self.champ = b""
        """The first word of the instruction of the field of Word being read."""
        self.dans_le_champ = False

    def commencer(self, morceau: bytes) -> None:
        """Look at how it is written: what is looked for would not be seen in another encoding."""
        encodage = _ENCODAGE.match(morceau.lstrip(_BLANCS))
        if not morceau.lstrip(_BLANCS).startswith(b"<") or (encodage and encodage[1].lower() not in _ENCODAGES):
            raise PieceAbimee(nom=self.nom)

    def lire(self, morceau: bytes) -> None:
        """Look at one more piece, but for its last tag, which may not be whole."""
        if b"\x00" in morceau:
            raise PieceAbimee(nom=self.nom)
        texte = self.reste + morceau
        fin = max(texte.rfind(b"<"), 0)
        self._chercher(texte[:fin])
        self.reste = texte[fin:]
        if len(self.reste) > _MORCEAU:  # a long text behind the last tag
            self._chercher(self.reste)
            if _TROP_LONGUE.match(self.reste):
                raise PieceAbimee(nom=self.nom)
            self.reste = self.reste[-_RESTE:]

    def finir(self) -> None:
        self._chercher(self.reste)

    def _chercher(self, texte: bytes) -> None:
        lisible = texte
        if b"&#" in texte:
            if _REFERENCE_DEMESUREE.search(texte):
                raise PieceAbimee(nom=self.nom)
            lisible = _REFERENCE.sub(_signe, texte)
        if self._agit(lisible):
            raise PieceMacros(nom=self.nom)
        if b"fldChar" in lisible or b"instrText" in lisible or self.dans_le_champ:
            self._suivre_les_champs(lisible)

    def _agit(self, lisible: bytes) -> bool:
        bas = lisible.lower()
        if any(mot in bas for mot in _SCRIPT):
            return True
        if b"dde" in bas and (_DDE.search(lisible) or (b"instr" in bas and _INSTRUCTION.search(lisible))):
            return True
        return b"targetmode" in bas and any(
            _DEHORS.search(relation[1]) and _DEHORS_ACTIF.search(relation[1])
            for relation in _RELATION.finditer(lisible)
        )

    def _suivre_les_champs(self, lisible: bytes) -> None:
        """Put together the instruction of each field, written in as many pieces as one likes."""
        for trouve in _CHAMP.finditer(lisible):
            if trouve["borne"]:
                self.champ = b"" if _CHAMP_DEBUT.search(trouve[0]) else self.champ
            elif trouve["texte"] is not None:
                self.dans_le_champ = True
                self._lire_l_instruction(trouve["texte"])
            elif trouve["fin"]:
                self.dans_le_champ = False
            elif self.dans_le_champ:  # a comment within an instruction: nobody writes one, and it would hide a word
                raise PieceMacros(nom=self.nom)

    def _lire_l_instruction(self, texte: bytes) -> None:
        """Follow its first word, which says all: what stands before it is not kept, and what comes after is not looked at."""
        if len(self.champ) >= _MOT:
            return
        suite = texte if self.champ else texte.lstrip(_AVANT_LE_MOT)
        self.champ = (self.champ + suite)[:_MOT]
        if _CHAMP_DDE.match(self.champ) or len(texte) - len(suite) > _RESTE:  # nobody writes so many blanks
            raise PieceMacros(nom=self.nom)


def _signe(reference: re.Match[bytes]) -> bytes:
    """Return the sign that a reference stands for, where it is one that a name may hold."""
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    return bytes([code]) if 0x20 <= code < 0x7F and code not in b"<>&\"'" else reference[0]


@dataclass
class _Budget:
    """What a document of so many bytes may still cost, with those inside it."""

    nom: str
    recus: int
    patience: Patience
    octets: int = DECOMPRESSE
    membres: int = MEMBRES

    def depenser(self, octets: int) -> None:
        """Count what was unpacked, and what time all this took of the processor. Raises: PieceDemesuree, PieceNonExaminee."""
        self.octets -= octets
        lus = DECOMPRESSE - self.octets
        if self.octets < 0 or (lus > RAPPORT_DES and lus > RAPPORT * self.recus):
            raise PieceDemesuree(nom=self.nom)
        self.patience.continuer(self.nom)


def reconnaitre(nom: str, contenu: bytes, patience: Patience) -> str:
    """Return the code of the office document that this ZIP is. Raises: a FichierRefuse."""
    return _reconnaitre(contenu, _Budget(nom, len(contenu), patience), profondeur=0)


def _reconnaitre(contenu: bytes, budget: _Budget, *, profondeur: int) -> str:
    if not contenu.startswith(_LOCALE):
        raise PieceAbimee(nom=budget.nom)
    if _taille_du_sommaire(contenu) > SOMMAIRE:
        raise PieceDemesuree(nom=budget.nom)
    try:
        with zipfile.ZipFile(io.BytesIO(contenu)) as archive:
            membres = archive.infolist()
            if archive.comment or contenu[-22:-18] != _FIN or not membres or min(m.header_offset for m in membres):
                raise PieceDouble(nom=budget.nom)
            _exiger_membres(membres, budget)
            code = _genre(archive, membres, budget.nom)
            for membre in membres:
                _parcourir(archive, membre, budget, profondeur)
            return code
    except _ABIME as erreur:
        raise PieceAbimee(nom=budget.nom) from erreur


def _taille_du_sommaire(contenu: bytes) -> int:
    """Return how many bytes the table of contents has, where `zipfile` will read it: at the end, or just before for ZIP64."""
    place = len(contenu) - 22
    if contenu[place : place + 4] != _FIN or contenu[-2:] != b"\0\0":
        place = contenu.rfind(_FIN, -65_557)
    if place < 0:
        return 0
    if contenu[place - 20 : place - 16] == b"PK\x06\x07" and contenu[place - 76 : place - 72] == b"PK\x06\x06":
        return int.from_bytes(contenu[place - 36 : place - 28], "little")
    return int.from_bytes(contenu[place + 12 : place + 16], "little")


def _exiger_membres(membres: list[zipfile.ZipInfo], budget: _Budget) -> None:
    """Look at what the ZIP says of its members, before any is unpacked. Raises: a FichierRefuse."""
    budget.membres -= len(membres)
    if budget.membres < 0 or sum(membre.file_size for membre in membres) > budget.octets:
        raise PieceDemesuree(nom=budget.nom)
    noms = [membre.filename.lower() for membre in membres]
    if len(set(noms)) != len(noms) or any(_sort_du_dossier(nom) for nom in noms):
        raise PieceAbimee(nom=budget.nom)
    if any(membre.flag_bits & 0x41 for membre in membres):  # encrypted, or encrypted so that the names are hidden
        raise PieceProtegee(nom=budget.nom)
    if any(membre.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for membre in membres):
        raise PieceAbimee(nom=budget.nom)


def _sort_du_dossier(nom: str) -> bool:
    return bool(_SORT_DU_DOSSIER.search(nom))


def _genre(archive: zipfile.ZipFile, membres: list[zipfile.ZipInfo], nom: str) -> str:
    """Return what the document says that it is. Raises: PieceArchive, PieceMacros, PieceProtegee, PieceAbimee."""
    noms = {membre.filename for membre in membres}
    code: str | None = None
    if _TYPES in noms:
        code = _genre_open_xml(_lire(archive, _TYPES), nom)
    elif membres[0].filename == "mimetype" and membres[0].compress_type == zipfile.ZIP_STORED:
        code = _ODF.get(_lire(archive, "mimetype").strip())
        if _MANIFESTE in noms and b"encryption-data" in _lire(archive, _MANIFESTE):
            raise PieceProtegee(nom=nom)
    if code is None:
        raise PieceArchive(nom=nom)
    if any(_ACTIFS.search(membre.filename) for membre in membres):
        raise PieceMacros(nom=nom)
    return code


def _genre_open_xml(types: bytes, nom: str) -> str | None:
    if b"\x00" in types:  # in UTF-16 what is looked for would not be seen
        raise PieceAbimee(nom=nom)
    if _TYPE_ACTIF.search(types):
        raise PieceMacros(nom=nom)
    genres = {code for marque, code in _OPEN_XML.items() if marque in types}
    return genres.pop() if len(genres) == 1 else None


def _lire(archive: zipfile.ZipFile, membre: str) -> bytes:
    with archive.open(membre) as flux:
        return flux.read(_ENTETE_LUE)


def _parcourir(archive: zipfile.ZipFile, membre: zipfile.ZipInfo, budget: _Budget, profondeur: int) -> None:
    """Unpack a member to its end, within what may still be; a document inside is looked at in its turn. Raises: a FichierRefuse."""
    lus, interieur, xml = 0, b"", _LectureXml(budget.nom)
    est_xml = membre.filename.lower().endswith(_XML)
    with archive.open(membre) as flux:
        while morceau := flux.read(_MORCEAU):
            if not lus:
                _refuser_les_charges(morceau, budget.nom)
                interieur = morceau[:4]
                est_xml = est_xml or morceau.lstrip(_BLANCS).startswith(b"<")
                if est_xml:
                    xml.commencer(morceau)
            if est_xml:
                xml.lire(morceau)
            lus += len(morceau)
            budget.depenser(len(morceau))
            if lus > RAPPORT_DES and lus > RAPPORT * membre.compress_size:
                raise PieceDemesuree(nom=budget.nom)
    xml.finir()
    if interieur == _LOCALE:
        _reconnaitre_a_l_interieur(archive, membre, budget, profondeur)


def _refuser_les_charges(debut: bytes, nom: str) -> None:
    if debut.startswith(_CHARGES):
        raise PieceMacros(nom=nom)


def _reconnaitre_a_l_interieur(
    archive: zipfile.ZipFile, membre: zipfile.ZipInfo, budget: _Budget, profondeur: int
) -> None:
    """A workbook behind a chart is a ZIP in the ZIP: once, and no other archive. Raises: a FichierRefuse."""
    if profondeur:
        raise PieceArchive(nom=budget.nom)
    if membre.file_size > INTERIEUR:
        raise PieceDemesuree(nom=budget.nom)
    try:
        _reconnaitre(archive.read(membre), budget, profondeur=1)
    except (PieceAbimee, PieceDouble) as erreur:
        raise PieceArchive(nom=budget.nom) from erreur
