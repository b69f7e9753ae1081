"""What the register does to demandes: a closure or a reopening is told to who waits, an IDSP becomes a SIREN (domaine.md §1)."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from accounts.traces.journal import consigner
from services.models import EvenementRegistre, PersonneSirenisee

from .. import actes
from ..models import CreationSimplifiee, Demande
from .depot import prevenir, terminer


def personnes_attendues() -> Q:
    """Return the condition on personnes for which a demande waits."""
    return Q(Exists(Demande.objects.en_cours().filter(personne=OuterRef("pk"))))


def prevenir_les_demandeurs(evenement: EvenementRegistre, maintenant: datetime) -> None:
    """Tell each requester whose demande waits that the register has closed the personne, or opened it again.

    Nothing ends: the office may say that the register is wrong, and the code serves then. Nothing is said where it no longer
    holds.
    """
    personne = evenement.personne
    cesse = evenement.genre == EvenementRegistre.Genre.CESSATION
    if cesse == personne.admet_de_nouveaux_droits:
        return
    genre = "demande_personne_cessee" if cesse else "demande_personne_rouverte"
    gestionnaire = personne.service_gestionnaire
    for demande in (
        Demande.objects.en_cours().filter(personne=personne).select_related("personne", "espace__compte").order_by("pk")
    ):
        prevenir(
            demande,
            genre,
            f"registre-{evenement.pk}",
            gestionnaire=gestionnaire.nom,
            telephone=gestionnaire.telephone,
        )


UNIQUES = (Demande.Nature.CREATION_SIMPLIFIEE, Demande.Nature.COURRIEL_PERSONNE)  # one in progress per personne


def transferer_les_demandes(de: PersonneSirenisee, vers: PersonneSirenisee, maintenant: datetime) -> None:
    """Move demandes and creations; of two that only one may wait, the IDSP's ends and its requester is told."""
    en_cours = Demande.objects.en_cours().filter(nature__in=UNIQUES)
    deja = list(en_cours.filter(personne=vers).values_list("nature", flat=True))
    for demande in (
        en_cours.filter(personne=de, nature__in=deja)
        .select_related("personne", "espace__compte")
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    ):
        consigner(
            actes.DEMANDE_ANNULEE,
            auteur="systeme:attribuer_siren",
            espace=demande.espace,
            siren=vers.siren,
            details={"demande": demande.reference, "nature": demande.nature},
        )
        prevenir(demande, "demande_annulee", "annulee")
        terminer(demande, Demande.Etat.ANNULEE, maintenant)
    CreationSimplifiee.objects.filter(personne=de).update(personne=vers)
    Demande.objects.filter(personne=de).update(personne=vers)
