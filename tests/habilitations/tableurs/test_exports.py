"""Every export of the portal, in one table: which are read again, which only tell (issue 11 item 1)."""

import ast
from collections.abc import Callable, Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Espace
from accounts.saisies.repliement import replier
from espacepro.journal import journal_personne
from habilitations.lectures import export, miennes
from habilitations.models import Role
from habilitations.partage.en_masse import CHANGEMENTS, examiner_fichier
from habilitations.partage.fichier import COLONNES, dechiffrer, lire
from habilitations.tableurs.ecriture import en_csv, en_xlsx
from habilitations.tableurs.lecture import TAILLE_DU_FICHIER, ExportALire, FichierTropGrand, exports_a_lire
from services.banque.export import COLONNES_EXPORT
from tests.factories import EspaceFactory, ServiceFactory, habiliter
from tests.habilitations.scenes import texte
from tests.scenes import RACINE
from tests.sources import module_de, noeuds

ECRIVAINS = {"en_csv", "en_xlsx", "morceaux_csv", "Feuille"}
# What is written as a table for people: the name of its columns in its module, and whether it is read again.
TABLE: dict[tuple[str, str], tuple[tuple[str, ...], bool]] = {
    ("habilitations/lectures/export.py", "COLONNES"): (export.COLONNES, True),
    ("habilitations/lectures/exports.py", "COLONNES"): (export.COLONNES, True),
    ("habilitations/lectures/export.py", "MODELE"): (export.MODELE, True),
    ("habilitations/views/exports.py", "MODELE"): (export.MODELE, True),
    ("habilitations/lectures/miennes.py", "COLONNES"): (miennes.COLONNES, False),
    ("espacepro/journal/journal_personne.py", "COLONNES"): (journal_personne.COLONNES, False),
    ("espacepro/views/comptes_bancaires.py", "COLONNES_EXPORT"): (COLONNES_EXPORT, False),
}
ECRIRE: dict[str, Callable[..., bytes]] = {"csv": en_csv, "xlsx": lambda colonnes, r: en_xlsx("Liste", colonnes, r)}


def ecrits() -> Iterator[tuple[str, str]]:
    """Yield (file, name of the columns) of each table that the five floors write; a legend written in place has none."""
    for app in ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro"):
        for fichier in sorted((RACINE / app).rglob("*.py")):
            if fichier.name == "ecriture.py":
                continue
            for noeud in noeuds(module_de(fichier)):
                nom = getattr(getattr(noeud, "func", None), "id", "")
                if isinstance(noeud, ast.Call) and nom in ECRIVAINS:
                    colonnes = noeud.args[0 if nom in {"en_csv", "morceaux_csv"} else 1]
                    if isinstance(colonnes, ast.Name):
                        yield str(fichier.relative_to(RACINE)), colonnes.id


def test_chaque_export_est_dans_la_table() -> None:
    assert set(ecrits()) == set(TABLE)


@pytest.mark.parametrize(("ou", "nom"), TABLE)
def test_ce_qui_se_relit_a_toutes_les_colonnes_que_le_lecteur_veut(ou: str, nom: str) -> None:
    colonnes, relue = TABLE[ou, nom]
    titres = [replier(colonne) for colonne in colonnes]
    assert len(set(titres)) == len(titres)
    reconnues = {cle for cle, c in COLONNES.items() if titres.count(replier(c.nom))}
    assert (reconnues >= {cle for cle, c in COLONNES.items() if c.obligatoire}) is relue
    assert (frozenset(titres) in exports_a_lire().values()) is not relue
    if relue:
        assert "acte" in reconnues, "the file goes both ways"
        # No other of its columns goes by a header of the reader's, surer than the portal's own.
        for cle, c in COLONNES.items():
            premiers = [replier(alias) for alias in c.alias if replier(alias) in titres]
            assert premiers[:1] == [replier(c.nom)], cle


@pytest.mark.django_db
@pytest.mark.parametrize("format_", ECRIRE)
@pytest.mark.parametrize("colonnes", [miennes.COLONNES, journal_personne.COLONNES])
def test_ce_qui_ne_se_relit_pas_le_dit(
    client_de: Callable[[Espace], Client], colonnes: tuple[str, ...], format_: str
) -> None:
    titulaire = habiliter(EspaceFactory()).espace
    contenu = ECRIRE[format_](colonnes, [["x"] * len(colonnes)])
    with pytest.raises(ExportALire):
        examiner_fichier(acteur=titulaire, contenu=contenu)
    fichier = SimpleUploadedFile(f"liste.{format_}", contenu)
    page = texte(client_de(titulaire).post(reverse("designation_fichier"), {"fichier": fichier}, follow=True))
    assert "ne change aucun droit" in page
    assert "partez de vos droits déjà accordés" in page


# The longest names that INSEE gives have 121 signs (../shared/cases/); libellés and persons' names as long as real ones are.
LONGUE = "COMITE DES OEUVRES SOCIALES DES AGENTS DE LA VILLE DE HAM, DU CENTRE COMMUNAL D'ACTION SOCIALE ET DE LA COMMUNAUTE DE COM"
NOM, PRENOM = "Montéléone de Villefranche-sur-Saône", "Anne-Sophie Marie"


def longues(lignes: int) -> list[list[str]]:
    """The rows of « partir de l'existant », each cell as long as it is in the real world."""
    libelle = "Déclarer et payer la taxe sur les salaires"
    return [
        [
            f"{552_000_000 + rang // 30:09}",
            LONGUE,
            f"SERVICE_AU_CODE_{rang % 30:02}",
            libelle,
            "acteur délégant",
            "active",
            "20263271234569",
            NOM,
            PRENOM,
            f"{PRENOM} {NOM}",
            "31/12/2026",
            "31/12/2031",
            "31/12/2027",
            "",
        ]
        for rang in range(lignes)
    ]


@pytest.mark.parametrize("format_", ECRIRE)
def test_trois_mille_droits_aux_noms_longs_reviennent(format_: str) -> None:
    """What one file may change, 3,000 rights, can be given back as it was exported, whatever its names."""
    contenu = ECRIRE[format_](export.COLONNES, longues(CHANGEMENTS))
    assert len(contenu) <= TAILLE_DU_FICHIER, f"{format_}: {len(contenu)} bytes"
    lues = lire(contenu)
    assert len(lues) == CHANGEMENTS
    assert {ligne.nom for ligne in lues} == {f"{PRENOM} {NOM}"}


def test_un_fichier_plus_grand_dit_quoi_faire() -> None:
    with pytest.raises(FichierTropGrand, match="Enregistrez-le en classeur XLSX"):
        lire(en_csv(export.COLONNES, longues(4 * CHANGEMENTS)))


@pytest.mark.django_db
@pytest.mark.parametrize("ecrit", ["-", "–", "/", "néant", "aucun", "Sans limite", "indéterminée"])
def test_sans_fin_comme_les_gens_l_ecrivent(ecrit: str) -> None:
    service = ServiceFactory(code="DECL_TVA", libelle="Déclarer la TVA")
    titres = "Siren ;N° abonné ;Code service;Nom Prénom;Rôle;Date de fin"
    lues = lire(
        f"{titres}\n552 032 534;2026 327 123 456 9;déclarer la tva;Martin Jeanne;Acteurs;{ecrit}\n".encode("cp1252")
    )
    dechiffrer(lues, [service])
    assert (lues[0].fautes, lues[0].expire_le, lues[0].sans_fin, lues[0].role_lu) == ([], None, True, Role.ACTEUR)
