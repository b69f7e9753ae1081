"""Giving an IDSP, at /gestion/ (domaine.md §1)."""

from typing import Any

from django import forms
from django.db.models import Model
from django.urls import reverse

from accounts.forms.base import FormulairePortail
from accounts.forms.champs import ChampChoix, ChampPorte, ChampTexte
from accounts.forms.claviers import Clavier
from accounts.gestion.page_acte import PageActe
from accounts.models import ServiceGestionnaire

from ..adresses.provisoires import donner_idsp
from ..models import PersonneSirenisee
from ..models.personne import Categorie
from ..models.registre import PREUVE_LONGUEUR
from .adresses import CODE_POSTAL, SELON_LE_RESTE, VOIE, champ_libre


class IdspForm(FormulairePortail):
    """Who the personne is, where it is, and what proves that it waits for its SIREN."""

    conditionnels = SELON_LE_RESTE

    regles = {
        "denomination_requise": "denomination",
        "adresse_non_distribuable": "voie",
        "bureau_hors_departement": "code_postal",
        "code_postal_de_france": "code_postal",
        "code_postal_invalide": "code_postal",
        "personne_deja_provisoire": "denomination",
        "idsp_est_un_siren": "idsp",
        "idsp_deja_donne": "idsp",
        "identifiant_longueur": "idsp",
        "preuve_non_dite": "preuve",
    }

    denomination = champ_libre(
        "Dénomination, ou nom et prénoms", longueur=300, requis="Saisissez la dénomination, ou le nom et les prénoms."
    )
    categorie = ChampChoix(label="Catégorie", choices=Categorie.choices, requis="Choisissez la catégorie.")
    complement = champ_libre("Complément d’adresse")
    voie = champ_libre("Numéro et voie", aide=VOIE)
    distribution = champ_libre("Boîte postale ou lieu-dit")
    code_postal = champ_libre("Code postal", longueur=10, aide=CODE_POSTAL, clavier=Clavier.REFERENCE)
    commune = champ_libre("Commune", requis="Saisissez la commune.")
    pays = champ_libre("Pays, hors de France", longueur=80)
    idsp = ChampPorte(
        label="IDSP déjà donné par une autre application",
        max_length=40,
        required=False,
        help_text="Neuf caractères, dont une lettre. Laissez vide : le portail en donne un.",
        clavier=Clavier.REFERENCE,
    )
    preuve = ChampTexte(
        label="Preuve vue",
        max_length=PREUVE_LONGUEUR,
        help_text=f"Récépissé de dépôt du…, statuts du… {PREUVE_LONGUEUR} caractères au plus.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Dites quelle preuve vous avez vue."},
    )


class DonnerIdsp(PageActe):
    """Open the file of a personne that INSEE has not identified yet; it hangs on the agent's own service."""

    nom = "idsp"
    danger = False
    titre = "Donner un identifiant provisoire (IDSP)"
    bouton = "Donner un identifiant provisoire"
    succes = "L’identifiant provisoire est donné : la personne peut déposer sa demande. Son SIREN le remplacera."
    form_class = IdspForm
    donnee: PersonneSirenisee | None = None

    @staticmethod
    def possible(objet: ServiceGestionnaire) -> bool:
        return True

    @property
    def page(self) -> str:
        """Return the page of the personne once it has its identifier, the home of the desk before."""
        if self.donnee is None:
            return super().page
        return reverse("admin:services_personnesirenisee_change", args=[self.donnee.pk])

    def faits(self) -> list[tuple[str, str | Model]]:
        return [
            ("Service", self.objet),
            (
                "Ce qui se passe",
                "Une entreprise, une association ou une collectivité qui attend son SIREN peut être représentée dès maintenant : "
                "les demandes, les courriers et les services se font sous l’identifiant provisoire. Quand l’INSEE a répondu, "
                "« Attribuer le SIREN » sur sa page fait suivre le tout.",
            ),
        ]

    def agir(self, form: Any) -> None:
        self.donnee = donner_idsp(acteur=self.agent, **form.cleaned_data)
