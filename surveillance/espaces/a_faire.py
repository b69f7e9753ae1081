"""What « À faire » says to a holder who is back: what was changed meanwhile waits for his eye (R16)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.urls import reverse
from django.utils.dateparse import parse_datetime

from accounts.espace.a_faire import Fait, Gravite, Ligne, Source
from accounts.models import Espace
from accounts.saisies.dates import jour

_RESTENT: Final = """
SELECT json_build_object('desactive_le', desactive_le) FROM surveillance_desactivation
WHERE espace_id = %(espace)s AND retablie_le IS NOT NULL AND tranchee_le IS NULL
"""


def _dire(espace: Espace, faits: Sequence[Fait], maintenant: datetime) -> list[Ligne]:
    return [
        Ligne(
            Gravite.GRAVE,
            f"Depuis le {jour(parse_datetime(fait['desactive_le']))}",
            "Vérifier ce qui a été changé pendant que votre espace n’était pas entre vos mains",
            "Vérifier",
            reverse("changements_examines"),
        )
        for fait in faits
    ]


CHANGEMENTS: Final = Source("changements_examines", _dire, _RESTENT, d_une_entreprise=False)
