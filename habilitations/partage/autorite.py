"""What an espace may see of the others' rights and change of them, by what it holds itself (design.md §4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import Espace

from ..droits.roles import GERER_SUPPLEANTS, RETIRER_SES_DELEGATIONS, VOIR_HABILITATIONS, roles_pour
from ..models import ORDRE, Habilitation, Role
from .delegations import retrait_permis


@dataclass(frozen=True)
class Autorite:
    """What an espace holds today, read once: it decides what the espace sees of others and may change (design.md §4)."""

    espace: Espace
    par_adhesion: dict[int, Habilitation]

    @classmethod
    def de(cls, espace: Espace) -> "Autorite":
        """Read the authority of this espace: one query."""
        siennes = Habilitation.objects.actives().filter(espace=espace).only("pk", "adhesion_id", "role")
        return cls(espace, {sienne.adhesion_id: sienne for sienne in siennes})

    def donne(self, permission: str) -> bool:
        """Whether some role of this espace gives this permission."""
        return any(sienne.role in roles_pour(permission) for sienne in self.par_adhesion.values())

    def visibles(self) -> QuerySet[Habilitation]:
        """Return the live habilitations of others that this espace may see.

        Titulaire and suppléant see all of the pair, an acteur délégant what he granted, an acteur nothing.
        """
        adhesions = [a for a, h in self.par_adhesion.items() if h.role in roles_pour(VOIR_HABILITATIONS)]
        delegant = roles_pour(RETIRER_SES_DELEGATIONS) - roles_pour(VOIR_HABILITATIONS)
        accordeuses = [sienne.pk for sienne in self.par_adhesion.values() if sienne.role in delegant]
        return (
            Habilitation.objects.vivantes()
            .filter(Q(adhesion__in=adhesions) | Q(accordee_par__in=accordeuses))
            .exclude(role=Role.TITULAIRE)
            .exclude(espace=self.espace)
            .select_related("espace", "personne", "service", "accordee_par__espace")
            .order_by(*ORDRE)
        )

    def siennes(self) -> QuerySet[Habilitation]:
        """Return the live habilitations of this espace, ready to be named."""
        return (
            Habilitation.objects.vivantes().filter(espace=self.espace).select_related("espace", "personne", "service")
        )

    def changeables(self, habilitations: Iterable[Habilitation]) -> set[UUID]:
        """Return the keys of those that this espace may withdraw (or, for a suppléance, suspend)."""
        return {h.pk for h in habilitations if self._peut_changer(h)}

    def _peut_changer(self, habilitation: Habilitation) -> bool:
        sienne = self.par_adhesion.get(habilitation.adhesion_id)
        if sienne is None:
            return False
        if habilitation.role == Role.SUPPLEANT:
            return sienne.role in roles_pour(GERER_SUPPLEANTS)
        return retrait_permis(sienne, habilitation) is None
