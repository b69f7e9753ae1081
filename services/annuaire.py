"""What the floor below asks about a SIREN: whose it is, and which service gestionnaire follows it."""

from accounts.espace import rectification
from accounts.models import ServiceGestionnaire
from accounts.mots_de_passe import organisations

from .models import PersonneSirenisee


def gestionnaire_du_siren(siren: str) -> ServiceGestionnaire | None:
    """Return the service gestionnaire that follows this SIREN, if it is known."""
    return ServiceGestionnaire.objects.filter(personnes__siren=siren).first()


def denomination_du_siren(siren: str) -> str:
    """Return the name that goes with this SIREN, "" if it is not known."""
    return PersonneSirenisee.objects.filter(siren=siren).values_list("denomination", flat=True).first() or ""


def inscrire() -> None:
    """Answer for the personnes of this floor."""
    rectification.inscrire_annuaire(gestionnaire_du_siren)
    organisations.inscrire_annuaire(denomination_du_siren)
