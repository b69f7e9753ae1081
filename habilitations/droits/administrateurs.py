"""Who administers a personne: whom a change of what is the personne's own is told."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from accounts.models import Espace
from services.models import ChangementBancaire, PersonneSirenisee

from ..models import Habilitation
from ..models.habilitation import HabilitationQuerySet
from .roles import GERER_BANQUE, SIGNALER_BANQUE, VOIR_HABILITATIONS, roles_pour


def administrateurs_du_siren(personne: PersonneSirenisee) -> list[Espace]:
    """Return the active espaces that are titulaire or suppléant of some service of this personne today: one query."""
    leurs = Habilitation.objects.actives().filter(personne=personne, role__in=roles_pour(VOIR_HABILITATIONS))
    return list(
        Espace.objects.filter(pk__in=leurs.values("espace"), etat=Espace.Etat.ACTIF)
        .select_related("compte")
        .order_by("pk")
    )


def administre_ou_fut_prevenu(tenues: HabilitationQuerySet, changement: ChangementBancaire) -> bool:
    """Whether whoever holds these habilitations of administrator today may report this change: one query.

    Who administers a paying service may whenever it was made (CGU §4.d: a new titulaire looks at what the former one did); who
    administers another service, where he already did on that day: he was told of it, and of nothing before.
    """
    alors = Habilitation.objects.filter(
        Q(fin_le=None) | Q(fin_le__gt=changement.fait_le),
        personne=OuterRef("personne"),
        espace=OuterRef("espace"),
        role__in=roles_pour(SIGNALER_BANQUE),
        accordee_le__lte=changement.fait_le,
    )
    siennes = tenues.filter(personne=changement.reference.personne_id)
    return siennes.filter(Q(service__paiement=True) | Exists(alors)).exists()


def designants_de(espace: Espace, personne: PersonneSirenisee, depuis: datetime) -> list[Espace]:
    """Return by whom this espace was given since then a right on the accounts of this personne, and by whom those were: one query a link.

    A stolen espace would else designate another, whose first account waits for nothing (issue 15.5). A right that has ended since counts too.
    """
    recentes = Habilitation.objects.filter(
        personne=personne, accordee_le__gt=depuis, accordee_par__isnull=False, role__in=roles_pour(GERER_BANQUE)
    )
    vus, suivants = {espace.pk}, {espace.pk}
    while suivants:
        par = recentes.filter(espace__in=suivants).order_by().values_list("accordee_par__espace", flat=True)
        suivants = set(par) - vus
        vus |= suivants
    autres = vus - {espace.pk}
    return list(Espace.objects.filter(pk__in=autres).select_related("compte").order_by("pk")) if autres else []
