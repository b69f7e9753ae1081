"""What of an espace an office may rely on to recognise its holder: not what a thief has just written on it (R16; CGU §3.6.b).

Whoever finds a session open can write his name and his company on the espace, then go to his own counter with his own identity
card. So a SIREN d'appartenance counts only as it was thirty days before what brings the holder to the counter, and both agents read
what of the identity was changed in the last ninety.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from accounts.actes import ESPACE_CE_N_EST_PAS_MOI
from accounts.espace.coordonnees_d_avant import IdentiteChangee, avant, identite_changee_depuis, renomme_depuis
from accounts.models import Espace
from accounts.saisies.dates import jour_heure
from accounts.traces.journal import ecrites

from ..models import Desactivation

EPROUVE: Final = timedelta(days=30)
"""What was changed since counts no more than if it had not been."""
MONTRE: Final = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class Appartenance:
    """The SIREN that counts, the one that the espace says, and from when on a new mandate proves nothing (None: all count)."""

    siren: str
    dit: str
    mandats_avant: datetime | None

    @property
    def change(self) -> bool:
        """Whether the organisation that the espace says is too new to count."""
        return self.siren != self.dit


def appartenance_de(espace: Espace, maintenant: datetime | None = None) -> Appartenance:
    """Return what counts of this espace: as it was thirty days before the disabling, the first « ce n'est pas moi » of late, or now.

    Where the name was changed since, so do its mandates: whoever writes his name on an espace can have it given one by his company.
    """
    limite = _suspect_depuis(espace, maintenant or timezone.now()) - EPROUVE
    anciennes = avant(espace, limite)
    if anciennes is None:
        return Appartenance(siren=espace.siren_appartenance, dit=espace.siren_appartenance, mandats_avant=None)
    return Appartenance(
        siren=anciennes.siren_appartenance,
        dit=espace.siren_appartenance,
        mandats_avant=limite if espace.cree_le < limite and renomme_depuis(espace, limite) else None,
    )


def _suspect_depuis(espace: Espace, maintenant: datetime) -> datetime:
    en_cours = Desactivation.objects.filter(espace=espace, annulee_le=None, retablie_le=None).first()
    dites = ecrites(ESPACE_CE_N_EST_PAS_MOI, auteur=espace, depuis=maintenant - EPROUVE).order_by("quand")
    dite = dites.values_list("quand", flat=True).first()
    return min(quand for quand in (maintenant, dite, en_cours.depuis if en_cours else None) if quand is not None)


def faits_de_l_identite(espace: Espace, maintenant: datetime | None = None) -> list[tuple[str, str]]:
    """Return what of the name and the organisation was changed within ninety days, as both agents read it before they recognise anybody."""
    changes = identite_changee_depuis(espace, (maintenant or timezone.now()) - MONTRE)
    if not changes:
        return [("Nom et organisation", f"inchangés depuis {MONTRE.days} jours")]
    return [
        *((f"{change.quoi} : changement dans l’espace", _dire(change)) for change in changes),
        (
            "À vérifier",
            "Qui se sert de l’espace d’un autre peut y écrire son propre nom et son entreprise : assurez-vous que la personne est "
            "bien celle d’avant le changement.",
        ),
    ]


def _dire(change: IdentiteChangee) -> str:
    quand = (
        f"le {jour_heure(change.dernier_le)}"
        if change.fois == 1
        else f"{change.fois} fois du {jour_heure(change.premier_le)} au {jour_heure(change.dernier_le)}"
    )
    entre = f", en passant par « {change.entre} »" if change.entre else ""
    return f"De « {change.de} » à « {change.a} »{entre}, {quand}."
