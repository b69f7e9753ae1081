"""What the pages of the requests from below read: one's own, and those that one may answer (issue 13.4)."""

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils import timezone

from accounts.models import Espace
from services.models import PersonneSirenisee

from ..droits.backends import donnant
from ..droits.cles import parmi
from ..droits.roles import DELEGUER_ACTEUR, VOIR_HABILITATIONS
from ..models import ORDRE, DemandeHabilitation, Habilitation
from .partage import UN_AN

MIENNES_AU_PLUS = 50


def mes_demandes_habilitation(espace: Espace) -> list[DemandeHabilitation]:
    """Return what this espace asked in the last year, newest first, fifty at most: one query.

    It reads the SIREN alone, but for what was accepted, which has the name of its company (`denomination`).
    """
    personne = PersonneSirenisee.objects.filter(siren=OuterRef("siren"))
    acceptee = When(etat=DemandeHabilitation.Etat.ACCEPTEE, then=Subquery(personne.values("denomination")))
    return list(
        DemandeHabilitation.objects.filter(demandeur=espace, deposee_le__gt=timezone.now() - UN_AN)
        .annotate(denomination=Case(acceptee, default=Value("")))
        .order_by("-deposee_le", "pk")[:MIENNES_AU_PLUS]
    )


def nombre_demandees(espace: Espace) -> int:
    """Return how many habilitations this espace asked for in the last year: one query."""
    return DemandeHabilitation.objects.filter(demandeur=espace, deposee_le__gt=timezone.now() - UN_AN).count()


def demandes_a_repondre(espace: Espace) -> QuerySet[DemandeHabilitation]:
    """Return what waits for an administrator of one of the SIREN of this espace, oldest first, each with its `denomination`."""
    administres = donnant(VOIR_HABILITATIONS, espace).values("personne__siren").distinct()
    personne = PersonneSirenisee.objects.filter(siren=OuterRef("siren"))
    return (
        DemandeHabilitation.objects.filter(parmi("siren", administres), etat=DemandeHabilitation.Etat.DEPOSEE)
        .exclude(demandeur=espace)
        .annotate(denomination=Subquery(personne.values("denomination")))
        .select_related("demandeur")
        .order_by("deposee_le", "pk")
    )


def de_cette_personne(espace: Espace, siren: str, *, administre: bool) -> list[DemandeHabilitation]:
    """Return what this espace asked for this SIREN in the last year and, for an administrator, what waits for him: one query.

    What waits comes first, the oldest first: those who ask later push nobody off.
    """
    siennes = Q(demandeur=espace, deposee_le__gt=timezone.now() - UN_AN)
    attente = Case(When(etat=DemandeHabilitation.Etat.DEPOSEE, then=F("deposee_le")))
    if administre:
        siennes |= Q(etat=DemandeHabilitation.Etat.DEPOSEE)
    return list(
        DemandeHabilitation.objects.filter(siennes, siren=siren)
        .select_related("demandeur")
        .order_by(attente.asc(nulls_last=True), "-deposee_le", "pk")[:MIENNES_AU_PLUS]
    )


def a_accorder(espace: Espace, siren: str) -> list[Habilitation]:
    """Return this espace's own habilitations on this SIREN that let it delegate: one query."""
    tenues = donnant(DELEGUER_ACTEUR, espace).filter(personne__siren=siren)
    lues = list(tenues.select_related("adhesion", "personne", "service").order_by(*ORDRE))
    for habilitation in lues:
        habilitation.adhesion.personne, habilitation.adhesion.service = habilitation.personne, habilitation.service
        habilitation.espace = espace
    return lues
