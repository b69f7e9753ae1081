"""The page by which the cell directs to an office an espace that none follows; the act is surveillance/espaces/orientation.py's (R16)."""

from typing import Any

from django import forms
from django.db import models

from accounts.forms.base import FormulairePortail
from accounts.forms.champs import ChampTexte
from accounts.gestion.fonctions import SURVEILLANCE
from accounts.gestion.page_acte import PageActe
from accounts.models import Espace, ServiceGestionnaire
from surveillance.espaces.appartenance import faits_de_l_identite
from surveillance.espaces.bureau import bureau_de
from surveillance.espaces.orientation import LONGUEUR_DU_MOTIF, dirigeable, diriger_vers_un_service


class DirigerForm(FormulairePortail):
    """Which office, and why that one."""

    regles = {"service_gestionnaire_inconnu": "service", "motif_d_orientation_requis": "motif"}

    service = forms.ModelChoiceField(
        label="Service gestionnaire",
        queryset=ServiceGestionnaire.objects.order_by("nom", "code"),
        to_field_name="code",
        empty_label="Choisissez un service",
        help_text="Celui où le détenteur peut se présenter.",
        error_messages={
            "required": "Choisissez le service où le détenteur se présentera.",
            "invalid_choice": "Choisissez un service de la liste.",
        },
    )
    motif = ChampTexte(
        label="Pourquoi ce service",
        max_length=LONGUEUR_DU_MOTIF,
        help_text=f"{LONGUEUR_DU_MOTIF} caractères au plus.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Dites pourquoi ce service."},
    )


class DirigerVersUnService(PageActe):
    """Direct an espace to a counter: that office then sees it, and two of its agents may give the access back."""

    fonctions = SURVEILLANCE
    mot_de_passe_frais = True
    nom = "diriger"
    titre = "Diriger vers un service gestionnaire"
    bouton = "Diriger vers ce service"
    danger = False
    succes = "L’espace est dirigé vers ce service : dites à son détenteur où se présenter, et avec quoi."
    form_class = DirigerForm

    @staticmethod
    def possible(objet: Espace) -> bool:
        return dirigeable(objet)

    def faits(self) -> list[tuple[str, str | models.Model]]:
        vers = bureau_de(self.objet)
        return [
            ("Espace", f"{self.objet.nom_complet}, {self.objet.numero_lisible}"),
            *faits_de_l_identite(self.objet),
            ("Dirigé aujourd’hui vers", vers.nom if vers is not None else "aucun service"),
            (
                "Ce qui se passe",
                "Aucun service gestionnaire ne suit cet espace, ou son organisation a changé depuis trop peu de temps pour compter : sans "
                "votre choix, son accès n’est rétabli qu’au service de l’organisation d’avant, s’il y en a un. Le service choisi voit l’espace, et deux agents rétablissent l’accès, comme partout. Un service dirigé par erreur est remplacé par un "
                "autre, et ne voit plus l’espace.",
            ),
        ]

    def agir(self, form: Any) -> None:
        diriger_vers_un_service(
            acteur=self.agent,
            espace=self.objet,
            service=form.cleaned_data["service"].code,
            motif=form.cleaned_data["motif"],
        )
