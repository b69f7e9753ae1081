from .adhesion import Adhesion
from .cessation import Cessation
from .habilitation import ORDRE, Habilitation, Role
from .mandat import Mandat
from .retrait import DemandeRetrait

__all__ = ["ORDRE", "Adhesion", "Cessation", "DemandeRetrait", "Habilitation", "Mandat", "Role"]
