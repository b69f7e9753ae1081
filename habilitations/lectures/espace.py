"""What the pages of an espace read: one function per page, a number of queries that does not depend on its SIREN."""

from accounts.espace.recapitulatif_pdf import ServiceObtenu
from accounts.models import Espace

from ..droits.backends import donnant
from ..droits.roles import UTILISER
from ..models import ORDRE, Habilitation, Role


def habilitation_active(espace: Espace, *, siren: str, code: str) -> Habilitation | None:
    """Return the active habilitation of this espace for this pair, with all that the service's page shows, or None."""
    return (
        donnant(UTILISER, espace)
        .filter(personne__siren=siren, service__code=code)
        .select_related(
            "personne__service_gestionnaire", "service", "adhesion__mandat__mandataire", "accordee_par__espace"
        )
        .first()
    )


def services_obtenus(espace: Espace) -> list[ServiceObtenu]:
    """Return what this espace may use today, and in which role, for its récapitulatif (R5): one query, no row whole."""
    ordre = (cle for cle in ORDRE if not cle.startswith(("espace", "pk")))  # all are of one espace
    lues = donnant(UTILISER, espace).order_by(*ordre)
    return [
        ServiceObtenu(denomination=denomination, siren=siren, service=service, role=str(Role(role).label).capitalize())
        for denomination, siren, service, role in lues.values_list(
            "personne__denomination", "personne__siren", "service__libelle", "role"
        )
    ]
