"""What this floor writes in the journal.

Who administers a service reads the demandes for it, without the name of a stranger whose code has not proved his mandate;
who administers the Messagerie reads the changes of the company's address (R21), with the name.
"""

from typing import Final

from accounts.traces.actes import PARTIES, SOI, Acte, Cas, Lecteur

from .models import Demande

COURRIEL: Final = Demande.Nature.COURRIEL_PERSONNE
SUBSTITUTION: Final = Demande.Nature.SUBSTITUTION
DEMANDE: Final = SOI | {Lecteur.ADMINISTRATEURS_DEMANDE}
MESSAGERIE: Final = SOI | {Lecteur.ADMINISTRATEURS_MESSAGERIE}
SUBSTITUTION_NOMMEE: Final = Cas(DEMANDE, anonyme=False)  # the titulaire was told the name by mail

# A substitution has a line of its own on each service: SUBSTITUTION_DEMANDEE.
DEMANDE_DEPOSEE = Acte(
    "demande.deposee",
    "Demande déposée",
    DEMANDE,
    details=("demande", "nature", "qualite", "services"),
    natures={
        COURRIEL: Cas(
            MESSAGERIE, anonyme=False, libelle="Changement de l’adresse électronique de l’entreprise demandé"
        ),
        SUBSTITUTION: Cas(SOI),
    },
)
DEMANDE_ANNULEE = Acte(
    "demande.annulee",
    "Demande annulée",
    DEMANDE,
    details=("demande", "nature"),
    natures={
        COURRIEL: Cas(
            MESSAGERIE,
            anonyme=False,
            libelle="Changement de l’adresse électronique de l’entreprise annulé par son demandeur",
        ),
        SUBSTITUTION: SUBSTITUTION_NOMMEE,
    },
)
DEMANDE_DEVANCEE = Acte(
    "demande.devancee",
    "Création d’espace simplifié devancée par un autre code",
    SOI,
    details=("demande", "nature"),
)
DEMANDE_EXPIREE = Acte(
    "demande.expiree",
    "Demande expirée",
    DEMANDE,
    details=("demande", "nature"),
    natures={
        COURRIEL: Cas(
            MESSAGERIE,
            anonyme=False,
            libelle="Changement de l’adresse électronique de l’entreprise abandonné faute de confirmation ou de code",
        ),
        SUBSTITUTION: SUBSTITUTION_NOMMEE,
    },
)
DEMANDE_ADRESSE_CONFIRMEE = Acte(
    "demande.adresse_confirmee",
    "Nouvelle adresse électronique de l’entreprise confirmée par le lien qu’elle a reçu",
    MESSAGERIE,
    anonyme=False,
    details=("demande",),
)
DEMANDE_ADRESSE_REFUSEE = Acte(
    "demande.adresse_refusee",
    "Changement de l’adresse électronique de l’entreprise refusé depuis la nouvelle adresse",
    MESSAGERIE,
    anonyme=False,
    details=("demande",),
)
DEMANDE_LIEN_RENVOYE = Acte(
    "demande.lien_renvoye", "Lien envoyé de nouveau à la nouvelle adresse de l’entreprise", SOI, details=("demande",)
)
# Each service that it opened has a line of its own.
DEMANDE_ACTIVEE = Acte(
    "demande.activee",
    "Demande activée par le code",
    SOI,
    details=("demande", "nature", "ouverts", "deja_ouverts"),
    natures={COURRIEL: Cas(MESSAGERIE, anonyme=False, libelle="Adresse électronique de l’entreprise changée")},
)
COURRIER_EDITE = Acte("courrier.edite", "Courrier édité", SOI, details=("demande", "numero", "canal"))
COURRIER_REDEMANDE = Acte("courrier.redemande", "Nouveau courrier demandé", SOI, details=("demande", "numero"))
COURRIER_RENVOYE = Acte(
    "courrier.renvoye",
    "Nouveau courrier envoyé par le service gestionnaire",
    SOI,
    details=("demande", "numero", "motif"),
)
COURRIER_AVANCE = Acte(
    "courrier.avance", "Courrier daté avancé, une place étant libre", SOI, details=("demande", "numero")
)
COURRIER_LIBERE = Acte(
    "courrier.libere", "Courrier daté que le service gestionnaire laisse partir", SOI, details=("demande", "numero")
)
COURRIER_REPRIS = Acte(
    "courrier.repris", "Courrier mis de côté, de nouveau à éditer", SOI, details=("demande", "numero")
)
COURRIER_REVENU = Acte("courrier.revenu", "Courrier revenu, adresse inconnue", SOI, details=("demande", "numero"))
COURRIER_REMIS = Acte("courrier.remis", "Courrier remis à La Poste", SOI, details=("demande", "numero", "remise"))
DEMANDE_REFUSEE = Acte(
    "demande.refusee",
    "Demande refusée par le service gestionnaire",
    DEMANDE,
    details=("demande", "nature"),
    natures={
        COURRIEL: Cas(
            MESSAGERIE,
            anonyme=False,
            libelle="Changement de l’adresse électronique de l’entreprise refusé par le service gestionnaire",
        ),
        SUBSTITUTION: SUBSTITUTION_NOMMEE,
    },
)
DEMANDE_SIGNALEE = Acte(
    "demande.signalee",
    "Demande signalée comme inconnue de l’entreprise",
    DEMANDE,
    details=("demande", "nature", "suspendu"),
    natures={
        COURRIEL: Cas(
            MESSAGERIE,
            anonyme=False,
            libelle="Changement de l’adresse électronique de l’entreprise signalé comme inconnu d’elle",
        ),
        SUBSTITUTION: SUBSTITUTION_NOMMEE,
    },
)
SIGNALEMENT_ECARTE = Acte(
    "signalement.ecarte",
    "Signalement d’une demande écarté par le service gestionnaire",
    SOI,
    details=("demande", "nature"),
)
CODE_REPRIS = Acte(
    "code.repris",
    "Code suspendu valable de nouveau, sans réponse du service gestionnaire",
    SOI,
    details=("demande", "nature"),
)
AVIS_POSTAL_REMIS = Acte(
    "avis_postal.remis", "Lettre d’information remise à La Poste", SOI, details=("reference", "remise")
)
REMISE_ACHEVEE = Acte("remise.achevee", "Remise de courriers achevée", details=("remise", "courriers"))
REMISE_RENVOYEE = Acte("remise.renvoyee", "Remise de courriers produite de nouveau", details=("remise", "courriers"))
CREATION_ADRESSE_CONFIRMEE = Acte(
    "creation.adresse_confirmee", "Adresse confirmée pour un espace simplifié", SOI, details=("adresse",)
)
ESPACE_ACTIVE = Acte("espace.active", "Espace simplifié ouvert par le code", SOI, details=("demande",))
ESPACE_TOMBE = Acte("espace.tombe", "Espace simplifié abandonné faute de code", SOI, details=("demande", "etat"))
ESPACE_PASSE_EXPERT = Acte("espace.passe_expert", "Espace transformé en espace expert", SOI)
CODE_LU = Acte("code.lu", "Code d’activation lu dans la messagerie sécurisée", SOI, details=("demande",))
CODE_INEXACT = Acte(
    "code.inexact",
    "Code d’activation inexact saisi",
    DEMANDE,
    details=("demande", "nature", "essai"),
    natures={
        COURRIEL: Cas(
            MESSAGERIE, anonyme=False, libelle="Code inexact saisi pour changer l’adresse électronique de l’entreprise"
        ),
        SUBSTITUTION: SUBSTITUTION_NOMMEE,
    },
)
CODE_SANS_DEMANDE = Acte("code.sans_demande", "Code saisi qui n’est celui d’aucune demande en attente", SOI)
SUBSTITUTION_DEMANDEE = Acte(
    "substitution.demandee",
    "Substitution de l’administrateur titulaire demandée",
    PARTIES | {Lecteur.ADMINISTRATEURS},
    anonyme=False,
    details=("demande",),
)
