"""Who may open which page, and under which heading of the menu: every URL name stands here once.

Closed by default (style.md): `tests/espacepro/test_acces.py` compares this table with the urlconf and with the decorators of the views.
"""

from enum import Enum
from typing import NamedTuple


class Acces(Enum):
    """Who a page is for."""

    PUBLIC = "anybody"
    RESSOURCE = "anybody, and the same for everybody: nothing is read of a session"
    CONNECTE = "anybody signed in"
    ESPACE = "the holder of an active espace"
    PRESENT = "the holder of an espace, active or waiting for its code"
    EN_ATTENTE = "the holder of an espace simplifié that waits for its code"
    AGENT = "an agent with a verified second factor (namespace admin)"
    DEMONSTRATION = "anybody, in demonstration only (namespace demonstration)"


class Rubrique(Enum):
    """A heading of the main menu: its words, and the URL name of the page that it opens."""

    ACCUEIL = ("Accueil", "espace")
    MESSAGERIE = ("Messagerie", "messagerie")
    GERER = ("Gérer les services", "gerer_services")
    DEMANDES = ("Vos demandes", "demandes")
    HABILITATIONS = ("Vos habilitations", "vos_habilitations")
    AIDE = ("Aide", "aide")
    AUCUNE = ("", "")

    def __init__(self, libelle: str, page: str) -> None:
        self.libelle = libelle
        self.page = page


class Porte(NamedTuple):
    """Who a page is for, and its heading; a page of an espace that stands under none says so (AUCUNE).

    `sans_cgu`: it stays open to a holder who has not accepted the CGU in force (one's data, downloads, leaving, deletion),
    as do the public pages and those of anybody signed in.
    """

    qui: Acces
    rubrique: Rubrique | None = None
    sans_cgu: bool = False


MENU = [
    rubrique for rubrique in Rubrique if rubrique not in {Rubrique.AIDE, Rubrique.AUCUNE}
]  # the help stands beside the name
MENU_PERSONNE = {
    "votre_espace": "Votre espace",
    "identifiants": "Adresse de connexion et mot de passe",
    "coordonnees": "Coordonnées",
    "securite": "Sécurité",
    "preferences": "Préférences d’avis",
    "mes_donnees": "Vos données",
    "recapitulatif": "Récapitulatif d’inscription (PDF)",
    "journal": "Journal de votre espace",
    "perimetre": "Périmètre",
    "supprimer_espace": "Supprimer votre espace professionnel",
}
"""What is not about services, under the person's own name; the deletion last."""
D_EXPERT = frozenset({"perimetre"})
"""What an espace simplifié, of one company, is not shown there."""

TABLE: dict[str, Porte] = {
    "accueil": Porte(Acces.PUBLIC),
    "aide": Porte(Acces.PUBLIC, Rubrique.AIDE),
    "fiche": Porte(Acces.PUBLIC, Rubrique.AIDE),
    "plan": Porte(Acces.PUBLIC),
    "mentions_legales": Porte(Acces.PUBLIC),
    "verifier_humain": Porte(Acces.PUBLIC),
    "security_txt": Porte(Acces.RESSOURCE),
    "journal_json": Porte(Acces.RESSOURCE),
    "catalogue": Porte(Acces.PUBLIC),
    "service_public": Porte(Acces.PUBLIC),
    "accessibilite": Porte(Acces.PUBLIC),
    "cgu": Porte(Acces.PUBLIC),
    "cgu_version": Porte(Acces.PUBLIC),
    "accepter_conditions": Porte(Acces.PRESENT, Rubrique.AUCUNE, sans_cgu=True),
    "donnees_personnelles": Porte(Acces.PUBLIC),
    "sante": Porte(Acces.RESSOURCE),
    "metrics": Porte(Acces.RESSOURCE),
    "robots": Porte(Acces.RESSOURCE),
    "connexion": Porte(Acces.PUBLIC),
    "deconnexion": Porte(Acces.CONNECTE),
    "connexion_verification": Porte(Acces.PUBLIC),
    "connexion_secours": Porte(Acces.PUBLIC),
    "connexion_cle_debut": Porte(Acces.PUBLIC),
    "connexion_cle_fin": Porte(Acces.PUBLIC),
    "securite": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "changements_examines": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "verifier_session": Porte(Acces.PRESENT, Rubrique.AUCUNE, sans_cgu=True),
    "verifier_session_code": Porte(Acces.PRESENT, Rubrique.AUCUNE, sans_cgu=True),
    "usage_inhabituel": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "securite_connexions": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "fermer_autres_sessions": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "fermer_session": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "oublier_navigateurs": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "application": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "application_code": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "retirer_application": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "cle_acces": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "cle_acces_debut": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "cle_acces_fin": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "cle_acces_enregistree": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "retirer_cle": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "codes_secours": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "codes_secours_texte": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "renouveler_codes": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "prolonger_session": Porte(Acces.CONNECTE),
    "inscription": Porte(Acces.PUBLIC),
    "inscription_expert": Porte(Acces.PUBLIC),
    "inscription_envoyee": Porte(Acces.PUBLIC),
    "inscription_renvoyer": Porte(Acces.PUBLIC),
    "inscription_confirmee": Porte(Acces.PUBLIC),
    "inscription_recapitulatif": Porte(Acces.PUBLIC),
    "confirmer_adresse": Porte(Acces.PUBLIC),
    "mot_de_passe_oublie": Porte(Acces.PUBLIC),
    "mot_de_passe_oublie_envoye": Porte(Acces.PUBLIC),
    "choisir_mot_de_passe": Porte(Acces.PUBLIC),
    "reponse_oubliee": Porte(Acces.PUBLIC),
    "reinitialiser_mot_de_passe": Porte(Acces.PUBLIC),
    "confirmer_changement_adresse": Porte(Acces.PUBLIC),
    "annuler_changement_adresse": Porte(Acces.PUBLIC),
    "ce_n_est_pas_moi": Porte(Acces.PUBLIC),
    "pas_moi_fait": Porte(Acces.PUBLIC),
    "securite_pas_moi": Porte(Acces.ESPACE, Rubrique.AUCUNE, sans_cgu=True),
    "confirmer_identite": Porte(Acces.CONNECTE),
    "coordonnees": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "identifiants": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "changer_adresse": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "abandonner_adresse": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "adresse_verifiee": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "changer_mot_de_passe": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "changer_question": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "choisir_question": Porte(Acces.PRESENT, Rubrique.AUCUNE, sans_cgu=True),
    "question_changee": Porte(Acces.PRESENT, Rubrique.AUCUNE, sans_cgu=True),
    "saisie_gardee": Porte(Acces.PRESENT, Rubrique.AUCUNE),
    "renouveler_mot_de_passe": Porte(Acces.ESPACE, Rubrique.AUCUNE, sans_cgu=True),
    "inscription_simplifiee": Porte(Acces.PUBLIC),
    "inscription_simplifiee_envoyee": Porte(Acces.PUBLIC),
    "inscription_simplifiee_renvoyer": Porte(Acces.PUBLIC),
    "inscription_simplifiee_confirmee": Porte(Acces.PUBLIC),
    "confirmer_entreprise": Porte(Acces.PUBLIC),
    "confirmer_connexion": Porte(Acces.PUBLIC),
    "confirmer_adresse_entreprise": Porte(Acces.PUBLIC),
    "signaler": Porte(Acces.PUBLIC),
    "signalement_recu": Porte(Acces.PUBLIC),
    "saisir_code": Porte(Acces.PUBLIC),
    "activer_espace": Porte(Acces.EN_ATTENTE),
    "activer_espace_courrier": Porte(Acces.EN_ATTENTE),
    "activer_espace_annuler": Porte(Acces.EN_ATTENTE, sans_cgu=True),
    "espace_supprime": Porte(Acces.PUBLIC),
    "mes_donnees": Porte(Acces.ESPACE, Rubrique.AUCUNE, sans_cgu=True),
    "telecharger_donnees": Porte(Acces.ESPACE, Rubrique.AUCUNE, sans_cgu=True),
    "rectifier_donnees": Porte(Acces.ESPACE, Rubrique.AUCUNE, sans_cgu=True),
    "supprimer_espace": Porte(Acces.ESPACE, Rubrique.AUCUNE, sans_cgu=True),
    "demander_suppression": Porte(Acces.ESPACE, Rubrique.AUCUNE, sans_cgu=True),
    "espace": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "a_faire": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "favori": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "votre_espace": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "gerer_services": Porte(Acces.ESPACE, Rubrique.GERER),
    "journal": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "recapitulatif": Porte(Acces.ESPACE, Rubrique.AUCUNE, sans_cgu=True),
    "entreprise": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "entreprise_acces": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    **dict.fromkeys(
        (
            "messagerie",
            "message_ecrire",
            "message_rediger",
            "message_relire",
            "brouillon_effacer",
            "echange",
            "echange_relire",
            "echange_clore",
            "echange_rouvrir",
            "echange_pdf",
            "piece_jointe",
        ),
        Porte(Acces.ESPACE, Rubrique.MESSAGERIE),
    ),
    "entreprise_messages": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "comptes_bancaires": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "compte_bancaire_ajouter": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "comptes_bancaires_exporter": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "compte_bancaire_renommer": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "compte_bancaire_supprimer": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "compte_bancaire_iban": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "compte_bancaire_mandat": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "compte_bancaire_mandat_pdf": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "compte_bancaire_remise": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "compte_bancaire_signaler": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "entreprise_demandes": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "ouvrir_service": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "substitution": Porte(Acces.ESPACE, Rubrique.GERER),
    "revue_substitution": Porte(Acces.ESPACE, Rubrique.GERER),
    "revue_delegations": Porte(Acces.ESPACE, Rubrique.GERER),
    "perimetre": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "perimetre_deleguer": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "journal_personne": Porte(Acces.ESPACE, Rubrique.GERER),
    "journal_personne_exporter": Porte(Acces.ESPACE, Rubrique.GERER),
    "suppleants": Porte(Acces.ESPACE, Rubrique.GERER),
    "suppleants_exporter": Porte(Acces.ESPACE, Rubrique.GERER),
    "suppleants_designer": Porte(Acces.ESPACE, Rubrique.GERER),
    "suppleants_personne": Porte(Acces.ESPACE, Rubrique.GERER),
    "suppleants_confirmer": Porte(Acces.ESPACE, Rubrique.GERER),
    "delegations": Porte(Acces.ESPACE, Rubrique.GERER),
    "delegations_exporter": Porte(Acces.ESPACE, Rubrique.GERER),
    "delegations_designer": Porte(Acces.ESPACE, Rubrique.GERER),
    "delegations_personne": Porte(Acces.ESPACE, Rubrique.GERER),
    "delegations_confirmer": Porte(Acces.ESPACE, Rubrique.GERER),
    "designation_fichier": Porte(Acces.ESPACE, Rubrique.GERER),
    "designation_fichier_confirmer": Porte(Acces.ESPACE, Rubrique.GERER),
    "designation_fichier_existant": Porte(Acces.ESPACE, Rubrique.GERER),
    "designation_fichier_modele": Porte(Acces.ESPACE, Rubrique.GERER),
    "export": Porte(Acces.ESPACE, Rubrique.GERER),
    "export_telecharger": Porte(Acces.ESPACE, Rubrique.GERER),
    "vos_habilitations": Porte(Acces.ESPACE, Rubrique.HABILITATIONS),
    "vos_habilitations_exporter": Porte(Acces.ESPACE, Rubrique.HABILITATIONS),
    "echeances": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "echeances_agenda": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "preferences": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "preferences_messagerie": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "habilitations_recentes": Porte(Acces.ESPACE, Rubrique.GERER),
    "habilitations_choisir": Porte(Acces.ESPACE, Rubrique.GERER),
    "habilitations_changer": Porte(Acces.ESPACE, Rubrique.GERER),
    "demandes_habilitation": Porte(Acces.ESPACE, Rubrique.GERER),
    "demander_habilitation": Porte(Acces.ESPACE, Rubrique.GERER),
    "demande_habilitation_accepter": Porte(Acces.ESPACE, Rubrique.GERER),
    "demande_habilitation_refuser": Porte(Acces.ESPACE, Rubrique.GERER),
    "demande_habilitation_annuler": Porte(Acces.ESPACE, Rubrique.GERER),
    "retraits": Porte(Acces.ESPACE, Rubrique.GERER, sans_cgu=True),
    "retraits_choisir": Porte(Acces.ESPACE, Rubrique.GERER, sans_cgu=True),
    "retrait_accepter": Porte(Acces.ESPACE, Rubrique.GERER),
    "retrait_refuser": Porte(Acces.ESPACE, Rubrique.GERER),
    "retrait_renoncer": Porte(Acces.ESPACE, Rubrique.GERER, sans_cgu=True),
    "adherer": Porte(Acces.ESPACE, Rubrique.GERER),
    "activer": Porte(Acces.ESPACE, Rubrique.GERER),
    "demandes": Porte(Acces.ESPACE, Rubrique.DEMANDES),
    "adresses_attendues": Porte(Acces.ESPACE, Rubrique.DEMANDES),
    "demande": Porte(Acces.ESPACE, Rubrique.DEMANDES),
    "annuler_demande": Porte(Acces.ESPACE, Rubrique.DEMANDES),
    "nouveau_courrier": Porte(Acces.ESPACE, Rubrique.DEMANDES),
    "demande_renvoyer_lien": Porte(Acces.ESPACE, Rubrique.DEMANDES),
    "passer_expert": Porte(Acces.ESPACE, Rubrique.GERER),
    "courriel_entreprise": Porte(Acces.ESPACE, Rubrique.GERER),
    "courriel_entreprise_changer": Porte(Acces.ESPACE, Rubrique.GERER),
    "code_recu": Porte(Acces.ESPACE, Rubrique.AUCUNE),
}
FICHIERS = frozenset(
    {
        "recapitulatif",
        "codes_secours_texte",
        "echeances_agenda",
        "designation_fichier_modele",
        "comptes_bancaires_exporter",
        "echange_pdf",
        "piece_jointe",
        "admin:lettre_apercu",
        "admin:echange_piece",
    }
)
"""The files that a mere link gives: another site's link is answered by a page with the link (espacepro/middleware.py)."""
SANS_CGU = frozenset(n for n, porte in TABLE.items() if porte.sans_cgu or porte.qui in {Acces.PUBLIC, Acces.CONNECTE})
"""What who has not accepted the CGU in force may open (accounts/portes/conditions.py)."""
ESPACES_DE_NOMS: dict[str, Acces] = {"admin": Acces.AGENT, "demonstration": Acces.DEMONSTRATION}
