"""Asking to replace the titulaire of services, for one SIREN or many at once (R12, CGU §2.3, §3.2.g, §3.4.c, §3.5.b)."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from django.db import transaction
from django.utils import timezone

from accounts.compteurs import debit
from accounts.compteurs.essais import essai_compte
from accounts.envois import courriels
from accounts.models import Espace
from accounts.saisies.dates import jour
from accounts.saisies.regles import EssaiRefuse, RegleMetier
from accounts.traces.journal import consigner
from habilitations.arbre import avis
from habilitations.arbre.lots import verrouiller_espaces
from habilitations.arbre.recentes import a_ceder
from habilitations.arbre.substitutions import Substitution, organisation, substituer, titulaires
from habilitations.models import Adhesion, Habilitation, Mandat, Role
from services.adresses.envoi import AdresseInconnue
from services.models import Categorie, PersonneSirenisee, Service

from .. import actes
from ..models import Demande, LigneDemande
from .adhesion import Disponibilite, ServiceNonDisponible
from .consultations import reserver_depot
from .depot import (
    AucunService,
    DemandeDejaEnCours,
    PersonneCessee,
    enregistrer,
    exiger_droits_admis,
    exiger_expert_actif,
    verrouiller_pour_deposer,
)

SANS_TITULAIRE = "il n’y a personne à remplacer, demandez une adhésion"
# Where the ordonnateur declares and the comptable pays, no service is proposed unless it is chosen one by one.
SERVICE_PAR_SERVICE = (Categorie.COLLECTIVITE, Categorie.ETABLISSEMENT_PUBLIC)


@dataclass(frozen=True)
class Choix:
    """One SIREN of a substitution, and the services to take over."""

    personne: PersonneSirenisee
    services: Sequence[Service]


class SirenRefuses(EssaiRefuse):
    """At least one SIREN of the batch is refused, so nothing is deposited. `refus` gives the rule of each."""

    code = "siren_refuses"
    message = "Aucune demande n’a été déposée. {resume}"
    montres: ClassVar[int] = 3

    def __init__(self, refus: dict[PersonneSirenisee, RegleMetier]) -> None:
        self.refus = refus
        lignes = [f"{personne} : {regle}" for personne, regle in refus.items()]
        resume = " ".join(lignes[: self.montres])
        if len(lignes) > self.montres:
            resume += f" Et {len(lignes) - self.montres} autres SIREN sont refusés."
        super().__init__(resume=resume)


@dataclass(frozen=True)
class ServiceDemandable:
    """A service of the catalogue whose titulaire one may ask to replace, if it has one; `habilite`: one uses it already."""

    service: Service
    habilite: bool


def services_demandables(
    espace: Espace, personnes: Collection[PersonneSirenisee]
) -> dict[PersonneSirenisee, list[ServiceDemandable]]:
    """Return, for each personne, the services open to it of which this espace is not the titulaire: two queries in all.

    What others hold is not told: it makes no difference here.
    """
    siennes = Habilitation.objects.vivantes().filter(
        espace=espace, personne__in=[personne.pk for personne in personnes]
    )
    miens = {(h.personne_id, h.service_id): h.role for h in siennes}
    aujourd_hui = timezone.localdate()
    catalogue = [s for s in Service.objects.order_by("ordre", "code") if not s.est_retire(aujourd_hui)]
    return {
        personne: [
            ServiceDemandable(service, (personne.pk, service.pk) in miens)
            for service in catalogue
            if service.ferme_a(personne) is None and miens.get((personne.pk, service.pk)) != Role.TITULAIRE
        ]
        for personne in personnes
    }


def services_substituables(espace: Espace, personne: PersonneSirenisee) -> set[Service]:
    """Return the services of this personne whose titulaire is another espace. For the act: it is told to who asks only."""
    miens = Habilitation.objects.vivantes().filter(espace=espace, personne=personne, role=Role.TITULAIRE)
    ouvertes = Adhesion.objects.ouvertes().filter(personne=personne).exclude(pk__in=miens.values("adhesion"))
    return {adhesion.service for adhesion in ouvertes.select_related("service")}


class Eligibilite(StrEnum):
    """Whether a titulaire may be replaced for one personne, as far as the register tells."""

    POSSIBLE = "POSSIBLE"
    CESSEE = "CESSEE"
    SANS_ADRESSE = "SANS_ADRESSE"

    @property
    def explication(self) -> str:
        return {
            "POSSIBLE": "",
            "CESSEE": "elle a cessé son activité",
            "SANS_ADRESSE": (
                "son adresse postale n’est pas connue : faites-la enregistrer par son service gestionnaire"
            ),
        }[self.value]


def eligibilite(personne: PersonneSirenisee, *, adresse_connue: bool) -> Eligibilite:
    """Return whether services may be asked for, for this personne."""
    if not personne.admet_de_nouveaux_droits:
        return Eligibilite.CESSEE
    return Eligibilite.POSSIBLE if adresse_connue else Eligibilite.SANS_ADRESSE


@essai_compte()
def combien_seraient_remplaces(*, acteur: Espace, choix: Sequence[Choix]) -> tuple[int, int]:
    """Return how many different persons this would replace, and the try that telling it costs: three queries and the try.

    How many, never who nor what each holds. It is what a deposit tells, without its letter: it counts as a refused one
    until the deposit takes it back (`relecture`). Raises: EspaceNonActif, EspaceNonExpert, AucunService,
    PerimetreDepasse, TropDeDepotsRefuses.
    """
    exiger_expert_actif(acteur)
    if not choix:
        raise AucunService
    a_ceder(acteur, [ligne.personne for ligne in choix], maintenant=timezone.now())
    essai = reserver_depot(acteur, "lot")
    paires = {(ligne.personne.pk, service.pk) for ligne in choix for service in ligne.services}
    tenues = (
        Habilitation.objects.vivantes()
        .filter(role=Role.TITULAIRE, personne__in={personne for personne, _ in paires})
        .exclude(espace=acteur)
        .order_by()
        .values_list("personne_id", "service_id", "espace_id")
    )
    return len({espace for personne, service, espace in tenues if (personne, service) in paires}), essai


@essai_compte()
def deposer_substitution(
    *,
    acteur: Espace,
    choix: Sequence[Choix],
    qualite: str,
    relecture: int | None = None,
    maintenant: datetime | None = None,
) -> list[Demande]:
    """Record one demande of substitution per SIREN, all or none, and their letters; return them.

    Of the services chosen for a SIREN it keeps those that another espace holds: who succeeds somebody does not know which,
    and is told by the demande. A refusal that tells of it is counted (consultations.py).
    Several share a `lot`, whose letters leave at the pace of the day (plafonds.py). Each titulaire is told, with the
    name and organisation of who asks; he has no veto.
    Raises: EspaceNonActif, EspaceNonExpert, AucunService, PerimetreDepasse, TropDeDepotsRefuses; SirenRefuses with, for
    each refused SIREN, PersonneCessee, AucunService, ServiceNonDisponible, DemandeDejaEnCours or AdresseInconnue.
    """
    maintenant = maintenant or timezone.now()
    if not choix:
        raise AucunService
    (acteur,) = verrouiller_espaces(acteur)
    exiger_expert_actif(acteur)
    essai = reserver_depot(acteur, "lot")
    with transaction.atomic():  # what a refusal undoes; the count stays
        demandes = _deposer(acteur, choix, qualite, maintenant)
    debit.rendre(essai)
    debit.rendre(relecture)
    return demandes


def _deposer(acteur: Espace, choix: Sequence[Choix], qualite: str, maintenant: datetime) -> list[Demande]:
    a_ceder(acteur, [ligne.personne for ligne in choix], maintenant=maintenant)
    lot = uuid.uuid4() if len(choix) > 1 else None
    demandes: list[Demande] = []
    refus: dict[PersonneSirenisee, RegleMetier] = {}
    for ligne in sorted(choix, key=lambda ligne: ligne.personne.pk):
        acteur, personne = verrouiller_pour_deposer(acteur, ligne.personne)
        try:
            services = _examiner(acteur, personne, ligne.services)
            demande = enregistrer(
                acteur=acteur,
                personne=personne,
                nature=Demande.Nature.SUBSTITUTION,
                qualite=qualite,
                services=services,
                maintenant=maintenant,
                lot=lot,
            )
        except (
            PersonneCessee,
            AucunService,
            ServiceNonDisponible,
            DemandeDejaEnCours,
            AdresseInconnue,
        ) as regle:
            refus[personne] = regle
        else:
            demandes.append(demande)
    if refus:
        raise next(iter(refus.values())) if len(choix) == 1 else SirenRefuses(refus)
    _prevenir_titulaires(demandes, lot)
    if lot is not None and acteur.compte is not None:
        courriels.deposer(
            "substitutions_deposees",
            destinataire=acteur.compte.email,
            acte=f"substitutions-deposees:{lot}",
            espace=acteur,
            contexte={"lignes": [_ligne(demande) for demande in demandes]},
        )
    return demandes


def _ligne(demande: Demande) -> str:
    courrier = demande.courriers.get(remplace_le=None)
    suite = f", courrier à partir du {jour(courrier.pas_avant)}" if courrier.pas_avant else ""
    return f"{demande.personne} : demande {demande.reference}{suite}"


def _examiner(acteur: Espace, personne: PersonneSirenisee, services: Sequence[Service]) -> list[Service]:
    """Return those of these services that another espace holds. Raises: PersonneCessee, AucunService, ServiceNonDisponible."""
    # `enregistrer` requires the address, under the lock of the caps.
    exiger_droits_admis(personne)
    if not services:
        raise AucunService
    tenus = services_substituables(acteur, personne)
    a_reprendre = [service for service in services if service in tenus]
    if not a_reprendre:
        a_moi = set(
            Habilitation.objects.vivantes()
            .filter(espace=acteur, personne=personne, service__in=services)
            .values_list("service", flat=True)
        )
        siens = [service for service in services if service.pk in a_moi] or services
        raison = Disponibilite.DEJA_A_VOUS.explication if a_moi else SANS_TITULAIRE
        raise ServiceNonDisponible(siens, raison)
    return a_reprendre


def _prevenir_titulaires(demandes: Sequence[Demande], lot: uuid.UUID | None) -> None:
    """Tell each titulaire that would be replaced, once for the whole batch; journal each service on his side."""
    concernees: list[Habilitation] = []
    for demande in demandes:
        adhesions = Adhesion.objects.ouvertes().filter(
            personne=demande.personne, service__in=demande.services.values("pk")
        )
        for habilitation in titulaires(adhesions.values_list("pk", flat=True)).values():
            consigner(
                actes.SUBSTITUTION_DEMANDEE,
                auteur=demande.espace,
                espace=habilitation.espace,
                siren=demande.personne.siren,
                service=habilitation.service.code,
                details={"demande": demande.reference},
            )
            concernees.append(habilitation)
    for espace, leurs in avis.par_espace(concernees).items():
        avis.ecrire(
            "substitution_demandee",
            espace=espace,
            de=demandes[0].espace,
            acte=f"substitution-demandee:{lot or demandes[0].pk}",
            habilitations=leurs,
            demandeur=demandes[0].espace.nom_complet,
            organisation=organisation(demandes[0].espace),
            references=sorted({d.reference for d in demandes if d.personne_id in {h.personne_id for h in leurs}}),
        )


def prendre_la_suite(demande: Demande, mandat: Mandat, maintenant: datetime) -> Substitution:
    """Make who asked the titulaire, and note on each line what became of it. Called with the right code.

    Raises: PerimetreDepasse.
    """
    substitution = substituer(
        acteur=demande.espace,
        personne=demande.personne,
        services=list(demande.services.order_by("ordre")),
        mandat=mandat,
        demandee_le=demande.deposee_le,
        maintenant=maintenant,
    )
    obtenus = [adhesion.service_id for adhesion in substitution.adhesions]
    lignes = LigneDemande.objects.filter(demande=demande)
    lignes.filter(service__in=obtenus).update(resultat=LigneDemande.Resultat.OUVERT)
    lignes.exclude(service__in=obtenus).update(resultat=LigneDemande.Resultat.DEJA_OUVERT)
    return substitution


def service_par_service(personne: PersonneSirenisee) -> bool:
    """Whether the services of this personne are to be chosen one by one (domaine.md §2.8)."""
    return personne.categorie in SERVICE_PAR_SERVICE
