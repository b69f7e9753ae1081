"""« Votre espace »: what belongs to the holder alone, on one page; the facts are accounts/espace/votre_espace.py's (issue 13.5)."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from accounts.espace.votre_espace import FaitsDuDetenteur, faits_du_detenteur
from accounts.models import Compte, Espace
from habilitations.droits.perimetre import compter_siren
from habilitations.models import Preference
from habilitations.models.preference import preference_de


@dataclass(frozen=True)
class VotreEspace:
    """What the page shows; without `perimetre`, an espace simplifié."""

    faits: FaitsDuDetenteur
    perimetre: str
    perimetre_alerte: bool
    avis: str


def lire_votre_espace(espace: Espace, compte: Compte, *, maintenant: datetime | None = None) -> VotreEspace:
    """Return what this holder's own page says: four queries, whatever the espace holds."""
    siren = compter_siren(espace) if espace.mode == Espace.Mode.EXPERT else None
    return VotreEspace(
        faits=faits_du_detenteur(espace, compte, maintenant or timezone.now()),
        perimetre="" if siren is None else f"{siren or 'Aucun'} SIREN sur {settings.PERIMETRE_SIREN}",
        perimetre_alerte=siren is not None and siren >= settings.PERIMETRE_ALERTE,
        avis=_avis(preference_de(espace)),
    )


def _avis(preference: Preference) -> str:
    accords = "aussitôt" if preference.accords == Preference.Accords.AUSSITOT else "une fois par jour"
    rappels = "par courriel" if preference.rappels == Preference.Rappels.HEBDOMADAIRE else "sur le portail seulement"
    return f"Habilitations accordées par d’autres : {accords}. Échéances de vos services : {rappels}."
