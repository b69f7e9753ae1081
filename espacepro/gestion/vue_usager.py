"""« Comme l'usager le voit »: an espace's home, for the agent who helps its holder on the telephone (issue 14, item 5).

The same readings and the same template as the home itself, narrowed to the companies of the agent's office, then made inert.
Who looks first says why; the holder reads it in the journal of the espace.
"""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms.base import FormulairePortail
from accounts.gestion.adresses_de_liste import AdresseRefusee, exiger_page, exiger_sans_parametre
from accounts.gestion.agents import agent_verifie
from accounts.models import Agent, Espace, TraceLecture
from accounts.traces.lecture import lire
from habilitations.lectures.entreprises import FiltresEntreprises

from ..accueil import entreprises, page
from .inerte import rendre_inerte
from .regards import RAISON_VAUT, EspaceHorsDuBureau, Raison, dire_pourquoi, espace_montrable, raison_en_vigueur

OBJET: Final = "gestion.comme_l_usager"


class RaisonForm(FormulairePortail):
    """Why one looks."""

    raison = forms.ChoiceField(
        label="Pourquoi regardez-vous cet espace ?",
        help_text="L’usager lit cette raison, mot pour mot, dans le journal de son espace.",
        choices=Raison.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Dites pourquoi vous regardez cet espace.",
            "invalid_choice": "Choisissez l’une des raisons proposées.",
        },
    )


@require_http_methods(["GET", "POST"])
def raison_de_regarder(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask why, then show. Raises: Http404 for another office's espace, and for who acts for no office."""
    agent, espace = _chercher(request, pk)
    try:
        exiger_sans_parametre(request)
    except AdresseRefusee as refus:
        return render(request, "erreurs/400.html", status=refus.statut)
    form = RaisonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            dire_pourquoi(acteur=agent, espace=espace, raison=Raison(form.cleaned_data["raison"]))
        except EspaceHorsDuBureau as refus_de_la_regle:
            raise Http404 from refus_de_la_regle
        return redirect("admin:comme_l_usager_page", pk=espace.pk)
    lire(request, TraceLecture.Nature.CONSULTATION, "accounts.espace", cle=espace.numero_abonne)
    return render(
        request,
        "gestion/comme_l_usager_raison.html",
        {
            "titre": "Comme l’usager le voit",
            "formulaire": form,
            "vu": espace,
            "page": reverse("admin:espace", args=[espace.pk]),
            "minutes": int(RAISON_VAUT.total_seconds() // 60),
        },
    )


@require_GET
def comme_l_usager(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the home of this espace, as its holder sees it of the office's companies, while a reason that was said holds."""
    agent, espace = _chercher(request, pk)
    try:
        exiger_page(request)
    except AdresseRefusee as refus:
        return render(request, "erreurs/400.html", status=refus.statut)
    dite = raison_en_vigueur(agent, espace, timezone.now())
    if dite is None:
        messages.info(request, "Dites pourquoi vous regardez cet espace : la raison vaut quinze minutes.")
        return redirect("admin:comme_l_usager", pk=espace.pk)
    bureau = agent.service_gestionnaire_id
    lu = entreprises.lire(espace, FiltresEntreprises(page=request.GET.get("page", "1")), bureau=bureau)
    montree = page.contexte(espace, lu, bureau=bureau)
    lire(request, TraceLecture.Nature.CONSULTATION, OBJET, cle=espace.numero_abonne)
    contexte: dict[str, Any] = {
        "titre": "Comme l’usager le voit",
        "vu": espace,
        "dite": dite,
        "jusqu_a": dite.quand + RAISON_VAUT,
        "ailleurs": lu.ailleurs,
        "ici": len(lu.tenues),
        "pages": lu.vos.page,
        "rendu": rendre_inerte(render_to_string(page.GABARIT, montree, request)),
    }
    return render(request, "gestion/comme_l_usager.html", contexte)


def _chercher(request: HttpRequest, pk: UUID) -> tuple[Agent, Espace]:
    """Return the agent and the espace. Raises: Http404 for any espace that this agent may not look at so."""
    agent = agent_verifie(request)
    espace = espace_montrable(agent, pk) if agent is not None else None
    if agent is None or espace is None:
        raise Http404
    return agent, espace
