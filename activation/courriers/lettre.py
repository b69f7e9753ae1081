"""The letter that carries an activation code to the représentant légal (CGU §2.3, §4.e; R7, R8).

Pure: a frozen `Lettre` in, the bytes of a PDF out. The code is in that PDF and nowhere else.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path

from accounts.documents.typst import Contact, composer_pdf, date_longue, siren_lisible, texte_propre
from accounts.saisies.citations import sans_lien
from accounts.saisies.elisions import elide

from . import code128
from .enveloppe import SUITE, Adresse, composer

_GABARITS = Path(__file__).resolve().parent.parent / "gabarits"
MODELE = _GABARITS / "lettre.typ"
MODELE_AVIS = _GABARITS / "avis.typ"

COURRIERS_MAXIMUM = 3
LONGUEUR_MAXIMUM = 300
"""Beyond this a name is cut: the code must stay on the first page, whatever was typed."""


class Nature(StrEnum):
    """What the code will do; the values are those of `Demande.nature`."""

    CREATION_SIMPLIFIEE = "CREATION_SIMPLIFIEE"
    ADHESION = "ADHESION"
    SUBSTITUTION = "SUBSTITUTION"
    COURRIEL_PERSONNE = "COURRIEL_PERSONNE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lettre:
    """All that one letter says; `code` is shown as it is given (`XXXX-XXXX-XXXX`).

    With `avis` it is the short letter that tells of a code put into the mailbox, and carries none (R8).
    """

    nature: str
    reference: str
    numero: int
    code: str = field(repr=False)
    a_signaler: str = ""
    edite_le: date
    expire_le: date
    demandee_le: date
    demandeur: str
    qualite: str
    denomination: str
    siren: str
    adresse: Adresse
    services: tuple[str, ...]
    gestionnaire: Contact
    site_url: str
    organisation: str = ""
    destinataire: str = ""
    representant: str = ""
    avis: bool = False
    page_signaler: str = ""
    nouveau_courriel: str = ""
    demonstration: bool = False
    marque_etat: bool = False

    def __post_init__(self) -> None:
        """Refuse what would print a wrong letter.

        Raises: ValueError for an unknown nature, a number beyond 1..3, no code (or one in a letter that only tells of
        one), or a new e-mail missing where the
        letter is about it (or given where it is not).
        """
        nature = Nature(self.nature)
        if not 1 <= self.numero <= COURRIERS_MAXIMUM:
            raise ValueError(f"a letter is numbered 1 to {COURRIERS_MAXIMUM}, not {self.numero}")
        if self.avis == bool(self.code):
            raise ValueError("a letter without its code says nothing, and one that tells of it must not carry it")
        if (nature is Nature.COURRIEL_PERSONNE) != bool(self.nouveau_courriel):
            raise ValueError("the new company e-mail goes with nature COURRIEL_PERSONNE, and only with it")


def produire(lettre: Lettre) -> bytes:
    """Return the letter as a tagged PDF; the same letter gives the same bytes."""
    return composer_pdf(
        MODELE_AVIS if lettre.avis else MODELE,
        {
            "date_document": lettre.edite_le,
            "titre": f"{'Information' if lettre.avis else 'Code d’activation'} – demande {texte_propre(lettre.reference)}",
            "nature": str(lettre.nature),
            "reference": lettre.reference,
            "numero": lettre.numero,
            "code": lettre.code,
            "edite_le": date_longue(lettre.edite_le),
            "expire_le": date_longue(lettre.expire_le, avec_jour=True),
            "demandee_le": date_longue(lettre.demandee_le),
            "demandeur": _abreger(sans_lien(lettre.demandeur)),
            "organisation": _abreger(sans_lien(lettre.organisation)),
            "qualite": _abreger(lettre.qualite),
            "de_qualite": elide("de", lettre.qualite),
            "denomination": _abreger(lettre.denomination),
            "de_denomination": elide("de", lettre.denomination),
            "siren": siren_lisible(lettre.siren),
            "bloc_adresse": bloc_adresse(lettre),
            "code_barres": code128.dessiner(f"{lettre.reference}-{lettre.numero}"),
            "a_signaler": lettre.a_signaler,
            "page_signaler": lettre.page_signaler,
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
    """Return the lines shown in the window (activation/courriers/enveloppe.py)."""
    return composer(
        destinataire=lettre.destinataire or lettre.denomination,
        representant=lettre.representant,
        adresse=lettre.adresse,
    )


def _abreger(texte: str) -> str:
    """Return `texte`, cut with « … » beyond `LONGUEUR_MAXIMUM`."""
    return texte if len(texte) <= LONGUEUR_MAXIMUM else texte[: LONGUEUR_MAXIMUM - len(SUITE)] + SUITE
