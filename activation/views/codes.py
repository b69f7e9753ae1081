"""Pages where a code is entered: on its demande, and « Code reçu », which finds its demande (issue 10.8)."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.code_garde import garder_code, reprendre_code
from accounts.saisies.apercu import est_ce_qui_a_ete_montre
from accounts.saisies.regles import RegleMetier
from habilitations.arbre.montrees import PlaceChangee
from habilitations.views.apercu import empreinte_des_lignes
from habilitations.views.sujets import grouper

from ..courriers.codes import CodeDejaUtilise, normaliser_code, presenter
from ..demandes.activation import Activation, PlaceARelire, activer, activer_code_recu
from ..demandes.lectures import (
    EN_ATTENTE,
    TAILLES,
    FiltresDemandes,
    a_decider,
    ce_que_le_code_termine,
    codes_attendus,
    detail_demande,
    mes_demandes,
    place_pour_la_demande,
)
from ..forms import CodeForm
from ..models import Demande


def demande_de(espace: Espace, reference: str) -> Demande:
    """Return this demande if it is this espace's own; 404 otherwise."""
    trouvee = get_object_or_404(
        Demande.objects.visibles_par(espace).select_related("personne__service_gestionnaire"), reference=reference
    )
    trouvee.espace = espace  # the same row: nothing reads it again
    return trouvee


@login_not_required
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def saisir_code(request: HttpRequest) -> HttpResponse:
    """« Code reçu » of a visitor: what is typed is kept, encrypted, until the sign-in, then shown in its field."""
    if request.user.is_authenticated and request.method != "POST":
        return redirect("accueil" if request.user.is_staff else "activer")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            code = normaliser_code(form.cleaned_data["code"])
        except RegleMetier as regle:
            form.refuser(regle)
        else:
            garder_code(request, presenter(code))
            messages.info(request, "Votre code est gardé quinze minutes : connectez-vous, il vous attend.")
            return redirect(reverse("connexion", query={"next": reverse("activer")}))
    return render(request, "activation/saisir_code.html", {"formulaire": form})


@espace_requis
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def a_activer(request: HttpRequest, espace: Espace) -> HttpResponse:
    """« Activer »: the code finds its own demande among those that wait; then comes the next one."""
    form, statut = CodeForm(request.POST or None), 200
    if request.method == "POST" and form.is_valid():
        try:
            activation = activer_code_recu(acteur=espace, saisie=form.cleaned_data["code"])
        except PlaceARelire as regle:
            messages.info(request, str(regle))
            return _page_demande(request, regle.contexte["demande"], form)
        except CodeDejaUtilise as regle:
            messages.info(request, str(regle))
            return redirect("demande", reference=regle.contexte["reference"])
        except RegleMetier as regle:
            form.refuser(regle)
            statut = regle.statut
        else:
            if not codes_attendus(espace):  # the demande's own page says what its code did
                return redirect("demande", reference=activation.demande.reference)
            _dire(request, activation)
            if activation.demande.nature == Demande.Nature.COURRIEL_PERSONNE:  # the demande's own page says it
                messages.success(request, "Code accepté : l’adresse électronique de l’entreprise est changée.")
            return redirect("activer")
    elif request.method == "GET":
        form = CodeForm(initial={"code": reprendre_code(request)})
    filtres = FiltresDemandes.depuis({**request.GET.dict(), "etat": EN_ATTENTE}, ordre="dernier_jour")
    return render(
        request,
        "activation/activer.html",
        {
            "formulaire": form,
            "page": mes_demandes(espace, filtres, request.GET.get("page", "1")),
            "filtres": filtres,
            "tailles": TAILLES,
            "attendus": codes_attendus(espace),
        },
        status=statut,
    )


def _dire(request: HttpRequest, activation: Activation) -> None:
    """Say what a right code opened, and what it leaves to decide, where the page of the next code comes at once."""
    demande = activation.demande
    if activation.sans_effet:
        messages.warning(
            request,
            f"Code exact, mais aucun service n’a pu être ouvert pour {demande.personne.denomination} : "
            f"la page de la demande {demande.reference} dit ce que vous pouvez faire.",
        )
    if activation.adhesions:
        messages.success(request, f"Code accepté : vos services sont ouverts pour {demande.personne.denomination}.")
    if activation.a_confirmer:
        messages.warning(
            request,
            "Des personnes que votre prédécesseur avait habilitées sont en veille. Vous avez trente jours pour "
            "les conserver : « Gérer les services », puis « Habilitations à conserver ou à retirer ».",
        )
    for phrase in activation.non_ouverts:
        messages.warning(request, phrase)


@espace_requis
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def demande(request: HttpRequest, espace: Espace, reference: str) -> HttpResponse:
    """One demande: its timeline, and the field for its code."""
    objet = demande_de(espace, reference)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        cedees = ce_que_le_code_termine(objet)
        try:
            if cedees and not est_ce_qui_a_ete_montre(request.POST, empreinte_des_lignes(cedees)):
                raise PlaceChangee
            activer(
                acteur=espace,
                demande=objet,
                saisie=form.cleaned_data["code"],
                montrees=[habilitation.pk for habilitation in cedees],
            )
        except RegleMetier as regle:
            form.refuser(regle)
            objet.refresh_from_db()
        else:
            return redirect("demande", reference=objet.reference)
    return _page_demande(request, objet, form)


def _page_demande(request: HttpRequest, objet: Demande, form: CodeForm) -> HttpResponse:
    cedees, trop = place_pour_la_demande(objet)
    return render(
        request,
        "activation/demande.html",
        {
            "detail": detail_demande(objet),
            "demande": objet,
            "personne": objet.personne,
            "formulaire": form,
            "cedees": grouper(cedees),
            "apercu": empreinte_des_lignes(cedees),
            "a_decider": a_decider(objet),
            "trop": trop,
            "adresse": reverse("demande", args=[objet.reference]),
            "attendus": codes_attendus(objet.espace) if objet.etat == Demande.Etat.ACTIVEE else 0,
        },
    )
