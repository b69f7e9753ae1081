"""What the services hold about a person, and for how long (accounts/donnees/lecture.py, accounts/donnees/retention.py)."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from accounts.donnees import lecture, retention
from accounts.donnees.lecture import Partie
from accounts.donnees.retention import AN, Conservation, Sort, duree_lisible
from accounts.saisies.dates import jour

from .models import (
    AdresseAttendue,
    AdresseSaisie,
    AvisDeMessage,
    Brouillon,
    ChangementBancaire,
    Echange,
    Echeance,
    EvenementRegistre,
    IdentifiantRemplace,
    LectureMessage,
    MandatSepa,
    Message,
    MessageNonLu,
    ModeleDeReponse,
    PersonneSirenisee,
    PieceJointe,
    PreferenceMessagerie,
    ReferenceBancaire,
    RepresentantLegal,
    RetraitService,
    Service,
    SignalementBancaire,
)

MESSAGERIE = "Messagerie"
BROUILLON_GARDE = timedelta(days=365)
BANQUE = "Comptes bancaires de vos entreprises"
ADRESSES = "Demandes et courriers"
INTERNE = "numéro interne de la base, sans signification"
PERSONNE_MORALE = "donnée de la personne sirénisée, non de l’usager"


def inscrire() -> None:
    """Declare the parts of the services."""
    lecture.ecrire_comme(PersonneSirenisee, str)
    lecture.ecrire_comme(Service, str)
    lecture.ecrire_comme(Echange, lambda echange: echange.objet)
    lecture.declarer(
        Partie(
            groupe=MESSAGERIE,
            titre="Quand les messages vous sont annoncés",
            modele=PreferenceMessagerie,
            chemins=("espace",),
            ecartees={"id": INTERNE, "espace": "c’est le vôtre"},
            libelles={"personne": "Messagerie de"},
            ordre=("pk",),
        ),
        Partie(
            groupe=MESSAGERIE,
            titre="Messages que vous avez écrits",
            modele=Message,
            chemins=("espace",),
            ecartees={
                "id": INTERNE,
                "espace": "c’est le vôtre",
                "agent": "vide : vous en êtes l’auteur",
                "interne": "non : seuls les agents écrivent des notes",
                "demande_piece": "non : seuls les agents demandent une pièce",
            },
            libelles={"echange": "Échange"},
            ordre=("-envoye_le",),
        ),
        Partie(
            groupe=MESSAGERIE,
            titre="Messages que vous avez commencés",
            modele=Brouillon,
            chemins=("espace",),
            ecartees={"id": INTERNE, "espace": "c’est le vôtre", "agent": "vide : vous en êtes l’auteur"},
            libelles={"echange": "Échange"},
            ordre=("-modifie_le",),
        ),
        Partie(
            groupe=MESSAGERIE,
            titre="Pièces jointes que vous avez envoyées",
            modele=PieceJointe,
            chemins=("message__espace", "brouillon__espace"),
            ecartees={
                "id": INTERNE,
                "message": INTERNE,
                "brouillon": INTERNE,
                "fichier": INTERNE,
                "essai_le": INTERNE,
                "muette_depuis": INTERNE,
                **dict.fromkeys(("cle", "empreinte"), "protège le fichier, qui se télécharge dans la messagerie"),
            },
        ),
        Partie(
            groupe=MESSAGERIE,
            titre="Messages que vous avez lus",
            modele=LectureMessage,
            chemins=("lecteur__espace",),
            ecartees={"id": INTERNE, "lecteur": "c’est vous"},
            libelles={"message": "Message", "lu_le": "Lu le"},
            valeurs={"message": lambda lecture: f"message du {jour(lecture.message.envoye_le)}"},
            ordre=("-lu_le",),
        ),
        Partie(
            groupe=MESSAGERIE,
            titre="Messages que vous n’avez pas encore lus",
            modele=MessageNonLu,
            chemins=("lecteur__espace",),
            ecartees={
                "id": INTERNE,
                "lecteur": "c’est vous",
                "echange": "celui du message",
                "personne": "celle de l’échange du message",
            },
            libelles={"message": "Message"},
            valeurs={"message": lambda non_lu: f"message du {jour(non_lu.message.envoye_le)}"},
        ),
        Partie(
            groupe=BANQUE,
            titre="Changements de comptes bancaires que vous avez faits",
            modele=ChangementBancaire,
            chemins=("espace",),
            ecartees={"id": INTERNE, "espace": "c’est vous"},
            libelles={"reference": "Compte"},
            valeurs={"reference": lambda changement: changement.reference.iban_masque},
            ordre=("-fait_le",),
        ),
        Partie(
            groupe=BANQUE,
            titre="Changements de comptes bancaires que vous avez signalés",
            modele=SignalementBancaire,
            chemins=("espace",),
            ecartees={
                "id": INTERNE,
                "espace": "c’est vous",
                "recueilli_par": "vide : vous en êtes l’auteur",
                "preuve": "vide : vous en êtes l’auteur",
                "agent": "un agent de votre service gestionnaire",
            },
            libelles={"changement": "Changement"},
            valeurs={"changement": lambda signalement: str(signalement.changement)},
            ordre=("-depose_le",),
        ),
    )
    lecture.declarer(
        Partie(
            groupe=ADRESSES,
            titre="Adresses postales que vous avez demandé d’enregistrer",
            modele=AdresseAttendue,
            chemins=("espace",),
            ecartees={
                "id": INTERNE,
                "espace": "c’est le vôtre",
                "agent": "l’agent qui a répondu, non vous",
                "registre_le": INTERNE,
            },
            libelles={"personne": "Pour"},
            ordre=("-demandee_le",),
        )
    )
    sans_personne = lecture.declarer_sans_personne
    sans_personne(
        PersonneSirenisee,
        PERSONNE_MORALE,
        "id complement voie distribution code_postal commune pays siren provisoire denomination "
        "categorie categorie_juridique representant_legal representant_source service_gestionnaire courriel active "
        "cessation_contestee_le restreinte_le cree_le modifiee_le",
    )
    sans_personne(
        RepresentantLegal,
        PERSONNE_MORALE,
        "id personne nom prenoms qualite depuis_le source etabli_le agent preuve fin_le",
    )
    sans_personne(EvenementRegistre, PERSONNE_MORALE, "id personne genre constate_le traite_le")
    sans_personne(IdentifiantRemplace, PERSONNE_MORALE, "id identifiant personne remplace_le")
    sans_personne(
        AdresseSaisie,
        PERSONNE_MORALE,
        "id complement voie distribution code_postal commune pays personne destinataire registre motif justificatif agent "
        "saisie_le fin_le",
    )
    sans_personne(
        ReferenceBancaire,
        PERSONNE_MORALE,
        "id personne iban_chiffre empreinte pays derniers bic banque titulaire etat_core core_le core_motif etat_b2b b2b_le "
        "b2b_motif utilisable_le attente ajoutee_le supprimee_le cloture_levee_le choisie_pour",
    )
    sans_personne(MandatSepa, PERSONNE_MORALE, "id reference rum edite_le remis_le")
    sans_personne(
        Echange,
        PERSONNE_MORALE,
        "id reference personne service_gestionnaire theme objet etat ouvert_le dernier_le attend_le clos_le clos_par_usager",
    )
    sans_personne(
        AvisDeMessage,
        "file de travail : quels courriels restent à écrire, un jour au plus après leur écriture",
        "message tentatives prochain_essai_le bail_jusqu_a traite_le ecarte_le derniere_reponse",
    )
    sans_personne(
        ModeleDeReponse, "texte écrit par un service pour ses réponses", "id service_gestionnaire theme titre texte"
    )
    sans_personne(
        Service,
        "catalogue public",
        "id code libelle resume famille domaine description besoins voisins echeance_propre paiement bouquet_simplifie "
        "categories retrait_par_gestionnaire reserve_dge adresse ferme_le ordre",
    )
    sans_personne(
        RetraitService,
        "catalogue public ; annonce_jusqu_a dit jusqu’où l’annonce est allée",
        "id service decide_le ferme_le annule_le annonce_le annonce_jusqu_a execute_le",
    )
    sans_personne(Echeance, "calendrier public", "id service jour libelle condition source")
    retention.inscrire(
        Conservation(
            cle="avis_messagerie",
            modele=PreferenceMessagerie,
            donnees="Le rythme que vous avez choisi pour être averti des messages, messagerie par messagerie",
            finalite="Vous écrire comme vous l’avez choisi",
            duree="tant que l’espace existe",
            depart="effacé avec l’espace",
            fondement="exécution du service demandé par l’usager",
            sort=Sort.CONSERVER,
        ),
        Conservation(
            cle="brouillons",
            modele=Brouillon,
            donnees="Messages commencés et jamais envoyés, et leurs pièces",
            finalite="Retrouver ce que l’on avait commencé à écrire",
            duree=duree_lisible(BROUILLON_GARDE),
            depart="après leur dernière modification, ou dès que le droit d’écrire cesse",
            fondement="exécution du service demandé par l’usager",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(modifie_le__lt=maintenant - BROUILLON_GARDE),
        ),
        Conservation(
            cle="representants",
            modele=RepresentantLegal,
            donnees="Représentants légaux remplacés, et la preuve vue par un agent",
            finalite="Établir à qui les codes d’activation étaient adressés",
            duree=duree_lisible(settings.PRESCRIPTION_FISCALE),
            depart="après leur remplacement",
            fondement="CGU 2.3 ; livre des procédures fiscales, art. L. 102 B",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(fin_le__lt=maintenant - settings.PRESCRIPTION_FISCALE),
        ),
        Conservation(
            cle="adresses_attendues",
            modele=AdresseAttendue,
            donnees="Demandes d’enregistrer l’adresse postale d’une entreprise, et leur réponse",
            finalite="Vous répondre",
            duree=duree_lisible(AN),
            depart="après la réponse",
            fondement="CGU 2.3",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(finie_le__lt=maintenant - AN),
        ),
        Conservation(
            cle="references_bancaires",
            modele=ReferenceBancaire,
            donnees="Comptes bancaires retirés d’une personne sirénisée (IBAN chiffré, titulaire, réponses de la banque) et leurs mandats",
            finalite="Établir quel compte a été prélevé, et sur quel mandat",
            duree=duree_lisible(settings.PRESCRIPTION_FISCALE),
            depart="après leur retrait",
            fondement="CGU 4.d ; livre des procédures fiscales, art. L. 102 B",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(supprimee_le__lt=maintenant - settings.PRESCRIPTION_FISCALE),
        ),
        Conservation(
            cle="changements_bancaires",
            modele=ChangementBancaire,
            donnees="Changements des comptes bancaires d’une personne sirénisée, et qui les a faits",
            finalite="Établir qui a changé un compte, et laisser dire qu’il ne le fallait pas",
            duree=duree_lisible(settings.PRESCRIPTION_FISCALE),
            depart="après le changement",
            fondement="CGU 4.d ; livre des procédures fiscales, art. L. 102 B",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(fait_le__lt=maintenant - settings.PRESCRIPTION_FISCALE),
        ),
        Conservation(
            cle="signalements_bancaires",
            modele=SignalementBancaire,
            donnees="Changements de comptes bancaires signalés comme non reconnus, qui l’a fait, et la décision du service gestionnaire",
            finalite="Suspendre un compte, décider, et l’établir ensuite",
            duree=duree_lisible(settings.PRESCRIPTION_FISCALE),
            depart="après la décision",
            fondement="CGU 4.d ; livre des procédures fiscales, art. L. 102 B",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(decide_le__lt=maintenant - settings.PRESCRIPTION_FISCALE),
        ),
        Conservation(
            cle="messages",
            modele=Message,
            donnees="Messages échangés au nom d’une personne sirénisée, pièces jointes, accusés de lecture",
            finalite="Répondre aux demandes des professionnels",
            duree=duree_lisible(settings.PRESCRIPTION_FISCALE),
            depart="après l’envoi",
            fondement="livre des procédures fiscales, art. L. 102 B",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(envoye_le__lt=maintenant - settings.PRESCRIPTION_FISCALE),
        ),
        Conservation(
            cle="echanges",
            modele=Echange,
            donnees="Objet et thème des échanges tenus au nom d’une personne sirénisée",
            finalite="Retrouver les messages d’un même échange",
            duree=duree_lisible(settings.PRESCRIPTION_FISCALE),
            depart="après le dernier message, une fois tous ses messages effacés",
            fondement="livre des procédures fiscales, art. L. 102 B",
            sort=Sort.EFFACER,
            echues=lambda maintenant: (
                Q(dernier_le__lt=maintenant - settings.PRESCRIPTION_FISCALE)
                & ~Q(Exists(Message.objects.filter(echange=OuterRef("pk"))))
            ),
        ),
    )
