"""The second factor of agents and usagers: TOTP (RFC 6238) and recovery codes (ANSSI-PG-078 R1, R10, R13; style.md, Secrets).

A code is never accepted twice (the device remembers the last time step), its seed is encrypted, and recovery codes are
kept as keyed hashes. Tries are counted as guesses of a password are (accounts/compteurs/debit.py): an hour of waiting at most, 20
a day; applications and recovery codes each have their own counter, and again another for the browsers that the account
knows: whoever found the password out keeps the holder from none of these. Each act decides under a lock, and a failed try
counts although it is refused.
"""

import hmac
import logging
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp.models import Device
from django_otp_webauthn.models import WebAuthnCredential

from .. import actes
from ..chiffrement import SecretIllisible
from ..compteurs import debit
from ..compteurs.essais import essai_compte
from ..envois.courriels import deposer
from ..models import Application, CodeSecours, Compte, Espace, Evenement, NavigateurConnu
from ..mots_de_passe.politique import exiger_prouve
from ..saisies.dates import jour_heure
from ..saisies.regles import EssaiRefuse, RegleMetier
from ..sessions.ouvertures import fermer_toutes
from ..traces.journal import combien, consigner

NOM_APPAREIL = "application"
APPLICATION, SECOURS = "application", "secours"  # what is counted
ESSAIS = debit.Bareme(libres=5, pas=1, limite=20)  # an hour of waiting at most, 20 tries a day
ENROLEMENT_DUREE = timedelta(minutes=15)
NOMBRE_CODES = 10
# Crockford's base 32: no I, L, O, U. 25 characters are 125 bits: nobody tries them all, even with the key of the hashes.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LONGUEUR_CODE = 25
GROUPE = 5
# Codes of 80 bits, drawn before the pepper was their key: until then, each use asks for new ones.
ANCIENS_CODES_JUSQU_AU = datetime(2027, 6, 30, 22, tzinfo=UTC)
SECRETS_PAR_LOT = 200
_CONFUSIONS = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None, "\u00a0": None, "\u202f": None})

log = logging.getLogger(__name__)


def _duree(attente: timedelta) -> str:
    minutes = max(1, -(-int(attente.total_seconds()) // 60))
    return f"{-(-minutes // 60)} heures" if minutes > 60 else f"{minutes} minute{'s' if minutes > 1 else ''}"


class CodeRefuse(EssaiRefuse):
    code = "code_refuse"
    message = "Ce code n’est pas accepté. {suite}"

    def __init__(self, *, nombre: int = 1, attente: timedelta = timedelta(0)) -> None:
        """`nombre` codes were refused in 24 hours, this one included; `attente` is how long none will be taken."""
        suite = "Attendez le code suivant de votre application, puis saisissez-le."
        if attente:
            suite = f"C’est le {nombre}e refusé pour ce compte en 24 heures : attendez {_duree(attente)} avant d’en saisir un autre."
        elif nombre == ESSAIS.libres - 1:
            suite += " Encore une erreur, et il faudra attendre."
        super().__init__(suite=suite)


class CodeSecoursRefuse(EssaiRefuse):
    code = "code_secours_refuse"
    message = "Ce code de secours n’est pas accepté : il est inexact, ou il a déjà servi."


class TropDEssais(EssaiRefuse):
    code = "trop_d_essais"
    message = "{nombre} codes ont été refusés pour ce compte en 24 heures : attendez {duree} avant d’en saisir un autre. {sinon}"

    def __init__(self, *, nombre: int, attente: timedelta, sinon: str) -> None:
        super().__init__(nombre=nombre, duree=_duree(attente), sinon=sinon)


class ApplicationIllisible(EssaiRefuse):
    code = "application_illisible"
    message = (
        "Votre application d’authentification ne peut pas être vérifiée en ce moment. Utilisez un code de secours, ou "
        "réessayez plus tard."
    )


class EnrolementExpire(RegleMetier):
    code = "enrolement_expire"
    message = "Le délai de 15 minutes est passé : recommencez l’enregistrement de votre appareil."


class PreuveRequise(RegleMetier):
    code = "preuve_requise"
    message = "Vérifiez d’abord votre identité avec votre second facteur."


class AppareilDejaEnregistre(RegleMetier):
    code = "appareil_deja_enregistre"
    message = "Un appareil vient d’être enregistré pour ce compte : connectez-vous de nouveau et saisissez son code."


def facteur_prouve(request: HttpRequest) -> Device | None:
    """Return what this session has proved its second factor with, None before (django-otp's middleware reads it)."""
    facteur: Device | None = getattr(request.user, "otp_device", None)
    return facteur


def appareil_confirme(compte: Compte) -> Application | None:
    """Return the device that proves who this account is, None before enrolment."""
    return Application.objects.filter(user=compte, confirmed=True).first()


def appareil_en_attente(compte: Compte, maintenant: datetime | None = None) -> Application | None:
    """Return the device being enrolled, for 15 minutes."""
    depuis = (maintenant or timezone.now()) - ENROLEMENT_DUREE
    return Application.objects.filter(user=compte, confirmed=False, created_at__gt=depuis).order_by("-pk").first()


def verrouiller_prouve(acteur: Compte) -> Compte:
    """Return this account as it is now, locked, with the password that its actor proved. Raises: CompteModifie."""
    compte = Compte.objects.select_for_update(no_key=True).get(pk=acteur.pk)
    exiger_prouve(acteur, compte)
    return compte


@transaction.atomic
def commencer_enrolement(*, acteur: Compte) -> Application:
    """Draw a fresh seed and return its device, not yet confirmed; an older one that waits is dropped. Raises: CompteModifie."""
    compte = verrouiller_prouve(acteur)
    Application.objects.filter(user=compte, confirmed=False).delete()
    return Application.objects.create(user=compte, name=NOM_APPAREIL, confirmed=False)


@essai_compte()
def confirmer_enrolement(
    *, acteur: Compte, code: str, remplacer: bool, garder: str | None = None
) -> tuple[Application, list[str]]:
    """Confirm the waiting device by one of its codes; return it and ten recovery codes, to show once.

    `remplacer` says that the session has proved the older device, which this one replaces together with its codes.
    `garder` is the key of the only session that stays open (None: sessions are left as they are).
    Raises: CompteModifie, EnrolementExpire, AppareilDejaEnregistre, TropDEssais, CodeRefuse, ApplicationIllisible.
    """
    compte = verrouiller_prouve(acteur)
    if not remplacer and appareil_confirme(compte) is not None:
        raise AppareilDejaEnregistre
    appareil = appareil_en_attente(compte)
    if appareil is None:
        raise EnrolementExpire
    refus = _essayer(appareil, code, debit.empreinte("enrolement", str(appareil.numero)))
    if refus is not None:
        raise refus
    Application.objects.filter(user=compte).exclude(pk=appareil.pk).delete()
    appareil.confirmed = True
    appareil.save(update_fields=["confirmed"])
    codes = tirer_codes_secours(compte)
    evenement = consigner(actes.SECOND_FACTEUR_ENREGISTRE, auteur=_auteur(compte), details={"remplace": remplacer})
    annoncer_changement(compte, evenement, "application_ajoutee", garder)
    return appareil, codes


@essai_compte()
def verifier_code(*, acteur: Compte, code: str, navigateur: NavigateurConnu | None = None) -> Application:
    """Return the device that this code proves; it proves nothing twice.

    `navigateur` is the browser that asks, when the account knows it: strangers' tries do not count there.
    Raises: TropDEssais, CodeRefuse, ApplicationIllisible.
    """
    return _verifier(acteur, code, navigateur)


def _verifier(compte: Compte, code: str, navigateur: NavigateurConnu | None) -> Application:
    appareil = Application.objects.select_for_update().filter(user=compte, confirmed=True).first()
    refus = CodeRefuse() if appareil is None else _essayer(appareil, code, _compteur(APPLICATION, compte, navigateur))
    consigner(actes.SECOND_FACTEUR_REFUSE if refus else actes.SECOND_FACTEUR_VERIFIE, auteur=_auteur(compte))
    if appareil is None or refus is not None:
        raise refus or CodeRefuse
    return appareil


@essai_compte()
def utiliser_code_secours(
    *, acteur: Compte, code: str, navigateur: NavigateurConnu | None = None, maintenant: datetime | None = None
) -> Device:
    """Spend one recovery code and return the device it stands in for, an application or else a passkey.

    Tries have their own counter, so wrong codes of the application shut nobody out here; `navigateur` as above.
    Raises: TropDEssais, CodeSecoursRefuse.
    """
    compte = Compte.objects.select_for_update(no_key=True).get(pk=acteur.pk)
    appareil: Device | None = (
        appareil_confirme(compte) or WebAuthnCredential.objects.filter(user=compte, confirmed=True).first()
    )
    if appareil is None:
        raise CodeSecoursRefuse
    cle = _compteur(SECOURS, compte, navigateur)
    maintenant = maintenant or timezone.now()
    essai = debit.reserver(cle, ESSAIS, maintenant)
    refus: EssaiRefuse | None = None
    actuelle, ancienne = empreintes_code(compte, code)
    siens = CodeSecours.objects.filter(compte=compte, utilise_le__isnull=True)
    par_un_ancien = False
    if essai is None:
        refus = _trop(cle, "", maintenant)
    else:
        juste = siens.filter(empreinte=actuelle).update(utilise_le=maintenant)
        par_un_ancien = (
            not juste
            and maintenant < ANCIENS_CODES_JUSQU_AU
            and bool(siens.filter(empreinte=ancienne).update(utilise_le=maintenant))
        )
        if juste or par_un_ancien:
            debit.rendre(essai)
        else:
            refus = CodeSecoursRefuse()
    evenement = consigner(
        actes.SECOND_FACTEUR_CODE_SECOURS_REFUSE if refus else actes.SECOND_FACTEUR_CODE_SECOURS_UTILISE,
        auteur=_auteur(compte),
    )
    if refus is not None:
        raise refus
    annoncer_changement(compte, evenement, "ancien_code_utilise" if par_un_ancien else "code_secours_utilise", None)
    return appareil


def annoncer_changement(compte: Compte, evenement: Evenement, changement: str, garder: str | None) -> None:
    """Close the account's other sessions than the one of key `garder`, and tell a usager by mail; in the act's transaction.

    `changement` is one of those that `templates/courriels/second_facteur_change.txt` knows.
    """
    if garder is not None:
        fermer_toutes(acteur=compte, sauf=garder)
    espace = getattr(compte, "espace", None)
    if espace is not None:
        deposer(
            "second_facteur_change",
            destinataire=compte.email,
            acte=f"second_facteur:{evenement.pk}",
            espace=espace,
            contexte={
                "changement": changement,
                "quand": jour_heure(evenement.quand),
                "anciens_jusqu_au": jour_heure(ANCIENS_CODES_JUSQU_AU),
            },
        )


@essai_compte()
def renouveler_codes_secours(
    *,
    acteur: Compte,
    preuve: Device | str | None,
    navigateur: NavigateurConnu | None = None,
    garder: str | None = None,
) -> list[str]:
    """Return ten new recovery codes, which kill the older ones, to whoever proves the second factor.

    `preuve` is a fresh code of the application, or the device that the session has proved (None: it has proved none).
    `navigateur`: as `verifier_code`; `garder`: as `confirmer_enrolement`.
    Raises: CompteModifie, PreuveRequise, TropDEssais, CodeRefuse, ApplicationIllisible.
    """
    compte = verrouiller_prouve(acteur)
    if isinstance(preuve, str):
        _verifier(compte, preuve, navigateur)
    elif preuve is None or not _est_encore_a(compte, preuve):
        raise PreuveRequise
    codes = tirer_codes_secours(compte)
    evenement = consigner(actes.SECOND_FACTEUR_CODES_RENOUVELES, auteur=_auteur(compte))
    annoncer_changement(compte, evenement, "codes_renouveles", garder)
    return codes


def _est_encore_a(compte: Compte, appareil: Device) -> bool:
    """Whether this device, which a session has proved, is still one of this account."""
    return type(appareil)._default_manager.filter(pk=appareil.pk, user=compte, confirmed=True).exists()


@transaction.atomic
def oublier_second_facteur(*, acteur: Compte) -> None:
    """Delete devices and recovery codes, and forget the tries at them: the next sign-in enrols again."""
    connus = (None, NavigateurConnu(compte=acteur))
    debit.oublier(_compteur(quoi, acteur, connu) for quoi in (APPLICATION, SECOURS) for connu in connus)
    Application.objects.filter(user=acteur).delete()
    CodeSecours.objects.filter(compte=acteur).delete()


def oublier_facteurs_recents(*, espace: Espace, compte: Compte, depuis: datetime) -> bool:
    """Delete the factors that were added since, and codes printed since; return whether there was anything to delete.

    For who undoes a change of address that somebody else made: what that person added would keep the holder out. The
    caller holds the locks and tells the holder.
    """
    applications, _ = Application.objects.filter(user=compte, created_at__gte=depuis).delete()
    cles, _ = WebAuthnCredential.objects.filter(user=compte, created_at__gte=depuis).delete()
    renouveles = combien(actes.SECOND_FACTEUR_CODES_RENOUVELES, auteur=espace, depuis=depuis)
    if not applications and not cles and not renouveles:
        return False
    CodeSecours.objects.filter(compte=compte).delete()
    return True


def codes_restants(compte: Compte) -> int:
    """Return how many recovery codes are still unused."""
    return CodeSecours.objects.filter(compte=compte, utilise_le__isnull=True).count()


def empreintes_code(compte: Compte, code: str) -> list[str]:
    """Return what a recovery code may be kept as, tied to the account; case and dashes are free.

    First the HMAC-SHA-256 keyed from the pepper, as codes are kept now; then that of the codes of 16 characters drawn
    before it, keyed from SECRET_KEY, which serve until they are renewed, and until ANCIENS_CODES_JUSQU_AU at the latest.
    """
    texte = f"{compte.pk}|{code.upper().translate(_CONFUSIONS)}"
    sel = "accounts.second_facteur.code_secours"
    return [
        hmac.new(settings.POIVRE.encode(), f"{sel}|{texte}".encode(), "sha256").hexdigest(),
        salted_hmac(sel, texte, algorithm="sha256").hexdigest(),
    ]


def tirer_codes_secours(compte: Compte) -> list[str]:
    """Replace the recovery codes of a locked account and return the ten new ones."""
    CodeSecours.objects.filter(compte=compte).delete()
    codes = []
    for _ in range(NOMBRE_CODES):
        brut = "".join(secrets.choice(ALPHABET) for _ in range(LONGUEUR_CODE))
        codes.append("-".join(brut[i : i + GROUPE] for i in range(0, LONGUEUR_CODE, GROUPE)))
    CodeSecours.objects.bulk_create(
        CodeSecours(compte=compte, empreinte=empreintes_code(compte, code)[0]) for code in codes
    )
    return codes


def rechiffrer_graines(*, acteur: str) -> int:
    """Encrypt again, under the first key of CLE_CHIFFREMENT, the seeds that another one keeps. Return how many.

    In batches of one transaction each, so that a run that dies half-way is run again.
    Raises: SecretIllisible, when a key that wrote is not given any more: nothing of that batch is written.
    """
    nombre, apres = 0, 0
    while True:
        with transaction.atomic():
            lot = list(Application.objects.select_for_update().filter(pk__gt=apres).order_by("pk")[:SECRETS_PAR_LOT])
            perimees = [application for application in lot if application.a_rechiffrer]
            for application in perimees:
                application.sceller_graine(application.bin_key)
            Application.objects.bulk_update(perimees, ["graine_chiffree"])
            if perimees:
                consigner(actes.SECOND_FACTEUR_RECHIFFRE, auteur=acteur, details={"nombre": len(perimees)})
        nombre += len(perimees)
        if not lot:
            return nombre
        apres = lot[-1].pk


def _compteur(quoi: str, compte: Compte, navigateur: NavigateurConnu | None) -> str:
    """Return the counter of these tries: that of the browsers that the account knows, or that of all others.

    The known ones share theirs: who resets the password again and again, each time from a new browser, gains no try.
    """
    return debit.empreinte(quoi, f"{'etranger' if navigateur is None else 'connu'}|{compte.pk}")


def _essayer(appareil: Application, code: str, compteur: str) -> EssaiRefuse | None:
    """Count one try of a locked device; return the rule that refuses it, None when the code is good."""
    essai = debit.reserver(compteur, ESSAIS)
    if essai is None:
        sinon = "Un code de secours reste possible." if appareil.confirmed else ""
        return _trop(compteur, sinon)
    try:
        juste = appareil.verify_token(code)
    except SecretIllisible:
        log.exception("the seed of application %s cannot be read", appareil.numero)
        debit.rendre(essai)
        return ApplicationIllisible()
    if not juste:
        return CodeRefuse(nombre=debit.nombre(compteur), attente=debit.attente_restante(compteur, ESSAIS))
    debit.rendre(essai)
    return None


def _trop(compteur: str, sinon: str, maintenant: datetime | None = None) -> TropDEssais:
    return TropDEssais(
        nombre=debit.nombre(compteur, maintenant),
        attente=debit.attente_restante(compteur, ESSAIS, maintenant),
        sinon=sinon,
    )


def _auteur(compte: Compte) -> Any:
    return getattr(compte, "agent", compte)
