"""Giving an access back by the command of the exploitation: the same two agents, the same proof (R16; design.md §6).

For an office whose desk cannot be reached: both agents say on the telephone what they saw. The journal names them and says that the
exploitation entered it; the office and who received the holder are told by mail, as after a page. The slip is not the command's: whoever printed it could read it.
"""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.gestion.contreseings import contresigner
from accounts.models import Agent, Contreseing, Espace
from accounts.saisies.adresses import normaliser_adresse
from accounts.saisies.dates import jour_heure
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import verrouiller_agents
from accounts.traces.journal import consigner

from .. import actes
from ..models import Retablissement
from .retablissement import GENRE, demander_retablissement

ACTEUR: Final = "systeme:retablir_espace"


class RetablissementQuiAttend(RegleMetier):
    code = "retablissement_qui_attend"
    message = (
        "Un rétablissement de cet accès, demandé par {qui} le {le}, attend déjà un second regard. Nommez cet agent, avec la même "
        "preuve et la même adresse : sa demande est reprise. Sinon elle est d’abord à refuser ou à abandonner, dans /gestion/."
    )


@transaction.atomic
def retablir_espace(
    *,
    acteur: str = ACTEUR,
    espace: Espace,
    demandeur: Agent,
    second: Agent,
    piece: str,
    piece_derniers: str,
    legitimite: str,
    motif: str,
    nouvelle_adresse: str = "",
    maintenant: datetime | None = None,
) -> Retablissement:
    """Open this espace again, as the agent who received its holder and another one say; return how.

    What this agent had asked for at the desk before it fell silent, with the same proof, is taken up again. Raises:
    RetablissementQuiAttend where something else waits, and what `demander_retablissement` and `accounts.gestion.contreseings.contresigner` refuse.
    """
    maintenant = maintenant or timezone.now()
    verrouiller_agents(demandeur.pk, second.pk)  # both before the espace: the order of each act of two agents
    contreseing = _qui_attend(
        espace, demandeur, piece, piece_derniers.strip().upper(), legitimite, nouvelle_adresse
    ) or demander_retablissement(
        acteur=demandeur,
        espace=espace,
        piece=piece,
        piece_derniers=piece_derniers,
        legitimite=legitimite,
        motif=motif,
        nouvelle_adresse=nouvelle_adresse,
        maintenant=maintenant,
    )
    contresigner(acteur=second, contreseing=contreseing, maintenant=maintenant)
    retablissement = Retablissement.objects.filter(espace=espace, demandeur=demandeur, second=second).latest(
        "accorde_le"
    )
    consigner(actes.RETABLISSEMENT_SAISI, auteur=acteur, espace=espace, details={"reference": str(retablissement.pk)})
    return retablissement


def _qui_attend(
    espace: Espace, demandeur: Agent, piece: str, derniers: str, legitimite: str, nouvelle_adresse: str
) -> Contreseing | None:
    """Return what this agent asked for with this proof and waits, None where nothing does. Raises: RetablissementQuiAttend."""
    attend = (
        Contreseing.objects.filter(genre=GENRE, cle=str(espace.pk), etat=Contreseing.Etat.DEMANDE)
        .select_related("demandeur")
        .first()
    )
    if attend is None:
        return None
    adresse = normaliser_adresse(nouvelle_adresse) if nouvelle_adresse else ""
    if espace.compte is not None and adresse == espace.compte.email:
        adresse = ""
    voulus = {"piece": piece, "piece_derniers": derniers, "legitimite": legitimite, "adresse": adresse}
    if attend.demandeur_id != demandeur.pk or any(attend.parametres[nom] != dit for nom, dit in voulus.items()):
        raise RetablissementQuiAttend(qui=attend.demandeur, le=jour_heure(attend.demande_le))
    return attend
