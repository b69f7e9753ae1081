"""The second factor of agents and usagers: TOTP (RFC 6238) and recovery codes (ANSSI-PG-078 R1, R10, R13; style.md, Secrets).

A code is never accepted twice (the device remembers the last time step), tries wait twice as long after each failure
(django-otp), and recovery codes are kept as keyed hashes. Each act decides under a lock on the device, and a failed try
counts although it is refused.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp.models import Device
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp_webauthn.models import WebAuthnCredential

from .. import actes
from ..compteurs import debit
from ..compteurs.essais import essai_compte
from ..envois.courriels import deposer
from ..models import CodeSecours, Compte, Espace, Evenement
from ..saisies.dates import jour_heure
from ..saisies.regles import EssaiRefuse, RegleMetier
from ..sessions.ouvertures import fermer_toutes
from ..traces.journal import consigner

NOM_APPAREIL = "application"
ENROLEMENT_DUREE = timedelta(minutes=15)
NOMBRE_CODES = 10
# Crockford's base 32: no I, L, O, U. 16 characters are 80 bits.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LONGUEUR_CODE = 16
_CONFUSIONS = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None, "\u00a0": None, "\u202f": None})


class CodeRefuse(EssaiRefuse):
    code = "code_refuse"
    message = "Ce code n'est pas accepté. Attendez le code suivant de votre application, puis saisissez-le."


class CodeSecoursRefuse(EssaiRefuse):
    code = "code_secours_refuse"
    message = "Ce code de secours n'est pas accepté : il est inexact, ou il a déjà servi."


class TropDEssais(EssaiRefuse):
    code = "trop_d_essais"
    message = "Trop de codes refusés : attendez {duree} avant de recommencer."

    def __init__(self, *, secondes: int) -> None:
        super().__init__(duree=f"{secondes} seconde{'s' if secondes > 1 else ''}")


class EnrolementExpire(RegleMetier):
    code = "enrolement_expire"
    message = "Le délai de 15 minutes est passé : recommencez l'enregistrement de votre appareil."


class PreuveRequise(RegleMetier):
    code = "preuve_requise"
    message = "Vérifiez d'abord votre identité avec votre second facteur."


class AppareilDejaEnregistre(RegleMetier):
    code = "appareil_deja_enregistre"
    message = "Un appareil vient d'être enregistré pour ce compte : connectez-vous de nouveau et saisissez son code."


def appareil_confirme(compte: Any) -> TOTPDevice | None:
    """Return the device that proves who this account is, None before enrolment."""
    return TOTPDevice.objects.filter(user=compte, confirmed=True).first()


def appareil_en_attente(compte: Any, maintenant: datetime | None = None) -> TOTPDevice | None:
    """Return the device being enrolled, for 15 minutes."""
    depuis = (maintenant or timezone.now()) - ENROLEMENT_DUREE
    return TOTPDevice.objects.filter(user=compte, confirmed=False, created_at__gt=depuis).order_by("-pk").first()


@transaction.atomic
def commencer_enrolement(*, acteur: Compte) -> TOTPDevice:
    """Draw a fresh seed and return its device, not yet confirmed; an older one that waits is dropped."""
    compte = Compte.objects.select_for_update(no_key=True).get(pk=acteur.pk)
    TOTPDevice.objects.filter(user=compte, confirmed=False).delete()
    return TOTPDevice.objects.create(user=compte, name=NOM_APPAREIL, confirmed=False)


@essai_compte()
def confirmer_enrolement(
    *, acteur: Compte, code: str, remplacer: bool, garder: str | None = None
) -> tuple[TOTPDevice, list[str]]:
    """Confirm the waiting device by one of its codes; return it and ten recovery codes, to show once.

    `remplacer` says that the session has proved the older device, which this one replaces together with its codes.
    `garder` is the key of the only session that stays open (None: sessions are left as they are).
    Raises: EnrolementExpire, AppareilDejaEnregistre, TropDEssais, CodeRefuse.
    """
    compte = Compte.objects.select_for_update(no_key=True).get(pk=acteur.pk)
    if not remplacer and appareil_confirme(compte) is not None:
        raise AppareilDejaEnregistre
    appareil = appareil_en_attente(compte)
    if appareil is None:
        raise EnrolementExpire
    refus = _essayer(appareil, code)
    if refus is not None:
        raise refus
    TOTPDevice.objects.filter(user=compte).exclude(pk=appareil.pk).delete()
    appareil.confirmed = True
    appareil.save(update_fields=["confirmed"])
    codes = tirer_codes_secours(compte)
    evenement = consigner(actes.SECOND_FACTEUR_ENREGISTRE, auteur=_auteur(compte), details={"remplace": remplacer})
    annoncer_changement(compte, evenement, "application_ajoutee", garder)
    return appareil, codes


@essai_compte()
def verifier_code(*, acteur: Compte, code: str) -> TOTPDevice:
    """Return the device that this code proves; it proves nothing twice. Raises: TropDEssais, CodeRefuse."""
    return _verifier(acteur, code)


def _verifier(compte: Compte, code: str) -> TOTPDevice:
    appareil = _verrouiller(compte)
    refus = CodeRefuse() if appareil is None else _essayer(appareil, code)
    consigner(actes.SECOND_FACTEUR_REFUSE if refus else actes.SECOND_FACTEUR_VERIFIE, auteur=_auteur(compte))
    if appareil is None or refus is not None:
        raise refus or CodeRefuse
    return appareil


@essai_compte()
def utiliser_code_secours(*, acteur: Compte, code: str, maintenant: datetime | None = None) -> Device:
    """Spend one recovery code and return the device it stands in for, an application or else a passkey.

    Tries are counted with the application's own failures; without one, as guesses of a password are (accounts/compteurs/debit.py).
    Raises: TropDEssais, CodeSecoursRefuse.
    """
    application = _verrouiller(acteur)
    appareil = application or WebAuthnCredential.objects.filter(user=acteur, confirmed=True).first()
    if appareil is None:
        raise CodeSecoursRefuse
    essai = None if application else debit.reserver(debit.empreinte("secours", str(acteur.pk)), debit.COMPTE)
    refus: EssaiRefuse | None = _attente(application) if application else None
    if application is None and essai is None:
        refus = TropDEssais(secondes=60)
    if refus is None:
        trouves = CodeSecours.objects.filter(
            compte=acteur, empreinte=empreinte_code(acteur, code), utilise_le__isnull=True
        )
        if not trouves.update(utilise_le=maintenant or timezone.now()):
            refus = CodeSecoursRefuse()
            if application:
                application.throttle_increment()
        elif application:
            application.throttle_reset()
        else:
            debit.rendre(essai)
    evenement = consigner(
        actes.SECOND_FACTEUR_CODE_SECOURS_REFUSE if refus else actes.SECOND_FACTEUR_CODE_SECOURS_UTILISE,
        auteur=_auteur(acteur),
    )
    if refus is not None:
        raise refus
    annoncer_changement(acteur, evenement, "code_secours_utilise", None)
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
            contexte={"changement": changement, "quand": jour_heure(evenement.quand)},
        )


@essai_compte()
def renouveler_codes_secours(*, acteur: Compte, preuve: Device | str | None, garder: str | None = None) -> list[str]:
    """Return ten new recovery codes, which kill the older ones, to whoever proves the second factor.

    `preuve` is a fresh code of the application, or the device that the session has proved (None: it has proved none).
    `garder`: as `confirmer_enrolement`. Raises: PreuveRequise, TropDEssais, CodeRefuse.
    """
    compte = Compte.objects.select_for_update(no_key=True).get(pk=acteur.pk)
    if isinstance(preuve, str):
        _verifier(compte, preuve)
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
    """Delete devices and recovery codes: the sessions they opened are closed, the next sign-in enrols again."""
    TOTPDevice.objects.filter(user=acteur).delete()
    CodeSecours.objects.filter(compte=acteur).delete()


def oublier_facteurs_recents(*, espace: Espace, compte: Compte, depuis: datetime) -> bool:
    """Delete the factors that were added since, and codes printed since; return whether there was anything to delete.

    For who undoes a change of address that somebody else made: what that person added would keep the holder out. The
    caller holds the locks and tells the holder.
    """
    applications, _ = TOTPDevice.objects.filter(user=compte, created_at__gte=depuis).delete()
    cles, _ = WebAuthnCredential.objects.filter(user=compte, created_at__gte=depuis).delete()
    renouveles = Evenement.objects.filter(
        auteur=espace.numero_abonne, acte=actes.SECOND_FACTEUR_CODES_RENOUVELES.code, quand__gte=depuis
    )
    if not applications and not cles and not renouveles.exists():
        return False
    CodeSecours.objects.filter(compte=compte).delete()
    return True


def codes_restants(compte: Any) -> int:
    """Return how many recovery codes are still unused."""
    return CodeSecours.objects.filter(compte=compte, utilise_le__isnull=True).count()


def empreinte_code(compte: Compte, code: str) -> str:
    """Return the HMAC-SHA-256 of a recovery code, keyed from SECRET_KEY, tied to the account; case and dashes are free."""
    normalise = code.upper().translate(_CONFUSIONS)
    return salted_hmac(
        "accounts.second_facteur.code_secours", f"{compte.pk}|{normalise}", algorithm="sha256"
    ).hexdigest()


def tirer_codes_secours(compte: Compte) -> list[str]:
    """Replace the recovery codes of a locked account and return the ten new ones."""
    CodeSecours.objects.filter(compte=compte).delete()
    codes = []
    for _ in range(NOMBRE_CODES):
        brut = "".join(secrets.choice(ALPHABET) for _ in range(LONGUEUR_CODE))
        codes.append("-".join(brut[i : i + 4] for i in range(0, LONGUEUR_CODE, 4)))
    CodeSecours.objects.bulk_create(
        CodeSecours(compte=compte, empreinte=empreinte_code(compte, code)) for code in codes
    )
    return codes


def _verrouiller(compte: Compte) -> TOTPDevice | None:
    return TOTPDevice.objects.select_for_update().filter(user=compte, confirmed=True).first()


def _attente(appareil: TOTPDevice) -> TropDEssais | None:
    permis, detail = appareil.verify_is_allowed()
    if permis:
        return None
    return TropDEssais(secondes=max(1, round((detail["locked_until"] - timezone.now()).total_seconds())))


def _essayer(appareil: TOTPDevice, code: str) -> EssaiRefuse | None:
    """Count one try of a locked device; return the rule that refuses it, None when the code is good."""
    attente = _attente(appareil)
    if attente is not None:
        return attente
    return None if appareil.verify_token(code) else CodeRefuse()


def _auteur(compte: Compte) -> Any:
    return getattr(compte, "agent", compte)
