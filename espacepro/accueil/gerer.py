"""« Gérer les services »: the entries of the CGU by their own names, each with its state; what does not apply is not there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from accounts.espace.a_faire import Gravite, Ligne, a_faire
from accounts.models import Espace
from accounts.saisies.dates import jour
from activation.demandes.lectures import codes_attendus
from habilitations.droits.roles import (
    DELEGUER_ACTEUR,
    GERER_COURRIEL,
    GERER_SUPPLEANTS,
    RETIRER_SES_DELEGATIONS,
    VOIR_HABILITATIONS,
)
from habilitations.lectures.gerer import Partage, partage_de
from habilitations.models import Role

DELEGUES: Final = frozenset({Role.ACTEUR, Role.ACTEUR_DELEGANT})


@dataclass(frozen=True)
class Entree:
    """One entry: the URL name of its page, its name, what it is for, its state; `forme` is the sign of what waits."""

    page: str
    libelle: str
    aide: str = ""
    etat: str = ""
    forme: str = ""


@dataclass(frozen=True)
class Groupe:
    """Entries under one title."""

    titre: str
    entrees: list[Entree]


class _Lecture:
    """What the entries are made of: what waits (by the page that answers it), what is held and shared, what is asked for."""

    def __init__(self, espace: Espace, maintenant: datetime | None) -> None:
        self.espace = espace
        self.partage: Partage = partage_de(espace)
        self.demandes = codes_attendus(espace)
        self.attend: dict[str, Ligne] = {}
        for ligne in a_faire(espace, maintenant=maintenant):
            self.attend.setdefault(urlsplit(ligne.url).path, ligne)

    def entree(self, page: str, libelle: str, aide: str = "", etat: str = "") -> Entree:
        """Return an entry with its state, and what waits there after it, the gravest thing."""
        ligne = self.attend.get(reverse(page))
        dits = [etat] if etat else []
        if ligne is not None:
            dits.append(_en_bref(ligne))
        forme = ligne.gravite.forme if ligne is not None else ""
        return Entree(page, libelle, aide, ", ".join(dits), forme)

    def donne(self, permission: str) -> bool:
        return self.partage.donne(permission)


def _en_bref(ligne: Ligne) -> str:
    """Return the beginning of what waits: what and how many, without how."""
    return re.split("[:,]", ligne.quoi, maxsplit=1)[0].strip()


def groupes(espace: Espace, *, maintenant: datetime | None = None) -> list[Groupe]:
    """Return the groups of entries that apply to the mode and the roles of this espace: five queries, whatever it holds."""
    lu = _Lecture(espace, maintenant)
    expert = espace.mode == Espace.Mode.EXPERT
    lus = [
        Groupe("Obtenir un accès", list(_obtenir(lu, expert))),
        Groupe(*_partager(lu)) if expert else Groupe("Vos habilitations", list(_simplifie(lu))),
        Groupe("Rendre un accès", list(_rendre(lu))),
        Groupe("Pour vos entreprises" if expert else "Pour votre entreprise", list(_entreprises(lu, expert))),
        Groupe("Votre espace", list(_votre_espace(lu, expert))),
    ]
    return [groupe for groupe in lus if groupe.entrees]


def _obtenir(lu: _Lecture, expert: bool) -> Iterator[Entree]:
    siren, limite = lu.partage.siren, settings.PERIMETRE_SIREN
    if expert:
        place = f"{max(limite - siren, 0)} SIREN encore possibles" if siren >= settings.PERIMETRE_ALERTE else ""
        yield Entree(
            "adherer", "Adhérer à des services", "Pour une entreprise, une association, une collectivité.", place
        )
    yield lu.entree("activer", "Activer vos services", "Saisir un code reçu, sans chercher sa demande.")
    if expert:
        yield lu.entree(
            "substitution",
            "Demander à remplacer le titulaire d’un service",
            "Substitution : la personne est partie, ou vous avez perdu votre espace.",
        )
        yield lu.entree(
            "demandes_habilitation",
            "Demandes d’habilitation",
            "À qui administre déjà une entreprise : demander, ou répondre.",
        )
    yield lu.entree("demandes", "Vos demandes", etat=f"{lu.demandes} en cours" if lu.demandes else "")


def _habilitations(lu: _Lecture) -> Entree:
    tenu = lu.partage
    etat = f"{tenu.habilitations} pour {tenu.siren} SIREN" if tenu.habilitations else ""
    return lu.entree("vos_habilitations", "Vos habilitations", etat=etat)


def _simplifie(lu: _Lecture) -> Iterator[Entree]:
    yield lu.entree(
        "passer_expert",
        "Passer en espace expert",
        "Agir pour plusieurs entreprises, adhérer à d’autres services, partager les vôtres.",
    )
    yield _habilitations(lu)


def _delegations(lu: _Lecture) -> str:
    """Return how many délégations there are, and how many of them the yearly review asks about."""
    nombre, revue = lu.partage.delegations, lu.attend.get(reverse("revue_delegations"))
    if not nombre:
        return ""
    dit = f"{lu.partage.compte(nombre)} délégation{'s' if nombre > 1 else ''}"
    return f"{dit}, {_en_bref(revue).split(' ', 1)[0]} à revoir" if revue is not None else dit


def _partager(lu: _Lecture) -> tuple[str, list[Entree]]:
    tenu = lu.partage
    entrees: list[Entree] = []
    if lu.donne(GERER_SUPPLEANTS) or Role.SUPPLEANT in tenu.recus:
        veille = f", dont {tenu.en_veille} en veille" if tenu.en_veille else ""
        etat = tenu.compte(tenu.suppleants) + veille
        entrees.append(lu.entree("suppleants", "Gérer vos administrateurs suppléants", etat=etat))
    if lu.donne(DELEGUER_ACTEUR) or tenu.recus & DELEGUES:
        entrees.append(lu.entree("delegations", "Gérer vos délégations", etat=_delegations(lu)))
    if lu.donne(DELEGUER_ACTEUR):
        entrees.append(
            lu.entree(
                "designation_fichier",
                "Partager par un fichier",
                "Accorder, retirer, changer une fin : beaucoup à la fois.",
            )
        )
    if lu.donne(RETIRER_SES_DELEGATIONS):
        entrees.append(
            lu.entree("revue_delegations", "Revue des délégations", "Les confirmer chaque année, ou les retirer.")
        )
    if Role.TITULAIRE in tenu.roles:
        entrees.append(
            lu.entree(
                "revue_substitution",
                "Habilitations à conserver ou à retirer",
                "Les personnes habilitées par votre prédécesseur.",
            )
        )
    if tenu.recus - {Role.TITULAIRE}:
        entrees.append(
            lu.entree(
                "habilitations_recentes",
                "Habilitations récentes",
                "Ce qui vient de vous être confié, à décliner ou non.",
            )
        )
    return ("Partager vos habilitations" if len(entrees) else "Vos habilitations"), [*entrees, _habilitations(lu)]


def _rendre(lu: _Lecture) -> Iterator[Entree]:
    if lu.partage.habilitations:
        yield lu.entree("retraits_choisir", "Ne plus utiliser un service")
    yield lu.entree("retraits", "Demandes de retrait", "Les vôtres, et celles qui attendent votre réponse.")


def _entreprises(lu: _Lecture, expert: bool) -> Iterator[Entree]:
    if lu.donne(GERER_COURRIEL) or not expert:  # an espace simplifié is the titulaire of its one company
        yield lu.entree("courriel_entreprise", "Adresse électronique de l’entreprise")
    if lu.donne(VOIR_HABILITATIONS):
        yield lu.entree(
            "journal_personne", "Journal de l’entreprise", "Qui a fait quoi sur les services que vous administrez."
        )


def _votre_espace(lu: _Lecture, expert: bool) -> Iterator[Entree]:
    compte = lu.espace.compte
    change = jour(compte.mot_de_passe_change_le) if compte is not None else ""
    yield lu.entree(
        "identifiants",
        "Gérer votre adresse électronique de connexion / votre mot de passe",
        etat=f"Mot de passe du {change}" if change else "",
    )
    yield lu.entree("coordonnees", "Gérer vos coordonnées")
    yield lu.entree("securite", "Sécurité de votre espace", "Appareils, connexions, second facteur, codes de secours.")
    yield lu.entree("preferences", "Préférences d’avis", "Ce que vous recevez par courriel.")
    yield lu.entree("mes_donnees", "Vos données", "Lire, télécharger, faire rectifier.")
    yield lu.entree("recapitulatif", "Récapitulatif d’inscription (PDF)", etat=f"N° {lu.espace.numero_lisible}")
    if expert:
        siren, limite = lu.partage.siren, settings.PERIMETRE_SIREN
        forme = Gravite.ATTENTION.forme if siren >= settings.PERIMETRE_ALERTE else ""
        etat = f"{siren} SIREN sur {limite}" if siren else ""
        yield Entree("perimetre", "Périmètre de votre espace", etat=etat, forme=forme)
    yield lu.entree("journal", "Journal de votre espace")
