"""What an agent does to one object of /gestion/: a page that confirms, one act, its refusal shown (design.md §1)."""

from collections.abc import Collection
from typing import Any, ClassVar, Protocol
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.generic import FormView

from ..compteurs.double_envoi import annoncer_une_fois
from ..forms import FormulairePortail
from ..models import Agent
from ..saisies.apercu import CHAMP, CHANGE, empreinte, est_ce_qui_a_ete_montre
from ..saisies.regles import RegleMetier
from .adresses_de_liste import AdresseRefusee, exiger_nue
from .agents import agent_verifie
from .fonctions import BUREAU


class Dossiers(Protocol):
    """Where an act finds its object, as the agent may read it, and where it leads back: an admin of ours, or the espaces."""

    def get_object(self, request: HttpRequest, object_id: str) -> Any:
        """Return the object, None for what the agent may not read."""

    def absent(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer for an object that the agent may not read, as if it did not exist."""

    def adresse_de(self, objet: Any) -> str:
        """Return the address of the object's own page."""

    def adresse_sans_objet(self) -> str:
        """Return where to go once the object is no longer the agent's to read."""

    def tracer_lecture(self, request: HttpRequest, obj: Any) -> None:
        """Leave a trace of who looked."""


class PageActe(FormView):
    """One act on one object, found through what the agent reads: another service's is as good as absent.

    A GET shows what will happen and writes nothing; the POST calls the act, which decides under its locks. Where the act
    ends rights (`lignes`), or depends on what the page tells (`empreinte_montree`), the POST carries the print of what was shown: if that
    has changed, the page is shown again.
    Subclasses give the words, `possible`, `faits` and `agir`; `ConsultationAdmin.actes` lists them.
    """

    template_name = "gestion/acte.html"
    http_method_names = ["get", "head", "post", "options"]
    form_class: type[FormulairePortail] = FormulairePortail
    fonctions: ClassVar[frozenset[Agent.Fonction]] = BUREAU  # who may do this act, among those who read the object
    mot_de_passe_frais: ClassVar[bool] = False  # a grave act asks it again (espacepro/gestion/site.py)
    admin: Dossiers = None  # type: ignore[assignment]  # given to as_view with the address
    nom: ClassVar[str] = ""  # ends the address and the name of the URL
    titre: ClassVar[str] = ""
    bouton: ClassVar[str] = ""
    succes: ClassVar[str] = ""
    fichier_max: ClassVar[int | None] = None  # bytes that its form takes, files included (espacepro/corps.py)
    menee: ClassVar[bool] = False  # whether another page leads to it, not the object's own
    danger: ClassVar[bool] = True  # whether the button warns: it ends, refuses or discloses something
    colonne: ClassVar[str] = "État"  # what the last cell of `lignes` says
    revenir: ClassVar[str] = "Revenir au dossier"  # the link above the form, to `page`
    objet: Any
    agent: Agent
    montrees: Collection[UUID] = ()  # what the act would end, by key, read before the lines are compared with the print

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find the object as its own page does, then let through only who may act on it.

        Raises: PermissionDenied, for who reads the object and may not do this (`fonctions`): most often the surveillance cell.
        """
        try:
            exiger_nue(request)
        except AdresseRefusee as refus:
            return render(request, "erreurs/400.html", status=refus.statut)
        objet = self.admin.get_object(request, unquote(str(kwargs["object_id"])))
        if objet is None:
            return self.admin.absent(request, str(kwargs["object_id"]))
        agent = agent_verifie(request)
        if agent is None or agent.fonction not in self.fonctions:
            raise PermissionDenied
        self.objet, self.agent = objet, agent
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what will happen; when it can no longer, go back to the object, which says how it stands."""
        if not self.est_possible():
            messages.warning(request, f"« {self.titre} » n’est plus possible : voici où en est le dossier.")
            return redirect(self.page)
        return super().get(request, *args, **kwargs)

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Show the object, and leave a trace of who looked: asked for by a GET, or shown again with a refusal."""
        self.admin.tracer_lecture(self.request, self.objet)
        return super().render_to_response(context, **kwargs)

    @property
    def page(self) -> str:
        """Return the address of the object's own page."""
        return self.admin.adresse_de(self.objet)

    @property
    def retour(self) -> str:
        """Return the name of the way out, where « Annuler » is already what the act does; nothing elsewhere."""
        return "Revenir sans décider" if "Annuler" in {self.titre.split(" ")[0], self.bouton.split(" ")[0]} else ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        contexte = super().get_context_data(**kwargs)
        return {
            **contexte,
            "formulaire": contexte["form"],
            "titre": self.titre,
            "bouton": self.bouton,
            "danger": self.danger,
            "page": self.page,
            "revenir": self.revenir,
            "retour": self.retour,
            "faits": self.faits(),
            "lignes": (lignes := self.lignes()),
            "apercu": self.empreinte_montree(lignes),
            "colonne": self.colonne,
        }

    def form_valid(self, form: Any) -> HttpResponse:
        self.montrees = self.cles()
        montre = self.empreinte_montree(self.lignes())
        if montre and not est_ce_qui_a_ete_montre(self.request.POST, montre):
            form.add_error(None, CHANGE)
            return self.form_invalid(form)
        try:
            self.agir(form)
        except RegleMetier as regle:
            return self.montrer_le_refus(form, regle)
        annoncer_une_fois(self.request, self.dire_le_succes())
        return redirect(self.adresse_de_suite())

    def adresse_de_suite(self) -> str:
        """Return where the agent goes on once the act is done: the object's own page."""
        return self.page

    def dire_le_succes(self) -> str:
        """Return what the agent reads once the act is done; safe HTML where it offers what comes next."""
        return self.succes

    def montrer_le_refus(self, form: Any, regle: RegleMetier) -> HttpResponse:
        """Show the rule beside the object as it is now: another act may have changed it, or taken it away, meanwhile."""
        frais = self.admin.get_object(self.request, str(self.objet.pk))
        if frais is None:
            messages.error(self.request, str(regle))
            return redirect(self.admin.adresse_sans_objet())
        self.objet = frais
        self.oublier_ce_qui_est_lu(form)
        form.refuser(regle)
        return self.form_invalid(form)

    @staticmethod
    def possible(objet: Any) -> bool:
        """Whether to offer the act on this object: for the button only, the act itself decides."""
        raise NotImplementedError

    def est_possible(self) -> bool:
        """Whether to show this page: the same question, where the page may ask it of what it has read."""
        return self.possible(self.objet)

    def oublier_ce_qui_est_lu(self, form: Any) -> None:
        """Read again what this page keeps for its request, the act having found that it had changed."""

    def faits(self) -> list[tuple[str, str | Model]]:
        """Return what the agent must know before confirming, as labels and values."""
        raise NotImplementedError

    def cles(self) -> list[UUID]:
        """Return the keys of what the act would end: it compares them, under its locks, with what it finds."""
        return []

    def lignes(self) -> list[list[str]]:
        """Return who loses what by the act: personne habilitée, numéro d'abonné, role, state."""
        return []

    def empreinte_montree(self, lignes: list[list[str]]) -> str:
        """Return the print of what the page shows, which the POST gives back; empty where nothing of it is compared."""
        return empreinte(lignes) if lignes else ""

    def agir(self, form: Any) -> None:
        """Do the act. Raises a RegleMetier to show."""
        raise NotImplementedError


class ActeChoisi(PageActe):
    """An act whose extent is chosen on its own page: a first POST shows what falls, a second one confirms it.

    Subclasses read what was chosen in `choisir`; nothing is remembered between the two but what the form holds.
    """

    bouton_montrer: ClassVar[str] = "Voir ce qui prend fin"
    choisi = False

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        contexte = super().get_context_data(**kwargs)
        return contexte if self.choisi else {**contexte, "bouton": self.bouton_montrer, "danger": False}

    def form_valid(self, form: Any) -> HttpResponse:
        self.choisir(form)
        self.choisi = True
        if CHAMP not in self.request.POST:
            return self.render_to_response(self.get_context_data(form=form))
        return super().form_valid(form)

    def choisir(self, form: Any) -> None:
        """Keep what was chosen, for `lignes`, `cles` and `agir`."""
        raise NotImplementedError
