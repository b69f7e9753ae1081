"""Directing to an office an espace that none follows: otherwise nobody could give its access back (R16; CGU §3.6.b).

Its holder goes to the counter of his service gestionnaire; who has no organisation that we know, and holds nothing, has none.
The cell chooses one with him, says why, and two agents of that office do the rest. So does who changed his organisation too lately for
it to count (`appartenance`), where the office of the former one is not his way any more.
"""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.gestion.fonctions import SURVEILLANCE
from accounts.models import Agent, Espace, ServiceGestionnaire
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner

from .. import actes
from ..models import Orientation
from .bureau import dirigeable_ailleurs, orientation_de
from .desactivation import CelluleRequise

LONGUEUR_DU_MOTIF: Final = 500
DIRIGEABLES: Final = (Espace.Etat.ACTIF, Espace.Etat.EN_ATTENTE_CODE, Espace.Etat.DESACTIVE)


class EspaceDejaSuivi(RegleMetier):
    code = "espace_deja_suivi"
    message = (
        "Cet espace a déjà son service gestionnaire, ou n’est plus à rétablir : il n’est pas à diriger vers un autre."
    )


class ServiceGestionnaireInconnu(RegleMetier):
    code = "service_gestionnaire_inconnu"
    message = "Aucun service gestionnaire ne porte ce code."


class MotifDOrientationRequis(RegleMetier):
    code = "motif_d_orientation_requis"
    message = "Dites pourquoi ce service, en 500 caractères au plus."


def dirigeable(espace: Espace) -> bool:
    """Whether the cell may direct this espace: it can be given back, and no office follows it, or its organisation is too new to count."""
    return espace.etat in DIRIGEABLES and espace.compte_id is not None and dirigeable_ailleurs(espace)


@transaction.atomic
@relit_l_agent
def diriger_vers_un_service(
    *, acteur: Agent, espace: Espace, service: str, motif: str, maintenant: datetime | None = None
) -> Orientation:
    """Direct this espace to the office of this code, instead of an earlier one, and return that; the same again changes nothing.

    Raises: FonctionChangee, CelluleRequise, MotifDOrientationRequis, ServiceGestionnaireInconnu, EspaceDejaSuivi.
    """
    if acteur.fonction not in SURVEILLANCE:
        raise CelluleRequise
    motif = " ".join(motif.split())
    if not 0 < len(motif) <= LONGUEUR_DU_MOTIF:
        raise MotifDOrientationRequis
    gestionnaire = ServiceGestionnaire.objects.filter(code=service.strip().upper()).first()
    if gestionnaire is None:
        raise ServiceGestionnaireInconnu
    espace = Espace.objects.select_for_update(no_key=True, of=("self",)).get(pk=espace.pk)
    if not dirigeable(espace):
        raise EspaceDejaSuivi
    deja = orientation_de(espace)
    if deja is not None and deja.service_gestionnaire_id == gestionnaire.pk:
        return deja
    orientation, _ = Orientation.objects.update_or_create(
        espace=espace,
        defaults={
            "service_gestionnaire": gestionnaire,
            "agent": acteur,
            "motif": motif,
            "orientee_le": maintenant or timezone.now(),
        },
    )
    consigner(actes.ESPACE_DIRIGE, auteur=acteur, espace=espace, details={"gestionnaire": gestionnaire.code})
    return orientation
