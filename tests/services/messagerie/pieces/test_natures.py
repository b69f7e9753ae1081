"""What is taken as an attachment, told by its content; what is refused, and that the message says why."""

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.messagerie.pieces import bureautique, regles
from services.messagerie.pieces.natures import NATURES, TAILLE_D_UNE_PIECE, examiner
from tests.scenes import duree

from .scenes import EICAR, GENRES, ODF, PDF, TYPES, fichier, odf, open_xml, zipper

BOMBE = b"<" + b" " * 8_000_000


def refus(nom: str, contenu: bytes) -> type[regles.FichierRefuse]:
    """Return the rule that refuses this file, whose message names it."""
    with pytest.raises(regles.FichierRefuse) as leve:
        examiner(nom, contenu)
    assert leve.value.contexte["nom"] in str(leve.value)
    return type(leve.value)


def relation(genre: str) -> str:
    """Return the part that names something out of the document."""
    return (
        '<Relationships><Relationship Id="r1" TargetMode="External" Target="https://exemple.fr/a>b" '
        f'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{genre}"/></Relationships>'
    )


def champ(*morceaux: bytes) -> bytes:
    """Return a field of Word whose instruction is written in these pieces."""
    textes = b"".join(b"<w:r><w:instrText xml:space='preserve'>" + m + b"</w:instrText></w:r>" for m in morceaux)
    return b'<w:hdr><w:fldChar w:fldCharType="begin"/>' + textes + b'<w:fldChar w:fldCharType="end"/></w:hdr>'


@pytest.mark.parametrize(
    ("nom", "contenu", "code"),
    [
        ("avis.pdf", PDF, "pdf"),
        ("avis.PDF", PDF + b"\n" * 500, "pdf"),
        ("formulaire.pdf", PDF.replace(b"<</Type/Catalog>>", b"<</Type/Catalog/OpenAction<</S/JavaScript>>>>"), "pdf"),
        ("photo.jpg", fichier("photo.jpg"), "jpeg"),
        ("photo.JFIF", fichier("progressive.jpg"), "jpeg"),
        ("capture.png", fichier("capture.png"), "png"),
        ("photo.webp", fichier("photo.webp"), "webp"),
        ("IMG_0001.HEIC", fichier("photo.heic"), "heic"),
        ("classeur.xlsx", fichier("document.xlsx"), "xlsx"),
        ("classeur.ods", fichier("document.ods"), "ods"),
        *((f"document.{genre}", open_xml(genre), genre) for genre in GENRES),
        *((f"document.{genre}", odf(genre), genre) for genre in ODF),
        ("graphique.docx", open_xml("docx", {"word/embeddings/Classeur.xlsx": open_xml("xlsx")}), "docx"),
        ("lien.docx", open_xml("docx", {"word/_rels/document.xml.rels": relation("hyperlink")}), "docx"),
        ("champ.docx", open_xml("docx", {"word/header1.xml": champ(b" MERGEFIELD ", b"DDE_de_Nantes ")}), "docx"),
        ("dessin.docx", open_xml("docx", {"word/a.xml": b"<v:shape o:gfxdata='" + b"QUJD" * 60_000 + b"'/>"}), "docx"),
        ("renvoi.docx", open_xml("docx", {"word/a.xml": champ(b" ADDIN CSL " + b"a" * 200_000)}), "docx"),
        ("formules.csv", b"=1+1;-12,50;+33 1;@jean\n", "csv"),  # allowed: amounts begin so
        ("forme.pptx", open_xml("pptx", {"ppt/media/basic-shape.png": fichier("capture.png")}), "pptx"),
        ("liste.csv", "Société;Montant\nLebœuf;1 200 €\n".encode("cp1252"), "csv"),
        ("liste.csv", "\ufeffSociété;Montant\n".encode(), "csv"),
        ("unicode.txt", "a\tb\r\n".encode("utf-16"), "texte"),
        ("note.txt", "Écrire à Jean <jean@exemple.fr>, si 1 < 2.".encode(), "texte"),
        ("virus.txt", EICAR, "texte"),  # a text like any other here: the scan is for that
    ],
)
def test_ce_qui_est_accepte(nom: str, contenu: bytes, code: str) -> None:
    lue = examiner(nom, contenu)
    racine, _, fin = nom.rpartition(".")
    assert (lue.nature.code, lue.nom) == (code, f"{racine}.{fin.lower()}")


@pytest.mark.parametrize(
    ("nom", "contenu", "regle"),
    [
        ("vide.pdf", b"", regles.PieceVide),
        ("gros.pdf", PDF + b"\n" * TAILLE_D_UNE_PIECE, regles.PieceTropLourde),
        # A PDF that is HTML, that does not begin at byte 0, that was cut, that asks a password, that is a ZIP too.
        ("page.pdf", b"<html><script>alert(1)</script></html>", regles.PiecePageWeb),
        ("page.pdf", b"<html>" + PDF, regles.PieceDouble),
        ("espaces.pdf", b" " * 500 + PDF, regles.PieceDouble),
        ("bom.pdf", b"\xef\xbb\xbf" + PDF, regles.PieceDouble),
        ("coupe.pdf", PDF[: len(PDF) // 2], regles.PieceAbimee),
        ("chiffre.pdf", PDF.replace(b"/Root 1 0 R", b"/Root 1 0 R/Encrypt 5 0 R"), regles.PieceProtegee),
        ("chiffre.pdf", PDF.replace(b"/Root 1 0 R", b"/Root 1 0 R/Encrypt\n<</V 4>>"), regles.PieceProtegee),
        ("chiffre.pdf", PDF.replace(b"/Root 1 0 R", b"/Root 1 0 R/#45ncr#79pt 5 0 R"), regles.PieceProtegee),
        ("chiffre.pdf", PDF.replace(b"/Root 1 0 R", b"/Root 1 0 R/Encrypt%x\n5 0%y\rR"), regles.PieceProtegee),
        ("lance.pdf", PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/Launch/F(a.exe)>>"), regles.PieceMacros),
        ("lance.pdf", PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/L#61unch/F(a.exe)>>"), regles.PieceMacros),
        ("double.pdf", PDF + zipper({"a.exe": b"MZ"}), regles.PieceDouble),
        ("double.pdf", PDF + zipper({"a.exe": b"MZ"}) + PDF, regles.PieceDouble),
        ("double.docx", zipper({"%PDF-1.7": b"%PDF-1.7"}, compression=zipfile.ZIP_STORED), regles.PieceArchive),
        ("double.odt", odf("odt", {}, {"%PDF-1.7": b"x"}), regles.PieceDouble),
        # Pages by another name.
        ("page.txt", b"\n\n  <!DOCTYPE html><p>", regles.PiecePageWeb),
        ("dessin.png", b'<?xml version="1.0"?><svg onload="x"/>', regles.PiecePageWeb),
        ("page.csv", b"a;b\n<script src=//x></script>", regles.PiecePageWeb),
        ("page.txt", "<html>".encode("utf-16"), regles.PiecePageWeb),
        ("page.html", b"Bonjour", regles.PieceDeGenreInconnu),
        # Archives and programs.
        ("lot.zip", zipper({"a.txt": b"a"}), regles.PieceArchive),
        ("lot.docx", zipper({"a.txt": b"a"}), regles.PieceArchive),
        ("vide.zip", zipper({}), regles.PieceAbimee),
        ("lot.rar", b"Rar!\x1a\x07\x00" + b"x" * 40, regles.PieceArchive),
        ("lot.7z", b"7z\xbc\xaf\x27\x1c" + b"x" * 40, regles.PieceArchive),
        ("lot.tgz", b"\x1f\x8b\x08" + b"x" * 40, regles.PieceArchive),
        ("lot.tar", b"a.txt".ljust(257, b"\0") + b"ustar\x0000" + bytes(300), regles.PieceArchive),
        ("facture.pdf.exe", b"MZ\x90\x00", regles.PieceExecutable),
        ("facture.pdf", b"\x7fELF\x02", regles.PieceExecutable),
        ("script.txt", b"#!/bin/sh\nrm -rf /", regles.PieceExecutable),
        # Office documents that are more than that.
        ("ancien.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), regles.PieceAncienFormat),
        (
            "protege.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            regles.PieceProtegee,
        ),
        ("macros.docx", open_xml("docx", {"word/vbaProject.bin": b"x"}), regles.PieceMacros),
        ("macros.xlsx", open_xml("xlsx", {"xl/macrosheets/sheet1.xml": b"<x/>"}), regles.PieceMacros),
        ("actif.xlsx", open_xml("xlsx", {"xl/activeX/activeX1.xml": b"<x/>"}), regles.PieceMacros),
        (
            "objet.docx",
            open_xml("docx", {"word/embeddings/o.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}),
            regles.PieceMacros,
        ),
        ("programme.docx", open_xml("docx", {"word/media/image1.png": b"MZ\x90"}), regles.PieceMacros),
        ("macros.odt", odf("odt", {"Basic/Standard/script-lb.xml": b"<x/>"}), regles.PieceMacros),
        ("macros.ods", odf("ods", {"Scripts/python/a.py": b"x"}), regles.PieceMacros),
        (
            "lie.odt",
            odf("odt", {"styles.xml": b"<a>" + b" " * 65_530 + b'"vnd.sun.star.script:x"'}),
            regles.PieceMacros,
        ),
        ("lie.odt", odf("odt", {"styles.xml": b'<a href="vnd.sun.star&#46;scr&#x69;pt:x"/>'}), regles.PieceMacros),
        (
            "lie.odt",
            odf("odt", {"styles.xml": b'<a href="vnd.sun.star&#0000000000046;script:x"/>'}),
            regles.PieceAbimee,
        ),
        (
            "lie.odt",
            odf("odt", {"styles.xml": '<a href="vnd.sun.star.script:x"/>'.encode("utf-16")}),
            regles.PieceAbimee,
        ),
        ("lie.odt", odf("odt", {"styles.xml": b'<?xml version="1.0" encoding="IBM037"?><a/>'}), regles.PieceAbimee),
        ("lie.odt", odf("odt", {"styles.xml": b"<!DOCTYPE a [<!ENTITY p '.script:'>]><a/>"}), regles.PieceMacros),
        ("objet.odt", odf("odt", {"Object 1/Basic/Standard/script-lb.xml": b"<x/>"}), regles.PieceMacros),
        (
            "dde.ods",
            odf("ods", {"settings.xml": b'<office:dde-source office:dde-application="x"/>'}),
            regles.PieceMacros,
        ),
        (
            "modele.docx",
            open_xml("docx", {"word/_rels/settings.xml.rels": relation("attachedTemplate")}),
            regles.PieceMacros,
        ),
        ("objet.docx", open_xml("docx", {"word/_rels/document.xml.rels": relation("oleObject")}), regles.PieceMacros),
        (
            "objet.docx",
            open_xml("docx", {"word/_rels/document.xml.rels": relation("ole&#79;bject")}),
            regles.PieceMacros,
        ),
        ("cadre.docx", open_xml("docx", {"word/_rels/webSettings.xml.rels": relation("frame")}), regles.PieceMacros),
        (
            "dde.xlsx",
            open_xml("xlsx", {"xl/externalLinks/externalLink1.xml": b'<ddeLink ddeService="cmd"/>'}),
            regles.PieceMacros,
        ),
        ("dde.docx", open_xml("docx", {"word/header1.xml": champ(b" DDEAUTO c:\\x ")}), regles.PieceMacros),
        (
            "dde.docx",
            open_xml("docx", {"word/header1.xml": champ(b"DD", b"<![CDATA[E]]>", b"A<!-- -->UTO c")}),
            regles.PieceMacros,
        ),
        ("dde.docx", open_xml("docx", {"word/header1.xml": b"<w:fldSimple w:instr=' DDE c'/>"}), regles.PieceMacros),
        # What is looked for stands behind more than is held at a time.
        ("dde.docx", open_xml("docx", {"word/header1.xml": champ(b" " * 70_000, b"DDE c")}), regles.PieceMacros),
        ("dde.docx", open_xml("docx", {"word/header1.xml": champ(b" " * 200_000 + b"DDE c")}), regles.PieceMacros),
        ("dde.docx", open_xml("docx", {"word/header1.xml": champ(*[b" \\"] * 3_000, b"DDE c")}), regles.PieceMacros),
        (
            "dde.docx",
            open_xml("docx", {"word/header1.xml": b"<w:fldSimple w:instr='" + b" " * 200_000 + b"DDE c'/>"}),
            regles.PieceAbimee,
        ),
        (
            "modele.docx",
            open_xml(
                "docx",
                {"word/_rels/a.rels": relation("frame").replace("<Relationship ", "<Relationship " + " " * 200_000)},
            ),
            regles.PieceAbimee,
        ),
        ("protege.odt", odf("odt", {}, {"META-INF/manifest.xml": "<manifest:encryption-data/>"}), regles.PieceProtegee),
        ("interieur.docx", open_xml("docx", {"word/embeddings/a.zip": zipper({"a": b"a"})}), regles.PieceArchive),
        (
            "poupees.docx",
            open_xml("docx", {"a.docx": open_xml("docx", {"a.docx": open_xml("docx")})}),
            regles.PieceArchive,
        ),
        (
            "macro_interieure.docx",
            open_xml("docx", {"a.xlsx": open_xml("xlsx", {"xl/vbaProject.bin": b"x"})}),
            regles.PieceMacros,
        ),
        ("bombe.xlsx", open_xml("xlsx", {"xl/worksheets/sheet1.xml": BOMBE}), regles.PieceDemesuree),
        ("chemin.docx", open_xml("docx", {"../../etc/passwd": b"x"}), regles.PieceAbimee),
        ("avant.docx", b"x" + open_xml("docx"), regles.PieceDeGenreInconnu),
        ("avant.docx", b"PK" + open_xml("docx"), regles.PieceAbimee),
        ("apres.docx", open_xml("docx") + b"<script>", regles.PieceDouble),
        ("coupe.docx", open_xml("docx")[:-30], regles.PieceAbimee),
        # A name that says something else.
        ("photo.png", fichier("photo.jpg"), regles.PieceExtension),
        ("avis.docx", PDF, regles.PieceExtension),
        ("avis.pdf", b"Bonjour", regles.PieceExtension),
        ("classeur.docx", open_xml("xlsx"), regles.PieceExtension),
        ("avis.exe", PDF, regles.PieceExtension),
        ("note.bat", b"del *.*", regles.PieceDeGenreInconnu),
        ("riche.txt", b"{\\rtf1 bonjour}", regles.PieceDeGenreInconnu),
        ("hasard.txt", bytes(range(256)), regles.PieceDeGenreInconnu),
        ("film.mp4", b"\0\0\0\x18ftypmp42" + bytes(20), regles.PieceDeGenreInconnu),
        ("photo.gif", b"GIF89a" + bytes(20), regles.PieceDeGenreInconnu),
    ],
)
def test_ce_qui_est_refuse(nom: str, contenu: bytes, regle: type[regles.FichierRefuse]) -> None:
    assert refus(nom, contenu) is regle


def test_un_zip_qui_ment_sur_ses_tailles_est_refuse() -> None:
    """A member that says ten bytes and unpacks to eight million; the one that gives another name within."""
    bombe = bytearray(open_xml("docx", {"word/a.xml": BOMBE}))
    for place in [i for i in range(len(bombe)) if bombe[i : i + 4] == struct.pack("<I", len(BOMBE))]:
        bombe[place : place + 4] = struct.pack("<I", 10)
    assert refus("bombe.docx", bytes(bombe)) is regles.PieceAbimee
    autre = open_xml("docx", {"word/a.xml": b"x"}).replace(b"word/a.xml", b"word/b.xml", 1)
    assert refus("autre.docx", autre) is regles.PieceAbimee


def test_des_membres_sans_nombre_ou_en_double_sont_refuses() -> None:
    nombreux = open_xml("docx", {f"word/{rang}.xml": b"" for rang in range(bureautique.MEMBRES)})
    assert refus("nombreux.docx", nombreux) is regles.PieceDemesuree
    sortie = io.BytesIO(open_xml("docx"))
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(sortie, "a") as archive:
        archive.writestr("word/document.xml", "<y/>")
    assert refus("double.docx", sortie.getvalue()) is regles.PieceAbimee


def test_un_membre_chiffre_ou_d_une_autre_compression_est_refuse() -> None:
    contenu = bytearray(open_xml("docx"))
    contenu[6] |= 1
    place = contenu.rfind(b"PK\x01\x02")
    contenu[place + 8] |= 1
    assert refus("chiffre.docx", bytes(contenu)) is regles.PieceProtegee
    lzma = zipper({"[Content_Types].xml": TYPES, "a": b"a"}, compression=zipfile.ZIP_LZMA)
    assert refus("lzma.docx", lzma) is regles.PieceAbimee


def test_un_document_en_utf_16_ne_cache_pas_ses_macros() -> None:
    types = TYPES.format(partie="a", genre="wordprocessingml.document").encode("utf-16")
    assert refus("a.docx", zipper({"[Content_Types].xml": types})) is regles.PieceAbimee


def test_un_nom_sans_fin_recoit_celle_de_son_contenu() -> None:
    assert examiner("Avis d'imposition", PDF).nom == "Avis d'imposition.pdf"
    assert examiner("photo", fichier("photo.heic")).nom == "photo.heic"


def test_les_natures_ont_des_fins_distinctes() -> None:
    fins = [extension for nature in NATURES for extension in nature.extensions]
    assert len(set(fins)) == len(fins) == 17


@given(st.text(max_size=400), st.binary(max_size=3000))
def test_n_importe_quoi_est_accepte_ou_refuse_par_une_regle(nom: str, contenu: bytes) -> None:
    """No file raises anything but a rule, and what is taken has the end of its kind."""
    try:
        lue = examiner(nom, contenu)
    except regles.FichierRefuse:
        return
    assert lue.nom.rpartition(".")[2].lower() in lue.nature.extensions


VRAIS = [
    fichier(nom) for nom in ("photo.jpg", "capture.png", "photo.webp", "photo.heic", "document.xlsx", "document.ods")
]


@given(st.sampled_from([*VRAIS, PDF, open_xml("docx")]), st.data())
def test_un_vrai_fichier_abime_est_accepte_ou_refuse_par_une_regle(contenu: bytes, data: st.DataObject) -> None:
    abime = bytearray(contenu)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(abime) - 1))
        abime[place] = data.draw(st.integers(0, 255))
    coupe = bytes(abime[: data.draw(st.integers(0, len(abime)))])
    for essai in (bytes(abime), coupe):
        try:
            lue = examiner("x", essai)
        except regles.FichierRefuse:
            continue
        assert examiner(lue.nom, lue.contenu).nature == lue.nature


def test_un_texte_de_dix_megaoctets_est_lu_d_un_trait() -> None:
    contenu = "Écriture;12,50\r\n".encode() * 550_000
    assert examiner("a.csv", contenu).contenu == contenu
    assert duree(lambda: examiner("a.csv", contenu)) < 0.25


@pytest.mark.parametrize("signe", [chr(code) for code in (*range(32), 0x7F)])
def test_les_signes_de_commande_ne_sont_d_aucun_texte(signe: str) -> None:
    contenu = f"un{signe}deux".encode()
    if signe in "\t\n\r\f":
        assert examiner("a.txt", contenu).contenu == contenu
    else:
        with pytest.raises(regles.PieceDeGenreInconnu):
            examiner("a.txt", contenu)
