"""The demande of adhésion: which services are free, and asking for them (CGU §2.2, §2.3; R7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.utils import timezone

from accounts.compteurs import double_envoi
from accounts.models import Espace
from accounts.saisies.regles import RegleMetier
from habilitations.arbre.recentes import a_ceder
from habilitations.models import Adhesion, Habilitation, Role
from services.models import PersonneSirenisee, Service

from ..models import Demande
from .depot import (
    AucunService,
    enregistrer,
    exiger_droits_admis,
    exiger_expert_actif,
    exiger_seule,
    verrouiller_pour_deposer,
)

FAMILLES = list(Service.Famille.values)


class ServiceNonDisponible(RegleMetier):
    code = "service_non_disponible"
    message = "Le service « {service} » n'est pas disponible pour vous : {raison}."


class Disponibilite(StrEnum):
    """What a service of the catalogue is, for one espace and one personne (domaine.md §2.3)."""

    LIBRE = "LIBRE"
    DEJA_A_VOUS = "DEJA_A_VOUS"
    HABILITE = "HABILITE"
    TENU_PAR_UN_AUTRE = "TENU_PAR_UN_AUTRE"
    NON_OUVERT = "NON_OUVERT"
    RESERVE_DGE = "RESERVE_DGE"

    @property
    def explication(self) -> str:
        return {
            "LIBRE": "disponible",
            "DEJA_A_VOUS": "vous en êtes déjà l'administrateur titulaire",
            "HABILITE": "vous y êtes déjà habilité par son administrateur",
            "TENU_PAR_UN_AUTRE": "un autre espace en est l'administrateur titulaire",
            "NON_OUVERT": "ce service n'est pas ouvert à cette catégorie de personne",
            "RESERVE_DGE": "ce service est réservé aux personnes suivies par la direction des grandes entreprises",
        }[self.value]


@dataclass(frozen=True)
class ServiceProposable:
    """One line of the adhésion form."""

    service: Service
    disponibilite: Disponibilite
    titulaire_depuis: datetime | None = None

    @property
    def libre(self) -> bool:
        return self.disponibilite is Disponibilite.LIBRE


def services_proposables(espace: Espace, personne: PersonneSirenisee) -> list[ServiceProposable]:
    """Return the whole catalogue, each service with what it is for this espace and this personne: three queries."""
    ouvertes = dict(Adhesion.objects.ouvertes().pour_personne(personne).values_list("service_id", "ouverte_le"))
    miennes = dict(
        Habilitation.objects.vivantes().filter(espace=espace, personne=personne).values_list("service_id", "role")
    )
    lignes = []
    for service in sorted(Service.objects.all(), key=lambda s: (FAMILLES.index(s.famille), s.ordre)):
        depuis = None
        if (fermeture := service.ferme_a(personne)) is not None:
            etat = Disponibilite(fermeture)
        elif miennes.get(service.pk) == Role.TITULAIRE:
            etat = Disponibilite.DEJA_A_VOUS
        elif service.pk in miennes:
            etat = Disponibilite.HABILITE
        elif service.pk in ouvertes:
            etat, depuis = Disponibilite.TENU_PAR_UN_AUTRE, ouvertes[service.pk]
        else:
            etat = Disponibilite.LIBRE
        lignes.append(ServiceProposable(service, etat, depuis))
    return lignes


@transaction.atomic
def deposer_adhesion(
    *,
    acteur: Espace,
    personne: PersonneSirenisee,
    services: Sequence[Service],
    qualite: str,
    maintenant: datetime | None = None,
) -> Demande:
    """Record a demande of adhésion and the letter that will carry its code; return it (CGU §2.2, §2.3; R7).

    Raises: EspaceNonActif, EspaceNonExpert, PersonneCessee, AucunService, ServiceNonDisponible, DemandeDejaEnCours,
    PerimetreDepasse, AdresseInconnue.
    """
    maintenant = maintenant or timezone.now()
    acteur, personne = verrouiller_pour_deposer(acteur, personne)
    exiger_expert_actif(acteur)
    exiger_droits_admis(personne)
    if not services:
        raise AucunService
    exiger_seule(acteur, personne, Demande.Nature.ADHESION, services)
    etats = {ligne.service.pk: ligne for ligne in services_proposables(acteur, personne)}
    for service in services:
        ligne = etats[service.pk]
        if not ligne.libre:
            raise ServiceNonDisponible(service=service.libelle, raison=ligne.disponibilite.explication)
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
