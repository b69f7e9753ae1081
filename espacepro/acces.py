"""Who may open which page: every URL name stands here once (style.md, Closed by default).

`tests/espacepro/test_acces.py` compares this table with the urlconf and with the decorators of the views.
"""

from enum import Enum


class Acces(Enum):
    """Who a page is for."""

    PUBLIC = "anybody"
    CONNECTE = "anybody signed in"
    ESPACE = "the holder of an active espace"
    AGENT = "an agent with a verified second factor (namespace admin)"
    DEMONSTRATION = "anybody, in demonstration only (namespace demonstration)"


TABLE: dict[str, Acces] = {
    "accueil": Acces.PUBLIC,
    "aide": Acces.PUBLIC,
    "accessibilite": Acces.PUBLIC,
    "cgu": Acces.PUBLIC,
    "donnees_personnelles": Acces.PUBLIC,
    "sante": Acces.PUBLIC,
    "metrics": Acces.PUBLIC,
    "robots": Acces.PUBLIC,
    "connexion": Acces.PUBLIC,
    "deconnexion": Acces.CONNECTE,
    "prolonger_session": Acces.CONNECTE,
    "inscription": Acces.PUBLIC,
    "inscription_expert": Acces.PUBLIC,
    "inscription_envoyee": Acces.PUBLIC,
    "inscription_renvoyer": Acces.PUBLIC,
    "inscription_confirmee": Acces.PUBLIC,
    "inscription_recapitulatif": Acces.PUBLIC,
    "confirmer_adresse": Acces.PUBLIC,
    "espace": Acces.ESPACE,
    "gerer_services": Acces.ESPACE,
    "journal": Acces.ESPACE,
    "recapitulatif": Acces.ESPACE,
    "ouvrir_service": Acces.ESPACE,
    "adherer": Acces.ESPACE,
    "activer": Acces.ESPACE,
    "demandes": Acces.ESPACE,
    "demande": Acces.ESPACE,
    "annuler_demande": Acces.ESPACE,
    "nouveau_courrier": Acces.ESPACE,
}
ESPACES_DE_NOMS: dict[str, Acces] = {"admin": Acces.AGENT, "demonstration": Acces.DEMONSTRATION}
