"""The pictures of the fiches: what each shows, in words; drawn by `python -m tests.captures` from the portal itself.

Size and labels of each picture stand in `captures.json`, which the command writes with the pictures (`static/img/aide/<slug>.webp`);
tests/espacepro/test_captures.py looks for every one of these labels on its page.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

RELEVE: Final = Path(__file__).with_name("captures.json")


@dataclass(frozen=True)
class Capture:
    """One picture: the words of its link, what stands on it for who does not see it, its size in CSS pixels, the labels that it shows."""

    slug: str
    legende: str
    alternative: str
    largeur: int = 0
    hauteur: int = 0
    libelles: tuple[str, ...] = ()

    @property
    def fichier(self) -> str:
        return f"img/aide/{self.slug}.webp"


DESSINS: Final[dict[str, tuple[str, str]]] = {
    "espace-simplifie": (
        "Le SIREN, première étape",
        "La page « Créer un espace simplifié », première étape : le champ du SIREN, puis le bouton « Continuer ».",
    ),
    "espace-expert": (
        "Le choix de l’espace",
        "La page « Créer un espace professionnel » : l’espace simplifié, puis l’espace expert, chacun avec ce à quoi il convient et un bouton.",
    ),
    "mot-de-passe-oublie": (
        "La page où demander le lien",
        "La page « Mot de passe oublié » : le champ de l’adresse électronique, puis le bouton « Recevoir le lien ».",
    ),
    "adresse-et-mot-de-passe": (
        "La page des identifiants",
        "La page « Adresse électronique de connexion et mot de passe » : l’adresse, le mot de passe et la question de confiance, chacun avec son bouton.",
    ),
    "second-facteur": (
        "La page de la sécurité",
        "Sur la page « Sécurité de votre espace », la partie « Second facteur » : les boutons « Relier une application » et « Ajouter une clé d’accès ».",
    ),
    "adherer": (
        "Le choix des services",
        "Les services à demander pour une entreprise : une case à cocher par service, rangés par famille.",
    ),
    "code-d-activation": (
        "Le champ du code",
        "La page « Activer vos services » : le champ du code reçu, avec son bouton à côté.",
    ),
    "lettre-non-recue": (
        "Le suivi d’une demande",
        "Sur la page d’une demande, les étapes franchies avec leurs dates, puis le bouton « Demander un nouveau courrier ».",
    ),
    "remplacer-le-titulaire": (
        "Les SIREN, première étape",
        "La page « Demander à remplacer le titulaire d’un service », première étape : le champ où indiquer les SIREN.",
    ),
    "suppleants": (
        "Le choix des services à partager",
        "La page « Désigner un administrateur suppléant » : les services à cocher, entreprise par entreprise.",
    ),
    "deleguer": (
        "La page des délégations",
        "La page « Gérer vos délégations » : le bouton « Désigner un délégataire », les filtres, puis la liste des délégations accordées.",
    ),
    "demander-une-habilitation": (
        "Le formulaire de la demande",
        "La page « Demander une habilitation » : le SIREN de l’entreprise, la raison de la demande, puis le bouton.",
    ),
    "revue": (
        "Les délégations à revoir",
        "La page « Revue des délégations » : chaque délégation, avec la date de son accord et la décision à choisir.",
    ),
    "cent-siren": (
        "Le périmètre d’un espace",
        "La page « Périmètre de votre espace » : combien de SIREN sur cent, puis comment les répartir.",
    ),
    "quitter-un-service": (
        "Le choix des services à quitter",
        "La page « Quels services voulez-vous quitter ? » : les habilitations tenues, chacune avec une case à cocher.",
    ),
    "supprimer-l-espace": (
        "La page de la suppression",
        "La page « Supprimer votre espace professionnel » : ce qui disparaît, ce qui est gardé, puis le bouton.",
    ),
}
"""Slug of the fiche → the words of the link, and the alternative text."""


def _relever() -> dict[str, Capture]:
    releve = json.loads(RELEVE.read_text(encoding="utf-8"))
    return {
        slug: Capture(
            slug,
            *mots,
            largeur=releve[slug]["largeur"],
            hauteur=releve[slug]["hauteur"],
            libelles=tuple(releve[slug]["libelles"]),
        )
        for slug, mots in DESSINS.items()
        if slug in releve
    }


CAPTURES: Final[dict[str, Capture]] = _relever()
