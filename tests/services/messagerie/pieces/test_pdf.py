"""A PDF: what starts or is a program is refused wherever it is written, and what honest writers make is taken."""

import io
import random
import zlib

import pypdf
import pytest

from services.messagerie.pieces import pdf, regles
from services.messagerie.pieces.natures import examiner

LANCE = b"5 0 << /Type /Action /S /Launch /F (calc) >>"
EXE = b"MZ" + bytes(200)
VRAI_EXE = b"MZ" + bytes(100) + b"This program cannot be run in DOS mode." + bytes(100) + b"PE\0\0"


def document(*objets: bytes) -> bytes:
    return b"%PDF-1.7\n" + b"\n".join(objets) + b"\nstartxref\n0\n%%EOF\n"


def flux(
    corps: bytes, dictionnaire: bytes = b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode", *, tasse: bool = True
) -> bytes:
    corps = zlib.compress(corps) if tasse else corps
    return b"4 0 obj\n<<%s/Length %d>>\nstream\n%s\nendstream\nendobj" % (dictionnaire, len(corps), corps)


@pytest.mark.parametrize(
    "objet",
    [
        flux(LANCE),
        flux(LANCE.replace(b"/Launch", b"/L#61unch")),
        flux(b"% dit rien\n" + LANCE),
        flux(b"5 0 " + b"<< /A (" + b"a" * 65_526 + b") /S /Launch >>"),  # over two pieces
        flux(LANCE, b"/Type/Autre/Filter/FlateDecode"),  # a reader looks for no name
        flux(LANCE).replace(b"stream\n", b"stream\r\n", 1),
        flux(LANCE)[:-30],  # cut: a reader shows what there is
    ],
)
def test_une_action_qui_lance_est_refusee_dans_les_objets_compresses(objet: bytes) -> None:
    with pytest.raises(regles.PieceMacros):
        examiner("a.pdf", document(objet))


@pytest.mark.parametrize(
    "objets",
    [
        [flux(EXE, b"/Type/EmbeddedFile", tasse=False)],
        [flux(EXE, b"/Type/EmbeddedFile/Filter/FlateDecode")],
        [flux(VRAI_EXE, b"/Filter/FlateDecode")],
        [flux(b"\x7fELF\2\1\1" + bytes(50), b"", tasse=False)],
        [b"5 0 obj <</Type/Filespec/F(facture.exe)/EF<</F 4 0 R>>>> endobj"],
        [b"5 0 obj <</UF (facture.pdf.JS)>> endobj"],
        [b"5 0 obj <</UF <FEFF0061002E006500780065>>> endobj"],
        [b"5 0 obj <</UF(\xfe\xff\0a\0.\0l\0n\0k)>> endobj"],
        [flux(b"5 0 <</Type/Filespec/F(facture.exe)/EF<</F 4 0 R>>>>")],
    ],
)
def test_un_programme_joint_est_refuse(objets: list[bytes]) -> None:
    with pytest.raises(regles.PieceProgrammeDedans, match="contient un programme"):
        examiner("a.pdf", document(*objets))


@pytest.mark.parametrize(
    "dictionnaire",
    [b"/Type/ObjStm/Filter/LZWDecode", b"/Type/Obj#53tm/Filter/FlateDecode/DecodeParms<</Predictor 12>>"],
)
def test_des_objets_compresses_autrement_ne_sont_pas_pris(dictionnaire: bytes) -> None:
    with pytest.raises(regles.PieceAbimee):
        examiner("a.pdf", document(flux(b"5 0 <<>>", dictionnaire, tasse=b"Predictor" in dictionnaire)))


def test_des_objets_qui_se_decompressent_sans_fin_sont_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "DECOMPRESSE", 2_000_000)
    with pytest.raises(regles.PieceDemesuree):
        examiner("a.pdf", document(flux(b"5 0 " + b" " * 2_000_000)))
    assert examiner("a.pdf", document(flux(b"q " + b" " * 3_000_000, b"/Filter/FlateDecode"))), "a page holds no object"


def test_ce_que_font_les_logiciels_est_pris() -> None:
    """A joined invoice (Factur-X), a script of a form, a picture, an address, a page whose drawing begins with numbers."""
    ecrit, sortie = pypdf.PdfWriter(), io.BytesIO()
    ecrit.add_blank_page(200, 200)
    ecrit.add_attachment("factur-x.xml", b"<?xml version='1.0'?><rsm:CrossIndustryInvoice/>")
    ecrit.write(sortie)
    hasard = random.Random(1)
    objets = [
        flux(b"5 0 <</S/URI/URI(https://www.impots.gouv.fr)>> <</S/SubmitForm/F(https://a.example/x.js)>>"),
        flux(b"5 0 <</S/JavaScript/JS(this.print\\(\\);)>>"),
        flux(b"1 0 0 1 72 720 cm BT (a) Tj ET", b"/Filter/FlateDecode"),
        flux(hasard.randbytes(5_000), b"/Subtype/Image/Filter/DCTDecode", tasse=False),
        flux(b"MZ" + hasard.randbytes(5_000), b"/Subtype/Image/Filter/FlateDecode"),
        flux(b"", b"/Filter/FlateDecode"),
    ]
    for contenu in (sortie.getvalue(), document(*objets)):
        assert examiner("a.pdf", contenu).nature.code == "pdf"
