from .courrier import Courrier
from .creation import CreationSimplifiee
from .demande import Demande, LigneDemande
from .remise import Remise
from .signalement import Signalement

__all__ = ["Courrier", "CreationSimplifiee", "Demande", "LigneDemande", "Remise", "Signalement"]
