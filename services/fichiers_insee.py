"""Reading of INSEE's stock files (StockUniteLegale, StockEtablissement), one line at a time, whatever they hold.

Dictionaries of variables: https://www.sirene.fr/sirene/public/static/documentation. Every value that INSEE does not
diffuse reads `[ND]`.
"""

import csv
import gzip
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, NamedTuple

from accounts.saisies.regles import RegleMetier
from accounts.saisies.sirens import cle_siren_valide, cle_siret_valide

from .categories_juridiques import categorie_de
from .models import PersonneSirenisee

MASQUE = "[ND]"
NON_DIFFUSIBLE = "Personne non diffusible"
LONGUEUR_LIGNE = 64 * 1024  # bytes: a line of INSEE has some 600, and an endless one must not fill the memory
CONTROLE = re.compile(rb"[\x01-\x08\x0b-\x1f\x7f]")
REPETITIONS = {"B": "BIS", "T": "TER", "Q": "QUATER", "C": "QUINQUIES"}
LONGUEURS: dict[str, int] = {
    champ: getattr(PersonneSirenisee._meta.get_field(champ), "max_length")  # noqa: B009 - mypy sees relations here
    for champ in ("denomination", "complement", "voie", "distribution", "code_postal", "commune", "pays")
}

type Progression = Callable[[str, int, int], None]
"""Called with the name of the file, the bytes read so far (compressed ones, where it is) and its size."""


class FichierInsee(RegleMetier):
    """A file cannot be read at all; nothing has been written."""

    code = "fichier_insee"
    message = "Le fichier {fichier} est illisible : {raison}."


class Rejet(NamedTuple):
    """A line that was set aside: the file's name, the line's number (the header is line 1), its SIREN if it has one."""

    fichier: str
    ligne: int
    siren: str
    motif: str


class UniteLegale(NamedTuple):
    """What the portal keeps of a unité légale. `denomination` is empty where INSEE masks it."""

    ligne: int
    siren: str
    denomination: str
    representant: str
    categorie: str
    categorie_juridique: str
    active: bool


class Siege(NamedTuple):
    """The head office of a unité légale: its address, and the département that looks after it (`99`: abroad)."""

    ligne: int
    siren: str
    complement: str
    voie: str
    distribution: str
    code_postal: str
    commune: str
    pays: str
    departement: str


class LigneRejetee(Exception):
    """Raised while one line is read; its message is the reason in French."""


def lire_unites(
    fichier: Path, *, sur_rejet: Callable[[Rejet], None], progression: Progression | None = None
) -> Iterator[UniteLegale]:
    """Yield each unité légale of `fichier` (CSV, alone, gzipped or zipped); hand each faulty line to `sur_rejet`.

    Raises: FichierInsee.
    """
    colonnes = (
        "siren", "statutDiffusionUniteLegale", "etatAdministratifUniteLegale", "categorieJuridiqueUniteLegale",
        "denominationUniteLegale",
    )  # fmt: skip
    facultatives = (
        "unitePurgeeUniteLegale", "nomUniteLegale", "nomUsageUniteLegale", "prenomUsuelUniteLegale",
        "prenom1UniteLegale", "denominationUsuelle1UniteLegale", "sigleUniteLegale",
    )  # fmt: skip
    for ligne, champs in _lignes(fichier, colonnes, facultatives, sur_rejet, progression):
        try:
            yield _unite(ligne, champs)
        except LigneRejetee as raison:
            sur_rejet(Rejet(fichier.name, ligne, _siren_lisible(champs[0]), str(raison)))


def lire_sieges(
    fichier: Path, *, sur_rejet: Callable[[Rejet], None], progression: Progression | None = None
) -> Iterator[Siege]:
    """Yield the head office of each unité légale of `fichier`; secondary establishments are passed over.

    Raises: FichierInsee.
    """
    colonnes = (
        "siren", "siret", "statutDiffusionEtablissement", "etablissementSiege", "libelleVoieEtablissement",
        "codePostalEtablissement", "libelleCommuneEtablissement", "codeCommuneEtablissement",
    )  # fmt: skip
    facultatives = (
        "complementAdresseEtablissement", "numeroVoieEtablissement", "indiceRepetitionEtablissement",
        "typeVoieEtablissement", "distributionSpecialeEtablissement", "codeCedexEtablissement",
        "libelleCedexEtablissement", "libelleCommuneEtrangerEtablissement", "libellePaysEtrangerEtablissement",
    )  # fmt: skip
    for ligne, champs in _lignes(fichier, colonnes, facultatives, sur_rejet, progression):
        try:
            if (siege := _siege(ligne, champs)) is not None:
                yield siege
        except LigneRejetee as raison:
            sur_rejet(Rejet(fichier.name, ligne, _siren_lisible(champs[0]), str(raison)))


def departement_de(code: str) -> str:
    """Return the département of an INSEE commune code or of a postal code: `75`, `2A`, `974`; "" if there is none."""
    if not re.match(r"[0-9][0-9AB][0-9]{3}$", code):
        return ""
    if code[:2] in {"97", "98"}:
        return code[:3]
    if code[:2] == "20":  # postal code of Corse; INSEE's commune codes say 2A or 2B
        return "2A" if code[2] in "01" else "2B"
    return code[:2]


def _unite(ligne: int, champs: list[str]) -> UniteLegale:
    """Make a unité légale of the columns asked for by `lire_unites`, in their order. Raises: LigneRejetee."""
    siren, diffusion, etat, juridique, *noms = champs
    denomination, purgee, nom, nom_usage, prenom_usuel, prenom, usuelle, sigle = noms
    _verifier_siren(siren)
    if purgee.lower() == "true":
        raise LigneRejetee("unité purgée : INSEE n'en garde que le numéro")
    if etat not in {"A", "C"}:
        raise LigneRejetee("état administratif inconnu (A ou C attendu)")
    if not re.fullmatch(r"[0-9]{4}", juridique):
        raise LigneRejetee("catégorie juridique absente ou inconnue (quatre chiffres attendus)")
    representant = ""
    if diffusion == "O":
        if not denomination and (nom_usage or nom):
            denomination = " ".join(filter(None, (prenom_usuel or prenom, nom_usage or nom)))
            representant = denomination if juridique[0] == "1" else ""
        denomination = denomination or usuelle or sigle
        if not denomination:
            raise LigneRejetee("ni dénomination ni nom")
        _verifier_longueur("denomination", "dénomination", denomination)
    elif diffusion in {"P", "N"}:
        denomination = ""
    else:
        raise LigneRejetee("statut de diffusion inconnu (O ou P attendu)")
    return UniteLegale(
        ligne, siren, denomination, representant[:160], categorie_de(juridique).value, juridique, etat == "A"
    )


def _siege(ligne: int, champs: list[str]) -> Siege | None:
    """Make a head office of the columns asked for by `lire_sieges`; None for another one. Raises: LigneRejetee."""
    siren, siret, diffusion, siege, voie, code_postal, commune, code_commune, *suite = champs
    if siege.lower() not in {"true", "false"}:
        raise LigneRejetee("etablissementSiege inconnu (true ou false attendu)")
    if siege.lower() == "false":
        return None
    complement, numero, repetition, type_voie, distribution, code_cedex, cedex, ville_etrangere, pays = suite
    _verifier_siren(siren)
    if not re.fullmatch(r"[0-9]{14}", siret) or siret[:9] != siren or not cle_siret_valide(siret):
        raise LigneRejetee("SIRET invalide (14 chiffres, ceux du SIREN d'abord, clé de contrôle juste)")
    departement = departement_de(code_commune) or departement_de(code_postal) or ("99" if pays else "")
    if diffusion != "O":
        complement = numero = repetition = type_voie = voie = distribution = code_postal = code_cedex = ""
    adresse = {
        "complement": complement,
        "voie": " ".join(filter(None, (numero, REPETITIONS.get(repetition, repetition), type_voie, voie))),
        "distribution": distribution,
        "code_postal": code_cedex or code_postal,
        "commune": (cedex if code_cedex else "") or commune or ville_etrangere,
        "pays": pays,
    }
    for champ, valeur in adresse.items():
        _verifier_longueur(champ, champ.replace("_", " "), valeur)
    return Siege(ligne=ligne, siren=siren, departement=departement, **adresse)


def _verifier_siren(siren: str) -> None:
    if not re.fullmatch(r"[0-9]{9}", siren):
        raise LigneRejetee("SIREN invalide (neuf chiffres attendus)")
    if not cle_siren_valide(siren):
        raise LigneRejetee("SIREN invalide (clé de contrôle fausse)")


def _verifier_longueur(champ: str, libelle: str, valeur: str) -> None:
    if len(valeur) > (maximum := LONGUEURS[champ]):
        raise LigneRejetee(f"{libelle} de {len(valeur)} caractères ({maximum} au plus)")


def _siren_lisible(texte: str) -> str:
    """Return `texte` if it has the form of a SIREN, else "": the rejects may be opened in a spreadsheet."""
    return texte if re.fullmatch(r"[0-9]{9}", texte) else ""


def _lignes(
    fichier: Path,
    colonnes: tuple[str, ...],
    facultatives: tuple[str, ...],
    sur_rejet: Callable[[Rejet], None],
    progression: Progression | None,
) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each line and the values of the columns asked for, trimmed, masked ones empty.

    Columns are found by name, ignoring case; an absent optional one reads "". INSEE writes one record per line, so each
    line is read on its own: a stray quote spoils its line, never the ones after it.
    """
    lignes = _lignes_brutes(fichier, progression)
    try:
        entete = _decouper(next(lignes, b"").removeprefix(b"\xef\xbb\xbf"))
    except LigneRejetee as raison:
        raise FichierInsee(fichier=fichier, raison=f"en-tête : {raison}") from raison
    rangs = {nom.strip().lower(): rang for rang, nom in enumerate(entete)}
    for nom in colonnes:
        if nom.lower() not in rangs:
            raise FichierInsee(fichier=fichier, raison=f"la colonne « {nom} » manque")
    places = [rangs.get(nom.lower()) for nom in colonnes + facultatives]
    for numero, octets in enumerate(lignes, start=2):
        if not octets.strip():
            continue
        try:
            valeurs = _decouper(octets)
            if len(valeurs) != len(entete):
                raise LigneRejetee(f"{len(valeurs)} colonnes lues, {len(entete)} attendues")
        except LigneRejetee as raison:
            debut = octets[:9].decode("ascii", "replace")
            sur_rejet(Rejet(fichier.name, numero, _siren_lisible(debut), str(raison)))
            continue
        yield numero, ["" if place is None else valeurs[place].replace(MASQUE, "").strip() for place in places]


def _lignes_brutes(fichier: Path, progression: Progression | None) -> Iterator[bytes]:
    """Yield each line of the CSV in `fichier`, its end included; of an endless one, its beginning. Raises: FichierInsee."""
    try:
        with ExitStack() as pile:
            brut = pile.enter_context(fichier.open("rb"))
            flux = _ouvrir(brut, fichier, pile)
            taille = fichier.stat().st_size
            numero = 0
            while octets := flux.readline(LONGUEUR_LIGNE):
                yield octets
                while len(octets) == LONGUEUR_LIGNE and not octets.endswith(b"\n"):
                    octets = flux.readline(LONGUEUR_LIGNE)
                numero += 1
                if progression is not None and numero % 5000 == 0:
                    progression(fichier.name, brut.tell(), taille)
            if progression is not None:
                progression(fichier.name, taille, taille)
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as erreur:
        raise FichierInsee(fichier=fichier, raison=str(erreur)) from erreur


def _ouvrir(brut: IO[bytes], fichier: Path, pile: ExitStack) -> IO[bytes] | gzip.GzipFile:
    """Return the CSV within `brut`, unpacked as it is read if its first bytes say gzip or zip. Raises: FichierInsee."""
    debut = brut.read(4)
    brut.seek(0)
    if debut[:2] == b"\x1f\x8b":
        decompresse = gzip.GzipFile(fileobj=brut)
        pile.enter_context(decompresse)
        return decompresse
    if debut != b"PK\x03\x04":
        return brut
    archive = pile.enter_context(zipfile.ZipFile(brut))
    membres = [membre for membre in archive.infolist() if membre.filename.lower().endswith(".csv")]
    if len(membres) != 1:
        raise FichierInsee(fichier=fichier, raison=f"l'archive contient {len(membres)} fichiers CSV, un seul attendu")
    try:
        return pile.enter_context(archive.open(membres[0]))
    except RuntimeError as erreur:  # a password, a method of compression that Python does not know
        raise FichierInsee(fichier=fichier, raison=str(erreur)) from erreur


def _decouper(octets: bytes) -> list[str]:
    """Split one line into its values. Raises: LigneRejetee for what PostgreSQL or CSV cannot hold."""
    if len(octets) == LONGUEUR_LIGNE:
        raise LigneRejetee(f"ligne de {LONGUEUR_LIGNE} octets ou plus")
    if b"\x00" in octets:
        raise LigneRejetee("caractère NUL")
    octets = octets.rstrip(b"\r\n")
    if CONTROLE.search(octets):
        raise LigneRejetee("caractère de contrôle")
    try:
        texte = octets.decode()
    except UnicodeDecodeError as erreur:
        raise LigneRejetee(
            f"octet 0x{octets[erreur.start]:02X} illisible en UTF-8 (octet {erreur.start + 1})"
        ) from None
    if '"' not in texte:
        return texte.split(",")
    try:
        return next(csv.reader([texte], strict=True))
    except csv.Error:
        raise LigneRejetee("guillemets mal fermés") from None
