"""Lists as files: at once when they are short, made by a worker behind a page of progress when they are long."""

import io
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Espace, TraceLecture
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise
from accounts.saisies.regles import RegleMetier
from accounts.traces.lecture import lire

from ..lectures.export import MODELE, Liste, exporter, faite_de_suite, modele
from ..lectures.exports import FichierPerime, avancement, contenu_de, demander_export, est_perime
from ..lectures.partage import Filtres
from ..models import Export, Role
from ..partage.delegations import ROLES_DELEGUES
from ..tableurs.ecriture import FORMATS, ecrire_xlsx, en_csv

RELIRE: Final = 5  # seconds between two looks at a file that is being made
EXISTANT: Final = Liste("partage", (Role.SUPPLEANT, *ROLES_DELEGUES), recues=False, filtres=Filtres())


def repondre(request: HttpRequest, espace: Espace, liste: Liste, *, retour: str) -> HttpResponseBase:
    """Return the file of this list in the format posted, or go to the page of the one that a worker makes."""
    format_ = request.POST.get("format", "")
    if format_ not in FORMATS:
        raise Http404
    if faite_de_suite(liste, acteur=espace, format_=format_):
        reponse = StreamingHttpResponse(
            exporter(acteur=espace, liste=liste, format_=format_), content_type=FORMATS[format_]
        )
        reponse["Content-Disposition"] = f'attachment; filename="{liste.quoi}.{format_}"'
        return reponse
    try:
        export = demander_export(acteur=espace, liste=liste)
    except RegleMetier as regle:
        messages.error(request, str(regle))
        return redirect(retour)
    return redirect("export", cle=export.pk)


@reauthentification_requise
@espace_requis
@require_POST
def existant(request: HttpRequest, espace: Espace) -> HttpResponseBase:
    """Download all that one sees of others' rights, to be edited and given back. A POST, since it is journaled."""
    return repondre(request, espace, EXISTANT, retour="designation_fichier")


@espace_requis
@require_GET
def telecharger_modele(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Download an empty file of the sharing: its columns, and in a workbook the words that they understand."""
    format_ = request.GET.get("format", "xlsx")
    if format_ not in FORMATS:
        raise Http404
    if format_ == "csv":
        contenu = en_csv(MODELE, ())
    else:
        tampon = io.BytesIO()
        ecrire_xlsx(tampon, *modele())
        contenu = tampon.getvalue()
    return HttpResponse(
        contenu,
        content_type=FORMATS[format_],
        headers={"Content-Disposition": f'attachment; filename="modele-partage.{format_}"'},
    )


@espace_requis
@require_GET
def suivre(request: HttpRequest, espace: Espace, cle: str) -> HttpResponse:
    """How far one's file is. The page reads itself again without JavaScript, unless asked not to (`?pause=1`)."""
    export = get_object_or_404(Export.objects.filter(espace=espace).defer("contenu"), pk=cle)
    en_cours = export.traite_le is None and export.ecarte_le is None and not est_perime(export)
    return render(
        request,
        "habilitations/export.html",
        {
            "export": export,
            "en_cours": en_cours,
            "pret": export.traite_le is not None and export.lignes is not None and not est_perime(export),
            "perime": est_perime(export),
            "avancement": avancement(export) if en_cours else None,
            "relire": RELIRE if en_cours and "pause" not in request.GET else 0,
            "adresse": reverse("export", args=[export.pk]),
        },
    )


@reauthentification_requise
@espace_requis
@require_POST
def telecharger(request: HttpRequest, espace: Espace, cle: str) -> HttpResponse:
    """Take one's file, as often as wanted within its day. Asking for it left a line; each taking leaves a trace."""
    export = get_object_or_404(Export, espace=espace, pk=cle)
    try:
        contenu = contenu_de(export)
    except FichierPerime as regle:
        messages.error(request, str(regle))
        return redirect("export", cle=export.pk)
    lire(request, TraceLecture.Nature.CONSULTATION, Export._meta.label_lower, cle=str(export.pk))
    return HttpResponse(
        contenu,
        content_type=FORMATS["xlsx"],
        headers={"Content-Disposition": f'attachment; filename="{Liste.depuis_json(export.liste).quoi}.xlsx"'},
    )
