from .alerte import Alerte
from .blocage import BlocageIP
from .connexion import Connexion

__all__ = ["Alerte", "BlocageIP", "Connexion"]
