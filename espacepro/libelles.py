"""How the acts of the journal read in French. A test checks that every act that is written has its line here."""

LIBELLES = {
    "espace.inscription": "Inscription à un espace professionnel",
    "espace.inscription_perimee": "Inscription effacée faute de confirmation",
    "espace.confirme": "Adresse confirmée, espace ouvert",
    "mot_de_passe.change": "Mot de passe changé",
    "demande.deposee": "Demande déposée",
    "demande.annulee": "Demande annulée",
    "demande.expiree": "Demande expirée",
    "demande.activee": "Demande activée par le code",
    "courrier.edite": "Courrier édité",
    "courrier.redemande": "Nouveau courrier demandé",
    "code.inexact": "Code d'activation inexact saisi",
    "adhesion.ouverte": "Service ouvert",
}


def libelle_acte(acte: str) -> str:
    """Return the French line of an act's code; the code itself for one that has none."""
    return LIBELLES.get(acte, acte)
