"""No form of the portal attests a proof or a reason by doing nothing, and no act that cancels stands beside « Annuler »."""

from collections.abc import Iterator

import pytest
from django import forms
from django.template.loader import render_to_string
from django.urls import get_resolver
from django.utils.translation import gettext

from accounts.forms.base import FormulairePortail
from accounts.gestion.page_acte import PageActe

PROPOSEES = {
    "question",
    "question_confiance",
    "duree",
}  # a draw with its answer, the usual duration: they attest nothing


def descendantes[T](classe: type[T]) -> Iterator[type[T]]:
    get_resolver().url_patterns  # noqa: B018  imports every page
    for fille in classe.__subclasses__():
        yield fille
        yield from descendantes(fille)


CHOIX = sorted(
    {
        (formulaire.__module__, formulaire.__qualname__, nom): champ
        for formulaire in descendantes(FormulairePortail)
        for nom, champ in formulaire.base_fields.items()
        if isinstance(champ, forms.ChoiceField) and champ.required and not formulaire.__module__.startswith("tests.")
    }.items(),
    key=lambda paire: paire[0],
)


def test_la_marche_trouve_les_formulaires_du_guichet() -> None:
    trouves = {(formulaire, nom) for (_, formulaire, nom), _ in CHOIX}
    assert {
        ("RetablissementForm", "piece"),
        ("RetablissementForm", "legitimite"),
        ("DecesForm", "preuve"),
        ("DesactiverForm", "raison"),
        ("IdspForm", "categorie"),
        ("RattachementForm", "vers"),
    } <= trouves


@pytest.mark.parametrize(("cle", "champ"), CHOIX, ids=lambda v: ".".join(v[1:]) if isinstance(v, tuple) else "")
def test_rien_n_est_choisi_d_avance(cle: tuple[str, str, str], champ: forms.ChoiceField) -> None:
    """A list begins with nothing chosen, buttons are all off, and leaving it so is refused in words of its own."""
    if cle[2] in PROPOSEES or cle[1] in {"PreferenceForm", "AvisMessagerieForm"}:  # settings: show what is set
        return
    assert champ.initial in (None, "", [])
    if isinstance(champ, forms.ModelChoiceField) and not isinstance(champ.widget, forms.RadioSelect):
        assert isinstance(champ, forms.ModelMultipleChoiceField) or champ.empty_label
    elif isinstance(champ.widget, forms.Select) and not isinstance(
        champ.widget, (forms.RadioSelect, forms.SelectMultiple)
    ):
        assert next(iter(champ.choices))[0] == ""
    with pytest.raises(forms.ValidationError) as refus:
        champ.clean("" if not isinstance(champ, forms.ModelMultipleChoiceField | forms.MultipleChoiceField) else [])
    message = refus.value.messages[0]
    assert message.endswith(".")
    assert message != gettext("This field is required.")


def test_la_sortie_d_un_acte_qui_annule_ne_s_appelle_pas_annuler() -> None:
    for bouton, sortie in (("Annuler le changement", "Revenir sans décider"), ("Maintenir", "Annuler")):
        boutons = render_to_string("composants/boutons.html", {"bouton": bouton, "retour_url": "/"})
        assert f'href="/">{sortie}</a>' in boutons


ANNULENT = sorted(
    {acte for acte in descendantes(PageActe) if "Annuler" in f"{acte.titre} {acte.bouton}"},
    key=lambda acte: acte.__name__,
)


def test_des_actes_annulent() -> None:
    assert {acte.__name__ for acte in ANNULENT} >= {"AnnulerChangement", "AnnulerDesactivation"}


@pytest.mark.parametrize("acte", ANNULENT, ids=lambda acte: acte.__name__)
def test_chaque_acte_qui_annule_nomme_sa_sortie(acte: type[PageActe]) -> None:
    assert acte().retour == "Revenir sans décider"
