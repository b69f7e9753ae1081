"""The letter: what its window shows, where, and what it tells for each nature of demande."""

import io
import re
from typing import Any

import pypdf
import pytest

from activation.courriers.enveloppe import Adresse
from activation.courriers.lettre import Nature, produire
from tests.activation.scenes import CODE, lettre

TRENTE_SERVICES = tuple(f"Déclarer et payer la taxe numéro {rang} sur les très longs libellés" for rang in range(30))


def pages(pdf: bytes) -> list[str]:
    """Give the text of each page on one line, with plain spaces and apostrophes."""
    lecteur = pypdf.PdfReader(io.BytesIO(pdf))
    return [re.sub(r"\s+", " ", page.extract_text()).replace("’", "'") for page in lecteur.pages]


def texte(pdf: bytes) -> str:
    return " ".join(pages(pdf))


def places(pdf: bytes) -> list[tuple[float, float, str]]:
    """Give every piece of text of page 1: millimetres from the left, of its baseline from the top, the text."""
    page = pypdf.PdfReader(io.BytesIO(pdf)).pages[0]
    hauteur = float(page.mediabox.height)
    morceaux: list[tuple[float, float, str]] = []

    def noter(contenu: str, ctm: list[float], tm: list[float], _police: Any, _taille: float) -> None:
        if contenu.strip():
            x = tm[4] * ctm[0] + tm[5] * ctm[2] + ctm[4]
            y = tm[4] * ctm[1] + tm[5] * ctm[3] + ctm[5]
            morceaux.append((x / 72 * 25.4, (hauteur - y) / 72 * 25.4, contenu.strip()))

    page.extract_text(visitor_text=noter)
    return morceaux


def fenetre(pdf: bytes) -> list[tuple[float, float, str]]:
    """Give what a window envelope may show: right of 100 mm, between 42 and 90 mm from the top."""
    return [(x, y, contenu) for x, y, contenu in places(pdf) if x > 100 and 42 < y < 90]


def test_l_adresse_est_dans_la_fenetre_et_rien_d_autre() -> None:
    vues = fenetre(produire(lettre()))
    assert [contenu for _, _, contenu in vues] == [
        "BOULANGERIE DE L'ÉPI D'OR",
        "À L'ATTENTION DU REPRÉSENTANT LÉGAL",
        "BÂTIMENT B, 2E ÉTAGE",
        "12 RUE DE LA RÉPUBLIQUE",
        "69003 LYON",
    ]
    assert all(x == pytest.approx(110, abs=0.2) for x, _, _ in vues)
    # Capitals of 9.5 pt are 2.4 mm high: a first baseline at 52.5 mm is a block that begins at 50 mm.
    assert vues[0][1] == pytest.approx(52.5, abs=0.3)
    assert vues[-1][1] < 77


@pytest.mark.parametrize("drapeau", [{"demonstration": True}, {"marque_etat": True}, {}])
def test_l_adresse_ne_bouge_pas_avec_l_en_tete(drapeau: dict[str, bool]) -> None:
    assert fenetre(produire(lettre(**drapeau))) == fenetre(produire(lettre()))


def test_une_adresse_demesuree_tient_dans_la_fenetre() -> None:
    demesuree = lettre(
        denomination="Société d'exploitation " * 14,
        representant="Anne-Sophie " * 20,
        adresse=Adresse(complement="x" * 300, voie="12 rue " * 40, localite="97419 LA POSSESSION " * 5),
    )
    vues = fenetre(produire(demesuree))
    assert len(vues) == 6
    assert vues[-2][2].startswith("97419 LA POSSESSION")
    assert vues[-1][1] < 77


def textes_de_remplacement(noeud: Any) -> list[str]:
    """Give what a screen reader says of the images below this node of the structure tree."""
    noeud = noeud.get_object()
    if isinstance(noeud, list):
        return [texte for enfant in noeud for texte in textes_de_remplacement(enfant)]
    if not isinstance(noeud, dict):
        return []
    sien = [str(noeud["/Alt"])] if "/Alt" in noeud else []
    return sien + (textes_de_remplacement(noeud["/K"]) if "/K" in noeud else [])


def test_les_barres_portent_le_numero_du_courrier_au_dessus_de_la_fenetre() -> None:
    for drapeaux in ({}, {"demonstration": True}, {"marque_etat": True}):
        pdf = produire(lettre(numero=2, **drapeaux))
        ((x, y, _),) = [morceau for morceau in places(pdf) if morceau[2] == "D-2026-004217-2"]
        assert (x > 125, y < 42) == (True, True)
        racine = pypdf.PdfReader(io.BytesIO(pdf)).trailer["/Root"]["/StructTreeRoot"]
        assert textes_de_remplacement(racine) == ["Code à barres du numéro de ce courrier : D-2026-004217-2"]


def test_chaque_lettre_dit_comment_signaler() -> None:
    for champs in ({}, {"avis": True, "code": ""}):
        dit = texte(produire(lettre(**champs)))
        assert "Vous ne reconnaissez pas cette demande ?" in dit
        assert "D-2026-004217-K7QM5" in dit
        assert "professionnels.exemple.fr/signaler/" in dit


@pytest.mark.parametrize("nature", ["ADHESION", "SUBSTITUTION"])
def test_la_lettre_d_information_tient_sur_une_page_et_ne_porte_pas_de_code(nature: str) -> None:
    (page,) = pages(produire(lettre(nature=nature, avis=True, code="")))
    for attendu in (
        "Un code d'activation a été déposé dans votre messagerie sécurisée",
        "Mme Claire Montéléone",
        "cinq jours ouvrés après le départ de ce courrier",
        "Déclarer la TVA",
        "Téléphone : 04 78 63 25 00",
    ):
        assert attendu in page, attendu
    assert CODE not in page
    assert "À saisir au plus tard" not in page


def test_un_demandeur_qui_se_nommerait_comme_une_adresse_n_est_pas_un_lien() -> None:
    dit = texte(produire(lettre(demandeur="Voir http://evil.example/x")))
    assert "evil.example" not in dit
    assert "http://" not in dit.replace("https://professionnels", "")


@pytest.mark.parametrize("avis", [False, True])
def test_qui_decide_lit_de_quelle_organisation_est_le_demandeur(avis: bool) -> None:
    code = {"avis": True, "code": ""} if avis else {}
    dit = texte(produire(lettre(organisation="CABINET VIDAL (SIREN 910 012 749)", **code)))
    assert "Montéléone, qui déclare appartenir à CABINET VIDAL (SIREN 910 012 749) et agir en qualité de" in dit
    assert "Montéléone, qui déclare agir en qualité de" in texte(produire(lettre(**code)))
    lien = texte(produire(lettre(organisation="Voir http://evil.example/x", **code)))
    assert "evil.example" not in lien


@pytest.mark.parametrize("champs", [{}, {"demonstration": True}, {"avis": True, "code": "", "demonstration": True}])
def test_la_reference_tient_sur_une_ligne(champs: dict[str, Any]) -> None:
    """At the foot of the sheet too, which « sans valeur » shares."""
    pdf = produire(lettre(reference="D-2026-WWWWWWWWWW", **champs))
    for page in pypdf.PdfReader(io.BytesIO(pdf)).pages:
        for ligne in page.extract_text().splitlines():
            for debut in ("D-", "D-2026-", "courrier", "courrier n°"):
                assert not ligne.rstrip().endswith(debut), ligne


def test_la_lettre_dit_tout() -> None:
    contenu = texte(produire(lettre()))
    for attendu in (
        CODE,
        "Demande D-2026-004217 – courrier n° 1",
        "Le 23 novembre 2026",
        "Le 22 novembre 2026, Mme Claire Montéléone, qui déclare agir en qualité de mandataire (expert-comptable)",
        "pour le compte de Boulangerie de l'Épi d'Or (SIREN 552 100 554)",
        "vendredi 22 janvier 2027",
        "Déclarer la TVA",
        "Payer la TVA",
        "donner mandat",
        "§2.3",
        "responsabilité civile",
        "Ne transmettez ce code à personne",
        "D-2026-004217-K7QM5",
        "Téléphone : 04 78 63 25 00",
        "165 rue Garibaldi 69401 Lyon Cedex 03",
        "https://professionnels.exemple.fr",
        "Page 1/1",
    ):
        assert attendu in contenu, attendu


@pytest.mark.parametrize(
    ("nature", "champs", "propre"),
    [
        (Nature.CREATION_SIMPLIFIEE, {}, "la création d'un espace professionnel en mode simplifié"),
        (Nature.ADHESION, {}, "adhésion à 2 services en ligne"),
        (Nature.SUBSTITUTION, {}, "l'administrateur titulaire actuel perd ces accès"),
        (Nature.COURRIEL_PERSONNE, {"nouveau_courriel": "compta@epi.exemple.fr"}, "devienne : compta@epi.exemple.fr."),
    ],
)
def test_chaque_nature_dit_ce_qui_lui_est_propre(nature: Nature, champs: dict[str, str], propre: str) -> None:
    for autre in Nature:
        courriel = "compta@epi.exemple.fr" if autre is Nature.COURRIEL_PERSONNE else ""
        dit = texte(produire(lettre(nature=autre, nouveau_courriel=courriel)))
        assert (propre in dit) is (autre is nature), (nature, autre)
        assert CODE in dit


def test_ou_saisir_le_code() -> None:
    """Whoever waits for the code that opens the espace has no « Gérer les services » yet: signing in leads to the field."""
    assert "« Activer vos services »" in texte(produire(lettre()))
    creation = texte(produire(lettre(nature="CREATION_SIMPLIFIEE")))
    assert "Gérer les services" not in creation
    assert "le demandeur se connecte sur https://professionnels.exemple.fr et saisit ce code" in creation


def test_un_seul_service_se_dit_au_singulier() -> None:
    contenu = texte(produire(lettre(services=("Payer la TVA",))))
    assert "adhésion à un service en ligne" in contenu
    assert "La démarche que ce code autorise" in contenu
    assert "d'effectuer cette démarche" in contenu


def test_un_nouveau_courrier_tue_l_ancien_code() -> None:
    assert "remplace celui" not in texte(produire(lettre()))
    troisieme = texte(produire(lettre(numero=3)))
    assert "remplace celui qui vous a été adressé auparavant pour cette demande (n° 2)" in troisieme
    assert "l'ancien code ne fonctionne plus" in troisieme


@pytest.mark.parametrize("nature", [Nature.ADHESION, Nature.SUBSTITUTION, Nature.CREATION_SIMPLIFIEE])
def test_le_code_reste_en_page_un_avec_trente_services_et_de_longs_noms(nature: Nature) -> None:
    longue = lettre(
        nature=nature,
        numero=3,
        services=TRENTE_SERVICES,
        denomination="W" * 1000,
        demandeur="W" * 1000,
        qualite="W" * 1000,
        demonstration=True,
    )
    feuilles = pages(produire(longue))
    assert CODE in feuilles[0]
    assert "vendredi 22 janvier 2027" in feuilles[0]
    assert all(service in " ".join(feuilles) for service in TRENTE_SERVICES)
    for rang, feuille in enumerate(feuilles, start=1):
        assert "D-2026-004217" in feuille
        assert f"Page {rang}/{len(feuilles)}" in feuille
    assert len(pages(produire(lettre(nature=nature, services=TRENTE_SERVICES)))) == 2


def test_un_mot_sans_fin_reste_dans_la_page() -> None:
    droites = [x for x, _, _ in places(produire(lettre(denomination="x" * 300, demandeur="W" * 300)))]
    assert max(droites) < 190


def test_ce_qui_est_tape_reste_du_texte() -> None:
    contenu = texte(produire(lettre(denomination='#read("/etc/passwd")', demandeur="$x$ *b*", services=("#panic()",))))
    assert '#read("/etc/passwd")' in contenu
    assert "$x$ *b*" in contenu
    assert "#panic()" in contenu
    assert "root:" not in contenu


def test_emoji_et_sens_d_ecriture_ne_cassent_rien() -> None:
    pdf = produire(
        lettre(
            denomination="שלום \u202emoc.live😀",
            demandeur="Zoé\x00 😀",
            adresse=Adresse(voie="漢字 12", localite="69003 Lyon"),
        )
    )
    assert "69003 LYON" in [contenu for _, _, contenu in fenetre(pdf)]
    assert "moc.live□" in texte(pdf)
    assert "Zoé □" in texte(pdf)


def test_marque_de_l_etat_et_demonstration() -> None:
    neutre, etat = texte(produire(lettre())), texte(produire(lettre(marque_etat=True)))
    demonstration = pages(produire(lettre(marque_etat=True, demonstration=True, services=TRENTE_SERVICES)))
    assert "RÉPUBLIQUE FRANÇAISE" in etat
    assert "RÉPUBLIQUE FRANÇAISE" not in neutre
    assert "DÉMONSTRATION" not in neutre + etat
    assert "RÉPUBLIQUE FRANÇAISE" not in demonstration[0]
    assert all("DÉMONSTRATION — sans valeur" in feuille for feuille in demonstration)


def test_la_meme_lettre_donne_les_memes_octets_balises() -> None:
    pdf = produire(lettre())
    assert pdf == produire(lettre())
    assert pdf != produire(lettre(code="AAAA-BBBB-CCCC"))
    racine = pypdf.PdfReader(io.BytesIO(pdf)).trailer["/Root"]
    assert racine["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in racine
    assert racine["/Lang"] == "fr-FR"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf


def test_le_code_ne_sort_que_par_le_pdf() -> None:
    assert CODE not in repr(lettre())
    metadonnees = pypdf.PdfReader(io.BytesIO(produire(lettre()))).metadata
    assert metadonnees is not None
    assert CODE not in str(dict(metadonnees))


@pytest.mark.parametrize(
    "champs",
    [
        {"nature": "AUTRE"},
        {"numero": 0},
        {"numero": 4},
        {"code": ""},
        {"avis": True},
        {"nature": "COURRIEL_PERSONNE"},
        {"nouveau_courriel": "compta@epi.exemple.fr"},
    ],
)
def test_une_lettre_fausse_est_refusee(champs: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Nature|numbered|code|e-mail"):
        lettre(**champs)


@pytest.mark.parametrize("avis", [False, True])
@pytest.mark.parametrize("nature", [Nature.ADHESION, Nature.SUBSTITUTION, Nature.COURRIEL_PERSONNE])
@pytest.mark.parametrize(
    ("nom", "dit"), [("ATELIER ROUSSEL", "d'ATELIER ROUSSEL"), ("BOULANGERIE DE L'ÉPI", "de BOULANGERIE DE L'ÉPI")]
)
def test_de_s_elide_devant_le_nom_de_l_entreprise(nature: Nature, nom: str, dit: str, avis: bool) -> None:
    courriel = "compta@exemple.fr" if nature is Nature.COURRIEL_PERSONNE else ""
    champs = {"nature": nature, "denomination": nom, "nouveau_courriel": courriel, "avis": avis}
    lu = texte(produire(lettre(**champs, code="" if avis else CODE)))
    avant = "l'adresse électronique" if courriel and not avis else "pour le compte"
    assert f"{avant} {dit}" in lu
    if not avis:
        assert f"pour le compte {dit} (conditions" in lu
    assert "agir en qualité de " in lu
