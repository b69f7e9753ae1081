from .adhesion import Adhesion
from .habilitation import Delegation, Habilitation, Role, Suppleance
from .mandat import Mandat
from .retrait import DemandeRetrait

__all__ = ["Adhesion", "Delegation", "DemandeRetrait", "Habilitation", "Mandat", "Role", "Suppleance"]
