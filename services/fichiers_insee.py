"""Reading of INSEE's stock files (StockUniteLegale, StockEtablissement), one record at a time, whatever they hold.

Dictionaries of variables: https://www.sirene.fr/sirene/public/static/documentation. Every value that INSEE does not
diffuse reads `[ND]`, whatever the status of diffusion says: a cell is unknown when it reads so, and only then.
"""

import csv
import gzip
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from accounts.saisies.normalisation import normaliser
from accounts.saisies.regles import RegleMetier
from accounts.saisies.repliement import replier
from accounts.saisies.sirens import cle_siren_valide, cle_siret_valide

from .categories_juridiques import categorie_de
from .models import PersonneSirenisee

MASQUE = "[ND]"
NON_DIFFUSIBLE = "Personne non diffusible"
LONGUEUR_LIGNE = 64 * 1024  # bytes: a line of INSEE has some 600, and an endless one must not fill the memory
LIGNES_PAR_ENREGISTREMENT = 8  # a cell holds a line break now and then; an open quote must not swallow the file
CONTROLE = re.compile(rb"[\x01-\x08\x0b-\x1f\x7f]")
BOITE = re.compile(r"(?:BP|CS|TSA|CP|BOITE POSTALE|POSTE RESTANTE)\b(?: ?[0-9]|$)", re.IGNORECASE)
REPETITIONS = {"B": "BIS", "T": "TER", "Q": "QUATER", "C": "QUINQUIES"}
LONGUEURS: dict[str, int] = {
    champ: getattr(PersonneSirenisee._meta.get_field(champ), "max_length")  # noqa: B009 - mypy sees relations here
    for champ in ("denomination", "complement", "voie", "distribution", "code_postal", "commune", "pays")
}
LONGUEUR_REPRESENTANT = 160

type Progression = Callable[[str, int, int], None]
"""Called with the name of the file, the bytes read so far (compressed ones, where it is) and its size."""


class FichierInsee(RegleMetier):
    """A file cannot be read at all; nothing has been written."""

    code = "fichier_insee"
    message = "Le fichier {fichier} est illisible : {raison}."


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
    representant_nom: str
    representant_prenoms: str
    categorie: str
    categorie_juridique: str
    active: bool

    @property
    def representant(self) -> str:
        """The entrepreneur individuel, who represents himself; "" for anybody else."""
        return f"{self.representant_prenoms} {self.representant_nom}".strip()


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


class UnitePurgee(Exception):
    """Raised while one line is read: INSEE keeps nothing of this unité but its number."""


def _rien(siren: str) -> None:
    """Forget a purged unité."""


def lire_unites(
    fichier: Path,
    *,
    sur_rejet: Callable[[Rejet], None],
    sur_purge: Callable[[str], None] = _rien,
    progression: Progression | None = None,
) -> Iterator[UniteLegale]:
    """Yield each unité légale of `fichier` (CSV, alone, gzipped or zipped); hand each faulty line to `sur_rejet`.

    The SIREN of each purged unité goes to `sur_purge`: there is nothing to keep of it, and nothing to mend.

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
        except UnitePurgee:
            sur_purge(champs[0])
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
        "dernierNumeroVoieEtablissement", "indiceRepetitionDernierNumeroVoieEtablissement", "typeVoieEtablissement", "distributionSpecialeEtablissement", "codeCedexEtablissement",
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
    """Make a unité légale of the columns asked for by `lire_unites`, in their order. Raises: LigneRejetee, UnitePurgee."""
    siren, diffusion, etat, juridique, *noms = champs
    _verifier_siren(siren)
    if noms[1].lower() == "true":
        raise UnitePurgee
    if etat not in {"A", "C"}:
        raise LigneRejetee("état administratif inconnu (A ou C attendu)")
    if not re.fullmatch(r"[0-9]{4}", juridique):
        raise LigneRejetee("catégorie juridique absente ou inconnue (quatre chiffres attendus)")
    if diffusion not in {"O", "P", "N"}:
        raise LigneRejetee("statut de diffusion inconnu (O ou P attendu)")
    denomination, _, nom, nom_usage, prenom_usuel, prenom, usuelle, sigle = map(_connu, noms)
    representant = ("", "")
    if not denomination and (nom_usage or nom):
        denomination = " ".join(filter(None, (prenom_usuel or prenom, nom_usage or nom)))
        if juridique[0] == "1" and len(denomination) <= LONGUEUR_REPRESENTANT:
            representant = (nom_usage or nom, prenom_usuel or prenom)
    denomination = denomination or usuelle or sigle
    if not denomination and diffusion == "O" and MASQUE not in noms:
        raise LigneRejetee("ni dénomination ni nom")
    _verifier_longueur("denomination", "dénomination", denomination)
    return UniteLegale(ligne, siren, denomination, *representant, categorie_de(juridique).value, juridique, etat == "A")


def _siege(ligne: int, champs: list[str]) -> Siege | None:
    """Make a head office of the columns asked for by `lire_sieges`; None for another one. Raises: LigneRejetee."""
    siren, siret, _, siege, *adresse_lue = champs
    if siege.lower() not in {"true", "false"}:
        raise LigneRejetee("etablissementSiege inconnu (true ou false attendu)")
    if siege.lower() == "false":
        return None
    _verifier_siren(siren)
    if not re.fullmatch(r"[0-9]{14}", siret) or siret[:9] != siren or not cle_siret_valide(siret):
        raise LigneRejetee("SIRET invalide (14 chiffres, ceux du SIREN d’abord, clé de contrôle juste)")
    voie, code_postal, commune, code_commune, complement, *suite = map(_connu, adresse_lue)
    numero, repetition, dernier, repetition_dernier, type_voie, *suite = suite
    distribution, code_cedex, cedex, ville_etrangere, pays = suite
    departement = departement_de(code_commune) or departement_de(code_postal) or ("99" if pays else "")
    if MASQUE in (adresse_lue[0], adresse_lue[1], adresse_lue[5]):  # no letter is posted to what is left of it
        complement = numero = dernier = type_voie = voie = distribution = code_postal = code_cedex = ""
    if not distribution and BOITE.match(
        complement
    ):  # the envelope has the post box after the street, and keeps it longer
        complement, distribution = "", complement
    if voie.upper().startswith(f"{type_voie.upper()} "):  # « RUE », « RUE DES FOSSES »
        type_voie = ""
    numeros = _numero(numero, repetition)
    if dernier and dernier != numero:
        numeros = "-".join(filter(None, (numeros, _numero(dernier, repetition_dernier))))
    adresse = {
        "complement": complement,
        "voie": " ".join(filter(None, (numeros, type_voie, voie))),
        "distribution": distribution,
        "code_postal": code_cedex or code_postal,
        "commune": _commune(commune, cedex if code_cedex else "", en_cedex=bool(code_cedex)) or ville_etrangere,
        "pays": pays,
    }
    for champ, valeur in adresse.items():
        _verifier_longueur(champ, champ.replace("_", " "), valeur)
    return Siege(ligne=ligne, siren=siren, departement=departement, **adresse)


def _connu(cellule: str) -> str:
    """Return what a cell says, "" where INSEE masks it."""
    return "" if cellule == MASQUE else cellule


def _numero(numero: str, repetition: str) -> str:
    """Return a number in a street as an envelope has it: `12 BIS` for 12 and B or bis, without the zeros of a fixed width; "" for none."""
    repetition, numero = repetition.upper(), numero.lstrip("0")
    return f"{numero} {REPETITIONS.get(repetition, repetition)}".strip() if numero else ""


def _commune(commune: str, cedex: str, *, en_cedex: bool) -> str:
    """Return the town that goes with the postal code: a CEDEX code whose label is missing is no code of the town's own."""
    if cedex or not en_cedex or "CEDEX" in commune.upper():
        return cedex or commune
    return f"{commune} CEDEX" if commune else ""


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
    """Yield the number of each line and the values of the columns asked for, on one line each, the spaces made plain.

    Columns are found by name, folded; an absent optional one reads "". A masked cell is left as INSEE wrote it.
    """
    lignes = Lignes(_lignes_brutes(fichier, colonnes, progression))
    try:
        entete = _decouper(next(lignes, b"").removeprefix(b"\xef\xbb\xbf"))
    except LigneRejetee as raison:
        raise FichierInsee(fichier=fichier, raison=f"en-tête : {raison}") from raison
    rangs = _rangs(entete)
    for nom in colonnes:
        if replier(nom) not in rangs:
            raise FichierInsee(fichier=fichier, raison=f"la colonne « {nom} » manque")
    places = [rangs.get(replier(nom)) for nom in colonnes + facultatives]
    for octets in lignes:
        numero = lignes.numero
        if not octets.strip():
            continue
        try:
            valeurs = _enregistrement(octets, lignes, len(entete))
        except LigneRejetee as raison:
            debut = octets[:9].decode("ascii", "replace")
            sur_rejet(Rejet(fichier.name, numero, _siren_lisible(debut), str(raison)))
            continue
        yield numero, ["" if place is None else une_ligne(valeurs[place]) for place in places]


def _rangs(entete: list[str]) -> dict[str, int]:
    return {replier(nom): rang for rang, nom in enumerate(entete)}


def une_ligne(valeur: str) -> str:
    """Return a cell on one line: breaks, tabs and every kind of space as one space, nothing invisible."""
    valeur = " ".join(valeur.split())
    if valeur.isascii():
        return valeur
    visibles = (s for s in normaliser("NFKC", valeur) if unicodedata.category(s) not in {"Cf", "Cc"})
    return " ".join("".join(visibles).split())


class Lignes(Iterator[bytes]):
    """The physical lines of a file, counted from 1; some can be given back, to be read again."""

    def __init__(self, brutes: Iterator[bytes]) -> None:
        self._brutes = brutes
        self._rendues: list[bytes] = []
        self.numero = 0

    def __next__(self) -> bytes:
        ligne = self._rendues.pop() if self._rendues else next(self._brutes)
        self.numero += 1
        return ligne

    def rendre(self, lignes: list[bytes]) -> None:
        self._rendues.extend(reversed(lignes))
        self.numero -= len(lignes)


def _enregistrement(octets: bytes, lignes: Lignes, largeur: int) -> list[str]:
    """Return the values of the record that begins with this line; take the lines that one of its cells goes on over.

    A line that holds a whole record is never a continuation: a stray quote spoils its own line, none of those after it.
    Raises: LigneRejetee, for this line alone.
    """
    if octets.count(b'"') % 2:
        lues = [octets]
        for suite in lignes:
            lues.append(suite)
            if len(lues) > LIGNES_PAR_ENREGISTREMENT or _est_entiere(suite, largeur):
                break
            if suite.count(b'"') % 2:
                try:
                    valeurs = _decouper(b"".join(lues)[:LONGUEUR_LIGNE])
                except LigneRejetee:
                    break
                if len(valeurs) == largeur:
                    return valeurs
                break
        lignes.rendre(lues[1:])
    valeurs = _decouper(octets)
    if len(valeurs) != largeur:
        raise LigneRejetee(f"{len(valeurs)} colonnes lues, {largeur} attendues")
    return valeurs


def _est_entiere(octets: bytes, largeur: int) -> bool:
    try:
        return len(_decouper(octets)) == largeur
    except LigneRejetee:
        return False


def _lignes_brutes(fichier: Path, colonnes: tuple[str, ...], progression: Progression | None) -> Iterator[bytes]:
    """Yield each line of the CSV in `fichier`, its end included; of an endless one, its beginning. Raises: FichierInsee."""
    try:
        with ExitStack() as pile:
            brut = pile.enter_context(fichier.open("rb"))
            flux = _ouvrir(brut, fichier, colonnes, pile)
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


def _ouvrir(brut: IO[bytes], fichier: Path, colonnes: tuple[str, ...], pile: ExitStack) -> IO[bytes] | gzip.GzipFile:
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
    try:
        return pile.enter_context(archive.open(_choisir(archive, fichier, colonnes)))
    except RuntimeError as erreur:  # a password, a method of compression that Python does not know
        raise FichierInsee(fichier=fichier, raison=str(erreur)) from erreur


def _choisir(archive: zipfile.ZipFile, fichier: Path, colonnes: tuple[str, ...]) -> zipfile.ZipInfo:
    """Return the one CSV of the archive, whatever lies beside it; of several, the one with these columns.

    Raises: FichierInsee, RuntimeError for a member that cannot be unpacked.
    """
    membres = [
        membre
        for membre in archive.infolist()
        if membre.filename.lower().endswith(".csv") and not _est_accessoire(PurePosixPath(membre.filename))
    ]
    if len(membres) > 1:
        membres = [membre for membre in membres if _a_les_colonnes(archive, membre, colonnes)] or membres
    if len(membres) != 1:
        raise FichierInsee(fichier=fichier, raison=f"l’archive contient {len(membres)} fichiers CSV, un seul attendu")
    return membres[0]


def _est_accessoire(chemin: PurePosixPath) -> bool:
    """Whether it is what a system puts beside a file when it packs one: `__MACOSX/._StockUniteLegale.csv`."""
    return chemin.name.startswith(".") or "__MACOSX" in chemin.parts


def _a_les_colonnes(archive: zipfile.ZipFile, membre: zipfile.ZipInfo, colonnes: tuple[str, ...]) -> bool:
    with archive.open(membre) as flux:
        try:
            entete = _decouper(flux.readline(LONGUEUR_LIGNE).removeprefix(b"\xef\xbb\xbf"))
        except LigneRejetee:
            return False
    return _rangs(entete).keys() >= set(map(replier, colonnes))


def _decouper(octets: bytes) -> list[str]:
    """Split one record into its values. Raises: LigneRejetee for what PostgreSQL or CSV cannot hold."""
    if len(octets) == LONGUEUR_LIGNE:
        raise LigneRejetee(f"ligne de {LONGUEUR_LIGNE} octets ou plus")
    if b"\x00" in octets:
        raise LigneRejetee("caractère NUL")
    octets = octets.rstrip(b"\r\n").replace(b"\r\n", b"\n")
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
