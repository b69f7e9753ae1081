"""Who is told by mail that something waits in a mailbox: never what it says (issue 15.10).

`prevenir` is called by `remise.remettre`, for whatever the office or the portal writes: an act that makes a message arrive
calls `remettre` and nothing else. A mail names the company, and whether a document is asked for: neither subject nor text.
What is true when it is written is asked again when it leaves: who lost the right, who has read meanwhile, is told nothing.
A digest is one mail of a day and an espace, which waits in the outbox until the morning: no job makes it, and the outbox
sends it once, whatever dies meanwhile.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.compteurs.plafonds import dater_avis
from accounts.envois import courriels
from accounts.envois.courriels import Depart
from accounts.models import Courriel, Espace
from accounts.traces.journal import consigner

from .. import actes
from ..models import (
    Echange,
    LectureMessage,
    Message,
    MessageNonLu,
    PersonneSirenisee,
    PieceJointe,
    PreferenceMessagerie,
)
from .droits import lecteurs_de, personnes_de, peut_lire

Rythme = PreferenceMessagerie.Rythme
IMMEDIAT: Final = "messagerie_message"
RESUME: Final = "messagerie_resume"
ENTREPRISE: Final = "messagerie_entreprise"
PIECE_ECARTEE: Final = "piece_ecartee"
REGLAGE: Final = "preferences_messagerie"
MATIN: Final = time(7)
"""When the digest leaves, in Paris time."""
LIGNES: Final = 30
"""How many companies a digest names; it counts the others."""


def prevenir(message: Message, *, maintenant: datetime | None = None, sauf: Collection[Espace] = ()) -> None:
    """Write, in the transaction that makes it arrive, to whoever reads this mailbox and to the company's address.

    At once or in the next morning's digest, as each has chosen; nothing for what an espace wrote, a note between agents, or
    what waits for its analysis. `sauf`: who is told otherwise. Called again for the same message, writes nothing more.
    """
    maintenant = maintenant or timezone.now()
    if message.interne or message.pret_le is None or message.espace_id is not None:
        return
    personne = message.echange.personne
    # In the order of their keys: two acts that add to the same digests wait for one another, and never both.
    lecteurs = sorted(lecteurs_de(personne), key=lambda espace: espace.pk)
    rythmes = rythmes_de(lecteurs, personne)
    for espace in lecteurs:
        if espace in sauf or espace.compte is None:
            continue
        if rythmes[espace.pk] == Rythme.QUOTIDIEN:
            _ajouter_au_resume(espace, message, maintenant)
        else:
            _ecrire(
                IMMEDIAT,
                espace.compte.email,
                message,
                maintenant,
                qui=f"{espace.pk}",
                cadence=settings.DEBIT_AVIS_MESSAGERIE,
                espace=espace,
            )
    if personne.courriel and personne.courriel not in {e.compte.email for e in lecteurs if e.compte is not None}:
        cadence = settings.DEBIT_COURRIEL_ENTREPRISE
        _ecrire(ENTREPRISE, personne.courriel, message, maintenant, qui="entreprise", cadence=cadence)


def _ecrire(
    genre: str,
    destinataire: str,
    message: Message,
    maintenant: datetime,
    *,
    qui: str,
    cadence: tuple[int, timedelta],
    espace: Espace | None = None,
) -> None:
    """Write one mail of this company to this address; beyond the pace, into the one that waits for its hour."""
    personne, acte = message.echange.personne, f"{genre}:{message.pk}:{qui}"
    if Courriel.objects.filter(acte=acte).exists():
        return
    pas_avant = dater_avis(f"messagerie|{personne.pk}|{qui}", cadence, maintenant)
    attend = (
        Courriel.objects.select_for_update(no_key=True, of=("self",))
        .en_attente()
        .filter(
            destinataire=destinataire,
            genre=genre,
            espace=espace,
            contexte__personne=personne.pk,
            prochain_essai_le__gt=maintenant,
            tentatives=0,
        )
        .first()
    )
    if attend is not None:
        _joindre(attend, message)
        return
    courriels.deposer(
        genre,
        destinataire=destinataire,
        acte=acte,
        espace=espace,
        contexte={"personne": personne.pk, "messages": [str(message.pk)]},
        maintenant=maintenant,
        pas_avant=pas_avant,
    )


def _joindre(courriel: Courriel, message: Message) -> None:
    """Have this mail, which is locked and waits, tell of this message too."""
    deja: list[str] = courriel.contexte["messages"]
    if str(message.pk) not in deja:
        courriel.contexte = {**courriel.contexte, "messages": [*deja, str(message.pk)]}
        courriel.save(update_fields=["contexte"])


def prochain_matin(maintenant: datetime, *, apres: date | None = None) -> datetime:
    """Return when the next digest leaves: the first morning after now, in Paris time, and after this day if one is given."""
    jour = timezone.localdate(maintenant)
    depart = timezone.make_aware(datetime.combine(jour, MATIN))
    while depart <= maintenant or (apres is not None and timezone.localdate(depart) <= apres):
        jour += timedelta(days=1)
        depart = timezone.make_aware(datetime.combine(jour, MATIN))
    return depart


def _ajouter_au_resume(espace: Espace, message: Message, maintenant: datetime) -> None:
    """Have the next digest of this espace tell of this message: one mail a day, whatever address it leaves to."""
    parti: date | None = None
    while True:
        depart = prochain_matin(maintenant, apres=parti)
        jour = timezone.localdate(depart)
        acte = f"{RESUME}:{espace.pk}:{jour:%Y-%m-%d}"
        du_jour = Courriel.objects.select_for_update(no_key=True, of=("self",)).filter(acte=acte).first()
        if du_jour is None:
            assert espace.compte is not None  # noqa: S101  # the caller has looked
            du_jour = courriels.deposer(
                RESUME,
                destinataire=espace.compte.email,
                acte=acte,
                espace=espace,
                contexte={"messages": []},
                maintenant=maintenant,
                pas_avant=depart,
            )
            du_jour = Courriel.objects.select_for_update(no_key=True, of=("self",)).get(pk=du_jour.pk)
        if du_jour.traite_le is None and du_jour.ecarte_le is None:
            _joindre(du_jour, message)
            return
        parti = jour  # it left while this act was running


# --- Asked again when the mail leaves ----------------------------------------------------------------------------------


def _a_lire(courriel: Courriel) -> list[Message]:
    """Return those of its messages that its espace may still read, and has not read, oldest first."""
    espace = courriel.espace
    if espace is None or espace.compte is None:
        return []
    non_lus = (
        MessageNonLu.objects.filter(lecteur=espace.compte, message__in=_messages(courriel))
        .select_related("message__echange__personne")
        .order_by("message__pret_le", "message")
    )
    messages = [non_lu.message for non_lu in non_lus]
    admises = {personne.pk for personne in {m.echange.personne for m in messages} if peut_lire(espace, personne)}
    return [message for message in messages if message.echange.personne_id in admises]


def _messages(courriel: Courriel) -> list[UUID]:
    return [UUID(cle) for cle in courriel.contexte.get("messages", [])]


def _demande_un_document(messages: Sequence[Message]) -> bool:
    return any(message.echange.etat == Echange.Etat.PIECE_DEMANDEE for message in messages)


def _relire_message(courriel: Courriel) -> Depart | None:
    """Who holds this mailbox, and what of it is still to be read, when the mail of one company leaves."""
    messages = _a_lire(courriel)
    if not messages or courriel.espace is None or courriel.espace.compte is None:
        return None
    contexte = {
        "denomination": messages[-1].echange.personne.denomination,
        "nombre": len(messages),
        "piece": _demande_un_document(messages),
    }
    return Depart(contexte, courriel.espace.compte.email)


def _relire_resume(courriel: Courriel) -> Depart | None:
    """The same for a digest, company by company."""
    messages = _a_lire(courriel)
    if not messages or courriel.espace is None or courriel.espace.compte is None:
        return None
    par_entreprise: dict[PersonneSirenisee, list[Message]] = {}
    for message in messages:
        par_entreprise.setdefault(message.echange.personne, []).append(message)
    lignes = [_ligne(personne, leurs) for personne, leurs in par_entreprise.items()]
    reste = len(lignes) - LIGNES
    if reste > 0:
        lignes = [*lignes[:LIGNES], f"et {reste} autre{'s' if reste > 1 else ''} entreprise{'s' if reste > 1 else ''}"]
    contexte = {"nombre": len(messages), "lignes": lignes, "piece": _demande_un_document(messages)}
    return Depart(contexte, courriel.espace.compte.email)


def _ligne(personne: PersonneSirenisee, messages: Sequence[Message]) -> str:
    nombre = f"{len(messages)} messages" if len(messages) > 1 else "un message"
    demande = ", un document vous est demandé" if _demande_un_document(messages) else ""
    return f"{personne.denomination} : {nombre}{demande}"


def _relire_entreprise(courriel: Courriel) -> Depart | None:
    """The address must still be the company's, and nobody of it have read what waits."""
    messages = Message.objects.filter(pk__in=_messages(courriel), interne=False).select_related("echange__personne")
    lus = LectureMessage.objects.filter(message__in=messages).values_list("message", flat=True)
    restent = [message for message in messages.exclude(pk__in=lus) if message.pret_le is not None]
    if not restent:
        return None
    personne = restent[-1].echange.personne
    if personne.courriel != courriel.destinataire:
        return None
    return Depart({"denomination": personne.denomination, "nombre": len(restent)}, courriel.destinataire)


def _relire_piece_ecartee(courriel: Courriel) -> Depart | None:
    """The file that was refused must still be there, and its author still read that mailbox (pieces/analyse.py)."""
    piece = (
        PieceJointe.objects.select_related("message__echange__personne", "brouillon__personne")
        .filter(pk=courriel.acte.removeprefix("piece:"))
        .first()
    )
    espace = courriel.espace
    if piece is None or espace is None or espace.compte is None:
        return None
    personne: PersonneSirenisee | None = None
    if piece.message is not None:
        personne = piece.message.echange.personne
    elif piece.brouillon is not None:
        personne = piece.brouillon.personne
    if personne is None or not peut_lire(espace, personne):
        return None
    return Depart(courriel.contexte, espace.compte.email)


def inscrire_relectures() -> None:
    """Have each of these mails asked again when it leaves."""
    courriels.relire_au_depart(IMMEDIAT, _relire_message, reglage=REGLAGE)
    courriels.relire_au_depart(RESUME, _relire_resume, reglage=REGLAGE)
    courriels.relire_au_depart(ENTREPRISE, _relire_entreprise)
    courriels.relire_au_depart(PIECE_ECARTEE, _relire_piece_ecartee)


# --- What each has chosen ----------------------------------------------------------------------------------------------


def rythmes_de(espaces: Collection[Espace], personne: PersonneSirenisee) -> dict[UUID, str]:
    """Return the pace that each of these has chosen for this mailbox: one query."""
    choix: dict[UUID, dict[int | None, str]] = {espace.pk: {} for espace in espaces}
    for ligne in PreferenceMessagerie.objects.filter(espace__in=choix, personne=None) | (
        PreferenceMessagerie.objects.filter(espace__in=choix, personne=personne)
    ):
        choix[ligne.espace_id][ligne.personne_id] = ligne.rythme
    return {cle: leurs.get(personne.pk, leurs.get(None, Rythme.IMMEDIAT.value)) for cle, leurs in choix.items()}


def choix_de(espace: Espace) -> dict[int | None, str]:
    """Return what this espace has chosen, by the key of the personne, None for all others: one query."""
    lignes = PreferenceMessagerie.objects.filter(espace=espace)
    choix: dict[int | None, str] = {None: Rythme.IMMEDIAT.value}
    choix.update(lignes.values_list("personne", "rythme"))
    return choix


def ralentit(choix: Mapping[int | None, str], *, defaut: str, par_personne: Mapping[int, str]) -> bool:
    """Whether these choices have one told a day later of a mailbox that was told at once, or of those to come.

    Who took a session over would make them first: the password is asked again (as for habilitations/partage/preferences.py).
    """
    apres = {**choix, **par_personne, None: defaut}
    return any(
        (choix.get(cle) or choix[None]) == Rythme.IMMEDIAT and (apres[cle] or defaut) != Rythme.IMMEDIAT
        for cle in apres
    )


@transaction.atomic
def choisir_rythmes(*, acteur: Espace, defaut: str, par_personne: Mapping[int, str]) -> bool:
    """Store how soon one is told: of all mailboxes, and of each of these (« »: as all); whether anything changed.

    A mailbox that the espace may not read any longer is passed over. What waits for the morning's digest stays in it.
    """
    espace = Espace.objects.select_for_update(no_key=True).get(pk=acteur.pk)
    avant = choix_de(espace)
    siennes = set(personnes_de(espace))
    voulu: dict[int | None, str] = {None: Rythme(defaut).value}
    voulu |= {cle: Rythme(rythme).value if rythme else "" for cle, rythme in par_personne.items() if cle in siennes}
    change = {cle: rythme for cle, rythme in voulu.items() if avant.get(cle, "") != rythme}
    for cle, rythme in change.items():
        if rythme:
            PreferenceMessagerie.objects.update_or_create(espace=espace, personne_id=cle, defaults={"rythme": rythme})
        else:
            PreferenceMessagerie.objects.filter(espace=espace, personne_id=cle).delete()
    if change:
        consigner(actes.AVIS_MESSAGERIE_CHOISIS, auteur=espace, details={"nombre": len(change)})
    return bool(change)
