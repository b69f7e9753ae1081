from .adresse import AdresseSaisie
from .banque import MandatSepa, ReferenceBancaire
from .messagerie import Echange, LectureMessage, Message, PieceJointe
from .personne import Categorie, PersonneSirenisee
from .registre import EvenementRegistre, IdentifiantRemplace, RepresentantLegal
from .service import RetraitService, Service

__all__ = [
    "AdresseSaisie",
    "Categorie",
    "Echange",
    "EvenementRegistre",
    "IdentifiantRemplace",
    "LectureMessage",
    "MandatSepa",
    "Message",
    "PersonneSirenisee",
    "PieceJointe",
    "ReferenceBancaire",
    "RepresentantLegal",
    "RetraitService",
    "Service",
]
