from .alerte import Alerte
from .blocage import BlocageIP
from .connexion import Connexion
from .desactivation import Desactivation

__all__ = ["Alerte", "BlocageIP", "Connexion", "Desactivation"]
