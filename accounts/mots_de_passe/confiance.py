"""The question de confiance (R4, CGU §2.4; references.md B.6)."""

import math
import re
import secrets
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from zxcvbn import zxcvbn

from .. import actes
from ..envois import courriels
from ..models import Agent, Compte, Espace
from ..saisies.dates import jour_heure
from ..saisies.normalisation import normaliser
from ..saisies.regles import RegleMetier
from ..saisies.repliement import replier
from ..saisies.reponses import normaliser_reponse
from ..sessions.ouvertures import fermer_toutes
from ..traces.agents_relus import relit_l_agent
from ..traces.journal import consigner
from .force import evaluer
from .hachage import hacher_reponse
from .politique import exiger_non_desactive, exiger_prouve, mots_personnels
from .reponses_courantes import est_courante

LONGUEUR_MINIMALE = 10
ESSAIS_LOG10 = 8  # guesses an attacker needs
LONGUEUR_ZXCVBN = 72
MOTS_PROPOSES = 5
REMISE = timedelta(hours=72)
REGRET = timedelta(hours=72)  # how long before a change of address an answer may have been changed by its author
ALPHABET_REMISE = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's 32: twelve of them make 60 bits


class ReponseTropCourte(RegleMetier):
    code = "reponse_trop_courte"
    message = "La réponse doit compter au moins {minimum} lettres ou chiffres (espaces et accents ne comptent pas)."


class ReponseDevinable(RegleMetier):
    code = "reponse_devinable"
    message = (
        "Cette réponse est trop facile à deviner. Écrivez plusieurs mots sans lien avec vous, "
        "ou gardez la réponse proposée."
    )


class ReponseRevelatrice(RegleMetier):
    code = "reponse_revelatrice"
    message = (
        "La réponse ne doit contenir ni votre nom, ni votre adresse, ni le nom ou le SIREN de votre organisation, "
        "ni votre mot de passe."
    )


def _essais_log10(reponse: str, mots: list[str]) -> float:
    """Return how many guesses the answer costs, as a power of ten: the lower of zxcvbn's figure and our own gauge's.

    Ours knows French words, which an answer is mostly made of; `mots` count for next to nothing in both.
    """
    zxcvbn_dit = float(zxcvbn(reponse[:LONGUEUR_ZXCVBN], user_inputs=mots)["guesses_log10"])
    return min(zxcvbn_dit, evaluer(reponse, mots).dixiemes_de_bit / 10 * math.log10(2))


def _mots_de(texte: str) -> set[str]:
    """Return the words of a text, without case, accents or punctuation."""
    return {replier(mot) for mot in re.findall(r"\w+", normaliser("NFKC", texte))} - {""}


def verifier_reponse(saisie: str, *, personnels: list[str], mot_de_passe: str = "", question: str = "") -> str:
    """Return the normalised answer when it is strong enough.

    `personnels` are the person's own words (names, address, SIREN), `question` the code of the question, whose words
    count for next to nothing in its answer, and alone make none.
    Raises: ReponseTropCourte, ReponseRevelatrice, ReponseDevinable.
    """
    reponse = normaliser_reponse(saisie)
    if len(reponse) < LONGUEUR_MINIMALE:
        raise ReponseTropCourte(minimum=LONGUEUR_MINIMALE)
    for mot in [*personnels, mot_de_passe]:
        compare = replier(mot)
        if len(compare) >= 4 and (compare in reponse or reponse in compare):
            raise ReponseRevelatrice
    de_la_question = _mots_de(Espace.Question(question).label) if question else set()
    if est_courante(reponse) or _mots_de(saisie) <= de_la_question:
        raise ReponseDevinable
    mots = [*map(replier, personnels), *sorted(de_la_question)]
    if _essais_log10(reponse, [mot for mot in mots if len(mot) >= 3]) < ESSAIS_LOG10:
        raise ReponseDevinable
    return reponse


@cache
def _mots() -> tuple[str, ...]:
    """The words that proposed answers are made of: things, animals and plants, as French writes them: accents are nothing to who types them back.

    A list of its own, chosen: words drawn from the dictionary of the gauge, which holds all that people type, would now
    and then be ones that nobody should read from the State.
    """
    fichier = Path(__file__).parent.parent / "dictionnaires" / "reponses.txt"
    return tuple(fichier.read_text(encoding="utf-8").split())


def proposer_reponse() -> tuple[Espace.Question, str]:
    """Return a random answer of five French words (50 bits) and the question that it answers, for those who have no
    better one."""
    return Espace.Question.PHRASE, " ".join(secrets.choice(_mots()) for _ in range(MOTS_PROPOSES))


def _enregistrer(
    espace: Espace, empreinte: str, maintenant: datetime, *, expire_le: datetime | None, a_montrer: bool
) -> None:
    """Store the answer's hash; the failed tries were against the old one. `a_montrer`: its récapitulatif is due (R5)."""
    espace.reponse_confiance = empreinte
    espace.reponse_essais = 0
    espace.reponse_manquee_le = []
    espace.reponse_changee_le = maintenant
    espace.reponse_expire_le = expire_le
    espace.reponse_a_montrer = a_montrer
    espace.save(
        update_fields=[
            "question_confiance",
            "reponse_confiance",
            "reponse_essais",
            "reponse_manquee_le",
            "reponse_changee_le",
            "reponse_expire_le",
            "reponse_a_montrer",
            "question_precedente",
            "reponse_precedente",
            "reponse_precedente_le",
        ]
    )


def _retenir(espace: Espace, maintenant: datetime) -> None:
    """Keep the answer that is about to go. One that was kept stays when the present one is younger than REGRET.

    So that somebody who took the espace over, and changes the answer twice, does not become its former author. An
    answer that an agent handed out is nobody's to get back.
    """
    if espace.reponse_expire_le is not None:
        return
    if not espace.reponse_precedente or espace.reponse_changee_le < maintenant - REGRET:
        espace.question_precedente = espace.question_confiance
        espace.reponse_precedente = espace.reponse_confiance
        espace.reponse_precedente_le = espace.reponse_changee_le


def _oublier_precedente(espace: Espace) -> None:
    espace.question_precedente = espace.reponse_precedente = ""
    espace.reponse_precedente_le = None


def rendre_reponse(espace: Espace, *, depuis: datetime) -> bool:
    """Give a locked espace its former question and answer back if they were changed since; return whether they were.

    For who undoes a change of address that somebody else made: that person may have changed the answer as well, which
    the forgotten password asks for.
    """
    if not espace.reponse_precedente or espace.reponse_changee_le < depuis:
        return False
    choisie_le = espace.reponse_precedente_le or espace.cree_le
    espace.question_confiance, empreinte = espace.question_precedente, espace.reponse_precedente
    _oublier_precedente(espace)
    _enregistrer(espace, empreinte, choisie_le, expire_le=None, a_montrer=False)
    return True


def _tirer_reponse() -> str:
    tirage = "".join(secrets.choice(ALPHABET_REMISE) for _ in range(12))
    return "-".join(tirage[debut : debut + 4] for debut in range(0, 12, 4))


def empreinte_sans_reponse() -> str:
    """Return the hash of an answer that nobody has read: computed before locks are taken, since it is dear (R15)."""
    return hacher_reponse(normaliser_reponse(_tirer_reponse()))


def remplacer_reponse(
    espace: Espace, empreinte: str, *, maintenant: datetime, expire_le: datetime | None = None
) -> None:
    """Put this hash in the place of the answer of a locked espace; the former ones are not kept here (R15, R16)."""
    _oublier_precedente(espace)
    _enregistrer(espace, empreinte, maintenant, expire_le=expire_le, a_montrer=False)


@transaction.atomic
@relit_l_agent
def remettre_reponse(*, acteur: Agent | str, espace: Espace, maintenant: datetime | None = None) -> str:
    """Replace the answer by a random one and return it, to be printed once for the holder (R16, CGU §3.6.b).

    It serves once, within 72 hours, through a forgotten-password link, and another must be chosen then. The caller has
    recorded the proof of legitimacy; the agent never sees an answer that the holder chose (references.md B.6.10).
    """
    maintenant = maintenant or timezone.now()
    reponse = _tirer_reponse()
    empreinte = hacher_reponse(normaliser_reponse(reponse))
    espace = Espace.objects.select_for_update(no_key=True).get(pk=espace.pk)
    _oublier_precedente(espace)
    _enregistrer(espace, empreinte, maintenant, expire_le=maintenant + REMISE, a_montrer=False)
    consigner(actes.REPONSE_REMISE, auteur=acteur, espace=espace)
    return reponse


@transaction.atomic
def changer_reponse(
    *,
    acteur: Espace,
    question: str,
    reponse: str,
    mot_de_passe: str = "",
    garder: str | None = None,
    maintenant: datetime | None = None,
) -> Espace:
    """Replace the question and its answer, forget the failed tries against the old one, and tell the holder by mail.

    The caller has proved the password, and gives it so that the answer may not hold it: `acteur.compte` is the account as it was
    read for that. Every session closes but the one of key `garder`.
    Raises: ReponseTropCourte, ReponseRevelatrice, ReponseDevinable (references.md B.6), EspaceDesactive, CompteModifie.
    """
    maintenant = maintenant or timezone.now()
    prouve = acteur.compte
    normalisee = verifier_reponse(
        reponse, personnels=mots_personnels(acteur), mot_de_passe=mot_de_passe, question=question
    )
    empreinte = hacher_reponse(normalisee)
    espace = Espace.objects.select_for_update(no_key=True).get(pk=acteur.pk)
    exiger_non_desactive(espace)
    compte = Compte.objects.select_for_update(no_key=True).get(espace=espace)
    exiger_prouve(prouve, compte)
    _retenir(espace, maintenant)
    espace.question_confiance = Espace.Question(question)
    _enregistrer(espace, empreinte, maintenant, expire_le=None, a_montrer=True)
    evenement = consigner(actes.REPONSE_CHANGEE, auteur=espace)
    fermer_toutes(acteur=compte, sauf=garder)
    courriels.deposer(
        "reponse_changee",
        destinataire=compte.email,
        acte=f"evenement:{evenement.pk}",
        espace=espace,
        contexte={"le": jour_heure(maintenant)},
    )
    return espace
