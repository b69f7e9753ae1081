from .adhesion import Adhesion
from .habilitation import ORDRE, Habilitation, Role
from .mandat import Mandat
from .retrait import DemandeRetrait

__all__ = ["ORDRE", "Adhesion", "DemandeRetrait", "Habilitation", "Mandat", "Role"]
