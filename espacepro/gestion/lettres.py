"""The letters desk: an office's queue, previews without the code, what is set aside, the batches (issue 14, item 7).

An office reads its own letters. Handing over is the country's: the surveillance cell does it, by the functions of the command
`remettre_courriers`; the files, which carry codes, stay on the server. An auditor reads no dossier, and nothing here.
"""

from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.envois.courriels import objet_du_genre
from accounts.envois.relais import EnvoiImpossible
from accounts.forms.base import FormulairePortail
from accounts.gestion.adresses_de_liste import AdresseRefusee, exiger_etat_et_page, exiger_page
from accounts.gestion.fonctions import BUREAU, SURVEILLANCE
from accounts.gestion.reprises import raison_lisible, reprendre_courriel, trop_ancien
from accounts.models import Agent, Courriel, Espace, TraceLecture
from accounts.saisies.regles import RegleMetier
from accounts.traces.lecture import lire
from activation.courriers import remise as remises_de_courriers
from activation.courriers import suivi
from activation.courriers.edition import produire_apercu
from activation.demandes.reprises import reprendre_courrier
from activation.models import Courrier, Remise
from surveillance.espaces.visibilite import espaces_visibles

from .guichet import lecteur

PAR_PAGE: Final = 50
ETATS: Final = {
    Courrier.Etat.EDITE: "Éditées, à remettre",
    Courrier.Etat.REMIS: "Remises à La Poste",
    Courrier.Etat.NPAI: "Revenues (NPAI)",
    Courrier.Etat.A_EDITER: "À éditer",
}


@require_GET
def lettres(request: HttpRequest) -> HttpResponse:
    """Show an office its letters in one state, and its last weeks; the cell, which has no office, goes to the batches."""
    agent = lecteur(request)
    if agent.fonction not in BUREAU:
        return redirect("admin:remises")
    try:
        exiger_etat_et_page(request, {str(etat) for etat in ETATS})
    except AdresseRefusee as refus:
        return render(request, "erreurs/400.html", status=refus.statut)
    etat = Courrier.Etat(request.GET.get("etat", Courrier.Etat.EDITE))
    bureau = agent.service_gestionnaire_id
    page = Paginator(suivi.lettres_du_bureau(bureau, etat), PAR_PAGE).get_page(request.GET.get("page", "1"))
    lire(request, TraceLecture.Nature.LISTE, "gestion.lettres", etat=str(etat), page=str(page.number))
    return render(
        request,
        "gestion/lettres.html",
        {
            **admin.site.each_context(request),
            "title": "Lettres",
            "etats": [(str(code), mots, code == etat) for code, mots in ETATS.items()],
            "etat": str(etat),
            "legende": ETATS[etat],
            "page": page,
            "maintenant": timezone.now(),
            "semaines": suivi.semaines(bureau),
        },
    )


@require_GET
def apercu(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the PDF of one letter with its code masked. Raises: Http404 for a letter of another office."""
    agent = lecteur(request)
    courrier = get_object_or_404(
        _courriers(agent).select_related("demande__espace", "demande__personne__service_gestionnaire"), pk=pk
    )
    lire(request, TraceLecture.Nature.CONSULTATION, "activation.courrier.apercu", cle=str(courrier.pk))
    try:
        pdf = produire_apercu(courrier)
    except EnvoiImpossible as erreur:
        messages.warning(request, f"Pas d’aperçu : {erreur}.")
        return redirect("admin:activation_courrier_change", courrier.pk)
    reponse = HttpResponse(pdf, content_type="application/pdf")
    reponse["Content-Disposition"] = f'inline; filename="apercu-{courrier}.pdf"'
    reponse["Cache-Control"] = "no-store"
    return reponse


@require_GET
def de_cote(request: HttpRequest) -> HttpResponse:
    """Show the letters and mails that were set aside, and why; the mails by pages: a breakdown sets thousands aside."""
    agent = lecteur(request)
    try:
        exiger_page(request)
    except AdresseRefusee as refus:
        return render(request, "erreurs/400.html", status=refus.statut)
    maintenant = timezone.now()
    courriers = [
        {"courrier": courrier, "raison": raison_lisible(courrier.derniere_reponse)}
        for courrier in suivi.mises_de_cote(_bureau(agent))
    ]
    page = Paginator(courriels_de_cote(agent), PAR_PAGE).get_page(request.GET.get("page", "1"))
    courriels = [
        {
            "courriel": courriel,
            "objet": objet_du_genre(courriel.genre),
            "raison": raison_lisible(courriel.derniere_reponse),
            "trop_ancien": trop_ancien(courriel, maintenant),
        }
        for courriel in _visibles(agent, list(page.object_list))
    ]
    lire(request, TraceLecture.Nature.LISTE, "gestion.de_cote", lettres=len(courriers), page=str(page.number))
    return render(
        request,
        "gestion/de_cote.html",
        {
            **admin.site.each_context(request),
            "title": "Envois mis de côté",
            "courriers": courriers,
            "courriels": courriels,
            "page": page,
            "du_bureau": agent.fonction in BUREAU,
        },
    )


@require_POST
def reprendre_une_lettre(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Have one letter made again. Raises: Http404 for another office's, and for who acts for no office."""
    agent = lecteur(request)
    if agent.fonction not in BUREAU:
        raise Http404
    courrier = get_object_or_404(_courriers(agent).select_related("demande__personne", "demande__espace"), pk=pk)
    try:
        reprendre_courrier(acteur=agent, courrier=courrier)
    except RegleMetier as regle:
        messages.warning(request, str(regle))
    else:
        messages.success(request, f"La lettre {courrier} est de nouveau à éditer : elle est essayée aussitôt.")
    return redirect("admin:lettres_de_cote")


@require_POST
def reprendre_un_courriel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Have one mail sent again. Raises: Http404 for that of an espace which the office does not see."""
    agent = lecteur(request)
    courriel = get_object_or_404(Courriel, pk=pk)
    if not _visibles(agent, [courriel]):
        raise Http404
    try:
        reprendre_courriel(acteur=agent, courriel=courriel)
    except RegleMetier as regle:
        messages.warning(request, str(regle))
    else:
        messages.success(request, "Le courriel est de nouveau à envoyer : il est essayé aussitôt.")
    return redirect("admin:lettres_de_cote")


@require_GET
def remises(request: HttpRequest) -> HttpResponse:
    """Show the last batches, with how many letters of one's own each holds; the cell may make another."""
    agent = lecteur(request)
    lues = suivi.remises(_bureau(agent))
    attente = remises_de_courriers.compter()[0] if agent.fonction in SURVEILLANCE else None
    lire(request, TraceLecture.Nature.LISTE, "gestion.remises", lignes=len(lues))
    return render(
        request,
        "gestion/remises.html",
        {**admin.site.each_context(request), "title": "Remises à l’imprimeur", "remises": lues, "attente": attente},
    )


@require_GET
def remise(request: HttpRequest, reference: str) -> HttpResponse:
    """Show what the manifest of one batch says of one's own letters. Raises: Http404 for a batch that holds none."""
    agent = lecteur(request)
    try:
        exiger_page(request)
    except AdresseRefusee as refus:
        return render(request, "erreurs/400.html", status=refus.statut)
    laquelle = get_object_or_404(Remise, reference=reference)
    page = Paginator(suivi.lettres_de_la_remise(laquelle, _bureau(agent)), PAR_PAGE).get_page(
        request.GET.get("page", "1")
    )
    if not page.paginator.count and agent.fonction in BUREAU:
        raise Http404
    lire(request, TraceLecture.Nature.LISTE, "activation.remise", lot=laquelle.reference, page=str(page.number))
    return render(
        request,
        "gestion/remise.html",
        {
            **admin.site.each_context(request),
            "title": f"Remise {laquelle.reference}",
            "remise": laquelle,
            "page": page,
            "cellule": agent.fonction in SURVEILLANCE,
        },
    )


@require_http_methods(["GET", "POST"])
def remettre(request: HttpRequest) -> HttpResponse:
    """Say what waits, then hand one batch over. Raises: Http404 for who is not of the cell."""
    agent = _de_la_cellule(request)
    form = FormulairePortail(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            lot = remises_de_courriers.remettre(
                acteur=agent,
                dossier=remises_de_courriers.dossier_des_remises(),
                apres=request.POST.get("apres", ""),
            )
        except RegleMetier as regle:
            form.refuser(regle)
        except OSError:
            form.add_error(None, FICHIERS_IMPOSSIBLES)
        else:
            _rendre_compte(request, lot)
            return redirect("admin:remises")
    attente, inachevee = remises_de_courriers.compter()
    lire(request, TraceLecture.Nature.LISTE, "gestion.remettre", lettres=attente)
    contexte: dict[str, Any] = {
        "titre": "Remettre un lot de lettres",
        "formulaire": form,
        "attente": attente,
        "inachevee": inachevee,
        "taille": remises_de_courriers.COURRIERS_PAR_LOT,
        "apres": remises_de_courriers.derniere_reference(),
    }
    return render(request, "gestion/remettre.html", contexte)


@require_POST
def renvoyer(request: HttpRequest, reference: str) -> HttpResponse:
    """Write the files of a finished batch again. Raises: Http404 for who is not of the cell."""
    agent = _de_la_cellule(request)
    try:
        lot = remises_de_courriers.renvoyer(
            acteur=agent, reference=reference, dossier=remises_de_courriers.dossier_des_remises()
        )
    except remises_de_courriers.RemiseInconnue as inconnue:
        raise Http404 from inconnue
    except RegleMetier as regle:
        messages.warning(request, str(regle))
    except OSError:
        messages.error(request, FICHIERS_IMPOSSIBLES)
    else:
        _rendre_compte(request, lot)
    return redirect("admin:remise", reference)


FICHIERS_IMPOSSIBLES: Final = (
    "Les fichiers n’ont pas pu être écrits sur le serveur : aucune lettre n’est perdue. Prévenez l’exploitation, puis "
    "recommencez : le lot sera repris avec les mêmes lettres."
)


def courriels_de_cote(agent: Agent) -> QuerySet[Courriel]:
    """Return the mails set aside, the newest first, written down for the agent's office, each read by index; all for the cell."""
    lignes = Courriel.objects.select_related("espace", "lien")
    if agent.fonction in SURVEILLANCE:
        return lignes.filter(ecarte_le__isnull=False).order_by("-cree_le", "pk")
    siennes = lignes.filter(bureaux__service_gestionnaire=agent.service_gestionnaire_id)
    return siennes.order_by("-bureaux__cree_le", "bureaux__courriel")


def _visibles(agent: Agent, courriels: list[Courriel]) -> list[Courriel]:
    """Return those that this agent may know of: an office, of the espaces that it sees, none of those written to an office."""
    if agent.fonction in SURVEILLANCE:
        return courriels
    cles = {
        courriel.espace_id
        for courriel in courriels
        if courriel.espace_id is not None and not courriel.genre.endswith("_gestionnaire")
    }
    vus = set(espaces_visibles(agent, espaces=Espace.objects.filter(pk__in=cles)).values_list("pk", flat=True))
    return [c for c in courriels if c.espace_id in vus and not c.genre.endswith("_gestionnaire")]


def _courriers(agent: Agent) -> Any:
    """Return the letters that this agent may read: the office's own, all for the cell."""
    bureau = _bureau(agent)
    return Courrier.objects.all() if bureau is None else Courrier.objects.filter(service_gestionnaire=bureau)


def _bureau(agent: Agent) -> int | None:
    """Return the key of the office whose letters this agent reads, None for all."""
    return agent.service_gestionnaire_id if agent.fonction in BUREAU else None


def _de_la_cellule(request: HttpRequest) -> Agent:
    agent = lecteur(request)
    if agent.fonction not in SURVEILLANCE:
        raise Http404
    return agent


def _rendre_compte(request: HttpRequest, lot: remises_de_courriers.Lot | None) -> None:
    """Say what was written, and which letters are no longer those that were made."""
    if lot is None:
        messages.info(request, "Plus aucune lettre n’attendait : rien n’a été remis.")
        return
    messages.success(
        request,
        f"Lot {lot.reference} : {lot.courriers} lettres, {lot.pages} pages. Les fichiers {lot.pdf.name} et "
        f"{lot.manifeste.name} attendent l’imprimeur sur le serveur.",
    )
    if lot.differents:
        messages.warning(request, f"Plus identiques à l’original édité : {', '.join(lot.differents)}.")
