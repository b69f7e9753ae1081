"""Who administers a personne: whom a change of what is the personne's own is told."""

from accounts.models import Espace
from services.models import PersonneSirenisee

from ..models import Habilitation
from .roles import VOIR_HABILITATIONS, roles_pour


def administrateurs_du_siren(personne: PersonneSirenisee) -> list[Espace]:
    """Return the active espaces that are titulaire or suppléant of some service of this personne today: one query."""
    leurs = Habilitation.objects.actives().filter(personne=personne, role__in=roles_pour(VOIR_HABILITATIONS))
    return list(
        Espace.objects.filter(pk__in=leurs.values("espace"), etat=Espace.Etat.ACTIF)
        .select_related("compte")
        .order_by("pk")
    )
