"""What the window of the envelope shows: six lines of 38 characters (AFNOR NF Z 10-011), what gives way chosen by importance.

Country, postal code and town, and addressee always stand. Then the line that the post delivers by: with CEDEX or a post box
abroad the distribution line, else number and street; then the other of the two, the complement, and last the second line
of the name. The norm's abbreviations come before any cut, in French addresses; what is cut ends with « … ».
"""

import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from accounts.documents.typst import texte_propre
from accounts.saisies.normalisation import normaliser

LIGNES_ADRESSE = 6
COLONNES_ADRESSE = 38
SUITE = "…"
MENTION_REPRESENTANT = "à l'attention du représentant légal"
_MENTION_COURTE = "REPRÉSENTANT LÉGAL"

# NF Z 10-011, annex: kinds of street and of building, ranks and titles. Longer expressions first.
_VOIES = dict(
    mot.split("=")
    for mot in [
        "ZONE INDUSTRIELLE=ZI",
        "ZONE ARTISANALE=ZA",
        "ZONE D'ACTIVITES=ZAC",
        "ZONE D ACTIVITES=ZAC",
        "CENTRE COMMERCIAL=CCAL",
        "BOITE POSTALE=BP",
        "GRANDE RUE=GR",
        "ROND POINT=RPT",
        "ROND-POINT=RPT",
        "LIEU DIT=LD",
        "LIEU-DIT=LD",
        "NOTRE DAME=ND",
        "NOTRE-DAME=ND",
        "PETITE RUE=PTR",
        "PETIT CHEMIN=PCH",
        "VIEUX CHEMIN=VCHE",
        "ANCIENNE ROUTE=ART",
        "ALLEE=ALL",
        "ALLEES=ALL",
        "AVENUE=AV",
        "BOULEVARD=BD",
        "CARREFOUR=CAR",
        "CHEMIN=CHE",
        "CHAUSSEE=CHS",
        "COURS=CRS",
        "DESCENTE=DSC",
        "DOMAINE=DOM",
        "ESPLANADE=ESP",
        "FAUBOURG=FG",
        "HAMEAU=HAM",
        "IMPASSE=IMP",
        "LOTISSEMENT=LOT",
        "MARCHE=MAR",
        "MONTEE=MTE",
        "PASSAGE=PAS",
        "PLACE=PL",
        "PLAINE=PLN",
        "PLATEAU=PLT",
        "PROMENADE=PROM",
        "PARVIS=PRV",
        "QUARTIER=QUA",
        "RESIDENCE=RES",
        "ROCADE=ROC",
        "ROUTE=RTE",
        "SENTIER=SEN",
        "SENTE=SEN",
        "SQUARE=SQ",
        "TERRASSE=TSSE",
        "TRAVERSE=TRA",
        "VILLA=VLA",
        "VILLAGE=VLGE",
        "APPARTEMENT=APP",
        "BATIMENT=BAT",
        "BATIMENTS=BATS",
        "COULOIR=CLR",
        "ENTREE=ENT",
        "ESCALIER=ESC",
        "ETAGE=ETG",
        "IMMEUBLE=IMM",
        "PORTE=PTE",
        "PAVILLON=PAV",
        "CENTRE=CTRE",
    ]
)
_TITRES = dict(
    mot.split("=")
    for mot in [
        "ADJUDANT=ADJ",
        "AMIRAL=AML",
        "ARCHEVEQUE=ARCH",
        "CAPITAINE=CNE",
        "CARDINAL=CDL",
        "COLONEL=CNL",
        "COMMANDANT=CDT",
        "DIVISION=DIV",
        "DOCTEUR=DR",
        "DUCHESSE=DCH",
        "EMPEREUR=EMP",
        "EVEQUE=EVQ",
        "FRERES=FRS",
        "GENERAL=GAL",
        "GOUVERNEUR=GOUV",
        "INFANTERIE=INF",
        "INGENIEUR=ING",
        "INSPECTEUR=INSP",
        "LIEUTENANT=LTN",
        "MADAME=MME",
        "MADEMOISELLE=MLLE",
        "MAITRE=ME",
        "MARECHAL=MAL",
        "MINISTRE=MIN",
        "MONSEIGNEUR=MGR",
        "MONSIEUR=M",
        "PREFET=PFT",
        "PRESIDENT=PDT",
        "PROFESSEUR=PR",
        "PROLONGE=PROL",
        "PROLONGEE=PROL",
        "REGIMENT=RGT",
        "SAINT=ST",
        "SAINTE=STE",
        "SAINTS=STS",
        "SERGENT=SGT",
        "SOUS=S/",
        "SUR=S/",
        "GRAND=GD",
        "GRANDE=GDE",
        "GRANDS=GDS",
        "PETIT=PT",
        "PETITS=PTS",
        "HAUT=HT",
        "HAUTE=HTE",
        "INFERIEUR=INF",
        "INFERIEURE=INF",
        "SUPERIEUR=SUP",
        "SUPERIEURE=SUP",
        "ANCIEN=ANC",
        "ANCIENNE=ANC",
        "PREMIER=1ER",
        "PREMIERE=1ERE",
        "DEUXIEME=2E",
        "TROISIEME=3E",
        "QUATRIEME=4E",
        "CINQUIEME=5E",
    ]
)
_RAISONS = dict(
    mot.split("=")
    for mot in [
        "SOCIETE PAR ACTIONS SIMPLIFIEE UNIPERSONNELLE=SASU",
        "SOCIETE PAR ACTIONS SIMPLIFIEE=SAS",
        "SOCIETE A RESPONSABILITE LIMITEE=SARL",
        "SOCIETE CIVILE IMMOBILIERE=SCI",
        "SOCIETE CIVILE=SC",
        "SOCIETE ANONYME=SA",
        "CENTRE COMMUNAL D'ACTION SOCIALE=CCAS",
        "GROUPEMENT AGRICOLE D'EXPLOITATION EN COMMUN=GAEC",
        "EXPLOITATION AGRICOLE A RESPONSABILITE LIMITEE=EARL",
        "COMMUNAUTE DE COMMUNES=CC",
        "COMITE DES OEUVRES SOCIALES=COS",
        "SOCIETE D'EXPLOITATION=STE EXPL",
        "ASSOCIATION=ASSOC",
        "ASSOCIATIONS=ASSOC",
        "COMPAGNIE=CIE",
        "COOPERATIVE=COOP",
        "DEPARTEMENTAL=DEP",
        "DEPARTEMENTALE=DEP",
        "ENTREPRISE=ENTR",
        "ETABLISSEMENT=ETB",
        "ETABLISSEMENTS=ETS",
        "FEDERATION=FED",
        "INTERNATIONAL=INTL",
        "INTERNATIONALE=INTL",
        "MUNICIPAL=MUN",
        "MUNICIPALE=MUN",
        "NATIONAL=NAT",
        "NATIONALE=NAT",
        "REGIONAL=REG",
        "REGIONALE=REG",
        "SAINT=ST",
        "SAINTE=STE",
        "SOCIETE=STE",
        "SOCIETES=STES",
        "SYNDICAT=SYND",
        "REPRESENTANT LEGAL=REPR. LÉGAL",
    ]
)
# First names of which streets are made; the norm writes them by their initial.
_PRENOMS = frozenset(
    [
        "ADOLPHE",
        "ALBERT",
        "ALEXANDRE",
        "ALFRED",
        "ALPHONSE",
        "ANATOLE",
        "ANDRE",
        "ANNE",
        "ANTOINE",
        "ARISTIDE",
        "ARTHUR",
        "AUGUSTE",
        "BAPTISTE",
        "BENOIT",
        "BERNARD",
        "CAMILLE",
        "CHARLES",
        "CLAUDE",
        "CLEMENT",
        "DANIEL",
        "DENIS",
        "EDGAR",
        "EDMOND",
        "EDOUARD",
        "EMILE",
        "ERNEST",
        "ETIENNE",
        "EUGENE",
        "FELIX",
        "FERDINAND",
        "FERNAND",
        "FRANCOIS",
        "FRANCOISE",
        "FREDERIC",
        "GABRIEL",
        "GASTON",
        "GEORGES",
        "GERARD",
        "GILBERT",
        "GUILLAUME",
        "GUSTAVE",
        "GUY",
        "HECTOR",
        "HELENE",
        "HENRI",
        "HONORE",
        "HUBERT",
        "HUGUES",
        "IRENE",
        "JACQUES",
        "JEAN",
        "JEANNE",
        "JOSEPH",
        "JULES",
        "JULIEN",
        "LAURENT",
        "LEON",
        "LEONARD",
        "LOUIS",
        "LOUISE",
        "LUCIEN",
        "MARCEL",
        "MARGUERITE",
        "MARIE",
        "MARTIN",
        "MAURICE",
        "MAXIME",
        "MICHEL",
        "NICOLAS",
        "OLIVIER",
        "PASCAL",
        "PAUL",
        "PHILIPPE",
        "PIERRE",
        "RAOUL",
        "RAYMOND",
        "RENE",
        "RICHARD",
        "ROBERT",
        "ROGER",
        "ROMAIN",
        "SALVADOR",
        "SEBASTIEN",
        "SIMON",
        "SIMONE",
        "THEODORE",
        "THEOPHILE",
        "THOMAS",
        "VICTOR",
        "VINCENT",
        "YVES",
    ]
)
_SAINTS = frozenset(["SAINT", "SAINTE", "ST", "STE"])
_LIAISONS = frozenset(["A", "AU", "AUX", "D", "DE", "DES", "DU", "EN", "ET", "L", "LA", "LE", "LES"])
_CEDEX = re.compile(r"\bCEDEX\b")
_BOITE = re.compile(
    r"\b(P\.?\s?O\.?\s?BOX|POST\s?BOX|POSTFACH|POSTBUS|BOITE POSTALE|B\.?P\.?|CASE POSTALE|APARTADO|CASELLA)\b"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Adresse:
    """A postal address, part by part: which one gives way is decided here, where one knows what each is."""

    complement: str = ""
    voie: str = ""
    distribution: str = ""
    localite: str = ""
    pays: str = ""

    @classmethod
    def depuis_lignes(cls, lignes: Iterable[str]) -> "Adresse":
        """Return the address of a letter made before its parts were kept: the last line is its town."""
        *avant, localite = [ligne for ligne in lignes if ligne.strip()] or [""]
        return cls(voie=" ".join(avant[-1:]), complement=" ".join(avant[:-1]), localite=localite)


def composer(*, destinataire: str, representant: str, adresse: Adresse, mention: str | None = None) -> tuple[str, ...]:
    """Return the lines of the window, in capitals and in the norm's order: at most six of 38 characters.

    `mention`: what stands below the name in the place of the représentant légal, "" for nothing.
    """
    a, francaise = adresse, not _en_tete(adresse.pays)
    voie, distribution = (_reduire_voie(_capitales(t), francaise) for t in (a.voie, a.distribution))
    nom = _capitales(destinataire)
    parties = {
        "nom": _plier_nom(nom, 2),
        "mention": _une_ligne(_capitales(_mention(representant) if mention is None else mention)),
        "complement": _plier(_reduire_voie(_capitales(a.complement), francaise), 2),
        "voie": _plier(voie, 3),
        "distribution": _plier(distribution, 2),
        "localite": _plier(_reduire_localite(_capitales(a.localite), francaise), 2),
        "pays": _une_ligne(_en_tete(a.pays)),
    }
    if sum(map(len, parties.values())) > LIGNES_ADRESSE and not representant and mention is None:
        ensemble = f"{nom}, {_MENTION_COURTE}"
        if nom and len(ensemble) <= COLONNES_ADRESSE:
            parties |= {"nom": [ensemble], "mention": []}
    boite = (
        _CEDEX.search(_capitales(a.localite)) if francaise else _BOITE.search(_sans_accents(_capitales(a.distribution)))
    )
    premier, second = ("distribution", "voie") if boite and distribution else ("voie", "distribution")
    places = dict.fromkeys(parties, 0)
    importance = ["pays", "localite", "nom", "mention", "localite", premier, second, *[premier] * 2, *[second] * 2]
    for partie in [*importance, "complement", "nom", "complement"]:
        if places[partie] < len(parties[partie]) and sum(places.values()) < LIGNES_ADRESSE:
            places[partie] += 1
    if places["nom"] == 1 < len(parties["nom"]):
        parties["nom"] = _plier_nom(nom, 1)
    return tuple(ligne for partie, lignes in parties.items() for ligne in _garder(lignes, places[partie]))


def _mention(representant: str) -> str:
    return f"{representant}, représentant légal" if representant else MENTION_REPRESENTANT


def _en_tete(pays: str) -> str:
    """Return the country as it is written, "" for France itself."""
    propre = _capitales(pays)
    return "" if propre == "FRANCE" else propre


def _capitales(texte: str) -> str:
    """Return `texte` clean and in capitals, as the sorting machines read best."""
    return texte_propre(texte_propre(texte).upper())


def _sans_accents(texte: str) -> str:
    """Return capitals without their accents, one for one: positions do not change."""
    return "".join(normaliser("NFD", signe)[:1] for signe in texte)


def _remplacer(texte: str, table: dict[str, str]) -> str:
    """Write the norm's abbreviations from the left, until the line fits; its last word stays whole."""
    for expression, abreviation in table.items():
        while len(texte) > COLONNES_ADRESSE:
            trouve = re.search(rf"(?<![\w'’]){re.escape(expression)}(?=[ ,-])", _sans_accents(texte))
            if trouve is None:
                break
            texte = texte[: trouve.start()] + abreviation + texte[trouve.end() :]
    return texte


def _reduire_voie(ligne: str, francaise: bool) -> str:
    """Return a street, or a building, that fits its line if abbreviations alone can make it."""
    if not francaise or len(ligne) <= COLONNES_ADRESSE:
        return ligne
    ligne = _remplacer(_remplacer(ligne, _VOIES), _TITRES)
    ligne = _ecourter(ligne, _initiale, sauf_apres=_SAINTS)
    sans = _ecourter(ligne, _sans_liaison)
    return sans if len(sans) <= COLONNES_ADRESSE else ligne


def _ecourter(ligne: str, ecourter: Callable[[str], str], sauf_apres: frozenset[str] = frozenset()) -> str:
    """Shorten the words from the left until the line fits, but the last, and those after a word that makes one name with them."""
    mots = ligne.split(" ")
    for rang in range(len(mots) - 1):
        if len(" ".join(filter(None, mots))) > COLONNES_ADRESSE and not (rang and mots[rang - 1] in sauf_apres):
            mots[rang] = ecourter(mots[rang])
    return " ".join(filter(None, mots))


def _initiale(mot: str) -> str:
    parts = mot.split("-")
    return "-".join(part[0] for part in parts) if all(_sans_accents(p) in _PRENOMS for p in parts) else mot


def _sans_liaison(mot: str) -> str:
    if _sans_accents(mot) in _LIAISONS:
        return ""
    return re.sub(r"^[DL]['’]", "", mot)


def _reduire_localite(ligne: str, francaise: bool) -> str:
    return _remplacer(ligne, _TITRES) if francaise else ligne


def _plier(ligne: str, nombre: int) -> list[str]:
    """Fold a line at 38 characters and keep `nombre` of them."""
    return _garder(textwrap.wrap(ligne, COLONNES_ADRESSE), nombre)


def _plier_nom(nom: str, nombre: int) -> list[str]:
    """Fold the name; it is abbreviated only where it would lose something."""
    pliee = textwrap.wrap(nom, COLONNES_ADRESSE)
    while len(pliee) > nombre:
        abrege = _abreger_nom(nom)
        if abrege == nom:
            break
        nom, pliee = abrege, textwrap.wrap(abrege, COLONNES_ADRESSE)
    return _garder(pliee, nombre)


def _abreger_nom(nom: str) -> str:
    """Write one more abbreviation into a name, the first that there is room for."""
    for expression, abreviation in _RAISONS.items():
        trouve = re.search(rf"(?<![\w'’]){re.escape(expression)}(?=[ ,-])", _sans_accents(nom))
        if trouve is not None:
            return nom[: trouve.start()] + abreviation + nom[trouve.end() :]
    return nom


def _une_ligne(ligne: str) -> list[str]:
    if len(ligne) > COLONNES_ADRESSE:
        ligne = ligne.replace(_MENTION_COURTE, "REPR. LÉGAL")
    return _plier(ligne, 1)


def _garder(lignes: list[str], nombre: int) -> list[str]:
    """Keep `nombre` lines, the last one ending with « … » where more followed."""
    if len(lignes) <= nombre or nombre == 0:
        return lignes[:nombre]
    return [*lignes[: nombre - 1], lignes[nombre - 1][: COLONNES_ADRESSE - len(SUITE)].rstrip() + SUITE]
