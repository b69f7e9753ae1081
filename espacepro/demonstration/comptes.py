"""The people of the demonstration: fictional, at addresses that RFC 2606 reserves, with passwords known to everybody.

Their passwords stand here in clear on purpose: `charger_demonstration` refuses to run outside demonstration.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CompteDemonstration:
    """One person to sign in as; `role` says in French what they can do."""

    email: str
    mot_de_passe: str
    prenom: str
    nom: str
    civilite: str
    role: str
    reponse_confiance: str = ""


DIRIGEANTE = CompteDemonstration(
    email="claire.fontaine@example.org",
    mot_de_passe="girafe-violette-sur-le-quai",
    prenom="Claire",
    nom="Fontaine",
    civilite="MADAME",
    role="Dirigeante : titulaire de services de DANONE",
    reponse_confiance="le phare de granit sous la neige",
)
COMPTABLE = CompteDemonstration(
    email="samir.benali@example.org",
    mot_de_passe="tournesol-et-vent-de-mars",
    prenom="Samir",
    nom="Benali",
    civilite="MONSIEUR",
    role="Expert-comptable : espace neuf, une demande d’adhésion pour AIRBUS attend son code",
    reponse_confiance="quatre barques rouges au matin",
)
NOUVELLE = CompteDemonstration(
    email="lea.martin@example.org",
    mot_de_passe="cerises-noires-du-verger-ancien",
    prenom="Léa",
    nom="Martin",
    civilite="MADAME",
    role="Espace vide : pour parcourir soi-même l’adhésion, le courrier et le code",
    reponse_confiance="un accordéon dans la gare de Nice",
)
GESTIONNAIRE = CompteDemonstration(
    email="agent.gestionnaire@example.org",
    mot_de_passe="parapluie-jaune-au-guichet",
    prenom="Denis",
    nom="Moreau",
    civilite="MONSIEUR",
    role="Agent d’un service gestionnaire (/gestion/, second facteur à enrôler)",
)
SURVEILLANCE = CompteDemonstration(
    email="agent.surveillance@example.org",
    mot_de_passe="lanterne-bleue-du-belvedere",
    prenom="Agnès",
    nom="Royer",
    civilite="MADAME",
    role="Cellule de surveillance (/gestion/, second facteur à enrôler)",
)
USAGERS = (DIRIGEANTE, COMPTABLE, NOUVELLE)
AGENTS = (GESTIONNAIRE, SURVEILLANCE)
COMPTES = (*USAGERS, *AGENTS)
