"""Asking to replace the titulaire of services, for one SIREN or many at once (R12, CGU §2.3, §3.2.g, §3.4.c, §3.5.b)."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from django.db import transaction
from django.utils import timezone

from accounts.envois import courriels
from accounts.models import Espace
from accounts.saisies.dates import jour
from accounts.saisies.regles import RegleMetier
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
from .depot import (
    AucunService,
    DemandeDejaEnCours,
    PersonneCessee,
    enregistrer,
    exiger_expert_actif,
    verrouiller_pour_deposer,
)

# Where the ordonnateur declares and the comptable pays, no service is proposed unless it is chosen one by one.
SERVICE_PAR_SERVICE = (Categorie.COLLECTIVITE, Categorie.ETABLISSEMENT_PUBLIC)


@dataclass(frozen=True)
class Choix:
    """One SIREN of a substitution, and the services to take over."""

    personne: PersonneSirenisee
    services: Sequence[Service]


class SirenRefuses(RegleMetier):
    """At least one SIREN of the batch is refused, so nothing is deposited. `refus` gives the rule of each."""

    code = "siren_refuses"
    message = "Aucune demande n'a été déposée. {resume}"
    montres: ClassVar[int] = 3

    def __init__(self, refus: dict[PersonneSirenisee, RegleMetier]) -> None:
        self.refus = refus
        lignes = [f"{personne} : {regle}" for personne, regle in refus.items()]
        resume = " ".join(lignes[: self.montres])
        if len(lignes) > self.montres:
            resume += f" Et {len(lignes) - self.montres} autres SIREN sont refusés."
        super().__init__(resume=resume)


@dataclass(frozen=True)
class ServiceTenu:
    """A service whose titulaire is another espace: since when it is open, and whether one already uses it."""

    service: Service
    ouvert_le: datetime
    habilite: bool


def services_substituables(
    espace: Espace, personnes: Collection[PersonneSirenisee]
) -> dict[PersonneSirenisee, list[ServiceTenu]]:
    """Return, for each personne, the services whose titulaire is another espace: two queries whatever their number."""
    tenus: dict[int, list[ServiceTenu]] = {personne.pk: [] for personne in personnes}
    miens = dict(
        Habilitation.objects.vivantes().filter(espace=espace, personne__in=tenus).values_list("adhesion_id", "role")
    )
    adhesions = Adhesion.objects.ouvertes().filter(personne__in=tenus).select_related("service")
    for adhesion in adhesions.order_by("service__ordre", "service__code"):
        if miens.get(adhesion.pk) != Role.TITULAIRE:
            tenu = ServiceTenu(adhesion.service, adhesion.ouverte_le, adhesion.pk in miens)
            tenus[adhesion.personne_id].append(tenu)
    return {personne: tenus[personne.pk] for personne in personnes}


class Eligibilite(StrEnum):
    """Whether a titulaire may be replaced for one personne."""

    POSSIBLE = "POSSIBLE"
    CESSEE = "CESSEE"
    SANS_ADRESSE = "SANS_ADRESSE"
    SANS_TITULAIRE = "SANS_TITULAIRE"

    @property
    def explication(self) -> str:
        return {
            "POSSIBLE": "",
            "CESSEE": "elle a cessé son activité",
            "SANS_ADRESSE": (
                "son adresse postale n'est pas connue : faites-la enregistrer par son service gestionnaire"
            ),
            "SANS_TITULAIRE": "aucun autre espace n'y est administrateur titulaire d'un service",
        }[self.value]


def eligibilite(personne: PersonneSirenisee, tenus: Sequence[ServiceTenu], *, adresse_connue: bool) -> Eligibilite:
    """Return whether some of these services, which others hold for this personne, may be asked for."""
    if not personne.admet_de_nouveaux_droits:
        return Eligibilite.CESSEE
    if not adresse_connue:
        return Eligibilite.SANS_ADRESSE
    return Eligibilite.POSSIBLE if tenus else Eligibilite.SANS_TITULAIRE


@transaction.atomic
def deposer_substitution(
    *, acteur: Espace, choix: Sequence[Choix], qualite: str, maintenant: datetime | None = None
) -> list[Demande]:
    """Record one demande of substitution per SIREN, all or none, and their letters; return them.

    Several share a `lot`, whose letters leave at the pace of the day (plafonds.py). Each titulaire is told, with the
    name and organisation of who asks; he has no veto.
    Raises: EspaceNonActif, EspaceNonExpert, AucunService, PerimetreDepasse; SirenRefuses with, for each refused
    SIREN, PersonneCessee, AucunService, ServiceNonDisponible, DemandeDejaEnCours or AdresseInconnue.
    """
    maintenant = maintenant or timezone.now()
    if not choix:
        raise AucunService
    (acteur,) = verrouiller_espaces(acteur)
    exiger_expert_actif(acteur)
    a_ceder(acteur, [ligne.personne for ligne in choix], maintenant=maintenant)
    lot = uuid.uuid4() if len(choix) > 1 else None
    demandes: list[Demande] = []
    refus: dict[PersonneSirenisee, RegleMetier] = {}
    for ligne in sorted(choix, key=lambda ligne: ligne.personne.pk):
        acteur, personne = verrouiller_pour_deposer(acteur, ligne.personne)
        try:
            _examiner(acteur, personne, ligne.services)
            demande = enregistrer(
                acteur=acteur,
                personne=personne,
                nature=Demande.Nature.SUBSTITUTION,
                qualite=qualite,
                services=ligne.services,
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
    return f"{demande.personne} : demande {demande.reference}{suite}"


def _examiner(acteur: Espace, personne: PersonneSirenisee, services: Sequence[Service]) -> None:
    tenus = services_substituables(acteur, [personne])[personne]
    # `enregistrer` requires the address, under the lock of the caps.
    if eligibilite(personne, tenus, adresse_connue=True) is Eligibilite.CESSEE:
        raise PersonneCessee(denomination=personne.denomination)
    if not services:
        raise AucunService
    substituables = {tenu.service for tenu in tenus}
    for service in services:
        if service not in substituables:
            a_moi = Habilitation.objects.vivantes().filter(espace=acteur, personne=personne, service=service).exists()
            raison = (
                Disponibilite.DEJA_A_VOUS.explication if a_moi else "il n'a pas de titulaire, demandez une adhésion"
            )
            raise ServiceNonDisponible(service=service.libelle, raison=raison)


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
