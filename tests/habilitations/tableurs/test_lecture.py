"""Tables as people have them are read; what is not a table is refused by a rule, never by a fault of ours."""

import contextlib
import io
import zipfile
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from accounts.saisies.regles import RegleMetier
from accounts.saisies.repliement import replier
from habilitations.lectures.export import COLONNES as EXPORTEES
from habilitations.models import Role
from habilitations.partage.fichier import ACTES, COLONNES, ROLES, Acte, LigneFichier, lire
from habilitations.tableurs import demesure, lecture
from habilitations.tableurs.cellules import DateComptee, DateIllisible, lire_jour
from habilitations.tableurs.demesure import CELLULES, DECOMPRESSE, ELEMENTS
from habilitations.tableurs.ecriture import Feuille, ecrire_xlsx, en_csv, en_xlsx
from habilitations.tableurs.lecture import (
    LIGNES,
    ColonnesManquantes,
    FichierIllisible,
    FichierTropGrand,
    lire_tableau,
)

ENTETE = "SIREN;Numéro d’abonné;Nom;Rôle;Code du service;Dernier jour"
LIGNE = "552032534;20263271234569;Lebœuf;acteur;TVA;31/12/2027"


def csv_de(*lignes: str, fin: str = "\r\n") -> bytes:
    return (fin.join(lignes) + fin).encode("utf-8-sig")


def une(contenu: bytes) -> LigneFichier:
    (ligne,) = lire(contenu)
    return ligne


def classeur(*rangees: list[object]) -> bytes:
    """Return a workbook as openpyxl writes it: numbers are numbers, days are days."""
    wb = Workbook()
    feuille = wb.active
    for rangee in rangees:
        feuille.append(rangee)
    tampon = io.BytesIO()
    wb.save(tampon)
    return tampon.getvalue()


@pytest.mark.parametrize(
    ("contenu", "numero"),
    [
        pytest.param(csv_de(ENTETE, LIGNE), 2, id="utf-8 avec marque"),
        pytest.param((ENTETE + "\n" + LIGNE).encode(), 2, id="utf-8 sans marque, sans fin de ligne"),
        pytest.param(csv_de(ENTETE, LIGNE, fin="\r"), 2, id="fins de ligne d'un ancien Mac"),
        pytest.param((ENTETE + "\r\n" + LIGNE).encode("cp1252"), 2, id="windows-1252"),
        pytest.param(
            csv_de(ENTETE, LIGNE).decode("utf-8-sig").replace(";", "\t").encode("utf-16"), 2, id="texte Unicode"
        ),
        pytest.param(
            b"\xfe\xff" + csv_de(ENTETE, LIGNE).decode("utf-8-sig").replace(";", "\t").encode("utf-16-be"),
            2,
            id="utf-16 gros-boutiste",
        ),
        pytest.param(csv_de(ENTETE, LIGNE).replace(b";", b"\t"), 2, id="tabulations"),
        pytest.param(csv_de(ENTETE, LIGNE).replace(b";", b","), 2, id="virgules"),
        pytest.param(csv_de(ENTETE, LIGNE).replace(b";", b"|"), 2, id="barres"),
        pytest.param(csv_de("sep=;", ENTETE, LIGNE), 2, id="sep=;"),
        pytest.param(csv_de("sep=,", ENTETE, LIGNE).replace(b";", b","), 2, id="sep=,"),
        pytest.param(csv_de('"sep=;"', ENTETE, LIGNE), 2, id="sep entre guillemets"),
        pytest.param(csv_de("SEP=;", ENTETE, LIGNE), 2, id="SEP en capitales"),
        pytest.param(csv_de("Mes délégations au 29/11/2026", "", ENTETE, LIGNE), 4, id="un titre au-dessus"),
        pytest.param(
            csv_de("Cabinet Morel, Paris, tél. 01;;;;;", ENTETE, LIGNE), 3, id="un titre et ses cellules vides"
        ),
        pytest.param(csv_de(ENTETE, *[";;;;;"] * 50, LIGNE), 52, id="cinquante lignes vides"),
        pytest.param(csv_de(ENTETE, LIGNE, *[";;;;;"] * 50), 2, id="cinquante lignes vides après"),
        pytest.param(csv_de(ENTETE.upper(), LIGNE), 2, id="titres en capitales"),
        pytest.param(csv_de(ENTETE.replace("é", "e").replace("ô", "o"), LIGNE), 2, id="titres sans accents"),
        pytest.param(
            csv_de("  SIREN ;N° d’abonné; nom ;RÔLE ;code_du_service;Date de fin", LIGNE), 2, id="autres titres"
        ),
        pytest.param(csv_de("siren;numero_abonne;nom;role;service;fin", LIGNE), 2, id="titres d'avant"),
        pytest.param(csv_de("Remarque;" + ENTETE + ";Téléphone", f"a voir;{LIGNE};01"), 2, id="colonnes inconnues"),
        pytest.param(csv_de(ENTETE, LIGNE + ";;;;"), 2, id="cellules en trop"),
        pytest.param(csv_de(ENTETE + ";", LIGNE), 2, id="un titre vide"),
        pytest.param(
            csv_de(ENTETE, '"552032534";"20263271234569";"Lebœuf";"acteur";"TVA";"31/12/2027"'), 2, id="guillemets"
        ),
        pytest.param(en_csv(ENTETE.split(";"), [LIGNE.split(";")]), 2, id="notre CSV"),
        pytest.param(en_xlsx("x", ENTETE.split(";"), [LIGNE.split(";")]), 2, id="notre XLSX"),
        pytest.param(
            classeur(ENTETE.split(";"), [552032534, 20263271234569, "Lebœuf", "acteur", "TVA", date(2027, 12, 31)]),
            2,
            id="XLSX de nombres et de dates",
        ),
        pytest.param(
            classeur(
                ["Titre"], [], ENTETE.split(";"), [552032534.0, "20263271234569", "Lebœuf", "acteur", "TVA", "31/12/27"]
            ),
            4,
            id="XLSX avec un titre",
        ),
    ],
)
def test_un_fichier_comme_on_en_a(contenu: bytes, numero: int) -> None:
    ligne = une(contenu)
    assert ligne.numero == numero, "as the spreadsheet counts"
    assert (ligne.siren.strip("'"), ligne.abonne.strip("'")) == ("552032534", "20263271234569")
    assert (ligne.nom, ligne.role, ligne.service) == ("Lebœuf", "acteur", "TVA")
    assert lire_jour(ligne.fin) == date(2027, 12, 31)


def test_la_deuxieme_feuille_quand_la_premiere_n_est_pas_la_table() -> None:
    tampon = io.BytesIO()
    ecrire_xlsx(
        tampon,
        Feuille("Lisez-moi", ("Bonjour",), [["x"]]),
        Feuille("Table", tuple(ENTETE.split(";")), [LIGNE.split(";")]),
    )
    assert une(tampon.getvalue()).siren == "552032534"


def test_le_code_du_service_passe_avant_son_nom() -> None:
    entete, ligne = ENTETE.replace("Code du service", "Service;Code du service"), LIGNE.replace("TVA", "Déclarer;TVA")
    assert une(csv_de(entete, ligne)).service == "TVA"
    assert une(csv_de(entete, LIGNE.replace("TVA", "Déclarer;"))).service == "Déclarer"


def test_le_prenom_compte_quand_il_a_sa_colonne() -> None:
    assert une(csv_de(ENTETE + ";Prénom", LIGNE + ";Hélène")).nom == "Hélène Lebœuf"
    assert une(csv_de(ENTETE + ";Prénom", LIGNE.replace("Lebœuf", "Hélène Lebœuf") + ";helene")).nom == "Hélène Lebœuf"


def test_chaque_colonne_exportee_que_l_import_lit_a_le_meme_nom() -> None:
    assert {colonne.nom for colonne in COLONNES.values()} <= set(EXPORTEES)
    alias = [replier(mot) for colonne in COLONNES.values() for mot in colonne.alias]
    assert all(alias)
    cles = {replier(mot): cle for cle, colonne in COLONNES.items() for mot in colonne.alias}
    for cle, colonne in COLONNES.items():
        assert {cles[replier(mot)] for mot in colonne.alias} == {cle}, "no header names two columns"


@pytest.mark.parametrize(
    ("mot", "role"),
    [
        ("administrateur suppléant", Role.SUPPLEANT),
        ("Administrateur Suppléant", Role.SUPPLEANT),
        ("ADMINISTRATEUR SUPPLEANT", Role.SUPPLEANT),
        ("suppléante", Role.SUPPLEANT),
        ("suppleant", Role.SUPPLEANT),
        ("acteur_delegant", Role.ACTEUR_DELEGANT),
        ("acteur délégant", Role.ACTEUR_DELEGANT),
        ("Acteur-délégant", Role.ACTEUR_DELEGANT),
        ("acteur\u00a0délégant", Role.ACTEUR_DELEGANT),
        ("acteur de\u0301le\u0301gant", Role.ACTEUR_DELEGANT),
        ("ACTEUR", Role.ACTEUR),
        ("administrateur titulaire", Role.TITULAIRE),
        ("chef", None),
        ("", None),
    ],
)
def test_les_roles_comme_les_pages_les_ecrivent(mot: str, role: Role | None) -> None:
    assert ROLES.get(replier(mot)) == role


@pytest.mark.parametrize(
    ("mot", "acte"),
    [
        ("accorder", Acte.ACCORDER),
        ("Ajouter", Acte.ACCORDER),
        ("RETIRER", Acte.RETIRER),
        ("Supprimer", Acte.RETIRER),
        ("changer la fin", Acte.CHANGER_LA_FIN),
        ("Changer_la_fin", Acte.CHANGER_LA_FIN),
        ("Prolonger", Acte.CHANGER_LA_FIN),
        ("détruire", None),
    ],
)
def test_les_actes_se_comparent_replies(mot: str, acte: Acte | None) -> None:
    assert ACTES.get(replier(mot)) == acte


@pytest.mark.parametrize(
    "texte",
    [
        "31/12/2027",
        "31/12/27",
        "2027-12-31",
        "2027/12/31",
        "31-12-2027",
        "31.12.2027",
        "31 12 2027",
        " 31/12/2027 ",
        "31/12/2027 00:00",
        "31/12/2027 00:00:00",
        "2027-12-31T00:00:00",
        "2027-12-31 00:00:00.000",
        "2027-12-31T00:00:00+01:00",
        "31 décembre 2027",
        "31 DECEMBRE 2027",
        "31 déc. 2027",
        "31-déc-27",
        "vendredi 31 décembre 2027",
        "31\u00a0décembre\u00a02027",
    ],
)
def test_un_jour_de_tableur(texte: str) -> None:
    assert lire_jour(texte) == date(2027, 12, 31)


@pytest.mark.parametrize(
    "texte",
    ["", "demain", "31/02/2027", "12/31/2027", "2027-31-12", "31/12", "31/12/127", "31 brumaire 2027", "0/0/00", "1"],
)
def test_un_jour_illisible(texte: str) -> None:
    with pytest.raises(DateIllisible):
        lire_jour(texte)


def test_un_jour_compte_par_le_tableur_est_dit_et_non_pris() -> None:
    with pytest.raises(DateComptee, match="31/12/2027"):
        lire_jour("46752")
    with pytest.raises(DateComptee, match="31/12/2027"):
        lire_jour("46752,0")


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31)))
def test_tout_jour_se_relit(jour: date) -> None:
    for forme in ("%d/%m/%Y", "%d/%m/%y", "%Y-%m-%d", "%d.%m.%Y"):
        assert lire_jour(f"{jour:{forme}}") == jour


@given(st.text(max_size=30))
def test_un_texte_quelconque_est_un_jour_ou_une_regle(texte: str) -> None:
    try:
        lu = lire_jour(texte)
    except DateIllisible:
        return
    assert lu.year >= 1


@pytest.mark.parametrize(
    ("contenu", "regle"),
    [
        pytest.param(b"", ColonnesManquantes, id="vide"),
        pytest.param(b"\x00\x01", FichierIllisible, id="octets"),
        pytest.param(b"\xff\xfe\x00", FichierIllisible, id="utf-16 coupé"),
        pytest.param(b"PK\x03\x04\x00", FichierIllisible, id="zip coupé"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 20, FichierIllisible, id="ancien XLS"),
        pytest.param(b"\x81\x8d\x8f", FichierIllisible, id="ni utf-8 ni windows-1252"),
        pytest.param(b"%PDF-1.7 texte", ColonnesManquantes, id="pdf"),
        pytest.param(csv_de("SIREN;Service", "1;2"), ColonnesManquantes, id="colonnes absentes"),
        pytest.param(
            en_csv(("Quand", "Quoi", "SIREN", "Service"), [["1", "2", "3", "4"]]), ColonnesManquantes, id="le journal"
        ),
        pytest.param(csv_de(ENTETE, '552032534;"sans fin'), FichierIllisible, id="guillemet ouvert"),
        pytest.param(csv_de(ENTETE, *[LIGNE] * (LIGNES + 1)), FichierTropGrand, id="trop de lignes"),
        pytest.param(
            en_xlsx("x", ENTETE.split(";"), [LIGNE.split(";")] * (LIGNES + 1)), FichierTropGrand, id="XLSX trop long"
        ),
    ],
)
def test_ce_qui_n_est_pas_une_table(contenu: bytes, regle: type[RegleMetier]) -> None:
    with pytest.raises(regle):
        lire(contenu)


def test_les_colonnes_absentes_sont_nommees_telles_qu_on_les_ecrit() -> None:
    with pytest.raises(ColonnesManquantes, match=r"Il manque : Numéro d’abonné, Nom, Rôle\."):
        lire(csv_de("SIREN;Service", "1;2"))


def zip_de(**parties: bytes) -> bytes:
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w", zipfile.ZIP_DEFLATED) as archive:
        for nom, contenu in parties.items():
            archive.writestr(nom.replace("__", "/"), contenu)
    return tampon.getvalue()


def test_une_archive_qui_gonfle_n_est_pas_ouverte() -> None:
    with pytest.raises(FichierTropGrand):
        lire(zip_de(bombe=b"\x00" * (DECOMPRESSE + 1)))


def avec_la_feuille(xml: bytes) -> bytes:
    """Return a good workbook whose one sheet is this XML instead."""
    tampon = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BON)) as source, zipfile.ZipFile(tampon, "w", zipfile.ZIP_DEFLATED) as archive:
        for nom in source.namelist():
            archive.writestr(nom, xml if nom.endswith("sheet1.xml") else source.read(nom))
    return tampon.getvalue()


ESPACE_DE_NOMS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


@pytest.mark.parametrize(
    ("entete", "donnees"),
    [
        pytest.param("", "<row>" + "<c/>" * (CELLULES + 1) + "</row>", id="une rangée sans fin"),
        pytest.param("", "<row/>" * (ELEMENTS + 1), id="des rangées sans fin"),
        pytest.param("", "<row>" + "<c/>" * (CELLULES + 1) + "</pas-fermée", id="puis XML abîmé"),
        pytest.param(
            '<!DOCTYPE w [<!ENTITY e "' + "<c/>" * 1_000 + '">]>', "<row>" + "&e;" * 20 + "</row>", id="des entités"
        ),
    ],
)
def test_quelques_kilooctets_ne_deviennent_pas_des_millions_de_cellules(
    entete: str, donnees: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lecture, "load_workbook", lambda *a, **k: pytest.fail("opened"))
    xml = f"<?xml version='1.0'?>{entete}<worksheet {ESPACE_DE_NOMS}><sheetData>{donnees}</sheetData></worksheet>"
    contenu = avec_la_feuille(xml.encode())
    assert len(contenu) < 50_000
    with pytest.raises(FichierTropGrand):
        lire(contenu)


def test_un_grand_classeur_se_lit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the largest, with as many columns as people have and every text another, within a tenth of the bounds."""
    for borne in ("ELEMENTS", "DECOMPRESSE"):
        monkeypatch.setattr(demesure, borne, getattr(demesure, borne) // 10)
    colonnes = [*ENTETE.split(";"), *(f"Autre {rang}" for rang in range(9))]
    rangees = [[*LIGNE.split(";"), *(f"{rang}-{place}" for place in range(9))] for rang in range(LIGNES // 10)]
    assert len(lire(en_xlsx("x", colonnes, rangees))) == LIGNES // 10


@pytest.mark.parametrize("signe", ['"', " ", "\r", "\x0b", "é", "a", "'", "", ";;"])
@pytest.mark.parametrize("patron", ["sep={}\n", '"sep={}"\r\n', "sep={}\r"])
def test_un_separateur_declare_n_importe_comment(signe: str, patron: str) -> None:
    with contextlib.suppress(RegleMetier):
        lire((patron.format(signe) + ENTETE + "\n" + LIGNE).encode())


def test_une_archive_qui_n_est_pas_un_classeur() -> None:
    for contenu in (zip_de(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), zip_de(xl__workbook=b"<a/>")):
        with pytest.raises(FichierIllisible):
            lire(contenu)


def test_des_entites_qui_gonflent_sont_refusees() -> None:
    entites = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "x" * 100}">' for i in range(9))
    rire = f'<?xml version="1.0"?><!DOCTYPE w [{entites}]><worksheet>&e8;</worksheet>'.encode()
    bon = en_xlsx("x", ENTETE.split(";"), [LIGNE.split(";")])
    tampon = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(bon)) as source, zipfile.ZipFile(tampon, "w") as archive:
        for nom in source.namelist():
            archive.writestr(nom, rire if nom.endswith("sheet1.xml") else source.read(nom))
    with pytest.raises(FichierIllisible):
        lire(tampon.getvalue())


BON = en_xlsx("x", ENTETE.split(";"), [LIGNE.split(";")])


@given(st.integers(0, len(BON) - 1), st.binary(min_size=1, max_size=8))
def test_un_classeur_abime_donne_une_regle(place: int, octets: bytes) -> None:
    abime = BON[:place] + octets + BON[place + len(octets) :]
    try:
        lignes = lire(abime)
    except RegleMetier:
        return
    assert len(lignes) <= 1


@given(st.binary(max_size=200))
def test_des_octets_quelconques_donnent_une_regle(contenu: bytes) -> None:
    with pytest.raises(RegleMetier):
        lire(contenu)


@given(st.lists(st.lists(st.text(max_size=12), min_size=2, max_size=2), max_size=4))
def test_ce_que_l_on_ecrit_se_relit(rangees: list[list[str]]) -> None:
    """Whatever the text: a row is a row, a cell a cell, in CSV and in XLSX."""
    colonnes = {"a": COLONNES["siren"], "b": COLONNES["nom"]}
    pleines = [
        rangee for rangee in rangees if all("".join(c for c in x if c.isprintable()).strip(" '=") for x in rangee)
    ]
    for contenu in (en_csv(("SIREN", "Nom"), pleines), en_xlsx("x", ("SIREN", "Nom"), pleines)):
        assert len(lire_tableau(contenu, colonnes)) == len(pleines)


def test_une_cellule_de_date_et_d_heure() -> None:
    contenu = classeur(ENTETE.split(";"), ["1", "2", "3", "acteur", "TVA", datetime(2027, 12, 31, 8, 30)])
    assert une(contenu).fin == "31/12/2027"
