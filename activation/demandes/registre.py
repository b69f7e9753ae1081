"""The demandes of an IDSP go over to its SIREN (domaine.md §1)."""

from datetime import datetime

from accounts.traces.journal import consigner
from services.models import PersonneSirenisee

from .. import actes
from ..models import CreationSimplifiee, Demande
from .depot import prevenir, terminer

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
