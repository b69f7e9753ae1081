from .adhesion import Adhesion
from .habilitation import ORDRE, Delegation, Habilitation, Role, Suppleance
from .mandat import Mandat
from .retrait import DemandeRetrait

__all__ = ["ORDRE", "Adhesion", "Delegation", "DemandeRetrait", "Habilitation", "Mandat", "Role", "Suppleance"]
