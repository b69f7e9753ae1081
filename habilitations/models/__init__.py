from .adhesion import Adhesion
from .cessation import Cessation
from .demande_habilitation import DemandeHabilitation
from .export import Export
from .habilitation import ORDRE, Habilitation, Role
from .mandat import Mandat
from .preference import Preference
from .rappel import RappelHebdomadaire
from .retrait import DemandeRetrait

__all__ = [
    "ORDRE",
    "Adhesion",
    "Cessation",
    "DemandeHabilitation",
    "DemandeRetrait",
    "Export",
    "Habilitation",
    "Mandat",
    "Preference",
    "RappelHebdomadaire",
    "Role",
]
