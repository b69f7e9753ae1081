from .courrier import Courrier
from .demande import Demande, LigneDemande

__all__ = ["Courrier", "Demande", "LigneDemande"]
