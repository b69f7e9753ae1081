"""The accounts of a company as a spreadsheet has them, masked: a copy that leaves the portal, and its line in the journal."""

from typing import Final

from django.db import transaction

from accounts.models import Espace
from accounts.saisies.dates import jour
from accounts.traces.journal import consigner

from .. import actes
from ..models import PersonneSirenisee
from .lectures import comptes_de

COLONNES_EXPORT: Final = (
    "Titulaire",
    "Banque",
    "IBAN (masqué)",
    "BIC",
    "CORE",
    "B2B",
    "RUM",
    "Mandat remis le",
    "Ajouté le",
    "Peut servir",
)


@transaction.atomic
def exporter_comptes(*, acteur: Espace, personne: PersonneSirenisee) -> list[tuple[str, ...]]:
    """Return the rows of COLONNES_EXPORT, an account each, for the CSV. Leaves a line in the journal, which who pays there reads.

    The caller has asked who may see these accounts.
    """
    rangees: list[tuple[str, ...]] = [
        (
            compte.reference.titulaire,
            compte.reference.banque,
            compte.reference.iban_masque,
            compte.reference.bic,
            compte.core,
            compte.b2b,
            compte.reference.mandat.rum,
            jour(compte.reference.mandat.remis_le),
            jour(compte.reference.ajoutee_le),
            f"non : {compte.pourquoi_ecarte}" if compte.pourquoi_ecarte else "oui",
        )
        for compte in comptes_de(personne)
    ]
    details = {"format": "csv", "lignes": len(rangees)}
    consigner(actes.COMPTES_BANCAIRES_EXPORTES, auteur=acteur, siren=personne.siren, details=details)
    return rangees
