"""What the pages of an espace read: one function per page, a number of queries that does not depend on its SIREN."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import Count, Q
from django.utils import timezone

from accounts.espace.recapitulatif_pdf import ServiceObtenu
from accounts.models import Espace
from accounts.saisies.identifiants import pour_chercher
from services.models import PersonneSirenisee

from ..arbre.recentes import non_utilisees, recente
from ..droits.backends import donnant
from ..droits.roles import UTILISER
from ..models import ORDRE, Habilitation
from .cessations import AvisDeCessation, avis_de_cessation
from .miennes import Ligne, a_dire_a_l_accueil
from .recherche import contient

PAR_PAGE = 10


@dataclass(frozen=True)
class PersonneEtServices:
    """One personne of the espace and what may be done for it, by family in the catalogue's order."""

    personne: PersonneSirenisee
    habilitations: list[Habilitation] = field(default_factory=list)
    avis: AvisDeCessation | None = None  # the register has closed it

    def par_famille(self) -> list[tuple[str, list[Habilitation]]]:
        familles: dict[str, list[Habilitation]] = {}
        for habilitation in self.habilitations:
            familles.setdefault(habilitation.service.get_famille_display(), []).append(habilitation)
        return list(familles.items())


@dataclass(frozen=True)
class Jauge:
    """How full the perimeter is (R13): shown from 80 SIREN on."""

    siren: int
    limite: int
    alerte: int

    @property
    def a_montrer(self) -> bool:
        return self.siren >= self.alerte


@dataclass(frozen=True)
class Accueil:
    """The home page: one page of personnes, the gauge, the keys of what may be declined of it (R11); and, where nothing is
    active any more, what was suspended and what was lost.
    """

    page: Page[PersonneSirenisee]
    personnes: Sequence[PersonneEtServices]
    jauge: Jauge
    recentes: set[UUID]
    arrivees: Sequence[Ligne] = ()


def _personnes(espace: Espace, recherche: str, famille: str) -> list[PersonneSirenisee]:
    habilitations = donnant(UTILISER, espace)
    if famille:
        habilitations = habilitations.filter(service__famille=famille)
    # Their keys first, 100 at most (R13): a join would let PostgreSQL look for the words in the whole country.
    siennes = list(habilitations.order_by().values_list("personne", flat=True).distinct())
    personnes = PersonneSirenisee.objects.filter(pk__in=siennes)
    if recherche:
        siren = pour_chercher(recherche)
        personnes = personnes.filter(contient("denomination", recherche) | Q(siren__startswith=siren or "-"))
    return list(personnes.order_by("denomination", "siren"))


def accueil(espace: Espace, *, recherche: str = "", famille: str = "", page: str = "1") -> Accueil:
    """Return the page of personnes asked for (by name, SIREN or family of services): four queries.

    One more where the register has closed one of them, two more for who was granted something of late, five more for who has nothing left.
    """
    pagination = Paginator(_personnes(espace, recherche, famille), PAR_PAGE)
    courante = pagination.get_page(page)
    closes = {avis.personne.pk: avis for avis in avis_de_cessation(courante)}
    lues = {personne.pk: PersonneEtServices(personne, avis=closes.get(personne.pk)) for personne in courante}
    habilitations = (
        donnant(UTILISER, espace)
        .filter(personne__in=list(lues))
        .select_related("service")
        .order_by("service__ordre", "service__code")
    )
    if famille:
        habilitations = habilitations.filter(service__famille=famille)
    for habilitation in habilitations:
        lues[habilitation.personne_id].habilitations.append(habilitation)
    maintenant = timezone.now()
    tenu = (
        Habilitation.objects.vivantes()
        .filter(espace=espace)
        .aggregate(
            siren=Count("personne", distinct=True),
            recentes=Count("pk", filter=recente(maintenant)),
        )
    )
    recentes = non_utilisees(espace, maintenant=maintenant)
    sans_service = not (lues or recherche or famille)
    return Accueil(
        courante,
        list(lues.values()),
        Jauge(tenu["siren"], settings.PERIMETRE_SIREN, settings.PERIMETRE_ALERTE),
        set(recentes.filter(personne__in=list(lues)).values_list("pk", flat=True)) if tenu["recentes"] else set(),
        a_dire_a_l_accueil(espace) if sans_service else (),
    )


def habilitation_active(espace: Espace, *, siren: str, code: str) -> Habilitation | None:
    """Return the active habilitation of this espace for this pair, with all that the service's page shows, or None."""
    return (
        donnant(UTILISER, espace)
        .filter(personne__siren=siren, service__code=code)
        .select_related(
            "personne__service_gestionnaire", "service", "adhesion__mandat__mandataire", "accordee_par__espace"
        )
        .first()
    )


def services_obtenus(espace: Espace) -> list[ServiceObtenu]:
    """Return what this espace may use today, and in which role, for its récapitulatif (R5): one query."""
    habilitations = donnant(UTILISER, espace).select_related("personne", "service").order_by(*ORDRE)
    return [
        ServiceObtenu(
            denomination=habilitation.personne.denomination,
            siren=habilitation.personne.siren,
            service=habilitation.service.libelle,
            role=habilitation.get_role_display().capitalize(),
        )
        for habilitation in habilitations
    ]
