"""What « À faire » says of the surveillance: was it he, of an unusual use; what was changed while he was kept out (R15, R16)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from django.urls import reverse
from django.utils import timezone

from accounts.espace.a_faire import Fait, Gravite, Ligne, Source
from accounts.models import Espace
from accounts.saisies.dates import dans, jour

# The function of surveillance/migrations/0012, which asks what the two acts do: `trancher_changements`, `dire_que_c_etait_moi`.
_A_FAIRE: Final = "SELECT a_faire_de_la_surveillance(%(espace)s, %(maintenant)s)"


def _dire(espace: Espace, faits: Sequence[Fait], maintenant: datetime) -> list[Ligne]:
    return [_repondre(fait, maintenant) if "alerte" in fait else _verifier(fait) for fait in faits]


def _repondre(fait: Fait, maintenant: datetime) -> Ligne:
    le: date = timezone.localdate(datetime.fromisoformat(fait["fin"]))
    return Ligne(
        Gravite.GRAVE,
        dans(le, maintenant),
        "Dire si c’était vous : un usage inhabituel de votre espace a été vu",
        "Répondre",
        reverse("usage_inhabituel", args=[fait["alerte"]]),
        jour=le,
    )


def _verifier(fait: Fait) -> Ligne:
    return Ligne(
        Gravite.GRAVE,
        f"Depuis le {jour(datetime.fromisoformat(fait['desactive_le']))}",
        "Vérifier ce qui a été changé pendant que votre espace n’était pas entre vos mains",
        "Vérifier",
        reverse("changements_examines"),
    )


SURVEILLANCE: Final = Source("surveillance", _dire, _A_FAIRE, d_une_entreprise=False)
