"""The fiches of the help, and from which page each opens: one registry (CGU §3: « décrites en détail dans les fiches »).

The text of a fiche is `templates/aide/<slug>.html`; a label that it quotes is written `{% libelle page "label" %}`, and
tests/espacepro/test_aide.py looks for it on that page.
"""

import re
from dataclasses import dataclass
from functools import cache
from html import unescape
from typing import Any, Final

from django.template.loader import get_template

from accounts.saisies.repliement import replier


@dataclass(frozen=True)
class Fiche:
    """One fiche. `lien`: its words in the link of a page; `faire`: URL name and words of what it is about; `pages`: where it opens."""

    slug: str
    titre: str
    lien: str
    resume: str
    cgu: str
    faire: tuple[str, str] | None = None
    voisines: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()

    @property
    def gabarit(self) -> str:
        return f"aide/{self.slug}.html"


GROUPES: Final[dict[str, tuple[Fiche, ...]]] = {
    "Ouvrir son espace": (
        Fiche(
            "espace-simplifie",
            "Créer un espace simplifié",
            "l’espace simplifié, pas à pas",
            "Une seule entreprise ou association, sans aucun service en ligne, gérée par une seule personne.",
            "§2.1",
            ("inscription_simplifiee", "Commencer"),
            ("espace-expert", "code-d-activation", "lettre-non-recue"),
            ("inscription_simplifiee", "inscription_simplifiee_envoyee"),
        ),
        Fiche(
            "espace-expert",
            "Créer un espace expert",
            "quel espace choisir",
            "Plusieurs entreprises, un cabinet, une collectivité, une gestion à plusieurs ; et dans le doute.",
            "§2.1",
            ("inscription_expert", "Commencer"),
            ("espace-simplifie", "adherer", "second-facteur"),
            ("inscription", "inscription_expert", "passer_expert"),
        ),
    ),
    "Se connecter": (
        Fiche(
            "mot-de-passe-oublie",
            "Retrouver un mot de passe oublié",
            "le mot de passe perdu",
            "Un lien par courriel, puis la réponse à votre question de confiance.",
            "§3.2",
            ("mot_de_passe_oublie", "Recevoir le lien"),
            ("tout-oublie", "adresse-et-mot-de-passe"),
            ("connexion", "mot_de_passe_oublie", "mot_de_passe_oublie_envoye", "choisir_question"),
        ),
        Fiche(
            "tout-oublie",
            "Mot de passe et réponse de confiance oubliés",
            "mot de passe et réponse perdus",
            "Un nouvel espace expert, puis la substitution pour retrouver vos services.",
            "§3.2",
            ("reponse_oubliee", "Voir la marche à suivre"),
            ("espace-expert", "remplacer-le-titulaire"),
            ("reponse_oubliee",),
        ),
        Fiche(
            "adresse-et-mot-de-passe",
            "Changer d’adresse de connexion ou de mot de passe",
            "adresse et mot de passe",
            "Avant que l’adresse ne soit plus relevée ; au moins tous les trois ans pour le mot de passe.",
            "§3.1, §3.2",
            ("identifiants", "Changer"),
            ("mot-de-passe-oublie", "second-facteur"),
            ("identifiants", "changer_adresse", "changer_mot_de_passe", "changer_question", "renouveler_mot_de_passe"),
        ),
        Fiche(
            "second-facteur",
            "Ajouter un second facteur",
            "le second facteur",
            "Une application ou une clé d’accès, et dix codes de secours.",
            "§3.6",
            ("securite", "Ouvrir la page Sécurité"),
            ("adresse-et-mot-de-passe", "tout-oublie"),
            ("securite", "application", "cle_acces", "codes_secours", "connexion_verification", "connexion_secours"),
        ),
    ),
    "Obtenir des services": (
        Fiche(
            "adherer",
            "Adhérer à des services",
            "bien choisir ses services",
            "Le SIREN, les services, un code envoyé au représentant légal.",
            "§2.2",
            ("adherer", "Demander des services"),
            ("code-d-activation", "remplacer-le-titulaire", "quitter-un-service"),
            ("adherer", "catalogue"),
        ),
        Fiche(
            "code-d-activation",
            "Activer vos services avec le code reçu",
            "le code du courrier",
            "Vous transmettre ce code est un mandat du représentant légal.",
            "§2.3",
            ("activer", "Saisir un code"),
            ("lettre-non-recue", "adherer", "remplacer-le-titulaire"),
            ("activer", "demande", "activer_espace", "saisir_code", "signaler"),
        ),
        Fiche(
            "lettre-non-recue",
            "La lettre n’arrive pas",
            "la lettre tarde",
            "Attendre, faire repartir une lettre, corriger l’adresse.",
            "§2.3",
            ("demandes", "Voir vos demandes"),
            ("code-d-activation", "adherer"),
            ("demandes",),
        ),
        Fiche(
            "remplacer-le-titulaire",
            "Remplacer le titulaire d’un service",
            "la substitution",
            "La personne qui gérait est partie, ou vous avez perdu votre ancien espace.",
            "§3.4",
            ("substitution", "Demander la substitution"),
            ("code-d-activation", "tout-oublie", "deleguer"),
            ("substitution", "revue_substitution"),
        ),
    ),
    "Partager ses services": (
        Fiche(
            "suppleants",
            "Désigner un administrateur suppléant",
            "les suppléants",
            "Qui a les mêmes droits que vous, sauf celui de désigner d’autres suppléants.",
            "§3.4, §4.g",
            ("suppleants", "Gérer les suppléants"),
            ("deleguer", "remplacer-le-titulaire"),
            ("suppleants", "suppleants_designer", "suppleants_personne", "suppleants_confirmer"),
        ),
        Fiche(
            "deleguer",
            "Déléguer des services",
            "les délégations",
            "Partager tout ou partie de vos services, sans jamais donner votre mot de passe.",
            "§3.4, §4.f",
            ("delegations", "Gérer les délégations"),
            ("suppleants", "revue", "quitter-un-service"),
            (
                "delegations",
                "delegations_designer",
                "delegations_personne",
                "delegations_confirmer",
                "designation_fichier",
            ),
        ),
        Fiche(
            "demander-une-habilitation",
            "Demander une habilitation",
            "demander une habilitation",
            "À qui administre déjà l’entreprise pour laquelle vous travaillez ; répondre à qui vous le demande.",
            "§3.4",
            ("demander_habilitation", "Demander"),
            ("deleguer", "adherer", "quitter-un-service"),
            (
                "demandes_habilitation",
                "demander_habilitation",
                "demande_habilitation_accepter",
                "demande_habilitation_refuser",
            ),
        ),
        Fiche(
            "revue",
            "Revoir vos délégations chaque année",
            "la revue annuelle",
            "Confirmer celles qui servent, retirer les autres.",
            "§3.4",
            ("revue_delegations", "Ouvrir la revue"),
            ("deleguer", "suppleants"),
            ("revue_delegations",),
        ),
        Fiche(
            "cent-siren",
            "Approcher ou dépasser 100 SIREN",
            "la limite de 100 SIREN",
            "Répartir les entreprises entre plusieurs espaces experts.",
            "§3.5",
            ("perimetre", "Voir où vous en êtes"),
            ("remplacer-le-titulaire", "deleguer"),
            ("perimetre",),
        ),
    ),
    "Payer": (
        Fiche(
            "comptes-bancaires",
            "Enregistrer un compte bancaire et son mandat SEPA",
            "les comptes bancaires et leur mandat",
            "L’IBAN depuis lequel une entreprise paie ses impôts, et le mandat à remettre à la banque avant le premier paiement.",
            "§4.d",
            None,
            ("adherer", "suppleants"),
            ("comptes_bancaires", "compte_bancaire_ajouter", "compte_bancaire_mandat"),
        ),
    ),
    "Écrire": (
        Fiche(
            "ecrire-a-votre-service",
            "Écrire à votre service",
            "écrire à votre service",
            "Un message au service des impôts de l’entreprise, son brouillon, la réponse, et qui les lit.",
            "§2.3",
            None,
            ("adherer", "comptes-bancaires"),
            (
                "messagerie",
                "message_ecrire",
                "message_rediger",
                "message_relire",
                "echange",
                "echange_relire",
                "entreprise_messages",
            ),
        ),
    ),
    "Quitter": (
        Fiche(
            "quitter-un-service",
            "Ne plus utiliser un service",
            "ne plus utiliser un service",
            "À qui le demander, selon que vous en êtes titulaire ou non.",
            "§4.h",
            ("retraits", "Demander un retrait"),
            ("deleguer", "supprimer-l-espace"),
            ("retraits", "retraits_choisir", "habilitations_recentes"),
        ),
        Fiche(
            "supprimer-l-espace",
            "Supprimer votre espace",
            "avant de supprimer",
            "Ce qui disparaît, ce qui l’empêche, ce que la loi oblige à garder.",
            "§4.c",
            ("supprimer_espace", "Voir ce qui disparaît"),
            ("quitter-un-service", "tout-oublie"),
            ("supprimer_espace",),
        ),
    ),
}
FICHES: Final[dict[str, Fiche]] = {fiche.slug: fiche for groupe in GROUPES.values() for fiche in groupe}
FICHE_DE_LA_PAGE: Final[dict[str, Fiche]] = {page: fiche for fiche in FICHES.values() for page in fiche.pages}
_LIBELLE: Final = re.compile(r"""\{%\s*libelle\s+"([^"]+)"\s+"([^"]+)"\s*%\}""")
_BALISES: Final = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", re.S)


def source(fiche: Fiche) -> str:
    """Return the text of this fiche as it is written, tags included."""
    gabarit: Any = get_template(fiche.gabarit)
    return str(gabarit.template.source)


def libelles(fiche: Fiche) -> list[tuple[str, str]]:
    """Return (page, label) for each label that this fiche quotes."""
    return _LIBELLE.findall(source(fiche))


@cache
def _plie(fiche: Fiche) -> tuple[str, str, str]:
    """Return what is searched in, each with what comes before: name, line, all of the fiche; folded once for the process."""
    nom = replier(f"{fiche.titre} {fiche.lien}")
    ligne = nom + replier(fiche.resume)
    return nom, ligne, ligne + replier(unescape(_BALISES.sub(" ", _LIBELLE.sub(r"\2", source(fiche)))))


def chercher(recherche: str) -> list[Fiche]:
    """Return the fiches that have every word of this search, those that have them in their name first; no query."""
    mots = [plie for mot in recherche.split() if (plie := replier(mot))]
    if not mots:
        return []
    rangs = {
        slug: next((rang for rang, ou in enumerate(_plie(fiche)) if all(mot in ou for mot in mots)), None)
        for slug, fiche in FICHES.items()
    }
    trouvees = [(rang, slug) for slug, rang in rangs.items() if rang is not None]
    return [FICHES[slug] for _, slug in sorted(trouvees, key=lambda trouvee: trouvee[0])]
