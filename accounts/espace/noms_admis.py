"""A name that reads like the State's or like a sentence, and that somebody bears: an agent admits it (issue 11 item 11)."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from .. import actes
from ..models import Agent, NomAdmis
from ..saisies.noms import normaliser_nom, normaliser_texte
from ..saisies.noms_reserves import NomReserve, cle, parle_pour_l_etat
from ..saisies.regles import RegleMetier
from ..traces.agents_relus import relit_l_agent
from ..traces.journal import consigner

LONGUEUR_JUSTIFICATIF = 300


class NomNonReserve(RegleMetier):
    code = "nom_non_reserve"
    message = "Ce nom est déjà accepté tel quel : il n’y a rien à admettre."


class IdentiteNonVue(RegleMetier):
    code = "identite_non_vue"
    message = "Indiquez, en 300 caractères au plus, la pièce d’identité que vous avez vue."


def exiger_nom_admis(*, prenom: str, nom: str) -> None:
    """Check that this is a person's name, or one that an agent has admitted. Raises: NomReserve."""
    if parle_pour_l_etat(prenom, nom) and not NomAdmis.objects.filter(cle=cle(prenom, nom)).exists():
        raise NomReserve


@transaction.atomic
@relit_l_agent
def admettre_nom(
    *, acteur: Agent, prenom: str, nom: str, justificatif: str, maintenant: datetime | None = None
) -> NomAdmis:
    """Admit a name that the rule refuses, on the strength of an identity document; return it.

    Raises: NomInvalide, TexteIllisible, IdentiteNonVue, NomNonReserve.
    """
    prenom, nom, justificatif = normaliser_nom(prenom), normaliser_nom(nom), normaliser_texte(justificatif)
    if not 0 < len(justificatif) <= LONGUEUR_JUSTIFICATIF:
        raise IdentiteNonVue
    if not parle_pour_l_etat(prenom, nom):
        raise NomNonReserve
    admis, cree = NomAdmis.objects.get_or_create(
        cle=cle(prenom, nom),
        defaults={
            "prenom": prenom,
            "nom": nom,
            "justificatif": justificatif,
            "agent": acteur,
            "admis_le": maintenant or timezone.now(),
        },
    )
    if cree:
        consigner(actes.NOM_ADMIS, auteur=acteur, details={"reference": str(admis.pk)})
    return admis
