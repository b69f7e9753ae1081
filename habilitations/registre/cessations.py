"""What a closure by the register does to rights, and what ends it (design.md §8; CGU §4.h leaves closing to the office).

From the notice on: no new adhésion or grant (`services.PersonneSirenisee.admet_de_nouveaux_droits`), holders and office
told, a request in the office's queue. Undecided after twelve months, declaring, paying and writing end; consultation
stays until the prescription. The register that opens the personne again undoes it.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.envois import courriels
from accounts.envois.un_a_un import chacun
from accounts.models import Agent
from accounts.saisies.dates import jour
from accounts.saisies.regles import RegleMetier
from accounts.traces.actes import Acte
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner
from services.models import EvenementRegistre, PersonneSirenisee, Service
from services.registre.regles import exiger_competence

from .. import actes
from ..arbre import avis
from ..arbre.cascade import relire, terminer, verrouiller_adhesions
from ..arbre.montrees import exiger_montrees
from ..models import Adhesion, Cessation, Habilitation, Role
from ..models.cessation import DELAI_DE_CESSATION

MOTIF_LONGUEUR = 300
AUTEUR = "systeme:suivre_registre"
# What a right gives that is not reading. The Messagerie stays open: who writes there asks `services.ecrire`.
FAMILLES_SUSPENDUES = (Service.Famille.DECLARER, Service.Famille.PAYER, Service.Famille.DEMARCHE)
Etat = Cessation.Etat


class CessationTraitee(RegleMetier):
    code = "cessation_traitee"
    message = "Cette cessation n’attend plus de décision ({etat})."


class MotifDeCessationRequis(RegleMetier):
    code = "motif_de_cessation_requis"
    message = "Dites pourquoi, en 300 caractères au plus : votre motif est transmis aux personnes habilitées."


class MaintienInvalide(RegleMetier):
    code = "maintien_invalide"
    message = "Choisissez un jour à venir, au plus tard le {limite} : la prescription est alors acquise."


def constater_cessation(evenement: EvenementRegistre, maintenant: datetime) -> None:
    """Open the request in the office's queue and tell everybody concerned; nothing where it no longer holds."""
    personne = evenement.personne
    if personne.admet_de_nouveaux_droits or Cessation.objects.filter(personne=personne, terminee_le=None).exists():
        return
    cessation = Cessation.objects.create(personne=personne, constatee_le=maintenant)
    consigner(actes.CESSATION_CONSTATEE, auteur=AUTEUR, siren=personne.siren)
    _prevenir(cessation, "cessation_constatee", "constatee")
    courriels.deposer(
        "cessation_a_decider",
        destinataire=personne.service_gestionnaire.courriel,
        acte=f"cessation-constatee:{cessation.pk}",
        contexte={"personne": str(personne), "echeance": cessation.echeance},
    )


def constater_reouverture(evenement: EvenementRegistre, maintenant: datetime) -> None:
    """Undo what a closure did, whatever was decided since but closing: an agent's act is not the register's to undo."""
    personne = evenement.personne
    cessation = _en_cours(personne)
    if not personne.active or cessation is None:
        return
    _lever(personne, AUTEUR)
    _finir(cessation, Etat.ROUVERTE, maintenant)
    consigner(actes.CESSATION_ANNULEE, auteur=AUTEUR, siren=personne.siren)
    _prevenir(cessation, "cessation_annulee", "rouverte", registre=True, motif="")
    courriels.deposer(
        "cessation_sans_suite",
        destinataire=personne.service_gestionnaire.courriel,
        acte=f"cessation-rouverte:{cessation.pk}",
        contexte={"personne": str(personne)},
    )


@transaction.atomic
@relit_l_agent
def fermer_les_services(
    *,
    acteur: Agent,
    cessation: Cessation,
    motif: str,
    montrees: Collection[UUID] | None = None,
    maintenant: datetime | None = None,
) -> Cessation:
    """Close, as an agent of its service, every adhésion of a personne that has ceased: all rights end, all are told.

    Raises: PersonneHorsCompetence, MotifDeCessationRequis, CessationTraitee, ApercuChange.
    """
    maintenant = maintenant or timezone.now()
    cessation = _verrouiller(acteur, cessation)
    cessation.motif = _exiger_motif(motif)
    vivantes = Habilitation.objects.vivantes().filter(personne=cessation.personne)
    exiger_montrees(montrees, vivantes.values_list("pk", flat=True))
    _fermer(cessation, acteur, maintenant)
    _decider(cessation, acteur, maintenant)
    _finir(cessation, Etat.FERMEE, maintenant)
    return cessation


@transaction.atomic
@relit_l_agent
def maintenir_les_services(
    *, acteur: Agent, cessation: Cessation, jusqu_au: date, motif: str, maintenant: datetime | None = None
) -> Cessation:
    """Keep every right until that day, for the last declarations: a liquidation, heirs. No new right is opened.

    Raises: PersonneHorsCompetence, MotifDeCessationRequis, CessationTraitee, MaintienInvalide.
    """
    maintenant = maintenant or timezone.now()
    cessation = _verrouiller(acteur, cessation)
    cessation.motif = _exiger_motif(motif)
    limite = timezone.localdate(cessation.constatee_le + settings.PRESCRIPTION_FISCALE)
    if not timezone.localdate(maintenant) < jusqu_au <= limite:
        raise MaintienInvalide(limite=jour(limite))
    _lever(cessation.personne, acteur)
    cessation.etat, cessation.maintenue_jusqu_au, cessation.restreinte_le = Etat.MAINTENUE, jusqu_au, None
    _decider(cessation, acteur, maintenant)
    cessation.save(update_fields=["etat", "maintenue_jusqu_au", "restreinte_le", "motif", "decidee_le", "agent"])
    consigner(
        actes.CESSATION_MAINTENUE,
        auteur=acteur,
        siren=cessation.personne.siren,
        details={"jusqu_au": jusqu_au.isoformat()},
    )
    _prevenir(cessation, "cessation_maintenue", f"maintenue-{jusqu_au:%Y%m%d}", motif=cessation.motif)
    return cessation


@transaction.atomic
@relit_l_agent
def contester_le_registre(
    *, acteur: Agent, cessation: Cessation, motif: str, maintenant: datetime | None = None
) -> Cessation:
    """Say that the register is wrong: the personne is as open as before, until the register says so itself.

    Raises: PersonneHorsCompetence, MotifDeCessationRequis, CessationTraitee.
    """
    maintenant = maintenant or timezone.now()
    cessation = _verrouiller(acteur, cessation)
    cessation.motif = _exiger_motif(motif)
    personne = cessation.personne
    personne.cessation_contestee_le = maintenant
    personne.save(update_fields=["cessation_contestee_le", "modifiee_le"])
    _lever(personne, acteur)
    _decider(cessation, acteur, maintenant)
    _finir(cessation, Etat.CONTESTEE, maintenant)
    consigner(actes.CESSATION_CONTESTEE, auteur=acteur, siren=personne.siren)
    _prevenir(cessation, "cessation_annulee", "contestee", registre=False, motif=cessation.motif)
    return cessation


def suivre_cessations(*, acteur: str = AUTEUR, maintenant: datetime | None = None, nombre: int = 200) -> int:
    """Reduce to consultation what nobody decided in time, close what is prescribed; return how many were changed.

    Each in its own transaction; may run twice, late, or die half-way.
    """
    maintenant = maintenant or timezone.now()
    cles = list(_echues(maintenant).order_by("constatee_le", "pk").values_list("pk", flat=True)[:nombre])
    return chacun("cessations", cles, lambda cle: _faire_suivre(cle, acteur, maintenant))


def _echues(maintenant: datetime) -> QuerySet[Cessation]:
    """Return those whose time is over: for a decision, for what was kept until a day, or for consultation."""
    a_restreindre = Q(etat=Etat.A_DECIDER, constatee_le__lte=maintenant - DELAI_DE_CESSATION) | Q(
        etat=Etat.MAINTENUE, maintenue_jusqu_au__lt=timezone.localdate(maintenant)
    )
    prescrites = Q(restreinte_le__isnull=False, constatee_le__lte=maintenant - settings.PRESCRIPTION_FISCALE)
    return Cessation.objects.filter(Q(a_restreindre, restreinte_le=None) | prescrites, terminee_le=None)


def _faire_suivre(cle: int, acteur: str, maintenant: datetime) -> int:
    cessation = Cessation.objects.get(pk=cle)
    PersonneSirenisee.objects.select_for_update(no_key=True).get(pk=cessation.personne_id)
    encore = (
        _echues(maintenant)
        .select_for_update(no_key=True, of=("self",))
        .select_related("personne__service_gestionnaire")
        .filter(pk=cle)
        .first()
    )
    if encore is None:  # decided since the list was read
        return 0
    if encore.restreinte_le is None:
        _restreindre(encore, acteur, maintenant)
    else:
        _fermer(encore, acteur, maintenant)
        _finir(encore, Etat.PRESCRITE, maintenant)
    return 1


def _restreindre(cessation: Cessation, acteur: str, maintenant: datetime) -> None:
    """Suspend what is not reading, the titulaires' own rights included, so that a reopening gives it back."""
    personne = cessation.personne
    actives = Habilitation.objects.vivantes().filter(
        personne=personne, etat=Habilitation.Etat.ACTIVE, service__famille__in=FAMILLES_SUSPENDUES
    )
    for habilitation in _sous_verrou(actives):
        habilitation.etat = Habilitation.Etat.EN_VEILLE
        habilitation.veille_motif = Habilitation.MotifVeille.CESSATION
        habilitation.veille_depuis = maintenant
        habilitation.save(update_fields=["etat", "veille_motif", "veille_depuis"])
        _consigner_droit(actes.HABILITATION_SUSPENDUE, habilitation, acteur)
    personne.restreinte_le = cessation.restreinte_le = maintenant
    personne.save(update_fields=["restreinte_le", "modifiee_le"])
    cessation.save(update_fields=["restreinte_le"])
    consigner(actes.CESSATION_RESTREINTE, auteur=acteur, siren=personne.siren)
    _prevenir(cessation, "cessation_restreinte", "restreinte")


def _lever(personne: PersonneSirenisee, auteur: Agent | str) -> None:
    """Give back what a closure had suspended."""
    suspendues = Habilitation.objects.vivantes().filter(
        personne=personne, veille_motif=Habilitation.MotifVeille.CESSATION
    )
    for habilitation in _sous_verrou(suspendues):
        habilitation.etat = Habilitation.Etat.ACTIVE
        habilitation.veille_motif, habilitation.veille_depuis = "", None
        habilitation.save(update_fields=["etat", "veille_motif", "veille_depuis"])
        _consigner_droit(actes.HABILITATION_RETABLIE, habilitation, auteur)
    if personne.restreinte_le is not None:
        personne.restreinte_le = None
        personne.save(update_fields=["restreinte_le", "modifiee_le"])


def _fermer(cessation: Cessation, auteur: Agent | str, maintenant: datetime) -> None:
    """Close every adhésion that is open, end all that hangs on them, and tell each holder once."""
    personne = cessation.personne
    ouvertes = Adhesion.objects.ouvertes().pour_personne(personne).values_list("pk", flat=True)
    adhesions = [a for a in verrouiller_adhesions(ouvertes).values() if a.est_ouverte]
    for adhesion in adhesions:
        adhesion.fermee_le, adhesion.fermee_motif = maintenant, Adhesion.Motif.CESSATION
        adhesion.save(update_fields=["fermee_le", "fermee_motif"])
        consigner(actes.ADHESION_CESSEE, auteur=auteur, siren=personne.siren, service=adhesion.service.code)
    racines = Habilitation.objects.vivantes().filter(adhesion__in=adhesions, role=Role.TITULAIRE)
    terminees = terminer(
        relire(racines.values_list("pk", flat=True)),
        auteur=auteur,
        acte=actes.HABILITATION_FERMEE,
        motif=Habilitation.MotifFin.FERMETURE,
        motif_dessous=Habilitation.MotifFin.FERMETURE,
        maintenant=maintenant,
    )
    PersonneSirenisee.objects.filter(pk=personne.pk).update(restreinte_le=None)
    _ecrire(cessation, terminees, "cessation_fermee", "fermee", motif=cessation.motif)


def _sous_verrou(habilitations: QuerySet[Habilitation]) -> list[Habilitation]:
    """Lock the adhésions of these habilitations, then these, and return those that are still so."""
    verrouiller_adhesions(habilitations.values_list("adhesion", flat=True))
    return relire(habilitations.values_list("pk", flat=True))


def _consigner_droit(acte: Acte, habilitation: Habilitation, auteur: Agent | str) -> None:
    consigner(
        acte,
        auteur=auteur,
        espace=habilitation.espace,
        siren=habilitation.personne.siren,
        service=habilitation.service.code,
        details={"role": habilitation.role},
    )


def _en_cours(personne: PersonneSirenisee) -> Cessation | None:
    return (
        Cessation.objects.select_for_update(no_key=True, of=("self",))
        .select_related("personne__service_gestionnaire")
        .filter(personne=personne, terminee_le=None)
        .first()
    )


def _verrouiller(agent: Agent, cessation: Cessation) -> Cessation:
    """Lock the personne, then the request, and return it as it is now. Raises: PersonneHorsCompetence, CessationTraitee."""
    PersonneSirenisee.objects.select_for_update(no_key=True).get(pk=cessation.personne_id)
    fraiche = (
        Cessation.objects.select_for_update(no_key=True, of=("self",))
        .select_related("personne__service_gestionnaire")
        .get(pk=cessation.pk)
    )
    exiger_competence(agent, fraiche.personne)
    if not fraiche.est_en_cours:
        raise CessationTraitee(etat=fraiche.get_etat_display())
    return fraiche


def _exiger_motif(motif: str) -> str:
    """Return the reason on one line: it goes into mails. Raises: MotifDeCessationRequis."""
    motif = " ".join(motif.split())
    if not 0 < len(motif) <= MOTIF_LONGUEUR:
        raise MotifDeCessationRequis
    return motif


def _decider(cessation: Cessation, agent: Agent, maintenant: datetime) -> None:
    cessation.agent, cessation.decidee_le = agent, maintenant


def _finir(cessation: Cessation, etat: str, maintenant: datetime) -> None:
    cessation.etat, cessation.terminee_le = etat, maintenant
    cessation.save(update_fields=["etat", "terminee_le", "motif", "decidee_le", "agent"])


def _prevenir(cessation: Cessation, genre: str, quoi: str, **contexte: Any) -> None:
    """Tell each holder of a live right once, whatever the number of services."""
    habilitations = (
        Habilitation.objects.vivantes()
        .filter(personne=cessation.personne)
        .select_related("espace__compte", "personne", "service")
        .order_by(F("espace_id"))
    )
    _ecrire(cessation, habilitations, genre, quoi, **contexte)


def _ecrire(
    cessation: Cessation, habilitations: Iterable[Habilitation], genre: str, quoi: str, **contexte: Any
) -> None:
    gestionnaire = cessation.personne.service_gestionnaire
    for espace, leurs in avis.par_espace(habilitations).items():
        avis.ecrire(
            genre,
            espace=espace,
            acte=f"cessation-{quoi}:{cessation.pk}",
            habilitations=leurs,
            denomination=cessation.personne.denomination,
            echeance=cessation.echeance,
            gestionnaire=gestionnaire.nom,
            telephone=gestionnaire.telephone,
            **contexte,
        )
