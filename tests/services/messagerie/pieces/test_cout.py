"""What a file made to be slow costs: no pattern more than its length, no document more than a few seconds."""

import io
import random
import re
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from services.messagerie.pieces import bureautique, images, natures, noms, patience, pdf, regles
from services.messagerie.pieces.natures import examiner
from tests.scenes import duree

from .scenes import PDF, TYPES, fichier, open_xml

N = 16_384
"""Characters of the short repetition; the long one has four times as many."""
LEST = random.Random(1).randbytes(65_536)
"""What does not pack well: the document that holds it does not pack as a bomb does."""


def motifs(module: ModuleType) -> dict[str, re.Pattern[str] | re.Pattern[bytes]]:
    nom = module.__name__.rpartition(".")[2]
    return {f"{nom}.{cle}": motif for cle, motif in vars(module).items() if isinstance(motif, re.Pattern)}


MOTIFS = {cle: motif for module in (bureautique, images, natures, noms, pdf) for cle, motif in motifs(module).items()}
# What each pattern bears worst: what comes first, then what is said again and again.
PIRES: dict[str, list[tuple[str, str]]] = {
    "bureautique._ACTIFS": [("/", "vbadata"), ("", "/vbadata"), ("", "/"), ("scripts", "scripts"), ("", ".")],
    "bureautique._SORT_DU_DOSSIER": [("", "/"), ("", "../"[:2]), ("", "/.")],
    "bureautique._TYPE_ACTIF": [("", "macro"), ("", "active"), ("", "v")],
    "bureautique._DDE": [("<", "a"), ("", "<a:dde"), ("", "<"), ("<", "dde"), ("", "<dde:")],
    "bureautique._INSTRUCTION": [("instr", " "), ("instr='", " "), ("", "instr = ' "), ("instr= ", "\n")],
    "bureautique._RELATION": [("<Relationship ", "a"), ("<Relationship ", "''"), ("<Relationship '", "a"), ("", "<:"), ("<", "a")],
    "bureautique._DEHORS": [("TargetMode", " "), ("TargetMode='", " "), ("", "TargetMode = '")],
    "bureautique._DEHORS_ACTIF": [("Type='", "/"), ("Type='", "/frame"), ("Type='/frame", " "), ("", "Type='/frame "), ("Type", " ")],
    "bureautique._CHAMP": [("<w:instrText ", "a"), ("<w:fldChar ", "''"), ("<fldChar '", "\""), ("", "</"), ("<w:instrText>", " "), ("<", "a")],
    "bureautique._CHAMP_DEBUT": [("fldCharType", " "), ("", "fldCharType = '"), ("fldCharType='", " ")],
    "bureautique._CHAMP_DDE": [("", "DDE"), ("", " ")],
    "bureautique._TROP_LONGUE": [("<", "a"), ("<fldSimple ", "''"), ("<fldSimple ", "a"), ("<instrText '", "a")],
    "bureautique._REFERENCE": [("&#", "0"), ("", "&#"), ("", "&#x0"), ("", "&")],
    "bureautique._REFERENCE_DEMESUREE": [("", "&#00000000"), ("", "&#x"), ("", "&")],
    "bureautique._ENCODAGE": [("", " "), ("<?xml ", "encoding"), ("<?xml ", "encoding='"), ("<?xml encoding", " "), ("<?xml encoding='", "a")],
    "images._MARQUE_DE_FIN": [("", "\xff\x00"), ("", "a")],
    "images._BOURRAGE": [("", "\xff")],
    "natures._PAGE_WEB": [("<", " "), ("", "<"), ("", "< "), ("", "<html"), ("", "<!-")],
    "natures._SIGNE_DE_COMMANDE": [("", "a")],
    "pdf._CHIFFRE": [("/Encrypt", " "), ("/Encrypt", "1"), ("", "/Encrypt 1"), ("", "/"), ("", "/#45")],
    "pdf._LANCE": [("", "/Launcha"), ("", "/"), ("", "/#4c")],
    "pdf._FLUX": [("", "stream "), ("stream", " "), ("", "endstream")],
    "pdf._OBJETS": [("", "/ObjSt"), ("", "/#4f")],
    "pdf._FILTRE": [("", "/Filte"), ("", "/#46")],
    "pdf._PREDICTEUR": [("", "/Predicto"), ("", "/#50")],
    "pdf._JOINT": [("", "/EmbeddedFil"), ("", "/#45")],
    "pdf._NOMBRES": [("", " "), ("", "%"), ("", "%\n"), ("1", "%\n"), ("", "1"), ("1", " ")],
    "pdf._FICHIER": [("", "/F("), ("/F", " "), ("", "/F(aaa"), ("", "/UF<00"), ("/F<", "0"), ("", "/F(\\\\")],
    "pdf._NOM_ACTIF": [("", ".exe"), ("", ".")],
    "pdf._ADRESSE": [("", "http"), ("", "mailto")],
    "noms._ILLISIBLES": [("", "a")],
    "noms._INTERDITS": [("", "a"), ("", "/")],
    "noms._RESERVES": [("con", " "), ("", "con ")],
    "noms._EXTENSION": [("", "."), ("", ".abcde"), (".", "a")],
}  # fmt: skip


def test_chaque_motif_a_ses_pires_textes() -> None:
    assert set(PIRES) == set(MOTIFS)
    for module in (bureautique, images, natures, noms, pdf):
        source = Path(module.__file__ or "").read_text()
        assert not re.search(r"\bre\.(search|match|fullmatch|split|sub|findall|finditer)\(", source), module


@pytest.mark.parametrize("nom", PIRES)
def test_un_motif_coute_ce_que_le_texte_a_de_long(nom: str) -> None:
    """Four times the text is four times the time, not sixteen; what takes 20 ms for 64 KB is quick enough anyhow."""
    motif = MOTIFS[nom]
    for debut, repetition in PIRES[nom]:

        def parcourir(longueur: int, debut: str = debut, repetition: str = repetition) -> None:
            texte = debut + repetition * (longueur // len(repetition))
            for _ in motif.finditer(texte if isinstance(motif.pattern, str) else texte.encode("latin-1")):  # type: ignore[arg-type]
                pass

        court, long = duree(lambda: parcourir(N)), duree(lambda: parcourir(4 * N))
        assert long < max(8 * court, 0.02), (debut, repetition, court, long)


def document(corps: bytes, *, membres: int, lest: int) -> bytes:
    """Return a Word document with so many members of this XML, and what makes it pack like an honest one."""
    autres: dict[str, bytes | str] = {f"word/d{rang}.xml": corps for rang in range(membres)}
    return open_xml("docx", autres | {f"word/media/{rang}.jpeg": LEST for rang in range(lest)})


def issue(nom: str, contenu: bytes) -> str:
    try:
        return examiner(nom, contenu).nature.code
    except regles.FichierRefuse as refus:
        return type(refus).__name__


CHAMPS = b"<w:p><w:instrText>" + b" " * 4090 + b"</w:instrText>"
HOSTILES = {
    "fins": CHAMPS + b"</" * 490_000,
    "champs": b"<w:p><w:instrText> </w:instrText>" * 30_000,
    "bornes": b"<w:fldChar w:a='b'/>" * 50_000,
    "balises": b"<w:instrText>" + b"<" * 990_000,
    "blancs": b"<w:p>" + b" " * 990_000,
    "references": b"<w:p>" + b"&#65;" * 198_000,
    "relations": b"<Relationship TargetMode='External'/>" * 26_000,
    "guillemets": b"<w:instrText>" + b"<Relationship '" * 66_000,
    "instructions": b"<a " + b"instr = ' " * 99_000,
    "dde": b"<a:dde" * 165_000,
}


@pytest.mark.parametrize("nom", HOSTILES)
def test_un_document_hostile_coute_ce_qu_il_a_de_long(nom: str) -> None:
    """Three million bytes of it, beside what keeps it from being taken for a bomb."""
    contenu = document(HOSTILES[nom], membres=3, lest=2)
    assert issue("a.docx", contenu) in {"docx", "PieceMacros"}
    assert duree(lambda: issue("a.docx", contenu), fois=1) < 2.5  # where a square would be half a minute


def test_une_bombe_en_petits_membres_est_refusee() -> None:
    """None of more than a million bytes: the whole document packs too well."""
    assert issue("a.docx", document(HOSTILES["fins"], membres=4, lest=0)) == "PieceDemesuree"


def test_un_document_n_occupe_pas_le_processeur_sans_fin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it costs and why, between two pieces it is said to be too much."""
    contenu = document(HOSTILES["champs"], membres=2, lest=1)
    assert issue("a.docx", contenu) == "docx"
    monkeypatch.setattr(patience, "PATIENCE", 0.05)
    assert issue("a.docx", contenu) == "PieceDemesuree"
    assert duree(lambda: issue("a.docx", contenu)) < 0.2


def test_un_grand_classeur_honnete_est_loin_de_la_patience() -> None:
    """Thirty million bytes of cells, as an export has them: a fifth of what may be unpacked, for a tenth of the patience."""
    cellules = (b'<c r="B%d" t="n"><v>%d</v></c>' % (rang, rang * rang % 9973) for rang in range(28_000))
    feuille = b"<row>" + b"".join(cellules)
    contenu = open_xml("xlsx", {f"xl/worksheets/sheet{rang}.xml": feuille for rang in range(33)})
    assert issue("a.xlsx", contenu) == "xlsx"
    assert duree(lambda: issue("a.xlsx", contenu)) < patience.PATIENCE / 10


def sommaire_lent(membres: int) -> bytes:
    """Return a ZIP whose table of contents holds as many supplementary fields as it may (they are read one by one)."""
    en_plus = struct.pack("<HH", 0x9999, 0) * 16_383
    premier = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
    sommaire = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 4, len(en_plus), 0, 0, 0, 0, 0)
        + b"%04d" % rang
        + en_plus
        for rang in range(membres)
    )
    fin = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, membres, membres, len(sommaire), len(premier), 0)
    return premier + sommaire + fin


def entrees_sans_nombre() -> bytes:
    premier = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
    sommaire = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    fin = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, len(sommaire) * 200_000, len(premier), 0)
    return premier + sommaire * 200_000 + fin


def places_sans_nombre(*, zones: int, items: int) -> bytes:
    """Return a photo whose table of places is endless, or whose places are looked for among endless zones."""

    def boite(genre: bytes, corps: bytes) -> bytes:
        return struct.pack(">I4s", 8 + len(corps), genre) + corps

    noms_ = [(1, b"hvc1"), (2, b"Exif")]
    infe = b"".join(boite(b"infe", b"\2\0\0\0" + struct.pack(">HH4s", rang, 0, genre) + b"\0") for rang, genre in noms_)
    iinf = boite(b"iinf", b"\0\0\0\0\0\2" + infe)
    iprp = boite(b"iprp", boite(b"ipco", boite(b"ispe", struct.pack(">III", 0, 4, 4))))
    if zones:
        place = struct.pack(">HHHH", 2, 1, 0, 1) + struct.pack(">II", 12 * (zones - 1), 1)
        iloc = boite(b"iloc", b"\1\0\0\0\x44\0" + struct.pack(">H", 19_000) + place * 19_000)
    else:
        iloc = boite(b"iloc", b"\2\0\0\0\x44\0" + struct.pack(">I", items) + bytes(10) * items)
    meta = bytes(4) + boite(b"hdlr", bytes(8)) + iinf + iprp + boite(b"idat", b"abcd") * zones + iloc
    return boite(b"ftyp", b"heic\0\0\0\0mif1heic") + boite(b"meta", meta) + boite(b"mdat", bytes(40))


LENTS: dict[str, Callable[[], bytes]] = {
    "sommaire.docx": lambda: sommaire_lent(140),
    "entrees.docx": entrees_sans_nombre,
    "chemins.docx": lambda: open_xml("docx", {f"{rang:03}" + "/" * 65_000: b"" for rang in range(70)}),
    "vbadata.docx": lambda: open_xml("docx", {f"{rang:03}" + "/vbadat" * 9_000: b"" for rang in range(70)}),
    "zones.heic": lambda: places_sans_nombre(zones=19_000, items=0),
    "items.heic": lambda: places_sans_nombre(zones=0, items=950_000),
    "chiffre.pdf": lambda: PDF.replace(b"<<", b"/Encrypt" + b" " * 9_900_000 + b"<", 1),
    "noms.pdf": lambda: PDF.replace(b"<<", b"/#45ncryp" * 1_090_000 + b"<<", 1),
    "barres.pdf": lambda: PDF.replace(b"<<", b"/" * 9_900_000 + b"<<", 1),
    "chiffres.pdf": lambda: PDF.replace(b"<<", b"/Encrypt 1" * 990_000 + b"<<", 1),
    "flux.pdf": lambda: PDF.replace(b"<<", b"stream\n" * 1_400_000 + b"<<", 1),
    "noms_de_fichiers.pdf": lambda: PDF.replace(b"<<", b"/F(a.ex)" * 1_200_000 + b"<<", 1),
    "balayage.jpg": lambda: fichier("photo.jpg")[:-2] + b"\xff\0" * 4_900_000 + b"\xff\xd9",
    "balises.txt": lambda: b"a" + b"< " * 4_990_000,
    "presque.txt": lambda: "é".encode() * 4_990_000 + b"\xe9",
    "ole.doc": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackag".encode("utf-16-le") * 330_000,
}


@pytest.mark.parametrize("nom", LENTS)
def test_dix_megaoctets_hostiles_coutent_peu(nom: str) -> None:
    contenu = LENTS[nom]()
    assert len(contenu) < natures.TAILLE_D_UNE_PIECE
    assert duree(lambda: issue(nom, contenu)) < 1.5


def test_un_document_dans_un_autre_compte_avec_lui() -> None:
    """A document inside another, itself packed: what both unpack to is held against what was sent."""
    dedans = document(HOSTILES["blancs"], membres=20, lest=0)
    sortie = io.BytesIO()
    with zipfile.ZipFile(sortie, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES.format(partie="a", genre="wordprocessingml.document"))
        archive.writestr("word/a.docx", dedans)
    assert issue("a.docx", sortie.getvalue()) == "PieceDemesuree"


def png(cote: int, points: bytes) -> bytes:
    def bloc(genre: bytes, corps: bytes) -> bytes:
        return struct.pack(">I", len(corps)) + genre + corps + struct.pack(">I", zlib.crc32(genre + corps))

    entete = struct.pack(">IIBBBBB", cote, cote, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + bloc(b"IHDR", entete) + bloc(b"IDAT", points) + bloc(b"IEND", b"")


@pytest.mark.parametrize(
    ("cote", "attendue"), [(30_000, "PieceDemesuree"), (10_001, "PieceDemesuree"), (10_000, "png")]
)
def test_une_image_n_est_pas_ouverte(cote: int, attendue: str) -> None:
    """Its points stay packed: a bomb of a hundred million bytes takes the room that it has, a few times over."""
    contenu = png(cote, zlib.compress(bytes(100_000_000), 1))
    tracemalloc.start()
    try:
        assert issue("a.png", contenu) == attendue
        assert tracemalloc.get_traced_memory()[1] < 4 * len(contenu)
    finally:
        tracemalloc.stop()
