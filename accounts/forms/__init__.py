from .base import FormulairePortail
from .connexion import ConnexionForm, MotDePasseActuelForm
from .inscription import InscriptionExpertForm, InscriptionForm

__all__ = ["ConnexionForm", "FormulairePortail", "InscriptionExpertForm", "InscriptionForm", "MotDePasseActuelForm"]
