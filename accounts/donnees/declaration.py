"""What the accounts hold about a person, and for how long (accounts/donnees/lecture.py, accounts/donnees/retention.py)."""

from datetime import timedelta

from axes.models import AccessAttempt, AccessAttemptExpiration, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q
from django_otp_webauthn.models import WebAuthnAttestation, WebAuthnCredential, WebAuthnUserHandle
from dsfr.models import DsfrConfig, DsfrSocialMedia

from ..envois.courriels import objet_du_genre
from ..models import (
    Affaire,
    Agent,
    AncienMotDePasse,
    AncienneAdresse,
    AnciennesCoordonnees,
    Application,
    Attestation,
    BlocScelle,
    CodeSecours,
    Compte,
    Contreseing,
    Courriel,
    CourrielDeCote,
    CourrielEnAttente,
    DemandeOubli,
    Espace,
    EssaiConnexion,
    Evenement,
    EvenementASceller,
    Lien,
    MoisAbandonne,
    NavigateurConnu,
    NomAdmis,
    PolitiqueMotDePasse,
    Rectification,
    ServiceGestionnaire,
    Session,
    TraceLecture,
    VersionCGU,
)
from ..mots_de_passe.confiance import REGRET
from ..traces.visibilite import du_journal_de
from . import lecture, retention
from .lecture import Apercu, Partie, Traduit, Volet
from .retention import AN, Conservation, Sort, duree_lisible

IDENTITE = "Identité et coordonnées"
CONNEXION = "Connexion et sécurité"
TRACES = "Journal et courriels"

EMPREINTE = "empreinte à sens unique d’un secret : la communiquer affaiblirait votre espace"
INTERNE = "numéro interne de la base, sans signification"
CONTENU = "contenu chiffré ou technique de la session, sans donnée de plus que celles de cette page"
AGENTS = "propre aux agents de l’administration"
CATALOGUE = "réglage du portail"

TRACE = timedelta(days=365)  # CNIL 2021-122: from six months to one year
COURRIEL_CONTEXTE = timedelta(days=30)
COURRIEL = timedelta(days=396)  # more than a year: the yearly mails remember by their row (accounts/espace/dormants.py)
RECU = timedelta(days=1)
LIEN = timedelta(days=30)
OUBLI = timedelta(days=30)  # at most: accounts/espace/oubli.py forgets what was answered sooner
_VIE = "tant que l’espace existe"


def inscrire() -> None:
    """Declare the parts of the accounts, and the tables of the libraries."""
    lecture.ecrire_comme(Compte, lambda compte: compte.email)
    lecture.ecrire_comme(Espace, lambda espace: f"{espace.nom_complet} ({espace.numero_lisible})")
    lecture.ecrire_comme(ServiceGestionnaire, str)
    _declarer_donnees()
    _declarer_sans_personne()
    _declarer_conservation()


def _declarer_donnees() -> None:
    lecture.declarer(
        Partie(
            groupe=IDENTITE,
            titre="Votre espace",
            modele=Espace,
            chemins=("pk",),
            ecartees={"id": INTERNE, "reponse_confiance": EMPREINTE, "reponse_precedente": EMPREINTE},
            libelles={
                "compte": "Adresse de connexion",
                "reponse_changee_le": "Réponse de confiance choisie le",
                "reponse_a_montrer": "Réponse de confiance pas encore montrée sur un récapitulatif",
                "question_precedente": "Question de confiance précédente",
                "reponse_precedente_le": "Réponse précédente choisie le",
            },
        ),
        Partie(
            groupe=IDENTITE,
            titre="Vos coordonnées d’avant",
            modele=AnciennesCoordonnees,
            chemins=("espace",),
            ecartees={"id": INTERNE, "espace": "c’est le vôtre"},
            ordre=("-changees_le",),
        ),
        Partie(
            groupe=IDENTITE,
            titre="Vos adresses de connexion d’avant",
            modele=AncienneAdresse,
            chemins=("espace",),
            ecartees={"id": INTERNE, "espace": "c’est le vôtre"},
            ordre=("-changee_le",),
        ),
        Partie(
            groupe=IDENTITE,
            titre="Votre compte de connexion",
            modele=Compte,
            chemins=("espace",),
            ecartees={"id": INTERNE, "password": EMPREINTE},
            libelles={"is_superuser": "Tous les droits d’administration", "last_login": "Dernière connexion"},
        ),
        Partie(
            groupe=CONNEXION,
            titre="Vos sessions ouvertes",
            modele=Session,
            chemins=("compte__espace",),
            ecartees={
                "session_key": EMPREINTE,
                "session_data": CONTENU,
                "numero": INTERNE,
                "compte": "c’est le vôtre",
                "verification": INTERNE,
            },
            libelles={"expire_date": "Se ferme au plus tard le"},
            ordre=("-dernier_usage",),
        ),
        Partie(
            groupe=CONNEXION,
            titre="Vos navigateurs connus",
            modele=NavigateurConnu,
            chemins=("compte__espace",),
            ecartees={"id": INTERNE, "empreinte": EMPREINTE, "compte": "c’est le vôtre"},
            ordre=("-dernier_usage",),
        ),
        Partie(
            groupe=CONNEXION,
            titre="Vos anciens mots de passe",
            modele=AncienMotDePasse,
            chemins=("compte__espace",),
            ecartees={"id": INTERNE, "empreinte": EMPREINTE, "compte": "c’est le vôtre"},
            libelles={"remplace_le": "Remplacé le"},
            ordre=("-remplace_le",),
        ),
        Partie(
            groupe=CONNEXION,
            titre="Vos applications d’authentification",
            modele=Application,
            chemins=("user__espace",),
            ecartees={
                "id": INTERNE,
                "numero": INTERNE,
                "graine_chiffree": "le secret de l’application, chiffré",
                "user": "c’est le vôtre",
            },
            libelles={
                "name": "Nom",
                "confirmed": "Confirmée",
                "created_at": "Ajoutée le",
                "last_used_at": "Dernier usage",
                "dernier_pas": "Dernier code accepté (rang)",
                "derive": "Décalage d’horloge",
            },
        ),
        Partie(
            groupe=CONNEXION,
            titre="Vos clés d’accès",
            modele=WebAuthnCredential,
            chemins=("user__espace",),
            ecartees={"id": INTERNE, "user": "c’est le vôtre", "credential_id_sha256": INTERNE},
            libelles={
                "name": "Nom",
                "confirmed": "Confirmée",
                "created_at": "Ajoutée le",
                "last_used_at": "Dernier usage",
                "credential_type": "Type",
                "credential_id": "Identifiant",
                "public_key": "Clé publique",
                "transports": "Moyens de communication",
                "sign_count": "Nombre de signatures",
                "backup_eligible": "Peut être sauvegardée",
                "backup_state": "Sauvegardée",
                "aaguid": "Modèle",
                "discoverable": "Se présente d’elle-même",
            },
        ),
        Partie(
            groupe=CONNEXION,
            titre="Attestations de vos clés d’accès",
            modele=WebAuthnAttestation,
            chemins=("credential__user__espace",),
            ecartees={"id": INTERNE, "credential": INTERNE},
            libelles={"fmt": "Format", "data": "Attestation", "client_data_json": "Déclaration du navigateur"},
        ),
        Partie(
            groupe=CONNEXION,
            titre="Identifiant de vos clés d’accès",
            modele=WebAuthnUserHandle,
            chemins=("user__espace",),
            ecartees={"user": "c’est le vôtre"},
            libelles={"handle_hex": "Identifiant"},
        ),
        Partie(
            groupe=CONNEXION,
            titre="Vos codes de secours",
            modele=CodeSecours,
            chemins=("compte__espace",),
            ecartees={"id": INTERNE, "empreinte": EMPREINTE, "compte": "c’est le vôtre"},
            libelles={"utilise_le": "Utilisé le"},
        ),
        Partie(
            groupe=CONNEXION,
            titre="Liens envoyés à usage unique",
            modele=Lien,
            chemins=("espace",),
            ecartees={"id": "permet de reconstituer le lien", "espace": "c’est le vôtre", "sujet": INTERNE},
            libelles={
                "objet": "Objet",
                "cree_le": "Créé le",
                "expire_le": "Expire le",
                "consomme_le": "Utilisé le",
                "revoque_le": "Annulé le",
                "essais": "Essais manqués",
            },
            ordre=("-cree_le",),
        ),
        Partie(
            groupe=CONNEXION,
            titre="Demandes de mot de passe oublié",
            modele=DemandeOubli,
            filtre=lambda espace: Q(adresse=espace.compte.email) if espace.compte else Q(pk=None),
            ecartees={"id": INTERNE},
            ordre=("-cree_le",),
        ),
        Partie(
            groupe=TRACES,
            titre="Vos demandes de rectification",
            modele=Rectification,
            chemins=("espace",),
            ecartees={"id": INTERNE, "espace": "c’est le vôtre", "agent": AGENTS},
            ordre=("-deposee_le",),
        ),
        Partie(
            groupe=TRACES,
            titre="Actes graves demandés par un agent sur votre espace",
            modele=Contreseing,
            chemins=("espace",),
            ecartees={
                "id": INTERNE,
                "genre": INTERNE,
                "cle": INTERNE,
                "espace": "c’est le vôtre",
                "motif": AGENTS,
                "parametres": AGENTS,
                "demandeur": AGENTS,
                "a_la_cellule": AGENTS,
                "agent": AGENTS,
                "reponse": AGENTS,
            },
            ordre=("-demande_le",),
        ),
        Partie(
            groupe=TRACES,
            titre="Ce qui attend, ou a attendu, un agent de l’administration",
            modele=Affaire,
            chemins=("espace",),
            ecartees={
                "id": INTERNE,
                "file": AGENTS,
                "cle": INTERNE,
                "personne": INTERNE,
                "espace": "c’est le vôtre",
                "agent": AGENTS,
                "prise_le": AGENTS,
            },
            libelles={"service_gestionnaire": "Service gestionnaire"},
            ordre=("-depuis",),
        ),
        Partie(
            groupe=TRACES,
            titre="Journal de votre espace",
            modele=Evenement,
            filtre=lambda espace: du_journal_de(espace.numero_abonne),
            ecartees={"id": INTERNE, "requete": INTERNE, "sceau": INTERNE},
            libelles={"espace": "Espace concerné"},
            ordre=("-id",),
        ),
        Partie(
            groupe=TRACES,
            titre="Ce que vous avez consulté",
            modele=TraceLecture,
            filtre=lambda espace: Q(lecteur=espace.numero_abonne),
            ecartees={"id": INTERNE, "bureau": AGENTS, "lecteur": "c’est vous"},
            libelles={"objet": "Ce qui a été lu", "cle": "Repère"},
            ordre=("-id",),
        ),
        Partie(
            groupe=TRACES,
            titre="Courriels qui vous concernent",
            modele=Courriel,
            filtre=lambda espace: (
                Q(espace=espace) | Q(destinataire=espace.compte.email) if espace.compte else Q(espace=espace)
            ),
            suit=("espace",),
            ecartees={
                "id": INTERNE,
                "acte": INTERNE,
                "lien": "permet de reconstituer le lien",
                "espace": "c’est le vôtre",
            },
            libelles={"genre": "Objet", "contexte": "Ce qu’il disait"},
            valeurs={"genre": lambda courriel: Traduit(courriel.genre, objet_du_genre(courriel.genre))},
            ordre=("-cree_le",),
            apercu=Apercu(volet=Volet.ENVOIS),
        ),
    )


def _declarer_sans_personne() -> None:
    sans_personne = lecture.declarer_sans_personne
    sans_personne(EssaiConnexion, "compté sous une empreinte à clé : la ligne ne nomme personne", "id cle quand")
    sans_personne(
        CourrielDeCote, "file des courriels mis de côté, par service", "id courriel service_gestionnaire cree_le"
    )
    sans_personne(CourrielEnAttente, "file d’envoi", "courriel prochain_essai_le")
    sans_personne(EvenementASceller, "file du scellement", "evenement_id")
    sans_personne(
        BlocScelle,
        "sceau du journal",
        "numero evenements empreinte_precedente empreinte scelle_le version racine sceau",
    )
    sans_personne(
        Attestation, "état signé du journal : des numéros et des empreintes", "numero faite_le contenu signature"
    )
    sans_personne(
        MoisAbandonne,
        "ce qui a été retiré du journal à la fin de sa durée",
        "numero mois premier_bloc dernier_bloc lignes processus fait_le sceau",
    )
    sans_personne(
        ServiceGestionnaire,
        "coordonnées publiques d’un service",
        "id complement voie distribution code_postal commune pays code type nom telephone courriel horaires departements",
    )
    sans_personne(
        VersionCGU,
        "texte publié, le même pour tous",
        "id numero empreinte publiee_le en_vigueur_le annoncee_le annoncee_jusqu_a",
    )
    sans_personne(
        PolitiqueMotDePasse,
        "règle publiée, la même pour tous",
        "id version longueur niveau publiee_le en_vigueur_le annoncee_le annoncee_jusqu_a",
    )
    sans_personne(
        NomAdmis,
        "nom admis au guichet avant toute inscription : la ligne n’est liée à aucun espace",
        "id cle prenom nom justificatif agent admis_le",
    )
    sans_personne(Agent, AGENTS, "id compte service_gestionnaire fonction nom prenom")
    des_agents: list[type[Model]] = [LogEntry, Group, Permission, Group.permissions.through]
    des_agents += [Compte.groups.through, Compte.user_permissions.through]
    des_essais: list[type[Model]] = [AccessAttempt, AccessAttemptExpiration, AccessFailureLog, AccessLog]
    du_portail: list[type[Model]] = [ContentType, DsfrConfig, DsfrSocialMedia]
    vide = "table vide : les essais sont comptés sous empreinte (accounts/compteurs/debit.py)"
    for modeles, raison in ((des_agents, AGENTS), (des_essais, vide), (du_portail, CATALOGUE)):
        for modele in modeles:
            sans_personne(modele, raison)


def _declarer_conservation() -> None:
    retention.inscrire(
        Conservation(
            cle="rectifications",
            modele=Rectification,
            donnees="Texte et réponse d’une demande de rectification",
            finalite="Traiter la demande",
            duree=duree_lisible(2 * AN),
            depart="après la réponse",
            fondement="minimisation (RGPD art. 5)",
            sort=Sort.ANONYMISER,
            vide={"texte": "", "reponse": ""},
            echues=lambda maintenant: Q(traitee_le__lt=maintenant - 2 * AN),
        ),
        Conservation(
            cle="contreseings",
            modele=Contreseing,
            donnees="Motif, preuve et réponse d’un acte grave demandé par un agent et contresigné par un autre",
            finalite="Prouver que deux agents ont regardé",
            duree=duree_lisible(2 * AN),
            depart="après la décision",
            fondement="minimisation (RGPD art. 5)",
            sort=Sort.ANONYMISER,
            vide={"motif": "", "parametres": {}, "reponse": ""},
            echues=lambda maintenant: Q(decide_le__lt=maintenant - 2 * AN),
        ),
        Conservation(
            cle="affaires",
            modele=Affaire,
            donnees="Ce qui a attendu un agent, depuis quand, qui l’avait pris",
            finalite="Répartir le travail des services gestionnaires et en mesurer les délais",
            duree=duree_lisible(AN),
            depart="une fois traité",
            fondement="CGU 5",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(finie_le__lt=maintenant - AN),
        ),
        Conservation(
            cle="espace",
            modele=Espace,
            donnees="Identité, coordonnées, compte de connexion",
            finalite="Savoir qui agit, vous identifier et vous joindre",
            duree=_VIE,
            depart=(
                f"la suppression vous est conseillée après {duree_lisible(settings.PRESCRIPTION_FISCALE)} sans connexion"
            ),
            fondement="CGU 3.3 f et 4 c",
            sort=Sort.CONSERVER,
        ),
        Conservation(
            cle="espace_supprime",
            modele=Espace,
            donnees="Numéro d’abonné et dates d’un espace supprimé",
            finalite="Ne jamais attribuer deux fois un numéro",
            duree="sans limite",
            depart="le reste de la ligne est vidé à la suppression",
            fondement="preuve des mandats",
            sort=Sort.CONSERVER,
        ),
        Conservation(
            cle="coordonnees_d_avant",
            modele=AnciennesCoordonnees,
            donnees="Identité, téléphone, organisation et adresse d’avant chaque changement",
            finalite="Vous les rendre si un autre s’est servi de votre espace, et qu’aucun autre ne se fasse reconnaître à votre place",
            duree=duree_lisible(AN),
            depart="après le changement",
            fondement="CGU 3.6",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(changees_le__lt=maintenant - AN),
        ),
        Conservation(
            cle="adresses_d_avant",
            modele=AncienneAdresse,
            donnees="Adresse de connexion d’avant chaque changement",
            finalite="Vous la rendre si un autre s’est servi de votre espace",
            duree=duree_lisible(AN),
            depart="après le changement",
            fondement="CGU 3.6",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(changee_le__lt=maintenant - AN),
        ),
        Conservation(
            cle="reponse_precedente",
            modele=Espace,
            donnees="Question de confiance précédente et empreinte de sa réponse",
            finalite="Vous les rendre si vous annulez un changement d’adresse que vous n’avez pas demandé",
            duree=f"{2 * REGRET.days} jours",
            depart="après le changement de la réponse",
            fondement="CGU 3.1 c",
            sort=Sort.ANONYMISER,
            echues=lambda maintenant: ~Q(reponse_precedente="") & Q(reponse_changee_le__lt=maintenant - 2 * REGRET),
            vide={"question_precedente": "", "reponse_precedente": "", "reponse_precedente_le": None},
        ),
        Conservation(
            cle="secrets",
            modele=AncienMotDePasse,
            donnees="Empreintes des cinq derniers mots de passe, second facteur, navigateurs connus",
            finalite="Vous authentifier",
            duree=_VIE,
            depart="effacées avec l’espace",
            fondement="CGU 3.2",
            sort=Sort.CONSERVER,
        ),
        Conservation(
            cle="sessions",
            modele=Session,
            donnees="Sessions ouvertes : appareil, adresse IP, dernier usage",
            finalite="Vous montrer qui utilise votre espace",
            duree="10 heures au plus",
            depart="après la fermeture, chaque heure",
            fondement="recommandation CNIL 2021-122",
            sort=Sort.AILLEURS,
        ),
        Conservation(
            cle="saisies_gardees",
            modele=Espace,
            donnees="Ce que vous aviez rempli quand votre session a pris fin, sans les fichiers ni les mots de passe",
            finalite="Vous le rendre dans le formulaire d’où il vient",
            duree="15 minutes",
            depart="après l’envoi refusé, chiffré",
            fondement="minimisation (RGPD art. 5)",
            sort=Sort.AILLEURS,
        ),
        Conservation(
            cle="liens",
            modele=Lien,
            donnees="Liens à usage unique envoyés par courriel",
            finalite="Confirmer une adresse, un changement, un mot de passe oublié",
            duree=duree_lisible(LIEN),
            depart="après la fin de validité du lien",
            fondement="minimisation (RGPD art. 5)",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(expire_le__lt=maintenant - LIEN),
        ),
        Conservation(
            cle="oublis",
            modele=DemandeOubli,
            donnees="Adresses saisies sur la page du mot de passe oublié",
            finalite="Envoyer le lien de réinitialisation",
            duree="1 jour",
            depart=f"après le traitement ; {duree_lisible(OUBLI)} au plus si l’envoi a échoué",
            fondement="minimisation (RGPD art. 5)",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(cree_le__lt=maintenant - OUBLI),
        ),
        Conservation(
            cle="courriels",
            modele=Courriel,
            donnees="Objet, date et destinataire des courriels envoyés",
            finalite="Établir que nous vous avons prévenu",
            duree=duree_lisible(COURRIEL),
            depart="après le dépôt",
            fondement="recommandation CNIL 2021-122",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(cree_le__lt=maintenant - COURRIEL),
        ),
        Conservation(
            cle="courriels_contenu",
            modele=Courriel,
            donnees="Contenu des courriels envoyés",
            finalite="Les renvoyer en cas d’échec",
            duree=duree_lisible(COURRIEL_CONTEXTE),
            depart="après l’envoi",
            fondement="minimisation (RGPD art. 5)",
            sort=Sort.ANONYMISER,
            vide={"contexte": {}},
            echues=lambda maintenant: Q(
                # A mail that left then was written before: the index of what still says something is by that date.
                cree_le__lt=maintenant - COURRIEL_CONTEXTE,
                traite_le__lt=maintenant - COURRIEL_CONTEXTE,
            ),
        ),
        Conservation(
            cle="courriels_recus_de_suppression",
            modele=Courriel,
            donnees="Reçu de suppression envoyé à votre ancienne adresse",
            finalite="Vous confirmer la suppression",
            duree="1 jour",
            depart="après l’envoi",
            fondement="effacement (RGPD art. 17)",
            sort=Sort.EFFACER,
            echues=lambda maintenant: (
                Q(genre="espace_supprime") & (Q(traite_le__lt=maintenant - RECU) | Q(ecarte_le__lt=maintenant - RECU))
            ),
        ),
        Conservation(
            cle="traces",
            modele=TraceLecture,
            donnees="Traces de lecture : qui a consulté quoi, à la minute",
            finalite="Savoir quel agent a consulté un dossier, et déceler les consultations abusives",
            duree=duree_lisible(TRACE),
            depart="après la consultation",
            fondement="recommandation CNIL 2021-122",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(minute__lt=maintenant - TRACE),
        ),
        Conservation(
            cle="journal",
            modele=Evenement,
            donnees="Journal des actes : date, numéro d’abonné, acte, adresse IP",
            finalite="Garder la preuve de qui a agi, et déceler les abus",
            duree="tant que les actes peuvent être contestés",
            depart="aucune ligne ne peut être modifiée ; elle ne porte ni nom ni adresse",
            fondement="CGU 2.3 et 3.6 ; livre des procédures fiscales",
            sort=Sort.CONSERVER,
        ),
    )
