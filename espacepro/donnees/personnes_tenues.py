"""For whom an espace may act, said to the accounts, which know no habilitation (accounts/espace/rectification.py)."""

from django.db.models import Case, Value, When

from accounts.models import Espace
from habilitations.models import Habilitation, Role

RANG = Case(*(When(role=role, then=Value(rang)) for rang, role in enumerate(Role.values)))


def sirens_tenus(espace: Espace) -> list[str]:
    """Return the SIREN that gives the best reason to write to its service gestionnaire: highest role, oldest; or none."""
    miennes = Habilitation.objects.actives().de_l_espace(espace).order_by(RANG, "accordee_le", "pk")
    return list(miennes.values_list("personne__siren", flat=True)[:1])
