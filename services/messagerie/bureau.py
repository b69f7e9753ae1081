"""The office's side of the mailbox: taking on, answering, noting, asking for a document, passing on, closing (CGU §2.3; domaine.md 2.14).

Locks: agent, personne, exchange. Each act says up to which message its page had shown (`vu`): one that came meanwhile is read
before anything is answered or closed. Each text bears the key that its form was given, so that a form sent twice is sent once.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.gestion.affaires import AffaireDejaPrise, affaire_de, prendre
from accounts.gestion.bureau import est_prise
from accounts.gestion.fonctions import BUREAU
from accounts.models import Agent, ServiceGestionnaire
from accounts.saisies.porte import lire_phrase, lire_texte
from accounts.saisies.regles import RegleMetier
from accounts.traces.actes import Acte
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner

from .. import actes
from ..models import Brouillon, Echange, LectureMessage, Message, PersonneSirenisee
from .accuses import AccuseAvecFichier
from .echanges import (
    EchangeDuPortail,
    EnvoiDejaParti,
    EnvoiDUnAutre,
    MessageVide,
    lire_message,
    poster_avec_ses_pieces,
)
from .montres import BrouillonMontre, change_ailleurs, est_le_meme_envoi, montrer
from .remise import remettre
from .themes import theme_de

FILE: Final = "MESSAGERIE"
"""The code of the queue in which the exchanges wait for the office."""
LONGUEUR_MOTIF: Final = 300


class EchangeHorsService(RegleMetier):
    code = "echange_hors_service"
    statut = 404
    message = "Cet échange n’est pas, ou plus, celui de votre service."


class MessageArrive(RegleMetier):
    code = "message_arrive"
    message = "Un message est arrivé pendant que vous lisiez cet échange : il est affiché, lisez-le avant de confirmer."


class EchangeDejaClos(RegleMetier):
    code = "echange_deja_clos"
    message = "Cet échange est clos : il n’y a plus rien à y faire, sauf répondre, ce qui le rouvre."


class EchangeDejaPris(RegleMetier):
    code = "echange_deja_pris"
    message = "Cet échange n’attend pas d’être pris en charge : il l’est déjà, ou il attend l’entreprise."


class ReponseChangee(RegleMetier):
    code = "reponse_changee"
    message = (
        "Votre réponse a changé depuis que cette page l’a montrée, dans un autre onglet peut-être : la voici telle qu’elle est "
        "gardée. Relisez-la, puis confirmez."
    )


class ReponseGardeeAilleurs(RegleMetier):
    code = "reponse_gardee_ailleurs"
    message = (
        "Un autre texte a été gardé pour cette réponse depuis que cette page l’a montrée, dans un autre onglet peut-être : il est affiché "
        "plus bas. Rien n’est perdu de ce que vous écrivez ici ; confirmez si votre texte doit le remplacer."
    )


class ReponseEffacee(RegleMetier):
    code = "reponse_effacee"
    message = "Cette réponse n’est plus gardée : elle est envoyée, ou vous l’avez effacée. L’échange dit où il en est."


class ReponseDUnCollegue(RegleMetier):
    code = "reponse_d_un_collegue"
    message = (
        "{qui} à l’entreprise pendant que cette page était ouverte : le message est affiché. Rien de plus n’est parti, votre texte "
        "est gardé ; confirmez s’il reste utile."
    )


class EchangeClosEntreTemps(RegleMetier):
    code = "echange_clos_entre_temps"
    message = (
        "Cet échange vient d’être clos par {qui}. Rien n’est parti, votre texte est gardé ; l’envoyer rouvre l’échange : confirmez "
        "s’il le faut."
    )


class EchangePrisEntreTemps(RegleMetier):
    code = "echange_pris_entre_temps"
    message = (
        "{agent} vient de prendre cet échange : voyez avec cet agent avant d’envoyer. Rien n’est parti, votre texte est gardé ; "
        "confirmez s’il le faut."
    )


class DejaCeService(RegleMetier):
    code = "deja_ce_service"
    message = "Cet échange est déjà celui de ce service."


class MotifDeTransfertRequis(RegleMetier):
    code = "motif_de_transfert_requis"
    message = "Dites pourquoi, en {limite} caractères au plus : l’agent qui le reçoit lira votre motif."


def fil(echange: Echange) -> QuerySet[Message]:
    """Return what the office reads of this exchange, notes included, the oldest first.

    Of the company nothing whose files wait to be analysed; of the office its own, which waits to leave.
    """
    return (
        Message.objects.filter(Q(pret_le__isnull=False) | Q(agent__isnull=False), echange=echange)
        .select_related("espace", "agent__service_gestionnaire")
        .prefetch_related(
            Prefetch("lectures", LectureMessage.objects.select_related("lecteur__espace", "lecteur__agent")),
            "pieces_jointes",
        )
    )


def dernier_de_l_entreprise(echange: Echange) -> UUID | None:
    """Return the key of the last message of the company that came to the office: what an act says to have seen.

    In the order in which they came: one whose files were analysed comes after what was written later.
    """
    venus = Message.objects.filter(echange=echange, espace__isnull=False, pret_le__isnull=False)
    return venus.order_by("pret_le", "pk").values_list("pk", flat=True).last()


@dataclass(frozen=True)
class Montre:
    """What a page had shown of an exchange when its agent pressed: the last message of each side, whether it was closed, who had it."""

    vu: UUID | None
    repondu: UUID | None
    tenue: UUID | None


def montre_de(agent: Agent, echange: Echange, maintenant: datetime | None = None) -> Montre:
    """Return what a page shows now of this exchange to this agent, for the act to compare."""
    dernier, tenu = _dernier_du_bureau(echange), tenu_par_un_autre(agent, echange, maintenant or timezone.now())
    clos = echange.etat == Echange.Etat.CLOS
    return Montre(
        vu=dernier_de_l_entreprise(echange),
        repondu=dernier.pk if dernier is not None else None,
        tenue=uuid5(echange.pk, f"{clos}|{tenu.pk if tenu is not None else ''}"),
    )


def cle_d_envoi_du_bureau(brouillon: Brouillon, *, piece: bool) -> UUID:
    """Return the key of the message that this draft becomes as it is, its files included: another text, or another file, is another."""
    return uuid5(brouillon.pk, f"{piece}|{montrer(brouillon, brouillon.pieces_jointes.all())}")


def brouillon_du_bureau(agent: Agent, echange: Echange) -> Brouillon | None:
    """Return what this agent has begun to answer: one query."""
    return Brouillon.objects.filter(agent=agent, echange=echange).first()


def echeance(echange: Echange) -> datetime | None:
    """Return until when its theme promises an answer to what waits; None for what waits for none."""
    delai = theme_de(echange.theme).delai_jours
    return None if echange.attend_le is None or not delai else echange.attend_le + timedelta(days=delai)


def marquer_lus_du_bureau(agent: Agent, messages: Iterable[Message], maintenant: datetime | None = None) -> None:
    """Leave this agent's read receipts on what the company wrote, once: a trace of reading, written when the page is made."""
    maintenant = maintenant or timezone.now()
    LectureMessage.objects.bulk_create(
        (
            LectureMessage(message=message, lecteur_id=agent.compte_id, lu_le=maintenant)
            for message in messages
            if message.espace_id is not None
            and agent.compte_id not in {lecture.lecteur_id for lecture in message.lectures.all()}
        ),
        ignore_conflicts=True,
    )


@transaction.atomic
@relit_l_agent
def prendre_en_charge(*, acteur: Agent, echange: Echange, maintenant: datetime | None = None) -> Echange:
    """Say to the company that an agent works on this exchange, and return it; it goes on waiting.

    What waits is the agent's from then on, as by « Prendre », where no other has it.
    Raises: EchangeHorsService, EchangeDejaPris.
    """
    echange = verrouiller_du_bureau(acteur, echange)
    if echange.etat != Echange.Etat.ENVOYE:
        raise EchangeDejaPris
    _prendre_en_charge(acteur, echange, maintenant or timezone.now())
    return echange


@transaction.atomic
@relit_l_agent
def envoyer_du_bureau(
    *,
    acteur: Agent,
    echange: Echange,
    envoi: UUID,
    montre: Montre,
    piece: bool = False,
    attend: bool = False,
    maintenant: datetime | None = None,
) -> Message:
    """Send what this agent has begun to answer, or to ask a document by (`piece`), as the page read again showed it; return the message.

    A closed exchange is reopened by it. It takes the files of the draft, and leaves once none waits to be analysed: until then the
    exchange waits as it did. `envoi` is `cle_d_envoi_du_bureau` of what was shown, `montre` what was shown of the exchange.
    `attend`: it only makes the company wait, whose question the office still has to answer, by the day that was promised; where
    nothing waits for the office, it changes nothing.
    Raises: EchangeHorsService, EchangeDuPortail, ReponseEffacee, ReponseChangee, MessageArrive, ReponseDUnCollegue,
    EchangeClosEntreTemps, EchangePrisEntreTemps, MessageVide, PieceRefusee, AccuseAvecFichier, EnvoiDUnAutre.
    """
    maintenant = maintenant or timezone.now()
    echange = verrouiller_du_bureau(acteur, echange)
    if (deja := _deja_envoye(acteur, echange, envoi)) is not None:
        return deja
    brouillon = Brouillon.objects.select_for_update(of=("self",)).filter(agent=acteur, echange=echange).first()
    if brouillon is None:
        raise ReponseEffacee
    if cle_d_envoi_du_bureau(brouillon, piece=piece) != envoi:
        raise ReponseChangee
    if not brouillon.texte:
        raise MessageVide
    _exiger_montre(acteur, echange, montre, maintenant)
    message = Message(
        pk=envoi, echange=echange, agent=acteur, texte=brouillon.texte, demande_piece=piece, envoye_le=maintenant
    )
    if attend and not piece and echange.etat in Echange.ATTENDENT_LE_SERVICE:
        return _faire_patienter(acteur, message, brouillon, maintenant)
    return _repondre(acteur, message, brouillon, maintenant)


@transaction.atomic
@relit_l_agent
def garder_du_bureau(
    *,
    acteur: Agent,
    echange: Echange,
    texte: str,
    montre: BrouillonMontre | None = None,
    maintenant: datetime | None = None,
) -> Brouillon | None:
    """Keep what an agent has begun to answer, in the place of what there was; return it, None where nothing is left.

    `montre` is what its page had shown of the draft, None where that page itself kept what there is: other words stay.
    Raises: EchangeHorsService, EchangeDuPortail, TexteIllisible, MessageTropLong, ReponseGardeeAilleurs.
    """
    echange = verrouiller_du_bureau(acteur, echange)
    texte = lire_texte(texte)
    if texte:
        texte = lire_message(texte)
    connu = brouillon_du_bureau(acteur, echange)
    if montre is not None and change_ailleurs(connu, montre, texte):
        raise ReponseGardeeAilleurs
    if not texte and (connu is None or not connu.pieces_jointes.exists()):
        if connu is not None:
            connu.delete()
        return None
    brouillon = connu or Brouillon(agent=acteur, personne=echange.personne, echange=echange)
    brouillon.texte, brouillon.modifie_le = texte, maintenant or timezone.now()
    brouillon.save()
    return brouillon


@transaction.atomic
@relit_l_agent
def noter(*, acteur: Agent, echange: Echange, texte: str, envoi: UUID, maintenant: datetime | None = None) -> Message:
    """Leave a note between agents on this exchange, and return it: it is never shown outside, and changes nothing else.

    Raises: EchangeHorsService, EchangeDuPortail, TexteIllisible, MessageVide, MessageTropLong, EnvoiDUnAutre,
    EnvoiDejaParti.
    """
    echange = verrouiller_du_bureau(acteur, echange)
    if (deja := _deja_envoye(acteur, echange, envoi, texte)) is not None:
        return deja
    note = _noter(acteur, echange, lire_message(texte), maintenant or timezone.now(), envoi)
    _consigner(actes.ECHANGE_NOTE, acteur, echange)
    return note


@transaction.atomic
@relit_l_agent
def transferer(
    *,
    acteur: Agent,
    echange: Echange,
    vers: ServiceGestionnaire,
    motif: str,
    montre: Montre | None = None,
    maintenant: datetime | None = None,
) -> Echange:
    """Give this exchange to another office, with a note that says why, and return it; the company reads who follows it now.

    `montre` is what the page read again had shown of the exchange, where one did.
    It waits there since it waited here, and nobody there has claimed it, nor says so to the company (`services/migrations/0030`);
    what agents had begun to answer ends (`services/migrations/0027`). Raises: EchangeHorsService, EchangeDuPortail, EchangeDejaClos, DejaCeService, TexteIllisible, MotifDeTransfertRequis, MessageArrive, ReponseDUnCollegue, EchangePrisEntreTemps.
    """
    maintenant = maintenant or timezone.now()
    echange = verrouiller_du_bureau(acteur, echange)
    if echange.etat == Echange.Etat.CLOS:
        raise EchangeDejaClos
    if vers.pk == echange.service_gestionnaire_id:
        raise DejaCeService
    motif = lire_motif(motif)
    if montre is not None:
        _exiger_montre(acteur, echange, montre, maintenant)
    _noter(acteur, echange, f"Transmis à {vers.nom} : {motif}", maintenant)
    echange.service_gestionnaire = vers
    if echange.etat == Echange.Etat.PRIS_EN_CHARGE:
        echange.passer(Echange.Etat.ENVOYE, maintenant)
    echange.save(update_fields=["service_gestionnaire", *Echange.CHAMPS_D_ETAT])
    dit = Message.objects.create(
        echange=echange,
        texte=dire_le_transfert(vers),
        envoye_le=maintenant + timedelta(microseconds=1),  # after the note that says why
        pret_le=maintenant,
    )
    remettre(dit, maintenant)
    _consigner(actes.ECHANGE_TRANSFERE, acteur, echange, de=acteur.service_gestionnaire.code, vers=vers.code)
    return echange


@transaction.atomic
@relit_l_agent
def clore_du_bureau(*, acteur: Agent, echange: Echange, vu: UUID | None, maintenant: datetime | None = None) -> Echange:
    """Close this exchange for everybody, and return it: an answer of the company reopens it.

    Raises: EchangeHorsService, EchangeDuPortail, EchangeDejaClos, MessageArrive.
    """
    echange = verrouiller_du_bureau(acteur, echange)
    if echange.etat == Echange.Etat.CLOS:
        raise EchangeDejaClos
    _exiger_vu(echange, vu)
    _passer(echange, Echange.Etat.CLOS, maintenant or timezone.now())
    _consigner(actes.ECHANGE_CLOS_PAR_LE_SERVICE, acteur, echange)
    return echange


def verrouiller_du_bureau(acteur: Agent, echange: Echange) -> Echange:
    """Lock personne and exchange for an agent, locked, and return the latter fresh. Raises: EchangeHorsService, EchangeDuPortail."""
    personne = (
        PersonneSirenisee.objects.select_for_update(no_key=True, of=("self",))
        .select_related("service_gestionnaire")
        .get(pk=echange.personne_id)
    )
    frais = (
        Echange.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk=echange.pk, personne=personne, service_gestionnaire=acteur.service_gestionnaire_id)
        .first()
    )
    if frais is None or acteur.fonction not in BUREAU:
        raise EchangeHorsService
    if theme_de(frais.theme).portail:
        raise EchangeDuPortail
    frais.personne = personne
    return frais


def dire_le_transfert(vers: ServiceGestionnaire) -> str:
    """Return what the company reads of it."""
    return f"Votre échange est transmis à {vers.nom}, qui vous répondra."


def lire_motif(saisie: str) -> str:
    """Return why an exchange is given to another office, in one form. Raises: TexteIllisible, MotifDeTransfertRequis."""
    motif = lire_phrase(saisie)
    if not 0 < len(motif) <= LONGUEUR_MOTIF:
        raise MotifDeTransfertRequis(limite=LONGUEUR_MOTIF)
    return motif


def _repondre(acteur: Agent, message: Message, brouillon: Brouillon | None, maintenant: datetime) -> Message:
    """Write this answer with the files of the draft, and give the exchange its state unless one of them waits. Raises: PieceRefusee."""
    echange, piece = message.echange, message.demande_piece
    poster_avec_ses_pieces(message, brouillon)
    if message.pret_le is not None:
        _passer(echange, Echange.Etat.PIECE_DEMANDEE if piece else Echange.Etat.REPONDU, maintenant)
        remettre(message, maintenant)
    _consigner(actes.ECHANGE_PIECE_DEMANDEE if piece else actes.ECHANGE_REPONDU, acteur, echange)
    return message


def _faire_patienter(acteur: Agent, message: Message, brouillon: Brouillon, maintenant: datetime) -> Message:
    """Write this message to a company that goes on waiting: the exchange is taken on, where it was not. Raises: PieceRefusee,

    AccuseAvecFichier: once its file was analysed, nothing would say any more that this was no answer.
    """
    poster_avec_ses_pieces(message, brouillon)
    if message.pret_le is None:
        raise AccuseAvecFichier
    if message.echange.etat == Echange.Etat.ENVOYE:
        _prendre_en_charge(acteur, message.echange, maintenant)
    remettre(message, maintenant)
    _consigner(actes.ECHANGE_ACCUSE, acteur, message.echange)
    return message


def _prendre_en_charge(acteur: Agent, echange: Echange, maintenant: datetime) -> None:
    """Have this exchange, locked, be taken on, by this agent where no other has it."""
    _passer(echange, Echange.Etat.PRIS_EN_CHARGE, maintenant)
    _consigner(actes.ECHANGE_PRIS_EN_CHARGE, acteur, echange)
    affaire = affaire_de(acteur, files=[FILE], cle=str(echange.pk))
    if affaire is not None and affaire.finie_le is None:
        with suppress(AffaireDejaPrise):
            prendre(acteur=acteur, affaire=affaire, maintenant=maintenant)


def _dernier_du_bureau(echange: Echange) -> Message | None:
    """Return the last message that an agent wrote to the company, arrived or not."""
    ecrits = Message.objects.filter(echange=echange, agent__isnull=False, interne=False)
    return ecrits.select_related("agent").order_by("envoye_le", "pk").last()


def tenu_par_un_autre(agent: Agent, echange: Echange, maintenant: datetime) -> Agent | None:
    """Return the other agent who has this exchange, as long as that holds."""
    affaire = affaire_de(agent, files=[FILE], cle=str(echange.pk))
    if affaire is None or affaire.finie_le is not None or not est_prise(affaire, maintenant):
        return None
    return affaire.agent if affaire.agent_id != agent.pk else None


def _exiger_montre(acteur: Agent, echange: Echange, montre: Montre, maintenant: datetime) -> None:
    """Check that this agent was shown the exchange as it is. Raises: MessageArrive, ReponseDUnCollegue, EchangeClosEntreTemps,

    EchangePrisEntreTemps. What was reopened, or given back, holds nobody back.
    """
    _exiger_vu(echange, montre.vu)
    dernier = _dernier_du_bureau(echange)
    if dernier is not None and dernier.pk != montre.repondu:
        de_soi = dernier.agent_id == acteur.pk
        raise ReponseDUnCollegue(qui="Vous avez déjà écrit" if de_soi else f"{dernier.agent} a écrit")
    if montre_de(acteur, echange, maintenant).tenue == montre.tenue:
        return
    if echange.etat == Echange.Etat.CLOS:
        raise EchangeClosEntreTemps(qui="l’entreprise" if echange.clos_par_usager else "un agent de votre service")
    tenu = tenu_par_un_autre(acteur, echange, maintenant)
    if tenu is not None:
        raise EchangePrisEntreTemps(agent=str(tenu))


def _exiger_vu(echange: Echange, vu: UUID | None) -> None:
    """Raises: MessageArrive."""
    if dernier_de_l_entreprise(echange) != vu:
        raise MessageArrive


def _deja_envoye(acteur: Agent, echange: Echange, envoi: UUID, texte: str | None = None) -> Message | None:
    """Return the message that this form has already written, the exchange being locked; None for a `texte` that its key is made of.

    A page gone back to may say something else. Raises: EnvoiDUnAutre, EnvoiDejaParti, TexteIllisible.
    """
    deja = Message.objects.filter(pk=envoi).first()
    if deja is not None and (deja.agent_id, deja.echange_id) != (acteur.pk, echange.pk):
        raise EnvoiDUnAutre
    if deja is not None and texte is not None and not est_le_meme_envoi(deja, texte=lire_texte(texte), montre=None):
        raise EnvoiDejaParti
    return deja


def _noter(acteur: Agent, echange: Echange, texte: str, maintenant: datetime, envoi: UUID | None = None) -> Message:
    cle = {"pk": envoi} if envoi is not None else {}
    return Message.objects.create(
        echange=echange, agent=acteur, texte=texte, interne=True, envoye_le=maintenant, pret_le=maintenant, **cle
    )


def _passer(echange: Echange, etat: Echange.Etat, maintenant: datetime) -> None:
    echange.passer(etat, maintenant)
    echange.save(update_fields=Echange.CHAMPS_D_ETAT)


def _consigner(acte: Acte, acteur: Agent, echange: Echange, **details: str) -> None:
    consigner(acte, auteur=acteur, siren=echange.personne.siren, details={"echange": echange.reference, **details})
