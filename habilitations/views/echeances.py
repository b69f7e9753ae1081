"""The calendar of the dates of the services held, and the same as a file for calendars."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import Espace, TraceLecture
from accounts.portes.acces import espace_requis
from accounts.traces.lecture import lire

from ..lectures.agenda import en_ics
from ..lectures.echeances import calendrier


def _annee(request: HttpRequest) -> int:
    """Return the year asked for: this one or the next, nothing else."""
    cette = timezone.localdate().year
    return cette + 1 if request.GET.get("annee") == str(cette + 1) else cette


@espace_requis
@require_GET
def echeances(request: HttpRequest, espace: Espace) -> HttpResponse:
    """A year of dates, month by month."""
    annee, cette = _annee(request), timezone.localdate().year
    return render(
        request,
        "habilitations/echeances.html",
        {"calendrier": calendrier(espace, annee), "annees": [cette, cette + 1], "aujourd_hui": timezone.localdate()},
    )


@espace_requis
@require_GET
def agenda(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The same year, to put into one's own calendar: a copy that leaves the portal leaves a trace."""
    annee = _annee(request)
    lire(request, TraceLecture.Nature.CONSULTATION, "habilitations.echeances")
    lu = calendrier(espace, annee)
    dates = [echeance for mois in (*lu.passes, *lu.mois) for echeance in mois.echeances]
    reponse = HttpResponse(en_ics(dates, maintenant=timezone.now()), content_type="text/calendar; charset=utf-8")
    reponse["Content-Disposition"] = f'attachment; filename="echeances-{annee}.ics"'
    return reponse
