from .adresse import AdresseSaisie
from .banque import MandatSepa, ReferenceBancaire
from .echeance import Echeance
from .messagerie import Echange, LectureMessage, Message, PieceJointe
from .personne import Categorie, PersonneSirenisee
from .registre import EvenementRegistre, IdentifiantRemplace, RepresentantLegal
from .service import RetraitService, Service

__all__ = [
    "AdresseSaisie",
    "Categorie",
    "Echange",
    "Echeance",
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
