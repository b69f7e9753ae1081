"""Blocking an address and lifting it, at /gestion/, by the cell alone (R17; CGU §3.7.b)."""

from typing import Any, Final

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

from accounts.forms.base import FormulairePortail
from accounts.forms.champs import ChampIdentifiant, ChampTexte
from accounts.forms.claviers import Clavier
from accounts.gestion.agents import agent_verifie
from accounts.gestion.fonctions import SURVEILLANCE
from accounts.gestion.page_acte import PageActe
from accounts.models import ServiceGestionnaire, TraceLecture
from accounts.traces.lecture import lire
from surveillance.automates.blocages import DUREES, LONGUEUR_DU_MOTIF_DE_BLOCAGE, bloquer_ip

SANS_FIN: Final = "sans fin"


class BlocageForm(FormulairePortail):
    """What is blocked, for how long, and why."""

    regles = {
        **dict.fromkeys(("reseau_invalide", "reseau_trop_large", "reseau_des_agents", "reseau_deja_bloque"), "reseau"),
        "motif_de_blocage_requis": "motif",
    }
    conditionnels = frozenset({"sans_fin"})

    reseau = ChampIdentifiant(
        label="Adresse ou réseau",
        max_length=60,
        clavier=Clavier.REFERENCE,
        help_text="203.0.113.7, 203.0.113.0/24 ou 2001:db8::/64. Une adresse IPv6 seule bloque sa ligne, un /64.",
        error_messages={"required": "Écrivez l’adresse ou le réseau."},
    )
    duree = forms.ChoiceField(
        label="Durée",
        choices=[*((nom, nom) for nom in DUREES), (SANS_FIN, "jusqu’à décision d’un agent")],
        initial="24 h",
        help_text="Une adresse change souvent de mains : sans durée, elle reste fermée à qui l’aura ensuite.",
        error_messages={"invalid_choice": "Choisissez une durée de la liste.", "required": "Choisissez la durée."},
    )
    motif = ChampTexte(
        label="Motif",
        max_length=LONGUEUR_DU_MOTIF_DE_BLOCAGE,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"{LONGUEUR_DU_MOTIF_DE_BLOCAGE} caractères au plus. Qui est bloqué ne le lit pas.",
        error_messages={"required": "Dites pourquoi."},
    )
    sans_fin = forms.BooleanField(
        label="Bloquer sans durée : personne ne rouvre cette adresse, sauf un agent de la cellule",
        help_text="À cocher seulement si vous choisissez « jusqu’à décision d’un agent ».",
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        """Ask twice for what has no end."""
        dits = super().clean() or {}
        if dits.get("duree") == SANS_FIN and not dits.get("sans_fin"):
            self.add_error("sans_fin", "Cochez cette case pour bloquer sans durée, ou choisissez une durée.")
        return dits


class BloquerAdresse(PageActe):
    """Refuse an address for a time."""

    nom = "bloquer"
    titre = "Bloquer une adresse"
    bouton = "Bloquer cette adresse"
    succes = "L’adresse est bloquée, partout en 5 secondes."
    form_class = BlocageForm
    fonctions = SURVEILLANCE
    revenir = "Revenir aux adresses bloquées"

    @staticmethod
    def possible(objet: ServiceGestionnaire) -> bool:
        return True

    def faits(self) -> list[tuple[str, str | Model]]:
        return [
            (
                "Ce qui se passe",
                "Tout ce qui vient de cette adresse reçoit une page qui dit jusqu’à quand, et comment passer autrement. Les navigateurs "
                "qu’un compte connaît déjà continuent. Aucun espace n’est bloqué.",
            ),
            (
                "À savoir",
                "Une adresse est souvent partagée : entreprise, hôtel, opérateur mobile. Préférez une durée courte.",
            ),
        ]

    def agir(self, form: Any) -> None:
        dits = form.cleaned_data
        bloquer_ip(acteur=self.agent, reseau=dits["reseau"], motif=dits["motif"], duree=DUREES.get(dits["duree"]))


class LaCellule:
    """The cell of the agent who acts: what `accounts.gestion.page_acte.Dossiers` asks."""

    def get_object(self, request: HttpRequest, object_id: str) -> ServiceGestionnaire | None:
        """Return the office of an agent of the cell, None for anybody else."""
        agent = agent_verifie(request)
        return agent.service_gestionnaire if agent is not None and agent.fonction in SURVEILLANCE else None

    def absent(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Raises: Http404."""
        raise Http404

    def adresse_de(self, objet: ServiceGestionnaire) -> str:
        """Return the list of the blocked addresses."""
        return reverse("admin:surveillance_blocageip_changelist")

    def adresse_sans_objet(self) -> str:
        """Return the list of the blocked addresses."""
        return reverse("admin:surveillance_blocageip_changelist")

    def tracer_lecture(self, request: HttpRequest, obj: ServiceGestionnaire) -> None:
        """Leave a trace of who opened the page."""
        lire(request, TraceLecture.Nature.LISTE, "gestion.bloquer")

    def adresses(self, site: admin.AdminSite) -> list[URLPattern]:
        """Return the address of the act, behind the site's door."""
        vue = site.admin_view(BloquerAdresse.as_view(admin=self))
        return [path("bloquer/", vue, {"object_id": "cellule"}, name="bloquer_adresse")]


LA_CELLULE: Final = LaCellule()
