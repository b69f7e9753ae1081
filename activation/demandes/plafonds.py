"""Letter economy: nobody can have a company flooded with letters, nor run up the postage (issue 4 item 8).

Nor can anybody lock a company out by running up its letters: an espace has its own share of them, and so have all the
creations simplifiées together, whose espaces cost nothing. Whoever meets a limit of the SIREN learns no more than that
others have asked of late: not who, how many or since when.
"""

import uuid
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from accounts.models import Espace
from accounts.saisies.dates import jour
from accounts.saisies.regles import RegleMetier
from services.models import PersonneSirenisee

from ..models import Courrier, Demande


class SirenSollicite(RegleMetier):
    code = "siren_sollicite"
    message = (
        "Plusieurs demandes ont déjà été déposées récemment pour cette entreprise : aucun autre courrier ne peut lui "
        "être adressé pour l'instant. Réessayez dans quelques semaines, ou adressez-vous à son service gestionnaire : "
        "un agent peut mettre fin aux demandes injustifiées et vous aider."
    )


class TropDeCourriersAuSiren(RegleMetier):
    code = "trop_de_courriers_au_siren"
    message = (
        "Votre espace a déjà fait adresser {limite} courriers à cette entreprise en {jours} jours, c'est le maximum : "
        "le prochain pourra partir le {jour}. En cas de difficulté, adressez-vous au service gestionnaire de "
        "l'entreprise : un agent peut vous aider."
    )


class TropDeCourriers(RegleMetier):
    code = "trop_de_courriers"
    message = "Votre espace a fait partir {limite} courriers en 24 heures, c'est le maximum : continuez demain."


def exiger_demande_possible(personne: PersonneSirenisee) -> None:
    """Check that one more demande may wait on this SIREN. The caller has locked the personne. Raises: SirenSollicite."""
    if Demande.objects.en_cours().filter(personne=personne).count() >= settings.PLAFOND_DEMANDES_SIREN:
        raise SirenSollicite


def exiger_courrier_possible(
    espace: Espace,
    personne: PersonneSirenisee,
    *,
    nature: str,
    maintenant: datetime,
    lot: uuid.UUID | None = None,
) -> None:
    """Check that one more letter may leave for this SIREN at the request of this espace; both rows are locked.

    Letters of the same `lot` do not count against the espace: its size is bounded by the perimeter (R4, R13).
    Raises: TropDeCourriersAuSiren, SirenSollicite, TropDeCourriers.
    """
    # A letter dropped before it was made has cost nothing and reached nobody.
    partis = Courrier.objects.filter(Q(edite_le__isnull=False) | Q(traite_le__isnull=True))
    vers_le_siren = list(
        partis.filter(demande__personne=personne, cree_le__gt=maintenant - settings.PLAFOND_COURRIERS_SIREN_DUREE)
        .order_by("cree_le")
        .values_list("cree_le", "demande__nature", "demande__espace")
    )
    _exiger_part(espace, nature, vers_le_siren)
    if len(vers_le_siren) >= settings.PLAFOND_COURRIERS_SIREN:
        raise SirenSollicite
    de_l_espace = partis.filter(
        demande__espace=espace, cree_le__gt=maintenant - settings.PLAFOND_COURRIERS_ESPACE_DUREE
    )
    if lot is not None:
        de_l_espace = de_l_espace.exclude(demande__lot=lot)
    if de_l_espace.count() >= settings.PLAFOND_COURRIERS_ESPACE:
        raise TropDeCourriers(limite=settings.PLAFOND_COURRIERS_ESPACE)


def _exiger_part(espace: Espace, nature: str, vers_le_siren: list[tuple[datetime, str, uuid.UUID]]) -> None:
    """Check that this requester has not had its share of the letters of this SIREN, oldest first.

    A creation simplifiée has a new espace each time, so all of them share one.
    """
    limite, creation = settings.PLAFOND_COURRIERS_ESPACE_SIREN, Demande.Nature.CREATION_SIMPLIFIEE
    if nature == creation:
        if sum(autre == creation for _, autre, _ in vers_le_siren) >= limite:
            raise SirenSollicite
        return
    siens = [cree_le for cree_le, autre, qui in vers_le_siren if qui == espace.pk and autre != creation]
    if len(siens) >= limite:
        libre = siens[-limite] + settings.PLAFOND_COURRIERS_SIREN_DUREE
        raise TropDeCourriersAuSiren(
            limite=limite,
            jours=settings.PLAFOND_COURRIERS_SIREN_DUREE.days,
            jour=jour(libre),
        )
