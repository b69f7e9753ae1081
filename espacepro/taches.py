"""Beat's table: what runs when. Every job may run twice, late, or die half-way (design.md §6)."""

from datetime import timedelta
from typing import Any

from celery.schedules import crontab


def _toutes_les(periode: timedelta, tache: str) -> dict[str, Any]:
    """A frequent sweep; a run that could not start before the next one is due is dropped."""
    return {"task": tache, "schedule": periode, "options": {"expires": periode.total_seconds()}}


CALENDRIER: dict[str, dict[str, Any]] = {
    "envoyer_courriels": _toutes_les(timedelta(seconds=10), "accounts.envoyer_courriels"),
    "editer_courriers": _toutes_les(timedelta(seconds=10), "activation.editer_courriers"),
    "sceller_journal": _toutes_les(timedelta(minutes=1), "accounts.sceller_journal"),
    "expirer_demandes": {"task": "activation.expirer_demandes", "schedule": crontab(minute="7")},
    "effacer_inscriptions_perimees": {
        "task": "accounts.effacer_inscriptions_perimees",
        "schedule": crontab(minute="23"),
    },
}
