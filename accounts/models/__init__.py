from .adresse import AdressePostale
from .agent import Agent, CodeSecours, ServiceGestionnaire
from .application import Application
from .compte import AncienMotDePasse, Compte
from .courriel import Courriel, CourrielEnAttente
from .envoi import Envoi, EnvoiQuerySet
from .espace import Espace, Lien
from .evenement import BlocScelle, Evenement, EvenementASceller
from .nom import NomAdmis
from .oubli import DemandeOubli
from .publication import PolitiqueMotDePasse, Publication, VersionCGU
from .session import EssaiConnexion, NavigateurConnu, Session
from .trace import TraceLecture

__all__ = [
    "AdressePostale",
    "Agent",
    "AncienMotDePasse",
    "Application",
    "BlocScelle",
    "CodeSecours",
    "Compte",
    "Courriel",
    "CourrielEnAttente",
    "DemandeOubli",
    "Envoi",
    "EnvoiQuerySet",
    "Espace",
    "EssaiConnexion",
    "Evenement",
    "EvenementASceller",
    "Lien",
    "NavigateurConnu",
    "NomAdmis",
    "PolitiqueMotDePasse",
    "Publication",
    "ServiceGestionnaire",
    "Session",
    "TraceLecture",
    "VersionCGU",
]
