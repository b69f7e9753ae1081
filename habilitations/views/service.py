"""The page of one service for one personne: for whom, in which role, by which mandate one acts."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.compteurs.double_envoi import annoncer_une_fois
from accounts.models import Espace
from accounts.portes.acces import adresse_du_portail, espace_requis
from accounts.saisies.regles import RegleMetier
from accounts.traces.lecture import lire_usage
from services.banque.lectures import Compte
from services.banque.paiement import choisir_comptes
from services.dossiers import Dossier

from ..arbre.recentes import HORS_USAGE, OBJET
from ..droits.roles import UTILISER
from ..lectures.cessations import avis_de_cessation
from ..lectures.espace import compte_manquant, comptes_pour_payer, habilitation_active

COMPTE: Final = "compte"
"""The name of the boxes that choose an account."""


@espace_requis
@require_http_methods(["GET", "POST"])
def ouvrir(request: HttpRequest, espace: Espace, siren: str, code: str) -> HttpResponse:
    """Show the service, for one that pays from which accounts, and hand over to the téléprocédure configured for it (R7: by whose mandate).

    The trace of this reading is a use, the last one of which « Vos habilitations » shows; the first one of a recent grant
    ends the right to decline it (R11), unless another site led here. A POST chooses the accounts that it is handed over with (R20).
    """
    habilitation = habilitation_active(espace, siren=siren, code=code)
    if habilitation is None:
        raise Http404
    habilitation.espace = espace
    dossier = Dossier(habilitation.personne, habilitation.service)
    if not request.user.has_perm(UTILISER, dossier):  # type: ignore[arg-type]  # the stubs know models only
        raise Http404
    lire_usage(request, OBJET, HORS_USAGE, cle=str(habilitation.pk), siren=siren)
    choisit, refus = settings.DEMONSTRATION and not habilitation.service.adresse, ""
    cles = request.POST.getlist(COMPTE) if choisit and request.method == "POST" else None
    if cles is not None:
        try:
            choisis = choisir_comptes(acteur=espace, personne=dossier.personne, service=dossier.service, cles=cles)
        except RegleMetier as regle:
            refus = str(regle)
        else:
            annoncer_une_fois(request, _dire_le_choix(choisis))
            return redirect(f"{request.get_full_path()}#comptes-a-debiter")
    paiement = comptes_pour_payer(habilitation)
    if paiement is not None and refus:  # what was meant cannot be: nothing is handed over until it is chosen again
        paiement = replace(paiement, choisis=[])
    return render(
        request,
        "habilitations/service.html",
        {
            "habilitation": habilitation,
            "personne": habilitation.personne,
            "service": habilitation.service,
            "retour": _retour(request, siren),
            "mandat": habilitation.adhesion.mandat,
            "sans_compte": compte_manquant(habilitation),
            "cessations": avis_de_cessation([habilitation.personne]),
            "transmission": {
                "siren": habilitation.personne.siren,
                "service": habilitation.service.code,
                "role": habilitation.role,
                "numero_abonne": espace.numero_abonne,
                "mandat": habilitation.adhesion.mandat.demande,
            },
            "montrer_transmission": choisit,
            "paiement": paiement,
            "refus_du_choix": refus,
            "coches": cles if cles is not None else [str(c.reference.pk) for c in paiement.choisis] if paiement else [],
        },
    )


def _dire_le_choix(choisis: Sequence[Compte]) -> str:
    comptes = ", ".join(compte.reference.iban_masque for compte in choisis)
    dit = f"{'Compte choisi' if len(choisis) == 1 else 'Comptes choisis'} pour payer par ce service : {comptes}. Le choix sera proposé la prochaine fois."
    sans_mandat = ", ".join(compte.reference.iban_masque for compte in choisis if compte.mandat_a_remettre)
    if not sans_mandat:
        return dit
    return f"{dit} Avant de payer, remettez à la banque le mandat de {sans_mandat} : sans lui, elle rejettera le prélèvement."


def _retour(request: HttpRequest, siren: str) -> str:
    """Return the list that one comes from, as it was; another address than one of the espace is not followed."""
    demande = adresse_du_portail(request.GET.get("retour", ""))
    return demande if demande.startswith(reverse("espace")) else f"{reverse('espace')}#e-{siren}"
