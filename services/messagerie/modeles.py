"""The texts that the agents of an office start their answers from, kept by its head (issue 15, item 9)."""

from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.compteurs.refus import PlafondAtteint, plafonne
from accounts.gestion.fonctions import CHEFS
from accounts.models import Agent
from accounts.saisies.porte import lire_phrase
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner

from .. import actes
from ..models import ModeleDeReponse
from .echanges import lire_message
from .themes import exiger_theme

LONGUEUR_TITRE: Final = 80
MODELES_AU_PLUS: Final = 100
"""How many texts one office keeps: beyond, nobody finds one in the list. Only its own head meets it, who withdraws one."""


class ModeleReserve(RegleMetier):
    code = "modele_reserve"
    message = "Le chef du service enregistre et retire les modèles de son service."


class ModeleAbsent(RegleMetier):
    code = "modele_absent"
    message = "Ce modèle a été retiré entre-temps."


class TitreDeModeleRequis(RegleMetier):
    code = "titre_de_modele_requis"
    message = "Donnez un titre à ce modèle, de {limite} caractères au plus."


class TropDeModeles(PlafondAtteint):
    code = "trop_de_modeles"
    plafond = "modèles de réponse d’un service"
    message = "Votre service a déjà {limite} modèles : retirez-en un avant d’en ajouter."


def modeles_pour(agent: Agent, theme: str) -> QuerySet[ModeleDeReponse]:
    """Return the texts that this agent may start from on this theme: those of every office, and of the agent's own."""
    bureaux = Q(service_gestionnaire=None) | Q(service_gestionnaire=agent.service_gestionnaire_id)
    return ModeleDeReponse.objects.filter(bureaux, theme__in=["", theme])


@plafonne
@relit_l_agent
def enregistrer_modele(
    *, acteur: Agent, titre: str, texte: str, theme: str = "", modele: ModeleDeReponse | None = None
) -> ModeleDeReponse:
    """Add a text for the office of its head, or write this one anew, and return it.

    Raises: ModeleReserve, ModeleAbsent, TropDeModeles, TexteIllisible, TitreDeModeleRequis, MessageVide, MessageTropLong,
    ThemeInconnu.
    """
    if acteur.fonction not in CHEFS:
        raise ModeleReserve
    siens = ModeleDeReponse.objects.filter(service_gestionnaire=acteur.service_gestionnaire_id)
    if modele is None:
        if siens.count() >= MODELES_AU_PLUS:
            raise TropDeModeles(limite=MODELES_AU_PLUS)
        frais: ModeleDeReponse | None = ModeleDeReponse(service_gestionnaire=acteur.service_gestionnaire)
    else:
        frais = siens.select_for_update(no_key=True, of=("self",)).filter(pk=modele.pk).first()
    if frais is None:
        raise ModeleAbsent
    frais.titre, frais.texte = lire_phrase(titre), lire_message(texte)
    frais.theme = exiger_theme(theme).code if theme else ""
    if not 0 < len(frais.titre) <= LONGUEUR_TITRE:
        raise TitreDeModeleRequis(limite=LONGUEUR_TITRE)
    frais.save()
    consigner(actes.MODELE_DE_REPONSE_ENREGISTRE, auteur=acteur, details={"modele": frais.titre})
    return frais


@transaction.atomic
@relit_l_agent
def retirer_modele(*, acteur: Agent, modele: ModeleDeReponse) -> None:
    """Withdraw this text from the office of its head; what was written from it stays. Raises: ModeleReserve, ModeleAbsent."""
    if acteur.fonction not in CHEFS:
        raise ModeleReserve
    siens = ModeleDeReponse.objects.filter(service_gestionnaire=acteur.service_gestionnaire_id)
    frais = siens.select_for_update(of=("self",)).filter(pk=modele.pk).first()
    if frais is None:
        raise ModeleAbsent
    consigner(actes.MODELE_DE_REPONSE_RETIRE, auteur=acteur, details={"modele": frais.titre})
    frais.delete()
