"""What « Gérer les services » says of what an espace holds and shares (CGU §3.4; issue 13.5)."""

from dataclasses import dataclass
from typing import Final

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import Espace

from ..droits.roles import RETIRER_SES_DELEGATIONS, roles_pour
from ..models import Habilitation, Role
from ..partage.autorite import Autorite

COMPTEES_AU_PLUS: Final = 200
"""Habilitations of others that are counted one by one; beyond, the page says « plus de »."""


@dataclass(frozen=True)
class Partage:
    """What is held, in which roles; what others hold under one's authority."""

    habilitations: int
    siren: int
    roles: frozenset[str]
    recus: frozenset[str]
    suppleants: int = 0
    en_veille: int = 0
    delegations: int = 0
    davantage: bool = False

    def donne(self, permission: str) -> bool:
        """Whether some role held today gives this permission."""
        return bool(self.roles & roles_pour(permission))

    def compte(self, nombre: int) -> str:
        """Return this number of what others hold, nothing for none."""
        return (f"plus de {nombre}" if self.davantage else str(nombre)) if nombre else ""


def partage_de(espace: Espace) -> Partage:
    """Return what this espace holds and shares: two queries, of which the second reads COMPTEES_AU_PLUS rows."""
    active = Q(etat=Habilitation.Etat.ACTIVE) & (Q(expire_le__isnull=True) | Q(expire_le__gte=timezone.localdate()))
    tenu = (
        Habilitation.objects.vivantes()
        .filter(espace=espace)
        .aggregate(
            habilitations=Count("pk"),
            siren=Count("personne", distinct=True),
            roles=ArrayAgg("role", distinct=True, filter=active, default=[]),
            recus=ArrayAgg("role", distinct=True, default=[]),
        )
    )
    roles = frozenset(tenu["roles"])
    lues: list[tuple[str, str]] = []
    if roles & roles_pour(RETIRER_SES_DELEGATIONS):
        visibles = Autorite.de(espace).visibles().order_by().values_list("role", "etat")
        lues = list(visibles[: COMPTEES_AU_PLUS + 1])
    suppleances = [etat for role, etat in lues[:COMPTEES_AU_PLUS] if role == Role.SUPPLEANT]
    return Partage(
        habilitations=tenu["habilitations"],
        siren=tenu["siren"],
        roles=roles,
        recus=frozenset(tenu["recus"]),
        suppleants=len(suppleances),
        en_veille=suppleances.count(Habilitation.Etat.EN_VEILLE),
        delegations=len(lues[:COMPTEES_AU_PLUS]) - len(suppleances),
        davantage=len(lues) > COMPTEES_AU_PLUS,
    )
