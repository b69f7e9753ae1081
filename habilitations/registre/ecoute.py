"""What this floor does when the register says something, told to the floor below, which knows no right."""

from django.db.models import Exists, OuterRef, Q

from services.models import EvenementRegistre, PersonneSirenisee
from services.registre import identification, suivi

from ..arbre import avis
from ..models import Habilitation, Role
from .cessations import constater_cessation, constater_reouverture
from .representants import constater_representant
from .reunion import transferer_les_droits


def personnes_tenues() -> Q:
    """Return the condition on personnes that somebody holds a live right on."""
    return Q(Exists(Habilitation.objects.vivantes().filter(personne=OuterRef("pk"))))


def annoncer_le_siren(personne: PersonneSirenisee, idsp: str) -> None:
    """Tell each titulaire and suppléant that the personne is found under its SIREN from now on: one mail each."""
    concernees = (
        Habilitation.objects.vivantes()
        .filter(personne=personne, role__in=(Role.TITULAIRE, Role.SUPPLEANT))
        .select_related("espace__compte", "personne", "service")
    )
    for espace, leurs in avis.par_espace(concernees).items():
        avis.ecrire(
            "personne_identifiee",
            espace=espace,
            acte=f"personne-identifiee:{idsp}",
            habilitations=leurs,
            idsp=idsp,
            siren=personne.siren_lisible,
            denomination=personne.denomination,
        )


def inscrire() -> None:
    """Listen to the events, and move what is held of an IDSP."""
    suivi.inscrire_concernees(personnes_tenues)
    suivi.ecouter(EvenementRegistre.Genre.CESSATION, constater_cessation)
    suivi.ecouter(EvenementRegistre.Genre.REOUVERTURE, constater_reouverture)
    suivi.ecouter(EvenementRegistre.Genre.REPRESENTANT, constater_representant)
    identification.inscrire_transfert(transferer_les_droits)
    identification.inscrire_annonce(annoncer_le_siren)
