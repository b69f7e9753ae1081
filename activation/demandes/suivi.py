"""The demandes that wait for their code, each with its course in short: the home page of who has nothing else yet."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Subquery, Window
from django.utils import timezone

from accounts.models import Espace

from ..models import Courrier, Demande, LigneDemande, Signalement
from .lectures import ACHEMINEMENT, ATTENTE

SUIVIES: Final = 3
"""How many are shown with their course; the others stand in « Vos demandes »."""


@dataclass(frozen=True)
class DemandeSuivie:
    """One demande, the services it asks for, and its course as templates/composants/frise.html draws it."""

    demande: Demande
    services: list[str]
    etapes: list[dict[str, Any]]


def demandes_suivies(
    espace: Espace, *, bureau: int | None = None, maintenant: datetime | None = None
) -> tuple[int, list[DemandeSuivie]]:
    """Return how many demandes of this espace wait for their code, and the first of them with their course: one query.

    Those for the companies of one service gestionnaire alone where `bureau` is given (its key).
    """
    maintenant = maintenant or timezone.now()
    services = LigneDemande.objects.filter(demande=OuterRef("demande")).order_by("service__ordre", "service__code")
    suspensifs = Signalement.objects.suspensifs(maintenant).filter(demande=OuterRef("demande"))
    lettres = (
        Courrier.objects.filter(remplace_le=None, demande__espace=espace, demande__etat__in=Demande.ETATS_EN_COURS)
        .select_related("demande__personne")
        .annotate(
            libelles=ArraySubquery(services.values("service__libelle")),
            suspendu_jusqu_au=Subquery(suspensifs.values("suspend_jusqu_au")[:1]),
            nombre=Window(Count("pk")),
        )
        .order_by("demande__deposee_le", "pk")
    )
    if bureau is not None:
        lettres = lettres.filter(demande__personne__service_gestionnaire=bureau)
    lues: list[Any] = list(lettres[:SUIVIES])
    suivies = [
        DemandeSuivie(lettre.demande, lettre.libelles, _course(lettre, lettre.suspendu_jusqu_au, maintenant))
        for lettre in lues
    ]
    return (lues[0].nombre if lues else 0), suivies


def _course(lettre: Courrier, suspendu_jusqu_au: datetime | None, maintenant: datetime) -> list[dict[str, Any]]:
    """Return what happened and what comes: one step at most is « en cours »."""
    arrivee = _arrivee(lettre)
    en_route = arrivee is not None and arrivee > maintenant
    perdue = lettre.etat == Courrier.Etat.NPAI or lettre.essais >= settings.CODE_ESSAIS or lettre.est_expire(maintenant)
    saisissable = lettre.edite_le is not None and not (perdue or suspendu_jusqu_au or en_route)
    etapes = [
        _etape("Demande envoyée", "fait", lettre.demande.deposee_le, heure=True),
        *_etapes_lettre(lettre, maintenant),
    ]
    if suspendu_jusqu_au is not None:
        detail = "L’entreprise a signalé cette demande : un agent l’examine, les jours perdus sont rendus."
        etapes.append(_etape("Code suspendu", "en_cours", suspendu_jusqu_au, heure=True, detail=detail))
    elif lettre.etat != Courrier.Etat.NPAI and perdue:
        etapes.append(_etape("Ce code ne peut plus servir : demandez un nouveau courrier", "echec", None))
    detail = "Dernier jour pour le saisir." if lettre.expire_le else ""
    titre = "Code saisi, services ouverts aussitôt"
    etapes.append(_etape(titre, "en_cours" if saisissable else "a_venir", lettre.expire_le, detail=detail))
    return etapes


def _arrivee(lettre: Courrier) -> datetime | None:
    """Return when the code may be read: the letter's likely day, or the moment from which the mailbox shows it (R8)."""
    if lettre.canal == Courrier.Canal.MESSAGERIE:
        return lettre.lisible_le
    return lettre.edite_le + ACHEMINEMENT if lettre.edite_le else None


def _etapes_lettre(lettre: Courrier, maintenant: datetime) -> list[dict[str, Any]]:
    if lettre.edite_le is None:
        if lettre.attend_son_jour(maintenant):
            return [_etape("Lettre à son tour d’envoi", "a_venir", lettre.pas_avant, detail=ATTENTE)]
        return [_etape("Lettre en préparation", "en_cours", None)]
    dans_la_messagerie = lettre.canal == Courrier.Canal.MESSAGERIE
    partie = "Code déposé dans la messagerie sécurisée de l’entreprise" if dans_la_messagerie else "Lettre partie"
    etapes = [_etape(partie, "fait", lettre.edite_le if dans_la_messagerie else lettre.remis_le or lettre.edite_le)]
    if lettre.etat == Courrier.Etat.NPAI:
        return [*etapes, _etape("Lettre revenue : faites corriger l’adresse", "echec", None)]
    arrivee = _arrivee(lettre)
    if arrivee is None:
        return etapes
    titre = (
        "Code lisible par le représentant légal"
        if dans_la_messagerie
        else "Arrivée probable chez le représentant légal"
    )
    attendue = arrivee > maintenant
    detail = "Demandez-lui dès maintenant de guetter cette lettre." if attendue and not dans_la_messagerie else ""
    return [*etapes, _etape(titre, "en_cours" if attendue else "fait", arrivee, detail=detail)]


def _etape(titre: str, etat: str, date: datetime | None, *, heure: bool = False, detail: str = "") -> dict[str, Any]:
    return {"titre": titre, "etat": etat, "date": date, "heure": heure, "detail": detail}
