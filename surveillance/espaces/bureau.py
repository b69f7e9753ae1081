"""Which office looks after an espace: where its holder goes to have it back (R16; CGU §3.6.b)."""

from django.db.models import Count, Exists, OuterRef, QuerySet

from accounts.models import AnciennesCoordonnees, Espace, ServiceGestionnaire
from habilitations.models import Habilitation
from services.models import PersonneSirenisee

from ..models import Orientation
from .appartenance import Appartenance, appartenance_de


def bureau_de(espace: Espace) -> ServiceGestionnaire | None:
    """Return the office where the holder of this espace goes: where the cell's choice holds, that one, else the one that follows it.

    None where there is neither.
    """
    appartenance = appartenance_de(espace)
    suivant = bureau_qui_suit(espace, appartenance)
    orientation = _orientation(espace, appartenance, suivant)
    return suivant if orientation is None else orientation.service_gestionnaire


def dirigeable_ailleurs(espace: Espace) -> bool:
    """Whether the cell may choose the office of this espace: none follows it, or its organisation is too new to count."""
    appartenance = appartenance_de(espace)
    return appartenance.change or bureau_qui_suit(espace, appartenance) is None


def orientation_de(espace: Espace, appartenance: Appartenance | None = None) -> Orientation | None:
    """Return the cell's choice of an office where it holds: no office follows this espace, or the choice was made since its last change,
    which is too new to count."""
    appartenance = appartenance or appartenance_de(espace)
    return _orientation(espace, appartenance, bureau_qui_suit(espace, appartenance))


def _orientation(espace: Espace, appartenance: Appartenance, suivant: ServiceGestionnaire | None) -> Orientation | None:
    if suivant is not None and not appartenance.change:
        return None
    orientation = Orientation.objects.filter(espace=espace).select_related("service_gestionnaire").first()
    if orientation is None or suivant is None:
        return orientation
    depuis = AnciennesCoordonnees.objects.filter(espace=espace, changees_le__gt=orientation.orientee_le)
    return None if depuis.exists() else orientation


def orientations_en_vigueur() -> QuerySet[Orientation]:
    """Return the orientations of the espaces that no office follows (`bureau_qui_suit`): where one does, the cell's choice is over.

    Those of the espaces whose particulars were changed within a year too: whether they hold depends on when (`orientation_de`).
    """
    changees = AnciennesCoordonnees.objects.filter(espace=OuterRef("espace")).order_by()
    suivies = PersonneSirenisee.objects.exclude(siren="").filter(siren=OuterRef("espace__siren_appartenance"))
    tenues = Habilitation.objects.vivantes().filter(espace=OuterRef("espace")).order_by()
    return Orientation.objects.filter(Exists(changees) | (~Exists(suivies) & ~Exists(tenues)))


def bureau_qui_suit(espace: Espace, appartenance: Appartenance | None = None) -> ServiceGestionnaire | None:
    """Return the office of the organisation of this espace, as it counts (`appartenance_de`), else of the most of what it holds.

    None where neither is known.
    """
    appartenance = appartenance or appartenance_de(espace)
    if appartenance.siren:
        organisation = PersonneSirenisee.objects.filter(siren=appartenance.siren).first()
        if organisation is not None:
            return organisation.service_gestionnaire
    tenues = Habilitation.objects.vivantes().filter(espace=espace).order_by()
    if appartenance.mandats_avant is not None:
        tenues = tenues.filter(accordee_le__lt=appartenance.mandats_avant)
    premier = (
        tenues.values("personne__service_gestionnaire")
        .annotate(nombre=Count("pk"))
        .order_by("-nombre", "personne__service_gestionnaire")
        .first()
    )
    return None if premier is None else ServiceGestionnaire.objects.get(pk=premier["personne__service_gestionnaire"])
