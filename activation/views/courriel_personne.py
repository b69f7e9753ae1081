"""Changing the e-mail of a company whose Messagerie one administers."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.etapes import pages_gardees
from accounts.portes.reauthentification import reauthentification_requise
from accounts.saisies.regles import RegleMetier
from services.adresses.envoi import adresse_du_courrier
from services.models import PersonneSirenisee

from ..demandes.courriel_personne import DEMARCHE, demander_changement, examiner_changement
from ..demandes.lectures import page_messageries, personnes_administrees
from ..demandes.lettres_a_venir import lettres_a_venir
from ..forms import CourrielEntrepriseForm
from ..models import Demande
from .relire import a_relire, est_relu, relire


@espace_requis
@require_GET
def choisir(request: HttpRequest, espace: Espace) -> HttpResponse:
    """The companies whose e-mail this espace may have changed, and the address each has."""
    page = page_messageries(espace, request.GET.get("page", "1"))
    return render(request, "activation/courriel_entreprise.html", {"page": page})


@reauthentification_requise
@espace_requis
@pages_gardees
@require_http_methods(["GET", "POST"])
def changer(request: HttpRequest, espace: Espace, siren: str) -> HttpResponse:
    """Ask for the change; a letter leaves. Another's company is a 404."""
    personne = get_object_or_404(personnes_administrees(espace).select_related("service_gestionnaire"), siren=siren)
    form = CourrielEntrepriseForm(request.POST or None)
    if a_relire(request) and form.is_valid():
        try:
            if reponse := _relire_le_changement(request, espace, personne, **form.cleaned_data):
                return reponse
            demande = demander_changement(
                acteur=espace,
                personne=personne,
                adresse=form.cleaned_data["adresse"],
                qualite=form.cleaned_data["qualite"],
            )
        except RegleMetier as regle:
            form.refuser(regle)
        else:
            messages.success(
                request,
                f"Votre demande {demande.reference} est enregistrée. Un lien part à {demande.nouvelle_adresse} : l’adresse "
                f"{'changera' if personne.courriel else 'sera enregistrée'} quand ce lien aura été confirmé, puis le code saisi.",
            )
            return redirect("demande", reference=demande.reference)
    return render(
        request,
        "activation/courriel_entreprise_changer.html",
        {"formulaire": form, "personne": personne, "envoi": adresse_du_courrier(personne)},
    )


def _relire_le_changement(
    request: HttpRequest, espace: Espace, personne: PersonneSirenisee, *, adresse: str, qualite: str
) -> HttpResponse | None:
    """Return the page of the letter, or None when this POST confirms it. Raises: what the act would raise of it."""
    nouvelle = examiner_changement(espace, personne, adresse)
    lettres = lettres_a_venir(espace, [(personne, [DEMARCHE])])
    if est_relu(request, lettres, nouvelle, qualite):
        return None
    prevenue = f"{personne.courriel}, l’adresse actuelle" if personne.courriel else "Vous, par courriel"
    return relire(
        request,
        lettres,
        nouvelle,
        qualite,
        faits=[
            ("Vous agissez comme", Demande.Qualite(qualite).label),
            ("Nouvelle adresse" if personne.courriel else "Adresse", nouvelle),
            ("D’abord", f"Un lien part à {nouvelle} ; le courrier ne part qu’une fois cette adresse confirmée"),
            ("Avertis aussi", prevenue),
        ],
        apres="cette adresse confirmée",
        titre="Adresse électronique de l’entreprise",
        retour=reverse("courriel_entreprise_changer", args=[personne.siren]),
        bouton="Envoyer la demande",
        quoi="Ce que le code permet",
    )
