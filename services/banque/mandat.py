"""The SEPA B2B mandate of an account: made on demand, stored nowhere, handed to the bank by the company (domaine.md §2.13).

Its fields stand in the order of the DGFiP's own form. Without the creditor's identifier (ICS) no mandate is made.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.compteurs import debit
from accounts.compteurs.refus import PlafondAtteint, plafonne
from accounts.documents.typst import Contact, composer_pdf, date_longue, siren_lisible
from accounts.models import Espace
from accounts.saisies.dates import jour
from accounts.saisies.regles import RegleMetier
from accounts.traces.journal import consigner

from .. import actes
from ..models import ReferenceBancaire
from .comptes import exiger_non_suspendu, lire_entier, retire, verrouiller_reference
from .iban import en_groupes, sepa

MODELE: Final = Path(__file__).resolve().parent.parent / "gabarits" / "mandat.typ"
CORRECTIONS_PAR_JOUR: Final = 10  # of one tick by one espace
CREANCIER: Final = "Direction générale des Finances publiques"


class MandatIndisponible(RegleMetier):
    code = "mandat_indisponible"
    message = (
        "Le mandat ne peut pas encore être édité : l’identifiant du créancier manque à ce portail. Prévenez votre service "
        "gestionnaire, {gestionnaire} ({telephone})."
    )


class MandatJamaisEdite(RegleMetier):
    code = "mandat_jamais_edite"
    message = "Ce mandat n’a pas encore été édité : éditez-le, datez-le et signez-le, puis remettez-le à votre banque."


class RemiseAVenir(RegleMetier):
    code = "remise_a_venir"
    message = "Cette date n’est pas encore passée : indiquez le jour où le mandat a été remis à la banque."


class RemiseAvantAjout(RegleMetier):
    code = "remise_avant_ajout"
    message = "Ce compte n’a été ajouté que le {le} : le mandat n’a pas pu être remis avant."


class RemiseAvantEdition(RegleMetier):
    code = "remise_avant_edition"
    message = "Ce mandat n’a été édité pour la première fois que le {le} : il n’a pas pu être remis avant."


def exiger_editable(reference: ReferenceBancaire) -> None:
    """Check that the mandate of this account, which holds its personne, can be made: a page says so before it promises it.

    Raises: CompteRetire, CompteSuspendu, MandatIndisponible.
    """
    if reference.supprimee_le is not None:
        raise retire(reference)
    exiger_non_suspendu(ReferenceBancaire.objects.filter(pk=reference.pk), reference.personne)
    if not settings.ICS:
        gestionnaire = reference.personne.service_gestionnaire
        raise MandatIndisponible(gestionnaire=gestionnaire.nom, telephone=gestionnaire.telephone)


def editer_mandat(*, acteur: Espace, reference: ReferenceBancaire, maintenant: datetime | None = None) -> bytes:
    """Make the mandate of this account and return it as a tagged PDF, the one document that holds the whole IBAN.

    What it says is read, and its edition journalled, under the locks; it is composed once they are let go, since that takes a
    tenth of a second during which nobody else could touch the company. A mandate whose composition fails was not kept from anybody:
    it is asked for again. The caller has proved the password.
    Raises: GestionBanqueRequise, CompteRetire, CompteSuspendu, MandatIndisponible, CompteIllisible.
    """
    return composer_pdf(MODELE, _noter_edition(acteur, reference, maintenant or timezone.now()))


@transaction.atomic
def _noter_edition(acteur: Espace, reference: ReferenceBancaire, maintenant: datetime) -> dict[str, object]:
    """Check who asks, date and journal the edition; return what the mandate says."""
    acteur, reference = verrouiller_reference(acteur, reference)
    exiger_editable(reference)
    donnees = _donnees(reference, lire_entier(reference), timezone.localdate(maintenant))
    if reference.mandat.edite_le is None:  # the first one: what was handed over is no older
        reference.mandat.edite_le = maintenant
        reference.mandat.save(update_fields=["edite_le"])
    consigner(
        actes.MANDAT_SEPA_EDITE,
        auteur=acteur,
        siren=reference.personne.siren,
        details={"compte": reference.iban_masque},
    )
    return donnees


class RemiseEnregistree(RegleMetier):
    code = "remise_enregistree"
    message = "La banque a enregistré ce mandat le {le} : il lui a bien été remis."


class TropDeCorrectionsDeRemise(PlafondAtteint):
    code = "trop_de_corrections_de_remise"
    plafond = "corrections du jour de remise d’un mandat en 24 heures"
    statut = 429
    message = (
        "Vous avez déjà corrigé {limite} fois en 24 heures le jour où ce mandat a été remis : attendez demain. Le compte peut servir, "
        "et un autre administrateur peut corriger ce jour."
    )


@plafonne
def noter_remise(
    *, acteur: Espace, reference: ReferenceBancaire, le: date, maintenant: datetime | None = None
) -> ReferenceBancaire:
    """Note that the mandate was handed to the bank that day; the same day again changes nothing, another one is a correction.

    Raises: GestionBanqueRequise, CompteRetire, CompteSuspendu, MandatJamaisEdite, RemiseAVenir, RemiseAvantAjout,
    RemiseAvantEdition, TropDeCorrectionsDeRemise.
    """
    maintenant = maintenant or timezone.now()
    acteur, reference = verrouiller_reference(acteur, reference)
    exiger_non_suspendu(ReferenceBancaire.objects.filter(pk=reference.pk), reference.personne)
    if reference.mandat.edite_le is None:
        raise MandatJamaisEdite
    if le > timezone.localdate(maintenant):
        raise RemiseAVenir
    if le < timezone.localdate(reference.ajoutee_le):
        raise RemiseAvantAjout(le=jour(reference.ajoutee_le))
    if le < timezone.localdate(reference.mandat.edite_le):
        raise RemiseAvantEdition(le=jour(reference.mandat.edite_le))
    if reference.mandat.remis_le != le:
        if reference.mandat.remis_le is not None:
            _compter_une_correction(acteur, reference, maintenant)
        reference.mandat.remis_le = le
        reference.mandat.save(update_fields=["remis_le"])
        consigner(
            actes.MANDAT_SEPA_REMIS,
            auteur=acteur,
            siren=reference.personne.siren,
            details={"compte": reference.iban_masque, "le": f"{le:%Y-%m-%d}"},
        )
    return reference


@plafonne
def annuler_remise(
    *, acteur: Espace, reference: ReferenceBancaire, maintenant: datetime | None = None
) -> ReferenceBancaire:
    """Undo the tick: the mandate was not handed over after all, and is again to be. Undone twice changes nothing.

    Raises: GestionBanqueRequise, CompteRetire, CompteSuspendu, RemiseEnregistree, TropDeCorrectionsDeRemise.
    """
    maintenant = maintenant or timezone.now()
    acteur, reference = verrouiller_reference(acteur, reference)
    exiger_non_suspendu(ReferenceBancaire.objects.filter(pk=reference.pk), reference.personne)
    if reference.etat_b2b == ReferenceBancaire.Etat.VALIDE:
        raise RemiseEnregistree(le=jour(reference.b2b_le))
    if reference.mandat.remis_le is not None:
        _compter_une_correction(acteur, reference, maintenant)
        reference.mandat.remis_le = None
        reference.mandat.save(update_fields=["remis_le"])
        consigner(
            actes.MANDAT_SEPA_REMISE_ANNULEE,
            auteur=acteur,
            siren=reference.personne.siren,
            details={"compte": reference.iban_masque},
        )
    return reference


def _compter_une_correction(acteur: Espace, reference: ReferenceBancaire, maintenant: datetime) -> None:
    """Count one correction of this tick by this espace; the first tick is none. Raises: TropDeCorrectionsDeRemise."""
    bareme = debit.Bareme(libres=CORRECTIONS_PAR_JOUR, pas=1, limite=CORRECTIONS_PAR_JOUR)
    if debit.reserver(debit.empreinte("banque-remise", f"{acteur.pk}|{reference.pk}"), bareme, maintenant) is None:
        raise TropDeCorrectionsDeRemise(limite=CORRECTIONS_PAR_JOUR, personne=reference.personne)


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
