"""Demander une habilitation: a request from below, answered by whoever administers the SIREN (R11; issue 13.4).

No oracle: the act reads nothing of who holds what. A job looks for the administrators, so that the page, its time and its
row are the same whether or not there is one. Whoever answers decides to be known; who stays silent is not.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.compteurs import debit
from accounts.compteurs.essais import essai_compte
from accounts.envois.un_a_un import chacun
from accounts.models import Espace
from accounts.saisies.regles import RegleMetier
from accounts.saisies.sirens import normaliser_siren
from accounts.traces.journal import consigner
from services.models import PersonneSirenisee

from .. import actes
from ..arbre import avis
from ..arbre.cascade import verrouiller_adhesions, verrouiller_personnes
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
from ..droits.roles import VOIR_HABILITATIONS, roles_pour
from ..models import Adhesion, DemandeHabilitation, Habilitation
from ..models.habilitation import HabilitationQuerySet
from .beneficiaires import exiger_numero
from .delegations import deleguer
from .designations import examiner

ANNONCE: Final = "systeme:annoncer_demandes_habilitation"
SUIVI: Final = "systeme:suivre_demandes_habilitation"
PAR_JOUR: Final = 10
JOURNEE: Final = timedelta(days=1)
RAPPEL: Final = timedelta(days=7)
EXTINCTION: Final = timedelta(days=30)
PAUSE_APRES_REFUS: Final = timedelta(days=30)
PAUSE_APRES_ANNULATION: Final = timedelta(days=1)
# Requests of which the administrators of one SIREN are told by mail in 24 hours; the others wait in « À faire ».
AVIS_PAR_SIREN = debit.Bareme(libres=5, pas=1, limite=5)
DESTINATAIRES: Final = 50


class DemandeurNonExpert(RegleMetier):
    code = "demandeur_non_expert"
    message = (
        "Seul un espace expert peut recevoir une habilitation : transformez d’abord votre espace en espace expert."
    )


class MotifDeDemandeRequis(RegleMetier):
    code = "motif_de_demande_requis"
    message = "Dites pourquoi vous demandez cette habilitation : c’est ce que lira qui administre l’entreprise."


class DemandeHabilitationEnCours(RegleMetier):
    code = "demande_habilitation_en_cours"
    message = "Vous avez déjà une demande en cours pour ce SIREN : attendez sa réponse, ou annulez-la."


class DemandeTropProche(RegleMetier):
    code = "demande_habilitation_trop_proche"
    message = (
        "Votre demande précédente pour ce SIREN vient d’être refusée ou annulée : vous pourrez en faire une autre trente "
        "jours après un refus, un jour après une annulation."
    )


class TropDeDemandesHabilitation(RegleMetier):
    code = "trop_de_demandes_habilitation"
    statut = 429
    message = "Vous avez fait {limite} demandes d’habilitation en 24 heures, c’est le maximum : continuez demain."


class DemandeHabilitationTraitee(RegleMetier):
    code = "demande_habilitation_traitee"
    message = "Cette demande d’habilitation n’attend plus de réponse ({etat})."


class ReponseReservee(RegleMetier):
    code = "reponse_reservee"
    message = "Seul un administrateur titulaire ou suppléant d’un service de cette entreprise répond à cette demande."


class DemandeDUnAutre(RegleMetier):
    code = "demande_d_un_autre"
    message = "Seul qui a fait cette demande peut l’annuler."


class MotifDuRefusRequis(RegleMetier):
    code = "motif_du_refus_requis"
    message = "Dites pourquoi vous refusez : votre réponse est transmise à la personne."


@dataclass(frozen=True)
class Acceptation:
    """What was granted, and the services that a rule refuses, each with why."""

    accordees: list[Habilitation]
    refusees: list[LigneRefusee]


def administrateurs(siren: str, jour: date) -> HabilitationQuerySet:
    """Return the habilitations by which somebody administers a service of this SIREN that day."""
    return Habilitation.objects.actives(jour).filter(
        personne__siren=siren, role__in=roles_pour(VOIR_HABILITATIONS), espace__etat=Espace.Etat.ACTIF
    )


@transaction.atomic
def demander_habilitation(
    *, acteur: Espace, siren: str, motif: str, maintenant: datetime | None = None
) -> DemandeHabilitation:
    """Ask whoever administers this SIREN for a habilitation, saying why; nothing is read of who that is.

    Raises: the rules of a SIREN, MotifDeDemandeRequis, ActeurNonActif, DemandeurNonExpert, TropDeDemandesHabilitation,
    DemandeHabilitationEnCours, DemandeTropProche.
    """
    maintenant = maintenant or timezone.now()
    siren, motif = normaliser_siren(siren), " ".join(motif.split())
    if not motif:
        raise MotifDeDemandeRequis
    acteur = verrouiller_acteur(acteur)
    if acteur.mode != Espace.Mode.EXPERT:
        raise DemandeurNonExpert
    siennes = DemandeHabilitation.objects.filter(demandeur=acteur)
    if siennes.filter(deposee_le__gt=maintenant - JOURNEE).count() >= PAR_JOUR:
        raise TropDeDemandesHabilitation(limite=PAR_JOUR)
    _exiger_une_a_la_fois(siennes.filter(siren=siren), maintenant)
    demande = DemandeHabilitation.objects.create(demandeur=acteur, siren=siren, motif=motif, deposee_le=maintenant)
    consigner(actes.HABILITATION_DEMANDEE, auteur=acteur, siren=siren)
    return demande


def _exiger_une_a_la_fois(pour_ce_siren: QuerySet[DemandeHabilitation], maintenant: datetime) -> None:
    """Check that this pair has none that waits, and that its last one was not refused or cancelled a moment ago.

    Raises: DemandeHabilitationEnCours, DemandeTropProche.
    """
    etat = DemandeHabilitation.Etat
    if pour_ce_siren.filter(etat=etat.DEPOSEE).exists():
        raise DemandeHabilitationEnCours
    refusee = Q(etat=etat.REFUSEE, traitee_le__gt=maintenant - PAUSE_APRES_REFUS)
    annulee = Q(etat=etat.ANNULEE, traitee_le__gt=maintenant - PAUSE_APRES_ANNULATION)
    if pour_ce_siren.filter(refusee | annulee).exists():
        raise DemandeTropProche


def _verrouiller_en_cours(demande: DemandeHabilitation) -> DemandeHabilitation:
    """Lock the request, its espaces being locked, and return it as it is now. Raises: DemandeHabilitationTraitee."""
    demande = DemandeHabilitation.objects.select_for_update(no_key=True).get(pk=demande.pk)
    if not demande.est_en_cours:
        raise DemandeHabilitationTraitee(etat=demande.get_etat_display())
    return demande


def _exiger_administrateur(acteur: Espace, demande: DemandeHabilitation, jour: date) -> None:
    """Check that this request is his to answer. Raises: ActeurNonActif, ReponseReservee."""
    if not acteur.est_actif:
        raise ActeurNonActif
    if acteur.pk == demande.demandeur_id or not administrateurs(demande.siren, jour).filter(espace=acteur).exists():
        raise ReponseReservee


def _terminer(
    demande: DemandeHabilitation,
    etat: DemandeHabilitation.Etat,
    maintenant: datetime,
    *,
    par: Espace | None = None,
    reponse: str = "",
) -> None:
    demande.etat, demande.traitee_le, demande.traitee_par, demande.reponse = etat, maintenant, par, reponse
    demande.save(update_fields=["etat", "traitee_le", "traitee_par", "reponse"])


@essai_compte()
def verifier_numero_du_demandeur(
    *, acteur: Espace, demande: DemandeHabilitation, numero: str, maintenant: datetime | None = None
) -> None:
    """Check, before anything is shown of what would be granted, the number that whoever answers was told (R11).

    Raises: DemandeHabilitationTraitee, ActeurNonActif, ReponseReservee, and as `exiger_numero`.
    """
    maintenant = maintenant or timezone.now()
    acteur, demandeur = verrouiller_espaces(acteur, demande.demandeur)
    demande = _verrouiller_en_cours(demande)
    _exiger_administrateur(acteur, demande, timezone.localdate(maintenant))
    exiger_numero(acteur=acteur, demandeur=demandeur, numero=numero, maintenant=maintenant)


@essai_compte()
def accepter_demande_habilitation(
    *,
    acteur: Espace,
    demande: DemandeHabilitation,
    numero: str,
    adhesions: Collection[Adhesion],
    role: str,
    expire_le: date | None = None,
    montrees: Collection[int] | None = None,
    maintenant: datetime | None = None,
) -> Acceptation:
    """Grant this role on these services to who asked, as `deleguer` does with all its rules; a service refused keeps none of
    the others back, but at least one must be granted.

    `numero` is what the person named has told the actor herself: the name is only what the request says (R11).
    `montrees` are the adhésions (keys) that the page showed to be granted; None where no page showed anything.
    Raises: AucuneLigne, DemandeHabilitationTraitee, ActeurNonActif, ReponseReservee, as `exiger_numero`, LignesRefusees
    when all are refused, ApercuChange, and as `deleguer`.
    """
    maintenant = maintenant or timezone.now()
    jour = timezone.localdate(maintenant)
    if not adhesions:
        raise AucuneLigne
    acteur, demandeur = verrouiller_espaces(acteur, demande.demandeur)
    verrouiller_personnes(adhesion.pk for adhesion in adhesions)
    demande = _verrouiller_en_cours(demande)
    _exiger_administrateur(acteur, demande, jour)
    exiger_numero(acteur=acteur, demandeur=demandeur, numero=numero, maintenant=maintenant)
    verrouillees = list(verrouiller_adhesions(adhesion.pk for adhesion in adhesions).values())
    siennes = [adhesion for adhesion in verrouillees if adhesion.personne.siren == demande.siren]
    examen = examiner(
        acteur=acteur, adhesions=siennes, beneficiaire=demandeur, role=role, expire_le=expire_le, jour=jour
    )
    refusees = examen.refusees + [
        LigneRefusee(adhesion.personne, adhesion.service, DroitInsuffisant())
        for adhesion in verrouillees
        if adhesion.personne.siren != demande.siren
    ]
    if not examen.accordables:
        raise LignesRefusees(refusees)
    exiger_montrees(montrees, [adhesion.pk for adhesion, _ in examen.accordables])
    accordees = deleguer(
        acteur=acteur,
        adhesions=[adhesion for adhesion, _ in examen.accordables],
        beneficiaire=demandeur,
        role=role,
        expire_le=expire_le,
        maintenant=maintenant,
    )
    _terminer(demande, DemandeHabilitation.Etat.ACCEPTEE, maintenant, par=acteur)
    consigner(
        actes.HABILITATION_DEMANDE_ACCEPTEE,
        auteur=acteur,
        espace=demandeur,
        siren=demande.siren,
        details={"role": role, "nombre": len(accordees)},
    )
    return Acceptation(accordees, refusees)


@transaction.atomic
def refuser_demande_habilitation(
    *, acteur: Espace, demande: DemandeHabilitation, reponse: str, maintenant: datetime | None = None
) -> DemandeHabilitation:
    """Refuse this request, saying why: who asked is told, and may not ask again for thirty days.

    Raises: MotifDuRefusRequis, DemandeHabilitationTraitee, ActeurNonActif, ReponseReservee.
    """
    maintenant = maintenant or timezone.now()
    reponse = " ".join(reponse.split())
    if not reponse:
        raise MotifDuRefusRequis
    acteur, demandeur = verrouiller_espaces(acteur, demande.demandeur)
    demande = _verrouiller_en_cours(demande)
    _exiger_administrateur(acteur, demande, timezone.localdate(maintenant))
    _terminer(demande, DemandeHabilitation.Etat.REFUSEE, maintenant, par=acteur, reponse=reponse)
    consigner(actes.HABILITATION_DEMANDE_REFUSEE, auteur=acteur, espace=demandeur, siren=demande.siren)
    avis.ecrire("demande_habilitation_refusee", espace=demandeur, acte=f"demande-habilitation-refusee:{demande.pk}")
    return demande


@transaction.atomic
def annuler_demande_habilitation(
    *, acteur: Espace, demande: DemandeHabilitation, maintenant: datetime | None = None
) -> DemandeHabilitation:
    """Take back one's own request; nothing is read of who had it. Raises: DemandeDUnAutre, DemandeHabilitationTraitee."""
    (acteur,) = verrouiller_espaces(acteur)
    if demande.demandeur_id != acteur.pk:
        raise DemandeDUnAutre
    demande = _verrouiller_en_cours(demande)
    _terminer(demande, DemandeHabilitation.Etat.ANNULEE, maintenant or timezone.now())
    consigner(actes.HABILITATION_DEMANDE_ANNULEE, auteur=acteur, siren=demande.siren)
    return demande


def tomber_avec_l_espace(espace: Espace, maintenant: datetime) -> None:
    """End what this espace, which is being deleted, still asks, and forget what was written of its requests."""
    siennes = DemandeHabilitation.objects.filter(demandeur=espace)
    siennes.filter(etat=DemandeHabilitation.Etat.DEPOSEE).update(
        etat=DemandeHabilitation.Etat.ANNULEE, traitee_le=maintenant
    )
    siennes.exclude(motif="", reponse="").update(motif="", reponse="")


# --- The jobs ---------------------------------------------------------------------------------------------------------


def annoncer_demandes_habilitation(
    *, acteur: str = ANNONCE, maintenant: datetime | None = None, nombre: int = 100
) -> int:
    """Tell the administrators of the requests of the moment; return how many were looked at (0: none is left).

    One transaction a request, which is looked at once whether or not somebody administers its SIREN.
    """
    maintenant = maintenant or timezone.now()
    nouvelles = DemandeHabilitation.objects.filter(etat=DemandeHabilitation.Etat.DEPOSEE, annoncee_le=None)

    def dire(demande: DemandeHabilitation) -> None:
        demande.annoncee_le = maintenant
        demande.save(update_fields=["annoncee_le"])
        _dire_aux_administrateurs(demande, "habilitation_demandee", acteur, maintenant)

    return _un_par_un(nouvelles, dire, nombre)


def rappeler_demandes_habilitation(
    *, acteur: str = SUIVI, maintenant: datetime | None = None, nombre: int = 100
) -> int:
    """Remind the administrators, once, of what has waited for seven days; return how many were looked at."""
    maintenant = maintenant or timezone.now()
    anciennes = DemandeHabilitation.objects.filter(
        etat=DemandeHabilitation.Etat.DEPOSEE,
        annoncee_le__isnull=False,
        rappelee_le=None,
        deposee_le__lte=maintenant - RAPPEL,
    )

    def rappeler(demande: DemandeHabilitation) -> None:
        demande.rappelee_le = maintenant
        demande.save(update_fields=["rappelee_le"])
        _dire_aux_administrateurs(demande, "habilitation_demandee_rappel", acteur, maintenant)

    return _un_par_un(anciennes, rappeler, nombre)


def eteindre_demandes_habilitation(
    *, acteur: str = SUIVI, maintenant: datetime | None = None, nombre: int = 100
) -> int:
    """End what nobody has answered for thirty days, and tell who asked, in the same words whoever was asked."""
    maintenant = maintenant or timezone.now()
    oubliees = DemandeHabilitation.objects.filter(
        etat=DemandeHabilitation.Etat.DEPOSEE, annoncee_le__isnull=False, deposee_le__lte=maintenant - EXTINCTION
    )

    def eteindre(demande: DemandeHabilitation) -> None:
        _terminer(demande, DemandeHabilitation.Etat.EXPIREE, maintenant)
        consigner(actes.HABILITATION_DEMANDE_EXPIREE, auteur=acteur, espace=demande.demandeur, siren=demande.siren)
        avis.ecrire(
            "demande_habilitation_expiree",
            espace=demande.demandeur,
            acte=f"demande-habilitation-expiree:{demande.pk}",
        )

    return _un_par_un(oubliees, eteindre, nombre)


def _un_par_un(
    demandes: QuerySet[DemandeHabilitation], faire: Callable[[DemandeHabilitation], None], nombre: int
) -> int:
    """Do this to the oldest of these, each in its transaction, if it is still one of them once locked; return how many were looked at."""

    def une(couple: tuple[UUID, UUID]) -> int:
        cle, demandeur = couple
        (espace,) = verrouiller_espaces(Espace(pk=demandeur))
        demande = demandes.select_for_update(no_key=True).filter(pk=cle).first()
        if demande is not None:
            demande.demandeur = espace
            faire(demande)
        return 1

    return chacun(
        "demandes_d_habilitation", demandes.order_by("deposee_le", "pk").values_list("pk", "demandeur")[:nombre], une
    )


def _dire_aux_administrateurs(demande: DemandeHabilitation, genre: str, acteur: str, maintenant: datetime) -> None:
    """Write to the journal of each administrator, and mail him unless this SIREN has had its mails of the day.

    The titulaires first, fifty at most: « À faire » tells them all. The mail has neither the name nor the words of who asks.
    """
    par_courriel = debit.reserver(debit.empreinte(genre, demande.siren), AVIS_PAR_SIREN, maintenant) is not None
    personne = PersonneSirenisee.objects.filter(siren=demande.siren).first()
    for espace in _destinataires(demande, timezone.localdate(maintenant)):
        if genre == "habilitation_demandee":
            consigner(actes.HABILITATION_DEMANDE_RECUE, auteur=acteur, espace=espace, siren=demande.siren)
        if par_courriel:
            avis.ecrire(
                genre,
                espace=espace,
                de=demande.demandeur,
                acte=f"{genre}:{demande.pk}",
                personne=str(personne),
            )


def _destinataires(demande: DemandeHabilitation, jour: date) -> list[Espace]:
    """Return who administers this SIREN that day, but who asks: the titulaires first, as many as are told."""
    roles = (
        administrateurs(demande.siren, jour)
        .exclude(espace=demande.demandeur_id)
        .order_by("-role", "espace")  # TITULAIRE, then SUPPLEANT
        .values_list("espace", "role")
        .distinct()
    )
    cles = list(dict.fromkeys(cle for cle, _ in roles))[:DESTINATAIRES]
    lus = Espace.objects.select_related("compte").in_bulk(cles)
    return [lus[cle] for cle in cles]
