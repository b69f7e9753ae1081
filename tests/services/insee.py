"""Small files in INSEE's layout, made for a test."""

from pathlib import Path

EXTRAIT = Path(__file__).resolve().parent.parent.parent / "espacepro" / "demonstration" / "sirene"
UNITES = EXTRAIT / "StockUniteLegale_extrait.csv"
ETABLISSEMENTS = EXTRAIT / "StockEtablissement_extrait.csv"

COLONNES_UNITE = UNITES.read_text().splitlines()[0].split(",")
COLONNES_ETABLISSEMENT = [
    *ETABLISSEMENTS.read_text().splitlines()[0].split(","),
    "dernierNumeroVoieEtablissement",
    "indiceRepetitionDernierNumeroVoieEtablissement",
]


def unite(siren="552032534", **valeurs):
    """Return a line of StockUniteLegale; columns are given without their ending `UniteLegale`."""
    defauts = {"statutDiffusion": "O", "etatAdministratif": "A", "categorieJuridique": "5499", "denomination": "DANONE"}
    return _ligne(COLONNES_UNITE, "UniteLegale", {"siren": siren} | defauts | valeurs)


def siege(siren="552032534", siret="55203253400018", **valeurs):
    """Return a line of StockEtablissement; columns are given without their ending `Etablissement`."""
    defauts = {
        "statutDiffusion": "O", "etablissementSiege": "true", "numeroVoie": "17", "typeVoie": "BOULEVARD",
        "libelleVoie": "HAUSSMANN", "codePostal": "75009", "libelleCommune": "PARIS", "codeCommune": "75109",
    }  # fmt: skip
    return _ligne(COLONNES_ETABLISSEMENT, "Etablissement", {"siren": siren, "siret": siret} | defauts | valeurs)


def _ligne(colonnes, suffixe, valeurs):
    rangs = {nom.removesuffix(suffixe): rang for rang, nom in enumerate(colonnes)}
    cases = [""] * len(colonnes)
    for nom, valeur in valeurs.items():
        cases[rangs[nom]] = valeur
    return ",".join(cases)


def ecrire_unites(dossier, *lignes):
    return _ecrire(dossier / "unites.csv", COLONNES_UNITE, lignes)


def ecrire_sieges(dossier, *lignes):
    return _ecrire(dossier / "etablissements.csv", COLONNES_ETABLISSEMENT, lignes)


def _ecrire(fichier, colonnes, lignes):
    octets = [ligne if isinstance(ligne, bytes) else ligne.encode() for ligne in (",".join(colonnes), *lignes)]
    fichier.write_bytes(b"\n".join(octets) + b"\n")
    return fichier
