"""What a form says of a field left empty names what is asked for, in every form of the portal; all that is wrong is said at once (walker 6: 17, 32)."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from django import forms

from espacepro.typographie import INSECABLE
from habilitations.forms import AccepterForm, BeneficiaireForm, DelegataireForm
from services.banque.forms import EXEMPLE, RelectureForm, TitulaireForm
from services.banque.iban import IbanCle, lire_iban
from tests.factories import EspaceFactory
from tests.services.banque.scenes import IBAN

ETAGES = ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro")
A_PART = (".migrations", ".management", ".demonstration")


def formulaires(classe: type[forms.BaseForm] = forms.BaseForm) -> Iterator[type[forms.BaseForm]]:
    """Yield each form of the portal, once all that declares one is imported."""
    for fille in classe.__subclasses__():
        if fille.__module__.partition(".")[0] in ETAGES:
            yield fille
        yield from formulaires(fille)


@pytest.fixture(scope="module")
def tous() -> set[type[forms.BaseForm]]:
    for etage in ETAGES:
        paquet = importlib.import_module(etage)
        for module in pkgutil.walk_packages(paquet.__path__, f"{etage}."):
            if not any(part in module.name for part in A_PART):
                importlib.import_module(module.name)
    return set(formulaires())


def test_chaque_champ_obligatoire_dit_ce_qui_manque(tous: set[type[forms.BaseForm]]) -> None:
    """Seen red with sixty fields: « Ce champ est obligatoire. »"""
    assert len(tous) > 60
    defaut = str(forms.Field.default_error_messages["required"])
    muets = [
        f"{formulaire.__module__}.{formulaire.__name__}.{nom}"
        for formulaire in tous
        for nom, champ in formulaire.base_fields.items()  # type: ignore[attr-defined]
        if champ.required and str(champ.error_messages["required"]) == defaut
    ]
    assert not muets, sorted(muets)


@pytest.mark.django_db
def test_un_numero_faux_se_dit_avec_le_nom_et_le_role_qui_manquent() -> None:
    for numero in ("9999 999", "1" * 14):
        form = DelegataireForm({"numero": numero, "nom": "", "role": ""})
        assert set(form.errors) == {"numero", "nom", "role"}
        assert "14 chiffres" in form.errors["numero"][0]
        assert set(AccepterForm({"numero": numero, "role": ""}).errors) == {"numero", "services", "role"}
    soi = EspaceFactory()
    sien = BeneficiaireForm({"numero": soi.numero_lisible, "nom": ""}, acteur=soi)
    assert "est le vôtre" in sien.errors["numero"][0]
    assert "nom" in sien.errors


def test_un_bic_faux_se_dit_avec_le_titulaire_qui_manque() -> None:
    form = RelectureForm({"iban": IBAN, "bic": "PAS UN BIC", "titulaire": ""})
    assert set(form.errors) == {"bic", "titulaire"}
    assert set(RelectureForm({"iban": "FR76", "bic": "PAS UN BIC", "titulaire": "A"}).errors) == {"iban"}


def test_le_titulaire_ne_porte_que_ce_qu_un_prelevement_transmet() -> None:
    def lu(saisie: str) -> str:
        form = TitulaireForm({"titulaire": saisie, "montre": "A"})
        return form.cleaned_data["titulaire"] if form.is_valid() else form.errors["titulaire"][0]

    assert lu("“SAINT” \N{EN DASH} ÉLOI & FILS") == "SAINT - ÉLOI & FILS"
    assert lu("SARL « L’ATELIER », (2e) / A+B: n.?") == "SARL L'ATELIER , (2e) / A+B: n.?"
    assert "« # »" in lu("#panic").replace("\N{NO-BREAK SPACE}", " ")


def test_l_exemple_d_iban_n_est_celui_de_personne() -> None:
    with pytest.raises(IbanCle):
        lire_iban(EXEMPLE)


def test_ce_qui_est_trop_long_se_dit_et_n_est_pas_coupe(tous: set[type[forms.BaseForm]]) -> None:
    """A browser cuts what is pasted at `maxlength` without a word (walker 6: 36)."""
    for formulaire in tous:
        for nom, champ in formulaire.base_fields.items():  # type: ignore[attr-defined]
            if isinstance(champ, forms.CharField):
                assert "maxlength" not in champ.widget.attrs, (formulaire, nom)
    form = BeneficiaireForm({"numero": "1", "nom": "N" * 300})
    assert form.errors["nom"] == [f"170 caractères au plus{INSECABLE}: vous en avez saisi 300."]
