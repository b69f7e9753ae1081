"""Asking for authority: the demande of adhésion, its cancelling, its new letter, its expiry (R7, R9)."""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.utils import timezone

from accounts.compteurs import double_envoi
from accounts.envois import courriels
from accounts.models import Espace
from accounts.saisies.regles import RegleMetier
from accounts.traces.journal import consigner
from habilitations.arbre.recentes import a_ceder
from habilitations.models import Adhesion, Habilitation, Role
from services.adresses.envoi import adresse_du_courrier, exiger_adresse
from services.models import PersonneSirenisee, Service

from .. import actes
from ..courriers.codes import ALPHABET
from ..courriers.edition import deposer_courrier
from ..models import Courrier, Demande, LigneDemande, Signalement
from .attente import exiger_en_cours, exiger_nouveau_courrier
from .chute import faire_tomber
from .plafonds import exiger_courrier_possible, exiger_demande_possible

FAMILLES = list(Service.Famille.values)


class EspaceNonActif(RegleMetier):
    code = "deposant_non_actif"
    message = "Votre espace doit être actif pour déposer une demande."


class EspaceNonExpert(RegleMetier):
    code = "espace_non_expert"
    message = (
        "Seul un espace expert peut adhérer à d'autres services : transformez d'abord votre espace en espace expert."
    )


class PersonneCessee(RegleMetier):
    code = "personne_cessee"
    message = "{denomination} a cessé son activité : aucun service ne peut plus être ouvert pour ce SIREN."


class AucunService(RegleMetier):
    code = "aucun_service"
    message = "Choisissez au moins un service."


class ServiceNonDisponible(RegleMetier):
    code = "service_non_disponible"
    message = "Le service « {service} » n'est pas disponible pour vous : {raison}."


class DemandeDejaEnCours(RegleMetier):
    code = "demande_deja_en_cours"
    message = (
        "Vous avez déjà une demande en cours pour ce SIREN ({reference}) : activez-la ou annulez-la avant d'en "
        "déposer une autre."
    )


class DemandeEnCoursSurSiren(RegleMetier):
    code = "demande_en_cours_sur_siren"
    message = (
        "Une demande est déjà en cours pour ce SIREN. Attendez qu'elle aboutisse ou qu'elle expire ; en cas d'urgence, "
        "adressez-vous au service gestionnaire de l'entreprise."
    )


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


def nouvelle_reference(maintenant: datetime) -> str:
    """Return a reference that can be read on the telephone: `D-2026-7KQ4M2XA` (31^8 a year)."""
    return f"D-{maintenant:%Y}-" + "".join(secrets.choice(ALPHABET) for _ in range(8))


def exiger_droits_admis(personne: PersonneSirenisee) -> None:
    """Check that a service may still be opened or taken over for this personne. Raises: PersonneCessee."""
    if not personne.admet_de_nouveaux_droits:
        raise PersonneCessee(denomination=personne.denomination)


def exiger_expert_actif(espace: Espace) -> None:
    """Raises: EspaceNonActif, EspaceNonExpert."""
    if espace.etat != Espace.Etat.ACTIF:
        raise EspaceNonActif
    if espace.mode != Espace.Mode.EXPERT:
        raise EspaceNonExpert


def verrouiller_pour_deposer(acteur: Espace, personne: PersonneSirenisee) -> tuple[Espace, PersonneSirenisee]:
    """Lock espace then personne, so that the limits of both are counted once; return them fresh."""
    espace = Espace.objects.select_for_update(no_key=True, of=("self",)).select_related("compte").get(pk=acteur.pk)
    fraiche = (
        PersonneSirenisee.objects.select_for_update(no_key=True, of=("self",))
        .select_related("service_gestionnaire")
        .get(pk=personne.pk)
    )
    return espace, fraiche


def enregistrer(
    *,
    acteur: Espace,
    personne: PersonneSirenisee,
    nature: Demande.Nature,
    qualite: str,
    maintenant: datetime,
    services: Sequence[Service] = (),
    nouvelle_adresse: str = "",
    lot: uuid.UUID | None = None,
) -> Demande:
    """Write a demande of any nature, its letter, its line in the journal and its mail; return it (R7).

    For a `lot`, one mail is the caller's to write.
    The caller has locked espace and personne and checked the rules of this nature.
    Raises: AdresseInconnue, SirenSollicite, TropDeCourriersAuSiren, TropDeCourriers.
    """
    exiger_adresse(personne)
    exiger_demande_possible(personne)
    exiger_courrier_possible(acteur, personne, nature=nature, maintenant=maintenant, lot=lot)
    demande = Demande.objects.create(
        reference=nouvelle_reference(maintenant),
        nature=nature,
        espace=acteur,
        personne=personne,
        qualite=qualite,
        nouvelle_adresse=nouvelle_adresse,
        lot=lot,
        deposee_le=maintenant,
    )
    LigneDemande.objects.bulk_create([LigneDemande(demande=demande, service=service) for service in services])
    deposer_courrier(demande, numero=1, maintenant=maintenant)
    consigner(
        actes.DEMANDE_DEPOSEE,
        auteur=acteur,
        siren=personne.siren,
        details={
            "demande": demande.reference,
            "nature": demande.nature,
            "qualite": qualite,
            "services": [s.code for s in services],
        },
    )
    if lot is None:
        prevenir(demande, "demande_deposee", "deposee")
    return demande


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
    PerimetreDepasse, AdresseInconnue, SirenSollicite, TropDeCourriersAuSiren, TropDeCourriers.
    """
    maintenant = maintenant or timezone.now()
    acteur, personne = verrouiller_pour_deposer(acteur, personne)
    exiger_expert_actif(acteur)
    exiger_droits_admis(personne)
    if not services:
        raise AucunService
    en_cours = Demande.objects.en_cours().filter(espace=acteur, personne=personne, nature=Demande.Nature.ADHESION)
    if deja := en_cours.first():
        raise DemandeDejaEnCours(reference=deja.reference)
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


def prevenir(demande: Demande, genre: str, quoi: str, **contexte: object) -> None:
    """Mail the requester about the demande."""
    if demande.espace.compte is not None:
        courriels.deposer(
            genre,
            destinataire=demande.espace.compte.email,
            acte=f"demande-{quoi}:{demande.pk}",
            espace=demande.espace,
            contexte={
                "reference": demande.reference,
                "nature": demande.get_nature_display(),
                "denomination": demande.personne.denomination,
                "creation": demande.nature == Demande.Nature.CREATION_SIMPLIFIEE,
                **contexte,
            },
        )


def verrouiller(demande: Demande) -> Demande:
    """Return the demande with its espace, its personne, then itself locked: the order of every act (style.md)."""
    espace = Espace.objects.select_for_update(no_key=True).get(pk=demande.espace_id)
    PersonneSirenisee.objects.select_for_update(no_key=True).get(pk=demande.personne_id)
    fraiche = (
        Demande.objects.select_for_update(no_key=True, of=("self",))
        .select_related("personne", "espace__compte")
        .get(pk=demande.pk)
    )
    fraiche.espace.etat = espace.etat
    return fraiche


@transaction.atomic
def annuler_demande(*, acteur: Espace, demande: Demande, maintenant: datetime | None = None) -> Demande:
    """Cancel one's own demande: its code dies, and an espace that waited for it falls. Raises DemandeTerminee."""
    maintenant = maintenant or timezone.now()
    demande = verrouiller(demande)
    exiger_en_cours(demande)
    consigner(
        actes.DEMANDE_ANNULEE,
        auteur=acteur,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "nature": demande.nature},
    )
    prevenir(demande, "demande_annulee", "annulee")
    terminer(demande, Demande.Etat.ANNULEE, maintenant)
    return demande


def terminer(demande: Demande, etat: Demande.Etat, maintenant: datetime) -> None:
    """Close a demande, after its mail was written: a creation simplifiée that came to nothing takes its espace along."""
    demande.etat = etat
    demande.terminee_le = maintenant
    demande.save(update_fields=["etat", "terminee_le", "motif_refus"])
    suite = Signalement.Decision.CONFIRME if etat == Demande.Etat.REFUSEE else Signalement.Decision.SANS_OBJET
    demande.signalements.filter(decision=Signalement.Decision.EN_ATTENTE).update(decision=suite, decide_le=maintenant)
    if demande.nature == Demande.Nature.CREATION_SIMPLIFIEE and etat != Demande.Etat.ACTIVEE:
        faire_tomber(demande, maintenant)


@transaction.atomic
def demander_nouveau_courrier(*, acteur: Espace, demande: Demande, maintenant: datetime | None = None) -> Courrier:
    """Ask for another letter: after 15 days, twice at most; the older code dies (R9).

    At once where the last one came back, or went to an address that has been put right since.
    Raises: DemandeTerminee, CodeSuspendu, AdresseInconnue, TropTotPourUnCourrier, PlusDeCourrier, SirenSollicite, TropDeCourriersAuSiren,
    TropDeCourriers.
    """
    maintenant = maintenant or timezone.now()
    demande = verrouiller(demande)
    exiger_en_cours(demande)
    dernier = demande.courriers.select_for_update(no_key=True).get(remplace_le=None)
    exiger_nouveau_courrier(demande, dernier, adresse_du_courrier(demande.personne), maintenant)
    exiger_courrier_possible(demande.espace, demande.personne, nature=demande.nature, maintenant=maintenant)
    dernier.remplace_le = maintenant
    dernier.save(update_fields=["remplace_le"])
    courrier = deposer_courrier(demande, numero=dernier.numero + 1, maintenant=maintenant)
    demande.etat = Demande.Etat.DEPOSEE
    demande.save(update_fields=["etat"])
    consigner(
        actes.COURRIER_REDEMANDE,
        auteur=acteur,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "numero": courrier.numero},
    )
    return courrier


def expirer_demandes(
    *, acteur: str = "systeme:expirer_demandes", maintenant: datetime | None = None, nombre: int = 500
) -> int:
    """Close the demandes whose last code is out of date, at most `nombre` a run, and return how many."""
    maintenant = maintenant or timezone.now()
    cles = list(
        Courrier.objects.filter(
            remplace_le=None, expire_le__lt=maintenant, demande__etat__in=Demande.ETATS_EN_COURS
        ).values_list("demande_id", flat=True)[:nombre]
    )
    return sum(_expirer(cle, maintenant, acteur) for cle in cles)


@transaction.atomic
def _expirer(cle: uuid.UUID, maintenant: datetime, auteur: str) -> bool:
    demande = verrouiller(Demande.objects.get(pk=cle))
    courrier = demande.courriers.get(remplace_le=None)
    if not demande.est_en_cours or not courrier.est_expire(maintenant):
        return False
    consigner(
        actes.DEMANDE_EXPIREE,
        auteur=auteur,
        espace=demande.espace,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "nature": demande.nature},
    )
    prevenir(demande, "demande_expiree", "expiree")
    terminer(demande, Demande.Etat.EXPIREE, maintenant)
    return True
