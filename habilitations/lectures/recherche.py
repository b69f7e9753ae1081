"""Searching names as people type them, by the one folding (accounts/saisies/repliement.py): « lebœuf » finds « LE BOEUF »."""

from django.db.models import Q

from accounts.saisies.repliement import replier


def contient(colonne: str, texte: str) -> Q:
    """Return the condition that this column holds every word of this text. A text of signs alone is in none."""
    mots = [mot for mot in texte.split() if replier(mot)]
    trouve = Q() if mots else Q(pk__in=[])
    for mot in mots:
        trouve &= Q(**{f"{colonne}__replie_contient": mot})
    return trouve


def nomme(recherche: str, chemin: str = "") -> Q:
    """Return the condition that an espace, at the end of `chemin`, bears all these words: nom, prénom, or both."""
    mots = [mot for mot in recherche.split() if replier(mot)]
    trouve = Q() if mots else Q(pk__in=[])
    for mot in mots:
        trouve &= contient(f"{chemin}nom", mot) | contient(f"{chemin}prenom", mot)
    return trouve
