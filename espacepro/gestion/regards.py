"""Who may look at an espace in its holder's place, and why: said first, and read by the holder (issue 14, item 5)."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from accounts.gestion.fonctions import BUREAU
from accounts.models import Agent, Espace, Evenement
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import auteur_de, consigner
from surveillance.espaces.visibilite import espaces_visibles

from .. import actes

RAISON_VAUT: Final = timedelta(minutes=15)
"""How long one reason holds: a telephone call."""


class Raison(models.TextChoices):
    """Why an agent looks; no other words, so that nothing about anybody is typed into the holder's journal."""

    APPEL = "APPEL", "pour répondre au téléphone"
    GUICHET = "GUICHET", "pour répondre au guichet"
    ECRIT = "ECRIT", "pour répondre à un message"
    DEMANDE = "DEMANDE", "pour traiter une demande"


class EspaceHorsDuBureau(RegleMetier):
    code = "espace_hors_du_bureau"
    statut = 404
    message = "Cet espace n’est ouvert pour aucune entreprise que votre service suit."


def espace_montrable(agent: Agent, pk: UUID) -> Espace | None:
    """Return the espace that this agent may look at in its holder's place: open, and seen by the office; None for any other."""
    if agent.fonction not in BUREAU:
        return None
    ouverts = Espace.objects.filter(pk=pk, etat=Espace.Etat.ACTIF, compte__isnull=False)
    return espaces_visibles(agent, espaces=ouverts.select_related("compte")).first()


@transaction.atomic
@relit_l_agent
def dire_pourquoi(*, acteur: Agent, espace: Espace, raison: Raison, maintenant: datetime | None = None) -> Evenement:
    """Write in the holder's journal that this agent looks at the espace, and why; return the line.

    The same reason again while it holds writes nothing more. Raises: EspaceHorsDuBureau.
    """
    maintenant = maintenant or timezone.now()
    Espace.objects.select_for_update(no_key=True).filter(pk=espace.pk).first()
    if espace_montrable(acteur, espace.pk) is None:
        raise EspaceHorsDuBureau
    dite = raison_en_vigueur(acteur, espace, maintenant)
    if dite is not None and dite.details["raison"] == raison.label:
        return dite
    return consigner(
        actes.ESPACE_VU_PAR_UN_AGENT,
        auteur=acteur,
        espace=espace,
        details={"gestionnaire": acteur.service_gestionnaire.nom, "raison": raison.label},
    )


def raison_en_vigueur(agent: Agent, espace: Espace, maintenant: datetime) -> Evenement | None:
    """Return the line by which this agent has said why, not too long ago: one query, in an index of the journal."""
    return (
        Evenement.objects.filter(
            auteur=auteur_de(agent),
            acte=actes.ESPACE_VU_PAR_UN_AGENT.code,
            quand__gt=maintenant - RAISON_VAUT,
            espace=espace.numero_abonne,
        )
        .order_by("-quand")
        .first()
    )
