"""What the pages of an espace read: one function per page, a number of queries that does not depend on its SIREN."""

from accounts.espace.recapitulatif_pdf import ServiceObtenu
from accounts.models import Espace

from ..droits.backends import donnant
from ..droits.roles import UTILISER
from ..models import ORDRE, Habilitation


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
    """Return what this espace may use today, and in which role, for its récapitulatif (R5): one query."""
    habilitations = donnant(UTILISER, espace).select_related("personne", "service").order_by(*ORDRE)
    return [
        ServiceObtenu(
            denomination=habilitation.personne.denomination,
            siren=habilitation.personne.siren,
            service=habilitation.service.libelle,
            role=habilitation.get_role_display().capitalize(),
        )
        for habilitation in habilitations
    ]
