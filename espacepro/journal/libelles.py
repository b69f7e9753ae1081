"""How the acts of the journal and their details read in French. A test checks that every declared key has its word."""

from django.utils.text import slugify

from accounts.models import Evenement
from accounts.traces.actes import catalogue

from .. import actes

# What the keys of an event's details and of a mail's context are called, where the key itself is not plain French.
DETAILS = {
    "a_confirmer": "À confirmer",
    "a_revoir": "Délégations à revoir",
    "adresse": "Adresse confirmée",
    "adresse_ip": "Adresse IP",
    "acte": "Acte",
    "affaire": "Affaire",
    "agent": "Agent",
    "ancienne": "Ancienne fonction",
    "ailleurs": "Ailleurs",
    "avant": "Prenait fin le",
    "beneficiaire": "Bénéficiaire",
    "beneficiaires": "Bénéficiaires",
    "canal": "Envoi",
    "cessations": "Cessations",
    "cgu": "Version des conditions générales d’utilisation",
    "champs": "Informations modifiées",
    "change_le": "Changé le",
    "changement": "Changement",
    "changes": "Changés",
    "compte": "Compte",
    "comptes": "Comptes",
    "complet": "Fichiers complets",
    "conserves": "Conservés",
    "courriers": "Nombre de courriers",
    "creation": "Création d’un espace simplifié",
    "creees": "Créées",
    "crees": "Créés",
    "retirees": "Retirées",
    "ferme_le": "Dernier jour",
    "annee": "Année",
    "de": "De",
    "deja_ouverts": "Services ouverts entre-temps par un autre espace",
    "demande": "Demande",
    "demandeur": "Demandeur",
    "denomination": "Dénomination",
    "depuis": "Depuis le",
    "echange": "Échange",
    "echeance": "Échéance",
    "empreinte": "Empreinte du texte",
    "en_vigueur_le": "En vigueur le",
    "essai": "Essai",
    "etablis": "Établis",
    "etat": "État",
    "expire_le": "Prend fin le",
    "expire_le_jour": "Prend fin le",
    "facteurs_retires": "Second facteur retiré",
    "fichiers": "Fichiers",
    "file": "File",
    "fonction": "Fonction",
    "format": "Format",
    "fusion": "Réunion de deux dossiers",
    "gestionnaire": "Service gestionnaire",
    "ici": "Ici",
    "idsp": "Identifiant provisoire (IDSP)",
    "inchangees": "Inchangées",
    "inchanges": "Inchangés",
    "jours_restants": "Jours restants",
    "jusqu_au": "Jusqu’au",
    "le": "Le",
    "lignes": "Lignes du fichier",
    "longueur": "Nombre minimal de caractères",
    "mode": "Mode",
    "mois": "Mois",
    "modele": "Modèle",
    "modifiees": "Modifiées",
    "modifies": "Modifiés",
    "motif": "Motif",
    "nature": "Nature",
    "navigateur": "Navigateur",
    "niveau": "Niveau minimal",
    "mot_de_passe_bloque": "Mot de passe bloqué",
    "nombre": "Nombre",
    "nouvelle_adresse": "Nouvelle adresse",
    "numero": "Numéro",
    "objet": "Objet",
    "plafond": "Plafond",
    "organisation": "Organisation",
    "origine": "Origine",
    "ouverts": "Services ouverts",
    "par": "Par",
    "par_messagerie": "Par la messagerie sécurisée",
    "pays": "Pays",
    "personne": "Personne sirénisée",
    "premier": "Premier rappel",
    "premier_bloc": "Du bloc",
    "dernier_bloc": "Au bloc",
    "prelevement": "Prélèvement",
    "purgees": "Purgées par l’INSEE",
    "qualite": "Qualité",
    "quand": "Quand",
    "quoi": "Liste",
    "preuve": "Preuve",
    "preuve_le": "Date de la preuve",
    "sessions": "Sessions fermées",
    "voie": "Décision",
    "cas": "Cas",
    "piece": "Pièce d’identité vue",
    "legitimite": "Preuve de légitimité vue",
    "adresse_donnee": "Autre adresse donnée",
    "defaits": "Défaits",
    "gardes": "Gardés",
    "raison": "Raison",
    "essais": "Codes inexacts",
    "reference": "Référence",
    "restent": "Il en reste",
    "transmises": "Transmises à d’autres services",
    "references": "Références",
    "registre": "Dit par le registre",
    "reseau": "Réseau",
    "regle": "Règle",
    "rejetees": "Lignes rejetées",
    "remise": "Remise",
    "remplace": "En remplacement d’une autre application",
    "reouvertures": "Réouvertures",
    "reponse": "Réponse",
    "reponse_du": "Réponse choisie le",
    "reponse_rendue": "Réponse précédente rendue",
    "retrait": "Demande de retrait",
    "role": "Rôle",
    "sans_siege": "Sans siège",
    "sauf_la_sienne": "Sauf la session en cours",
    "service": "Service",
    "services": "Services",
    "signalement": "Signalement",
    "signature": "Ce que l’antivirus a reconnu",
    "siren": "SIREN",
    "source": "Source",
    "supprime_le": "Supprimé le",
    "theme": "Thème",
    "suspendu": "Code suspendu",
    "suspendu_jusqu_au": "Suspendu jusqu’au",
    "telephone": "Téléphone",
    "texte": "Texte",
    "vers": "Vers",
    "version": "Version",
}


def libelle_acte(acte: str) -> str:
    """Return the French line of an act's code; the code itself for one that has none."""
    declare = catalogue().get(acte)
    return declare.libelle if declare else acte


def objet_de(evenement: Evenement) -> str:
    """Return what tells two acts of one kind on one company apart: the account, masked, or the exchange; nothing where nothing does."""
    return str(evenement.details.get("compte") or evenement.details.get("echange") or "")


def dire_au_detenteur(evenement: Evenement) -> str:
    """Return what a line of the journal says to the holder of the espace: that of a look says whose, and why."""
    if evenement.acte == actes.ESPACE_VU_PAR_UN_AGENT.code:
        dits = evenement.details
        return f"Un agent du service « {dits['gestionnaire']} » a consulté votre espace tel que vous le voyez, {dits['raison']}"
    return libelle_acte(evenement.acte)


def actes_nommes(recherche: str) -> list[str]:
    """Return the codes of the acts whose French line holds these words, case and accents aside; none for no word."""
    mots = slugify(recherche).split("-")
    return [a.code for a in catalogue().values() if all(mots) and all(mot in slugify(a.libelle) for mot in mots)]
