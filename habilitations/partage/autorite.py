"""What an espace may see of the others' rights and change of them, by what it holds itself (design.md §4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import Espace

from ..droits.cles import CLES_AU_PLUS, parmi
from ..droits.roles import GERER_SUPPLEANTS, RETIRER_SES_DELEGATIONS, VOIR_HABILITATIONS, roles_pour
from ..models import ORDRE, Habilitation, Role
from ..models.habilitation import HabilitationQuerySet
from .delegations import retrait_permis


@dataclass(frozen=True)
class Autorite:
    """What an espace holds today: it decides what the espace sees of others and may change (design.md §4).

    Nothing is read before it is asked, and what is read is found from the espace's own habilitations.
    """

    espace: Espace

    @classmethod
    def de(cls, espace: Espace) -> "Autorite":
        """Return the authority of this espace."""
        return cls(espace)

    @cached_property
    def roles(self) -> frozenset[str]:
        """The roles that this espace holds somewhere today: one query."""
        return frozenset(self._actives().order_by().values_list("role", flat=True).distinct())

    def _actives(self) -> HabilitationQuerySet:
        return Habilitation.objects.actives().filter(espace=self.espace)

    def donne(self, permission: str) -> bool:
        """Whether some role of this espace gives this permission."""
        return bool(self.roles & roles_pour(permission))

    def visibles(self) -> QuerySet[Habilitation]:
        """Return the live habilitations of others that this espace may see.

        Titulaire and suppléant see all of the pair, an acteur délégant what he granted, an acteur nothing.
        """
        voir = roles_pour(VOIR_HABILITATIONS)
        delegant = roles_pour(RETIRER_SES_DELEGATIONS) - voir
        ou_il_voit = self._actives().filter(role__in=voir).values("adhesion")
        ou_il_delegue = self._actives().filter(role__in=delegant).values("pk")
        # Both, even for who has nothing in one of them: PostgreSQL then reads a map of the pages, each page once.
        return (
            Habilitation.objects.vivantes()
            .filter(Q(parmi("adhesion", ou_il_voit)) | Q(parmi("accordee_par", ou_il_delegue)))
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
        """Return the keys of those that this espace may withdraw (or, for a suppléance, suspend): one query."""
        montrees = list(habilitations)
        adhesions = {h.adhesion_id for h in montrees}
        siennes = self._actives().order_by().values_list("pk", "adhesion", "role")
        if len(adhesions) <= CLES_AU_PLUS:  # a page; the adhésions of a long file are fewer than what the espace holds
            une_par_role = siennes.order_by("role").distinct("role")  # so that `donne` asks nothing more
            siennes = siennes.filter(adhesion__in=adhesions)
            if "roles" not in self.__dict__:
                siennes = siennes.union(une_par_role)
        par_adhesion = {
            adhesion: Habilitation(pk=cle, adhesion_id=adhesion, role=role) for cle, adhesion, role in siennes
        }
        self.__dict__.setdefault("roles", frozenset(sienne.role for sienne in par_adhesion.values()))
        return {h.pk for h in montrees if peut_changer(par_adhesion.get(h.adhesion_id), h)}


def peut_changer(sienne: Habilitation | None, habilitation: Habilitation) -> bool:
    """Whether the holder of `sienne`, active, may withdraw this one of the same adhésion (or, for a suppléance, suspend it)."""
    if sienne is None:
        return False
    if habilitation.role == Role.SUPPLEANT:
        return sienne.role in roles_pour(GERER_SUPPLEANTS)
    return retrait_permis(sienne, habilitation) is None
