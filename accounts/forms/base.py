"""What every form of the portal shares."""

from dsfr.forms import DsfrBaseForm

from ..saisies.regles import RegleMetier


class FormulairePortail(DsfrBaseForm):
    """A form in the look of the portal, that can show a broken business rule beside the field it is about."""

    regles: dict[str, str] = {}  # code of a rule -> field
    conditionnels: frozenset[str] = (
        frozenset()
    )  # fields that another answer makes compulsory: none is said to be optional
    refus: RegleMetier | None = None  # the last rule that refused it: a page offers the way out that it has

    def nommer(self, champ: str, libelle: str) -> None:
        """Call this field so: DSFR's forms have bound their fields, with their labels, before ours say more."""
        self.fields[champ].label = libelle
        self[champ].label = libelle

    def refuser(self, regle: RegleMetier) -> None:
        """Show this rule on its field, or above the form."""
        self.refus = regle
        self.add_error(self.regles.get(regle.code), str(regle))
