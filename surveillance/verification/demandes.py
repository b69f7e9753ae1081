"""Marking a session « à vérifier », and what a proof does of it (R15, CGU §3.6.a).

The mark is a column of the session's own row, which each request reads: a session that is not marked costs nothing. The code is
for the browser that asked for it, and the session changes its key once verified: whoever holds a copy of its cookie stays out.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from accounts.compteurs.debit import Bareme, attente_restante, reserver
from accounts.compteurs.debit import empreinte as compteur
from accounts.compteurs.essais import essai_compte
from accounts.envois import courriels
from accounts.envois.courriels import Depart
from accounts.espace.changement_adresse import adresses_du_detenteur
from accounts.models import Compte, Courriel, Espace, NavigateurConnu, Session
from accounts.models.sessions_base import NAVIGATEUR, OUVERTE, SessionStore, empreinte
from accounts.saisies.dates import jour_heure
from accounts.saisies.regles import EssaiRefuse, RegleMetier
from accounts.traces.journal import consigner

from .. import actes
from ..models import Alerte, Gravite, Verification
from .codes import CHIFFRES, TEMOIN, code_de, empreinte_du_navigateur, est_le_code

VALIDITE: Final = timedelta(minutes=10)
ESSAIS: Final = 5
ENTRE_DEUX_CODES: Final = timedelta(minutes=1)
CODES_PAR_JOUR: Final = 20
_CODES: Final = Bareme(libres=1, pas=CODES_PAR_JOUR, limite=CODES_PAR_JOUR)
"""One a minute, twenty in 24 hours."""
PROUVEE_DEPUIS_PEU: Final = timedelta(minutes=10)
REPORTEE: Final = timedelta(hours=24)
RAISON_AU_PLUS: Final = 200
MANQUEE: Final = "verification_manquee"
AUTOMATE: Final = "systeme:demander_verification"
COURRIEL: Final = "verification_code"


class VerificationTerminee(RegleMetier):
    code = "verification_terminee"
    message = "Cette vérification est déjà terminée."


class CodeTropRapproche(RegleMetier):
    code = "code_trop_rapproche"
    message = "Un code vient de vous être envoyé : attendez une minute avant d’en demander un autre. Regardez aussi les indésirables."


class TropDeCodes(RegleMetier):
    code = "trop_de_codes"
    message = (
        "Vingt codes ont déjà été envoyés à cet espace en 24 heures. Connectez-vous d’un navigateur dont vous vous servez depuis plus d’un "
        "jour, utilisez votre application d’authentification si vous en avez une, ou choisissez un nouveau mot de passe par « Mot de passe oublié »."
    )


class CodePasDemande(RegleMetier):
    code = "code_pas_demande"
    message = "Demandez d’abord un code : il vous est envoyé par courriel."


class CodeDUnAutreNavigateur(RegleMetier):
    code = "code_d_un_autre_navigateur"
    message = "Ce code a été demandé depuis un autre navigateur, et ne sert que là. Demandez-en un nouveau ici."


class CodePerime(RegleMetier):
    code = "code_perime"
    message = "Ce code a plus de dix minutes : il ne sert plus. Demandez-en un nouveau."


class CodeDeVerificationInexact(EssaiRefuse):
    code = "code_de_verification_inexact"
    message = "Ce n’est pas le dernier code envoyé. Essais restants : {reste}."


class VerificationManquee(EssaiRefuse):
    code = "verification_manquee"
    message = (
        "Cinq codes inexacts : cette session est fermée. Votre espace n’est pas bloqué : connectez-vous de nouveau, et un autre code "
        "vous sera envoyé."
    )


@transaction.atomic
def demander_verification(
    *, acteur: str = AUTOMATE, session: Session | SessionStore, raison: str, maintenant: datetime | None = None
) -> Verification | None:
    """Mark this session « à vérifier » and return the verification that its holder must pass; None where none is needed.

    `session`: the row of any session, or the store of the request (`request.session`), a sign-in in progress too. `raison`:
    what was seen, in plain French, as the table of the signals names it, nothing of the evidence; 200 characters at most.
    None is needed of an agent or a visitor, nor of a session verified within ten minutes. A sign-in that has just passed the second factor is
    verified by it. One that waits is returned as it is.
    """
    maintenant = maintenant or timezone.now()
    compte = _compte_de(session)
    if compte is None or compte.is_staff:
        return None
    _relire(session)
    if session.verification is not None:
        return Verification.objects.filter(pk=session.verification).first()
    if session.verifiee_le is not None and session.verifiee_le > maintenant - PROUVEE_DEPUIS_PEU:
        return None
    verification = Verification(compte=compte, raison=raison[:RAISON_AU_PLUS], demandee_le=maintenant)
    if _second_facteur_recent(session, maintenant):
        verification.preuve, verification.reussie_le = Verification.Preuve.CONNEXION, maintenant
        verification.save(force_insert=True)
        session.verifiee_le = maintenant
        _ecrire(session, verification=None, verifiee_le=maintenant)
        return verification
    verification.save(force_insert=True)
    session.verification = verification.pk
    _ecrire(session, verification=verification.pk)
    Compte.objects.filter(pk=compte.pk).update(verification_due_le=maintenant)
    espace = Espace.objects.filter(compte=compte).first()
    consigner(actes.VERIFICATION_DEMANDEE, auteur=acteur, espace=espace, details={"raison": verification.raison})
    return verification


def exiger_une_preuve(*, acteur: str = AUTOMATE, session: Session | SessionStore, raison: str) -> UUID | None:
    """Ask who uses this session to prove it; return the verification that says whether he did: the one it waits for, or its last."""
    verification = demander_verification(acteur=acteur, session=session, raison=raison)
    if verification is None and session.verifiee_le is not None:
        compte = session.compte_id if isinstance(session, Session) else session.get(SESSION_KEY)
        verification = Verification.objects.filter(compte=compte, reussie_le=session.verifiee_le).first()
    return verification.pk if verification is not None else None


def est_verifiee(session: Session | SessionStore) -> bool:
    """Whether this session has proved whose it is, by a verification or by a second factor, and waits for none."""
    if session.verification is not None:
        return False
    return session.verifiee_le is not None or DEVICE_ID_SESSION_KEY in _donnees(session)


def verification_de(session: SessionStore) -> Verification | None:
    """Return the verification that this session waits for."""
    if session.verification is None:
        return None
    return Verification.objects.filter(pk=session.verification).first()


@transaction.atomic(savepoint=False)
def reporter(
    *, acteur: Compte, session: SessionStore, navigateur: str = "", maintenant: datetime | None = None
) -> Verification | None:
    """Ask of a new sign-in what another one left unanswered or missed within a day: to sign in again is no way round it.

    `navigateur`: the secret of this browser; one that has answered within the day is not asked again. A password renewed since
    ends that: whoever was asked, and did not answer, does not know it.
    """
    maintenant = maintenant or timezone.now()
    due = acteur.verification_due_le
    if due is None or due < maintenant - REPORTEE or acteur.mot_de_passe_change_le > due:
        return None
    derniere = Verification.objects.filter(compte=acteur, demandee_le__gte=due).first()
    if derniere is None or _a_repondu(acteur, navigateur, maintenant):
        return None
    return demander_verification(session=session, raison=derniere.raison, maintenant=maintenant)


def reporter_a_la_connexion(sender: Any, request: HttpRequest, user: Compte, **_: Any) -> None:
    """Look, at each sign-in, at what the last one left (signal user_logged_in)."""
    if isinstance(request.session, SessionStore):
        reporter(acteur=user, session=request.session, navigateur=request.COOKIES.get(TEMOIN, ""))


@transaction.atomic
def envoyer_code(
    *,
    acteur: Compte,
    verification: UUID,
    navigateur: str,
    connu: NavigateurConnu | None = None,
    maintenant: datetime | None = None,
) -> None:
    """Mail a new code, for the browser that holds this secret; the one before serves no more.

    `connu`: the browser as the account knows it. One known for a day has its own codes, as it has its own tries of a password:
    all others share those of the account, so who knows the password does not use up the holder's. A new password begins anew.
    It goes to the former login address while that one may undo the change: the present one may be of who has just put it.
    Raises: VerificationTerminee, CodeTropRapproche, TropDeCodes.
    """
    maintenant = maintenant or timezone.now()
    trouvee = _verrouiller(acteur, verification)
    compte = trouvee.compte
    de_longue_date = connu is not None and connu.connu_depuis <= maintenant - REPORTEE
    qui = f"navigateur:{connu.pk}" if connu is not None and de_longue_date else f"compte:{compte.pk}"
    cle = compteur("code_de_verification", f"{qui}|{compte.mot_de_passe_change_le.timestamp()}")
    if reserver(cle, _CODES, maintenant) is None:
        trop = attente_restante(cle, _CODES, maintenant) > ENTRE_DEUX_CODES
        raise TropDeCodes if trop else CodeTropRapproche
    trouvee.envois += 1
    trouvee.envoye_le = maintenant
    trouvee.navigateur = empreinte_du_navigateur(navigateur)
    trouvee.save(update_fields=["envois", "envoye_le", "navigateur"])
    courriels.deposer(
        COURRIEL,
        destinataire=destinataire_du_code(compte, maintenant),
        acte=f"verification:{trouvee.pk}:{trouvee.envois}",
        espace=Espace.objects.filter(compte=compte).first(),
        contexte={
            "verification": str(trouvee.pk),
            "envoi": trouvee.envois,
            "raison": trouvee.raison,
            "jusqu_au": jour_heure(maintenant + VALIDITE),
        },
        maintenant=maintenant,
    )


def destinataire_du_code(compte: Compte, maintenant: datetime | None = None) -> str:
    """Return the mailbox whose reader proves to be the holder."""
    return adresses_du_detenteur(compte, maintenant or timezone.now())[-1]


def composer_le_code(courriel: Courriel) -> Depart | None:
    """Derive the code as its mail leaves; None when it serves no more: a newer one, a verification that is over."""
    verification = Verification.objects.filter(pk=courriel.contexte["verification"]).first()
    if verification is None or not verification.attend or verification.envois != courriel.contexte["envoi"]:
        return None
    code = code_de(verification)
    contexte = {**courriel.contexte, "code": f"{code[: CHIFFRES // 2]} {code[CHIFFRES // 2 :]}"}
    return Depart(contexte=contexte, destinataire=courriel.destinataire)


@essai_compte()
def verifier_par_courriel(
    *,
    acteur: Compte,
    verification: UUID,
    session: SessionStore,
    code: str,
    navigateur: str,
    maintenant: datetime | None = None,
) -> None:
    """Check the code that was mailed, typed in the browser that asked for it, and free the session; five wrong ones end it.

    What is refused before anything is compared is not counted: another browser, an old code. The caller gives the session
    another key (`accepter`). Raises: VerificationTerminee, CodePasDemande, CodeDUnAutreNavigateur, CodePerime,
    CodeDeVerificationInexact, VerificationManquee.
    """
    maintenant = maintenant or timezone.now()
    trouvee = _verrouiller(acteur, verification)
    if trouvee.envoye_le is None:
        raise CodePasDemande
    if not navigateur or empreinte_du_navigateur(navigateur) != trouvee.navigateur:
        raise CodeDUnAutreNavigateur
    if maintenant > trouvee.envoye_le + VALIDITE:
        raise CodePerime
    if est_le_code(trouvee, code):
        _reussir(trouvee, session, Verification.Preuve.COURRIEL, maintenant)
        return
    trouvee.essais += 1
    trouvee.save(update_fields=["essais"])
    if trouvee.essais < ESSAIS:
        raise CodeDeVerificationInexact(reste=ESSAIS - trouvee.essais)
    _manquer(trouvee, acteur, session, maintenant)
    raise VerificationManquee


@transaction.atomic
def verifier_par_second_facteur(
    *, acteur: Compte, verification: UUID, session: SessionStore, maintenant: datetime | None = None
) -> None:
    """Free the session of whoever has just proved the second factor (accounts/portes/facteur.py). Raises: VerificationTerminee."""
    _reussir(_verrouiller(acteur, verification), session, Verification.Preuve.APPLICATION, maintenant or timezone.now())


def accepter(session: SessionStore) -> None:
    """Let this request's session go on under another key: a copy of its cookie opens nothing any more."""
    session.cycle_key()
    session.save()


def _verrouiller(compte: Compte, cle: UUID) -> Verification:
    """Lock the account, then the verification, as every act of who watches does: sessions come last."""
    frais = Compte.objects.select_for_update(no_key=True).get(pk=compte.pk)
    trouvee = Verification.objects.select_for_update(no_key=True).filter(pk=cle, compte=frais).first()
    if trouvee is None or not trouvee.attend:
        raise VerificationTerminee
    trouvee.compte = frais
    return trouvee


def _reussir(verification: Verification, session: SessionStore, preuve: Verification.Preuve, quand: datetime) -> None:
    verification.preuve, verification.reussie_le = preuve, quand
    verification.save(update_fields=["preuve", "reussie_le"])
    session.verification, session.verifiee_le = None, quand
    _ecrire(session, verification=None, verifiee_le=quand)
    if not _un_autre_se_tait(verification, quand):
        Compte.objects.filter(pk=verification.compte_id).update(verification_due_le=None)
    espace = Espace.objects.filter(compte=verification.compte_id).first()
    consigner(
        actes.VERIFICATION_REUSSIE,
        auteur=espace or verification.compte,
        espace=espace,
        details={"preuve": preuve.value},
    )


def _un_autre_se_tait(verification: Verification, quand: datetime) -> bool:
    """Whether another browser was asked within a day, under this password, and has not proved anything: it will be asked again."""
    depuis = max(quand - REPORTEE, verification.compte.mot_de_passe_change_le)
    autres = Verification.objects.filter(compte=verification.compte_id, demandee_le__gt=depuis, reussie_le=None)
    if verification.navigateur:
        autres = autres.exclude(navigateur=verification.navigateur)
    return autres.exclude(pk=verification.pk).exists()


def _a_repondu(compte: Compte, navigateur: str, maintenant: datetime) -> bool:
    siennes = Verification.objects.filter(compte=compte, navigateur=empreinte_du_navigateur(navigateur))
    return bool(navigateur) and siennes.filter(reussie_le__gt=maintenant - REPORTEE).exists()


def _manquer(verification: Verification, compte: Compte, session: SessionStore, quand: datetime) -> None:
    """End the session, forget the browser that it made known, tell the holder and the cell; the account is not locked."""
    verification.manquee_le = quand
    verification.save(update_fields=["manquee_le"])
    Session.objects.filter(session_key=empreinte(session.session_key or "")).delete()
    if (connu := session.get(NAVIGATEUR)) is not None:
        NavigateurConnu.objects.filter(compte=compte, pk=connu).delete()
    espace = Espace.objects.filter(compte=compte).first()
    evenement = consigner(
        actes.VERIFICATION_MANQUEE, auteur=AUTOMATE, espace=espace, details={"essais": verification.essais}
    )
    # Not by `signaux.signalement.signaler`, which stands above this room, and would count but one a day.
    Alerte.objects.lever(
        compte=compte,
        motif=MANQUEE,
        cause=f"compte:{compte.pk}",
        gravite=Gravite.GRAVE,
        details={"motifs": verification.raison, "nombre": verification.essais},
        maintenant=quand,
    )
    for adresse in adresses_du_detenteur(compte, quand):
        courriels.deposer(
            "verification_manquee",
            destinataire=adresse,
            acte=f"evenement:{evenement.pk}",
            espace=espace,
            contexte={"le": jour_heure(quand), "essais": verification.essais},
        )


def _donnees(session: Session | SessionStore) -> dict[str, object]:
    return session.get_decoded() if isinstance(session, Session) else dict(session.items())


def _second_facteur_recent(session: Session | SessionStore, maintenant: datetime) -> bool:
    donnees = _donnees(session)
    ouverte = donnees.get(OUVERTE, maintenant.timestamp())
    assert isinstance(ouverte, int | float)  # noqa: S101 - written by accounts.sessions.ouvertures alone
    return DEVICE_ID_SESSION_KEY in donnees and maintenant.timestamp() - ouverte < PROUVEE_DEPUIS_PEU.total_seconds()


def _compte_de(session: Session | SessionStore) -> Compte | None:
    cle = session.compte_id if isinstance(session, Session) else session.get(SESSION_KEY)
    return Compte.objects.select_for_update(no_key=True).filter(pk=cle).first() if cle else None


def _relire(session: Session | SessionStore) -> None:
    """Lock the session's row, if it is written yet, and read its mark again: of two that ask at once, one asks."""
    cle = session.session_key if isinstance(session, Session) else empreinte(session.session_key or "")
    ligne = Session.objects.select_for_update(no_key=True).filter(session_key=cle).first()
    if ligne is not None:
        session.verification, session.verifiee_le = ligne.verification, ligne.verifiee_le


def _ecrire(session: Session | SessionStore, **champs: object) -> None:
    """Write these columns of the session's row; one that is not written yet (a sign-in) will be with them."""
    cle = session.session_key
    if cle:
        Session.objects.filter(session_key=cle if isinstance(session, Session) else empreinte(cle)).update(**champs)
