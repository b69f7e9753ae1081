"""The SEPA B2B mandate of an account: made on demand, stored nowhere, handed to the bank by the company (domaine.md §2.13).

Its fields stand in the order of the DGFiP's own form. Without the creditor's identifier (ICS) no mandate is made.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.documents.typst import Contact, composer_pdf, date_longue, siren_lisible
from accounts.models import Espace
from accounts.saisies.dates import jour
from accounts.saisies.regles import RegleMetier
from accounts.traces.journal import consigner

from .. import actes
from ..models import ReferenceBancaire
from .comptes import lire_entier, verrouiller_reference
from .iban import en_groupes, sepa

MODELE: Final = Path(__file__).resolve().parent.parent / "gabarits" / "mandat.typ"
CREANCIER: Final = "Direction générale des Finances publiques"


class MandatIndisponible(RegleMetier):
    code = "mandat_indisponible"
    message = (
        "Le mandat ne peut pas encore être édité : l’identifiant du créancier manque à ce portail. Prévenez votre service "
        "gestionnaire, {gestionnaire} ({telephone})."
    )


class RemiseAVenir(RegleMetier):
    code = "remise_a_venir"
    message = "Cette date n’est pas encore passée : indiquez le jour où le mandat a été remis à la banque."


class RemiseAvantAjout(RegleMetier):
    code = "remise_avant_ajout"
    message = "Ce compte n’a été ajouté que le {le} : le mandat n’a pas pu être remis avant."


@transaction.atomic
def editer_mandat(*, acteur: Espace, reference: ReferenceBancaire, maintenant: datetime | None = None) -> bytes:
    """Make the mandate of this account and return it as a tagged PDF, the one document that holds the whole IBAN.

    The caller has proved the password. Raises: GestionBanqueRequise, CompteRetire, MandatIndisponible, CompteIllisible.
    """
    maintenant = maintenant or timezone.now()
    acteur, reference = verrouiller_reference(acteur, reference)
    if not settings.ICS:
        gestionnaire = reference.personne.service_gestionnaire
        raise MandatIndisponible(gestionnaire=gestionnaire.nom, telephone=gestionnaire.telephone)
    pdf = composer_pdf(MODELE, _donnees(reference, lire_entier(reference), timezone.localdate(maintenant)))
    reference.mandat.edite_le = maintenant
    reference.mandat.save(update_fields=["edite_le"])
    consigner(
        actes.MANDAT_SEPA_EDITE,
        auteur=acteur,
        siren=reference.personne.siren,
        details={"compte": reference.iban_masque},
    )
    return pdf


@transaction.atomic
def noter_remise(
    *, acteur: Espace, reference: ReferenceBancaire, le: date, maintenant: datetime | None = None
) -> ReferenceBancaire:
    """Note that the mandate was handed to the bank that day; the same day again changes nothing.

    Raises: GestionBanqueRequise, CompteRetire, RemiseAVenir, RemiseAvantAjout.
    """
    maintenant = maintenant or timezone.now()
    acteur, reference = verrouiller_reference(acteur, reference)
    if le > timezone.localdate(maintenant):
        raise RemiseAVenir
    if le < timezone.localdate(reference.ajoutee_le):
        raise RemiseAvantAjout(le=jour(reference.ajoutee_le))
    if reference.mandat.remis_le != le:
        reference.mandat.remis_le = le
        reference.mandat.save(update_fields=["remis_le"])
        consigner(
            actes.MANDAT_SEPA_REMIS,
            auteur=acteur,
            siren=reference.personne.siren,
            details={"compte": reference.iban_masque, "le": f"{le:%Y-%m-%d}"},
        )
    return reference


def _donnees(reference: ReferenceBancaire, iban: str, le: date) -> dict[str, object]:
    """Return what the template reads."""
    personne = reference.personne
    gestionnaire = personne.service_gestionnaire
    meme_nom = reference.titulaire.casefold() == personne.denomination.casefold()
    return {
        "titre": "Mandat de prélèvement SEPA interentreprises",
        "date_document": le,
        "edite_le": date_longue(le),
        "demonstration": settings.DEMONSTRATION,
        "marque_etat": settings.MARQUE_ETAT,
        "rum": reference.mandat.rum,
        "identifiant": "IDSP" if personne.provisoire else "SIREN",
        "siren": siren_lisible(personne.siren),
        "denomination": personne.denomination,
        "titulaire": reference.titulaire,
        "adresse": list(personne.lignes_adresse) if meme_nom else [],
        "pays": "FRANCE" if meme_nom else "",
        "iban": en_groupes(iban),
        "bic": reference.bic if iban[:2] in sepa().hors_eee else "",
        "hors_eee": iban[:2] in sepa().hors_eee,
        "banque": reference.banque,
        "creancier": CREANCIER,
        "ics": settings.ICS,
        "gestionnaire": {
            "nom": (
                contact := Contact(gestionnaire.nom, tuple(gestionnaire.lignes_adresse), gestionnaire.telephone)
            ).nom,
            "adresse": contact.adresse,
            "telephone": contact.telephone,
            "courriel": contact.courriel,
            "horaires": contact.horaires,
        },
    }
