from .adresse import AdressePostale
from .affaire import Affaire
from .agent import Agent, CodeSecours, ServiceGestionnaire
from .application import Application
from .compte import AncienMotDePasse, Compte
from .contreseing import Contreseing
from .coordonnees import AncienneAdresse, AnciennesCoordonnees
from .courriel import Courriel, CourrielDeCote, CourrielEnAttente
from .envoi import Envoi, EnvoiQuerySet
from .espace import Espace, Lien
from .evenement import Attestation, BlocScelle, Evenement, EvenementASceller, MoisAbandonne
from .nom import NomAdmis
from .oubli import DemandeOubli
from .publication import PolitiqueMotDePasse, Publication, VersionCGU
from .rectification import Rectification
from .session import EssaiConnexion, NavigateurConnu, Session
from .trace import TraceLecture

__all__ = [
    "AdressePostale",
    "Affaire",
    "Agent",
    "AncienMotDePasse",
    "AncienneAdresse",
    "AnciennesCoordonnees",
    "Application",
    "Attestation",
    "BlocScelle",
    "CodeSecours",
    "Compte",
    "Contreseing",
    "Courriel",
    "CourrielDeCote",
    "CourrielEnAttente",
    "DemandeOubli",
    "Envoi",
    "EnvoiQuerySet",
    "Espace",
    "EssaiConnexion",
    "Evenement",
    "EvenementASceller",
    "Lien",
    "MoisAbandonne",
    "NavigateurConnu",
    "NomAdmis",
    "PolitiqueMotDePasse",
    "Publication",
    "Rectification",
    "ServiceGestionnaire",
    "Session",
    "TraceLecture",
    "VersionCGU",
]
