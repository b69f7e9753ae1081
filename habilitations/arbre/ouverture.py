"""Opening a service for a personne: the adhésion and its titulaire (CGU §2.2, §2.3)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import Espace
from accounts.traces.journal import consigner
from services.models import PersonneSirenisee, Service

from .. import actes
from ..models import Adhesion, Habilitation, Mandat, Role
from .lots import verrouiller_acteur
from .recentes import faire_place


@transaction.atomic
def ouvrir_services(
    *, acteur: Espace, personne: PersonneSirenisee, services: Sequence[Service], mandat: Mandat, maintenant: datetime
) -> list[Adhesion]:
    """Open these services for `personne` with `espace` as titulaire, and return the adhésions opened.

    A service that somebody opened meanwhile, or that has left the catalogue, is passed over: it is not in the list returned.
    Its own undecided grants end first when
    the perimeter is full. Locks espace, personne, then their adhésions. Raises: ActeurNonActif, PerimetreDepasse (R13).
    """
    espace = verrouiller_acteur(acteur)
    personne = PersonneSirenisee.objects.select_for_update(no_key=True).get(pk=personne.pk)
    faire_place(acteur=espace, personnes=[personne], maintenant=maintenant)
    ouverts = set(Adhesion.objects.ouvertes().pour_personne(personne).values_list("service_id", flat=True))
    adhesions = []
    for service in services:
        if service.pk in ouverts or service.est_retire(timezone.localdate(maintenant)):
            continue
        adhesion = Adhesion.objects.create(personne=personne, service=service, mandat=mandat, ouverte_le=maintenant)
        Habilitation.objects.create(
            adhesion=adhesion,
            personne=personne,
            service=service,
            espace=espace,
            role=Role.TITULAIRE,
            accordee_le=maintenant,
        )
        consigner(
            actes.ADHESION_OUVERTE,
            auteur=espace,
            siren=personne.siren,
            service=service.code,
            details={"demande": mandat.demande},
        )
        adhesions.append(adhesion)
    return adhesions
