from .alerte import Alerte, Gravite, SignalVu
from .balayage import Balayage
from .blocage import BlocageIP
from .connexion import Connexion
from .desactivation import Desactivation
from .orientation import Orientation
from .retablissement import Retablissement
from .suite import SuiteAlerte
from .verification import Verification

__all__ = [
    "Alerte",
    "Balayage",
    "BlocageIP",
    "Connexion",
    "Desactivation",
    "Gravite",
    "Orientation",
    "Retablissement",
    "SignalVu",
    "SuiteAlerte",
    "Verification",
]
