"""Changing habilitations: chosen in a list or a review, shown with what falls, confirmed. The only way to withdraw (R10–R14)."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.portes.reauthentification import reauthentification_requise
from accounts.saisies.apercu import CHANGE, empreinte, est_ce_qui_a_ete_montre
from accounts.saisies.porte import TexteIllisible, lire_ligne, lire_recherche
from accounts.saisies.regles import RegleMetier

from ..arbre.cascade import ce_qui_tombe
from ..arbre.confirmations import decider, en_attente
from ..arbre.recentes import indecises
from ..depart.declin import decliner
from ..depart.retraits import demander_retrait
from ..droits.cles import CLES_AU_PLUS, nommees
from ..forms import FinForm
from ..lectures.partage import mes_habilitations
from ..models import DemandeRetrait, Habilitation, Role
from ..partage import revue
from ..partage.autorite import Autorite
from ..partage.delegations import ROLES_DELEGUES, retirer_delegation
from ..partage.echeances import changer_fin
from ..partage.suppleances import (
    ce_qui_serait_rendu,
    ce_qui_serait_suspendu,
    mettre_en_veille,
    reactiver,
    retirer_suppleant,
)
from .apercu import empreinte_des_lignes
from .coches import LISTES, adresse_suivante, depart, filtres_poses, lire_cles, noter, oublier
from .sujets import Touches, dire_combien, dire_quoi

CLE: Final = "changement"
LONGUEUR_MOTIF: Final = 500


@dataclass(frozen=True)
class Voulu:
    """What the page of confirmation asks the act to do."""

    lignes: Sequence[Habilitation]
    gardees: Sequence[Habilitation] = ()
    suite: str = ""  # what becomes of what hangs below
    motif: str = ""
    fin: date | None = None
    montrees: Sequence[uuid.UUID] = ()  # what the page showed to go along, by key

    @property
    def reprendre(self) -> bool:
        return self.suite == "reprendre"


Acte = Callable[[Espace, Voulu], Sequence[object]]
Dessous = Callable[..., list[Habilitation]]


def _rien(*_: Habilitation, **__: Any) -> list[Habilitation]:
    return []


@dataclass(frozen=True)
class Action:
    """What a list or a review offers on its lines: where they are fetched, what the page says, the act it calls.

    `dessous` finds what the act carries along; `suite` names the choice that the page offers about it, if any.
    """

    titre: str
    phrase: str
    bouton: str
    fait: str  # after « C'est fait : »; {compte} is what was changed, {lesquelles} names it
    retour: str
    acte: Acte
    source: Callable[[Espace], QuerySet[Habilitation] | list[Habilitation]]
    dessous: Dessous = _rien
    suite: str = ""
    intitule: str = "Ce qui va changer"
    garder: str = ""  # for a review: what is done to the lines kept
    danger: bool = False
    avec_motif: bool = False
    avec_fin: bool = False  # asks a last day
    titre_seul: str = ""  # where one person is concerned, if the title differs
    permise: bool = field(default=False)  # each line must be one that its reader may withdraw

    def trouver(self, espace: Espace, cles: Sequence[uuid.UUID]) -> list[Habilitation]:
        """Return those of these lines on which this action may still be asked (a foreign key is nothing)."""
        source, voulues = self.source(espace), set(cles)
        if not isinstance(source, list):
            if len(voulues) <= CLES_AU_PLUS:
                return list(source.filter(pk__in=voulues))
            source = nommees(source)
        return [ligne for ligne in source if ligne.pk in voulues]


def _visibles(*roles: str, **etat: str) -> Callable[[Espace], QuerySet[Habilitation]]:
    return lambda espace: Autorite.de(espace).visibles().filter(role__in=roles, **etat)


def _a_quitter(espace: Espace) -> QuerySet[Habilitation]:
    return mes_habilitations(espace).exclude(demandes_retrait__etat=DemandeRetrait.Etat.DEPOSEE)


def _recentes(espace: Espace) -> QuerySet[Habilitation]:
    recentes = indecises(espace, maintenant=timezone.now())
    return mes_habilitations(espace).filter(pk__in=[habilitation.pk for habilitation in recentes])


def _a_revoir(espace: Espace) -> list[Habilitation]:
    """Return what one granted and what others left unanswered under one's title: no line is in both."""
    return [*revue.accordees_par(espace), *revue.sans_reponse(espace, timezone.now())]


RETIRER: Final[dict[str, Any]] = {
    "dessous": ce_qui_tombe,
    "suite": "retirer",
    "intitule": "Ce qui prend fin",
    "fait": "l’accès est retiré ({compte}) : {lesquelles}. Les personnes concernées sont prévenues par courriel.",
    "danger": True,
}
ACTIONS: Final[dict[str, Action]] = {
    "veille": Action(
        titre="Mettre en veille",
        phrase="L’accès à ces services est suspendu. Vous pourrez le rendre à tout moment.",
        bouton="Mettre en veille",
        fait="mise en veille ({compte}) : {lesquelles}. Les personnes concernées sont prévenues par courriel.",
        retour="suppleants",
        acte=lambda acteur, voulu: mettre_en_veille(
            acteur=acteur,
            suppleances=voulu.lignes,
            avec_dessous=voulu.suite == "veille",
            montrees=voulu.montrees,
        ),
        source=_visibles(Role.SUPPLEANT, etat=Habilitation.Etat.ACTIVE),
        dessous=ce_qui_serait_suspendu,
        suite="veille",
        intitule="Ce qui est mis en veille",
        permise=True,
    ),
    "reactiver": Action(
        titre="Réactiver",
        phrase="Les droits d’administrateur suppléant sur ces services sont rendus.",
        bouton="Réactiver",
        fait="réactivation ({compte}) : {lesquelles}. Les personnes concernées sont prévenues par courriel.",
        retour="suppleants",
        acte=lambda acteur, voulu: reactiver(acteur=acteur, suppleances=voulu.lignes, montrees=voulu.montrees),
        source=_visibles(Role.SUPPLEANT, etat=Habilitation.Etat.EN_VEILLE),
        dessous=ce_qui_serait_rendu,
        suite="rendre",
        intitule="Ce qui est rendu",
        permise=True,
    ),
    "reactiver_delegation": Action(
        titre="Réactiver des délégations",
        phrase="L’usage de ces services est rendu.",
        bouton="Réactiver",
        fait="réactivation ({compte}) : {lesquelles}. Les personnes concernées sont prévenues par courriel.",
        retour="delegations",
        acte=lambda acteur, voulu: reactiver(acteur=acteur, suppleances=voulu.lignes, montrees=voulu.montrees),
        source=_visibles(*ROLES_DELEGUES, veille_motif=Habilitation.MotifVeille.TITULAIRE),
        dessous=ce_qui_serait_rendu,
        suite="rendre",
        intitule="Ce qui est rendu",
        permise=True,
    ),
    "retirer_suppleant": Action(
        titre="Retirer des administrateurs suppléants",
        titre_seul="Retirer un administrateur suppléant",
        phrase="Tout droit sur ces services prend fin, même dans une page déjà ouverte.",
        bouton="Retirer",
        retour="suppleants",
        acte=lambda acteur, voulu: retirer_suppleant(
            acteur=acteur, suppleances=voulu.lignes, reprendre=voulu.reprendre, montrees=voulu.montrees
        ),
        source=_visibles(Role.SUPPLEANT),
        permise=True,
        **RETIRER,
    ),
    "retirer_delegation": Action(
        titre="Retirer des délégations",
        phrase="L’accès à ces services prend fin, même dans une page déjà ouverte.",
        bouton="Retirer",
        retour="delegations",
        acte=lambda acteur, voulu: retirer_delegation(
            acteur=acteur, delegations=voulu.lignes, reprendre=voulu.reprendre, montrees=voulu.montrees
        ),
        source=_visibles(*ROLES_DELEGUES),
        permise=True,
        **RETIRER,
    ),
    "changer_fin": Action(
        titre="Changer le dernier jour de délégations",
        phrase="Le jour choisi vaut pour toutes ces délégations, sans dépasser celui dont chacune dépend. Ce qui en dépend et "
        "durerait plus longtemps est ramené au même jour.",
        bouton="Changer le dernier jour",
        fait="le dernier jour est changé ({compte}) : {lesquelles}. Les personnes concernées sont prévenues par courriel.",
        retour="delegations",
        acte=lambda acteur, voulu: changer_fin(
            acteur=acteur, delegations=voulu.lignes, expire_le=voulu.fin, montrees=voulu.montrees
        ),
        source=_visibles(*ROLES_DELEGUES),
        dessous=ce_qui_tombe,
        suite="fin",
        intitule="Délégations dont le dernier jour change",
        avec_fin=True,
        permise=True,
    ),
    "quitter": Action(
        titre="Demander à quitter des services",
        phrase="La demande est adressée à l’administrateur titulaire de chaque service ; pour les services dont vous "
        "êtes vous-même titulaire, au service gestionnaire. Votre accès reste ouvert jusqu’à la réponse.",
        bouton="Envoyer la demande",
        fait="la demande de retrait est envoyée ({compte}) : {lesquelles}.",
        retour="retraits",
        acte=lambda acteur, voulu: demander_retrait(acteur=acteur, habilitations=voulu.lignes, motif=voulu.motif),
        source=_a_quitter,
        intitule="Ce que vous demandez à quitter",
        avec_motif=True,
    ),
    "decliner": Action(
        titre="Décliner des habilitations récentes",
        phrase="Votre accès à ces services prend fin tout de suite, sans demande à personne ; qui vous l’avait donné en "
        "est prévenu.",
        bouton="Décliner",
        fait="ces habilitations ont pris fin ({compte}) : {lesquelles}. Qui vous les avait données en est prévenu.",
        retour="habilitations_recentes",
        acte=lambda acteur, voulu: decliner(acteur=acteur, habilitations=voulu.lignes),
        source=_recentes,
        intitule="Ce qui prend fin",
        danger=True,
    ),
    "revue_substitution": Action(
        titre="Habilitations à conserver ou à retirer : vos décisions",
        phrase="Rien n’est encore enregistré.",
        bouton="Confirmer",
        retour="revue_substitution",
        acte=lambda acteur, voulu: decider(
            acteur=acteur,
            gardees=voulu.gardees,
            ecartees=voulu.lignes,
            reprendre=voulu.reprendre,
            montrees=voulu.montrees,
        ),
        source=en_attente,
        garder="conservée",
        **RETIRER,
    ),
    "revue_delegations": Action(
        titre="Revue des délégations : vos décisions",
        phrase="Rien n’est encore enregistré.",
        bouton="Confirmer",
        retour="revue_delegations",
        acte=lambda acteur, voulu: revue.revoir(
            acteur=acteur,
            confirmees=voulu.gardees,
            retirees=voulu.lignes,
            reprendre=voulu.reprendre,
            montrees=voulu.montrees,
        ),
        source=_a_revoir,
        garder="confirmée pour un an",
        **RETIRER,
    ),
}


def _lire_motif(saisi: str) -> tuple[str, str]:
    """Return the reason typed on one line, and why it is refused: what was typed stays then, without what stops it."""
    try:
        return lire_ligne(saisi)[:LONGUEUR_MOTIF], ""
    except TexteIllisible as regle:
        return saisi.replace("\x00", "")[:LONGUEUR_MOTIF], str(regle)


def garder_choix(
    request: HttpRequest, action: str, lignes: Sequence[Habilitation], gardees: Sequence[Habilitation] = ()
) -> None:
    """Keep what was chosen for this action, from page to page and for the one that confirms."""
    request.session[CLE] = {
        "action": action,
        "cles": [str(ligne.pk) for ligne in lignes],
        "gardees": [str(ligne.pk) for ligne in gardees],
    }


def retenir(
    request: HttpRequest, action: str, lignes: Sequence[Habilitation], gardees: Sequence[Habilitation] = ()
) -> HttpResponse:
    """Keep what was chosen for the page that shows it and confirms, and go there."""
    garder_choix(request, action, lignes, gardees)
    return redirect("habilitations_changer")


def retenues(request: HttpRequest, action: str) -> dict[str, str]:
    """Return the choices that wait for this action, by key, so that who comes back to its list finds them."""
    garde = request.session.get(CLE, {})
    if garde.get("action") != action:
        return {}
    return {**dict.fromkeys(garde["cles"], "retirer"), **dict.fromkeys(garde.get("gardees", []), "garder")}


@espace_requis
@require_POST
def choisir(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Keep what is ticked in a list; turn its page, or go to the page that confirms the action on all that is ticked.

    A button of a company's tree posts the action and what it is about at once (`de_l_arbre`).
    """
    liste = LISTES.get(nom_de_liste := request.POST.get("liste", ""))
    cochees = noter(request, nom_de_liste) if liste else lire_cles(request.POST.getlist("habilitations"))
    nom = request.POST.get("action", "")
    if "de_l_arbre" in request.POST:
        nom, _, cles = request.POST["de_l_arbre"].partition(":")
        cochees = lire_cles(cles.split(","))
    if liste and not nom:
        return redirect(adresse_suivante(request, liste))
    action = ACTIONS.get(nom)
    if action is None or action.garder:
        raise Http404
    lignes: Any = action.source(espace)
    voulues = Q(pk__in=cochees)
    if "tout" in request.POST:
        voulues |= Q(pk__in=filtres_poses(request).appliquer(lignes, espace=espace).values("pk"))
    lignes = lignes.filter(voulues)
    trouvees = list(lignes)
    if action.permise:
        permises = Autorite.de(espace).changeables(trouvees)
        trouvees = [ligne for ligne in trouvees if ligne.pk in permises]
    arbre = _arbre_de(request, trouvees)
    if not trouvees:
        messages.error(request, "Cochez au moins une habilitation sur laquelle cette action est possible.")
        return redirect(adresse_suivante(request, liste) if liste else action.retour)
    reponse = retenir(request, nom, trouvees)
    if arbre:
        request.session[CLE]["depart"] = request.session[CLE]["fait"] = arbre
    if liste:
        request.session[CLE]["depart"] = depart(request, liste, trouvees)
        request.session[CLE]["fait"] = request.session[CLE]["depart"] if liste.page == action.retour else ""
    return reponse


def _arbre_de(request: HttpRequest, lignes: Sequence[Habilitation]) -> str:
    """Return the page of the company whose tree was asked to withdraw these, nothing for what comes from elsewhere."""
    siren = lire_recherche(request.POST.get("entreprise", ""), 20) if "de_l_arbre" in request.POST else ""
    concernee = any(ligne.personne.siren == siren for ligne in lignes)
    return reverse("entreprise_acces", args=[siren]) if concernee else ""


@reauthentification_requise
@espace_requis
@require_http_methods(["GET", "POST"])
def confirmer(request: HttpRequest, espace: Espace) -> HttpResponse:
    """Show what is about to change, and what goes along; then do it, all or nothing."""
    garde = request.session.get(CLE, {})
    action = ACTIONS.get(garde.get("action", ""))
    if action is None or "abandon" in request.GET:
        return _ne_rien_changer(request, action, garde)
    lignes = action.trouver(espace, lire_cles(garde["cles"]))
    gardees = action.trouver(espace, lire_cles(garde.get("gardees", []))) if action.garder else []
    if not lignes and not gardees:
        return redirect(action.retour)
    tombent = action.dessous(*lignes, gardees=gardees) if gardees else action.dessous(*lignes)
    apercu = empreinte(garde["action"], empreinte_des_lignes(lignes, gardees, tombent))
    if request.method == "POST":
        motif, refus = _lire_motif(request.POST.get("motif", ""))
        form_fin = FinForm(request.POST if action.avec_fin else {})
        if not form_fin.is_valid():
            return _montrer(request, action, garde, apercu, form_fin, lignes, gardees, tombent)
        if not est_ce_qui_a_ete_montre(request.POST, apercu):
            refus = CHANGE
        changees: Sequence[object] = []
        if not refus:
            try:
                changees = action.acte(
                    espace,
                    Voulu(
                        lignes,
                        gardees,
                        request.POST.get("suite", ""),
                        motif,
                        form_fin.cleaned_data["expire_le"],
                        [ligne.pk for ligne in tombent],
                    ),
                )
            except RegleMetier as regle:
                refus = str(regle)
        if refus:
            messages.error(request, refus)
            request.session[CLE] = {**garde, "motif": motif}
            return redirect("habilitations_changer")
        request.session.pop(CLE, None)
        oublier(request)
        if action.avec_fin and not changees:
            messages.info(request, "Rien n’a changé : c’est déjà leur dernier jour, ou celui dont elles dépendent.")
        else:
            messages.success(request, _bilan(action, lignes, gardees, changees))
        return redirect(garde.get("fait") or action.retour)
    return _montrer(request, action, garde, apercu, FinForm(initial=_fin_commune(lignes)), lignes, gardees, tombent)


def _ne_rien_changer(request: HttpRequest, action: Action | None, garde: dict[str, Any]) -> HttpResponse:
    """Go back to where one came from, with nothing ticked; the decisions of a review stay, each on its row."""
    if action is None:
        return redirect("gerer_services")
    if not action.garder:
        request.session.pop(CLE, None)
        oublier(request)
    return redirect(garde.get("depart") or action.retour)


def _fin_commune(lignes: Sequence[Habilitation]) -> dict[str, date | None]:
    """Return the last day that these have now, when it is the same for all."""
    fins = {ligne.expire_le for ligne in lignes}
    return {"expire_le": fins.pop() if len(fins) == 1 else None}


def _montrer(
    request: HttpRequest,
    action: Action,
    garde: dict[str, Any],
    apercu: str,
    formulaire: FinForm,
    lignes: Sequence[Habilitation],
    gardees: Sequence[Habilitation],
    tombent: Sequence[Habilitation],
) -> HttpResponse:
    return render(
        request,
        "habilitations/partage_changer.html",
        {
            "action": action,
            "titre": _titre(action, lignes),
            "formulaire": formulaire,
            "apercu": apercu,
            "motif": garde.get("motif", ""),
            "touches": Touches.de(lignes),
            "gardees": Touches.de(gardees),
            "tombent": Touches.de(tombent),
            "total_garde": dire_combien(gardees),
            "total": dire_combien(lignes if action.suite == "veille" else [*lignes, *tombent]),
            "bouton": _bouton(action, lignes, tombent),
            "danger": action.danger and bool(lignes),
        },
    )


def _titre(action: Action, lignes: Sequence[Habilitation]) -> str:
    """Return the title of the page, in the singular for one person."""
    return (len({ligne.espace_id for ligne in lignes}) == 1 and action.titre_seul) or action.titre


def _bouton(action: Action, lignes: Sequence[Habilitation], tombent: Sequence[Habilitation]) -> str:
    """Return what the button says: it counts persons, unless the page still asks what becomes of some."""
    nombre = len({ligne.espace_id for ligne in lignes})
    if action.suite != "retirer" or action.garder or tombent:
        return action.bouton
    return f"Retirer l’accès de {nombre} personnes" if nombre > 1 else "Retirer l’accès de cette personne"


def _lesquelles(lignes: Sequence[Habilitation]) -> str:
    """Return whose, on what: the person where there is one, the service or the company where there is one."""
    personnes = {ligne.espace.nom_complet for ligne in lignes}
    return ", ".join([*(personnes if len(personnes) == 1 else ()), dire_quoi(lignes)])


def _bilan(
    action: Action, lignes: Sequence[Habilitation], gardees: Sequence[Habilitation], changees: Sequence[object]
) -> str:
    """Return what was done, with what went along: the act says what ended."""
    faites = [h for h in changees if isinstance(h, Habilitation)] or lignes
    dites = []
    if gardees:
        nombre = len(gardees)
        mot, *reste = action.garder.split(" ", 1)
        pluriel = "s" if nombre > 1 else ""
        dites.append(" ".join([f"{nombre} habilitation{pluriel} {mot}{pluriel}", *reste]) + ".")
    if lignes:
        dites.append(action.fait.format(compte=dire_combien(faites), lesquelles=_lesquelles(lignes)))
    return "C’est fait : " + " ".join(dites)
