"""Dormant espaces: nobody signed in for as long as the fiscal prescription period (R23, CGU §3.3.f)."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from .. import actes
from ..envois import courriels
from ..envois.un_a_un import chacun
from ..models import Courriel, Espace
from ..saisies.dates import jour
from ..traces.journal import consigner

GENRE = "espace_dormant"
AUTEUR = "systeme:signaler_espaces_dormants"


def dormants(maintenant: datetime) -> QuerySet[Espace]:
    """Return the active espaces unused for the prescription period, that were not advised within a year.

    The mail's own row is the memory of the advice: the retention table keeps it for longer than a year.
    """
    conseilles = Courriel.objects.filter(
        espace=OuterRef("pk"), genre=GENRE, cree_le__gt=maintenant - settings.DORMANCE_RAPPEL
    )
    return (
        Espace.objects.actifs()
        .filter(cree_le__lt=maintenant - settings.PRESCRIPTION_FISCALE)  # nobody used it before it was there
        .annotate(derniere_connexion=Coalesce(F("compte__last_login"), F("active_le"), F("cree_le")))
        .filter(derniere_connexion__lt=maintenant - settings.PRESCRIPTION_FISCALE)
        .exclude(Exists(conseilles))
    )


def signaler_dormants(*, acteur: str = AUTEUR, maintenant: datetime | None = None, nombre: int = 500) -> int:
    """Advise at most `nombre` holders to delete their espace, once a year each; return how many were advised."""
    maintenant = maintenant or timezone.now()
    cles = list(dormants(maintenant).order_by("pk").values_list("pk", flat=True)[:nombre])
    return chacun("espaces_dormants", cles, lambda cle: _signaler(cle, maintenant, acteur))


def _signaler(cle: UUID, maintenant: datetime, auteur: str) -> bool:
    """Advise one holder, unless another run has just done it or the person has come back."""
    verrouille = Espace.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=cle).first()
    espace = dormants(maintenant).select_related("compte").filter(pk=cle).first()
    if verrouille is None or espace is None or espace.compte is None:
        return False
    depuis: datetime = espace.derniere_connexion  # type: ignore[attr-defined]  # annotated by dormants()
    courriels.deposer(
        GENRE,
        destinataire=espace.compte.email,
        acte=f"dormant:{espace.pk}:{timezone.localdate(maintenant):%Y-%m-%d}",
        espace=espace,
        contexte={"depuis": jour(depuis)},
    )
    consigner(actes.ESPACE_DORMANT_SIGNALE, auteur=auteur, espace=espace)
    return True
