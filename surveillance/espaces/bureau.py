"""Which office looks after an espace: where its holder goes to have it back (R16; CGU §3.6.b)."""

from django.db.models import Count, Exists, OuterRef, QuerySet

from accounts.models import Espace, ServiceGestionnaire
from habilitations.models import Habilitation
from services.models import PersonneSirenisee

from ..models import Orientation


def bureau_de(espace: Espace) -> ServiceGestionnaire | None:
    """Return the office that follows this espace, else the one to which the cell has directed it; None where there is neither."""
    suivant = bureau_qui_suit(espace)
    if suivant is not None:
        return suivant
    orientation = Orientation.objects.filter(espace=espace).select_related("service_gestionnaire").first()
    return None if orientation is None else orientation.service_gestionnaire


def orientations_en_vigueur() -> QuerySet[Orientation]:
    """Return the orientations of the espaces that no office follows (`bureau_qui_suit`): where one does, the cell's choice is over."""
    return Orientation.objects.exclude(
        Exists(PersonneSirenisee.objects.exclude(siren="").filter(siren=OuterRef("espace__siren_appartenance")))
    ).exclude(Exists(Habilitation.objects.vivantes().filter(espace=OuterRef("espace")).order_by()))


def bureau_qui_suit(espace: Espace) -> ServiceGestionnaire | None:
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
