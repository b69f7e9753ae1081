"""The pages of the counter: recognise the holder, then print the slip; the acts are surveillance/espaces/retablissement.py's (R16)."""

from typing import Any, ClassVar

from django import forms
from django.db import models
from django.http import HttpResponse

from accounts.forms.base import FormulairePortail
from accounts.forms.champs import ChampChoix, ChampIdentifiant, ChampTexte, champ_adresse
from accounts.forms.claviers import Clavier
from accounts.gestion.contreseings import LONGUEUR_DU_MOTIF
from accounts.gestion.page_acte import PageActe
from accounts.models import Espace
from accounts.saisies.adresses import normaliser_adresse
from accounts.saisies.dates import jour_heure
from accounts.saisies.regles import RegleMetier
from surveillance.espaces.appartenance import faits_de_l_identite
from surveillance.espaces.retablissement import (
    PLIS_AU_PLUS,
    SUITE,
    cas_de,
    demander_retablissement,
    imprimer_pli,
    pli_a_imprimer,
    qui_imprime,
)
from surveillance.models import Retablissement


class RetablissementForm(FormulairePortail):
    """Which proof was seen, and another address where the holder gives one."""

    regles = {
        "preuve_d_identite_requise": "piece_derniers",
        "preuve_de_legitimite_requise": "legitimite",
        "motif_de_contreseing_requis": "motif",
        "adresse_deja_prise": "nouvelle_adresse",
    }

    piece = ChampChoix(
        label="Pièce d’identité vue",
        choices=Retablissement.Piece.choices,
        requis="Choisissez la pièce d’identité vue.",
    )
    piece_derniers = ChampIdentifiant(
        label="Ses quatre derniers caractères",
        max_length=4,
        clavier=Clavier.REFERENCE,
        help_text="Par exemple 3K7P. Ne gardez aucune copie de la pièce.",
        error_messages={"required": "Saisissez les quatre derniers caractères de la pièce."},
    )
    legitimite = ChampChoix(
        label="Preuve de légitimité vue",
        choices=Retablissement.Legitimite.choices,
        requis="Choisissez la preuve de légitimité vue.",
    )
    nouvelle_adresse = champ_adresse(
        normaliser_adresse,
        label="Autre adresse de connexion, si le détenteur en donne une",
        clavier=Clavier.ADRESSE_D_ENTREPRISE,
    )
    motif = ChampTexte(
        label="Qui s’est présenté, et comment vous l’avez reconnu",
        max_length=LONGUEUR_DU_MOTIF,
        help_text=f"L’agent qui contresigne le lit. {LONGUEUR_DU_MOTIF} caractères au plus.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Dites qui s’est présenté, et comment vous l’avez reconnu."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["nouvelle_adresse"].required = False


class DemanderRetablissement(PageActe):
    """Recognise the holder at the counter: a second agent confirms, then the slip is printed."""

    mot_de_passe_frais = True
    template_name = "gestion/guichet.html"
    nom = "retablir"
    titre = "Rétablir l’accès au guichet"
    titre_de_reprise: ClassVar[str] = (
        "Recommencer : le pli est perdu"  # how a page offers it while a slip can be printed
    )
    bouton = "Demander le second regard"
    succes = "La demande attend le second regard d’un autre agent. Le pli s’imprime ensuite depuis la page de l’espace."
    form_class = RetablissementForm

    @staticmethod
    def possible(objet: Espace) -> bool:
        return cas_de(objet) is not None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "fichier": False}

    def faits(self) -> list[tuple[str, str | models.Model]]:
        cas = cas_de(self.objet)
        return [
            ("Espace", f"{self.objet.nom_complet}, {self.objet.numero_lisible}"),
            *faits_de_l_identite(self.objet),
            ("Cas", cas.label if cas is not None else "rien à rétablir"),
            (
                "Ce qui se passe maintenant",
                "Rien n’est rouvert : un second agent de votre service confirme ; s’il n’y en a pas, ou s’il ne l’a pas fait en un "
                "jour ouvré, la cellule de surveillance, à distance.",
            ),
            ("Ce qui se passe s’il confirme", SUITE),
        ]

    def agir(self, form: Any) -> None:
        demander_retablissement(acteur=self.agent, espace=self.objet, **form.cleaned_data)


class ImprimerPli(PageActe):
    """Print the slip that tells the answer: a file, never a page."""

    mot_de_passe_frais = True
    template_name = "gestion/guichet.html"
    nom = "pli"
    titre = "Imprimer le pli"
    bouton = "Imprimer le pli (PDF)"
    form_class = FormulairePortail

    @staticmethod
    def possible(objet: Espace) -> bool:
        return pli_a_imprimer(objet) is not None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "fichier": True}

    def faits(self) -> list[tuple[str, str | models.Model]]:
        retablissement = pli_a_imprimer(self.objet)
        if retablissement is None:
            return []
        return [
            ("Espace", f"{self.objet.nom_complet}, {self.objet.numero_lisible}"),
            *faits_de_l_identite(self.objet),
            ("Accordé le", jour_heure(retablissement.accorde_le)),
            ("Plis déjà imprimés", f"{retablissement.plis} sur {PLIS_AU_PLUS}"),
            ("Qui l’imprime", qui_imprime(retablissement)),
            (
                "Ce qu’il faut faire",
                "Imprimez, pliez sans lire, cachetez, et remettez le pli en main propre. N’enregistrez pas le fichier : chaque pli "
                "rend le précédent inutile.",
            ),
        ]

    def form_valid(self, form: Any) -> HttpResponse:
        """Answer with the PDF, which no browser keeps; a refusal is shown beside the object."""
        try:
            pdf = imprimer_pli(acteur=self.agent, espace=self.objet)
        except RegleMetier as regle:
            form.refuser(regle)
            return self.form_invalid(form)
        reponse = HttpResponse(pdf, content_type="application/pdf")
        reponse["Content-Disposition"] = 'attachment; filename="pli.pdf"'
        reponse["Cache-Control"] = "no-store"
        return reponse
