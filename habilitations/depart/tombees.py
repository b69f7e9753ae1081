"""What falls with an espace, or with adhésions that an agent removes, as an agent's page shows it: grouped, never of another office."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.gestion.fonctions import DU_PAYS
from accounts.models import Agent, Espace
from services.models import PersonneSirenisee, Service

from ..arbre.avis import SERVICES_NOMMES
from ..arbre.cascade import dessous_de
from ..models import Adhesion, Habilitation, Role

AILLEURS = "Entreprises d’autres services gestionnaires"


def tombent_avec(espace: Espace) -> QuerySet[Habilitation]:
    """Return all that ends with this espace: what it holds, and what hangs below, everybody's under what it is titulaire of."""
    siennes = Habilitation.objects.vivantes().de_l_espace(espace)
    dessous = dessous_de(siennes).values("pk")
    return Habilitation.objects.vivantes().filter(Q(pk__in=siennes.values("pk")) | Q(pk__in=dessous))


def tombent_sous(adhesions: Iterable[Adhesion] | QuerySet[Adhesion]) -> QuerySet[Habilitation]:
    """Return all that ends with these adhésions."""
    return Habilitation.objects.vivantes().filter(adhesion__in=adhesions)


def cles_de(tombent: QuerySet[Habilitation]) -> list[UUID]:
    """Return the keys that the act compares, under its locks, with what was shown."""
    return [*tombent.order_by().values_list("pk", flat=True)]


def lignes_pour(agent: Agent, tombent: QuerySet[Habilitation]) -> list[list[str]]:
    """Return one row for each person and company of this agent's office, and one that counts what is elsewhere."""
    groupes: dict[tuple[str, str, str], list[str]] = {}
    ailleurs: list[int] = []
    toutes = agent.fonction in DU_PAYS
    colonnes = ("espace", "personne", "service", "role", "accordee_le", "pk")
    lues = list(tombent.order_by().values_list(*colonnes))
    # Each person, company and service once: joined, they would be read again for each of ten thousand rows.
    espaces = Espace.objects.in_bulk({ligne[0] for ligne in lues})
    personnes = PersonneSirenisee.objects.in_bulk({ligne[1] for ligne in lues})
    services = Service.objects.in_bulk({ligne[2] for ligne in lues})

    def ordre(ligne: tuple[Any, ...]) -> tuple[Any, ...]:
        personne, service = personnes[ligne[1]], services[ligne[2]]
        return (personne.denomination, personne.siren, ligne[4], service.ordre, service.code, ligne[5])

    for espace, personne, service, role, _, _ in sorted(lues, key=ordre):
        if not toutes and personnes[personne].service_gestionnaire_id != agent.service_gestionnaire_id:
            ailleurs.append(personne)
            continue
        qui = espaces[espace]
        cle = (qui.nom_complet, qui.numero_lisible, f"{Role(role).label}, {personnes[personne]}")
        groupes.setdefault(cle, []).append(str(services[service]))
    lignes = [
        [nom, numero, role, ", ".join(services) if len(services) <= SERVICES_NOMMES else f"{len(services)} services"]
        for (nom, numero, role), services in groupes.items()
    ]
    if ailleurs:
        entreprises, habilitations = len(set(ailleurs)), len(ailleurs)
        lignes.append([AILLEURS, "", f"entreprises : {entreprises}", f"habilitations : {habilitations}"])
    return lignes
