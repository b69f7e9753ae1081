"""Who is told by mail that something waits in a mailbox: never what it says (issue 15.10).

`prevenir` is called by `remise.remettre`, for whatever the office or the portal writes: an act that makes a message arrive
calls `remettre` and nothing else. It leaves one row, and the worker writes the mails from it, all at once: however many read
that mailbox, and whatever holds a row of one of them, the act ends. A mail names the company, and whether a document is asked
for: neither subject nor text.
What is true when it is written is asked again when it leaves: who lost the right, who has read meanwhile, is told nothing.
A digest is one mail of a day and an espace, which waits in the outbox until the morning: no job makes it, and the outbox
sends it once, whatever dies meanwhile.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.compteurs.plafonds import dater_les_avis
from accounts.envois import courriels
from accounts.envois.courriels import Depart
from accounts.envois.relais import ENVOIS_PAR_LOT, traiter, vider
from accounts.envois.reveil import reveiller
from accounts.models import Courriel, Espace
from accounts.traces.journal import consigner

from .. import actes
from ..models import (
    AvisDeMessage,
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
TACHE: Final = "services.ecrire_avis"
IMMEDIAT: Final = "messagerie_message"
RESUME: Final = "messagerie_resume"
ENTREPRISE: Final = "messagerie_entreprise"
PIECE_ECARTEE: Final = "piece_ecartee"
REGLAGE: Final = "preferences_messagerie"
MATIN: Final = time(7)
"""When the digest leaves, in Paris time."""
LIGNES: Final = 30
"""How many companies a digest names; it counts the others."""
GARDE: Final = timedelta(days=1)
"""How long a row stays once its mails are written."""


def prevenir(message: Message, maintenant: datetime | None = None) -> None:
    """Leave the row from which the worker tells whoever reads this mailbox, in the transaction that makes it arrive.

    None for what an espace wrote, a note between agents, or what waits for its analysis. Again for the same message: no more.
    """
    if message.interne or message.pret_le is None or message.espace_id is not None:
        return
    quand = maintenant or timezone.now()
    _, cree = AvisDeMessage.objects.get_or_create(message=message, defaults={"prochain_essai_le": quand})
    if cree:
        reveiller(TACHE, message.pk)


def dit_autrement(message: Message) -> str:
    """Return what a mail is about that tells somebody of this message in other words: no notice is written to him besides."""
    return f"message:{message.pk}"


# --- Written by the worker ---------------------------------------------------------------------------------------------


def ecrire_avis(cle: str) -> bool:
    """Write the mails of the message of this id, once. Return whether they were written now."""
    return traiter(AvisDeMessage, cle, _livrer)


def ecrire_les_avis(nombre: int = ENVOIS_PAR_LOT) -> int:
    """Sweep: write the mails of each message that waits for it, forget what was written a day ago. Return how many messages."""
    AvisDeMessage.objects.filter(traite_le__lt=timezone.now() - GARDE).delete()
    return vider(AvisDeMessage, _livrer, nombre)


def _livrer(avis: AvisDeMessage) -> str:
    """Write to whoever still reads this mailbox and has not read the message, and to the company's address; say how many.

    At once or in the next morning's digest, as each has chosen. As many statements for one reader as for a thousand.
    """
    maintenant = timezone.now()
    message = Message.objects.select_related("echange__personne").get(pk=avis.message_id)
    personne = message.echange.personne
    tous = [espace for espace in lecteurs_de(personne) if espace.compte is not None]
    non_lu = set(MessageNonLu.objects.filter(message=message).values_list("lecteur", flat=True))
    sauf = set(Courriel.objects.filter(acte=dit_autrement(message)).values_list("espace", flat=True))
    # In the order of their keys: two workers that add to the same digests wait for one another, and never both.
    lecteurs = sorted((e for e in tous if e.compte_id in non_lu and e.pk not in sauf), key=lambda e: e.pk)
    rythmes = rythmes_de(lecteurs, personne)
    du_matin = [espace for espace in lecteurs if rythmes[espace.pk] == Rythme.QUOTIDIEN]
    aussitot = {f"{e.pk}": (_adresse(e), e) for e in lecteurs if rythmes[e.pk] != Rythme.QUOTIDIEN}
    _ajouter_aux_resumes(du_matin, message, maintenant)
    _ecrire(IMMEDIAT, aussitot, message, maintenant, cadence=settings.DEBIT_AVIS_MESSAGERIE)
    a_l_entreprise = personne.courriel and personne.courriel not in _adresses_des_lecteurs(tous)
    if a_l_entreprise:
        cadence = settings.DEBIT_COURRIEL_ENTREPRISE
        _ecrire(ENTREPRISE, {"entreprise": (personne.courriel, None)}, message, maintenant, cadence=cadence)
    return f"{len(lecteurs) + bool(a_l_entreprise)} destinataires"


def _adresses_des_lecteurs(espaces: Iterable[Espace]) -> set[str]:
    """Return where those of these who have an account are told: the company is not told twice at one address."""
    return {_adresse(espace) for espace in espaces if espace.compte is not None}


def _adresse(espace: Espace) -> str:
    assert espace.compte is not None  # noqa: S101  # the caller has looked
    return espace.compte.email


def _ecrire(
    genre: str,
    a_qui: Mapping[str, tuple[str, Espace | None]],
    message: Message,
    maintenant: datetime,
    *,
    cadence: tuple[int, timedelta],
) -> None:
    """Write one mail of this company to each address; beyond its pace, into the one that waits there for its hour."""
    personne = message.echange.personne
    actes_de = {qui: f"{genre}:{message.pk}:{qui}" for qui in a_qui}
    deja = set(Courriel.objects.filter(acte__in=actes_de.values()).values_list("acte", flat=True))
    restent = {qui: a_qui[qui] for qui in sorted(a_qui) if actes_de[qui] not in deja}
    if not restent:
        return
    departs = dater_les_avis({qui: f"messagerie|{personne.pk}|{qui}" for qui in restent}, cadence, maintenant)
    attendent = {
        (courriel.destinataire, courriel.espace_id): courriel
        for courriel in Courriel.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .en_attente()
        .filter(
            destinataire__in=[adresse for adresse, _ in restent.values()],
            genre=genre,
            contexte__personne=personne.pk,
            prochain_essai_le__gt=maintenant,
            tentatives=0,
        )
        .order_by("pk")
    }
    a_joindre, neufs = [], []
    for qui, (adresse, espace) in restent.items():
        attend = attendent.get((adresse, espace.pk if espace is not None else None))
        if attend is not None:
            a_joindre.append(attend)
            continue
        contexte = {"personne": personne.pk, "messages": [str(message.pk)]}
        neufs.append(
            Courriel(
                genre=genre,
                destinataire=adresse,
                acte=actes_de[qui],
                espace=espace,
                contexte=contexte,
                cree_le=maintenant,
                prochain_essai_le=max(departs[qui], maintenant),
            )
        )
    _joindre(a_joindre, message)
    courriels.deposer_ensemble(neufs, maintenant)


def _joindre(attendent: Sequence[Courriel], message: Message) -> None:
    """Have these mails, which are locked and wait, tell of this message too."""
    changes = [courriel for courriel in attendent if str(message.pk) not in courriel.contexte["messages"]]
    for courriel in changes:
        courriel.contexte = {
            **courriel.contexte,
            "messages": [*courriel.contexte["messages"], str(message.pk)],
        }
    Courriel.objects.bulk_update(changes, ["contexte"], batch_size=500)


def prochain_matin(maintenant: datetime, *, apres: date | None = None) -> datetime:
    """Return when the next digest leaves: the first morning after now, in Paris time, and after this day if one is given."""
    jour = timezone.localdate(maintenant)
    depart = timezone.make_aware(datetime.combine(jour, MATIN))
    while depart <= maintenant or (apres is not None and timezone.localdate(depart) <= apres):
        jour += timedelta(days=1)
        depart = timezone.make_aware(datetime.combine(jour, MATIN))
    return depart


def _ajouter_aux_resumes(espaces: Sequence[Espace], message: Message, maintenant: datetime) -> None:
    """Have the next digest of each of these tell of this message: one mail a day, whatever address it leaves to."""
    restent, parti = list(espaces), None
    while restent:
        depart = prochain_matin(maintenant, apres=parti)
        jour = timezone.localdate(depart)
        actes_de = {f"{RESUME}:{espace.pk}:{jour:%Y-%m-%d}": espace for espace in restent}
        deposes = set(Courriel.objects.filter(acte__in=actes_de).values_list("acte", flat=True))
        neufs = [
            Courriel(
                genre=RESUME,
                destinataire=_adresse(espace),
                acte=acte,
                espace=espace,
                contexte={"messages": []},
                cree_le=maintenant,
                prochain_essai_le=depart,
            )
            for acte, espace in actes_de.items()
            if acte not in deposes
        ]
        courriels.deposer_ensemble(neufs, maintenant)
        du_jour = {
            courriel.acte: courriel
            for courriel in Courriel.objects.select_for_update(no_key=True, of=("self",))
            .filter(acte__in=actes_de)
            .order_by("pk")
        }
        attendent = [c for c in du_jour.values() if c.traite_le is None and c.ecarte_le is None]
        _joindre(attendent, message)
        # Those that left while this was running: the next morning's.
        restent, parti = [actes_de[acte] for acte in du_jour.keys() - {c.acte for c in attendent}], jour


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
    demande = ", une pièce vous est demandée" if _demande_un_document(messages) else ""
    return f"{personne.denomination} : {nombre}{demande}"


def _relire_entreprise(courriel: Courriel) -> Depart | None:
    """It goes to the address that is the company's by then, if no reader is told there, and nobody of it has read what waits."""
    messages = Message.objects.filter(pk__in=_messages(courriel), interne=False).select_related("echange__personne")
    lus = LectureMessage.objects.filter(message__in=messages).values_list("message", flat=True)
    restent = [message for message in messages.exclude(pk__in=lus) if message.pret_le is not None]
    if not restent:
        return None
    personne = restent[-1].echange.personne
    if not personne.courriel or personne.courriel in _adresses_des_lecteurs(lecteurs_de(personne)):
        return None
    return Depart({"denomination": personne.denomination, "nombre": len(restent)}, personne.courriel)


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
    apres: dict[int | None, str] = dict(choix)
    apres |= dict(par_personne.items())
    apres[None] = defaut
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
