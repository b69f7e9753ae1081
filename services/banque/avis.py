"""The mails of the accounts: every change is told to all administrators of the SIREN and to the company, with a way to report it."""

from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.compteurs.plafonds import dater_avis
from accounts.envois import courriels
from accounts.models import Espace
from accounts.saisies.dates import jour_heure

from ..models import PersonneSirenisee, ReferenceBancaire
from .droits import administrateurs_de


def prevenir(
    reference: ReferenceBancaire, *, quoi: str, acte: str, acteur: Espace, maintenant: datetime, details: str = ""
) -> None:
    """Write of this change to all administrators of the SIREN, whoever did it included, and to the company's address.

    `quoi` is what was done, in words. Never withheld, only the company's may be dated: who changes too much is refused.
    """
    personne = reference.personne
    gestionnaire = personne.service_gestionnaire
    contexte: dict[str, Any] = {
        "quoi": quoi,
        "details": details,
        "compte": reference.iban_masque,
        "titulaire": reference.titulaire,
        "denomination": personne.denomination,
        "siren": personne.siren,
        "acteur": acteur.nom_complet,
        "le": jour_heure(maintenant),
        "gestionnaire": gestionnaire.nom,
        "telephone": gestionnaire.telephone,
    }
    _aux_administrateurs("compte_bancaire_change", reference, acte, contexte, maintenant)
    if personne.courriel:
        courriels.deposer(
            "compte_bancaire_change_entreprise",
            destinataire=personne.courriel,
            acte=f"{acte}:entreprise",
            contexte=contexte,
            maintenant=maintenant,
            pas_avant=dater_avis(f"banque|{personne.pk}", settings.DEBIT_COURRIEL_ENTREPRISE, maintenant),
        )


def dire_prevenus(personne: PersonneSirenisee) -> str:
    """Return whom `prevenir` wrote to: the company only where its address is confirmed."""
    return f"Les administrateurs{' et l’entreprise' if personne.courriel else ''} sont prévenus."


def prevenir_de_la_reponse(
    reference: ReferenceBancaire, *, prelevement: str, reponse: str, motif: str, acte: str, maintenant: datetime
) -> None:
    """Write what the bank answered to all administrators of the SIREN."""
    contexte = {
        "compte": reference.iban_masque,
        "titulaire": reference.titulaire,
        "denomination": reference.personne.denomination,
        "siren": reference.personne.siren,
        "prelevement": prelevement,
        "reponse": reponse,
        "motif": motif,
    }
    _aux_administrateurs("compte_bancaire_reponse", reference, acte, contexte, maintenant)


def _aux_administrateurs(
    genre: str, reference: ReferenceBancaire, acte: str, contexte: dict[str, Any], maintenant: datetime
) -> None:
    for espace in administrateurs_de(reference.personne):
        if espace.compte is not None:
            courriels.deposer(
                genre,
                destinataire=espace.compte.email,
                acte=acte,
                espace=espace,
                contexte=contexte,
                maintenant=maintenant,
            )
