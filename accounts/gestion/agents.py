"""The agents: how an operator makes one, and what an agent must still do before the door opens (design.md §1)."""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.http import HttpRequest
from django.utils import timezone

from .. import actes
from ..compteurs.debit import oublier_essais
from ..envois.courriels import deposer
from ..facteurs.second_facteur import appareil_confirme, facteur_prouve, oublier_second_facteur
from ..models import Agent, Compte, ServiceGestionnaire
from ..mots_de_passe.politique import (
    age,
    changer_mot_de_passe,
    exiger_force,
    mots_personnels_agent,
    politique_depassee,
)
from ..saisies.adresses import normaliser_adresse
from ..saisies.dates import jour_heure
from ..saisies.noms import normaliser_nom
from ..saisies.regles import RegleMetier
from ..sessions.ouvertures import fermer_toutes
from ..traces.agents_relus import relit_l_agent, verrouiller_agents
from ..traces.journal import consigner
from ..traces.requete import compte_de
from .equipe import exiger_equipe

MOT_DE_PASSE_DUREE = timedelta(days=365)  # ANSSI-PG-078 R25: one year for a privileged account
PREMIER_MOT_DE_PASSE_DUREE = timedelta(days=7)
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class PreuveIdentite(models.TextChoices):
    """How whoever resets an agent's access knows that it is that agent: what the journal keeps."""

    CARTE = "CARTE", "carte professionnelle, présentée en personne"
    PIECE = "PIECE", "pièce d’identité, présentée en personne"
    RAPPEL = "RAPPEL", "rappel au numéro de l’annuaire interne"


class PremierMotDePassePerime(RegleMetier):
    code = "premier_mot_de_passe_perime"
    message = (
        "Ce premier mot de passe n’a pas servi à temps, il ne vaut plus : demandez-en un autre à votre chef de service, ou à "
        "l’exploitation."
    )


class CompteDejaCree(RegleMetier):
    code = "compte_deja_cree"
    message = "Un compte existe déjà pour l’adresse {email} : un agent a son propre compte, distinct de tout espace."


class AgentSansFonction(RegleMetier):
    code = "agent_sans_fonction"
    message = "{agent} n’a plus de fonction : il n’a pas d’accès à réinitialiser. Donnez-lui d’abord une fonction."


class Etape(StrEnum):
    """What stands between the password and the pages, named as the URL of its page (`admin:<etape>`)."""

    VERIFICATION = "verification"
    MOT_DE_PASSE = "password_change"
    ENROLEMENT = "enrolement"


def agent_de(compte: AbstractBaseUser | AnonymousUser) -> Agent | None:
    """Return the agent of this account, None for anybody else: anonymous, inactive, usager, without a function any more."""
    if not (isinstance(compte, Compte) and compte.is_active and compte.is_staff):
        return None
    agent: Agent | None = getattr(compte, "agent", None)
    return None if agent is None or agent.fonction == Agent.Fonction.AUCUNE else agent


def etape_due(request: HttpRequest) -> Etape | None:
    """Return what the signed-in agent must do next, None when the door is open.

    Who has a device proves it first: a stolen password alone must not be able to change that password.
    """
    compte = compte_de(request)
    if not est_prouve(request) and appareil_confirme(compte) is not None:
        return Etape.VERIFICATION
    if mot_de_passe_a_changer(compte):
        return Etape.MOT_DE_PASSE
    return None if est_prouve(request) else Etape.ENROLEMENT


def agent_verifie(request: HttpRequest) -> Agent | None:
    """Return the agent who may read the pages of /gestion/ now; None closes the door."""
    agent = agent_de(request.user)
    if agent is None or not est_prouve(request) or mot_de_passe_a_changer(agent.compte):
        return None
    return agent


def est_prouve(request: HttpRequest) -> bool:
    """Whether this session has proved its second factor."""
    return facteur_prouve(request) is not None


def mot_de_passe_a_changer(compte: Compte, maintenant: datetime | None = None) -> bool:
    """Whether the password was given by an operator, is a year old, or was accepted by a policy imposed no longer."""
    return (
        compte.renouvellement_exige
        or age(compte, maintenant) > MOT_DE_PASSE_DUREE
        or politique_depassee(compte, maintenant)
    )


def mots_de_l_agent(agent: Agent) -> list[str]:
    """Return the words of the agent that a password must not rest on."""
    return mots_personnels_agent(agent)


@transaction.atomic
def creer_agent(
    *,
    acteur: str,
    email: str,
    nom: str,
    prenom: str,
    service: ServiceGestionnaire,
    fonction: str = Agent.Fonction.GESTIONNAIRE,
) -> tuple[Agent, str]:
    """Return a new agent and the first password, to hand over once: it must be replaced at the first sign-in.

    Raises: CompteDejaCree, AdresseInvalide, AdresseTropLongue, AdresseJetable, NomInvalide, TexteIllisible.
    """
    adresse, nom, prenom = normaliser_adresse(email), normaliser_nom(nom), normaliser_nom(prenom)
    if Compte.objects.d_adresse(adresse).exists():
        raise CompteDejaCree(email=adresse)
    premier = _mot_de_passe_tire()
    compte = Compte.objects.creer(email=adresse, mot_de_passe=premier, is_staff=True, renouvellement_exige=True)
    agent = Agent.objects.create(
        compte=compte, service_gestionnaire=service, fonction=Agent.Fonction(fonction), nom=nom, prenom=prenom
    )
    consigner(
        actes.AGENT_CREE,
        auteur=acteur,
        details={"agent": agent.pk, "service": service.code, "fonction": agent.fonction},
    )
    return agent, premier


@transaction.atomic
def reinitialiser_agent(*, acteur: str | Agent, agent: Agent, preuve: str, maintenant: datetime | None = None) -> str:
    """Take the agent back to the first sign-in and return the new first password: device and recovery codes are lost.

    Every session of the agent closes; the guesses that anybody made keep nobody out. `preuve` is how the caller knows who
    asks; the agent is told by mail. A head of office does it for the agents of the office (`equipe.exiger_equipe`).

    Raises: ChefRequis, AgentHorsDuService, PasSoiMeme, FonctionHorsDePortee, AgentSansFonction.
    """
    maintenant = maintenant or timezone.now()
    agent = exiger_equipe(acteur, agent) if isinstance(acteur, Agent) else verrouiller_agents(agent.pk)[agent.pk]
    if agent.fonction == Agent.Fonction.AUCUNE:
        raise AgentSansFonction(agent=str(agent))
    compte = Compte.objects.select_for_update(no_key=True).get(pk=agent.compte_id)
    oublier_second_facteur(acteur=compte)
    premier = _mot_de_passe_tire()
    compte.password = make_password(premier)
    compte.renouvellement_exige = True
    compte.mot_de_passe_change_le = maintenant
    compte.save(update_fields=["password", "renouvellement_exige", "mot_de_passe_change_le"])
    fermer_toutes(acteur=compte)
    oublier_essais(compte)
    ligne = consigner(
        actes.AGENT_REINITIALISE,
        auteur=acteur,
        details={"agent": agent.pk, "preuve": PreuveIdentite(preuve).label},
    )
    deposer(
        "agent_reinitialise",
        destinataire=compte.email,
        acte=f"agent.reinitialise:{ligne.pk}",
        contexte={
            "nom": str(agent),
            "par": str(acteur) if isinstance(acteur, Agent) else "l’exploitation",
            "preuve": PreuveIdentite(preuve).label,
            "fin": jour_heure(fin_du_premier_mot_de_passe(compte)),
        },
        maintenant=maintenant,
    )
    return premier


def fin_du_premier_mot_de_passe(compte: Compte) -> datetime:
    """Return when the first password that was given to this agent opens nothing any more."""
    return compte.mot_de_passe_change_le + PREMIER_MOT_DE_PASSE_DUREE


def premier_mot_de_passe_perime(compte: Compte, maintenant: datetime | None = None) -> bool:
    """Whether the first password was given too long ago without having been replaced."""
    return compte.renouvellement_exige and (maintenant or timezone.now()) > fin_du_premier_mot_de_passe(compte)


@transaction.atomic
@relit_l_agent
def changer_mot_de_passe_agent(
    *, acteur: Agent, nouveau: str, prouve: Compte | None = None, garder: str | None = None
) -> None:
    """Replace the agent's password and close every session but the one of key `garder`. The caller has checked the
    current one: `prouve` is the account as it was read for that.

    Raises: CompteModifie, PremierMotDePassePerime, MotDePasseTropLong, MotDePasseFaible, MotDePasseDejaUtilise (R3).
    """
    if premier_mot_de_passe_perime(acteur.compte):
        raise PremierMotDePassePerime
    exiger_force(nouveau, mots_de_l_agent(acteur))
    changer_mot_de_passe(acteur=prouve or acteur.compte, nouveau=nouveau, garder=garder)


def _mot_de_passe_tire() -> str:
    """Return five groups of five characters, 123 bits, easy to copy from paper."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(5))
