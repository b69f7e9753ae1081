"""Reading of INSEE's files: every line gives a value or a reason, never an exception."""

import gzip
import zipfile

import pytest

from services.fichiers_insee import LONGUEUR_LIGNE, FichierInsee, departement_de, lire_sieges, lire_unites

from .insee import ETABLISSEMENTS, UNITES, ecrire_sieges, ecrire_unites, siege, unite


def unites_de(fichier):
    rejets = []
    return list(lire_unites(fichier, sur_rejet=rejets.append)), rejets


def sieges_de(fichier):
    rejets = []
    return list(lire_sieges(fichier, sur_rejet=rejets.append)), rejets


def test_l_extrait():
    unites, rejets = unites_de(UNITES)
    assert (len(unites), rejets) == (11, [])
    sieges, rejets = sieges_de(ETABLISSEMENTS)
    assert (len(sieges), rejets) == (11, [])
    assert {siege.departement for siege in sieges} == {"31", "75", "92", "93"}


def test_en_tetes_en_minuscules_autre_ordre_colonnes_inconnues_et_bom(tmp_path):
    fichier = tmp_path / "u.csv"
    fichier.write_bytes(
        "\ufeffcouleur,DENOMINATIONUNITELEGALE,categoriejuridiqueunitelegale,siren,statutdiffusionunitelegale,"
        "etatadministratifunitelegale\r\nbleu,ÉTS PÉREZ,5499,552032534,O,A\r\n\r\n".encode()
    )
    (lue,), rejets = unites_de(fichier)
    assert (lue.ligne, lue.siren, lue.denomination, rejets) == (2, "552032534", "ÉTS PÉREZ", [])


@pytest.mark.parametrize(
    "denomination", ["Dénomination Unité Légale", "DENOMINATION_UNITE_LEGALE", "denominationUnıteLegale"]
)
def test_un_en_tete_se_lit_par_le_repliement(tmp_path, denomination):
    fichier = tmp_path / "u.csv"
    fichier.write_text(
        f"siren,statutDiffusionUniteLegale,etatAdministratifUniteLegale,categorieJuridiqueUniteLegale,{denomination}\n"
        "552032534,O,A,5499,DANONE\n",
        encoding="utf-8",
    )
    (lue,), rejets = unites_de(fichier)
    assert (lue.denomination, rejets) == ("DANONE", [])


@pytest.mark.parametrize("forme", ["gz", "zip"])
def test_fichiers_compresses(tmp_path, forme):
    fichier = tmp_path / "sans_extension"
    if forme == "gz":
        fichier.write_bytes(gzip.compress(UNITES.read_bytes()))
    else:
        with zipfile.ZipFile(fichier, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("StockUniteLegale_utf8.csv", UNITES.read_bytes())
    assert unites_de(fichier) == unites_de(fichier)
    assert len(unites_de(fichier)[0]) == 11


@pytest.mark.parametrize(
    ("octets", "raison"),
    [
        (b"", "« siren » manque"),
        (b"siren;statut\n", "« siren » manque"),
        (b"\x1f\x8b\x08\x00abc", "illisible"),
        (gzip.compress(UNITES.read_bytes())[:300], "illisible"),
        (b"PK\x03\x04abc", "illisible"),
        (b"siren\x00,", "NUL"),
    ],
)
def test_un_fichier_illisible_est_une_regle(tmp_path, octets, raison):
    fichier = tmp_path / "u.csv"
    fichier.write_bytes(octets)
    with pytest.raises(FichierInsee, match=raison):
        unites_de(fichier)
    with pytest.raises(FichierInsee, match="illisible"):
        unites_de(tmp_path / "absent.csv")


def test_une_archive_ou_le_csv_n_est_pas_seul(tmp_path):
    fichier = tmp_path / "u.zip"
    with zipfile.ZipFile(fichier, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("donnees")
        archive.writestr("LISEZMOI.txt", "StockUniteLegale")
        archive.writestr("__MACOSX/._StockUniteLegale_utf8.csv", b"\x00\x05\x16\x07")
        archive.writestr("donnees/.cache.csv", b"siren")
        archive.writestr("donnees/StockUniteLegaleHistorique_utf8.csv", "siren,dateFin\r\n")
        archive.writestr("donnees/StockUniteLegale_utf8.CSV", UNITES.read_bytes())
    assert len(unites_de(fichier)[0]) == 11


def test_une_archive_de_plusieurs_fichiers(tmp_path):
    fichier = tmp_path / "u.zip"
    with zipfile.ZipFile(fichier, "w") as archive:
        archive.writestr("a.csv", "siren")
        archive.writestr("b.csv", "siren")
    with pytest.raises(FichierInsee, match="2 fichiers CSV"):
        unites_de(fichier)


@pytest.mark.parametrize(
    ("ligne", "motif"),
    [
        ("552032534,O,A", "3 colonnes lues, 33 attendues"),
        (unite() + ",", "34 colonnes lues"),
        (unite(siren="552032535"), "clé de contrôle fausse"),
        (unite(siren="000000000"), "clé de contrôle fausse"),
        (unite(siren="55203253"), "neuf chiffres"),
        (unite(siren=""), "neuf chiffres"),
        (unite(denomination="CAF").encode().replace(b"CAF", b"CAF\xc9"), "octet 0xC9 illisible"),
        (unite(denomination="A\x00B"), "caractère NUL"),
        (unite(denomination="A\x1bB"), "caractère de contrôle"),
        (unite(denomination='"SANS FIN'), "guillemets"),
        (unite(denomination='"DEUX "GUILLEMETS"'), "guillemets"),
        (unite(denomination="A" * 301), "dénomination de 301 caractères"),
        (unite(denomination="A" * LONGUEUR_LIGNE), "octets"),
        (unite(denomination=""), "ni dénomination ni nom"),
        (unite(etatAdministratif="X"), "état administratif"),
        (unite(categorieJuridique="55"), "catégorie juridique"),
        (unite(categorieJuridique=""), "catégorie juridique"),
        (unite(statutDiffusion=""), "statut de diffusion"),
    ],
)
def test_une_ligne_fautive_est_rejetee_avec_son_numero_et_les_suivantes_lues(tmp_path, ligne, motif):
    fichier = ecrire_unites(tmp_path, unite(siren="552120222"), ligne, unite(siren="443061841"))
    unites, (rejet,) = unites_de(fichier)
    assert [(lue.ligne, lue.siren) for lue in unites] == [(2, "552120222"), (4, "443061841")]
    assert (rejet.fichier, rejet.ligne) == ("unites.csv", 3)
    assert motif in rejet.motif


def test_une_unite_purgee_n_est_ni_lue_ni_rejetee(tmp_path):
    purgees, rejets = [], []
    fichier = ecrire_unites(tmp_path, unite(siren="552120222", unitePurgee="true", denomination=""), unite())
    lues = list(lire_unites(fichier, sur_rejet=rejets.append, sur_purge=purgees.append))
    assert ([lue.siren for lue in lues], purgees, rejets) == (["552032534"], ["552120222"], [])


def test_une_cellule_sur_plusieurs_lignes(tmp_path):
    fichier = ecrire_unites(
        tmp_path,
        unite(siren="552120222", denomination='"SOCIETE\nDES DEUX\r\n\n LIGNES, ""BIS"""'),
        unite(siren="443061841"),
    )
    lues, rejets = unites_de(fichier)
    assert [(lue.ligne, lue.denomination) for lue in lues] == [(2, 'SOCIETE DES DEUX LIGNES, "BIS"'), (6, "DANONE")]
    assert rejets == []


@pytest.mark.parametrize("apres", ['"FIN', "SUITE", '"DEUX ""GUILLEMETS"""'])
def test_un_guillemet_perdu_ne_gate_que_sa_ligne(tmp_path, apres):
    """Two stray quotes in the same column would make one record of all that lies between them."""
    fichier = ecrire_unites(
        tmp_path,
        unite(siren="552120222", denomination='"DEBUT'),
        unite(siren="443061841"),
        unite(denomination=apres),
        unite(siren="383474814"),
    )
    lues, rejets = unites_de(fichier)
    assert {"443061841", "383474814"} <= {lue.siren for lue in lues}
    assert rejets[0].ligne == 2
    assert len(lues) + len(rejets) == 4


@pytest.mark.parametrize(
    ("valeurs", "denomination", "representant"),
    [
        ({"denomination": '"L\'ATELIER, ""BIS"""'}, 'L\'ATELIER, "BIS"', ""),
        (
            {"denomination": "", "nom": "DURAND", "prenom1": "ANNE", "categorieJuridique": "1000"},
            "ANNE DURAND", "ANNE DURAND",
        ),
        (
            {"denomination": "[ND]", "nom": "DURAND", "nomUsage": "PETIT", "prenom1": "ANNE", "prenomUsuel": "LISE",
             "categorieJuridique": "1000"},
            "LISE PETIT", "LISE PETIT",
        ),
        ({"denomination": "", "nom": "DURAND", "categorieJuridique": "5499"}, "DURAND", ""),
        ({"denomination": "", "denominationUsuelle1": "CHEZ LISE"}, "CHEZ LISE", ""),
        ({"denomination": "", "sigle": "ABC"}, "ABC", ""),
        ({"statutDiffusion": "P"}, "DANONE", ""),
        (
            {"statutDiffusion": "P", "denomination": "", "nom": "[ND]", "nomUsage": "[ND]", "prenom1": "[ND]",
             "denominationUsuelle1": "[ND]", "categorieJuridique": "1000"}, "", "",
        ),
        ({"statutDiffusion": "P", "denomination": "", "sigle": ""}, "", ""),
        ({"denomination": "[ND]"}, "", ""),
        ({"denomination": "[ND]", "sigle": "ABC"}, "ABC", ""),
        ({"denomination": "[ND]ER"}, "[ND]ER", ""),
        ({"denomination": "A\u00a0B  C\u202f D\tE"}, "A B C D E", ""),
        ({"denomination": "\u202eELAS\u202c \u200bSA"}, "ELAS SA", ""),
    ],
)  # fmt: skip
def test_le_nom(tmp_path, valeurs, denomination, representant):
    (lue,), rejets = unites_de(ecrire_unites(tmp_path, unite(**valeurs)))
    assert (lue.denomination, lue.representant, rejets) == (denomination, representant, [])


@pytest.mark.parametrize(
    ("valeurs", "attendu"),
    [
        ({}, ("", "17 BOULEVARD HAUSSMANN", "", "75009", "PARIS", "", "75")),
        ({"indiceRepetition": "B", "complementAdresse": "TOUR A"},
         ("TOUR A", "17 BIS BOULEVARD HAUSSMANN", "", "75009", "PARIS", "", "75")),
        ({"codeCedex": "75440", "libelleCedex": "PARIS CEDEX 09", "distributionSpeciale": "CS 10001"},
         ("", "17 BOULEVARD HAUSSMANN", "CS 10001", "75440", "PARIS CEDEX 09", "", "75")),
        ({"codePostal": "20000", "libelleCommune": "AJACCIO", "codeCommune": "2A004"},
         ("", "17 BOULEVARD HAUSSMANN", "", "20000", "AJACCIO", "", "2A")),
        ({"codePostal": "97400", "libelleCommune": "SAINT-DENIS", "codeCommune": "97411"},
         ("", "17 BOULEVARD HAUSSMANN", "", "97400", "SAINT-DENIS", "", "974")),
        ({"codePostal": "", "libelleCommune": "", "codeCommune": "", "libelleCommuneEtranger": "1050 BRUXELLES",
          "libellePaysEtranger": "BELGIQUE"},
         ("", "17 BOULEVARD HAUSSMANN", "", "", "1050 BRUXELLES", "BELGIQUE", "99")),
        ({"statutDiffusion": "P", "complementAdresse": "CHEZ ANNE"},
         ("CHEZ ANNE", "17 BOULEVARD HAUSSMANN", "", "75009", "PARIS", "", "75")),
        ({"statutDiffusion": "P", "complementAdresse": "CHEZ ANNE", "numeroVoie": "[ND]"},
         ("", "", "", "", "PARIS", "", "75")),
        ({"complementAdresse": "CHEZ ANNE", "libelleVoie": "[ND]"}, ("", "", "", "", "PARIS", "", "75")),
        ({"numeroVoie": "12", "dernierNumeroVoie": "14", "indiceRepetitionDernierNumeroVoie": "B"},
         ("", "12-14 BIS BOULEVARD HAUSSMANN", "", "75009", "PARIS", "", "75")),
        ({"numeroVoie": "12", "indiceRepetition": "bis", "dernierNumeroVoie": "14"},
         ("", "12 BIS-14 BOULEVARD HAUSSMANN", "", "75009", "PARIS", "", "75")),
        ({"numeroVoie": "12", "dernierNumeroVoie": "12"},
         ("", "12 BOULEVARD HAUSSMANN", "", "75009", "PARIS", "", "75")),
        ({"numeroVoie": "", "dernierNumeroVoie": "14"},
         ("", "14 BOULEVARD HAUSSMANN", "", "75009", "PARIS", "", "75")),
        ({"numeroVoie": "", "indiceRepetition": "B"}, ("", "BOULEVARD HAUSSMANN", "", "75009", "PARIS", "", "75")),
        ({"statutDiffusion": "P", "libelleVoie": "[ND]", "codePostal": "[ND]", "numeroVoie": "[ND]"},
         ("", "", "", "", "PARIS", "", "75")),
    ],
)  # fmt: skip
def test_l_adresse(tmp_path, valeurs, attendu):
    (lu,), rejets = sieges_de(ecrire_sieges(tmp_path, siege(**valeurs)))
    assert (lu[2:], rejets) == (attendu, [])


@pytest.mark.parametrize(
    ("ligne", "motif"),
    [
        (siege(siret="55203253400019"), "SIRET invalide"),
        (siege(siret="55212022200013"), "SIRET invalide"),
        (siege(siret="552032534"), "SIRET invalide"),
        (siege(siren="356000000", siret="35600000000011"), "SIRET invalide"),
        (siege(siren="552032535", siret="55203253500018"), "SIREN invalide"),
        (siege(etablissementSiege="oui"), "etablissementSiege"),
        (siege(libelleVoie="A" * 120), "voie de 133 caractères"),
        ("552032534,O", "2 colonnes lues"),
    ],
)
def test_un_siege_fautif_est_rejete(tmp_path, ligne, motif):
    sieges, (rejet,) = sieges_de(ecrire_sieges(tmp_path, ligne))
    assert sieges == []
    assert rejet.ligne == 2
    assert motif in rejet.motif


def test_les_etablissements_secondaires_sont_passes(tmp_path):
    assert sieges_de(ecrire_sieges(tmp_path, siege(etablissementSiege="false"))) == ([], [])


def test_le_siret_de_la_poste_suit_sa_regle(tmp_path):
    sieges, rejets = sieges_de(ecrire_sieges(tmp_path, siege(siren="356000000", siret="35600000049837")))
    assert (len(sieges), rejets) == (1, [])


@pytest.mark.parametrize(
    ("code", "departement"),
    [
        ("75109", "75"), ("01004", "01"), ("2A004", "2A"), ("2B033", "2B"), ("20190", "2A"), ("20200", "2B"),
        ("97411", "974"), ("98818", "988"), ("97133", "971"), ("", ""), ("7510", ""), ("ABCDE", ""),
    ],
)  # fmt: skip
def test_departement(code, departement):
    assert departement_de(code) == departement
