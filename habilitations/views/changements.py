"""Changing several habilitations at once: chosen in a list, shown with what falls, confirmed."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise
from accounts.saisies.porte import TexteIllisible, lire_ligne
from accounts.saisies.regles import RegleMetier

from ..arbre.cascade import ce_qui_tombe
from ..arbre.recentes import indecises
from ..depart.declin import decliner
from ..depart.retraits import demander_retrait
from ..lectures.partage import Filtres, mes_habilitations
from ..models import DemandeRetrait, Habilitation, Role
from ..partage.autorite import Autorite
from ..partage.delegations import ROLES_DELEGUES, retirer_delegation
from ..partage.suppleances import mettre_en_veille, reactiver, retirer_suppleant
from .apercu import CHANGE, empreinte, empreinte_des_lignes, est_ce_qui_a_ete_montre
from .sujets import grouper

CLE: Final = "changement"
LONGUEUR_MOTIF: Final = 500
Acte = Callable[[Espace, Sequence[Habilitation], dict[str, Any]], object]


@dataclass(frozen=True)
class Action:
    """What a list offers on its lines: where they are fetched, what the page says, the act it calls."""

    titre: str
    phrase: str
    bouton: str
    fait: str
    roles: tuple[str, ...]
    retour: str
    acte: Acte
    etat: str = ""
    fait_tomber: bool = False
    avec_motif: bool = False
    siennes: bool = False

    def source(self, espace: Espace) -> QuerySet[Habilitation]:
        """Return what this action may be asked on: one's own, or what one sees of others (a foreign key is nothing)."""
        if self.siennes:
            recentes = indecises(espace, maintenant=timezone.now())
            lignes = mes_habilitations(espace).filter(pk__in=[habilitation.pk for habilitation in recentes])
        elif self.avec_motif:
            lignes = mes_habilitations(espace).exclude(demandes_retrait__etat=DemandeRetrait.Etat.DEPOSEE)
        else:
            lignes = Autorite.de(espace).visibles()
        lignes = lignes.filter(role__in=self.roles)
        return lignes.filter(etat=self.etat) if self.etat else lignes


ACTIONS: Final[dict[str, Action]] = {
    "veille": Action(
        titre="Mettre en veille",
        phrase="La personne n'utilise plus ces services. Les délégations qu'elle a accordées continuent. "
        "Vous pourrez la réactiver à tout moment.",
        bouton="Mettre en veille",
        fait="mise en veille",
        roles=(Role.SUPPLEANT,),
        retour="suppleants",
        acte=lambda acteur, lignes, _: mettre_en_veille(acteur=acteur, suppleances=lignes),
        etat=Habilitation.Etat.ACTIVE,
    ),
    "reactiver": Action(
        titre="Réactiver",
        phrase="La personne retrouve sur ces services les droits d'administrateur suppléant.",
        bouton="Réactiver",
        fait="réactivation",
        roles=(Role.SUPPLEANT,),
        retour="suppleants",
        acte=lambda acteur, lignes, _: reactiver(acteur=acteur, suppleances=lignes),
        etat=Habilitation.Etat.EN_VEILLE,
    ),
    "retirer_suppleant": Action(
        titre="Retirer des administrateurs suppléants",
        phrase="La personne perd tout droit sur ces services.",
        bouton="Retirer",
        fait="retrait",
        roles=(Role.SUPPLEANT,),
        retour="suppleants",
        acte=lambda acteur, lignes, choix: retirer_suppleant(
            acteur=acteur, suppleances=lignes, reprendre=choix["reprendre"]
        ),
        fait_tomber=True,
    ),
    "retirer_delegation": Action(
        titre="Retirer des délégations",
        phrase="La personne n'utilise plus ces services.",
        bouton="Retirer",
        fait="retrait",
        roles=ROLES_DELEGUES,
        retour="delegations",
        acte=lambda acteur, lignes, choix: retirer_delegation(
            acteur=acteur, delegations=lignes, reprendre=choix["reprendre"]
        ),
        fait_tomber=True,
    ),
    "quitter": Action(
        titre="Demander à quitter des services",
        phrase="La demande est adressée à l'administrateur titulaire de chaque service ; pour les services dont vous "
        "êtes vous-même titulaire, au service gestionnaire. Votre accès reste ouvert jusqu'à la réponse.",
        bouton="Envoyer la demande",
        fait="demande de retrait",
        roles=tuple(Role.values),
        retour="retraits",
        acte=lambda acteur, lignes, choix: demander_retrait(acteur=acteur, habilitations=lignes, motif=choix["motif"]),
        avec_motif=True,
    ),
    "decliner": Action(
        titre="Décliner des habilitations récentes",
        phrase="Votre accès à ces services prend fin tout de suite, sans demande à personne ; qui vous l'avait donné en "
        "est prévenu.",
        bouton="Décliner",
        fait="refus",
        roles=tuple(Role.values),
        retour="habilitations_recentes",
        acte=lambda acteur, lignes, _: decliner(acteur=acteur, habilitations=lignes),
        siennes=True,
    ),
}


def _cles(valeurs: list[str]) -> list[uuid.UUID]:
    cles = []
    for valeur in valeurs:
        try:
            cles.append(uuid.UUID(valeur))
        except ValueError:
            continue
    return cles


def _lire_motif(saisi: str) -> tuple[str, str]:
    """Return the reason typed on one line, and why it is refused: what was typed stays then, without what stops it."""
    try:
        return lire_ligne(saisi)[:LONGUEUR_MOTIF], ""
    except TexteIllisible as regle:
        return saisi.replace("\x00", "")[:LONGUEUR_MOTIF], str(regle)


@espace_requis
@require_POST
def choisir(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Keep what was ticked in a list (or all that its filters show) and go to the page that confirms the action."""
    action = ACTIONS.get(request.POST.get("action", ""))
    if action is None:
        raise Http404
    lignes = action.source(espace)
    if "tout" in request.POST:
        lignes = Filtres.depuis(request.POST).appliquer(lignes)
    else:
        lignes = lignes.filter(pk__in=_cles(request.POST.getlist("habilitations")))
    trouvees = list(lignes)
    if not action.avec_motif and not action.siennes:
        permises = Autorite.de(espace).changeables(trouvees)
        trouvees = [ligne for ligne in trouvees if ligne.pk in permises]
    if not trouvees:
        messages.error(request, "Cochez au moins une ligne sur laquelle cette action est possible.")
        return redirect(action.retour)
    request.session[CLE] = {"action": request.POST["action"], "cles": [str(ligne.pk) for ligne in trouvees]}
    return redirect("habilitations_changer")


@reauthentification_requise
@espace_requis
@require_http_methods(["GET", "POST"])
def confirmer(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Show what is about to change, and what falls with it; then do it, all or nothing."""
    garde = request.session.get(CLE, {})
    action = ACTIONS.get(garde.get("action", ""))
    if action is None:
        return redirect("gerer_services")
    lignes = list(action.source(espace).filter(pk__in=_cles(garde["cles"])))
    if not lignes:
        return redirect(action.retour)
    tombent = ce_qui_tombe(*lignes) if action.fait_tomber else []
    apercu = empreinte(garde["action"], empreinte_des_lignes(lignes, tombent))
    if request.method == "POST":
        motif, refus = _lire_motif(request.POST.get("motif", ""))
        if not est_ce_qui_a_ete_montre(request, apercu):
            refus = CHANGE
        if not refus:
            try:
                action.acte(espace, lignes, {"reprendre": request.POST.get("suite") == "reprendre", "motif": motif})
            except RegleMetier as regle:
                refus = str(regle)
        if refus:
            messages.error(request, refus)
            request.session[CLE] = {**garde, "motif": motif}
            return redirect("habilitations_changer")
        request.session.pop(CLE, None)
        nombre = len(lignes)
        messages.success(
            request,
            f"C'est enregistré : {action.fait} sur {nombre} ligne{'s' if nombre > 1 else ''}. "
            "Les personnes concernées sont prévenues par courriel.",
        )
        return redirect(action.retour)
    return render(
        request,
        "habilitations/partage_changer.html",
        {
            "action": action,
            "apercu": apercu,
            "motif": garde.get("motif", ""),
            "groupes": grouper(lignes),
            "nombre": len(lignes),
            "tombent": grouper(tombent),
            "nombre_tombent": len(tombent),
        },
    )
