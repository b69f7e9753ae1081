"""What the habilitations hold about a person, and for how long (accounts/donnees/lecture.py, accounts/donnees/retention.py)."""

from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from accounts.donnees import lecture, retention
from accounts.donnees.lecture import Apercu, Partie, Volet
from accounts.donnees.retention import AN, Conservation, Sort, duree_lisible
from accounts.saisies.dates import jour

from .droits.cles import sous
from .models import (
    Adhesion,
    Cessation,
    DemandeHabilitation,
    DemandeRetrait,
    Export,
    Habilitation,
    Mandat,
    Preference,
    RappelHebdomadaire,
)
from .models.export import GARDE

DROITS = "Habilitations et mandats"
INTERNE = "numéro interne de la base, sans signification"


def mandats_eteints(maintenant: datetime) -> Q:
    """Return the mandates on which nothing open rests, and nothing that closed within the prescription period."""
    limite = maintenant - settings.PRESCRIPTION_FISCALE
    encore = Adhesion.objects.filter(Q(fermee_le__isnull=True) | Q(fermee_le__gte=limite), mandat=OuterRef("pk"))
    return Q(code_saisi_le__lt=limite) & Q(~Exists(encore))


def _accordee_par(habilitation: Habilitation) -> object:
    superieure = habilitation.accordee_par
    return f"{superieure.espace.nom_complet}, {superieure.get_role_display()}" if superieure else None


def _pouvoir(habilitation: Habilitation) -> str:
    """Return what one may do by this habilitation, since when, and by which mandate or by whom."""
    superieure = habilitation.accordee_par
    par = (
        f"donnée par {superieure.espace.nom_complet}"
        if superieure
        else f"mandat {habilitation.adhesion.mandat.demande}"
    )
    veille = ", en veille" if habilitation.etat == Habilitation.Etat.EN_VEILLE else ""
    role = habilitation.get_role_display()
    return (
        f"{habilitation.personne} : {role} de « {habilitation.service} » depuis le {jour(habilitation.accordee_le)}, "
        f"{par}{veille}."
    )


def inscrire() -> None:
    """Declare the parts of the habilitations."""
    lecture.ecrire_comme(Mandat, lambda mandat: mandat.demande)
    lecture.ecrire_comme(Habilitation, lambda h: f"{h.get_role_display()}, {h.service} pour {h.personne}")
    lecture.declarer(
        Partie(
            groupe=DROITS,
            titre="Vos habilitations",
            modele=Habilitation,
            chemins=("espace",),
            ecartees={"id": INTERNE, "adhesion": INTERNE, "espace": "c’est le vôtre"},
            libelles={"personne": "Pour", "service": "Service"},
            valeurs={"accordee_par": _accordee_par},
            ordre=("-accordee_le",),
            apercu=Apercu(
                volet=Volet.POUVOIRS,
                phrase=_pouvoir,
                a_part=True,
                lignes=lambda habilitations: habilitations.filter(fin_le=None),
                champs=(
                    "role",
                    "etat",
                    "accordee_le",
                    "adhesion__mandat__demande",
                    "personne__denomination",
                    "personne__siren",
                    "service__libelle",
                    "accordee_par__espace__prenom",
                    "accordee_par__espace__nom",
                ),
            ),
        ),
        Partie(
            groupe=DROITS,
            titre="Habilitations que vous avez accordées",
            modele=Habilitation,
            filtre=lambda espace: sous(Habilitation.objects.filter(espace=espace), "accordee_par", "pk"),
            ecartees={"id": INTERNE, "adhesion": INTERNE, "accordee_par": "c’est vous"},
            libelles={"personne": "Pour", "service": "Service", "espace": "Accordée à"},
            ordre=("-accordee_le",),
        ),
        Partie(
            groupe=DROITS,
            titre="Vos mandats",
            modele=Mandat,
            chemins=("mandataire",),
            ecartees={"id": INTERNE, "mandataire": "c’est vous"},
            libelles={"personne": "Pour"},
            ordre=("-code_saisi_le",),
            apercu=Apercu(
                volet=Volet.SIGNATURES,
                phrase=lambda mandat: (
                    f"Le {jour(mandat.code_saisi_le)} : mandat pour {mandat.personne}, en qualité de {mandat.qualite}, "
                    f"par le code de la demande {mandat.demande}."
                ),
                champs=("code_saisi_le", "qualite", "demande", "personne__denomination", "personne__siren"),
            ),
        ),
        Partie(
            groupe=DROITS,
            titre="Vos demandes de retrait",
            modele=DemandeRetrait,
            chemins=("demandeur",),
            ecartees={"id": INTERNE, "demandeur": "c’est vous"},
            libelles={"habilitation": "Habilitation", "service_gestionnaire": "Service gestionnaire"},
            valeurs={"habilitation": lambda retrait: str(retrait.habilitation.get_role_display())},
            ordre=("-deposee_le",),
        ),
        Partie(
            groupe=DROITS,
            titre="Vos demandes d’habilitation",
            modele=DemandeHabilitation,
            chemins=("demandeur",),
            ecartees={"id": INTERNE, "demandeur": "c’est vous"},
            valeurs={"traitee_par": lambda demande: demande.traitee_par and demande.traitee_par.nom_complet},
            ordre=("-deposee_le",),
        ),
        Partie(
            groupe=DROITS,
            titre="Demandes d’habilitation auxquelles vous avez répondu",
            modele=DemandeHabilitation,
            chemins=("traitee_par",),
            ecartees={"id": INTERNE, "traitee_par": "c’est vous", "motif": "écrit par la personne qui demandait"},
            valeurs={"demandeur": lambda demande: demande.demandeur.nom_complet},
            ordre=("-traitee_le",),
        ),
        Partie(
            groupe=DROITS,
            titre="Fichiers que vous avez demandés",
            modele=Export,
            chemins=("espace",),
            ecartees={
                "id": INTERNE,
                "espace": "c’est le vôtre",
                "contenu": "le fichier lui-même se télécharge depuis sa page, tant qu’il est gardé",
            },
            valeurs={"liste": lambda export: str(export.liste["quoi"])},
            ordre=("-cree_le",),
        ),
        Partie(
            groupe=DROITS,
            titre="Vos préférences",
            modele=Preference,
            chemins=("espace",),
            ecartees={"espace": "c’est le vôtre"},
            ordre=("espace",),
        ),
    )
    lecture.declarer_sans_personne(
        Adhesion,
        "ouverture d’un service à une personne sirénisée ; qui l’a demandée est dans le mandat",
        "id personne service mandat ouverte_le fermee_le fermee_motif",
    )
    lecture.declarer_sans_personne(
        Cessation,
        "cessation d’une personne sirénisée, et ce que le service gestionnaire en a décidé",
        "id personne constatee_le etat maintenue_jusqu_au restreinte_le decidee_le agent motif terminee_le",
    )
    lecture.declarer_sans_personne(
        RappelHebdomadaire,
        "avancement d’un envoi ; jusqu_a dit jusqu’où le rappel de la semaine est allé",
        "lundi jusqu_a termine_le",
    )
    retention.inscrire(
        Conservation(
            cle="habilitations",
            modele=Habilitation,
            donnees="Habilitations reçues et accordées, avec leurs dates",
            finalite="Établir qui pouvait agir, pour quel SIREN et quand",
            duree="tant que les actes peuvent être contestés",
            depart="après votre départ, seul votre numéro d’abonné y reste",
            fondement="CGU 3.4 ; livre des procédures fiscales",
            sort=Sort.CONSERVER,
        ),
        Conservation(
            cle="mandats",
            modele=Mandat,
            donnees="Mandats : représentant légal et adresse du courrier",
            finalite="Garder la preuve de l’accord du représentant légal",
            duree=duree_lisible(settings.PRESCRIPTION_FISCALE),
            depart="après la fermeture du dernier service ouvert par ce mandat",
            fondement="CGU 2.3 ; livre des procédures fiscales, art. L. 102 B",
            sort=Sort.ANONYMISER,
            vide={"representant_legal": "", "adresse_du_courrier": []},
            echues=mandats_eteints,
        ),
        Conservation(
            cle="retraits",
            modele=DemandeRetrait,
            donnees="Motif et réponse d’une demande de retrait",
            finalite="Traiter la demande",
            duree=duree_lisible(2 * AN),
            depart="après la réponse",
            fondement="minimisation (RGPD art. 5)",
            sort=Sort.ANONYMISER,
            vide={"motif": "", "reponse": ""},
            echues=lambda maintenant: Q(traitee_le__lt=maintenant - 2 * AN),
        ),
        Conservation(
            cle="demandes-habilitation",
            modele=DemandeHabilitation,
            donnees="Demandes d’habilitation : le SIREN, le motif et la réponse",
            finalite="Transmettre la demande à qui administre l’entreprise, et sa réponse",
            duree=duree_lisible(AN),
            depart="après la réponse, l’annulation ou l’extinction",
            fondement="minimisation (RGPD art. 5)",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(traitee_le__lt=maintenant - AN),
        ),
        Conservation(
            cle="preferences",
            modele=Preference,
            donnees="Avis que vous avez choisi de recevoir par courriel, et quand ; vos entreprises favorites",
            finalite="Vous écrire comme vous l’avez choisi, et montrer d’abord les entreprises que vous préférez",
            duree="tant que l’espace existe",
            depart="effacées avec l’espace",
            fondement="CGU 3.4",
            sort=Sort.CONSERVER,
        ),
        Conservation(
            cle="exports",
            modele=Export,
            donnees="Listes longues demandées en fichier, et ces fichiers",
            finalite="Vous remettre le fichier une fois prêt",
            duree="24 heures",
            depart="après votre demande ; effacés la nuit qui suit",
            fondement="minimisation (RGPD art. 5)",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(cree_le__lte=maintenant - GARDE),
        ),
    )
