"""What the habilitations say when an espace is to be deleted (R19, CGU §4.c): what blocks, what falls."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import (
    BooleanField,
    Case,
    Count,
    DateField,
    DateTimeField,
    ExpressionWrapper,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone

from accounts.documents.typst import siren_lisible
from accounts.espace import suppression
from accounts.espace.suppression import Blocage, Chute, Dependant, Motif, Volet
from accounts.models import Agent, Espace
from accounts.traces.journal import consigner
from services.models import Service

from .. import actes
from ..arbre import avis
from ..arbre.cascade import dessous_de, relire, terminer, verrouiller_adhesions
from ..droits.cles import parmi, sous, textes_de
from ..models import Adhesion, DemandeRetrait, Export, Habilitation, Preference, Role
from ..models.habilitation import HabilitationQuerySet
from ..partage.demandes import tomber_avec_l_espace
from .retraits import demander_retrait

RETRAIT_PAR_GESTIONNAIRE = "seul le service gestionnaire peut retirer cette adhésion"
DEPENDANTS = (
    "d’autres personnes y ont accès grâce à vous : retirez d’abord leur accès, faites-vous remplacer, ou demandez au "
    "service gestionnaire de retirer l’adhésion"
)


# What PostgreSQL tells of a group of habilitations: their services, in the catalogue's order.
SERVICES = ArrayAgg("service__libelle", order_by=("service__ordre", "service__code"))
# The request to leave that waits for an answer about a habilitation: one at most.
DEPOT = FilteredRelation("demandes_retrait", condition=Q(demandes_retrait__etat=DemandeRetrait.Etat.DEPOSEE))


def _siennes(espace: Espace) -> HabilitationQuerySet:
    return Habilitation.objects.vivantes().de_l_espace(espace)


def _utilisee() -> Q:
    """Return the condition that a habilitation is another's than the titulaire's, in use today or en veille."""
    jour = timezone.localdate()
    en_cours = Q(expire_le__isnull=True) | Q(expire_le__gte=jour)
    return Q(fin_le__isnull=True) & en_cours & ~Q(role=Role.TITULAIRE)


def bloquantes(espace: Espace) -> QuerySet[Habilitation]:
    """Return what this espace holds as titulaire and keeps it from being deleted; `partagee` says whether others use it."""
    titulariats = _siennes(espace).filter(role=Role.TITULAIRE)
    partagees = Habilitation.objects.filter(_utilisee(), parmi("adhesion", titulariats.values("adhesion")))
    partagee = Q(adhesion__in=partagees.values("adhesion"))
    return titulariats.annotate(partagee=ExpressionWrapper(partagee, output_field=BooleanField())).filter(
        Q(service__retrait_par_gestionnaire=True) | Q(partagee=True)
    )


def _raison(*, par_gestionnaire: bool, partagee: bool) -> str:
    return " ; ".join([RETRAIT_PAR_GESTIONNAIRE] * par_gestionnaire + [DEPENDANTS] * partagee)


def bloquants(espace: Espace) -> list[Motif]:
    """Return, reason by reason, the adhésions held as titulaire that only the service gestionnaire removes, or others use.

    Two queries; PostgreSQL groups: a row for each company, and for each person that uses its services.
    """
    blocages: dict[tuple[str, date | None], list[Blocage]] = {}
    for denomination, siren, gestionnaire, par_gestionnaire, partagee, le, services in (
        bloquantes(espace)
        .annotate(depot=DEPOT, demandee=TruncDate("depot__deposee_le"))
        .order_by("personne__denomination", "personne__siren")
        .values_list(
            "personne__denomination",
            "personne__siren",
            "personne__service_gestionnaire__nom",
            "service__retrait_par_gestionnaire",
            "partagee",
            "demandee",
        )
        .annotate(services=SERVICES)
    ):
        raison = _raison(par_gestionnaire=par_gestionnaire, partagee=partagee)
        blocage = Blocage(
            personne=denomination, siren=siren_lisible(siren), services=tuple(services), gestionnaire=gestionnaire
        )
        blocages.setdefault((raison, le), []).append(blocage)
    if not blocages:
        return []
    dependants = _dependants(espace, {le for _, le in blocages if le is not None})
    return [
        Motif(raison=raison, demandee_le=le, blocages=tuple(leurs), dependants=dependants.get((raison, le), ()))
        for (raison, le), leurs in blocages.items()
    ]


def _demandee(espace: Espace, jours: Collection[date]) -> Value | Case | TruncDate:
    """Return when the removal of an adhésion was asked for, `jours` being the days on which any was."""
    siennes = DemandeRetrait.objects.filter(demandeur=espace, etat=DemandeRetrait.Etat.DEPOSEE)
    if len(jours) > 1:
        la_sienne = siennes.filter(habilitation__adhesion=OuterRef("adhesion")).values("deposee_le")[:1]
        return TruncDate(Subquery(la_sienne, output_field=DateTimeField()))
    if jours:  # most often nothing was asked for, or all at once: nothing is looked up adhésion by adhésion
        demandees = Q(adhesion__in=siennes.values("habilitation__adhesion"))
        return Case(When(demandees, then=Value(next(iter(jours)))), default=None, output_field=DateField())
    return Value(None, output_field=DateField())


def _dependants(
    espace: Espace, jours: Collection[date]
) -> dict[tuple[str, date | None], tuple[tuple[Dependant, int], ...]]:
    """Return who else uses what this espace holds as titulaire, reason by reason, and how many services: one query."""
    titulariats = _siennes(espace).filter(role=Role.TITULAIRE)
    par_gestionnaire = Q(service__in=Service.objects.filter(retrait_par_gestionnaire=True).values("pk"))
    nombres: dict[tuple[str, date | None], Counter[Dependant]] = {}
    for (nom, prenom, numero), role, du_gestionnaire, le, nombre in (
        Habilitation.objects.filter(_utilisee(), sous(titulariats))
        .order_by()
        .annotate(
            demandee=_demandee(espace, jours), par_gestionnaire=ExpressionWrapper(par_gestionnaire, BooleanField())
        )
        .values("espace", "role", "par_gestionnaire", "demandee")
        .annotate(nombre=Count("pk"))
        .annotate(qui=textes_de(Espace, "espace", "nom", "prenom", "numero_abonne"))
        .order_by("qui")
        .values_list("qui", "role", "par_gestionnaire", "demandee", "nombre")
    ):
        page = reverse("suppleants" if role == Role.SUPPLEANT else "delegations", query={"q": numero})
        leurs = nombres.setdefault((_raison(par_gestionnaire=du_gestionnaire, partagee=True), le), Counter())
        leurs[Dependant(f"{prenom} {nom}".strip(), page)] += nombre
    return {
        cle: tuple(sorted(leurs.items(), key=lambda paire: (paire[0].nom, paire[0].page)))
        for cle, leurs in nombres.items()
    }


def demander(espace: Espace, maintenant: datetime) -> int:
    """Ask the services gestionnaires to remove the blocking adhésions that were not asked for yet."""
    restantes = list(bloquantes(espace).annotate(depot=DEPOT).filter(depot__isnull=True))
    if not restantes:
        return 0
    motif = "Suppression de l’espace professionnel"
    return len(
        demander_retrait(
            acteur=espace, habilitations=restantes, motif=motif, pour_suppression=True, maintenant=maintenant
        )
    )


type _Rangees = Iterable[tuple[Any, ...]]


def _chute(titre: str, explication: str, rangees: _Rangees) -> Chute:
    """Tell rows of (dénomination, SIREN, services, what else is said): one line each."""
    lignes, nombre = [], 0
    for denomination, siren, services, precision in rangees:
        nombre += len(services)
        lignes.append(f"{denomination} ({siren_lisible(siren)}){precision} : {', '.join(services)}")
    return Chute(titre=titre, explication=explication, nombre=nombre, lignes=tuple(lignes))


def _par_personne(habilitations: QuerySet[Habilitation], *qui: str) -> _Rangees:
    return (
        habilitations.order_by("personne__denomination", "personne__siren")
        .values_list("personne__denomination", "personne__siren", *qui)
        .annotate(services=SERVICES)
    )


def chutes(espace: Espace) -> list[Chute]:
    """Return the adhésions that would close, the habilitations received that would end, and those granted: two queries."""
    titulaire, recues = [], []
    for denomination, siren, role, services in _par_personne(_siennes(espace), "role"):
        if role == Role.TITULAIRE:
            titulaire.append((denomination, siren, services, ""))
        else:
            recues.append((denomination, siren, services, f", {Role(role).label}"))
    dessous = dessous_de(_siennes(espace).exclude(role=Role.TITULAIRE)) if recues else Habilitation.objects.none()
    accordees = [
        (denomination, siren, services, f", {f'{prenom} {nom}'.strip()}")
        for denomination, siren, prenom, nom, _, services in _par_personne(
            dessous, "espace__prenom", "espace__nom", "espace"
        )
    ]
    return [
        _chute(
            "Adhésions fermées",
            "Vous en êtes l’administrateur titulaire : le service ne sera plus ouvert pour cette personne.",
            titulaire,
        ),
        _chute(
            "Suppléances et délégations reçues",
            "Vous perdez ces accès ; les autres personnes gardent les leurs.",
            recues,
        ),
        _chute(
            "Délégations que vous avez accordées",
            "Ces personnes perdent l’accès qu’elles tiennent de vous, et en sont prévenues.",
            accordees,
        ),
    ]


def verrouiller(espace: Espace) -> None:
    """Lock the adhésions on which this espace holds something: nobody grants under it any more meanwhile."""
    verrouiller_adhesions(_siennes(espace).values_list("adhesion", flat=True))


def faire_tomber(espace: Espace, maintenant: datetime, auteur: Espace | Agent) -> None:
    """Close the adhésions of the titulaire, end what was received and what was granted, and tell who loses something."""
    siennes = relire(_siennes(espace).values_list("pk", flat=True))
    titulariats = [habilitation for habilitation in siennes if habilitation.role == Role.TITULAIRE]
    Adhesion.objects.filter(pk__in=[habilitation.adhesion_id for habilitation in titulariats]).update(
        fermee_le=maintenant, fermee_motif=Adhesion.Motif.SUPPRESSION_ESPACE
    )
    for habilitation in titulariats:
        consigner(
            actes.ADHESION_FERMEE,
            auteur=auteur,
            espace=None if auteur is espace else espace,
            siren=habilitation.personne.siren,
            service=habilitation.service.code,
            details={"motif": Adhesion.Motif.SUPPRESSION_ESPACE.value},
        )
    terminees = terminer(
        siennes,
        auteur=auteur,
        acte=actes.HABILITATION_SUPPRIMEE,
        motif=Habilitation.MotifFin.SUPPRESSION_ESPACE,
        maintenant=maintenant,
    )
    Export.objects.filter(espace=espace).delete()
    Preference.objects.filter(espace=espace).delete()
    tomber_avec_l_espace(espace, maintenant)
    DemandeRetrait.objects.filter(demandeur=espace).exclude(motif="", reponse="").update(motif="", reponse="")
    perdantes = [habilitation for habilitation in terminees if habilitation.espace_id != espace.pk]
    for autre, leurs in avis.par_espace(perdantes).items():
        avis.ecrire(
            "habilitation_perdue_suppression",
            espace=autre,
            acte=f"espace-supprime:{espace.pk}:{autre.pk}",
            habilitations=leurs,
        )


def inscrire() -> None:
    """Give the accounts what this floor knows of a deletion."""
    suppression.inscrire(
        Volet(
            nom="habilitations",
            verrouiller=verrouiller,
            bloquants=bloquants,
            chutes=chutes,
            faire_tomber=faire_tomber,
            demander=demander,
        )
    )
