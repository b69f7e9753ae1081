"""Returned letters, recorded one scan after the other: a hand scanner types the number and Enter (issue 14, item 4)."""

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.forms.base import FormulairePortail
from accounts.forms.champs import ChampPorte
from accounts.forms.claviers import Clavier
from accounts.gestion.agents import agent_verifie
from accounts.gestion.fonctions import BUREAU
from accounts.models import Agent, TraceLecture
from accounts.saisies.regles import RegleMetier
from accounts.traces.lecture import lire
from activation.courriers.code128 import lire_numero
from activation.demandes.retours import constater_retour
from activation.models import Courrier

CLE: Final = "lettres_revenues"
GARDEES: Final = 50  # of one series, as its page shows them


class LettreIllisible(RegleMetier):
    code = "lettre_illisible"
    message = "Ce n’est pas le numéro d’une lettre : présentez de nouveau le code à barres, ou tapez le numéro imprimé dessous."


class LettreInconnue(RegleMetier):
    code = "lettre_inconnue"
    message = "Aucune lettre de votre service ne porte le numéro {numero}."


class LettreRevenueForm(FormulairePortail):
    """The number under the bars."""

    regles = dict.fromkeys(
        (
            "lettre_illisible",
            "lettre_inconnue",
            "courrier_deja_revenu",
            "courrier_sans_retour",
            "demande_terminee",
            "demande_d_un_autre_service",
        ),
        "numero_lettre",
    )

    numero_lettre = ChampPorte(
        label="Numéro de la lettre",
        max_length=60,
        help_text="Lisez le code à barres : la lettre est enregistrée aussitôt, et la page attend la suivante.",
        clavier=Clavier.REFERENCE,
        error_messages={"required": "Présentez une lettre, ou tapez son numéro."},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # A scanner types where the focus is: over what was refused, not after it (static/js/portail.js).
        self.fields["numero_lettre"].widget.attrs.update({"autofocus": True, "data-selection": ""})


@require_http_methods(["GET", "POST"])
def lettres_revenues(request: HttpRequest) -> HttpResponse:
    """Record a letter that the post returned, and wait for the next. Raises: Http404 for who acts for no office."""
    agent = agent_verifie(request)
    if agent is None or agent.fonction not in BUREAU:
        raise Http404
    form = LettreRevenueForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            courrier = _constater(agent, form.cleaned_data["numero_lettre"])
        except RegleMetier as regle:
            form.refuser(regle)
        else:
            request.session[CLE] = [str(courrier.pk), *request.session.get(CLE, [])][:GARDEES]
            messages.success(request, f"Lettre {courrier} : retour enregistré, le demandeur est prévenu.")
            return redirect("admin:lettres_revenues")
    lire(request, TraceLecture.Nature.LISTE, "gestion.lettres_revenues")
    return render(
        request,
        "gestion/lettres_revenues.html",
        {"titre": "Lettres revenues", "formulaire": form, "lettres": _serie(agent, request.session.get(CLE, []))},
    )


def _constater(agent: Agent, saisie: str) -> Courrier:
    """Record the return of the letter of this number. Raises: LettreIllisible, LettreInconnue, and what `constater_retour` does."""
    lu = lire_numero(saisie)
    if lu is None:
        raise LettreIllisible
    courrier = _du_bureau(agent).filter(demande__reference=lu[0], numero=lu[1]).first()
    if courrier is None:
        raise LettreInconnue(numero=f"{lu[0]}-{lu[1]}")
    return constater_retour(acteur=agent, courrier=courrier)


def _serie(agent: Agent, cles: list[str]) -> list[Courrier]:
    """Return the letters of this series, the last one first: one query."""
    lues = {str(courrier.pk): courrier for courrier in _du_bureau(agent).filter(pk__in=cles)}
    return [lues[cle] for cle in cles if cle in lues]


def _du_bureau(agent: Agent) -> Any:
    return Courrier.objects.filter(
        demande__personne__service_gestionnaire=agent.service_gestionnaire_id
    ).select_related("demande__personne", "demande__espace")
