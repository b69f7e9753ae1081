"""Searching names as people type them: case and accents aside, « Lea » finds « Léa »."""

import unicodedata

from django.db.models import CharField, Q, Transform


def sans_accents(texte: str) -> str:
    """Return the text without its accents and cedillas, its case and the rest untouched."""
    decompose = unicodedata.normalize("NFD", texte)
    return unicodedata.normalize("NFC", "".join(signe for signe in decompose if not unicodedata.combining(signe)))


@CharField.register_lookup
class SansAccents(Transform):
    """The same, by the database: what NFD puts apart is dropped. PostgreSQL's own functions, no extension."""

    lookup_name = "sans_accents"
    template = r"normalize(regexp_replace(normalize(%(expressions)s, NFD), '[\u0300-\u036f]', '', 'g'), NFC)"


def contient(colonne: str, texte: str) -> Q:
    """Return the condition that this column of text holds this text, case and accents aside."""
    return Q(**{f"{colonne}__sans_accents__icontains": sans_accents(texte)})


def nomme(recherche: str, chemin: str = "") -> Q:
    """Return the condition that an espace, at the end of `chemin`, bears all these words: nom, prénom, or both."""
    trouve = Q()
    for mot in recherche.split():
        trouve &= contient(f"{chemin}nom", mot) | contient(f"{chemin}prenom", mot)
    return trouve
