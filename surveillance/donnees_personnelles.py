"""What the surveillance holds about a person, and for how long (accounts/donnees/lecture.py, accounts/donnees/retention.py)."""

from django.db.models import Q

from accounts.donnees import lecture, retention
from accounts.donnees.lecture import Partie
from accounts.donnees.retention import AN, Conservation, Sort, duree_lisible

from .espaces.desactivation import ANNULABLE
from .models import (
    Alerte,
    Balayage,
    BlocageIP,
    Connexion,
    Desactivation,
    Orientation,
    Retablissement,
    SignalVu,
    SuiteAlerte,
    Verification,
)
from .signaux.mots import FAIT, avec_libelles
from .signaux.registre import nom_de

CONNEXION = "Connexion et sécurité"
INTERNE = "numéro interne de la base, sans signification"


def inscrire() -> None:
    """Declare the parts of the surveillance."""
    lecture.declarer(
        Partie(
            groupe=CONNEXION,
            titre="Vos connexions",
            modele=Connexion,
            chemins=("compte__espace",),
            ecartees={"id": INTERNE, "compte": "c’est le vôtre"},
            ordre=("-quand",),
        ),
        Partie(
            groupe=CONNEXION,
            titre="Alertes sur votre espace",
            modele=Alerte,
            chemins=("compte__espace",),
            ecartees={
                "id": INTERNE,
                "compte": "c’est le vôtre",
                "examinee_par": "nom d’un agent",
                "connexion": INTERNE,
                "cause": INTERNE,
            },
            valeurs={
                "motif": lambda alerte: nom_de(alerte.motif),
                "details": lambda alerte: avec_libelles(alerte.details),
            },
            ordre=("-levee_le",),
        ),
        Partie(
            groupe=CONNEXION,
            titre="Usages inhabituels vus sur votre espace",
            modele=SignalVu,
            chemins=("compte__espace",),
            ecartees={
                "id": INTERNE,
                "compte": "c’est le vôtre",
                "cause": INTERNE,
                "jour": "c’est celui de la date ci-contre",
                "session": INTERNE,
                "connexion": INTERNE,
                "verification": "ci-dessous, parmi les vérifications demandées",
                "alerte": INTERNE,
            },
            valeurs={
                "genre": lambda signal: nom_de(signal.genre),
                "details": lambda signal: avec_libelles(signal.details),
                "demandes": lambda signal: ", ".join(FAIT[demande] for demande in signal.demandes),
            },
            ordre=("-vu_le",),
        ),
        Partie(
            groupe=CONNEXION,
            titre="Vérifications demandées",
            modele=Verification,
            chemins=("compte__espace",),
            ecartees={"id": INTERNE, "compte": "c’est le vôtre", "navigateur": "empreinte à sens unique d’un secret"},
            ordre=("-demandee_le",),
        ),
        Partie(
            groupe=CONNEXION,
            titre="Désactivations de votre espace",
            modele=Desactivation,
            chemins=("espace",),
            ecartees={
                "id": INTERNE,
                "espace": "c’est le vôtre",
                "agent": "nom d’un agent",
                "annulee_par": "nom d’un agent",
                "motif": "ce qui a été vu : le dire aiderait qui s’est servi de votre espace",
                "alertes": INTERNE,
                "secrets": "empreintes à sens unique de secrets, chiffrées : les communiquer affaiblirait votre espace",
                "memoire": "clés internes de ce qui a été arrêté, que montre la page des changements",
            },
            ordre=("-desactive_le",),
        ),
        Partie(
            groupe=CONNEXION,
            titre="Questions sur un usage inhabituel, et ce qui a été décidé",
            modele=SuiteAlerte,
            chemins=("espace",),
            ecartees={
                "id": INTERNE,
                "alerte": INTERNE,
                "espace": "c’est le vôtre",
                "motif": "appréciation d’un agent, qui peut révéler comment l’usage d’un espace par un autre est décelé",
                "agent": "nom d’un agent",
                "second": "nom d’un agent",
            },
            ordre=("-faite_le", "-pk"),
        ),
        Partie(
            groupe=CONNEXION,
            titre="Service vers lequel la cellule de surveillance a dirigé votre espace",
            modele=Orientation,
            chemins=("espace",),
            ecartees={"id": INTERNE, "espace": "c’est le vôtre", "agent": "nom d’un agent"},
            ordre=("-orientee_le",),
        ),
        Partie(
            groupe=CONNEXION,
            titre="Rétablissements de votre accès au guichet",
            modele=Retablissement,
            chemins=("espace",),
            ecartees={
                "id": INTERNE,
                "espace": "c’est le vôtre",
                "desactivation": INTERNE,
                "demandeur": "nom d’un agent",
                "second": "nom d’un agent",
            },
            ordre=("-accorde_le",),
        ),
    )
    lecture.declarer_sans_personne(
        Balayage,
        "jusqu’où le balayage des signaux a lu",
        "numero vu_jusqu_a ligne ligne_recente recente_le",
    )
    lecture.declarer_sans_personne(
        BlocageIP,
        "réseau bloqué, quel qu’en soit l’usager",
        "id reseau motif agent bloque_le jusqu_a leve_le",
    )
    retention.inscrire(
        Conservation(
            cle="connexions",
            modele=Connexion,
            donnees="Connexions : date, adresse IP, pays, appareil",
            finalite="Déceler l’usage de votre espace par un autre",
            duree=duree_lisible(AN),
            depart="après la connexion",
            fondement="CGU 3.6 ; recommandation CNIL 2021-122",
            sort=Sort.AILLEURS,
        ),
        Conservation(
            cle="alertes",
            modele=Alerte,
            donnees="Alertes de sécurité",
            finalite="Examiner une connexion inhabituelle",
            duree=duree_lisible(AN),
            depart="après l’examen par un agent",
            fondement="CGU 3.6 ; recommandation CNIL 2021-122",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(examinee_le__lt=maintenant - AN),
        ),
        Conservation(
            cle="signaux",
            modele=SignalVu,
            donnees="Usages inhabituels vus : genre, date, ce qui a été fait",
            finalite="Déceler l’usage de votre espace par un autre, vous montrer pourquoi une vérification a été demandée",
            duree=duree_lisible(AN),
            depart="après l’usage",
            fondement="CGU 3.6 ; recommandation CNIL 2021-122",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(vu_le__lt=maintenant - AN),
        ),
        Conservation(
            cle="verifications",
            modele=Verification,
            donnees="Vérifications demandées : raison, moyen, codes inexacts",
            finalite="Vérifier qui se sert d’une session",
            duree=duree_lisible(AN),
            depart="après la demande",
            fondement="CGU 3.6 ; recommandation CNIL 2021-122",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(demandee_le__lt=maintenant - AN),
        ),
        Conservation(
            cle="suites-des-alertes",
            modele=SuiteAlerte,
            donnees="Questions posées sur un usage inhabituel, réponses, décisions",
            finalite="Dire pourquoi une alerte a été décidée ainsi",
            duree=duree_lisible(AN),
            depart="après l’examen de l’alerte par un agent",
            fondement="CGU 3.6 ; recommandation CNIL 2021-122",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(alerte__examinee_le__lt=maintenant - AN),
        ),
        Conservation(
            cle="empreintes-mises-de-cote",
            modele=Desactivation,
            donnees="Empreintes du mot de passe et de la réponse d’un espace désactivé, chiffrées",
            finalite="Rendre l’accès si la désactivation était une erreur",
            duree=f"{ANNULABLE.days} jours",
            depart="après la désactivation",
            fondement="CGU 3.6.b",
            sort=Sort.ANONYMISER,
            vide={"secrets": ""},
            echues=lambda maintenant: Q(desactive_le__lt=maintenant - ANNULABLE),
        ),
        Conservation(
            cle="desactivations",
            modele=Desactivation,
            donnees="Désactivations : motif, ce qui a été arrêté",
            finalite="Réexaminer la décision, rétablir l’accès",
            duree=duree_lisible(AN),
            depart="après le rétablissement ou l’annulation",
            fondement="CGU 3.6 ; RGPD art. 22",
            sort=Sort.ANONYMISER,
            vide={"motif": "", "memoire": {}},
            echues=lambda maintenant: Q(annulee_le__lt=maintenant - AN) | Q(retablie_le__lt=maintenant - AN),
        ),
        Conservation(
            cle="retablissements",
            modele=Retablissement,
            donnees="Rétablissements d’un accès : genre de la pièce vue et ses derniers caractères",
            finalite="Prouver que l’accès a été rendu à son détenteur",
            duree=duree_lisible(AN * 2),
            depart="après le rétablissement",
            fondement="CGU 3.6.b",
            sort=Sort.ANONYMISER,
            vide={"piece_derniers": ""},
            echues=lambda maintenant: Q(accorde_le__lt=maintenant - AN * 2),
        ),
        Conservation(
            cle="orientations",
            modele=Orientation,
            donnees="Service vers lequel un espace sans service gestionnaire a été dirigé : motif",
            finalite="Dire pourquoi ce service rend l’accès",
            duree=duree_lisible(AN * 2),
            depart="après l’orientation",
            fondement="CGU 3.6.b",
            sort=Sort.ANONYMISER,
            vide={"motif": ""},
            echues=lambda maintenant: Q(orientee_le__lt=maintenant - AN * 2),
        ),
        Conservation(
            cle="blocages",
            modele=BlocageIP,
            donnees="Adresses IP bloquées",
            finalite="Refuser les automates",
            duree=duree_lisible(AN),
            depart="après la levée du blocage",
            fondement="CGU 3.7",
            sort=Sort.EFFACER,
            echues=lambda maintenant: Q(leve_le__lt=maintenant - AN) | Q(jusqu_a__lt=maintenant - AN),
        ),
    )
