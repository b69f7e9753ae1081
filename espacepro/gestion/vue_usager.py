"""« Comme l'usager le voit »: an espace's home, for the agent who helps its holder on the telephone (issue 14, item 5).

The same readings and the same template as the home itself, narrowed to the companies of the agent's office, then made inert.
Who looks first says why; the holder reads it in the journal of the espace.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms.base import FormulairePortail
from accounts.gestion.adresses_de_liste import AdresseRefusee, exiger_page, exiger_sans_parametre
from accounts.gestion.agents import agent_verifie
from accounts.gestion.fonctions import BUREAU
from accounts.models import Agent, Espace, Evenement, TraceLecture
from accounts.saisies.regles import RegleMetier
from accounts.traces.journal import auteur_de, consigner
from accounts.traces.lecture import lire
from habilitations.lectures.entreprises import FiltresEntreprises

from .. import actes
from ..accueil import page
from .inerte import rendre_inerte
from .visibilite import espaces_visibles

DUREE: Final = timedelta(minutes=15)
"""How long one reason holds: a telephone call."""
OBJET: Final = "gestion.comme_l_usager"


class Raison(models.TextChoices):
    """Why an agent looks; no other words, so that nothing about anybody is typed into the holder's journal."""

    APPEL = "APPEL", "pour vous répondre au téléphone"
    GUICHET = "GUICHET", "pour vous répondre au guichet"
    ECRIT = "ECRIT", "pour répondre à votre message"
    DEMANDE = "DEMANDE", "pour traiter l’une de vos demandes"


class EspaceHorsDuBureau(RegleMetier):
    code = "espace_hors_du_bureau"
    statut = 404
    message = "Cet espace n’est ouvert pour aucune entreprise que votre service suit."


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


def espace_montrable(agent: Agent, pk: UUID) -> Espace | None:
    """Return the espace that this agent may look at in its holder's place: open, and seen by the office; None for any other."""
    if agent.fonction not in BUREAU:
        return None
    ouverts = Espace.objects.filter(pk=pk, etat=Espace.Etat.ACTIF, compte__isnull=False)
    return espaces_visibles(agent, espaces=ouverts.select_related("compte")).first()


@transaction.atomic
def dire_pourquoi(*, acteur: Agent, espace: Espace, raison: Raison, maintenant: datetime | None = None) -> Evenement:
    """Write in the holder's journal that this agent looks at the espace, and why; return the line.

    The same reason again while it holds writes nothing more. Raises: EspaceHorsDuBureau.
    """
    maintenant = maintenant or timezone.now()
    Espace.objects.select_for_update(no_key=True).filter(pk=espace.pk).first()
    if espace_montrable(acteur, espace.pk) is None:
        raise EspaceHorsDuBureau
    dite = raison_en_vigueur(acteur, espace, maintenant)
    if dite is not None and dite.details["raison"] == raison.label:
        return dite
    return consigner(
        actes.ESPACE_VU_PAR_UN_AGENT,
        auteur=acteur,
        espace=espace,
        details={"gestionnaire": acteur.service_gestionnaire.nom, "raison": raison.label},
    )


def raison_en_vigueur(agent: Agent, espace: Espace, maintenant: datetime) -> Evenement | None:
    """Return the line by which this agent has said why, not too long ago: one query, in an index of the journal."""
    return (
        Evenement.objects.filter(
            auteur=auteur_de(agent),
            acte=actes.ESPACE_VU_PAR_UN_AGENT.code,
            quand__gt=maintenant - DUREE,
            espace=espace.numero_abonne,
        )
        .order_by("-quand")
        .first()
    )


@require_http_methods(["GET", "POST"])
def dire_pourquoi_on_regarde(request: HttpRequest, pk: UUID) -> HttpResponse:
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
            "minutes": int(DUREE.total_seconds() // 60),
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
    montree = page.contexte(
        espace, FiltresEntreprises(page=request.GET.get("page", "1")), bureau=agent.service_gestionnaire_id
    )
    lire(request, TraceLecture.Nature.CONSULTATION, OBJET, cle=espace.numero_abonne)
    contexte: dict[str, Any] = {
        "titre": "Comme l’usager le voit",
        "vu": espace,
        "dite": dite,
        "jusqu_a": dite.quand + DUREE,
        "ailleurs": montree["ailleurs"],
        "ici": montree["vos"].total - montree["ailleurs"],
        "pages": montree["page"],
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
