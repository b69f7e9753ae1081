"""What the floor below asks about a SIREN: whose it is, and which service gestionnaire follows it."""

from accounts.espace import rectification
from accounts.models import ServiceGestionnaire
from accounts.saisies import organisations

from .registre.identification import personne_d_identifiant


def gestionnaire_du_siren(siren: str) -> ServiceGestionnaire | None:
    """Return the service gestionnaire that follows this SIREN, if it is known."""
    personne = personne_d_identifiant(siren)
    return personne.service_gestionnaire if personne is not None else None


def denomination_du_siren(siren: str) -> str:
    """Return the name that goes with this SIREN, "" if it is not known."""
    personne = personne_d_identifiant(siren)
    return personne.denomination if personne is not None else ""


def inscrire() -> None:
    """Answer for the personnes of this floor."""
    rectification.inscrire_annuaire(gestionnaire_du_siren)
    organisations.inscrire_annuaire(denomination_du_siren)
