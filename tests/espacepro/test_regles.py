"""docs/regles.md says nothing that the code does not hold: every rule, function, test and constraint that it names exists."""

import ast
import importlib
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache, reduce
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from habilitations.droits.roles import MATRICE
from habilitations.models import Role
from tests.espacepro.contraintes import contraintes
from tests.sources import module_de

RACINE = Path(__file__).resolve().parents[2]
TEXTE = (RACINE / "docs" / "regles.md").read_text(encoding="utf-8")
CITE = re.compile(r"`([\w/]+\.(?:py|js))((?:::\w+)*)`")
CASE = re.compile(r"^\| `([\w.]+)`.*?((?:\| [✔✘] ){4})\|$", re.MULTILINE)
COLONNES = (Role.TITULAIRE, Role.SUPPLEANT, Role.ACTEUR_DELEGANT, Role.ACTEUR)
TEST = re.compile(r"tests/[\w/]+\.py(::Test\w+)?::test_\w+")
FIGURE = re.compile(
    r"`((?:[\w/]+\.(?:py|json)::|settings\.)[\w.]+)` = (\(\d[\w ]*(?:, \d[\w ]*)*\)|\d+(?: (?:second|minute|hour|day)s?\b)?)"
)
REGLE = re.compile(r"^### (R\d+)\. ", re.MULTILINE)


@cache
def noms(chemin: str) -> frozenset[str]:
    """Return what this module defines, as `name` and `Class::name`; nothing at all when there is no such file."""
    fichier = RACINE / chemin
    if not fichier.is_file() or fichier.suffix != ".py":
        return frozenset()

    def parcourir(corps: list[ast.stmt], prefixe: str) -> set[str]:
        trouves: set[str] = set()
        for noeud in corps:
            match noeud:
                case ast.FunctionDef(name=nom) | ast.AsyncFunctionDef(name=nom):
                    trouves.add(prefixe + nom)
                case ast.ClassDef(name=nom, body=membres):
                    trouves |= {prefixe + nom} | parcourir(membres, f"{prefixe}{nom}::")
                case ast.Assign(targets=cibles):
                    trouves |= {prefixe + cible.id for cible in cibles if isinstance(cible, ast.Name)}
                case ast.AnnAssign(target=ast.Name(id=nom)):
                    trouves.add(prefixe + nom)
        return trouves

    return frozenset(parcourir(module_de(fichier).body, ""))


def _valeur(nom: str) -> Any:
    """Return what this figure is in the code: `settings.NAME`, `path/file.py::NAME` or `path/file.json::key.key`."""
    if nom.startswith("settings."):
        return getattr(settings, nom.removeprefix("settings."), None)
    chemin, cle = nom.split("::")
    if not (RACINE / chemin).is_file():
        return None
    if chemin.endswith(".json"):
        contenu = json.loads((RACINE / chemin).read_text(encoding="utf-8"))
        return reduce(lambda objet, mot: objet.get(mot, {}), cle.split("."), contenu)
    return getattr(importlib.import_module(chemin.removesuffix(".py").replace("/", ".")), cle, None)


def _chiffre(ecrit: str) -> int | timedelta:
    """Return what `5` or `48 hours` says."""
    nombre, _, unite = ecrit.partition(" ")
    return timedelta(**{f"{unite.rstrip('s')}s": int(nombre)}) if unite else int(nombre)


def _chiffres_faux(ligne: str) -> Iterator[str]:
    """Yield what is wrong in a line of figures: a value that is not the code's, a name without value, no constraint."""
    reste = ligne
    for trouvee in FIGURE.finditer(ligne):
        nom, ecrit = trouvee.groups()
        reste = reste.replace(trouvee[0], "", 1)
        valeur = _valeur(nom)
        if ecrit.startswith("("):
            attendu: Any = tuple(_chiffre(mot) for mot in ecrit.strip("()").split(", "))
        else:
            attendu = _chiffre(ecrit)
        if isinstance(attendu, timedelta) and isinstance(valeur, int):
            valeur = timedelta(seconds=valeur)
        if valeur != attendu:
            yield f"figure: {nom} is {valeur}, not {attendu}"
    for nom in re.findall(r"`(.*?)`", reste):
        if nom not in contraintes():
            yield f"figure without value: {nom}"


def _chiffres_tus(texte: str) -> Iterator[str]:
    """Yield the business figures of the settings that no line of figures names."""
    source = (RACINE / "espacepro" / "settings.py").read_text(encoding="utf-8").partition("# --- Business figures")[2]
    dits = {nom for ligne in texte.splitlines() if ligne.startswith("- Figure: ") for nom, _ in FIGURE.findall(ligne)}
    for nom in re.findall(r"^([A-Z_]+) = [^\"\n]+$", source, re.MULTILINE):
        if f"settings.{nom}" not in dits:
            yield f"figure of no rule: {nom}"


def _lignes_fautives(texte: str) -> Iterator[str]:
    """Yield what is wrong in the lines that name tests, functions and constraints."""
    for ligne in texte.splitlines():
        quoi, _, reste = ligne.partition(": ")
        if quoi == "- Figure":
            yield from _chiffres_faux(reste)
        for nom in re.findall(r"`(.*?)`", reste):
            if quoi == "- Tests" and not TEST.fullmatch(nom):
                yield f"not a test: {nom}"
            elif quoi == "- Decides" and (nom.startswith("tests/") or not CITE.fullmatch(f"`{nom}`")):
                yield f"not a function: {nom}"
            elif quoi == "- Database" and nom not in contraintes():
                yield f"no constraint: {nom}"


def _regles_nues(texte: str) -> Iterator[str]:
    """Yield the rules that name no function or fewer than two tests, and do not say that they are not built."""
    for section in re.split(r"^(?=#+ )", texte, flags=re.MULTILINE):
        if (regle := REGLE.match(section)) and "\n- *Not built*: " not in section:
            essais = re.search(r"^- Tests: (.*)$", section, re.MULTILINE)
            if "\n- Decides: `" not in section or essais is None or essais[1].count("`") < 4:
                yield f"needs a function and two tests: {regle[1]}"


def fautes(texte: str) -> list[str]:
    """Return what is wrong with this text of regles.md."""
    trouvees = [*_lignes_fautives(texte), *_regles_nues(texte), *_chiffres_tus(texte)]
    if (regles := REGLE.findall(texte)) != [f"R{rang}" for rang in range(1, 26)]:
        trouvees.append(f"rules: {regles}")
    for chemin, suite in CITE.findall(texte):
        nom = suite.removeprefix("::")
        if not (RACINE / chemin).is_file() or (nom and nom not in noms(chemin)):
            trouvees.append(f"absent: {chemin}{suite}")
    tableau = {nom: [coche == "✔" for coche in re.findall("[✔✘]", cases)] for nom, cases in CASE.findall(texte)}
    if tableau != {nom: [role in roles for role in COLONNES] for nom, roles in MATRICE.items()}:
        trouvees.append("the matrix is not habilitations/droits/roles.py's")
    return trouvees


def test_les_regles_disent_vrai() -> None:
    assert fautes(TEXTE) == []


@pytest.mark.parametrize(
    ("avant", "apres", "faute"),
    [
        ("### R7. ", "### R07. ", "rules: "),
        ("### R25. ", "### R26. ", "rules: "),
        ("::exiger_admissible`", "::exiger_admissibles`", "absent: activation/demandes/creation_simplifiee.py"),
        ("`accounts/espace/dormants.py::", "`accounts/dormant.py::", "absent: accounts/dormant.py"),
        ("Courrier::est_expire`", "Courrier::est_perime`", "absent: activation/models/courrier.py"),
        ("force_mot_de_passe.js`", "force.js`", "absent: static/js/force.js"),
        ("::test_juste`", "::test_injuste`", "absent: tests/activation/demandes/test_refus_du_code.py"),
        ("::TestCourses::test_le_101e", "::test_le_101e", "absent: tests/habilitations/droits/test_perimetre.py"),
        ("::test_adresse`", "::inscrire`", "not a test: "),
        ("- Decides: `", "- Decides: `tests/conftest.py::espace`, `", "not a function: "),
        ("`retrait_une_en_cours`", "`retrait_en_cours`", "no constraint: "),
        ("`journal_immuable`", "`journal_muable`", "no constraint: "),
        (
            "- Decides: `accounts/espace/dormants.py",
            "- `accounts/espace/dormants.py",
            "needs a function and two tests: R23",
        ),
        ("- *Not built*: there is no API", "- There is no API", "needs a function and two tests: R25"),
        (
            "`settings.CODE_VALIDITE` = 60 days",
            "`settings.CODE_VALIDITE` = 61 days",
            "figure: settings.CODE_VALIDITE is ",
        ),
        ("`settings.SESSION_COOKIE_AGE` = 10 hours", "`settings.SESSION_COOKIE_AGE` = 10 days", "figure: "),
        ("::HISTORIQUE` = 5", "::HISTORIQUE` = 4", "figure: accounts/mots_de_passe/politique.py::HISTORIQUE is 5"),
        ("::longueur.minimale` = 20", "::longueur.minimale` = 8", "figure: "),
        ("`settings.RAPPELS_CODE` = (10, 45, 55)", "`settings.RAPPELS_CODE` = (10, 45, 54)", "figure: "),
        ("_ADRESSE` = (6, 1 hour)", "_ADRESSE` = (6, 2 hours)", "figure: settings.DEBIT_COURRIELS_ADRESSE is "),
        ("`settings.CODE_ESSAIS` = 5", "`settings.CODE_ESSAI` = 5", "figure: settings.CODE_ESSAI is None"),
        ("::DELAI_DECLIN` = 15 days", "::DELAI_DECLIN` (15 days)", "figure without value: "),
        ("in the database: `courrier_essais`", "in the database: `courrier_essai`", "figure without value: "),
        ("`settings.RENVOI_APRES` = 2 minutes", "", "figure of no rule: RENVOI_APRES"),
        ("| `habilitations.voir` | ✔ | ✔ | ✘", "| `habilitations.voir` | ✔ | ✔ | ✔", "the matrix"),
        ("| `habilitations.voir` |", "| `habilitations.lire` |", "the matrix"),
    ],
)
def test_le_controle_voit_la_faute(avant: str, apres: str, faute: str) -> None:
    assert avant in TEXTE
    assert [f for f in fautes(TEXTE.replace(avant, apres, 1)) if f.startswith(faute)]
