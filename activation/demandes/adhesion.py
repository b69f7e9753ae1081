"""The demande of adhésion: which services are free, and asking for them (CGU §2.2, §2.3; R7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils import timezone

from accounts.compteurs import debit, double_envoi
from accounts.compteurs.essais import essai_compte
from accounts.models import Espace
from accounts.saisies.dates import jour
from accounts.saisies.regles import EssaiRefuse, RegleMetier
from habilitations.arbre.recentes import a_ceder
from habilitations.models import Adhesion, Habilitation, Role
from services.models import PersonneSirenisee, Service

from ..models import Demande
from .consultations import reserver_depot
from .depot import (
    AucunService,
    enregistrer,
    exiger_droits_admis,
    exiger_expert_actif,
    exiger_seule,
    verrouiller_pour_deposer,
)

FAMILLES = list(Service.Famille.values)


class ServiceNonDisponible(EssaiRefuse):
    """`tenus` says whether what keeps them is another espace, which can be asked or succeeded."""

    code = "service_non_disponible"
    message = "{services} : {raison}."

    def __init__(self, services: Sequence[Service], raison: str, *, tenus: bool = False) -> None:
        noms = " », « ".join(service.libelle for service in services)
        debut = (
            f"Le service « {noms} » n’est pas disponible pour vous"
            if len(services) == 1
            else f"Les services « {noms} » ne sont pas disponibles pour vous"
        )
        super().__init__(services=debut, raison=raison, tenus=tenus)


class ServiceRetire(RegleMetier):
    code = "service_retire"
    message = (
        "Le service « {service} » sera retiré du catalogue après le {ferme_le} : il n’est plus possible d’y adhérer. "
        "Les droits déjà ouverts durent jusqu’à ce jour."
    )


class Disponibilite(StrEnum):
    """What a service of the catalogue is, for one espace and one personne (domaine.md §2.3)."""

    LIBRE = "LIBRE"
    DEJA_A_VOUS = "DEJA_A_VOUS"
    HABILITE = "HABILITE"
    TENU_PAR_UN_AUTRE = "TENU_PAR_UN_AUTRE"
    NON_OUVERT = "NON_OUVERT"
    RESERVE_DGE = "RESERVE_DGE"
    RETIRE = "RETIRE"

    @property
    def explication(self) -> str:
        return {
            "LIBRE": "disponible",
            "DEJA_A_VOUS": "vous en êtes déjà l’administrateur titulaire",
            "HABILITE": "vous y avez déjà une habilitation de son administrateur",
            "TENU_PAR_UN_AUTRE": "un autre espace en est déjà l’administrateur titulaire",
            "NON_OUVERT": "ce service n’est pas ouvert à cette catégorie de personne",
            "RESERVE_DGE": "ce service est réservé aux personnes suivies par la direction des grandes entreprises",
            "RETIRE": "ce service va être retiré du catalogue",
        }[self.value]


@dataclass(frozen=True)
class ServiceProposable:
    """One line of the adhésion form."""

    service: Service
    disponibilite: Disponibilite

    @property
    def libre(self) -> bool:
        return self.disponibilite is Disponibilite.LIBRE

    @property
    def demandable(self) -> bool:
        """Whether the page lets it be ticked: what others hold is told to who asks for it, not to who looks."""
        return self.disponibilite in (Disponibilite.LIBRE, Disponibilite.TENU_PAR_UN_AUTRE)


def services_proposables(espace: Espace, personne: PersonneSirenisee) -> list[ServiceProposable]:
    """Return the whole catalogue, each service with what it is for this espace and this personne: three queries."""
    ouvertes = set(Adhesion.objects.ouvertes().pour_personne(personne).values_list("service_id", flat=True))
    miennes = dict(
        Habilitation.objects.vivantes().filter(espace=espace, personne=personne).values_list("service_id", "role")
    )
    lignes = []
    for service in sorted(_au_catalogue(), key=lambda s: (FAMILLES.index(s.famille), s.ordre)):
        if (fermeture := service.ferme_a(personne)) is not None:
            etat = Disponibilite(fermeture)
        elif miennes.get(service.pk) == Role.TITULAIRE:
            etat = Disponibilite.DEJA_A_VOUS
        elif service.pk in miennes:
            etat = Disponibilite.HABILITE
        elif service.ferme_le is not None:
            etat = Disponibilite.RETIRE
        elif service.pk in ouvertes:
            etat = Disponibilite.TENU_PAR_UN_AUTRE
        else:
            etat = Disponibilite.LIBRE
        lignes.append(ServiceProposable(service, etat))
    return lignes


def exiger_au_catalogue(services: Sequence[Service]) -> None:
    """Check that none of these services is to be retired. Raises: ServiceRetire."""
    for service in Service.objects.filter(pk__in=[s.pk for s in services], ferme_le__isnull=False).order_by("code"):
        raise ServiceRetire(service=service.libelle, ferme_le=jour(service.ferme_le))


def _au_catalogue() -> list[Service]:
    aujourd_hui = timezone.localdate()
    return [service for service in Service.objects.all() if not service.est_retire(aujourd_hui)]


def examiner_adhesion(acteur: Espace, personne: PersonneSirenisee, services: Sequence[Service]) -> None:
    """Check what may be told before the letter is read again: nothing of what others hold (consultations.py).

    Raises: EspaceNonActif, EspaceNonExpert, PersonneCessee, AucunService, ServiceRetire,
    DemandeDejaEnCours, PerimetreDepasse.
    """
    _exiger_demandable(acteur, personne, services)
    a_ceder(acteur, [personne], maintenant=timezone.now())


def _exiger_demandable(acteur: Espace, personne: PersonneSirenisee, services: Sequence[Service]) -> None:
    """Check what depends neither on what others hold nor on the perimeter."""
    exiger_expert_actif(acteur)
    exiger_droits_admis(personne)
    if not services:
        raise AucunService
    exiger_au_catalogue(services)
    exiger_seule(acteur, personne, Demande.Nature.ADHESION, services)


@essai_compte()
def deposer_adhesion(
    *,
    acteur: Espace,
    personne: PersonneSirenisee,
    services: Sequence[Service],
    qualite: str,
    maintenant: datetime | None = None,
) -> Demande:
    """Record a demande of adhésion and the letter that will carry its code; return it (CGU §2.2, §2.3; R7).

    A refusal that tells what others hold is counted (consultations.py).
    Raises: TropDeDepotsRefuses, EspaceNonActif, EspaceNonExpert, PersonneCessee, AucunService, ServiceRetire,
    ServiceNonDisponible, DemandeDejaEnCours, PerimetreDepasse, AdresseInconnue.
    """
    maintenant = maintenant or timezone.now()
    acteur, personne = verrouiller_pour_deposer(acteur, personne)
    _exiger_demandable(acteur, personne, services)
    essai = reserver_depot(acteur, str(personne.pk))
    etats = {ligne.service.pk: ligne for ligne in services_proposables(acteur, personne)}
    refusees = [etats[service.pk] for service in services if not etats[service.pk].libre]
    if refusees:
        raison = refusees[0].disponibilite
        raise ServiceNonDisponible(
            [ligne.service for ligne in refusees if ligne.disponibilite is raison],
            raison.explication,
            tenus=raison is Disponibilite.TENU_PAR_UN_AUTRE,
        )
    debit.rendre(essai)
    a_ceder(acteur, [personne], maintenant=maintenant)  # what the code would end is shown with its field
    return enregistrer(
        acteur=acteur,
        personne=personne,
        nature=Demande.Nature.ADHESION,
        qualite=qualite,
        services=services,
        maintenant=maintenant,
    )


def deposee_a_l_instant(
    *, acteur: Espace, personne: PersonneSirenisee, services: Sequence[Service], qualite: str
) -> Demande | None:
    """Return the demande that the first press of the same button has made, if it was made just now."""
    recente = (
        Demande.objects.en_cours()
        .filter(
            espace=acteur,
            personne=personne,
            nature=Demande.Nature.ADHESION,
            qualite=qualite,
            deposee_le__gte=timezone.now() - double_envoi.FENETRE_DU_DOUBLE_ENVOI,
        )
        .first()
    )
    if recente is None or {service.pk for service in recente.services.all()} != {service.pk for service in services}:
        return None
    return recente
