"""Printed documents: tagged, in French, the same bytes for the same data, and nothing typed is ever markup."""

import io
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pypdf
import pytest
import typst

from accounts.documents import typst as documents
from accounts.documents.typst import (
    GLYPHE_ABSENT,
    PLACES,
    CompositionOccupee,
    Contact,
    composer_pdf,
    date_longue,
    grouper,
    siren_lisible,
    texte_propre,
)
from accounts.espace import recapitulatif_pdf
from accounts.espace.recapitulatif_pdf import Recapitulatif, ServiceObtenu

MODELE = """
#let d = json(bytes(sys.inputs.donnees))
#set document(title: "Essai")
#set text(lang: "fr", font: ("Libertinus Serif", "DejaVu Sans Mono"))
= Essai
#d.texte
"""
INJECTIONS = (
    '#read("/etc/passwd")',
    "$x$",
    "*b*",
    "_i_",
    "`c`",
    "<etiquette>",
    "@reference",
    "= titre",
    "\\u{41}",
    "//x",
)


@pytest.fixture
def modele(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the smallest template, alone in its root."""
    chemin = tmp_path / "essai.typ"
    chemin.write_text(MODELE)
    monkeypatch.setattr("accounts.documents.typst.RACINE", tmp_path)
    return chemin


def recapitulatif(**champs: Any) -> Recapitulatif:
    """Give a plain récapitulatif, some fields changed."""
    ordinaire = Recapitulatif(
        numero_abonne="20263274815936",
        mode="EXPERT",
        cree_le=date(2026, 11, 20),
        edite_le=date(2026, 11, 23),
        civilite="Mme",
        nom="Montéléone",
        prenom="Claire",
        courriel="claire.monteleone@cabinet.exemple.fr",
        telephone="06 12 34 56 78",
        adresse=("4 place Bellecour", "69002 Lyon"),
        organisation_denomination="Cabinet Montéléone & Associés",
        organisation_siren="443061841",
        cgu_version="2026-01",
        cgu_acceptees_le=date(2026, 11, 20),
        question_confiance="Quel était le nom de votre premier instituteur ?",
        reponse_confiance="l’ornithorynque bleu",
        reponse_choisie_le=date(2026, 11, 21),
        site_url="https://professionnels.exemple.fr",
    )
    return replace(ordinaire, **champs)


def texte(pdf: bytes) -> str:
    """Give the text of all pages on one line, with plain spaces."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def composer(modele: Path, contenu: str) -> str:
    """Give the text of the small template filled with `contenu`."""
    return texte(composer_pdf(modele, {"date_document": date(2026, 11, 23), "texte": contenu}))


def test_le_pdf_est_balise_en_francais_et_dit_pdf_ua() -> None:
    pdf = recapitulatif_pdf.produire(recapitulatif())
    lecteur = pypdf.PdfReader(io.BytesIO(pdf))
    racine = lecteur.trailer["/Root"]
    assert racine["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in racine
    assert racine["/Lang"] == "fr-FR"
    assert racine["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    assert lecteur.metadata is not None
    assert lecteur.metadata.title == "Récapitulatif d’inscription – numéro d’abonné 2026\xa0327\xa0481\xa0593\xa06"
    assert lecteur.metadata.creation_date is not None
    assert lecteur.metadata.creation_date.date() == date(2026, 11, 23)


def test_memes_donnees_memes_octets_dans_tous_les_fils() -> None:
    attendus = [recapitulatif_pdf.produire(recapitulatif(nom=f"Nom{rang}")) for rang in range(4)]
    assert len(set(attendus)) == 4
    with ThreadPoolExecutor(PLACES) as fils:
        obtenus = list(fils.map(lambda r: recapitulatif_pdf.produire(recapitulatif(nom=f"Nom{r % 4}")), range(24)))
    assert obtenus == attendus * 6


@pytest.mark.parametrize("injection", INJECTIONS)
def test_ce_qui_est_tape_reste_du_texte(modele: Path, injection: str) -> None:
    assert injection in composer(modele, injection)


def test_aucun_fichier_hors_de_la_racine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dehors = tmp_path / "secret.txt"
    dehors.write_text("secret")
    racine = tmp_path / "racine"
    racine.mkdir()
    indiscret = racine / "indiscret.typ"
    indiscret.write_text('#set document(title: "x")\n#read("../secret.txt")')
    monkeypatch.setattr("accounts.documents.typst.RACINE", racine)
    with pytest.raises(typst.TypstError):
        composer_pdf(indiscret, {"date_document": date(2026, 11, 23)})


@pytest.mark.parametrize(
    ("tape", "imprime"),
    [
        ("abc😀def漢", f"abc{GLYPHE_ABSENT}def{GLYPHE_ABSENT}"),
        ("a、b", f"a{GLYPHE_ABSENT}b"),
        ("Ω Ж", "Ω Ж"),
        ("nul\x00 saut\nrtl\u202efin", "nul saut rtlfin"),
        ("espace\xa0insécable", "espace insécable"),
        ("seul\ud800", "seul"),
    ],
)
def test_les_signes_sans_dessin_ou_sans_figure(modele: Path, tape: str, imprime: str) -> None:
    assert imprime in composer(modele, tape)


def test_un_empilement_d_accents_ne_casse_rien(modele: Path) -> None:
    assert "Essai" in composer(modele, "e" + "\u0301\u0489\u20dd\u1ab0" * 40 + "😀")


def test_les_polices_dessinent_tout_le_latin(modele: Path) -> None:
    latin = "".join(chr(code) for code in [*range(0x21, 0x7F), *range(0xA1, 0x180)] if code != 0xAD)
    typographie = "–—‘’“”…€" + GLYPHE_ABSENT
    assert GLYPHE_ABSENT not in composer(modele, latin)
    # After a refused character the rest of the text is kept as it was.
    assert composer(modele, "😀" + typographie).count(GLYPHE_ABSENT) == 2


def test_un_accent_qu_aucune_police_ne_pose_sur_sa_lettre(modele: Path) -> None:
    # Each of the two has a glyph, in different fonts: only the pair cannot be drawn.
    assert f"{GLYPHE_ABSENT}{GLYPHE_ABSENT} Zoé" in composer(modele, "Γ\u0953 Zoé")


def test_une_donnee_sans_date_est_refusee(modele: Path) -> None:
    with pytest.raises(KeyError):
        composer_pdf(modele, {"texte": "x"})
    with pytest.raises(TypeError):
        composer_pdf(modele, {"texte": "x", "date_document": "2026-11-23"})


def test_un_modele_faux_se_dit(modele: Path) -> None:
    with pytest.raises(typst.TypstError, match="texte"):
        composer_pdf(modele, {"date_document": date(2026, 11, 23), "absent": "pas de clé texte"})


def test_une_date_avec_heure_ne_garde_que_le_jour() -> None:
    matin = recapitulatif(edite_le=datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    assert recapitulatif_pdf.produire(matin) == recapitulatif_pdf.produire(recapitulatif())


def test_formats_francais() -> None:
    assert date_longue(date(2027, 1, 1)) == "1er\xa0janvier\xa02027"
    assert date_longue(date(2027, 1, 22), avec_jour=True) == "vendredi\xa022\xa0janvier\xa02027"
    assert date_longue(date(2028, 2, 29), avec_jour=True) == "mardi\xa029\xa0février\xa02028"
    assert siren_lisible("552100554") == "552\xa0100\xa0554"
    assert siren_lisible("IDSP12") == "IDSP12"
    assert grouper("1234", (2, 2)) == "12\xa034"
    assert texte_propre("  deux \t mots\n") == "deux mots"


def test_le_recapitulatif_dit_tout() -> None:
    contenu = texte(recapitulatif_pdf.produire(recapitulatif()))
    for attendu in (
        "2026 327 481 593 6",
        "Mme Claire Montéléone",
        "claire.monteleone@cabinet.exemple.fr",
        "06 12 34 56 78",
        "4 place Bellecour 69002 Lyon",
        "Cabinet Montéléone & Associés (SIREN 443 061 841)",
        "expert",
        "version 2026-01, acceptées le 20 novembre 2026",
        "Quel était le nom de votre premier instituteur ?",
        "l’ornithorynque bleu",
        "Conservez ce document en lieu sûr",
        "https://professionnels.exemple.fr",
        "Page 1/1",
    ):
        assert attendu in contenu, attendu
    assert "Vos services" not in contenu


def test_la_reponse_de_confiance_n_est_ecrite_que_si_elle_est_donnee() -> None:
    sans = texte(recapitulatif_pdf.produire(recapitulatif(reponse_confiance=None)))
    assert "elle n’est montrée qu’une fois" in sans
    assert "ornithorynque" not in sans
    assert "ornithorynque" not in repr(recapitulatif())
    avec = texte(recapitulatif_pdf.produire(recapitulatif()))
    assert "elle n’est montrée qu’une fois" not in avec


@pytest.mark.parametrize("reponse", ["l’ornithorynque bleu", None])
def test_le_jour_ou_la_reponse_a_ete_choisie(reponse: str | None) -> None:
    assert "hoisie le 21 novembre 2026" in texte(recapitulatif_pdf.produire(recapitulatif(reponse_confiance=reponse)))


@pytest.mark.parametrize("nombre", [0, 6, 8, 10, 11, 12, 14, 16, 40])
def test_aucune_page_ne_porte_les_dernieres_lignes_seules(nombre: int) -> None:
    """Whom to call stands under what to remember, or the last sheet would hold six lines."""
    services = tuple(
        ServiceObtenu(denomination=f"Société {rang}", siren="552032534", service="Payer la TVA", role="Acteur")
        for rang in range(nombre)
    )
    pdf = recapitulatif_pdf.produire(recapitulatif(services=services, reponse_confiance=None))
    derniere = pypdf.PdfReader(io.BytesIO(pdf)).pages[-1].extract_text()
    assert "Qui appeler" in derniere
    assert "À retenir" in derniere


def test_la_reponse_se_recopie_exactement() -> None:
    longue = "Abc'\"*$#" * 20
    contenu = texte(recapitulatif_pdf.produire(recapitulatif(reponse_confiance=longue)))
    assert longue in contenu.replace(" ", "")
    assert "\u200b" not in contenu
    avertissement = "ne s’impriment pas"
    assert avertissement not in contenu
    assert avertissement in texte(recapitulatif_pdf.produire(recapitulatif(reponse_confiance="mon chat 😀")))


def test_services_obtenus_et_service_gestionnaire() -> None:
    services = tuple(
        ServiceObtenu(denomination=f"Société {rang}", siren="552100554", service="Payer la TVA", role="Titulaire")
        for rang in range(100)
    )
    sie = Contact(nom="SIE de Lyon 3e", adresse=("165 rue Garibaldi",), telephone="04 78 63 25 00")
    pdf = recapitulatif_pdf.produire(recapitulatif(services=services, gestionnaire=sie))
    contenu = texte(pdf)
    assert all(f"Société {rang} 552 100 554 Payer la TVA Titulaire" in contenu for rang in range(100))
    assert "SIE de Lyon 3e 165 rue Garibaldi Téléphone : 04 78 63 25 00" in contenu
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    assert all("Votre rôle" in page.extract_text() for page in list(pages)[1:-1])


def test_marque_de_l_etat_et_demonstration() -> None:
    neutre = texte(recapitulatif_pdf.produire(recapitulatif()))
    etat = texte(recapitulatif_pdf.produire(recapitulatif(marque_etat=True)))
    demonstration = texte(recapitulatif_pdf.produire(recapitulatif(marque_etat=True, demonstration=True)))
    assert "RÉPUBLIQUE" not in neutre
    assert "DÉMONSTRATION" not in neutre
    assert "RÉPUBLIQUE FRANÇAISE" in etat
    assert "RÉPUBLIQUE" not in demonstration
    assert "DÉMONSTRATION — sans valeur" in demonstration


@pytest.mark.parametrize("champs", [{"mode": "AUTRE"}, {"reponse_confiance": "  "}])
def test_un_recapitulatif_faux_est_refuse(champs: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"mode|answer"):
        recapitulatif(**champs)


def test_un_document_se_fait_vite() -> None:
    recapitulatif_pdf.produire(recapitulatif())
    debut = time.perf_counter()
    for rang in range(10):
        recapitulatif_pdf.produire(recapitulatif(prenom=f"Claire {rang}"))
    assert (time.perf_counter() - debut) / 10 < 0.5


def test_vingt_mille_signes_sans_dessin_ne_coutent_pas_chacun_une_composition(modele: Path) -> None:
    """Asking Typst of each was a millisecond a sign: twenty seconds of processor for one message."""
    compilations = []
    compiler = typst.compile
    with pytest.MonkeyPatch.context() as compte:
        compte.setattr(typst, "compile", lambda *a, **k: compilations.append(a[0]) or compiler(*a, **k))
        assert GLYPHE_ABSENT * 100 in composer(modele, "".join(map(chr, range(0x4E00, 0x4E00 + 4_000)))).replace(
            "\n", ""
        )
    assert compilations.count(modele) == 1


def test_on_ne_compose_ni_n_attend_a_plus_que_les_places(modele: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.documents.typst.ATTENTE", 0.01)
    with documents._un_a_la_fois, pytest.raises(CompositionOccupee, match="Réessayez"):
        composer(modele, "attend, puis renonce")
    monkeypatch.setattr("accounts.documents.typst.ATTENTE", 60)
    for _ in range(PLACES):
        documents._places.acquire()
    try:
        with pytest.raises(CompositionOccupee):
            composer(modele, "n’attend pas")
    finally:
        documents._places.release(PLACES)
    assert "libre" in composer(modele, "libre")
