"""What the accounts write in the journal: the holder reads what is his, agents alone the rest."""

from .traces.actes import SOI, Acte

ESPACE_INSCRIPTION = Acte("espace.inscription", "Inscription à un espace professionnel", SOI, details=("mode", "cgu"))
ESPACE_INSCRIPTION_PERIMEE = Acte("espace.inscription_perimee", "Inscription effacée faute de confirmation", SOI)
ESPACE_INSCRIPTION_REFUSEE = Acte(
    "espace.inscription_refusee", "Inscription effacée par qui lit la messagerie de son adresse", SOI
)
ESPACE_CONFIRME = Acte("espace.confirme", "Adresse confirmée, espace ouvert", SOI)
CGU_ACCEPTEES = Acte("cgu.acceptees", "Conditions générales d’utilisation acceptées", SOI, details=("cgu",))
CGU_PUBLIEES = Acte(
    "cgu.publiees",
    "Nouvelle version des conditions générales d’utilisation publiée",
    details=("cgu", "en_vigueur_le", "empreinte"),
)
MOT_DE_PASSE_CONFORME = Acte(
    "mot_de_passe.conforme", "Mot de passe reconnu conforme à une politique durcie", SOI, details=("version",)
)
MOT_DE_PASSE_POLITIQUE_DURCIE = Acte(
    "mot_de_passe.politique_durcie",
    "Politique des mots de passe durcie",
    details=("version", "longueur", "niveau", "en_vigueur_le"),
)
MOT_DE_PASSE_CHANGE = Acte("mot_de_passe.change", "Mot de passe changé", SOI)
MOT_DE_PASSE_OUBLIE = Acte("mot_de_passe.oublie", "Lien de mot de passe oublié envoyé", SOI)
MOT_DE_PASSE_REINITIALISE = Acte(
    "mot_de_passe.reinitialise", "Mot de passe réinitialisé par la question de confiance", SOI
)
MOT_DE_PASSE_RENOUVELLEMENT_EXIGE = Acte(
    "mot_de_passe.renouvellement_exige", "Renouvellement du mot de passe exigé (trois ans)", SOI
)
REPONSE_INEXACTE = Acte("reponse.inexacte", "Réponse inexacte à la question de confiance", SOI)
REPONSE_BLOQUEE = Acte("reponse.bloquee", "Réponse à la question de confiance bloquée", SOI)
REPONSE_REMISE = Acte("reponse.remise", "Réponse provisoire à la question de confiance remise au guichet", SOI)
REPONSE_CHANGEE = Acte("reponse.changee", "Question de confiance changée", SOI)
REPONSE_MONTREE = Acte("reponse.montree", "Réponse de confiance montrée sur le récapitulatif", SOI)
ADRESSE_CHANGEMENT_DEMANDE = Acte("adresse.changement_demande", "Changement d’adresse de connexion demandé", SOI)
ADRESSE_CHANGEMENT_ABANDONNE = Acte("adresse.changement_abandonne", "Changement d’adresse de connexion abandonné", SOI)
ADRESSE_CHANGEE = Acte("adresse.changee", "Adresse de connexion changée", SOI)
ADRESSE_CHANGEMENT_ANNULE = Acte(
    "adresse.changement_annule",
    "Changement d’adresse de connexion annulé par l’ancienne adresse",
    SOI,
    details=("reponse_rendue", "facteurs_retires"),
)
ADRESSE_REJETEE = Acte("adresse.rejetee", "Courriel retourné par l’adresse de connexion", SOI, details=("motif",))
ADRESSE_REJET_LEVE = Acte("adresse.rejet_leve", "Adresse de connexion dite de nouveau atteignable", SOI)
COORDONNEES_MODIFIEES = Acte("coordonnees.modifiees", "Coordonnées modifiées", SOI, details=("champs",))
SESSION_FERMEE = Acte("session.fermee", "Session fermée", SOI)
SESSION_TOUTES_FERMEES = Acte("session.toutes_fermees", "Sessions fermées", SOI, details=("nombre", "sauf_la_sienne"))
NAVIGATEURS_OUBLIES = Acte("navigateurs.oublies", "Navigateurs mémorisés oubliés", SOI, details=("nombre",))
SECOND_FACTEUR_ENREGISTRE = Acte(
    "second_facteur.enregistre", "Application d’authentification enregistrée", SOI, details=("remplace",)
)
SECOND_FACTEUR_CLE_ENREGISTREE = Acte("second_facteur.cle_enregistree", "Clé d’accès enregistrée", SOI)
SECOND_FACTEUR_RETIRE = Acte("second_facteur.retire", "Second facteur retiré", SOI, details=("changement",))
SECOND_FACTEUR_VERIFIE = Acte("second_facteur.verifie", "Second facteur vérifié", SOI)
SECOND_FACTEUR_REFUSE = Acte("second_facteur.refuse", "Code du second facteur refusé", SOI)
SECOND_FACTEUR_CODE_SECOURS_UTILISE = Acte("second_facteur.code_secours_utilise", "Code de secours utilisé", SOI)
SECOND_FACTEUR_CODE_SECOURS_REFUSE = Acte("second_facteur.code_secours_refuse", "Code de secours refusé", SOI)
SECOND_FACTEUR_RECHIFFRE = Acte(
    "second_facteur.rechiffre", "Secrets des applications chiffrés sous la nouvelle clé", details=("nombre",)
)
SECOND_FACTEUR_CODES_RENOUVELES = Acte("second_facteur.codes_renouveles", "Codes de secours renouvelés", SOI)
ESPACE_CE_N_EST_PAS_MOI = Acte(
    "espace.ce_n_est_pas_moi",
    "Sessions, liens et navigateurs fermés par « Ce n’est pas moi »",
    SOI,
    details=("voie", "mot_de_passe_bloque", "sessions"),
)
ESPACE_SUPPRIME = Acte("espace.supprime", "Espace supprimé par son détenteur", SOI)
ESPACE_SUPPRIME_DECES = Acte(
    "espace.supprime_deces",
    "Espace supprimé par le service gestionnaire après un décès",
    SOI,
    details=("preuve", "preuve_le", "reference"),
)
ESPACE_DORMANT_SIGNALE = Acte("espace.dormant_signale", "Suppression de l’espace conseillée, faute d’usage", SOI)
DONNEES_EXPORTEES = Acte("donnees.exportees", "Données personnelles téléchargées", SOI, details=("format",))
RECTIFICATION_DEMANDEE = Acte(
    "rectification.demandee",
    "Rectification demandée au service gestionnaire",
    SOI,
    details=("objet", "reference", "service"),
)
PURGE_FAITE = Acte(
    "purge.faite", "Données effacées à la fin de leur durée de conservation", details=("regle", "nombre")
)
JOURNAL_ABANDONNE = Acte(
    "journal.abandonne",
    "Lignes du journal effacées à la fin de leur durée de conservation",
    details=("mois", "premier_bloc", "dernier_bloc", "nombre"),
)
JOURNAL_PROUVE = Acte("journal.prouve", "Preuve d’une ligne du journal établie", details=("numero", "motif"))
JOURNAL_EXPORTE = Acte(
    "journal.exporte", "Extrait scellé du journal établi", details=("format", "nombre", "empreinte", "motif")
)
AGENT_CREE = Acte("agent.cree", "Compte d’agent créé", details=("agent", "service", "fonction"))
AGENT_REINITIALISE = Acte("agent.reinitialise", "Accès d’un agent réinitialisé", details=("agent", "preuve"))
AGENT_FONCTION = Acte(
    "agent.fonction", "Fonction d’un agent donnée ou retirée", details=("agent", "ancienne", "fonction")
)
NOM_ADMIS = Acte("nom.admis", "Nom admis par un agent, au vu d’une pièce d’identité", details=("reference",))
CONTRESEING_DEMANDE = Acte(
    "contreseing.demande",
    "Acte grave demandé, à contresigner par un second agent",
    SOI,
    details=("acte", "reference", "service"),
)
CONTRESEING_DONNE = Acte(
    "contreseing.donne", "Acte grave contresigné par un second agent", SOI, details=("acte", "reference", "service")
)
CONTRESEING_REFUSE = Acte(
    "contreseing.refuse", "Acte grave refusé par un second agent", SOI, details=("acte", "reference", "service")
)
CONTRESEING_ABANDONNE = Acte(
    "contreseing.abandonne",
    "Acte grave abandonné par l’agent qui le demandait",
    SOI,
    details=("acte", "reference", "service"),
)
CONTRESEING_REMONTE = Acte(
    "contreseing.remonte",
    "Acte grave remis à la cellule de surveillance, faute de second regard à temps",
    SOI,
    details=("acte", "reference", "service"),
)
CONTRESEING_EXPIRE = Acte(
    "contreseing.expire",
    "Acte grave expiré : sans second regard, sans objet, ou demandé par un agent qui n’exerce plus dans ce service",
    SOI,
    details=("acte", "reference", "service"),
)
REFUS_PLAFOND = Acte("refus.plafond", "Acte refusé : un plafond est atteint", SOI, details=("plafond", "nombre"))
COURRIEL_REPRIS = Acte("courriel.repris", "Courriel mis de côté, de nouveau à envoyer", SOI, details=("objet",))
AFFAIRE_PRISE = Acte("affaire.prise", "Affaire prise par un agent", details=("file", "affaire"))
AFFAIRE_RENDUE = Acte("affaire.rendue", "Affaire rendue par un agent", details=("file", "affaire"))
RECTIFICATION_FAITE = Acte(
    "rectification.faite", "Rectification faite par le service gestionnaire", SOI, details=("objet", "reference")
)
RECTIFICATION_REFUSEE = Acte(
    "rectification.refusee", "Rectification refusée par le service gestionnaire", SOI, details=("objet", "reference")
)
