"""The door of typed text: what it does to each kind, and that nothing typed goes around it (issue 11 item 3)."""

import ast
import importlib
import pkgutil
import unicodedata
import uuid
from argparse import ArgumentTypeError
from collections.abc import Iterator
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from hypothesis import given
from hypothesis import settings as reglages
from hypothesis import strategies as st

from accounts.forms.champs import ChampCle, ChampPorte, ChampReponse, ChampSecret
from accounts.gestion.consultation import ConsultationAdmin
from accounts.saisies.commande import argument_identifiant, argument_ligne
from accounts.saisies.porte import (
    TexteIllisible,
    lire_brut,
    lire_identifiant,
    lire_ligne,
    lire_liste,
    lire_phrase,
    lire_recherche,
    lire_texte,
    serrer,
)
from espacepro.gestion.forms import ConnexionAgentForm
from tests.sources import module_de, noeuds

RACINE = Path(settings.RACINE)
APPLICATIONS = ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro")
SOURCES = sorted(
    chemin for app in APPLICATIONS for chemin in (RACINE / app).rglob("*.py") if "migrations" not in chemin.parts
)
CHAMPS = RACINE / "accounts" / "forms" / "champs.py"
TEXTES_DE_DJANGO = {
    nom
    for nom in dir(forms)
    if isinstance(getattr(forms, nom), type) and issubclass(getattr(forms, nom), forms.CharField)
}
PORTES = [lire_ligne, lire_identifiant, lire_phrase, lire_texte, lire_recherche, serrer, lire_brut]


# --- What the door does -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("porte", PORTES)
@pytest.mark.parametrize("saisie", ["a\x00b", "\x00", "a\ud800b", "\udfff"])
def test_nul_et_une_moitie_de_caractere_sont_refuses(porte, saisie: str) -> None:
    with pytest.raises(TexteIllisible, match="caractère"):
        porte(saisie)


@pytest.mark.parametrize(
    ("saisie", "lue"),
    [
        ("  Rue\u00a0des\u202f Lilas\t", "Rue des Lilas"),
        ("Rue\r\ndes\u2028Lilas", "Rue des Lilas"),
        ("Rue\u200b des\u2060 Li\u00adlas\ufeff", "Rue des Lilas"),
        ("\u202eRue\u202c \u2066des\u2069 Lilas\u200e", "Rue des Lilas"),
        ("L\u2019Ho\u0302pital", "L'Hôpital"),
        ("12½ rue", "12 1/2 rue"),
        ("\ufb01lle", "fille"),
        ("Gal·la Kaʻahumanu", "Gal·la Kaʻahumanu"),
        ("\u2800", "\u2800"),
        ("\U0001f600\ufe0f", "\U0001f600"),
        ("\u3164", ""),
    ],
)
def test_une_ligne(saisie: str, lue: str) -> None:
    assert lire_ligne(saisie) == lue


@pytest.mark.parametrize(
    ("saisie", "lu"),
    [
        ("552\u00a0032\u202f534", "552 032 534"),
        *(
            (f"D{trait}2026{trait}AB", "D-2026-AB")
            for trait in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\uff0d"
        ),
        *((f"75{espace}001", "75 001") for espace in "\u00a0\u2000\u2003\u2007\u2009\u202f\u205f\u3000\t"),
        *((f"75{rien}001", "75001") for rien in "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u061c\u180e"),
        ("\uff24\uff0d\uff11", "D-1"),
    ],
)
def test_un_identifiant(saisie: str, lu: str) -> None:
    assert lire_identifiant(saisie) == lu


@pytest.mark.parametrize(
    ("saisie", "lu"),
    [
        ("Ligne 1\r\nLigne 2\rLigne 3\x0bLigne 4", "Ligne 1\nLigne 2\nLigne 3\nLigne 4"),
        ("cafe\u0301 \u00ab\u00a0oui\u00a0\u00bb", "café \u00ab\u00a0oui\u00a0\u00bb"),
        ("m\u00b2 et ½", "m\u00b2 et ½"),
        ("a\u200bb\u202ec\x02d", "abcd"),
        ("\uf0b7\tPremier\n\uf0a7 Second", "• Premier\n• Second"),  # pasted from Word
    ],
)
def test_un_texte_libre(saisie: str, lu: str) -> None:
    assert lire_texte(saisie) == lu


def test_une_phrase_garde_ses_apostrophes() -> None:
    assert lire_phrase("  Question\u00a0sur\r\nl\u2019\u200be\u0301te\u0301\t") == "Question sur l\u2019été"


def test_une_liste_collee_d_un_tableur_a_une_cellule_par_ligne() -> None:
    assert lire_liste("552\u202f032 534\t\u200b356000000\r\n000325175 ") == "552 032 534\n356000000\n000325175"


def test_une_reponse_n_est_pas_touchee() -> None:
    assert lire_brut(" Ma re\u0301ponse\u00a0½ ") == "Ma re\u0301ponse\u00a0½"


@reglages(max_examples=1000)
@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_passer_deux_fois_ne_change_rien_et_rien_d_invisible_ne_reste(texte: str) -> None:
    for porte in PORTES:
        lu = porte(texte)
        assert porte(lu) == lu, porte.__name__
    for porte in (lire_ligne, lire_identifiant, serrer):
        assert not any(unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} for c in porte(texte))
        assert not any(c.isspace() and c != " " for c in porte(texte))
    assert not any(unicodedata.category(c) in {"Cc", "Cf"} and c != "\n" for c in lire_texte(texte))
    assert not any(unicodedata.category(c) == "Pd" and c != "-" for c in lire_identifiant(texte))


def test_chaque_signe_que_nfkc_recrit_est_lu_une_fois_pour_toutes() -> None:
    """« ″ » became two primes, then two apostrophes: read twice, one text was two."""
    signes = map(chr, (*range(0xD800), *range(0xE000, 0x20000)))
    recrits = [s for s in signes if unicodedata.normalize("NFKC", s) != s]
    assert len(recrits) > 4000
    for porte in PORTES:
        assert [s for s in recrits if porte(porte(f"a{s}b")) != porte(f"a{s}b")] == [], porte.__name__
    assert lire_ligne("12\u20334\u2057") == "12''4''''"


# --- Nothing goes around it -------------------------------------------------------------------------------------------


def _arbres() -> Iterator[tuple[Path, ast.AST]]:
    for chemin in SOURCES:
        yield chemin, module_de(chemin)


def test_aucun_champ_de_texte_de_django_n_est_ecrit_ailleurs_que_dans_champs() -> None:
    """In the source: neither made nor subclassed, under any name that `django.forms` gives it."""
    fautifs = []
    for chemin, arbre in _arbres():
        if chemin == CHAMPS:
            continue
        for noeud in noeuds(arbre):
            appele = noeud.func if isinstance(noeud, ast.Call) else None
            for nom in [appele, *(noeud.bases if isinstance(noeud, ast.ClassDef) else [])]:
                if isinstance(nom, ast.Attribute) and isinstance(nom.value, ast.Name) and nom.value.id == "forms":
                    fautifs += [(chemin.name, noeud.lineno, nom.attr)] if nom.attr in TEXTES_DE_DJANGO else []
            if isinstance(noeud, ast.ImportFrom) and (noeud.module or "").startswith("django.forms"):
                fautifs += [(chemin.name, noeud.lineno, a.name) for a in noeud.names if a.name in TEXTES_DE_DJANGO]
    assert fautifs == []


def _formulaires() -> set[type[forms.BaseForm]]:
    """Return every form class of the portal: those of its modules, and those that its pages name."""
    for app in APPLICATIONS:
        for module in pkgutil.walk_packages([str(RACINE / app)], f"{app}."):
            if "forms" in module.name or "views" in module.name or module.name.endswith(("admin", "gestion")):
                importlib.import_module(module.name)
    trouves: set[type[forms.BaseForm]] = set()
    attente = [forms.BaseForm]
    while attente:
        for fille in attente.pop().__subclasses__():
            attente.append(fille)
            if fille.__module__.split(".")[0] in APPLICATIONS:
                trouves.add(fille)
    return trouves | set(_des_pages())


def _des_pages(resolveur: URLResolver | None = None) -> Iterator[type[forms.BaseForm]]:
    """Walk the urlconf: the form that each class-based view names."""
    for entree in (resolveur or get_resolver()).url_patterns:
        if isinstance(entree, URLResolver):
            yield from _des_pages(entree)
        elif isinstance(entree, URLPattern):
            vue = getattr(entree.callback, "view_class", None)
            formulaire = getattr(vue, "authentication_form", None) or getattr(vue, "form_class", None)
            if isinstance(formulaire, type) and issubclass(formulaire, forms.BaseForm):
                yield formulaire
    yield ConnexionAgentForm


@pytest.mark.django_db
def test_aucun_champ_de_texte_n_echappe_a_la_porte() -> None:
    """In the forms as they are: a text is a ChampPorte, or a password, which nobody touches."""
    formulaires = [
        f
        for f in _formulaires()
        if f.__module__.split(".")[0] in APPLICATIONS or f.__module__.startswith("django.contrib")
    ]
    assert len(formulaires) > 20
    textes = 0
    for formulaire in formulaires:
        champs = {**getattr(formulaire, "base_fields", {}), **getattr(formulaire, "declared_fields", {})}
        for nom, champ in champs.items():
            if isinstance(champ, forms.CharField):
                textes += 1
                secret = isinstance(champ.widget, forms.PasswordInput)
                assert isinstance(champ, ChampSecret if secret else ChampPorte), (formulaire, nom)
    assert textes > 30


def test_un_mot_de_passe_n_est_jamais_touche() -> None:
    tape = "  m\u00f4t\u00a0de\u200bpasse\u2011½ \t"
    assert ChampSecret().clean(tape) == tape
    assert ChampReponse().clean(f" {tape} ") == tape.strip()


def test_une_cle_cachee_passe_la_porte() -> None:
    cle = uuid.uuid4()
    assert ChampCle().clean(f"\u200b{cle}\u00a0") == cle
    assert ChampCle(required=False).clean("") is None
    for champ, saisie in ((ChampCle(), ""), (ChampCle(required=False), "x"), (ChampCle(), f"{cle}0")):
        with pytest.raises(forms.ValidationError, match="incomplet"):
            champ.clean(saisie)
    with pytest.raises(forms.ValidationError, match="caractère"):
        ChampCle().clean(f"{cle}\x00")


@pytest.mark.django_db
def test_les_recherches_des_agents_passent_la_porte(monkeypatch: pytest.MonkeyPatch) -> None:
    cherche: list[str] = []
    monkeypatch.setattr(
        "django.contrib.admin.ModelAdmin.get_search_results",
        lambda self, requete, lignes, terme: cherche.append(terme) or (lignes, False),
    )
    from django.contrib import admin

    for pages in admin.site._registry.values():
        if isinstance(pages, ConsultationAdmin):
            requete = RequestFactory().get("/")
            requete.user = AnonymousUser()
            pages.get_search_results(requete, pages.model.objects.none(), "LE\u00a0BŒUF\u200b")
    assert len(cherche) > 8
    assert set(cherche) == {"LE BŒUF"}


def test_les_filtres_d_adresse_passent_la_porte() -> None:
    """No view reads a text of its own from the address or the body but to compare it, or through the door."""
    connus = {
        "page",
        "par",
        "sens",
        "suite",
        "famille",
        "format",
        "action",
        "montrees",
        "theme",
        "objet",
        "texte",
        "liste",
        "tout",
        "vers",
        "attente",
        "role",
        "effacer",
        "quand__gte",
    }
    connus |= {"etat", "q", "service", "motif", "reference", "annee", "domaine", "lot", "qualite"}
    connus |= {
        "retour",
        "voir",
        "siren",
        "entreprise",
        "collaborateur",
        "oter",
        "toute_la_page",
        "aller",
        "actifs",
        "apres",
        "preuve",  # of work: resolved, compared, never shown
        "emporte",  # sealed by us
        "username",  # compared in its one form with the account that is signed in
        "montre",  # compared (services/messagerie/montres.py)
        "partie",  # compared with those there are
        "envoi",  # cut, compared with what the session kept
    }
    lus = set()
    for _, arbre in _arbres():
        for noeud in noeuds(arbre):
            if (
                isinstance(noeud, ast.Call)
                and isinstance(noeud.func, ast.Attribute)
                and noeud.func.attr == "get"
                and isinstance(noeud.func.value, ast.Attribute)
                and noeud.func.value.attr in {"GET", "POST"}
                and noeud.args
                and isinstance(noeud.args[0], ast.Constant)
            ):
                lus.add(noeud.args[0].value)
    assert lus <= connus, "a new one: a field of a form, or lire_recherche; then its name here"


def test_chaque_argument_de_texte_d_une_commande_passe_la_porte() -> None:
    fautifs = []
    for chemin, arbre in _arbres():
        if "commands" not in chemin.parts:
            continue
        for noeud in noeuds(arbre):
            if isinstance(noeud, ast.Call) and getattr(noeud.func, "attr", "") == "add_argument":
                options = {mot.arg for mot in noeud.keywords}
                if not options & {"type", "choices", "action"}:
                    fautifs.append((chemin.name, noeud.lineno))
    assert fautifs == []


@pytest.mark.parametrize("lire", [argument_ligne, argument_identifiant])
def test_un_argument_illisible_est_dit(lire) -> None:
    assert lire("\u00a0anne\u200b ") == "anne"
    with pytest.raises(ArgumentTypeError, match="caractère"):
        lire("anne\udcff")  # a byte that is no UTF-8, as argv gives it


@pytest.mark.django_db
def test_une_commande_le_refuse_sans_trace() -> None:
    with pytest.raises(CommandError, match="caractère"):
        call_command("reinitialiser_agent", "--email", "anne\udcff@exemple.fr", "--preuve", "CARTE")
