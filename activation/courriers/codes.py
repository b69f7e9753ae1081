"""Activation codes (R9): derived, never stored; 12 characters, 60 days, 5 tries, single use.

A code has eleven characters of an alphabet of 31 (54 bits) and a check character, so that a slip of the pen is told
apart from a wrong code and costs no try. It is HMAC-SHA256 of the demande and the letter's number under a server key:
a letter produced again carries the same code, a stolen database carries none.
"""

import hashlib
import hmac
import re

from django.conf import settings

from accounts.saisies.porte import TexteIllisible, serrer
from accounts.saisies.regles import EssaiRefuse, RegleMetier

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0 O 1 I L; 31 is prime, which the check character needs
LONGUEUR_DU_CODE = 12
GROUPE = 4


class CodeMalSaisi(RegleMetier):
    code = "code_mal_saisi"
    message = (
        "Ce code comporte une erreur de saisie : vérifiez-le caractère par caractère sur le courrier. "
        "Cet essai n’est pas compté."
    )


class CodeInexact(EssaiRefuse):
    code = "code_inexact"
    message = "Ce code n’est pas celui du courrier de cette demande. Essais restants : {restants}."


class CodeExpire(RegleMetier):
    code = "code_expire"
    message = "Ce code a expiré le {jour}. Déposez une nouvelle demande pour recevoir un nouveau courrier."


class CodeRemplace(EssaiRefuse):
    code = "code_remplace"
    message = "Ce code a été remplacé par celui d’un courrier plus récent : utilisez le dernier courrier reçu."


class CodeDejaUtilise(RegleMetier):
    code = "code_deja_utilise"
    message = "Ce code a déjà servi : la demande {reference} est activée, vous n’avez plus rien à faire."


class CodeEtranger(EssaiRefuse):
    code = "code_etranger"
    message = (
        "Ce code correspond à la demande d’un autre espace professionnel : seule la personne qui l’a déposée peut "
        "l’utiliser, depuis son propre espace."
    )


class CodeAutreDemande(EssaiRefuse):
    code = "code_autre_demande"
    message = "Ce code est celui de votre demande {reference} : saisissez-le sur la page de cette demande."


class CodeSansDemande(EssaiRefuse):
    """The one answer of the field « Code reçu » to what is the code of no letter."""

    code = "code_sans_demande"
    message = (
        "Ce code n’est celui d’aucune de vos demandes en attente : vérifiez-le sur le courrier. "
        "Essais restants pendant une heure : {restants}."
    )


class TropDeCodesSansDemande(RegleMetier):
    code = "trop_de_codes_sans_demande"
    statut = 429
    message = (
        "Dix codes saisis ici depuis une heure n’étaient ceux d’aucune de vos demandes : attendez avant de recommencer, ou "
        "saisissez le code sur la page de sa demande, dans « Vos demandes »."
    )


class TropDEssais(EssaiRefuse):
    code = "trop_de_codes_inexacts"
    message = (
        "Cinq codes inexacts ont été saisis : ce code ne peut plus servir. Demandez un nouveau courrier, ou déposez "
        "une nouvelle demande."
    )


class CourrierRevenu(RegleMetier):
    code = "courrier_revenu"
    message = "Ce courrier est revenu à l’administration : son code ne vaut plus. Demandez un nouveau courrier."


class CodePasEncoreEdite(RegleMetier):
    code = "code_pas_encore_edite"
    message = "Le courrier de cette demande n’est pas encore parti : attendez de le recevoir."


class CodeSuspendu(RegleMetier):
    code = "code_suspendu"
    message = (
        "L’entreprise a signalé qu’elle ne reconnaît pas cette demande : son code est suspendu jusqu’au {jour} au plus "
        "tard, le temps qu’un agent l’examine. Les jours perdus seront rendus."
    )


class ReferenceMalSaisie(RegleMetier):
    code = "reference_mal_saisie"
    message = (
        "Cette référence comporte une erreur de saisie : recopiez-la telle qu’elle est imprimée, par exemple "
        "D-2026-7KQ4M2XA-K7QM5."
    )


def _mac(objet: str, message: str) -> bytes:
    return hmac.new(settings.CLE_CODES.encode(), f"{objet}|{message}".encode(), hashlib.sha256).digest()


def _cle(corps: str) -> str:
    """Return the check character: a weighted sum modulo 31 sees every single slip and every swap of neighbours."""
    somme = sum(rang * ALPHABET.index(c) for rang, c in enumerate(corps, start=1))
    return ALPHABET[somme % len(ALPHABET)]


def deriver_code(*, demande: object, numero: int) -> str:
    """Return the 12 characters of this letter of this demande (`demande` is its id, `numero` the letter's number)."""
    entier = int.from_bytes(_mac("code", f"{demande}|{numero}"))
    corps = ""
    for _ in range(LONGUEUR_DU_CODE - 1):
        entier, reste = divmod(entier, len(ALPHABET))
        corps += ALPHABET[reste]
    return corps + _cle(corps)


def presenter(code: str) -> str:
    """Return the code as it is printed: `XXXX-XXXX-XXXX`."""
    return "-".join(code[i : i + GROUPE] for i in range(0, LONGUEUR_DU_CODE, GROUPE))


def normaliser_code(saisie: str) -> str:
    """Return what a person typed as 12 characters. Case, spaces and dashes do not matter.

    Raises CodeMalSaisi when the length, a character or the check character is wrong: no try is counted.
    """
    try:
        code = serrer(saisie).upper()
    except TexteIllisible:
        raise CodeMalSaisi from None
    if len(code) != LONGUEUR_DU_CODE or any(c not in ALPHABET for c in code) or _cle(code[:-1]) != code[-1]:
        raise CodeMalSaisi
    return code


def empreinte_code(code: str) -> str:
    """Return the keyed hash by which a letter is found from its code: worth nothing without the server's key."""
    return _mac("empreinte", code).hex()


def meme_code(saisi: str, attendu: str) -> bool:
    """Compare two normalised codes in constant time."""
    return hmac.compare_digest(saisi.encode(), attendu.encode())


def _symboles(reference: str) -> str:
    """Return what a reference is made of, its year as one sign of the alphabet."""
    _, annee, corps = reference.split("-")
    return ALPHABET[int(annee) % len(ALPHABET)] + corps


def reference_a_signaler(*, reference: str, demande: object) -> str:
    """Return the reference by which who has the letter says that the demande is unknown: `D-2026-7KQ4M2XA-K7QM5`.

    Its last five signs stand on the letter (or the message) alone: four derived from the demande, and a check character,
    so that a slip of the pen is told and nothing else is.
    """
    entier = int.from_bytes(_mac("signalement", str(demande)))
    cle = ""
    for _ in range(4):
        entier, reste = divmod(entier, len(ALPHABET))
        cle += ALPHABET[reste]
    return f"{reference}-{cle}{_cle(_symboles(reference) + cle)}"


_REFERENCE = re.compile(rf"D([0-9]{{4}})([{ALPHABET}]{{8}})([{ALPHABET}]{{5}})?")


def lire_reference(saisie: str) -> tuple[str, str]:
    """Return the reference that a person typed and its five last signs, "" where they are missing.

    Case, spaces and dashes do not matter. Raises: ReferenceMalSaisie.
    """
    try:
        lue = _REFERENCE.fullmatch(serrer(saisie).upper())
    except TexteIllisible:
        raise ReferenceMalSaisie from None
    if lue is None:
        raise ReferenceMalSaisie
    reference, cle = f"D-{lue[1]}-{lue[2]}", lue[3] or ""
    if cle and _cle(_symboles(reference) + cle[:-1]) != cle[-1]:
        raise ReferenceMalSaisie
    return reference, cle
