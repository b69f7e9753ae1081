"""Letter economy: nobody can have a company flooded with letters, nor run up the postage (issue 4 item 8).

Whoever meets a limit of the SIREN learns no more than that a demande is under way: not whose, how many or since when.
"""

import uuid
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from accounts.models import Espace
from accounts.regles import RegleMetier
from services.models import PersonneSirenisee

from .models import Courrier, Demande


class SirenSollicite(RegleMetier):
    code = "siren_sollicite"
    message = (
        "Une demande est déjà en cours pour ce SIREN : aucun autre courrier ne peut lui être adressé pour l'instant. "
        "Réessayez dans quelques semaines, ou adressez-vous à son service gestionnaire."
    )


class TropDeCourriers(RegleMetier):
    code = "trop_de_courriers"
    message = "Votre espace a fait partir {limite} courriers en 24 heures, c'est le maximum : continuez demain."


def exiger_demande_possible(personne: PersonneSirenisee) -> None:
    """Check that one more demande may wait on this SIREN. The caller has locked the personne. Raises: SirenSollicite."""
    if Demande.objects.en_cours().filter(personne=personne).count() >= settings.PLAFOND_DEMANDES_SIREN:
        raise SirenSollicite


def exiger_courrier_possible(
    espace: Espace, personne: PersonneSirenisee, *, maintenant: datetime, lot: uuid.UUID | None = None
) -> None:
    """Check that one more letter may leave for this SIREN at the request of this espace; both rows are locked.

    Letters of the same `lot` do not count against the espace: its size is bounded by the perimeter (R4, R13).
    Raises: SirenSollicite, TropDeCourriers.
    """
    # A letter dropped before it was made has cost nothing and reached nobody.
    partis = Courrier.objects.filter(Q(edite_le__isnull=False) | Q(traite_le__isnull=True))
    vers_le_siren = partis.filter(
        demande__personne=personne, cree_le__gt=maintenant - settings.PLAFOND_COURRIERS_SIREN_DUREE
    )
    if vers_le_siren.count() >= settings.PLAFOND_COURRIERS_SIREN:
        raise SirenSollicite
    de_l_espace = partis.filter(
        demande__espace=espace, cree_le__gt=maintenant - settings.PLAFOND_COURRIERS_ESPACE_DUREE
    )
    if lot is not None:
        de_l_espace = de_l_espace.exclude(demande__lot=lot)
    if de_l_espace.count() >= settings.PLAFOND_COURRIERS_ESPACE:
        raise TropDeCourriers(limite=settings.PLAFOND_COURRIERS_ESPACE)
