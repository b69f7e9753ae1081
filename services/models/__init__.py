from .banque import MandatSepa, ReferenceBancaire
from .messagerie import Echange, LectureMessage, Message, PieceJointe
from .personne import Categorie, PersonneSirenisee
from .service import Service

__all__ = [
    "Categorie",
    "Echange",
    "LectureMessage",
    "MandatSepa",
    "Message",
    "PersonneSirenisee",
    "PieceJointe",
    "ReferenceBancaire",
    "Service",
]
