"""Saying that a signal was seen: written once a day, and what its kind asks for done with it, in one transaction (R15)."""

from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.utils import timezone

from accounts import actes
from accounts.envois import courriels
from accounts.espace.changement_adresse import adresses_du_detenteur
from accounts.models import Compte, Session
from accounts.models.sessions_base import empreinte
from accounts.saisies.dates import jour_heure
from accounts.traces.journal import consigner

from ..models import Alerte, Connexion, SignalVu
from ..models import Verification as VerificationDeSession
from .mots import en_lignes
from .preuves import prouve_le
from .registre import DETAILS, SIGNAUX, Demande, Signal

SIGNALEUR: Final = "systeme:signaler"
SESSIONS_VERIFIEES: Final = 50
"""How many sessions of one account are asked to verify at once, the last used; who has more than that is no person."""
PUIS: Final = " — puis : "
"""Between two announcements of one alert."""

type Ouverte = Session | SessionBase
"""A session: its row, or that of the request under way, which is still to be saved."""
type Verification = Callable[[Any, str], UUID | None]
"""Asks who uses this session to prove again to be the holder; the reason is the French name of the signal. Returns its verification."""
_verifications: list[Verification] = []


class DetailInconnu(Exception):
    """A detector gave a detail that the table has no words for: a defect of the code."""


def fournir_verification(demander: Verification) -> None:
    """Say how a session is verified (called once, in AppConfig.ready). Without it, what asks a verification alerts instead."""
    if demander not in _verifications:
        _verifications.append(demander)


@transaction.atomic
def signaler(
    *,
    acteur: str = SIGNALEUR,
    compte: Compte,
    genre: str,
    details: dict[str, Any],
    session: Ouverte | None = None,
    connexion: Connexion | None = None,
    cause: str = "",
    occasion: str = "",
    arrive_le: datetime | None = None,
    maintenant: datetime | None = None,
) -> SignalVu | None:
    """Write that this kind of signal was seen of this account, do what its table asks for, and return it.

    The account is locked first, as by all that raise or decide its alerts. None when it is written already today for this account,
    kind and cause: whoever saw it then has done the rest (the unique constraint decides, not a look before), but for another
    `session`, which is asked, or ended, too: a thief who signs in again. What was decided of that since, or proved, is over: what
    happens after (`arrive_le`, where it is not now) is new, the same day.
    `cause` is what several accounts may have in common (`reseau:192.0.2.0/24`);
    an `occasion` makes of what would be written already a signal of its own, that counts on the open alert of its cause. Without
    a `session`, what is asked of one is asked of all that are open. Raises: DetailInconnu, KeyError on a kind not in the table,
    Compte.DoesNotExist on an account that is gone.
    """
    signal = SIGNAUX[genre]
    if inconnus := set(details) - DETAILS.keys():
        raise DetailInconnu(", ".join(sorted(inconnus)))
    maintenant = maintenant or timezone.now()
    Compte.objects.select_for_update(no_key=True).get(pk=compte.pk)
    cause = cause or f"compte:{compte.pk}"
    vu, nouveau = _noter(
        compte,
        genre,
        f"{cause}:{occasion}" if occasion else cause,
        arrive_le or maintenant,
        timezone.localdate(maintenant),
        session,
        {
            "vu_le": maintenant,
            "details": details,
            "session": numero_de(session) if session is not None else None,
            "connexion": connexion.id if connexion is not None else None,
        },
    )
    demandees = _demandees(signal)
    if not nouveau:
        if session is not None and not _verifiee_depuis(session, vu.vu_le):
            _exiger(acteur, signal, demandees, compte, session, maintenant)
        return None
    if Demande.ALERTER in demandees:
        vu.alerte = Alerte.objects.lever(
            compte=compte,
            motif=genre,
            cause=cause,
            gravite=signal.gravite,
            details=details,
            connexion=vu.connexion,
            maintenant=maintenant,
            joindre=lambda avant, vus: vus | _annonces(avant, vus),
        )
    vu.verification = _exiger(acteur, signal, demandees, compte, session, maintenant)
    if Demande.DIRE in demandees:
        _dire(signal, vu, compte)
    vu.demandes = sorted(demandees)
    vu.save(update_fields=["alerte", "demandes", "verification"])
    return vu


def _noter(
    compte: Compte,
    genre: str,
    cause: str,
    arrive_le: datetime,
    jour: date,
    session: Ouverte | None,
    valeurs: dict[str, Any],
) -> tuple[SignalVu, bool]:
    """Write that this was seen, if nothing of today still stands for it; return what does, and whether it is new."""
    siennes = cause
    while True:
        vu, nouveau = SignalVu.objects.get_or_create(
            compte=compte, genre=genre, cause=siennes, jour=jour, defaults=valeurs
        )
        if nouveau or not (_est_clos(vu, compte, arrive_le) or _d_une_autre_session(vu, session)):
            return vu, nouveau
        siennes = f"{cause}:apres:{vu.pk}"


def _est_clos(vu: SignalVu, compte: Compte, arrive_le: datetime) -> bool:
    """Whether the alert of this signal was decided, or its holder proved himself, before what happened at this moment."""
    if vu.alerte_id is None:
        return False
    alerte = Alerte.objects.select_for_update(no_key=True, of=("self",)).filter(pk=vu.alerte_id).first()
    espace = getattr(compte, "espace", None)
    decidee = alerte.examinee_le if alerte is not None else None
    prouvee = prouve_le(espace, vu.vu_le) if espace is not None else None
    return any(quand is not None and quand < arrive_le for quand in (decidee, prouvee))


def _d_une_autre_session(vu: SignalVu, session: Ouverte | None) -> bool:
    """Whether the session of this signal was verified, and this one is another: its holder's proof says nothing of who is in there."""
    if session is None or vu.verification is None:
        return False
    if vu.session == numero_de(session) or _verifiee_depuis(session, vu.vu_le):
        return False
    return VerificationDeSession.objects.filter(pk=vu.verification, reussie_le__isnull=False).exists()


def numero_de(session: Ouverte) -> UUID:
    """Return the name of a session on the pages, which tells nothing of its key."""
    if isinstance(session, Session):
        return session.numero
    return UUID(empreinte(f"numero|{session.session_key}")[:32])


def _demandees(signal: Signal) -> frozenset[Demande]:
    if Demande.VERIFIER in signal.demande and not _verifications:
        return signal.demande - {Demande.VERIFIER} | {Demande.ALERTER}
    return signal.demande


def _annonces(avant: dict[str, Any], vus: dict[str, Any]) -> dict[str, str]:
    """Return all that was announced, each in words once: what is said last does not hide what was said before."""
    dites = [dit for details in (avant, vus) for dit in str(details.get("annonce", "")).split(PUIS) if dit]
    return {"annonce": PUIS.join(dict.fromkeys(dites))} if dites else {}


def _exiger(
    acteur: str,
    signal: Signal,
    demandees: frozenset[Demande],
    compte: Compte,
    session: Ouverte | None,
    maintenant: datetime,
) -> UUID | None:
    """Ask, or end, what this signal asks for; return the verification of its own session, None where it has none."""
    demandees_a = _sessions(acteur, compte, session, maintenant) if Demande.VERIFIER in demandees else []
    verifications = [_verifications[0](ouverte, signal.nom) for ouverte in demandees_a]
    if Demande.FERMER in demandees:
        _fermer(acteur, compte, session)
    return verifications[0] if session is not None and verifications else None


def _verifiee_depuis(session: Ouverte, quand: datetime) -> bool:
    verifiee_le: datetime | None = getattr(session, "verifiee_le", None)
    return verifiee_le is not None and verifiee_le >= quand


def _sessions(acteur: str, compte: Compte, session: Ouverte | None, maintenant: datetime) -> list[Ouverte]:
    """Return the sessions to verify: this one, else those that live. Beyond what a person may have open, the others end."""
    if session is not None:
        return [session]
    vivantes: list[Ouverte] = list(Session.objects.vivantes(compte, maintenant)[:SESSIONS_VERIFIEES])
    if len(vivantes) == SESSIONS_VERIFIEES:
        _terminer(acteur, compte, sauf=[numero_de(ouverte) for ouverte in vivantes])
    return vivantes


def _fermer(acteur: str, compte: Compte, session: Ouverte | None) -> None:
    if session is None:
        _terminer(acteur, compte, sauf=[])
        return
    fermees, _ = Session.objects.filter(compte=compte, numero=numero_de(session)).delete()
    if fermees:
        consigner(actes.SESSION_FERMEE, auteur=acteur, espace=getattr(compte, "espace", None))


def _terminer(acteur: str, compte: Compte, *, sauf: Collection[UUID]) -> None:
    """End all sessions of this account but these, in one statement: none escapes by the number of the others."""
    fermees, _ = Session.objects.filter(compte=compte).exclude(numero__in=sauf).delete()
    if fermees:
        details = {"nombre": fermees, "sauf_la_sienne": False}
        consigner(actes.SESSION_TOUTES_FERMEES, auteur=acteur, espace=getattr(compte, "espace", None), details=details)


def _dire(signal: Signal, vu: SignalVu, compte: Compte) -> None:
    espace = getattr(compte, "espace", None)
    if espace is None:
        return
    for adresse in adresses_du_detenteur(compte, vu.vu_le):
        courriels.deposer(
            "signal_vu",
            destinataire=adresse,
            acte=f"signal:{vu.pk}",
            espace=espace,
            contexte={
                "signal": signal.nom,
                "quand": jour_heure(vu.vu_le),
                "lignes": en_lignes(vu.details),
                "fermee": Demande.FERMER in signal.demande,
            },
        )
