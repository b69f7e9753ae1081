"""Asking the holder whether it was he, and what he answers: never proof by itself, the cell decides (R15; CGU §3.6.a)."""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.actes import ADRESSE_CHANGEE
from accounts.envois import courriels
from accounts.espace.pas_moi import Dit
from accounts.models import Agent, Espace
from accounts.saisies.dates import jour_heure
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner, ecrites

from .. import actes
from ..models import Alerte, Gravite, SuiteAlerte
from ..signaux.registre import nom_de
from .decisions import exiger_la_cellule, verrouiller, verrouiller_comptes

REPONDRE_EN: Final = timedelta(days=7)
BOITE_RECENTE: Final = timedelta(days=30)
REPONSES: Final = SuiteAlerte.Reponse


class QuestionDejaPosee(RegleMetier):
    code = "question_deja_posee"
    message = "La question est déjà posée au détenteur pour cette alerte : sa réponse se lira ici."


class DetenteurSansEspace(RegleMetier):
    code = "detenteur_sans_espace"
    message = "Cette alerte n’est pas celle d’un espace ouvert : il n’y a personne à interroger par le portail."


class QuestionClose(RegleMetier):
    code = "question_close"
    message = (
        "Cette question n’attend plus de réponse : vous y avez répondu, sept jours ont passé, ou un agent a décidé."
    )


def boite_changee_le(espace: Espace, maintenant: datetime) -> datetime | None:
    """Return since when the login address is another, if lately: a question would then go to whoever changed it."""
    dernier = ecrites(ADRESSE_CHANGEE, auteur=espace, depuis=maintenant - BOITE_RECENTE).order_by("-quand").first()
    return None if dernier is None else dernier.quand


@transaction.atomic
@relit_l_agent
def demander_au_detenteur(
    *, acteur: Agent, alertes: Collection[Alerte], maintenant: datetime | None = None
) -> list[SuiteAlerte]:
    """Ask the holder of each of these alerts whether it was he, by mail and on « À faire »; return the questions.

    Raises: FonctionChangee, DecisionDeLaCellule, AlertesTropNombreuses, AlerteDejaDecidee, DetenteurSansEspace, QuestionDejaPosee.
    """
    exiger_la_cellule(acteur)
    maintenant = maintenant or timezone.now()
    lues = verrouiller([alerte.pk for alerte in alertes])
    if SuiteAlerte.objects.filter(alerte__in=lues, genre=SuiteAlerte.Genre.QUESTION).exists():
        raise QuestionDejaPosee
    return [_demander(acteur, alerte, maintenant) for alerte in lues]


def _demander(acteur: Agent, alerte: Alerte, maintenant: datetime) -> SuiteAlerte:
    espace: Espace | None = getattr(alerte.compte, "espace", None)
    if espace is None or not espace.est_actif or alerte.compte is None:
        raise DetenteurSansEspace
    question = SuiteAlerte.objects.create(
        alerte=alerte,
        genre=SuiteAlerte.Genre.QUESTION,
        espace=espace,
        agent=acteur,
        faite_le=maintenant,
        expire_le=maintenant + REPONDRE_EN,
    )
    consigner(actes.ALERTE_QUESTION, auteur=acteur, espace=espace, details={"reference": str(alerte.pk)})
    courriels.deposer(
        "alerte_question",
        destinataire=alerte.compte.email,
        acte=f"alerte:{alerte.pk}",
        espace=espace,
        contexte={
            "signal": nom_de(alerte.motif),
            "le": jour_heure(alerte.levee_le),
            "question": str(alerte.pk),
            "avant_le": jour_heure(maintenant + REPONDRE_EN),
        },
    )
    return question


def interrogeables(alertes: Collection[Alerte]) -> list[Alerte]:
    """Return, of these, those of an open espace whose holder is not asked yet: one query."""
    posees = SuiteAlerte.objects.filter(alerte__in=alertes, genre=SuiteAlerte.Genre.QUESTION)
    demandees = set(posees.values_list("alerte", flat=True))
    return [
        alerte
        for alerte in alertes
        if alerte.pk not in demandees
        and (espace := getattr(alerte.compte, "espace", None)) is not None
        and espace.est_actif
    ]


def question_de(espace: Espace, cle: UUID) -> SuiteAlerte | None:
    """Return what this holder is asked of this alert, None where he is asked nothing."""
    siennes = SuiteAlerte.objects.filter(espace=espace, alerte=cle, genre=SuiteAlerte.Genre.QUESTION)
    return siennes.select_related("alerte").first()


@transaction.atomic
def dire_que_c_etait_moi(*, acteur: Espace, question: SuiteAlerte, maintenant: datetime | None = None) -> SuiteAlerte:
    """Keep what this holder answers, and return it: the alert stays with the cell. Raises: QuestionClose."""
    Espace.objects.select_for_update(no_key=True, of=("self",)).get(pk=acteur.pk)
    return _repondre(acteur, question, REPONSES.MOI, maintenant or timezone.now())


def noter_ce_n_etait_pas_lui(dit: Dit) -> None:
    """Answer what this holder is asked, in the transaction by which he says « ce n'est pas moi »; these alerts become grave.

    Nothing refuses him here: what an agent decides, or an answer given, at the same instant is passed.
    """
    attendent = SuiteAlerte.objects.filter(
        espace=dit.espace,
        genre=SuiteAlerte.Genre.QUESTION,
        repondue_le=None,
        expire_le__gte=dit.le,
        alerte__etat=Alerte.Etat.OUVERTE,
    )
    for question in attendent.order_by("alerte_id"):
        with suppress(QuestionClose):
            _repondre(dit.espace, question, REPONSES.PAS_MOI, dit.le)


def _repondre(acteur: Espace, question: SuiteAlerte, reponse: str, maintenant: datetime) -> SuiteAlerte:
    """Write an answer; the espace is locked. Raises: QuestionClose, before anything is written."""
    verrouiller_comptes([question.alerte_id])
    alerte = Alerte.objects.select_for_update(no_key=True, of=("self",)).get(pk=question.alerte_id)
    fraiche = (
        SuiteAlerte.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk=question.pk, espace=acteur, genre=SuiteAlerte.Genre.QUESTION, repondue_le=None)
        .first()
    )
    passee = fraiche is not None and fraiche.expire_le is not None and maintenant > fraiche.expire_le
    if fraiche is None or passee or alerte.etat != Alerte.Etat.OUVERTE:
        raise QuestionClose
    fraiche.reponse, fraiche.repondue_le = reponse, maintenant
    fraiche.save(update_fields=["reponse", "repondue_le"])
    if reponse == REPONSES.PAS_MOI and alerte.gravite != Gravite.GRAVE:
        alerte.gravite = Gravite.GRAVE
        alerte.save(update_fields=["gravite"])
    consigner(
        actes.ALERTE_REPONSE,
        auteur=acteur,
        espace=acteur,
        details={"reference": str(alerte.pk), "reponse": str(reponse)},
    )
    return fraiche
