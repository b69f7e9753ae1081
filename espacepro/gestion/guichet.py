"""The counter: the one search box, and the page of an espace (issue 14, items 2 and 3)."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.documents.typst import siren_lisible
from accounts.gestion.adresses_de_liste import AdresseRefusee, exiger_recherche
from accounts.gestion.agents import agent_verifie
from accounts.gestion.consultation import empreinte_recherche
from accounts.gestion.fonctions import LECTEURS
from accounts.models import Agent, Espace, TraceLecture
from accounts.saisies.numeros import grouper_numero
from accounts.saisies.organisations import denomination
from accounts.saisies.regles import RegleMetier
from accounts.traces.lecture import lire
from activation.models import Demande
from habilitations.models import Mandat
from services.models import PersonneSirenisee
from surveillance.espaces.desactivation import desactivation_en_cours
from surveillance.espaces.visibilite import espaces_visibles

from .dossiers import lire_espace
from .espaces import ESPACES
from .recherche import Trouves, chercher


@require_GET
def rechercher(request: HttpRequest) -> HttpResponse:
    """Show what an agent may be told of what was typed; a lone answer opens at once. Each search leaves a trace."""
    agent = lecteur(request)
    try:
        exiger_recherche(request)
    except AdresseRefusee as refus:
        return render(request, "erreurs/400.html", status=refus.statut)
    saisie = request.GET.get("q", "").strip()
    trouves, refus_de_la_regle = Trouves(), ""
    if saisie:
        try:
            trouves = chercher(agent, saisie)
        except RegleMetier as regle:
            refus_de_la_regle = str(regle)
    lire(
        request,
        TraceLecture.Nature.LISTE,
        "gestion.recherche",
        recherche=empreinte_recherche(saisie),
        entreprises=len(trouves.entreprises),
        ailleurs=len(trouves.ailleurs),
        espaces=len(trouves.espaces),
        demandes=len(trouves.demandes) + len(trouves.courriers) + len(trouves.mandats),
    )
    if trouves.seul is not None:
        return redirect(adresse_de(trouves.seul))
    contexte = {
        **admin.site.each_context(request),
        "title": f"« {grouper_numero(saisie)} »" if saisie else "Chercher",
        "saisie": saisie,
        "trouves": trouves,
        "refus": refus_de_la_regle,
        "entreprises": [
            {"personne": personne, "en_cours": trouves.en_cours.get(personne.pk, [])}
            for personne in trouves.entreprises
        ],
    }
    return render(request, "gestion/recherche.html", contexte)


@require_GET
def page_espace(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one espace as this agent's office may see it. Raises: Http404 for one that touches none of its SIREN."""
    agent = lecteur(request)
    espace = espaces_visibles(agent, espaces=Espace.objects.filter(pk=pk).select_related("compte")).first()
    if espace is None:
        raise Http404
    lire(request, TraceLecture.Nature.CONSULTATION, "accounts.espace", cle=espace.numero_abonne)
    siren = espace.siren_appartenance
    contexte: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": espace.nom_complet or f"Espace {espace.numero_lisible}",
        "dossier": (dossier := lire_espace(agent, espace)),
        "actes": ESPACES.actes_possibles(agent, espace, titulaire=dossier.titulaire, veut_partir=dossier.veut_partir),
        "desactivation": desactivation_en_cours(espace) if espace.etat == Espace.Etat.DESACTIVE else None,
        "organisation": denomination(siren) if siren else "",
        "siren": siren_lisible(siren),
    }
    return render(request, "gestion/espace.html", contexte)


def adresse_de(trouve: object) -> str:
    """Return the page of something found."""
    if isinstance(trouve, Espace):
        return reverse("admin:espace", args=[trouve.pk])
    if isinstance(trouve, PersonneSirenisee):
        return reverse("admin:services_personnesirenisee_change", args=[trouve.pk])
    if isinstance(trouve, Demande):
        return reverse("admin:activation_demande_change", args=[trouve.pk])
    if isinstance(trouve, Mandat):
        return reverse("admin:habilitations_mandat_change", args=[trouve.pk])
    return reverse("admin:activation_courrier_change", args=[trouve.pk])  # type: ignore[attr-defined]


def lecteur(request: HttpRequest) -> Agent:
    """Return the agent who may read dossiers. Raises: Http404 for anybody else, an auditor too."""
    agent = agent_verifie(request)
    if agent is None or agent.fonction not in LECTEURS:
        raise Http404
    return agent
