"""From INSEE's catégorie juridique (four digits) to the four kinds of personne of the CGU §1."""

from .models import Categorie

# INSEE, « Catégories juridiques », levels I to III; the longest prefix wins.
# Groupements of collectivités (intercommunal bodies, syndicats) are public establishments in law, but act here as
# collectivités locales: espace expert, ordonnateur and comptable (domaine.md §2.17).
PREFIXES: dict[str, Categorie] = {
    "0": Categorie.ENTREPRISE,  # placement collectif
    "1": Categorie.ENTREPRISE,  # entrepreneur individuel
    "2": Categorie.ENTREPRISE,  # groupement sans personnalité morale: indivision, société en participation…
    "3": Categorie.ENTREPRISE,  # personne morale de droit étranger
    "4": Categorie.ETABLISSEMENT_PUBLIC,  # droit public soumis au droit commercial
    "5": Categorie.ENTREPRISE,  # société commerciale
    "6": Categorie.ENTREPRISE,  # autre personne immatriculée au RCS: GIE, société civile…
    "7": Categorie.ETABLISSEMENT_PUBLIC,  # droit administratif: État, établissements, GIP
    "72": Categorie.COLLECTIVITE,  # commune, département, région, outre-mer
    "7312": Categorie.COLLECTIVITE,  # commune associée ou déléguée
    "7313": Categorie.COLLECTIVITE,  # section de commune
    "7314": Categorie.COLLECTIVITE,  # ensemble urbain
    "734": Categorie.COLLECTIVITE,  # métropole, communautés, SIVOM…
    "735": Categorie.COLLECTIVITE,  # syndicats, institutions interdépartementales
    "8": Categorie.ASSOCIATION,  # organisme privé spécialisé: mutuelle, syndicat professionnel, CSE
    "9": Categorie.ASSOCIATION,  # association, fondation, copropriété, autre groupement de droit privé
}


def categorie_de(categorie_juridique: str) -> Categorie:
    """Return the kind of personne for a four-digit code. The first digit always decides when nothing finer does."""
    for longueur in (4, 3, 2):
        if (categorie := PREFIXES.get(categorie_juridique[:longueur])) is not None:
            return categorie
    return PREFIXES[categorie_juridique[0]]
