"""The table of the signals: what each sees, from where on, how grave it is, what it asks for (R15, CGU §3.6.a; design.md §8).

A detector is a few lines elsewhere in this room (or in another: the automata, « ce n'est pas moi ») that calls
`signalement.signaler` with a kind of this table. Nothing else says what happens then.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ..models import Alerte, Gravite
from ..verification.demandes import ESSAIS, MANQUEE
from .seuils import (
    BLOCAGES_A_TERME,
    COMPTES_ESSAYES,
    ECHECS_AU_MOINS,
    FERMETURE,
    FICHIERS_PAR_MINUTE,
    JOURS_DE_RECIDIVE,
    OUVERTURE,
    PAGES_PAR_MINUTE,
    RETABLIS_HORS_DES_HEURES,
    RETABLIS_LUS_AVANT,
    RETABLIS_PAR_JOUR,
    REUSSITES_CONNUES,
    SIREN_METHODIQUES,
    SIREN_PAR_MINUTE,
)


class Demande(StrEnum):
    """What a signal asks for."""

    DIRE = "DIRE"
    """The holder is told, by mail."""
    VERIFIER = "VERIFIER"
    """Who uses the session proves again to be the holder, by a code or the second factor."""
    ALERTER = "ALERTER"
    """The surveillance cell has an alert to judge."""
    FERMER = "FERMER"
    """The session ends: its next request signs in again."""


RIEN: Final[frozenset[Demande]] = frozenset()


class Famille(StrEnum):
    """What a signal rests on. Two of one family are one observation made twice: they are not independent (R15)."""

    LIEU = "lieu"
    SESSION = "session"
    ESSAIS = "essais"
    USAGE = "usage"
    ACTE = "acte"
    DECLARATION = "declaration"
    AUTOMATE = "automate"
    AGENT = "agent"
    SCORE = "score"
    SUITE = "suite"
    """No observation: what the portal itself has decided, or could not."""


@dataclass(frozen=True)
class Signal:
    """One kind of signal. `exterieur`: somebody without access can cause it, so it never counts against the holder.

    `ordinaire`: an honest holder causes it in an ordinary week, so it never makes one of the two that disable; the cell judges it.
    """

    genre: str
    nom: str
    voit: str
    seuil: str
    gravite: Gravite
    famille: Famille
    demande: frozenset[Demande]
    exterieur: bool = False
    ordinaire: bool = False

    @property
    def alerte(self) -> bool:
        return Demande.ALERTER in self.demande


def _demande(*demandes: Demande) -> frozenset[Demande]:
    return frozenset(demandes)


USAGE_PARALLELE: Final = "usage_parallele"
PAYS_NOUVEAU: Final = "pays_nouveau"
VOYAGE_IMPOSSIBLE: Final = "voyage_impossible"
SESSION_PAYS: Final = "session_pays"
SESSION_APPAREIL: Final = "session_appareil"
SESSION_VOLEE: Final = "session_volee"
ECHECS_PUIS_REUSSITE: Final = "echecs_puis_reussite"
PULVERISATION: Final = "pulverisation"
REUSSITE_APRES_PULVERISATION: Final = "reussite_apres_pulverisation"
RAFALE_SIREN: Final = "rafale_siren"
RAFALE_PAGES: Final = "rafale_pages"
RAFALE_EXPORTS: Final = "rafale_exports"
LECTEUR_METHODIQUE: Final = "lecteur_methodique"
ACTE_APPAREIL_NEUF: Final = "acte_appareil_neuf"
CE_N_EST_PAS_MOI: Final = "ce_n_est_pas_moi"
DEMANDE_NON_RECONNUE: Final = "demande_non_reconnue"
AUTOMATE: Final = "automate"
ADRESSE_SANS_FIN: Final = "adresse_sans_fin"
RETABLISSEMENTS_INHABITUELS: Final = "retablissements_inhabituels"
VERIFICATION_MANQUEE: Final = MANQUEE
"""Raised by surveillance/verification/, below: a holder who mistypes five codes is no second observation against himself."""
PLAFOND_DESACTIVATIONS: Final = "plafond_desactivations"

_TABLE: Final = (
    Signal(
        USAGE_PARALLELE,
        "Espace utilisé de deux endroits à la fois",
        "une connexion, pendant qu’une autre session du compte sert d’un autre réseau",
        "un autre pays, ou un autre réseau (/24, /64), dans les 30 dernières minutes",
        Gravite.MOYENNE,
        Famille.LIEU,
        _demande(Demande.ALERTER),
        ordinaire=True,
    ),
    Signal(
        PAYS_NOUVEAU,
        "Connexion depuis un pays inhabituel",
        "une connexion d’un pays d’où ce compte ne s’était jamais connecté",
        f"aucune en 90 jours, pour un compte qui s’est déjà connecté {REUSSITES_CONNUES} fois",
        Gravite.INFO,
        Famille.LIEU,
        _demande(Demande.DIRE, Demande.VERIFIER),
    ),
    Signal(
        VOYAGE_IMPOSSIBLE,
        "Deux pays en moins d’une heure",
        "deux connexions réussies de deux pays, plus vite qu’un avion",
        "moins d’une heure entre les deux",
        Gravite.MOYENNE,
        Famille.LIEU,
        _demande(Demande.DIRE, Demande.VERIFIER, Demande.ALERTER),
    ),
    Signal(
        SESSION_PAYS,
        "Une session change de pays",
        "une session ouverte qui sert soudain d’un autre pays",
        "le pays de l’ouverture, ou de la dernière vérification, n’est plus celui de la requête",
        Gravite.MOYENNE,
        Famille.LIEU,
        _demande(Demande.VERIFIER),
    ),
    Signal(
        SESSION_APPAREIL,
        "Une session change d’appareil",
        "une session ouverte qui sert soudain d’un autre navigateur ou d’un autre système",
        "un autre nom de navigateur ou de système ; une mise à jour n’en est pas un",
        Gravite.MOYENNE,
        Famille.SESSION,
        _demande(Demande.VERIFIER),
    ),
    Signal(
        SESSION_VOLEE,
        "Une session change de pays et d’appareil",
        "une session ouverte qui sert soudain d’un autre pays et d’un autre navigateur : elle a été copiée",
        "les deux à la fois",
        Gravite.GRAVE,
        Famille.SESSION,
        _demande(Demande.DIRE, Demande.FERMER, Demande.ALERTER),
    ),
    Signal(
        ECHECS_PUIS_REUSSITE,
        "De nombreux échecs, puis une réussite",
        "un mot de passe trouvé, d’un navigateur inconnu, après des essais manqués",
        f"{ECHECS_AU_MOINS} échecs en 24 heures, dont un au moins du réseau qui réussit",
        Gravite.MOYENNE,
        Famille.ESSAIS,
        _demande(Demande.DIRE, Demande.VERIFIER, Demande.ALERTER),
        ordinaire=True,
    ),
    Signal(
        PULVERISATION,
        "Un même réseau essaie de nombreux comptes",
        "des échecs d’un réseau sur de nombreux comptes, ou sur des adresses que personne n’a",
        f"{COMPTES_ESSAYES} comptes ou adresses en une heure, deux fois plus que de comptes où l’on entre, ou deux essais manqués sur trois",
        Gravite.INFO,
        Famille.ESSAIS,
        _demande(Demande.ALERTER),
        exterieur=True,
    ),
    Signal(
        REUSSITE_APRES_PULVERISATION,
        "Connexion d’un réseau qui essaie de nombreux comptes",
        "une connexion réussie d’un réseau d’où de nombreux comptes ont été essayés, et d’où ce compte ne venait pas",
        f"{COMPTES_ESSAYES} comptes ou adresses en une heure",
        Gravite.GRAVE,
        Famille.ESSAIS,
        _demande(Demande.DIRE, Demande.VERIFIER, Demande.ALERTER),
        exterieur=True,
    ),
    Signal(
        RAFALE_SIREN,
        "Très nombreuses entreprises ouvertes en peu de temps",
        "plus d’entreprises différentes par minute qu’un comptable n’en ouvre à l’échéance",
        f"{SIREN_PAR_MINUTE} SIREN différents en une minute",
        Gravite.MOYENNE,
        Famille.USAGE,
        _demande(Demande.VERIFIER, Demande.ALERTER),
    ),
    Signal(
        RAFALE_PAGES,
        "Très nombreuses pages en peu de temps",
        "plus de pages par minute qu’une personne n’en lit",
        f"{PAGES_PAR_MINUTE} pages en une minute",
        Gravite.MOYENNE,
        Famille.USAGE,
        _demande(Demande.VERIFIER, Demande.ALERTER),
    ),
    Signal(
        RAFALE_EXPORTS,
        "Très nombreux fichiers téléchargés en peu de temps",
        "plus de fichiers par minute qu’une personne n’en enregistre",
        f"{FICHIERS_PAR_MINUTE} téléchargements en une minute",
        Gravite.GRAVE,
        Famille.USAGE,
        _demande(Demande.VERIFIER, Demande.ALERTER),
    ),
    Signal(
        LECTEUR_METHODIQUE,
        "Un nouvel appareil ouvre toutes les entreprises, sans rien y faire",
        "d’un navigateur inconnu jusque-là, de nombreuses entreprises ouvertes, fût-ce lentement, sans un acte",
        f"{SIREN_METHODIQUES} SIREN différents en un jour, d’une session ouverte d’un navigateur connu depuis moins d’un jour",
        Gravite.MOYENNE,
        Famille.USAGE,
        _demande(Demande.VERIFIER, Demande.ALERTER),
    ),
    Signal(
        ACTE_APPAREIL_NEUF,
        "Premier acte sensible d’un nouvel appareil",
        "d’un navigateur inconnu jusque-là, une adresse, un accord, un compte bancaire ou un secret est changé",
        "le premier acte sensible de la session, dans les 24 heures où le navigateur est connu",
        Gravite.MOYENNE,
        Famille.ACTE,
        _demande(Demande.DIRE, Demande.ALERTER),
    ),
    Signal(
        CE_N_EST_PAS_MOI,
        "« Ce n’est pas moi »",
        "le détenteur dit qu’il n’est pas l’auteur de ce qu’un courriel lui a annoncé",
        "dès la première fois",
        Gravite.GRAVE,
        Famille.DECLARATION,
        _demande(Demande.ALERTER),
    ),
    Signal(
        DEMANDE_NON_RECONNUE,
        "Demande signalée comme non reconnue",
        "une entreprise ne reconnaît pas la demande de cet espace",
        "dès le premier signalement",
        Gravite.MOYENNE,
        Famille.DECLARATION,
        _demande(Demande.ALERTER),
        exterieur=True,
    ),
    Signal(
        AUTOMATE,
        "Un automate se sert de l’espace",
        "des marques d’un navigateur conduit par un programme, ou un pas qui n’est pas celui d’une personne",
        "celui des automates (R17)",
        Gravite.MOYENNE,
        Famille.AUTOMATE,
        _demande(Demande.VERIFIER),
    ),
    Signal(
        ADRESSE_SANS_FIN,
        "Adresse bloquée pour la quatrième fois",
        "un automate revenu d’une même adresse après trois blocages : elle est bloquée jusqu’à la décision d’un agent",
        f"{BLOCAGES_A_TERME + 1} blocages en {JOURS_DE_RECIDIVE} jours ; les adresses d’un même réseau (/24, /48) font une alerte",
        Gravite.MOYENNE,
        Famille.AUTOMATE,
        _demande(Demande.ALERTER),
        exterieur=True,
    ),
    Signal(
        RETABLISSEMENTS_INHABITUELS,
        "Rétablissements inhabituels d’un agent",
        "un agent qui rend de nombreux accès, hors des heures d’ouverture, ou d’espaces qu’il avait consultés auparavant",
        f"{RETABLIS_PAR_JOUR} en un jour, ou {RETABLIS_HORS_DES_HEURES} hors des heures ({OUVERTURE} h à {FERMETURE} h, jours ouvrés), "
        f"ou {RETABLIS_LUS_AVANT} en 30 jours d’espaces lus plus d’un jour avant",
        Gravite.GRAVE,
        Famille.AGENT,
        _demande(Demande.ALERTER),
    ),
    Signal(
        VERIFICATION_MANQUEE,
        "Vérification manquée",
        "une session à vérifier, fermée après des codes inexacts",
        f"{ESSAIS} codes inexacts",
        Gravite.GRAVE,
        Famille.SUITE,
        _demande(Demande.ALERTER),
    ),
    Signal(
        PLAFOND_DESACTIVATIONS,
        "Désactivation automatique retenue : plafond du jour atteint",
        "deux signaux indépendants, quand le plafond des désactivations automatiques du jour est atteint",
        "PLAFOND_DESACTIVATIONS_AUTO",
        Gravite.GRAVE,
        Famille.SUITE,
        _demande(Demande.ALERTER),
    ),
)

SIGNAUX: Final[dict[str, Signal]] = {signal.genre: signal for signal in _TABLE}
EXTERIEURS: Final = frozenset(signal.genre for signal in _TABLE if signal.exterieur)
ORDINAIRES: Final = frozenset(signal.genre for signal in _TABLE if signal.ordinaire)
INDEPENDANTS: Final = 2
ANCIENNE_ADRESSE: Final = "une ancienne adresse"
"""Where a « ce n'est pas moi » was said from, when not from the mailbox that the espace has now (`boite`)."""

DETAILS: Final[dict[str, str]] = {
    "ici": "Ici",
    "ailleurs": "Au même moment",
    "avant": "Avant",
    "apres": "Après",
    "pays": "Pays",
    "adresse_ip": "Adresse IP",
    "reseau": "Réseau",
    "navigateur": "Navigateur",
    "systeme": "Système",
    "nombre": "Nombre",
    "echecs": "Échecs",
    "comptes": "Comptes essayés",
    "minutes": "Minutes entre les deux",
    "entreprises": "Entreprises",
    "pages": "Pages",
    "fichiers": "Fichiers",
    "acte": "Acte",
    "quand": "Quand",
    "reference": "Référence",
    "marques": "Marques",
    "adresses": "Adresses bloquées",
    "motifs": "Ce qui est inhabituel",
    "annonce": "Ce qui était annoncé",
    "boite": "Dit depuis",
}
"""What the details of a signal may hold, and the words of each; never a secret, nor what a person wrote."""


def nom_de(genre: str) -> str:
    """Return the French words of a kind; of one that the table has no more, its code."""
    return SIGNAUX[genre].nom if genre in SIGNAUX else genre


def famille_de(alerte: Alerte) -> str:
    """Return what this alert rests on; one that a score raised rests on the score, whatever its kind."""
    if alerte.score is not None:
        return Famille.SCORE
    signal = SIGNAUX.get(alerte.motif)
    return signal.famille if signal is not None else alerte.motif


def probantes(alertes: Collection[Alerte]) -> list[Alerte]:
    """Return, of these, the alerts that may count against an espace: not set aside, and of nobody's making but who is inside.

    Nothing ordinary either. Which of them count now: `preuves.comptees`.
    """
    return [
        alerte
        for alerte in alertes
        if alerte.etat != Alerte.Etat.ECARTEE
        and alerte.motif not in EXTERIEURS | ORDINAIRES
        and famille_de(alerte) not in {Famille.SUITE, Famille.AGENT}
    ]


def est_grave(alerte: Alerte) -> bool:
    """Whether what this alert saw is grave: as its table says, whatever somebody answered since to what the cell had asked."""
    signal = SIGNAUX.get(alerte.motif) if alerte.score is None else None
    return (signal.gravite if signal is not None else alerte.gravite) == Gravite.GRAVE


def sont_independantes(alertes: Collection[Alerte]) -> bool:
    """Whether these alerts rest on two different things at least, one of which is no score (R15, design.md §8)."""
    familles = {famille_de(alerte) for alerte in probantes(alertes)}
    return len(familles) >= INDEPENDANTS and familles != {Famille.SCORE}
