"""Leaving a service (R22, CGU §4.h): requests to the titulaire or to the service gestionnaire, and their answers."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.envois import courriels
from accounts.models import Agent, Espace, ServiceGestionnaire
from accounts.saisies.regles import RegleMetier
from accounts.traces.actes import Acte
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner

from .. import actes
from ..arbre import avis
from ..arbre.cascade import relire, terminer, verrouiller_adhesions, verrouiller_personnes
from ..arbre.lots import (
    ActeurNonActif,
    AucuneLigne,
    DroitInsuffisant,
    LigneRefusee,
    LignesRefusees,
    verrouiller_acteur,
    verrouiller_espaces,
)
from ..arbre.montrees import exiger_montrees
from ..arbre.retrait import HabilitationTerminee, retirer
from ..models import Adhesion, DemandeRetrait, Habilitation, Role

RENONCEMENTS = 3
FENETRE_DES_ABANDONS = timedelta(days=1)
MOTIF_ACCORD = "L’administrateur titulaire a demandé à quitter ce service."


class PasLaVotre(RegleMetier):
    code = "pas_la_votre"
    message = "cette habilitation n’est pas la vôtre"


class RetraitDejaDemande(RegleMetier):
    code = "retrait_deja_demande"
    message = "une demande de retrait est déjà en cours"


class TropDeRenoncements(RegleMetier):
    code = "trop_de_renoncements"
    message = (
        "Vous avez demandé à quitter un service puis renoncé {limite} fois en 24 heures, c’est le maximum : chaque "
        "demande est lue par quelqu’un. Réessayez demain."
    )


class RetraitDejaTraite(RegleMetier):
    code = "retrait_deja_traite"
    message = "Cette demande de retrait n’attend plus de réponse ({etat})."


class RetraitReserveAuTitulaire(RegleMetier):
    code = "retrait_reserve_au_titulaire"
    message = "Seul l’administrateur titulaire de ce service répond à cette demande."


class ReponseRequise(RegleMetier):
    code = "reponse_requise"
    message = "Dites pourquoi vous refusez : votre réponse est transmise à la personne."


class AgentNonCompetent(RegleMetier):
    code = "agent_non_competent"
    message = "Cette personne ne relève pas de votre service gestionnaire."


class AdhesionDejaFermee(RegleMetier):
    code = "adhesion_deja_fermee"
    message = "Cette adhésion est déjà fermée."


@transaction.atomic
def demander_retrait(
    *,
    acteur: Espace,
    habilitations: Collection[Habilitation],
    motif: str = "",
    pour_suppression: bool = False,
    maintenant: datetime | None = None,
) -> list[DemandeRetrait]:
    """Ask to leave these services, all or none: the titulaire answers, or the service gestionnaire for a titulaire.

    The right stays until the answer. `pour_suppression`: they keep the espace from being deleted (CGU §4.c). Raises: AucuneLigne, ActeurNonActif, TropDeRenoncements, LignesRefusees
    (PasLaVotre, HabilitationTerminee, RetraitDejaDemande).
    """
    maintenant = maintenant or timezone.now()
    if not habilitations:
        raise AucuneLigne
    acteur = verrouiller_acteur(acteur)
    _exiger_serieux(acteur, maintenant)
    verrouiller_adhesions(habilitation.adhesion_id for habilitation in habilitations)
    fraiches = relire(habilitation.pk for habilitation in habilitations)
    _exiger_demandables(acteur, fraiches)
    demandes = DemandeRetrait.objects.bulk_create(
        DemandeRetrait(
            habilitation=habilitation,
            demandeur=acteur,
            service_gestionnaire_id=(
                habilitation.personne.service_gestionnaire_id if habilitation.role == Role.TITULAIRE else None
            ),
            motif=motif,
            pour_suppression=pour_suppression,
            deposee_le=maintenant,
        )
        for habilitation in fraiches
    )
    for demande in demandes:
        _consigner(actes.RETRAIT_DEMANDE, demande, acteur)
    _prevenir_du_depot(acteur, demandes, motif)
    return demandes


def _exiger_serieux(acteur: Espace, maintenant: datetime) -> None:
    """Check that this espace does not ask and take back without end: each request is a mail to somebody.

    Requests made together count once; those that wait for an answer do not, there is one per habilitation.
    """
    renoncees = DemandeRetrait.objects.filter(
        demandeur=acteur, etat=DemandeRetrait.Etat.ANNULEE, traitee_le__gt=maintenant - FENETRE_DES_ABANDONS
    )
    if renoncees.values("deposee_le").distinct().count() >= RENONCEMENTS:
        raise TropDeRenoncements(limite=RENONCEMENTS)


def _exiger_demandables(acteur: Espace, habilitations: Sequence[Habilitation]) -> None:
    en_cours = set(
        DemandeRetrait.objects.filter(habilitation__in=habilitations, etat=DemandeRetrait.Etat.DEPOSEE).values_list(
            "habilitation_id", flat=True
        )
    )
    refusees = []
    for habilitation in habilitations:
        if habilitation.espace_id != acteur.pk:
            regle: RegleMetier = PasLaVotre()
        elif not habilitation.est_vivante:
            regle = HabilitationTerminee()
        elif habilitation.pk in en_cours:
            regle = RetraitDejaDemande()
        else:
            continue
        refusees.append(LigneRefusee(habilitation.personne, habilitation.service, regle))
    if refusees:
        raise LignesRefusees(refusees)


def _consigner(acte: Acte, demande: DemandeRetrait, auteur: Espace | Agent) -> None:
    consigner(
        acte,
        auteur=auteur,
        espace=demande.demandeur,
        siren=demande.habilitation.personne.siren,
        service=demande.habilitation.service.code,
        details={"retrait": str(demande.pk), "role": demande.habilitation.role},
    )


def _prevenir_du_depot(acteur: Espace, demandes: Sequence[DemandeRetrait], motif: str) -> None:
    """Tell each titulaire concerned, each service gestionnaire concerned, and the requester."""
    lot = uuid.uuid4()
    habilitations = [demande.habilitation for demande in demandes]
    titulaires = {
        racine.adhesion_id: racine.espace
        for racine in Habilitation.objects.vivantes()
        .select_related("espace__compte")
        .filter(role=Role.TITULAIRE, adhesion__in={h.adhesion_id for h in habilitations})
    }
    gestionnaires = ServiceGestionnaire.objects.in_bulk({d.service_gestionnaire_id for d in demandes} - {None})
    groupes: dict[Espace, list[Habilitation]] = {}
    bureaux: dict[str, list[Habilitation]] = {}
    for demande in demandes:
        if demande.service_gestionnaire_id is not None:
            adresse = gestionnaires[demande.service_gestionnaire_id].courriel
            bureaux.setdefault(adresse, []).append(demande.habilitation)
        else:
            groupes.setdefault(titulaires[demande.habilitation.adhesion_id], []).append(demande.habilitation)
    commun: dict[str, Any] = {"demandeur": acteur.nom_complet, "motif": motif}
    for espace, leurs in groupes.items():
        avis.ecrire("retrait_demande", espace=espace, acte=f"retraits:{lot}", habilitations=leurs, **commun)
    for adresse, leurs in bureaux.items():
        courriels.deposer(
            "retrait_demande_gestionnaire",
            destinataire=adresse,
            acte=f"retraits:{lot}",
            contexte={"lignes": avis.lignes_par_siren(leurs), **commun},
        )
    avis.ecrire(
        "retrait_demande_confirmation", espace=acteur, acte=f"retraits-demandes:{lot}", habilitations=habilitations
    )


def _verrouiller(acteur: Espace | Agent, demande: DemandeRetrait) -> DemandeRetrait:
    """Lock the espaces concerned, the adhésion, then the request, and return it as it is now.

    Raises: ActeurNonActif, RetraitDejaTraite.
    """
    verrouilles = verrouiller_espaces(demande.demandeur, *([acteur] if isinstance(acteur, Espace) else []))
    if isinstance(acteur, Espace) and not verrouilles[-1].est_actif:
        raise ActeurNonActif
    if isinstance(acteur, Agent):  # who may close the adhésion, and no personne changes office meanwhile
        verrouiller_personnes([demande.habilitation.adhesion_id])
    verrouiller_adhesions([demande.habilitation.adhesion_id])
    demande = (
        DemandeRetrait.objects.select_for_update(no_key=True, of=("self",))
        .select_related(
            "demandeur__compte",
            "habilitation__espace",
            "habilitation__personne",
            "habilitation__service",
            "habilitation__adhesion__personne",
        )
        .get(pk=demande.pk)
    )
    if demande.etat != DemandeRetrait.Etat.DEPOSEE:
        raise RetraitDejaTraite(etat=demande.get_etat_display())
    return demande


def _exiger_competent(acteur: Espace | Agent, demande: DemandeRetrait) -> None:
    """Check that it is theirs to answer: the titulaire of today, or an agent for the request of a titulaire."""
    if isinstance(acteur, Agent):
        competent = demande.service_gestionnaire_id is not None
        if not competent or demande.habilitation.personne.service_gestionnaire_id != acteur.service_gestionnaire_id:
            raise AgentNonCompetent
        return
    titulaire = Habilitation.objects.actives().filter(
        adhesion=demande.habilitation.adhesion_id, espace=acteur, role=Role.TITULAIRE
    )
    if demande.service_gestionnaire_id is not None or not titulaire.exists():
        raise RetraitReserveAuTitulaire


@transaction.atomic
def accepter_retrait(
    *,
    acteur: Espace,
    demande: DemandeRetrait,
    reprendre: bool = False,
    montrees: Collection[UUID] | None = None,
    maintenant: datetime | None = None,
) -> DemandeRetrait:
    """Grant, as titulaire, a request to leave: the habilitation ends; what hung below falls or is taken over.

    Raises: RetraitDejaTraite, RetraitReserveAuTitulaire, ActeurNonActif, ApercuChange.
    """
    maintenant = maintenant or timezone.now()
    demande = _verrouiller(acteur, demande)
    _exiger_competent(acteur, demande)

    def permise(mienne: Habilitation, _: Habilitation) -> RegleMetier | None:
        return None if mienne.role == Role.TITULAIRE else DroitInsuffisant()

    retirer(
        acteur=acteur,
        habilitations=[demande.habilitation],
        permise=permise,
        acte=actes.RETRAIT_ACCEPTE,
        reprise=reprendre,
        montrees=montrees,
        maintenant=maintenant,
    )
    demande.refresh_from_db(fields=["etat", "traitee_le"])
    return demande


@transaction.atomic
@relit_l_agent
def accorder_retrait(
    *,
    acteur: Agent,
    demande: DemandeRetrait,
    montrees: Collection[UUID] | None = None,
    maintenant: datetime | None = None,
) -> DemandeRetrait:
    """Grant, as an agent of its service gestionnaire, a titulaire's request to leave: the adhésion closes (CGU §4.h).

    Raises: RetraitDejaTraite, AgentNonCompetent, ApercuChange.
    """
    demande = _verrouiller(acteur, demande)
    _exiger_competent(acteur, demande)
    _consigner(actes.RETRAIT_ACCEPTE, demande, acteur)
    retirer_adhesion(
        acteur=acteur,
        adhesion=demande.habilitation.adhesion,
        motif=MOTIF_ACCORD,
        montrees=montrees,
        maintenant=maintenant,
    )
    demande.refresh_from_db(fields=["etat", "traitee_le"])
    return demande


@transaction.atomic
@relit_l_agent
def refuser_retrait(
    *, acteur: Espace | Agent, demande: DemandeRetrait, reponse: str, maintenant: datetime | None = None
) -> DemandeRetrait:
    """Refuse a request to leave, saying why: the habilitation goes on.

    Raises: ReponseRequise, RetraitDejaTraite, RetraitReserveAuTitulaire, AgentNonCompetent.
    """
    if not reponse.strip():
        raise ReponseRequise
    demande = _verrouiller(acteur, demande)
    _exiger_competent(acteur, demande)
    _consigner(actes.RETRAIT_REFUSE, demande, acteur)
    demande.etat, demande.reponse = DemandeRetrait.Etat.REFUSEE, reponse.strip()
    demande.traitee_le = maintenant or timezone.now()
    demande.save(update_fields=["etat", "reponse", "traitee_le"])
    avis.ecrire(
        "retrait_refuse",
        espace=demande.demandeur,
        acte=f"retrait-refuse:{demande.pk}",
        habilitations=[demande.habilitation],
        reponse=demande.reponse,
        par=acteur.nom_complet if isinstance(acteur, Espace) else acteur.service_gestionnaire.nom,
    )
    return demande


@transaction.atomic
def annuler_retrait(*, acteur: Espace, demande: DemandeRetrait, maintenant: datetime | None = None) -> DemandeRetrait:
    """Take back one's own request to leave. Raises: PasLaVotre, RetraitDejaTraite."""
    demande = _verrouiller(acteur, demande)
    if demande.demandeur_id != acteur.pk:
        raise PasLaVotre
    demande.etat, demande.traitee_le = DemandeRetrait.Etat.ANNULEE, maintenant or timezone.now()
    demande.save(update_fields=["etat", "traitee_le"])
    _consigner(actes.RETRAIT_ANNULE, demande, acteur)
    return demande


def adhesions_tenues(espace: Espace, bureau: int) -> QuerySet[Adhesion]:
    """Return the open adhésions that this espace holds as titulaire with this service gestionnaire."""
    titulariats = Habilitation.objects.vivantes().filter(espace=espace, role=Role.TITULAIRE).values("adhesion")
    return Adhesion.objects.ouvertes().filter(pk__in=titulariats, personne__service_gestionnaire=bureau)


def retirer_adhesion(
    *,
    acteur: Agent,
    adhesion: Adhesion,
    motif: str = "",
    montrees: Collection[UUID] | None = None,
    maintenant: datetime | None = None,
) -> Adhesion:
    """Close, as an agent of its service gestionnaire, an adhésion: all under it ends, everybody is told (CGU §4.h).

    Raises: AgentNonCompetent, AdhesionDejaFermee, ApercuChange.
    """
    (fermee,) = retirer_adhesions(
        acteur=acteur, adhesions=[adhesion], motif=motif, montrees=montrees, maintenant=maintenant
    )
    return fermee


@transaction.atomic
@relit_l_agent
def retirer_adhesions(
    *,
    acteur: Agent,
    adhesions: Collection[Adhesion],
    motif: str = "",
    montrees: Collection[UUID] | None = None,
    maintenant: datetime | None = None,
) -> list[Adhesion]:
    """Close, as an agent of their service gestionnaire, these adhésions, all or none: all under them ends (CGU §4.h).

    `motif` is what the agent writes for the persons concerned, one mail each. A request to leave that a titulaire had made
    is granted by it. `montrees`: the keys of all that the page showed to end. Raises: AucuneLigne; LignesRefusees, or its
    rule where there is one adhésion (AgentNonCompetent, AdhesionDejaFermee); ApercuChange.
    """
    maintenant = maintenant or timezone.now()
    if not adhesions:
        raise AucuneLigne
    cles = {adhesion.pk for adhesion in adhesions}
    verrouiller_personnes(cles)
    verrouillees = list(verrouiller_adhesions(cles).values())
    _exiger_retirables(acteur, verrouillees)
    vivantes = Habilitation.objects.vivantes().filter(adhesion__in=cles)
    exiger_montrees(montrees, vivantes.values_list("pk", flat=True))
    for adhesion in verrouillees:
        adhesion.fermee_le = maintenant
        adhesion.fermee_motif = Adhesion.Motif.RETRAIT_GESTIONNAIRE
        adhesion.save(update_fields=["fermee_le", "fermee_motif"])
        consigner(
            actes.ADHESION_RETIREE,
            auteur=acteur,
            siren=adhesion.personne.siren,
            service=adhesion.service.code,
            details={"motif": motif},
        )
    terminees = terminer(
        relire(vivantes.filter(role=Role.TITULAIRE).values_list("pk", flat=True)),
        auteur=acteur,
        acte=actes.HABILITATION_FERMEE,
        motif=Habilitation.MotifFin.FERMETURE,
        motif_dessous=Habilitation.MotifFin.FERMETURE,
        maintenant=maintenant,
    )
    lot = uuid.uuid4()
    for espace, leurs in avis.par_espace(terminees).items():
        avis.ecrire(
            "adhesion_retiree",
            espace=espace,
            acte=f"adhesions-retirees:{lot}",
            habilitations=leurs,
            nombre=len(leurs),
            gestionnaire=acteur.service_gestionnaire.nom,
            telephone=acteur.service_gestionnaire.telephone,
            motif=motif,
        )
    return verrouillees


def _exiger_retirables(acteur: Agent, adhesions: Sequence[Adhesion]) -> None:
    refusees = []
    for adhesion in adhesions:
        if adhesion.personne.service_gestionnaire_id != acteur.service_gestionnaire_id:
            regle: RegleMetier = AgentNonCompetent()
        elif not adhesion.est_ouverte:
            regle = AdhesionDejaFermee()
        else:
            continue
        if len(adhesions) == 1:
            raise regle
        refusees.append(LigneRefusee(adhesion.personne, adhesion.service, regle))
    if refusees:
        raise LignesRefusees(refusees)
