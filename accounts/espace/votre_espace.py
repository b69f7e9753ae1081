"""What an espace says of its holder, each fact with its state and the one verb that changes it (issue 13.5): « Votre espace »."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ..documents.typst import siren_lisible
from ..facteurs.second_facteur import NOMBRE_CODES
from ..facteurs.securite import Protection, protection_de
from ..models import Compte, Espace
from ..mots_de_passe.politique import conseil_du, echeance
from ..saisies.dates import jour_en_lettres, jour_heure_en_lettres
from .changement_adresse import changement_en_attente


@dataclass(frozen=True)
class Fait:
    """One fact: its name, what it is, what to know of it; `alerte` is said with a sign, `verbe` leads to `page`; `a_copier`: the id of a value to copy."""

    terme: str
    valeur: str
    page: str = ""
    verbe: str = ""
    precision: str = ""
    alerte: str = ""
    a_copier: str = ""


@dataclass(frozen=True)
class FaitsDuDetenteur:
    """What the holder is known by, protected by, and reached at."""

    identifiants: list[Fait]
    securite: list[Fait]
    coordonnees: list[Fait]


def faits_du_detenteur(espace: Espace, compte: Compte, maintenant: datetime) -> FaitsDuDetenteur:
    """Return the facts about the holder of this espace, in two queries."""
    return FaitsDuDetenteur(
        identifiants=list(_identifiants(espace, compte, maintenant)),
        securite=list(_securite(protection_de(compte, maintenant))),
        coordonnees=list(_coordonnees(espace)),
    )


def _identifiants(espace: Espace, compte: Compte, maintenant: datetime) -> Iterator[Fait]:
    yield Fait(
        "Numéro d’abonné",
        espace.numero_lisible,
        precision="À donner à qui veut vous habiliter. Il ne change jamais.",
        a_copier="numero",
    )
    attente = changement_en_attente(espace, maintenant)
    if attente is not None:
        yield Fait(
            "Adresse de connexion",
            compte.email,
            "identifiants",
            "Suivre",
            alerte=f"{attente.adresse} reste à confirmer avant le {jour_heure_en_lettres(attente.expire_le)}",
        )
    else:
        yield Fait("Adresse de connexion", compte.email, "changer_adresse", "Changer")
    if compte.adresse_rejetee_le is not None:
        yield Fait(
            "Courriels",
            "Votre messagerie en a refusé un",
            "identifiants",
            "Vérifier",
            alerte=f"Un courriel nous a été retourné le {jour_en_lettres(compte.adresse_rejetee_le)}",
        )
    yield Fait(
        "Mot de passe",
        f"Choisi le {jour_en_lettres(compte.mot_de_passe_change_le)}",
        "changer_mot_de_passe",
        "Changer",
        precision=f"À renouveler avant le {jour_en_lettres(echeance(compte.mot_de_passe_change_le))}",
        alerte="Il a plus de six mois : il est conseillé d’en changer" if conseil_du(compte, maintenant) else "",
    )
    yield Fait(
        "Question de confiance",
        espace.get_question_confiance_display(),
        "changer_question",
        "Changer",
        precision=f"Réponse choisie le {jour_en_lettres(espace.reponse_changee_le)}",
    )


def _securite(protection: Protection) -> Iterator[Fait]:
    if protection.active:
        cles = f"{protection.cles} clé{'s' if protection.cles > 1 else ''} d’accès" if protection.cles else ""
        tenus = " et ".join(filter(None, ["application" if protection.applications else "", cles]))
        yield Fait("Second facteur", tenus[0].upper() + tenus[1:], "securite", "Gérer")
        restants = protection.codes
        yield Fait(
            "Codes de secours",
            f"{restants or 'Aucun'} restant{'s' if restants > 1 else ''} sur {NOMBRE_CODES}",
            "securite",
            "Renouveler",
            alerte="" if restants else "Sans eux, un téléphone perdu vous laisse dehors",
        )
    else:
        yield Fait(
            "Second facteur", "Aucun", "securite", "Ajouter", alerte="Conseillé : un mot de passe seul peut s’apprendre"
        )
    autres = protection.sessions - 1
    yield Fait(
        "Sessions",
        f"{protection.sessions} ouvertes, dont celle-ci" if autres > 0 else "1 ouverte, celle-ci",
        "securite",
        "Fermer une session" if autres > 0 else "Voir",
        precision="Avec vos dernières connexions et les navigateurs mémorisés",
    )


def _coordonnees(espace: Espace) -> Iterator[Fait]:
    yield Fait("Nom", f"{espace.get_civilite_display()} {espace.nom_complet}".strip(), "coordonnees", "Modifier")
    yield Fait("Téléphone", espace.telephone or "Non indiqué", "coordonnees", "Modifier")
    organisation = f"SIREN {siren_lisible(espace.siren_appartenance)}" if espace.siren_appartenance else "Non indiquée"
    yield Fait("Organisation", organisation, "coordonnees", "Modifier")
