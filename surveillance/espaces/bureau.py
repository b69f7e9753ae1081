"""Which office looks after an espace: where its holder goes to have it back (R16; CGU §3.6.b)."""

from django.db.models import Count

from accounts.models import Espace, ServiceGestionnaire
from habilitations.models import Habilitation
from services.models import PersonneSirenisee


def bureau_de(espace: Espace) -> ServiceGestionnaire | None:
    """Return the office of the organisation of this espace, else of the most of what it holds; None where neither is known."""
    if espace.siren_appartenance:
        organisation = PersonneSirenisee.objects.filter(siren=espace.siren_appartenance).first()
        if organisation is not None:
            return organisation.service_gestionnaire
    tenues = Habilitation.objects.vivantes().filter(espace=espace).order_by()
    premier = (
        tenues.values("personne__service_gestionnaire")
        .annotate(nombre=Count("pk"))
        .order_by("-nombre", "personne__service_gestionnaire")
        .first()
    )
    return None if premier is None else ServiceGestionnaire.objects.get(pk=premier["personne__service_gestionnaire"])
