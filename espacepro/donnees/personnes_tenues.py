"""For whom an espace may act, said to the accounts, which know no habilitation (accounts/espace/rectification.py)."""

from django.db.models import Case, Q, Subquery, Value, When
from django.utils import timezone

from accounts.models import Espace
from habilitations.droits.cles import parmi
from habilitations.models import Habilitation, Role
from services.models import PersonneSirenisee

RANG = Case(*(When(role=role, then=Value(rang)) for rang, role in enumerate(Role.values)))


def sirens_tenus(espace: Espace) -> list[str]:
    """Return the SIREN that gives the best reason to write to its service gestionnaire: highest role, oldest; or none.

    Found by the index that has the dates (`habilitation_une_par_espace`): what is not en veille has no reason to be (a constraint).
    """
    siennes = Habilitation.objects.vivantes().filter(espace=espace)
    a_venir = Q(expire_le__isnull=True) | Q(expire_le__gte=timezone.localdate())
    premiere = (
        siennes.filter(parmi("adhesion", siennes.values("adhesion")), a_venir, veille_motif="")
        .order_by(RANG, "accordee_le", "adhesion")
        .values("personne")[:1]
    )
    return list(PersonneSirenisee.objects.filter(pk=Subquery(premiere)).values_list("siren", flat=True))
