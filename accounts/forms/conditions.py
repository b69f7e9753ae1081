"""Accepting a version of the CGU: at the inscription, and when a new one is in force (CGU §1)."""

from typing import Any

from django import forms

from ..espace.conditions import ConditionsRemplacees, version_en_vigueur
from .base import FormulairePortail
from .champs import ChampIdentifiant


def champ_conditions(*, label: str, absentes: str) -> forms.BooleanField:
    """Return the tick that accepts the CGU; `absentes` says why it is asked."""
    return forms.BooleanField(label=label, error_messages={"required": absentes})


def champ_version() -> ChampIdentifiant:
    """Return the number of the version that the page showed beside the tick."""
    return ChampIdentifiant(required=False, max_length=20, widget=forms.HiddenInput)


class AvecConditions(FormulairePortail):
    """A form with the fields `cgu` and `cgu_version`: what came into force after the page was shown is not accepted by it.

    The form is then shown again, unticked, with the new version.
    """

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
        if field_name == "cgu_version":
            return version_en_vigueur().numero
        return super().get_initial_for_field(field, field_name)

    def clean(self) -> dict[str, Any] | None:
        donnees = super().clean()
        en_vigueur = version_en_vigueur().numero
        if self.cleaned_data.get("cgu_version") not in {"", en_vigueur}:
            self.add_error("cgu", ConditionsRemplacees.message)
            self.data = self.data.copy()  # type: ignore[has-type]  # a QueryDict
            self.data[self.add_prefix("cgu_version")] = en_vigueur
            self.data.pop(self.add_prefix("cgu"), None)
        self.cleaned_data["cgu_version"] = en_vigueur
        return donnees


class ConditionsForm(AvecConditions):
    """What the holder of an espace is asked when a new version is in force."""

    cgu_version = champ_version()
    cgu = champ_conditions(
        label="J’ai lu et j’accepte cette version des conditions générales d’utilisation",
        absentes="Pour continuer, acceptez cette version.",
    )
