"""« Vos données », the request to correct them, and the deletion of the espace (R18, R19, R24)."""

from typing import Final

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ..donnees import lecture, retention
from ..espace import rectification, suppression
from ..forms.donnees import RectificationForm, SuppressionForm
from ..models import Espace
from ..portes.acces import espace_requis
from ..portes.reauthentification import reauthentification_requise
from ..saisies.apercu import CHANGE, est_ce_qui_a_ete_montre
from ..saisies.regles import RegleMetier

RECTIFICATIONS_MONTREES = 10
PREMIERES_LIGNES: Final = 5
LIGNES_PAR_PAGE: Final = 25


@espace_requis
@require_GET
def mes_donnees(request: HttpRequest, espace: Espace) -> HttpResponse:
    """What is held about the person: the answers first, then each list by its name and length; `?liste=` shows one, by pages."""
    partie = lecture.partie_nommee(request.GET.get("liste", ""))
    if partie is not None:
        page = Paginator(partie.lignes(espace), lecture.LIGNES_PAGE).get_page(request.GET.get("page", "1"))
        return render(
            request,
            "accounts/mes_donnees_liste.html",
            {
                "partie": partie,
                "page": page,
                "lignes": lecture.ecrire_lignes(partie, page),
                "regle": retention.regle_de(partie.modele),
            },
        )
    return render(
        request,
        "accounts/mes_donnees.html",
        {
            "resume": lecture.resumer(espace),
            "non_communiquees": lecture.non_communiquees(),
            "lignes_pdf": lecture.LIGNES_PDF,
        },
    )


@reauthentification_requise
@espace_requis
@require_POST
def telecharger_donnees(request: HttpRequest, espace: Espace) -> HttpResponseBase:
    """The whole as JSON or PDF; a POST, since the download is journaled."""
    reponse: HttpResponseBase
    if request.POST.get("format") == "pdf":
        reponse, extension = HttpResponse(lecture.exporter_pdf(acteur=espace), content_type="application/pdf"), "pdf"
    else:
        reponse = StreamingHttpResponse(lecture.exporter_json(acteur=espace), content_type="application/json")
        extension = "json"
    reponse["Content-Disposition"] = f'attachment; filename="vos-donnees-{espace.numero_abonne}.{extension}"'
    reponse["Cache-Control"] = "no-store"
    return reponse


@espace_requis
@require_http_methods(["GET", "POST"])
def rectifier_donnees(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Ask the service gestionnaire to correct what the holder cannot."""
    form = RectificationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            demande = rectification.demander_rectification(acteur=espace, **form.cleaned_data)
        except RegleMetier as regle:
            form.refuser(regle)
        else:
            messages.success(
                request,
                f"Votre demande est partie vers {demande.service_gestionnaire}. Une copie vous est envoyée.",
            )
            return redirect("rectifier_donnees")
    return render(
        request,
        "accounts/rectifier_donnees.html",
        {
            "formulaire": form,
            "gestionnaire": rectification.gestionnaire_de(espace),
            "demandes": espace.rectifications.select_related("service_gestionnaire")[:RECTIFICATIONS_MONTREES],
            "introuvable": rectification.GestionnaireIntrouvable.message,
        },
    )


@reauthentification_requise
@espace_requis
@require_http_methods(["GET", "POST"])
def supprimer_espace(request: HttpRequest, espace: Espace) -> HttpResponse:
    """What blocks the deletion and what falls with it, then the act, of what was shown; `?liste=` shows one list, by pages."""
    form = SuppressionForm(request.POST or None)
    blocages, chutes = suppression.blocages(espace), suppression.chutes(espace)
    liste = suppression.liste_entiere(request.GET.get("liste", ""), blocages, chutes)
    if request.method == "GET" and liste is not None:
        page = Paginator(liste.lignes, LIGNES_PAR_PAGE).get_page(request.GET.get("page", "1"))
        return render(request, "accounts/supprimer_espace_liste.html", {"liste": liste, "page": page})
    apercu = suppression.apercu_de(blocages, chutes)
    if request.method == "POST" and form.is_valid():
        if not est_ce_qui_a_ete_montre(request.POST, apercu):
            form.add_error(None, CHANGE)
        else:
            try:
                suppression.supprimer_espace(acteur=espace, montre=apercu)
            except RegleMetier as regle:
                form.refuser(regle)
            else:
                logout(request)
                return redirect("espace_supprime")
    return render(
        request,
        "accounts/supprimer_espace.html",
        {
            "formulaire": form,
            "apercu": apercu,
            "blocages": blocages,
            "a_demander": any(motif.demandee_le is None for motif in blocages),
            "chutes": chutes,
            "premieres": f":{PREMIERES_LIGNES}",
        },
    )


@reauthentification_requise
@espace_requis
@require_POST
def demander_suppression(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Ask the services gestionnaires to remove what blocks the deletion, as the page showed it."""
    if not est_ce_qui_a_ete_montre(
        request.POST, suppression.apercu_de(suppression.blocages(espace), suppression.chutes(espace))
    ):
        messages.error(request, CHANGE)
        return redirect("supprimer_espace")
    try:
        nombre = suppression.demander_au_gestionnaire(acteur=espace)
    except RegleMetier as regle:
        messages.error(request, str(regle))
    else:
        if nombre:
            messages.success(
                request,
                f"Demande envoyée pour {nombre} service{'s' if nombre > 1 else ''}. La réponse vous parviendra par courriel.",
            )
        else:
            messages.info(request, "Il n’y a rien de plus à demander.")
    return redirect("supprimer_espace")


@login_not_required
@require_GET
def espace_supprime(request: HttpRequest) -> HttpResponse:
    """What whoever deleted an espace sees last."""
    return render(request, "accounts/espace_supprime.html")


@login_not_required
@require_GET
def donnees_personnelles(request: HttpRequest) -> HttpResponse:
    """Purposes, and the retention table itself."""
    return render(request, "pages/donnees_personnelles.html", {"table": retention.table()})
