from .base import FormulairePortail
from .connexion import ConnexionForm, MotDePasseActuelForm
from .inscription import InscriptionExpertForm

__all__ = ["ConnexionForm", "FormulairePortail", "InscriptionExpertForm", "MotDePasseActuelForm"]
