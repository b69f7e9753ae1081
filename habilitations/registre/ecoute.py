"""What this floor does when the register says something, told to the floor below, which knows no right."""

from django.db.models import Exists, OuterRef, Q

from services.models import EvenementRegistre
from services.registre import identification, suivi

from ..models import Habilitation
from .cessations import constater_cessation, constater_reouverture
from .representants import constater_representant
from .reunion import transferer_les_droits


def personnes_tenues() -> Q:
    """Return the condition on personnes that somebody holds a live right on."""
    return Q(Exists(Habilitation.objects.vivantes().filter(personne=OuterRef("pk"))))


def inscrire() -> None:
    """Listen to the events, and move what is held of an IDSP."""
    suivi.inscrire_concernees(personnes_tenues)
    suivi.ecouter(EvenementRegistre.Genre.CESSATION, constater_cessation)
    suivi.ecouter(EvenementRegistre.Genre.REOUVERTURE, constater_reouverture)
    suivi.ecouter(EvenementRegistre.Genre.REPRESENTANT, constater_representant)
    identification.inscrire_transfert(transferer_les_droits)
