"""What was decided of alerts, written with who decided it (R15; CGU §3.6)."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from accounts.models import Agent, Espace
from accounts.traces.journal import consigner

from .. import actes
from ..models import Alerte, SuiteAlerte
from .registre import EXTERIEURS

GENRES: Final = SuiteAlerte.Genre
AU_GUICHET: Final = "Accès rétabli au guichet : deux agents y ont reconnu le détenteur."


def decider(
    acteur: Agent,
    alertes: Collection[Alerte],
    genre: SuiteAlerte.Genre,
    motif: str,
    maintenant: datetime,
    second: Agent | None = None,
) -> None:
    """Write what was decided of these open alerts, which the caller has locked."""
    etat = Alerte.Etat.ECARTEE if genre == GENRES.SANS_SUITE else Alerte.Etat.CONFIRMEE
    for alerte in alertes:
        espace = getattr(alerte.compte, "espace", None)
        alerte.etat, alerte.examinee_le, alerte.examinee_par = etat, maintenant, acteur
        alerte.save(update_fields=["etat", "examinee_le", "examinee_par"])
        SuiteAlerte.objects.create(
            alerte=alerte,
            genre=genre,
            espace=espace,
            motif=motif,
            agent=acteur,
            second=second,
            faite_le=maintenant,
        )
        details = {"reference": str(alerte.pk)}
        if genre == GENRES.SANS_SUITE:
            consigner(actes.ALERTE_CLASSEE, auteur=second or acteur, espace=espace, details=details)
        else:
            consigner(actes.ALERTE_AVEREE, auteur=second or acteur, espace=espace, details=details)


def clore_au_guichet(*, espace: Espace, demandeur: Agent, second: Agent, maintenant: datetime) -> None:
    """Say of the open alerts of this espace, whose account is locked, that these two agents dealt with them (R16).

    Not of what a stranger caused: that its holder is himself says nothing of it.
    """
    ouvertes = (
        Alerte.objects.select_for_update(no_key=True, of=("self",))
        .select_related("compte__espace")
        .filter(compte=espace.compte_id, etat=Alerte.Etat.OUVERTE)
        .exclude(motif__in=EXTERIEURS)
        .order_by("pk")
    )
    decider(demandeur, list(ouvertes), GENRES.AVEREE, AU_GUICHET, maintenant, second)
