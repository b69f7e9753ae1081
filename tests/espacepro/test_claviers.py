"""What every field of the house says to the keyboard and to the browser's memory: one kind each, of a closed table (issue 10.14)."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from django import forms
from django.template import engines

from accounts.forms.champs import ChampJour
from accounts.forms.claviers import Clavier
from tests import pages

APPS = ("accounts", "activation", "espacepro", "habilitations", "services", "surveillance")
# The element's type, then autocomplete, inputmode, autocapitalize, spellcheck, enterkeyhint; "-" where nothing is written.
TABLE = {
    "IDENTIFIANT_DE_CONNEXION": "email username email none false go",
    "ADRESSE": "email email email none false done",
    "ADRESSE_D_ENTREPRISE": "email off email none false done",
    "MOT_DE_PASSE": "password current-password - none false go",
    "NOUVEAU_MOT_DE_PASSE": "password new-password - none false done",
    "PRENOM": "text given-name - words false done",
    "NOM": "text family-name - words false done",
    "TELEPHONE": "tel tel tel none false done",
    "VOIE": "text address-line1 - words false done",
    "COMPLEMENT": "text address-line2 - words false done",
    "DISTRIBUTION": "text address-line3 - words false done",
    "CODE_POSTAL": "text postal-code - characters false done",
    "COMMUNE": "text address-level2 - words false done",
    "PAYS": "text country-name - words false done",
    "REPONSE_DE_CONFIANCE": "text off - none false done",
    "CHIFFRES": "text off numeric none false done",
    "CODE": "text off - characters false go",
    "LISTE_DE_SIREN": "textarea off - characters false enter",
    "CODE_A_SIX_CHIFFRES": "text one-time-code numeric none false go",
    "CODE_RECU": "text one-time-code - characters false go",
    "REFERENCE": "text off - characters false done",
    "NOM_D_AUTRUI": "text off - words false done",
    "PHRASE": "text off - sentences true done",
    "TEXTE": "textarea off - sentences true enter",
    "RECHERCHE": "search off search none false search",
    "JOUR": "date off - - - done",
}
# name of a field -> its kind, whatever the form; what agents type about others carries no token of the user's own.
NOMS = {
    "username": "IDENTIFIANT_DE_CONNEXION",
    "email": "ADRESSE",
    "courriel_entreprise": "ADRESSE_D_ENTREPRISE",
    "password": "MOT_DE_PASSE",
    "actuel": "MOT_DE_PASSE",
    "confirmation_mot_de_passe": "MOT_DE_PASSE",
    "nouveau": "NOUVEAU_MOT_DE_PASSE",
    "confirmation": "NOUVEAU_MOT_DE_PASSE",
    "telephone": "TELEPHONE",
    "reponse_confiance": "REPONSE_DE_CONFIANCE",
    "siren_appartenance": "CHIFFRES",
    "numero": "CHIFFRES",
    "sirens": "LISTE_DE_SIREN",
    "reference": "REFERENCE",
    "numero_lettre": "REFERENCE",
    "texte": "TEXTE",
    "motif": "TEXTE",
    "preuve": "TEXTE",
}
PAR_FORMULAIRE = {
    ("TitulaireForm", "prenom"): "PRENOM",
    ("TitulaireForm", "nom"): "NOM",
    ("TitulaireForm", "voie"): "VOIE",
    ("TitulaireForm", "complement"): "COMPLEMENT",
    ("TitulaireForm", "code_postal"): "CODE_POSTAL",
    ("TitulaireForm", "commune"): "COMMUNE",
    ("CoordonneesForm", "distribution"): "DISTRIBUTION",
    ("CoordonneesForm", "pays"): "PAYS",
    ("InscriptionForm", "mot_de_passe"): "NOUVEAU_MOT_DE_PASSE",
    ("MotDePasseActuelForm", "mot_de_passe"): "MOT_DE_PASSE",
    ("OubliForm", "adresse"): "IDENTIFIANT_DE_CONNEXION",
    ("ChangerAdresseForm", "adresse"): "ADRESSE",
    ("CourrielEntrepriseForm", "adresse"): "ADRESSE_D_ENTREPRISE",
    ("SirenForm", "siren"): "CODE",
    ("SirenAttribueForm", "siren"): "CHIFFRES",
    ("AdresseForm", "code_postal"): "REFERENCE",
    ("AdresseForm", "voie"): "NOM_D_AUTRUI",
    ("RepresentantForm", "nom"): "NOM_D_AUTRUI",
    ("BeneficiaireForm", "nom"): "NOM_D_AUTRUI",
    ("NomAdmisForm", "nom"): "NOM_D_AUTRUI",
    ("accounts.forms.securite.CodeForm", "code"): "CODE_A_SIX_CHIFFRES",
    ("CodeSecoursForm", "code"): "CODE",
    ("activation.forms.CodeForm", "code"): "CODE_RECU",
    ("DelegataireForm", "expire_le"): "JOUR",
}
CHOISIS = (forms.ChoiceField, forms.BooleanField, forms.ModelChoiceField, forms.FileField)  # nothing is typed in them


def formulaires() -> Iterator[type[forms.BaseForm]]:
    for app in APPS:
        for module in pkgutil.walk_packages([app], f"{app}."):
            if not any(
                coin in module.name for coin in (".migrations", ".demonstration", ".settings", "gabarits", ".wsgi")
            ):
                importlib.import_module(module.name)
    a_voir = [forms.BaseForm]
    while a_voir:
        for classe in a_voir.pop().__subclasses__():
            a_voir.append(classe)
            if classe.__module__.split(".")[0] in APPS:
                yield classe


def genre(champ: forms.Field) -> str:
    return "JOUR" if isinstance(champ, ChampJour) else getattr(getattr(champ, "clavier", None), "name", "")


def ecrits(champ: forms.Field) -> dict[str, str]:
    """The attributes of the element as the page has it."""
    html = champ.widget.render("x", "")
    return next(attributs for nom, attributs in pages._elements(html) if nom in {"input", "textarea"})


def test_la_table_des_claviers() -> None:
    noms = ("autocomplete", "inputmode", "autocapitalize", "spellcheck", "enterkeyhint")
    dits = {c.name: " ".join([c.value.type, *(c.attributs.get(nom, "-") for nom in noms)]) for c in Clavier}
    assert dits == TABLE


def test_chaque_champ_a_son_clavier_et_le_porte() -> None:
    vus: dict[tuple[str, str], str] = {}
    fautes = []
    for classe in formulaires():
        for nom, champ in getattr(classe, "base_fields", {}).items():
            if isinstance(champ, CHOISIS) or champ.widget.is_hidden:
                continue
            sien = genre(champ)
            vus[classe.__name__, nom] = vus[f"{classe.__module__}.{classe.__qualname__}", nom] = sien
            if sien not in TABLE or NOMS.get(nom, sien) != sien:
                fautes.append((classe.__name__, nom, sien))
                continue
            portes = ecrits(champ)
            voulus = Clavier[sien].attributs | ({"type": Clavier[sien].value.type} if sien != "TEXTE" else {})
            voulus = {n: v for n, v in voulus.items() if v != "textarea"}
            fautes += [(classe.__name__, nom, n, portes.get(n)) for n, v in voulus.items() if portes.get(n) != v]
    assert fautes == []
    assert {cle: vus.get(cle) for cle in PAR_FORMULAIRE} == PAR_FORMULAIRE
    assert set(NOMS) <= {nom for _, nom in vus}


@pytest.mark.parametrize("nom", ["siren", "reference", "code"])
def test_pas_de_pave_de_chiffres_pour_ce_qui_prend_des_lettres(nom: str) -> None:
    """An IDSP, a reference and a code of a letter have letters (issue 10.14)."""
    from activation.forms import CodeForm, SignalementForm, SirenForm

    champ = next(f.base_fields[nom] for f in (SirenForm, SignalementForm, CodeForm) if nom in f.base_fields)
    assert "inputmode" not in champ.widget.attrs
    assert champ.widget.attrs["autocapitalize"] == "characters"


def test_un_champ_ecrit_dans_un_gabarit_dit_son_genre() -> None:
    """What tests/pages.py refuses on every page served: a field typed in that has the attributes of no kind."""
    ecrire = engines["django"].from_string('<input type="search"{% clavier "RECHERCHE" %} aria-label="x">').render
    assert list(pages._claviers(list(pages._elements("<search>" + ecrire({}) + "</search>")))) == []
    for fautif in ('<input type="search" name="q">', '<textarea name="m">', '<input name="n" autocomplete="off">'):
        assert list(pages._claviers(list(pages._elements(fautif)))), fautif
