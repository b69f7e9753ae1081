from .adresse import AdresseSaisie
from .adresse_attendue import AdresseAttendue
from .avis import AvisDeMessage, PreferenceMessagerie
from .banque import ChangementBancaire, MandatSepa, ReferenceBancaire, SignalementBancaire
from .echeance import Echeance
from .messagerie import (
    Brouillon,
    Echange,
    LectureMessage,
    Message,
    MessageNonLu,
    ModeleDeReponse,
    PieceJointe,
)
from .personne import Categorie, PersonneSirenisee
from .registre import EvenementRegistre, IdentifiantRemplace, RepresentantLegal
from .service import RetraitService, Service

__all__ = [
    "AdresseAttendue",
    "AdresseSaisie",
    "AvisDeMessage",
    "Brouillon",
    "Categorie",
    "ChangementBancaire",
    "Echange",
    "Echeance",
    "EvenementRegistre",
    "IdentifiantRemplace",
    "LectureMessage",
    "MandatSepa",
    "Message",
    "MessageNonLu",
    "ModeleDeReponse",
    "PersonneSirenisee",
    "PieceJointe",
    "PreferenceMessagerie",
    "ReferenceBancaire",
    "RepresentantLegal",
    "RetraitService",
    "Service",
    "SignalementBancaire",
]
