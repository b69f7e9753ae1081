"""Who may open which page, and under which heading of the menu: every URL name stands here once.

Closed by default (style.md): `tests/espacepro/test_acces.py` compares this table with the urlconf and with the decorators of the views.
"""

from enum import Enum
from typing import Final, NamedTuple

from accounts.portes.ouvertes import Du


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

    `malgre`: what a session may owe and open it all the same (accounts/portes/ouvertes.py). The CGU to accept close neither one's data,
    downloads, leaving and deletion, nor any page that is public or of anybody signed in (`malgre_de`).
    """

    qui: Acces
    rubrique: Rubrique | None = None
    malgre: Du = Du.RIEN


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

LE_MOT_DE_PASSE: Final = Du.VERIFICATION | Du.MOT_DE_PASSE
"""Of who has lost his password: an answer to a question that was never shown to him proves nothing yet."""
LA_REPONSE: Final = Du.REPONSE | Du.CONDITIONS
"""What settles the answer, or gives the espace up: asked for before the CGU are."""

TABLE: dict[str, Porte] = {
    "accueil": Porte(Acces.PUBLIC),
    "aide": Porte(Acces.PUBLIC, Rubrique.AIDE, malgre=Du.TOUT),
    "fiche": Porte(Acces.PUBLIC, Rubrique.AIDE, malgre=Du.TOUT),
    "plan": Porte(Acces.PUBLIC, malgre=Du.TOUT),
    "mentions_legales": Porte(Acces.PUBLIC, malgre=Du.TOUT),
    "verifier_humain": Porte(Acces.PUBLIC, malgre=Du.TOUT),
    "security_txt": Porte(Acces.RESSOURCE),
    "journal_json": Porte(Acces.RESSOURCE),
    "catalogue": Porte(Acces.PUBLIC),
    "service_public": Porte(Acces.PUBLIC),
    "accessibilite": Porte(Acces.PUBLIC, malgre=Du.TOUT),
    "cgu": Porte(Acces.PUBLIC, malgre=Du.TOUT),
    "cgu_version": Porte(Acces.PUBLIC, malgre=Du.TOUT),
    "accepter_conditions": Porte(Acces.PRESENT, Rubrique.AUCUNE, malgre=Du.CONDITIONS),
    "donnees_personnelles": Porte(Acces.PUBLIC, malgre=Du.TOUT),
    "sante": Porte(Acces.RESSOURCE),
    "metrics": Porte(Acces.RESSOURCE),
    "robots": Porte(Acces.RESSOURCE),
    "connexion": Porte(Acces.PUBLIC),
    "deconnexion": Porte(Acces.CONNECTE, malgre=Du.TOUT),
    "connexion_verification": Porte(Acces.PUBLIC),
    "connexion_secours": Porte(Acces.PUBLIC),
    "connexion_cle_debut": Porte(Acces.PUBLIC),
    "connexion_cle_fin": Porte(Acces.PUBLIC),
    "securite": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "changements_examines": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "verifier_session": Porte(Acces.PRESENT, Rubrique.AUCUNE, malgre=Du.TOUT),
    "verifier_session_code": Porte(Acces.PRESENT, Rubrique.AUCUNE, malgre=Du.TOUT),
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
    "prolonger_session": Porte(Acces.CONNECTE, malgre=Du.TOUT),
    "inscription": Porte(Acces.PUBLIC),
    "inscription_expert": Porte(Acces.PUBLIC),
    "inscription_envoyee": Porte(Acces.PUBLIC),
    "inscription_renvoyer": Porte(Acces.PUBLIC),
    "inscription_confirmee": Porte(Acces.PUBLIC),
    "inscription_recapitulatif": Porte(Acces.PUBLIC),
    "confirmer_adresse": Porte(Acces.PUBLIC),
    "mot_de_passe_oublie": Porte(Acces.PUBLIC, malgre=LE_MOT_DE_PASSE),
    "mot_de_passe_oublie_envoye": Porte(Acces.PUBLIC, malgre=LE_MOT_DE_PASSE),
    "choisir_mot_de_passe": Porte(Acces.PUBLIC, malgre=LE_MOT_DE_PASSE),
    "reponse_oubliee": Porte(Acces.PUBLIC, malgre=LE_MOT_DE_PASSE),
    "reinitialiser_mot_de_passe": Porte(Acces.PUBLIC, malgre=LE_MOT_DE_PASSE),
    "confirmer_changement_adresse": Porte(Acces.PUBLIC),
    "annuler_changement_adresse": Porte(Acces.PUBLIC, malgre=Du.TOUT),
    "ce_n_est_pas_moi": Porte(Acces.PUBLIC, malgre=Du.TOUT),
    "pas_moi_fait": Porte(Acces.PUBLIC, malgre=Du.TOUT),
    "securite_pas_moi": Porte(Acces.ESPACE, Rubrique.AUCUNE, malgre=Du.TOUT),
    "confirmer_identite": Porte(Acces.CONNECTE),
    "coordonnees": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "identifiants": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "changer_adresse": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "abandonner_adresse": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "adresse_verifiee": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "changer_mot_de_passe": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "changer_question": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "choisir_question": Porte(Acces.PRESENT, Rubrique.AUCUNE, malgre=LA_REPONSE),
    "question_changee": Porte(Acces.PRESENT, Rubrique.AUCUNE, malgre=LA_REPONSE),
    "saisie_gardee": Porte(Acces.PRESENT, Rubrique.AUCUNE),
    "renouveler_mot_de_passe": Porte(Acces.ESPACE, Rubrique.AUCUNE, malgre=Du.MOT_DE_PASSE | LA_REPONSE),
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
    "activer_espace_annuler": Porte(Acces.EN_ATTENTE, malgre=LA_REPONSE),
    "espace_supprime": Porte(Acces.PUBLIC),
    "mes_donnees": Porte(Acces.ESPACE, Rubrique.AUCUNE, malgre=Du.CONDITIONS),
    "telecharger_donnees": Porte(Acces.ESPACE, Rubrique.AUCUNE, malgre=Du.CONDITIONS),
    "rectifier_donnees": Porte(Acces.ESPACE, Rubrique.AUCUNE, malgre=Du.CONDITIONS),
    "supprimer_espace": Porte(Acces.ESPACE, Rubrique.AUCUNE, malgre=Du.CONDITIONS),
    "demander_suppression": Porte(Acces.ESPACE, Rubrique.AUCUNE, malgre=Du.CONDITIONS),
    "espace": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "a_faire": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "favori": Porte(Acces.ESPACE, Rubrique.ACCUEIL),
    "votre_espace": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "gerer_services": Porte(Acces.ESPACE, Rubrique.GERER),
    "journal": Porte(Acces.ESPACE, Rubrique.AUCUNE),
    "recapitulatif": Porte(Acces.ESPACE, Rubrique.AUCUNE, malgre=Du.CONDITIONS),
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
    "retraits": Porte(Acces.ESPACE, Rubrique.GERER, malgre=Du.CONDITIONS),
    "retraits_choisir": Porte(Acces.ESPACE, Rubrique.GERER, malgre=Du.CONDITIONS),
    "retrait_accepter": Porte(Acces.ESPACE, Rubrique.GERER),
    "retrait_refuser": Porte(Acces.ESPACE, Rubrique.GERER),
    "retrait_renoncer": Porte(Acces.ESPACE, Rubrique.GERER, malgre=Du.CONDITIONS),
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


def malgre_de(porte: Porte) -> Du:
    """Return in spite of what this page stays open: the CGU to accept close no page that is public, or of anybody signed in."""
    return porte.malgre | (Du.CONDITIONS if porte.qui in {Acces.PUBLIC, Acces.CONNECTE} else Du.RIEN)


OUVERTES: Final = {nom: malgre_de(porte) for nom, porte in TABLE.items()}
"""What each page stays open in spite of: what the doors are given (espacepro/apps.py)."""
ESPACES_DE_NOMS: dict[str, Acces] = {"admin": Acces.AGENT, "demonstration": Acces.DEMONSTRATION}
