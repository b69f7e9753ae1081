"""Forms as they are rendered, and the small filters of the components."""

import re

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from dsfr.forms import DsfrBaseForm

from accounts.forms.base import FormulairePortail
from espacepro.templatetags.portail import ancre_champ, pages_proches


class Formulaire(DsfrBaseForm):
    siren = forms.CharField(label="Numéro SIREN", help_text="Neuf chiffres.")
    mot_de_passe = forms.CharField(
        label="Mot de passe", widget=forms.PasswordInput(attrs={"aria-describedby": "jauge"}), help_text="Au moins 20."
    )
    telephone = forms.CharField(label="Téléphone", required=False)
    civilite = forms.ChoiceField(label="Civilité", choices=[("M", "M."), ("MME", "Mme")], widget=forms.RadioSelect)

    def clean(self) -> None:
        raise forms.ValidationError("Une demande est déjà en cours.")


def champs(formulaire: forms.Form) -> str:
    return render_to_string("composants/champs.html", {"formulaire": formulaire})


def test_un_champ_en_erreur_garde_son_aide() -> None:
    html = champs(Formulaire({}))
    assert 'aria-describedby="id_siren_helptext id_siren-desc-error"' in html
    assert 'id="id_siren_helptext"' in html
    assert 'id="id_siren-desc-error"' in html
    assert 'aria-invalid="true"' in html


def test_un_champ_garde_ce_que_son_widget_designe() -> None:
    assert 'aria-describedby="jauge id_mot_de_passe_helptext"' in champs(Formulaire())


def test_le_mot_de_passe_peut_etre_affiche() -> None:
    html = champs(Formulaire())
    assert "fr-password__input" in html
    assert 'id="id_mot_de_passe-afficher"' in html


def test_seuls_les_champs_facultatifs_sont_marques() -> None:
    html = champs(Formulaire())
    assert html.count("(facultatif)") == 1
    assert "Téléphone <span" in html


def test_ce_qu_une_autre_reponse_exige_ne_se_dit_pas_facultatif() -> None:
    """Nor a list whose empty choice is an answer (walker 6: ninety-five times on one page)."""

    class Rythme(FormulairePortail):
        conditionnels = frozenset({"sans_fin"})
        sans_fin = forms.BooleanField(label="Sans fin", required=False)
        rythme = forms.ChoiceField(
            label="Rythme", choices=[("", "Comme pour toutes"), ("A", "À l’instant")], required=False
        )
        civilite = forms.ChoiceField(label="Civilité", choices=[("M", "M.")], widget=forms.RadioSelect, required=False)

    html = champs(Rythme())
    assert html.count("(facultatif)") == 1
    assert re.search(r"Civilité\s*<span", html)


def test_le_resume_mene_a_chaque_champ_en_erreur() -> None:
    html = render_to_string("composants/erreurs.html", {"formulaire": Formulaire({})})
    assert "Une demande est déjà en cours." in html
    for ancre in ("#id_siren", "#id_mot_de_passe", "#id_civilite_0"):
        assert f'href="{ancre}"' in html
    assert "#id_telephone" not in html
    assert 'id="id_civilite_0"' in champs(Formulaire({}))


def test_pas_de_resume_sans_erreur() -> None:
    assert not render_to_string("composants/erreurs.html", {"formulaire": Formulaire()}).strip()


@pytest.mark.parametrize(("nom", "attendu"), [("siren", "id_siren"), ("civilite", "id_civilite_0")])
def test_ancre(nom: str, attendu: str) -> None:
    assert ancre_champ(Formulaire()[nom]) == attendu


def test_pages_proches_de_la_page_montree() -> None:
    page = Paginator(range(400), 20).page(7)
    assert list(pages_proches(page)) == [1, page.paginator.ELLIPSIS, 6, 7, 8, page.paginator.ELLIPSIS, 20]


def test_le_resume_ne_mene_pas_a_un_champ_que_la_page_ne_montre_pas() -> None:
    html = render_to_string("composants/erreurs.html", {"formulaire": Formulaire({}), "sans_champs": True})
    assert "Numéro SIREN" in html
    assert "href" not in html
