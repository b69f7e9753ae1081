"""From espace simplifié to espace expert, in one step, keeping all it has (design.md §8)."""

from django.db import transaction

from accounts.envois import courriels
from accounts.models import Espace
from accounts.saisies.regles import RegleMetier
from accounts.traces.journal import consigner

from .. import actes
from .depot import EspaceNonActif


class DejaExpert(RegleMetier):
    code = "deja_expert"
    message = "Votre espace est déjà un espace expert."


@transaction.atomic
def passer_expert(*, acteur: Espace) -> Espace:
    """Make this espace an espace expert and return it. Nothing else changes: number, services, mandates, demandes.

    There is no way back: the espace may then hold what a simplified one may not. Raises: EspaceNonActif, DejaExpert.
    """
    espace = Espace.objects.select_for_update(no_key=True, of=("self",)).select_related("compte").get(pk=acteur.pk)
    if not espace.est_actif or espace.compte is None:
        raise EspaceNonActif
    if espace.mode == Espace.Mode.EXPERT:
        raise DejaExpert
    espace.mode = Espace.Mode.EXPERT
    espace.save(update_fields=["mode"])
    consigner(actes.ESPACE_PASSE_EXPERT, auteur=espace)
    courriels.deposer(
        "espace_passe_expert", destinataire=espace.compte.email, acte=f"passage-expert:{espace.pk}", espace=espace
    )
    return espace
