"""Freeing an espace that cannot be deleted (CGU §4.c): an agent removes what of the office keeps it, the rest goes to its offices."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.espace.suppression import EspaceNonActif
from accounts.models import Agent, Espace
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner

from .. import actes
from ..arbre import avis
from ..arbre.lots import verrouiller_espaces
from ..models import Adhesion, DemandeRetrait, Habilitation
from .retraits import retirer_adhesions
from .suppression import bloquantes


class RienNeBloqueIci(RegleMetier):
    code = "rien_ne_bloque_ici"
    message = "Aucune adhésion de votre service n’empêche de supprimer cet espace."


@dataclass(frozen=True)
class Liberation:
    """What an agent removed, and what other offices are asked to."""

    retirees: list[Adhesion]
    transmises: list[DemandeRetrait]


def bloquantes_ici(espace: Espace, bureau: int) -> QuerySet[Adhesion]:
    """Return the adhésions of this office that keep an espace from being deleted."""
    siennes = bloquantes(espace).filter(personne__service_gestionnaire=bureau)
    return Adhesion.objects.ouvertes().filter(pk__in=siennes.values("adhesion"))


def bloquantes_ailleurs(espace: Espace, bureau: int) -> QuerySet[Habilitation]:
    """Return what other offices must remove before it can be."""
    return bloquantes(espace).exclude(personne__service_gestionnaire=bureau)


@transaction.atomic
@relit_l_agent
def liberer_espace(
    *,
    acteur: Agent,
    espace: Espace,
    motif: str,
    montrees: Collection[UUID] | None = None,
    maintenant: datetime | None = None,
) -> Liberation:
    """Remove the adhésions of the agent's office that keep this espace from being deleted, and pass the rest to their offices.

    What waits in this office's queue about them is granted by it; each other office receives a line in its own, unless it
    has it already. The holder is mailed the page where to delete. `montrees`: the keys of all that the page showed to end.
    Raises: EspaceNonActif, RienNeBloqueIci, and what `retirer_adhesions` raises.
    """
    maintenant = maintenant or timezone.now()
    (espace,) = verrouiller_espaces(espace)
    if espace.compte is None or espace.etat not in {Espace.Etat.ACTIF, Espace.Etat.DESACTIVE}:
        raise EspaceNonActif
    ici = list(bloquantes_ici(espace, acteur.service_gestionnaire_id))
    if not ici:
        raise RienNeBloqueIci
    siennes = list(
        Habilitation.objects.vivantes()
        .de_l_espace(espace)
        .filter(adhesion__in=ici)
        .select_related("personne", "service")
    )
    retirees = retirer_adhesions(acteur=acteur, adhesions=ici, motif=motif, montrees=montrees, maintenant=maintenant)
    transmises = _transmettre(acteur, espace, maintenant)
    restent = bloquantes(espace).exists()
    avis.ecrire(
        "espace_a_supprimer",
        espace=espace,
        acte=f"espace-libere:{uuid.uuid4()}",
        habilitations=siennes,
        restent=restent,
        gestionnaire=acteur.service_gestionnaire.nom,
        telephone=acteur.service_gestionnaire.telephone,
    )
    consigner(
        actes.ESPACE_LIBERE,
        auteur=acteur,
        espace=espace,
        details={"retirees": len(retirees), "transmises": len(transmises), "restent": restent},
    )
    return Liberation(retirees, transmises)


def _transmettre(acteur: Agent, espace: Espace, maintenant: datetime) -> list[DemandeRetrait]:
    """Put in the queues of the other offices what they alone may remove and nobody has asked for yet; tell them."""
    ailleurs = bloquantes_ailleurs(espace, acteur.service_gestionnaire_id).select_related(
        "personne__service_gestionnaire", "service"
    )
    deja = DemandeRetrait.objects.filter(demandeur=espace, etat=DemandeRetrait.Etat.DEPOSEE)
    restantes = list(ailleurs.exclude(pk__in=deja.values("habilitation")).order_by("pk"))
    motif = f"Suppression de l’espace professionnel, transmise par {acteur.service_gestionnaire.nom}"
    demandes = DemandeRetrait.objects.bulk_create(
        DemandeRetrait(
            habilitation=habilitation,
            demandeur=espace,
            service_gestionnaire_id=habilitation.personne.service_gestionnaire_id,
            motif=motif,
            pour_suppression=True,
            deposee_le=maintenant,
        )
        for habilitation in restantes
    )
    for demande in demandes:
        consigner(
            actes.RETRAIT_DEMANDE,
            auteur=acteur,
            espace=espace,
            siren=demande.habilitation.personne.siren,
            service=demande.habilitation.service.code,
            details={"retrait": str(demande.pk), "role": demande.habilitation.role},
        )
    avis.ecrire_aux_bureaux(
        "retrait_demande_gestionnaire",
        restantes,
        acte=f"retraits:{uuid.uuid4()}",
        demandeur=espace.nom_complet,
        motif=motif,
    )
    return demandes
