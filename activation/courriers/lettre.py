"""The letter that carries an activation code to the représentant légal (CGU §2.3, §4.e; R7, R8).

Pure: a frozen `Lettre` in, the bytes of a PDF out. The code is in that PDF and nowhere else.
"""

import textwrap
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path

from accounts.documents.typst import Contact, composer_pdf, date_longue, siren_lisible, texte_propre

MODELE = Path(__file__).resolve().parent.parent / "gabarits" / "lettre.typ"

LIGNES_ADRESSE = 6
COLONNES_ADRESSE = 38
"""What the window of a DL or C5/6 envelope shows (AFNOR NF Z 10-011): six lines of 38 characters."""

MENTION_REPRESENTANT = "à l'attention du représentant légal"
COURRIERS_MAXIMUM = 3
LONGUEUR_MAXIMUM = 300
"""Beyond this a name is cut: the code must stay on the first page, whatever was typed."""
SUITE = "…"


class Nature(StrEnum):
    """What the code will do; the values are those of `Demande.nature`."""

    CREATION_SIMPLIFIEE = "CREATION_SIMPLIFIEE"
    ADHESION = "ADHESION"
    SUBSTITUTION = "SUBSTITUTION"
    COURRIEL_PERSONNE = "COURRIEL_PERSONNE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lettre:
    """All that one letter says; `code` is shown as it is given (`XXXX-XXXX-XXXX`)."""

    nature: str
    reference: str
    numero: int
    code: str = field(repr=False)
    edite_le: date
    expire_le: date
    demandee_le: date
    demandeur: str
    qualite: str
    denomination: str
    siren: str
    adresse: tuple[str, ...]
    services: tuple[str, ...]
    gestionnaire: Contact
    site_url: str
    representant: str = ""
    nouveau_courriel: str = ""
    demonstration: bool = False
    marque_etat: bool = False

    def __post_init__(self) -> None:
        """Refuse what would print a wrong letter.

        Raises: ValueError for an unknown nature, a number beyond 1..3, no code, or a new e-mail missing where the
        letter is about it (or given where it is not).
        """
        nature = Nature(self.nature)
        if not 1 <= self.numero <= COURRIERS_MAXIMUM:
            raise ValueError(f"a letter is numbered 1 to {COURRIERS_MAXIMUM}, not {self.numero}")
        if not self.code:
            raise ValueError("a letter without its code says nothing")
        if (nature is Nature.COURRIEL_PERSONNE) != bool(self.nouveau_courriel):
            raise ValueError("the new company e-mail goes with nature COURRIEL_PERSONNE, and only with it")


def produire(lettre: Lettre) -> bytes:
    """Return the letter as a tagged PDF; the same letter gives the same bytes."""
    return composer_pdf(
        MODELE,
        {
            "date_document": lettre.edite_le,
            "titre": f"Code d'activation – demande {texte_propre(lettre.reference)}",
            "nature": str(lettre.nature),
            "reference": lettre.reference,
            "numero": lettre.numero,
            "code": lettre.code,
            "edite_le": date_longue(lettre.edite_le),
            "expire_le": date_longue(lettre.expire_le, avec_jour=True),
            "demandee_le": date_longue(lettre.demandee_le),
            "demandeur": _abreger(lettre.demandeur),
            "qualite": _abreger(lettre.qualite),
            "denomination": _abreger(lettre.denomination),
            "siren": siren_lisible(lettre.siren),
            "bloc_adresse": bloc_adresse(lettre),
            "services": lettre.services,
            "nouveau_courriel": lettre.nouveau_courriel,
            "gestionnaire": {
                "nom": lettre.gestionnaire.nom,
                "adresse": lettre.gestionnaire.adresse,
                "telephone": lettre.gestionnaire.telephone,
                "courriel": lettre.gestionnaire.courriel,
                "horaires": lettre.gestionnaire.horaires,
            },
            "site_url": lettre.site_url,
            "demonstration": lettre.demonstration,
            "marque_etat": lettre.marque_etat,
        },
    )


def bloc_adresse(lettre: Lettre) -> tuple[str, ...]:
    """Return the lines shown in the window: at most six of 38 characters, in capitals, the town always the last.

    The company's name has what the address leaves (one line at least, two at most); what cannot stand ends with « … ».
    """
    mention = f"{lettre.representant}, représentant légal" if lettre.representant else MENTION_REPRESENTANT
    adresse = [ligne for ligne in map(_capitales, lettre.adresse) if ligne]
    rue = _couper([*adresse[:-1]], LIGNES_ADRESSE - 3)
    ville = _couper(adresse[-1:], 1)
    place = min(2, LIGNES_ADRESSE - 1 - len(rue) - len(ville))
    return (*_couper([_capitales(lettre.denomination)], place), *_couper([_capitales(mention)], 1), *rue, *ville)


def _abreger(texte: str) -> str:
    """Return `texte`, cut with « … » beyond `LONGUEUR_MAXIMUM`."""
    return texte if len(texte) <= LONGUEUR_MAXIMUM else texte[: LONGUEUR_MAXIMUM - len(SUITE)] + SUITE


def _capitales(texte: str) -> str:
    """Return `texte` clean and in capitals, as the sorting machines read best."""
    return texte_propre(texte_propre(texte).upper())


def _couper(lignes: list[str], nombre: int) -> list[str]:
    """Fold `lignes` at 38 characters and keep `nombre` of them, the last one ending with « … » where more followed."""
    pliees = [pli for ligne in lignes for pli in textwrap.wrap(ligne, COLONNES_ADRESSE)]
    if len(pliees) <= nombre:
        return pliees
    return [*pliees[: nombre - 1], pliees[nombre - 1][: COLONNES_ADRESSE - len(SUITE)].rstrip() + SUITE]
