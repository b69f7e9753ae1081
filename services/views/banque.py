"""What an agent makes of a change of an account that the company does not recognise, at /gestion/ (R20, CGU §4.d)."""

from typing import Any, ClassVar

from django import forms
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.forms.base import FormulairePortail
from accounts.forms.champs import ChampTexte
from accounts.forms.motif import MotifForm
from accounts.gestion.page_acte import PageActe
from accounts.saisies.citations import citer
from accounts.saisies.dates import jour_heure
from accounts.saisies.elisions import de

from ..banque.comptes import dits_clos
from ..banque.lectures import changements_a_signaler, joindre
from ..banque.reponses import motif_lisible
from ..banque.signalement import (
    LONGUEUR_PREUVE,
    decider_signalement,
    dire_la_suite,
    lever_cloture,
    recueillir_signalement,
)
from ..models import ChangementBancaire, PersonneSirenisee, ReferenceBancaire, SignalementBancaire


class DecisionBancaireForm(MotifForm):
    regles = dict.fromkeys(("motif_de_decision_bancaire_requis", "iban_en_clair"), "motif")


class PreuveBancaireForm(FormulairePortail):
    """How the agent knows: it is kept, and for a closed account told to the administrators."""

    regles = dict.fromkeys(("preuve_non_dite", "iban_en_clair"), "preuve")

    preuve = ChampTexte(
        label="Ce que vous avez vu ou entendu",
        help_text=f"Qui vous l’a dit, et comment vous l’avez vérifié. {LONGUEUR_PREUVE} caractères au plus.",
        max_length=LONGUEUR_PREUVE,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Dites ce que vous avez vu ou entendu."},
    )


class RecueilForm(PreuveBancaireForm):
    """Which change, and how the agent knows: the page offers those that wait for no decision, the act settles any of the account."""

    changement = forms.ModelChoiceField(
        queryset=ChangementBancaire.objects.none(),
        label="Changement que l’entreprise ne reconnaît pas",
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={
            "required": "Choisissez le changement que l’entreprise ne reconnaît pas.",
            "invalid_choice": "Choisissez un changement de ce compte.",
        },
    )
    field_order = ("changement", "preuve")


def lien_de_l_entreprise(personne: PersonneSirenisee) -> SafeString:
    """Return the name of this company, which leads to its page of the desk: who administers it is there."""
    return format_html(
        '<a href="{}">{}</a>', reverse("admin:services_personnesirenisee_change", args=[personne.pk]), personne
    )


class _Decider(PageActe):
    """What both decisions show."""

    form_class = DecisionBancaireForm
    annuler: ClassVar[bool]

    @staticmethod
    def possible(objet: SignalementBancaire) -> bool:
        return objet.etat == SignalementBancaire.Etat.DEPOSE

    def faits(self) -> list[tuple[str, str | Model]]:
        changement = self.objet.changement
        reference = changement.reference
        faits: list[tuple[str, str | Model]] = [
            ("Personne sirénisée", lien_de_l_entreprise(reference.personne)),
            ("Pour l’appeler", " ; ".join(joindre(self.objet))),
            ("Compte", f"{reference.iban_masque}, titulaire {citer(reference.titulaire)}"),
            ("Changement", f"{changement.get_genre_display()}, le {jour_heure(changement.fait_le)}"),
            ("Fait par", changement.espace or "voir le journal de l’entreprise"),
            ("Signalé le", jour_heure(self.objet.depose_le)),
            ("Signalé par", self.objet.espace or f"l’entreprise, auprès {de(self.objet.recueilli_par)}"),
        ]
        if changement.titulaire_avant:
            faits.append(("Titulaire d’avant", citer(changement.titulaire_avant)))
        if self.objet.preuve:
            faits.append(("Ce qu’elle en a dit", citer(self.objet.preuve)))
        return [
            *faits,
            ("Ce qui se passe", dire_la_suite(changement, annule=self.annuler)),
            (
                "Qui est prévenu",
                "Tous les administrateurs de l’entreprise et son adresse électronique, avec votre motif.",
            ),
        ]

    def agir(self, form: Any) -> None:
        decider_signalement(
            acteur=self.agent, signalement=self.objet, annuler=self.annuler, motif=form.cleaned_data["motif"]
        )


class MaintenirChangement(_Decider):
    """The change is the company's own."""

    nom = "maintenir"
    titre = "Maintenir le changement"
    bouton = "Maintenir le changement"
    succes = "Le changement est maintenu, et l’entreprise est prévenue."
    annuler = False

    def dire_le_succes(self) -> str:
        return f"{self.succes} {dire_la_suite(self.objet.changement, annule=False)}"


class AnnulerChangement(_Decider):
    """The change is a stranger's."""

    nom = "annuler"
    titre = "Annuler le changement"
    bouton = "Annuler le changement"
    succes = "Le changement est annulé, et l’entreprise est prévenue."
    annuler = True


class RecueillirSignalement(PageActe):
    """Record what a company says by telephone or letter, of one of the changes of an account."""

    nom = "signaler"
    titre = "Noter que l’entreprise ne reconnaît pas un changement"
    bouton = "Suspendre ce compte"
    succes = "C’est noté : le compte est suspendu, l’entreprise est prévenue, et votre décision est attendue."
    form_class = RecueilForm

    @staticmethod
    def possible(objet: ReferenceBancaire) -> bool:
        return bool(changements_a_signaler(objet))

    def get_form(self, form_class: Any = None) -> Any:
        """Offer what waits for no decision; what waits already is refused by the act, in its words."""
        form = super().get_form(form_class)
        champ = form.fields["changement"]
        champ.queryset = self.objet.changements.select_related("reference")
        champ.choices = [(un.pk, _dire_le_changement(un)) for un in changements_a_signaler(self.objet)]
        return form

    def faits(self) -> list[tuple[str, str | Model]]:
        return [
            ("Personne sirénisée", self.objet.personne),
            ("Compte", f"{self.objet.iban_masque}, titulaire {citer(self.objet.titulaire)}"),
            (
                "Ce qui se passe",
                "Le compte ne peut plus servir à payer tant que votre service n’a pas maintenu ou annulé ce changement.",
            ),
        ]

    def agir(self, form: Any) -> None:
        recueillir_signalement(
            acteur=self.agent, changement=form.cleaned_data["changement"], preuve=form.cleaned_data["preuve"]
        )


class LeverCloture(PageActe):
    """Say that an account that its bank says closed is open, for the proof seen."""

    nom = "lever-cloture"
    titre = "Lever la clôture dite par la banque"
    bouton = "Lever la clôture"
    succes = (
        "La clôture est levée : l’entreprise peut ajouter ce compte de nouveau, et ses administrateurs sont prévenus."
    )
    form_class = PreuveBancaireForm

    @staticmethod
    def possible(objet: ReferenceBancaire) -> bool:
        return dits_clos(ReferenceBancaire.objects.filter(pk=objet.pk)).exists()

    def faits(self) -> list[tuple[str, str | Model]]:
        motifs = {motif_lisible(motif) for motif in (self.objet.core_motif, self.objet.b2b_motif) if motif}
        return [
            ("Personne sirénisée", self.objet.personne),
            ("Compte", f"{self.objet.iban_masque}, titulaire {citer(self.objet.titulaire)}"),
            ("Réponse de la banque", ", ".join(sorted(motifs))),
            (
                "Ce qui se passe",
                f"{self._suite()} Une réponse plus récente de la banque l’emporte. Ce que vous écrivez est transmis tel quel aux "
                "administrateurs.",
            ),
        ]

    def _suite(self) -> str:
        if self.objet.supprimee_le is None:
            return "Ce compte peut de nouveau servir."
        return "L’entreprise peut ajouter de nouveau ce compte, avec un nouveau mandat à remettre à sa banque."

    def dire_le_succes(self) -> str:
        return f"{self.succes} {self._suite()}"

    def agir(self, form: Any) -> None:
        lever_cloture(acteur=self.agent, reference=self.objet, preuve=form.cleaned_data["preuve"])


def _dire_le_changement(changement: ChangementBancaire) -> str:
    """Return this change as the one who telephones would tell it: what, when, by whom, and the names of a renaming."""
    par = f"par {changement.espace.nom_complet}" if changement.espace else "auteur au journal de l’entreprise"
    noms = f", de {citer(changement.titulaire_avant)} à {citer(changement.titulaire_apres)}"
    quoi = changement.get_genre_display() + (noms if changement.titulaire_avant else "")
    return f"{quoi}, le {jour_heure(changement.fait_le)}, {par}"
