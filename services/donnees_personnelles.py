"""What the services hold about a person, and for how long (accounts/donnees/lecture.py, accounts/donnees/retention.py)."""

from django.conf import settings
from django.db.models import Q

from accounts.donnees import lecture, retention
from accounts.donnees.lecture import Partie
from accounts.donnees.retention import Conservation, Sort, duree_lisible
from accounts.saisies.dates import jour

from .models import (
    AdresseSaisie,
    Echange,
    Echeance,
    EvenementRegistre,
    IdentifiantRemplace,
    LectureMessage,
    MandatSepa,
    Message,
    PersonneSirenisee,
    PieceJointe,
    ReferenceBancaire,
    RepresentantLegal,
    RetraitService,
    Service,
)

MESSAGERIE = "Messagerie"
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
            titre="Messages que vous avez écrits",
            modele=Message,
            chemins=("espace",),
            ecartees={"id": INTERNE, "espace": "c’est le vôtre", "agent": "vide : vous en êtes l’auteur"},
            libelles={"echange": "Échange"},
            ordre=("-envoye_le",),
        ),
        Partie(
            groupe=MESSAGERIE,
            titre="Pièces jointes que vous avez envoyées",
            modele=PieceJointe,
            chemins=("message__espace",),
            ecartees={
                "id": INTERNE,
                "message": INTERNE,
                "contenu": "le fichier lui-même : il se télécharge dans la messagerie",
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
        "b2b_motif utilisable_le attente ajoutee_le supprimee_le",
    )
    sans_personne(MandatSepa, PERSONNE_MORALE, "id reference rum edite_le remis_le")
    sans_personne(Echange, PERSONNE_MORALE, "id personne objet etat ouvert_le")
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
    )
