from .avis_postal import AvisPostal
from .courrier import Courrier
from .creation import CreationSimplifiee
from .demande import Demande, LigneDemande
from .feuillet import Feuillet
from .remise import Remise
from .signalement import Signalement, SignalementDiffere

__all__ = [
    "AvisPostal",
    "Courrier",
    "CreationSimplifiee",
    "Demande",
    "Feuillet",
    "LigneDemande",
    "Remise",
    "Signalement",
    "SignalementDiffere",
]
