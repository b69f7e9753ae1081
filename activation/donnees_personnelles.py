"""What the demandes and letters hold about a person, and for how long (accounts/donnees/lecture.py, accounts/donnees/retention.py)."""

from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from accounts.donnees import lecture, retention
from accounts.donnees.lecture import Apercu, Partie, Volet
from accounts.donnees.retention import AN, Conservation, Sort, duree_lisible
from accounts.saisies.dates import jour
from habilitations.donnees_personnelles import mandats_eteints
from habilitations.models import Mandat

from .models import (
    AvisPostal,
    Courrier,
    CreationSimplifiee,
    Demande,
    Feuillet,
    LigneDemande,
    Remise,
    Signalement,
    SignalementDiffere,
)

DEMANDES = "Demandes et courriers"
INTERNE = "numéro interne de la base, sans signification"
EMPREINTE = "empreinte à sens unique d’un secret : la communiquer affaiblirait votre espace"


def lettres_eteintes(maintenant: datetime) -> Q:
    """Return the letters of demandes that came to nothing long ago, or whose mandate is extinct too."""
    sans_suite = Q(
        demande__etat__in=[Demande.Etat.EXPIREE, Demande.Etat.ANNULEE, Demande.Etat.REFUSEE],
        demande__terminee_le__lt=maintenant - AN,
    )
    vivants = Mandat.objects.exclude(mandats_eteints(maintenant)).filter(demande=OuterRef("demande__reference"))
    limite = maintenant - settings.PRESCRIPTION_FISCALE
    activees = Q(demande__etat=Demande.Etat.ACTIVEE, demande__terminee_le__lt=limite)
    return sans_suite | (activees & Q(~Exists(vivants)))


def inscrire() -> None:
    """Declare the parts of the demandes."""
    lecture.ecrire_comme(Demande, lambda demande: demande.reference)
    lecture.declarer(
        Partie(
            groupe=DEMANDES,
            titre="Vos demandes",
            modele=Demande,
            chemins=("espace",),
            ecartees={"id": INTERNE, "espace": "c’est le vôtre"},
            libelles={"personne": "Pour"},
            ordre=("-deposee_le",),
            apercu=Apercu(
                volet=Volet.SIGNATURES,
                phrase=lambda demande: (
                    f"Le {jour(demande.deposee_le)} : {demande.get_nature_display()} pour {demande.personne}, "
                    f"{demande.reference}, {demande.get_etat_display().lower()}."
                ),
                champs=("deposee_le", "nature", "reference", "etat", "personne__denomination", "personne__siren"),
            ),
        ),
        Partie(
            groupe=DEMANDES,
            titre="Services de vos demandes",
            modele=LigneDemande,
            chemins=("demande__espace",),
            ecartees={"id": INTERNE},
            libelles={"demande": "Demande", "service": "Service"},
            ordre=("-pk",),
        ),
        Partie(
            groupe=DEMANDES,
            titre="Courriers de vos demandes",
            modele=Courrier,
            chemins=("demande__espace",),
            ecartees={"id": INTERNE, "empreinte_code": EMPREINTE, "remise": INTERNE},
            libelles={"demande": "Demande", "contenu": "Texte du courrier, sans le code"},
            ordre=("-cree_le",),
            apercu=Apercu(
                volet=Volet.ENVOIS,
                phrase=lambda courrier: (
                    f"Le {jour(courrier.cree_le)} : lettre du code pour la demande {courrier.demande.reference}, "
                    f"{courrier.get_canal_display().lower()}, {courrier.get_etat_display().lower()}."
                ),
                champs=("cree_le", "canal", "etat", "demande__reference"),
            ),
        ),
        Partie(
            groupe=DEMANDES,
            titre="Lettres que l’administration vous a écrites",
            modele=AvisPostal,
            chemins=("espace",),
            ecartees={"id": INTERNE, "espace": "c’est le vôtre", "remise": INTERNE},
            libelles={"contenu": "Texte de la lettre"},
            ordre=("-cree_le",),
        ),
        Partie(
            groupe=DEMANDES,
            titre="Demandes que vous avez signalées",
            modele=Signalement,
            chemins=("espace",),
            ecartees={"id": INTERNE, "espace": "c’est le vôtre", "agent": "l’agent qui a décidé, non vous"},
            libelles={"demande": "Demande"},
            ordre=("-recu_le",),
        ),
        Partie(
            groupe=DEMANDES,
            titre="Signalements que vous avez faits et qui seront examinés dans l’heure",
            modele=SignalementDiffere,
            chemins=("espace",),
            ecartees={
                "id": INTERNE,
                "espace": "c’est le vôtre",
                "cle": "preuve que vous aviez le courrier : elle ne sert qu’à l’examen, qui l’efface",
                "reseau": EMPREINTE,
            },
            libelles={"demande": "Demande"},
            ordre=("-recu_le",),
        ),
        Partie(
            groupe=DEMANDES,
            titre="Votre création en mode simplifié",
            modele=CreationSimplifiee,
            chemins=("espace",),
            ecartees={"id": INTERNE, "espace": "c’est le vôtre"},
            libelles={"personne": "Pour"},
        ),
    )
    lecture.declarer_sans_personne(
        Remise, "lot de courriers remis à l’impression", "id reference preparee_le achevee_le"
    )
    lecture.declarer_sans_personne(
        Feuillet,
        "PDF chiffré d’un courrier, effacé dès sa remise à l’impression ; son texte est dans le courrier",
        "courrier scelle",
    )
    retention.inscrire(
        Conservation(
            cle="demandes",
            modele=Demande,
            donnees="Demandes d’adhésion, de substitution, de changement d’adresse",
            finalite="Instruire la demande et en garder la preuve",
            duree="tant que les actes peuvent être contestés",
            depart="après votre départ, seul votre numéro d’abonné y reste",
            fondement="CGU 2.2 et 2.3",
            sort=Sort.CONSERVER,
        ),
        Conservation(
            cle="courriers",
            modele=Courrier,
            donnees="Texte des courriers, sans le code",
            finalite="Prouver ce que le représentant légal a reçu",
            duree=f"{duree_lisible(AN)} ; {duree_lisible(settings.PRESCRIPTION_FISCALE)} si le code a servi",
            depart="après la fin de la demande, ou celle du mandat",
            fondement="CGU 2.3",
            sort=Sort.ANONYMISER,
            vide={"contenu": {}},
            echues=lettres_eteintes,
        ),
        Conservation(
            cle="avis-postaux",
            modele=AvisPostal,
            donnees="Texte des lettres écrites au détenteur d’un espace",
            finalite="Prouver qu’il a été prévenu",
            duree=duree_lisible(AN),
            depart="après la remise à La Poste",
            fondement="CGU 3.6.b ; RGPD art. 22",
            sort=Sort.ANONYMISER,
            vide={"contenu": {}},
            echues=lambda maintenant: Q(remis_le__lt=maintenant - AN),
        ),
        Conservation(
            cle="signalements",
            modele=Signalement,
            donnees="Précisions données par qui ne reconnaît pas une demande",
            finalite="Examiner la demande",
            duree=duree_lisible(AN),
            depart="après la fin de la demande",
            fondement="CGU 2.3",
            sort=Sort.ANONYMISER,
            vide={"texte": ""},
            echues=lambda maintenant: Q(demande__terminee_le__lt=maintenant - AN),
        ),
        Conservation(
            cle="signalements-differes",
            modele=SignalementDiffere,
            donnees="Signalements reçus au-delà du rythme d’un réseau",
            finalite="Les examiner à leur heure",
            duree="une heure au plus",
            depart="après le signalement",
            fondement="CGU 2.3",
            sort=Sort.AILLEURS,
        ),
    )
