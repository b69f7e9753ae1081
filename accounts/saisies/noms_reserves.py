"""Names that speak for the State, or that are sentences (issue 11 item 11): refused as whole expressions, never for a word.

A mail or a letter says « X demande… » with the name that X typed. « Direction Générale des Finances Publiques » or
« Remboursement accordé - transmettez le code » must not stand there; a person called Préfet, Trésor or Perez must. So only
expressions of two words or more are refused, acronyms that nobody bears, and the signs by which sentences are made.
An agent can admit a name that somebody really bears (accounts/espace/noms_admis.py).
"""

import re
import unicodedata

from .normalisation import normaliser
from .regles import RegleMetier
from .repliement import replier


class NomReserve(RegleMetier):
    code = "nom_reserve"
    message = (
        "Ce nom ne peut pas être accepté tel quel : il ressemble à celui d’une administration, ou à une phrase. Écrivez les "
        "nom et prénom de votre état civil. Si ce sont bien les vôtres, un service des impôts peut les faire admettre, au vu "
        "d’une pièce d’identité."
    )


# Folded: no accent, no sign, small letters. What stands between words does not matter, nor whether they are joined.
EXPRESSIONS = tuple(
    expression.replace(" ", "")
    for expression in [
        "direction generale",
        "finances publiques",
        "direction departementale",
        "direction regionale",
        "tresor public",
        "tresorerie municipale",
        "comptable public",
        "inspection des finances",
        "inspecteur des impots",
        "inspectrice des impots",
        "principal des impots",
        "principale des impots",
        "brigade de verification",
        "economie et finances",
        "cour des comptes",
        "douanes francaises",
        "tribunal de commerce",
        "greffe du tribunal",
        "huissier de justice",
        "commissaire de justice",
        "pole emploi",
        "france connect",
        "tresorerie generale",
        "recette des finances",
        "receveur des finances",
        "receveuse des finances",
        "centre des impots",
        "service des impots",
        "administration fiscale",
        "administration des impots",
        "republique francaise",
        "gouvernement francais",
        "etat francais",
        "securite sociale",
        "assurance maladie",
        "allocations familiales",
        "banque de france",
        "gendarmerie nationale",
        "police nationale",
        "controle fiscal",
        "service gestionnaire",
        "service client",
        "service informatique",
        "service fraude",
        "support technique",
        "assistance technique",
        "equipe de securite",
        "alerte securite",
        "alerte de securite",
        "action requise",
        "cellule de surveillance",
        "espace professionnel",
        "impots gouv",
        "service public",
        "securite informatique",
        "code d activation",
        "code activation",
        "mot de passe",
        "code de securite",
        "code de verification",
        "code confidentiel",
        "representant legal",
        "administrateur titulaire",
        "administrateur suppleant",
        "remboursement accorde",
        "remboursement en attente",
        "remboursement disponible",
        "avis d imposition",
        "avis de paiement",
        "mise en demeure",
        "dernier rappel",
        "derniere relance",
        "compte bloque",
        "compte suspendu",
        "cliquez ici",
        "cliquez sur",
        "veuillez",
        "votre compte",
        "votre espace",
        "votre dossier",
        "votre code",
        "votre remboursement",
        "votre declaration",
        "votre demande",
        "votre entreprise",
        "notre service",
        "nos services",
        "ne pas repondre",
        "no reply",
    ]
)
# An office of some place: these are words, since « Desmoulins » or « Durand » begins like what joins them to it.
_OFFICE = re.compile(
    r"\b(?:ministere|prefecture|tresorerie|mairie|perception|percepteur|remboursement) (?:de|du|des|d)\b"
)
# A verb that gives an order, and what it orders: the verb alone may be a surname.
_ORDRE = re.compile(
    r"\b(?:transmettez|communiquez|donnez|envoyez|remettez|appelez|rappelez|contactez|confirmez|saisissez|validez|payez|"
    r"repondez|connectez|telechargez|ouvrez|verifiez)[ -](?:le|la|les|l|ce|cet|cette|ces|votre|vos|nous|vous|moi|au|a|"
    r"sur|ici|d|un|une)\b"
)
ACRONYMES = frozenset(["dgfip", "ddfip", "drfip", "drcp", "urssaf", "tracfin", "dgddi", "cpam", "insee"])
_PHRASE = re.compile(r"\w{5,}\.\s|\.\.")
_TIRET = re.compile(r"\s[-\u2010\u2011]+(?:\s|$)|^[-\u2010\u2011]+\s")
_ECRITURES_MELANGEES = ({"LATIN", "CYRILLIC"}, {"LATIN", "GREEK"})


def plier(texte: str) -> list[str]:
    """Return the words of a text as they are compared, each by the one folding, without digits."""
    decompose = normaliser("NFKD", texte)
    mots = re.findall(r"[^\W\d_]+", "".join(c for c in decompose if not unicodedata.combining(c)))
    return [plie for mot in mots if (plie := replier(mot))]


def cle(prenom: str, nom: str) -> str:
    """Return the one form of a whole name, by which it is admitted."""
    return " ".join(plier(f"{prenom} {nom}"))


def parle_pour_l_etat(prenom: str, nom: str) -> bool:
    """Whether this name, read in either order, holds a reserved expression, an order, or the signs of a sentence."""
    if any(_PHRASE.search(partie) or _incise(partie) or _melange(partie) for partie in (prenom, nom)):
        return True
    for ensemble in (f"{prenom} {nom}", f"{nom} {prenom}"):
        mots = plier(ensemble)
        serre = "".join(mots)
        if any(expression in serre for expression in EXPRESSIONS):
            return True
        if _ORDRE.search(" ".join(mots)) or _OFFICE.search(" ".join(mots)) or _acronyme(mots):
            return True
    return False


def _incise(texte: str) -> bool:
    """Whether a dash between spaces parts what is said, as in a sentence; « Martin - Dupont » is a name."""
    return _TIRET.search(texte) is not None and len(texte.split()) > 3


def _acronyme(mots: list[str]) -> bool:
    """Whether an acronym of the State stands there, also letter by letter (D. G. F. I. P.)."""
    epele = "".join(mot if len(mot) == 1 else f" {mot} " for mot in mots).split()
    return not ACRONYMES.isdisjoint([*mots, *epele])


def _melange(texte: str) -> bool:
    """Whether one word mixes alphabets whose letters look alike: it passes for another one."""
    for mot in re.split(r"[\s'-]+", texte):
        ecritures = {unicodedata.name(c, "").split(" ")[0] for c in mot if c.isalpha()}
        if any(paire <= ecritures for paire in _ECRITURES_MELANGEES):
            return True
    return False
