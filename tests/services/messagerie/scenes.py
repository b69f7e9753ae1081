"""What the tests of the mailbox share: a company with its Messagerie, who holds it, and messages."""

import io
import uuid
from dataclasses import dataclass
from typing import Any

from pypdf import PdfReader

from accounts.models import Agent, Espace
from habilitations.models import Habilitation, Role
from services.messagerie.bureau import cle_d_envoi_du_bureau, envoyer_du_bureau, garder_du_bureau, montre_de
from services.messagerie.echanges import ecrire
from services.models import Echange, Message, PersonneSirenisee, Service
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, ServiceFactory, accorder, echanger, habiliter


@dataclass
class Scene:
    """A company, its titulaire and an acteur of its Messagerie, an agent of its office."""

    personne: PersonneSirenisee
    racine: Habilitation
    titulaire: Espace
    acteur: Espace
    agent: Agent


def messagerie() -> Service:
    """Return the service Messagerie of the catalogue."""
    trouve = Service.objects.filter(famille=Service.Famille.MESSAGERIE).first()
    return trouve or ServiceFactory(code="MESSAGERIE", libelle="Messagerie", famille=Service.Famille.MESSAGERIE)


def scene(**champs: Any) -> Scene:
    """Return a company whose mailbox two espaces read."""
    personne = PersonneFactory(**champs)
    titulaire, acteur = EspaceFactory(nom="Vidal", prenom="Karine"), EspaceFactory(nom="Colin", prenom="Inès")
    racine = habiliter(titulaire, personne=personne, service=messagerie())
    accorder(racine, acteur, Role.ACTEUR)
    agent = AgentFactory(service_gestionnaire=personne.service_gestionnaire)
    return Scene(personne, racine, titulaire, acteur, agent)


def ouvrir(lieu: Scene, objet: str = "Option", texte: str = "Bonjour", theme: str = "TVA") -> Echange:
    """Return an exchange that the titulaire of this company has opened: it waits for the office."""
    return ecrire(
        acteur=lieu.titulaire, personne=lieu.personne, theme=theme, objet=objet, texte=texte, envoi=uuid.uuid4()
    ).echange


def recevoir(
    personne: PersonneSirenisee, *, agent: Agent | None = None, texte: str = "Bonjour", **champs: Any
) -> Message:
    """Return a message that the office, or the portal, has not made arrive yet."""
    echange: Echange = champs.pop("echange", None) or echanger(personne, etat=Echange.Etat.REPONDU)
    return Message.objects.create(echange=echange, agent=agent, texte=texte, **champs)


def repondre_en_agent(
    agent: Agent, echange: Echange, texte: str = "C’est noté.", *, piece: bool = False, attend: bool = False
) -> Message:
    """Have this agent answer as his pages do: kept, read again, sent; return the message."""
    brouillon = garder_du_bureau(acteur=agent, echange=echange, texte=texte)
    assert brouillon is not None
    return envoyer_du_bureau(
        acteur=agent,
        echange=echange,
        envoi=cle_d_envoi_du_bureau(brouillon, piece=piece),
        montre=montre_de(agent, Echange.objects.get(pk=echange.pk)),
        piece=piece,
        attend=attend,
    )


def texte_du_pdf(octets: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(octets)).pages)
