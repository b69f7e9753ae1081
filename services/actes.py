"""What this floor writes in the journal: for agents alone, jobs on reference data, events of the register, what an agent enters;

for the administrators of paying services too, what is done with the accounts of their company, never an IBAN; for those of
the Messagerie, who wrote, closed and reopened, never what was written.
"""

from typing import Final

from accounts.traces.actes import SOI, Acte, Lecteur

MESSAGERIE: Final = SOI | {Lecteur.ADMINISTRATEURS_MESSAGERIE}
BANQUE: Final = SOI | {Lecteur.ADMINISTRATEURS_PAIEMENT}

PERSONNES_IMPORTEES = Acte(
    "personnes.importees",
    "Personnes sirénisées importées",
    details=(
        "creees",
        "modifiees",
        "inchangees",
        "rejetees",
        "purgees",
        "cessations",
        "reouvertures",
        "sans_siege",
        "complet",
        "fichiers",
    ),
)
CATALOGUE_CHARGE = Acte("catalogue.charge", "Catalogue des services chargé", details=("crees", "modifies"))
ECHEANCES_CHARGEES = Acte(
    "echeances.chargees", "Échéances d’une année chargées", details=("annee", "creees", "modifiees", "retirees")
)
SERVICE_RETIRE = Acte("service.retire", "Retrait d’un service du catalogue décidé", details=("ferme_le",))
SERVICE_RETABLI = Acte("service.retabli", "Retrait d’un service du catalogue annulé")
SERVICES_GESTIONNAIRES_CHARGES = Acte(
    "services_gestionnaires.charges", "Services gestionnaires chargés", details=("crees", "modifies")
)
REGISTRE_ESSAYE = Acte("registre.essaye", "Suivi du registre essayé à blanc", details=("nombre",))
REGISTRE_SUIVI = Acte("registre.suivi", "Suivi du registre commencé", details=("nombre",))
REPRESENTANT_ETABLI = Acte("representant.etabli", "Représentant légal enregistré", details=("source",))
REPRESENTANT_CHANGE = Acte("representant.change", "Représentant légal changé", details=("source",))
REPRESENTANTS_IMPORTES = Acte(
    "representants.importes",
    "Représentants légaux importés",
    details=("etablis", "changes", "inchanges", "conserves", "rejetees", "fichiers"),
)
PERSONNE_PROVISOIRE = Acte(
    "personne.provisoire", "Identifiant provisoire (IDSP) donné par le service gestionnaire", details=("preuve",)
)
PERSONNE_IDENTIFIEE = Acte(
    "personne.identifiee", "Identifiant provisoire remplacé par un SIREN", details=("idsp", "fusion")
)
ADRESSE_COURRIER_SAISIE = Acte("adresse_courrier.saisie", "Adresse des courriers saisie par un agent")
ADRESSE_COURRIER_RETIREE = Acte("adresse_courrier.retiree", "Adresse des courriers saisie par un agent retirée")
ADRESSE_COURRIER_DEMANDEE = Acte(
    "adresse_courrier.demandee", "Adresse postale d’une entreprise demandée à son service gestionnaire", SOI
)
ADRESSE_COURRIER_CONNUE = Acte("adresse_courrier.connue", "Adresse postale attendue : elle est enregistrée", SOI)
ADRESSE_COURRIER_SANS_SUITE = Acte(
    "adresse_courrier.sans_suite", "Adresse postale demandée : sans suite", SOI, details=("motif",)
)
PERSONNE_RATTACHEE = Acte(
    "personne.rattachee", "Entreprise rattachée à un autre service gestionnaire", details=("de", "vers", "motif")
)
COMPTES_BANCAIRES_RECHIFFRES = Acte(
    "comptes_bancaires.rechiffres", "IBAN des comptes bancaires chiffrés sous la nouvelle clé", details=("nombre",)
)
MESSAGE_ECRIT = Acte(
    "message.ecrit", "Message écrit au service gestionnaire", MESSAGERIE, anonyme=False, details=("echange", "theme")
)
ECHANGE_CLOS = Acte("echange.clos", "Échange clos par l’entreprise", MESSAGERIE, anonyme=False, details=("echange",))
ECHANGE_ROUVERT = Acte(
    "echange.rouvert", "Échange rouvert par l’entreprise", MESSAGERIE, anonyme=False, details=("echange",)
)
PIECE_ECARTEE = Acte(
    "piece.ecartee", "Pièce jointe écartée par l’antivirus", MESSAGERIE, anonyme=False, details=("echange", "signature")
)
PIECE_ILLISIBLE = Acte(
    "piece.illisible",
    "Pièce jointe mise de côté : le contrôle n’a pas pu la lire",
    MESSAGERIE,
    anonyme=False,
    details=("echange",),
)
PIECES_RECHIFFREES = Acte(
    "pieces.rechiffrees", "Clés des pièces jointes chiffrées sous la nouvelle clé", details=("nombre",)
)
PIECES_BALAYEES = Acte("pieces.balayees", "Fichiers sans pièce jointe effacés", details=("nombre",))
AVIS_MESSAGERIE_CHOISIS = Acte(
    "avis_messagerie.choisis", "Avis de messagerie : rythme choisi", SOI, details=("nombre",)
)
ECHANGE_PRIS_EN_CHARGE = Acte(
    "echange.pris_en_charge", "Échange pris en charge par le service", MESSAGERIE, anonyme=False, details=("echange",)
)
ECHANGE_REPONDU = Acte(
    "echange.repondu", "Réponse du service gestionnaire", MESSAGERIE, anonyme=False, details=("echange",)
)
ECHANGE_ACCUSE = Acte(
    "echange.accuse",
    "Message du service qui fait patienter : l’échange attend toujours sa réponse",
    MESSAGERIE,
    anonyme=False,
    details=("echange",),
)
ECHANGE_PIECE_DEMANDEE = Acte(
    "echange.piece_demandee", "Pièce demandée par le service", MESSAGERIE, anonyme=False, details=("echange",)
)
ECHANGE_CLOS_PAR_LE_SERVICE = Acte(
    "echange.clos_par_le_service", "Échange clos par le service", MESSAGERIE, anonyme=False, details=("echange",)
)
ECHANGE_TRANSFERE = Acte(
    "echange.transfere",
    "Échange transmis à un autre service",
    MESSAGERIE,
    anonyme=False,
    details=("echange", "de", "vers"),
)
ECHANGE_NOTE = Acte("echange.note", "Note interne laissée sur un échange", details=("echange",))
MODELE_DE_REPONSE_ENREGISTRE = Acte("modele_de_reponse.enregistre", "Modèle de réponse enregistré", details=("modele",))
MODELE_DE_REPONSE_RETIRE = Acte("modele_de_reponse.retire", "Modèle de réponse retiré", details=("modele",))
COMPTE_BANCAIRE_AJOUTE = Acte(
    "compte_bancaire.ajoute", "Compte bancaire ajouté", BANQUE, anonyme=False, details=("compte",)
)
COMPTE_BANCAIRE_RENOMME = Acte(
    "compte_bancaire.renomme", "Titulaire d’un compte bancaire renommé", BANQUE, anonyme=False, details=("compte",)
)
COMPTE_BANCAIRE_RETIRE = Acte(
    "compte_bancaire.retire", "Compte bancaire supprimé", BANQUE, anonyme=False, details=("compte",)
)
COMPTE_BANCAIRE_GELE = Acte(
    "compte_bancaire.gele",
    "Compte bancaire rendu inutilisable : l’espace qui l’a ajouté est désactivé",
    BANQUE,
    anonyme=False,
    details=("compte",),
)
COMPTE_BANCAIRE_DEGELE = Acte(
    "compte_bancaire.degele", "Compte bancaire de nouveau utilisable", BANQUE, anonyme=False, details=("compte",)
)
COMPTE_BANCAIRE_RENDU = Acte(
    "compte_bancaire.rendu",
    "Compte bancaire supprimé par un autre que le détenteur de l’espace, rendu",
    BANQUE,
    anonyme=False,
    details=("compte",),
)
COMPTES_BANCAIRES_CHOISIS = Acte(
    "comptes_bancaires.choisis",
    "Comptes à débiter choisis pour un service",
    BANQUE,
    anonyme=False,
    details=("comptes",),
)
COMPTE_BANCAIRE_MONTRE = Acte(
    "compte_bancaire.montre", "IBAN montré en entier", BANQUE, anonyme=False, details=("compte",)
)
COMPTES_BANCAIRES_EXPORTES = Acte(
    "comptes_bancaires.exportes",
    "Liste des comptes bancaires téléchargée",
    BANQUE,
    anonyme=False,
    details=("format", "lignes"),
)
MANDAT_SEPA_EDITE = Acte("mandat_sepa.edite", "Mandat SEPA édité", BANQUE, anonyme=False, details=("compte",))
MANDAT_SEPA_REMIS = Acte(
    "mandat_sepa.remis",
    "Mandat SEPA dit remis à la banque",
    BANQUE,
    anonyme=False,
    details=(
        "compte",
        "le",
    ),
)
MANDAT_SEPA_REMISE_ANNULEE = Acte(
    "mandat_sepa.remise_annulee",
    "Mandat SEPA dit non remis à la banque",
    BANQUE,
    anonyme=False,
    details=("compte",),
)
COMPTE_BANCAIRE_REPONSE = Acte(
    "compte_bancaire.reponse",
    "Réponse de la banque enregistrée",
    BANQUE,
    anonyme=False,
    details=(
        "compte",
        "prelevement",
        "etat",
        "motif",
    ),
)
CHANGEMENT_BANCAIRE_SIGNALE = Acte(
    "changement_bancaire.signale",
    "Changement d’un compte bancaire signalé comme non reconnu",
    BANQUE,
    anonyme=False,
    details=("compte", "changement", "signalement"),
)
SIGNALEMENT_BANCAIRE_REPRIS = Acte(
    "signalement_bancaire.repris",
    "Signalement d’un changement bancaire repris",
    BANQUE,
    anonyme=False,
    details=("compte", "changement", "signalement"),
)
CHANGEMENT_BANCAIRE_MAINTENU = Acte(
    "changement_bancaire.maintenu",
    "Changement d’un compte bancaire maintenu par le service gestionnaire",
    BANQUE,
    anonyme=False,
    details=("compte", "changement", "motif"),
)
CHANGEMENT_BANCAIRE_ANNULE = Acte(
    "changement_bancaire.annule",
    "Changement d’un compte bancaire annulé par le service gestionnaire",
    BANQUE,
    anonyme=False,
    details=("compte", "changement", "motif"),
)
CLOTURE_BANCAIRE_LEVEE = Acte(
    "cloture_bancaire.levee",
    "Compte bancaire que la banque disait clos admis de nouveau",
    BANQUE,
    anonyme=False,
    details=("compte", "preuve"),
)
