"""Why an agent decides: what is written here is sent to the persons concerned."""

from django import forms

from .base import FormulairePortail
from .champs import ChampTexte


class MotifForm(FormulairePortail):
    """The reason of a decision, in the words that the persons concerned will read."""

    regles = {"motif_requis": "motif"}
    longueur = 300

    motif = ChampTexte(
        label="Motif",
        help_text=f"Il est transmis tel quel aux personnes concernées. {longueur} caractères au plus.",
        max_length=longueur,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Indiquez le motif."},
    )

    def clean_motif(self) -> str:
        """Return the text on one line: it goes into a mail, where a lone address would become a button."""
        return " ".join(self.cleaned_data["motif"].split())
