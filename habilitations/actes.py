"""What this floor writes in the journal: who holds what is read by both parties and by who administers the service."""

from typing import Final

from accounts.traces.actes import PARTIES, SOI, Acte, Lecteur

PAIRE: Final = PARTIES | {Lecteur.ADMINISTRATEURS}

ADHESION_OUVERTE = Acte("adhesion.ouverte", "Service ouvert", PAIRE, anonyme=False, details=("demande",))
ADHESION_RETIREE = Acte(
    "adhesion.retiree", "Service retiré par le service gestionnaire", PAIRE, anonyme=False, details=("motif",)
)
ESPACE_LIBERE = Acte(
    "espace.libere",
    "Adhésions qui empêchaient de supprimer l’espace retirées par le service gestionnaire",
    SOI,
    details=("retirees", "transmises", "restent"),
)
SUPPLEANCE_DESIGNEE = Acte(
    "suppleance.designee", "Administrateur suppléant désigné", PAIRE, anonyme=False, details=("role", "expire_le")
)
SUPPLEANCE_MISE_EN_VEILLE = Acte(
    "suppleance.mise_en_veille", "Administrateur suppléant mis en veille", PAIRE, anonyme=False
)
SUPPLEANCE_REACTIVEE = Acte("suppleance.reactivee", "Administrateur suppléant réactivé", PAIRE, anonyme=False)
DELEGATION_MISE_EN_VEILLE = Acte(
    "delegation.mise_en_veille",
    "Délégation mise en veille avec le suppléant qui l’avait accordée",
    PAIRE,
    anonyme=False,
)
DELEGATION_REACTIVEE = Acte("delegation.reactivee", "Délégation réactivée", PAIRE, anonyme=False)
SUPPLEANCE_RETIREE = Acte(
    "suppleance.retiree", "Administrateur suppléant retiré", PAIRE, anonyme=False, details=("role", "motif")
)
DELEGATION_ACCORDEE = Acte(
    "delegation.accordee", "Délégation accordée", PAIRE, anonyme=False, details=("role", "expire_le")
)
DELEGATION_FIN_CHANGEE = Acte(
    "delegation.fin_changee",
    "Dernier jour d’une délégation changé",
    PAIRE,
    anonyme=False,
    details=("role", "avant", "expire_le"),
)
DELEGATION_RETIREE = Acte("delegation.retiree", "Délégation retirée", PAIRE, anonyme=False, details=("role", "motif"))
HABILITATION_TOMBEE = Acte(
    "habilitation.tombee",
    "Habilitation tombée avec celle dont elle dépendait",
    PAIRE,
    anonyme=False,
    details=("role", "motif", "demande"),
)
HABILITATION_REPRISE = Acte(
    "habilitation.reprise", "Habilitation reprise sous sa responsabilité", PAIRE, anonyme=False, details=("role",)
)
HABILITATION_EXPIREE = Acte(
    "habilitation.expiree", "Habilitation arrivée à sa date de fin", PAIRE, anonyme=False, details=("role", "motif")
)
HABILITATION_DECLINEE = Acte(
    "habilitation.declinee", "Habilitation récente déclinée", PAIRE, anonyme=False, details=("role", "motif")
)
HABILITATION_CEDEE = Acte(
    "habilitation.cedee",
    "Habilitation récente, non utilisée, terminée pour faire place à un autre SIREN",
    PAIRE,
    anonyme=False,
    details=("role", "motif"),
)
HABILITATION_PROMUE = Acte(
    "habilitation.promue",
    "Rôle remplacé par celui d’administrateur titulaire",
    PAIRE,
    anonyme=False,
    details=("role", "motif", "demande"),
)
HABILITATION_A_CONFIRMER = Acte(
    "habilitation.a_confirmer",
    "Habilitation en veille : le nouveau titulaire doit la confirmer",
    PAIRE,
    anonyme=False,
    details=("role",),
)
HABILITATION_CONSERVEE = Acte(
    "habilitation.conservee", "Habilitation conservée par le nouveau titulaire", PAIRE, anonyme=False, details=("role",)
)
HABILITATION_ECARTEE = Acte(
    "habilitation.ecartee",
    "Habilitation non conservée après la substitution",
    PAIRE,
    anonyme=False,
    details=("role", "motif"),
)
TITULAIRE_REMPLACE = Acte(
    "titulaire.remplace",
    "Administrateur titulaire remplacé",
    PAIRE,
    anonyme=False,
    details=("role", "motif", "demande"),
)
TITULAIRE_SUBSTITUE = Acte(
    "titulaire.substitue", "Nouvel administrateur titulaire", PAIRE, anonyme=False, details=("demande",)
)
DELEGATION_CONFIRMEE = Acte(
    "delegation.confirmee", "Délégation confirmée lors de la revue", PAIRE, anonyme=False, details=("role",)
)
HABILITATION_FERMEE = Acte(
    "habilitation.fermee",
    "Habilitation terminée avec le retrait du service",
    PAIRE,
    anonyme=False,
    details=("role", "motif"),
)
HABILITATIONS_EXPORTEES = Acte(
    "habilitations.exportees", "Liste d’habilitations exportée", SOI, details=("quoi", "format", "lignes")
)
PREFERENCES_CHANGEES = Acte("preferences.changees", "Préférences changées", SOI, details=("champs",))
BENEFICIAIRE_INTROUVABLE = Acte("beneficiaire.introuvable", "Recherche d’un bénéficiaire sans résultat", SOI)
ADHESION_FERMEE = Acte(
    "adhesion.fermee", "Service fermé avec l’espace de son titulaire", PAIRE, anonyme=False, details=("motif",)
)
HABILITATION_SUPPRIMEE = Acte(
    "habilitation.supprimee",
    "Habilitation terminée avec la suppression de l’espace",
    PAIRE,
    anonyme=False,
    details=("role", "motif"),
)
HABILITATION_DEMANDEE = Acte("habilitation.demandee", "Habilitation demandée", SOI)
HABILITATION_DEMANDE_RECUE = Acte("habilitation.demande_recue", "Demande d’habilitation reçue", SOI)
HABILITATION_DEMANDE_ACCEPTEE = Acte(
    "habilitation.demande_acceptee", "Demande d’habilitation acceptée", PARTIES, details=("role", "nombre")
)
HABILITATION_DEMANDE_REFUSEE = Acte("habilitation.demande_refusee", "Demande d’habilitation refusée", PARTIES)
HABILITATION_DEMANDE_ANNULEE = Acte("habilitation.demande_annulee", "Demande d’habilitation annulée", SOI)
HABILITATION_DEMANDE_EXPIREE = Acte("habilitation.demande_expiree", "Demande d’habilitation restée sans réponse", SOI)
RETRAIT_DEMANDE = Acte(
    "retrait.demande", "Retrait d’un service demandé", PAIRE, anonyme=False, details=("retrait", "role")
)
RETRAIT_ACCEPTE = Acte(
    "retrait.accepte", "Demande de retrait acceptée", PAIRE, anonyme=False, details=("retrait", "role", "motif")
)
RETRAIT_REFUSE = Acte("retrait.refuse", "Demande de retrait refusée", PAIRE, anonyme=False, details=("retrait", "role"))
RETRAIT_ANNULE = Acte("retrait.annule", "Demande de retrait annulée", PAIRE, anonyme=False, details=("retrait", "role"))
REVUE_OUVERTE = Acte(
    "revue.ouverte",
    "Revue des délégations ouverte par un changement de représentant légal",
    details=("nombre",),
)
CESSATION_CONSTATEE = Acte("cessation.constatee", "Cessation dite par le registre")
CESSATION_ANNULEE = Acte("cessation.annulee", "Réouverture dite par le registre")
CESSATION_MAINTENUE = Acte("cessation.maintenue", "Services maintenus malgré la cessation", details=("jusqu_au",))
CESSATION_CONTESTEE = Acte("cessation.contestee", "Cessation écartée : le registre est inexact")
CESSATION_RESTREINTE = Acte("cessation.restreinte", "Droits réduits à la consultation, faute de décision")
ADHESION_CESSEE = Acte("adhesion.cessee", "Service fermé après la cessation", PAIRE, anonyme=False)
ADHESION_RETIREE_DU_CATALOGUE = Acte(
    "adhesion.retiree_du_catalogue", "Service fermé : retiré du catalogue", PAIRE, anonyme=False
)
HABILITATION_SUSPENDUE = Acte(
    "habilitation.suspendue", "Habilitation suspendue après la cessation", PAIRE, anonyme=False, details=("role",)
)
HABILITATION_EN_VEILLE_COMPROMIS = Acte(
    "habilitation.en_veille_compromis",
    "Habilitation mise en veille : l’espace de qui l’a accordée est désactivé",
    PAIRE,
    anonyme=False,
    details=("role",),
)
HABILITATION_RENDUE_COMPROMIS = Acte(
    "habilitation.rendue_compromis",
    "Habilitation rendue : confirmée par qui l’a accordée, ou désactivation annulée",
    PAIRE,
    anonyme=False,
    details=("role",),
)
HABILITATION_DEFAITE_COMPROMIS = Acte(
    "habilitation.defaite_compromis",
    "Habilitation retirée : le détenteur ne l’avait pas accordée",
    PAIRE,
    anonyme=False,
    details=("role", "motif"),
)
HABILITATION_RETABLIE = Acte(
    "habilitation.retablie",
    "Habilitation rendue : la cessation n’a plus d’effet",
    PAIRE,
    anonyme=False,
    details=("role",),
)
