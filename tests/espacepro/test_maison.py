"""The habits of the house (docs/maison.md), read in the source: each rule refuses the example that it is shown.

An *act* is a public function at the top of a module of a room that opens its own transaction, by itself or through a
function of the same module, and either tells the journal or takes somebody who acts. It takes keywords only, `acteur`
first: an Espace, an Agent, an account, a visitor with a link, or the name of a job. A *sweep* opens transactions in
nobody's name and journals nothing (a reminder, a partition): keywords only. What the acts are built of (counters,
outboxes, the journal itself), receivers of signals, views and commands are neither.
"""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.sources import module_de, noeuds

RACINE = Path(__file__).parents[2]
APPS = ("accounts", "activation", "habilitations", "services", "surveillance", "espacepro")
# Rooms and folders that hold no act: what acts are built of, what calls them, what they write.
SANS_ACTE = re.compile(
    r"^accounts/(compteurs|envois|traces|documents|saisies)/|/(views|models|forms|management|migrations|templatetags)/|"
    r"/(admin|apps|tasks|urls|views)\.py$|^espacepro/demonstration/"
)
QUI_AGIT = {"Espace", "Compte", "Agent", "Visiteur"}


class Faute(NamedTuple):
    """What a rule refuses, and where."""

    ou: str
    quoi: str


Regle = Callable[[str, ast.Module], Iterator[Faute]]


def _nom(noeud: ast.AST) -> str:
    """Return the last word of a name or an attribute."""
    return noeud.attr if isinstance(noeud, ast.Attribute) else getattr(noeud, "id", "")


def _ouvre_transaction(fonction: ast.FunctionDef) -> bool:
    gestes: list[ast.expr] = [*fonction.decorator_list]
    for noeud in noeuds(fonction):
        if isinstance(noeud, ast.Call) and _nom(noeud.func) == "chacun":  # each of many, in a transaction of its own
            return True
        if isinstance(noeud, ast.With):
            gestes += [element.context_expr for element in noeud.items]
    return any(_nom(n) in {"atomic", "essai_compte", "plafonne"} for geste in gestes for n in noeuds(geste))


def _consigne(fonction: ast.FunctionDef) -> bool:
    """Whether it writes a line, or tells another whom the line is to name."""
    appels = [n for n in noeuds(fonction) if isinstance(n, ast.Call)]
    return any(_nom(a.func) == "consigner" or "auteur" in {mot.arg for mot in a.keywords} for a in appels)


def _de_proche_en_proche(fonctions: dict[str, ast.FunctionDef], direct: Callable[[ast.FunctionDef], bool]) -> set[str]:
    """Return the functions of a module for which this holds, by themselves or through another of the same module."""
    trouves = {nom for nom, fonction in fonctions.items() if direct(fonction)}
    while suivants := {
        nom
        for nom, fonction in fonctions.items()
        if nom not in trouves and any(isinstance(n, ast.Name) and n.id in trouves for n in noeuds(fonction))
    }:
        trouves |= suivants
    return trouves


def actes_et_balayages(ou: str, module: ast.Module) -> Iterator[tuple[ast.FunctionDef, bool]]:
    """Yield each public function of a room that opens its transaction, and whether it is an act."""
    if SANS_ACTE.search(ou) or not ou.startswith(APPS):
        return
    fonctions = {n.name: n for n in module.body if isinstance(n, ast.FunctionDef)}
    transactionnelles = _de_proche_en_proche(fonctions, _ouvre_transaction)
    bavardes = _de_proche_en_proche(fonctions, _consigne)
    for nom in sorted(transactionnelles):
        fonction = fonctions[nom]
        parametres = [*fonction.args.args, *fonction.args.kwonlyargs]
        if nom.startswith("_") or (parametres and parametres[0].arg == "sender"):
            continue
        annotations = {_nom(n) for p in parametres if p.annotation for n in noeuds(p.annotation)}
        yield fonction, nom in bavardes or bool(annotations & QUI_AGIT)


def acteur_d_abord(ou: str, module: ast.Module) -> Iterator[Faute]:
    """An act takes keywords only, `acteur` first; a sweep takes keywords only (style.md « An act »)."""
    for fonction, acte in actes_et_balayages(ou, module):
        nommes = [parametre.arg for parametre in fonction.args.kwonlyargs]
        if fonction.args.args or fonction.args.posonlyargs:
            yield Faute(f"{ou}:{fonction.lineno}", f"{fonction.name}() takes positional arguments")
        elif acte and nommes[:1] != ["acteur"]:
            yield Faute(f"{ou}:{fonction.lineno}", f"{fonction.name}() does not take its `acteur` first")


def dates_en_un_lieu(ou: str, module: ast.Module) -> Iterator[Faute]:
    """A date is written for people by accounts/saisies/dates.py: one format per use, in the portal's zone."""
    if ou.startswith("tests/") or ou == "accounts/saisies/dates.py":
        return
    for noeud in noeuds(module):
        format_ = None
        if isinstance(noeud, ast.Call) and _nom(noeud.func) in {"date_format", "time_format", "localize"}:
            format_ = _nom(noeud.func)
        elif isinstance(noeud, ast.Call) and _nom(noeud.func) == "strftime":
            format_ = ast.unparse(noeud)
        elif isinstance(noeud, ast.FormattedValue) and noeud.format_spec is not None:
            format_ = ast.unparse(noeud.format_spec)
        if format_ and re.search(r"_format|localize|%[dejAaBb][ /.]|%m/|%H ?[:h]", format_):
            yield Faute(f"{ou}:{getattr(noeud, 'lineno', 0)}", f"a date written here: {format_}")


def code_d_une_seule_regle(ou: str, module: ast.Module) -> Iterator[Faute]:
    """A rule's code is borne by one class: a page and a log that name it mean one thing."""
    for classe in (n for n in noeuds(module) if isinstance(n, ast.ClassDef)):
        for code in _codes(classe):
            porteurs = codes_des_regles().get(code, set()) | {(ou, classe.name)}
            if len(porteurs) > 1:
                yield Faute(f"{ou}:{classe.lineno}", f"the code {code} is also another class's: {sorted(porteurs)}")


def _codes(classe: ast.ClassDef) -> list[str]:
    """Return the `code = "…"` that stands in this class, if it is a rule: it has a message too, or a rule for base."""
    valeurs = {
        cible.id: n.value
        for n in classe.body
        if isinstance(n, ast.Assign)
        for cible in n.targets
        if isinstance(cible, ast.Name)
    }
    code = valeurs.get("code")
    return [str(code.value)] if isinstance(code, ast.Constant) and "message" in valeurs else []


@cache
def codes_des_regles() -> dict[str, set[tuple[str, str]]]:
    codes: dict[str, set[tuple[str, str]]] = {}
    for ou, module in sources():
        if not ou.startswith("tests/"):
            for classe in (n for n in noeuds(module) if isinstance(n, ast.ClassDef)):
                for code in _codes(classe):
                    codes.setdefault(code, set()).add((ou, classe.name))
    return codes


COMPTEURS = {
    "reserver",
    "reserver_reseau",
    "compter_courriels",
    "compter_changement",
    "oublier_essais",
    "rendre",
    "essai_compte",
    "compter",
}


def vue_sans_regle(ou: str, module: ast.Module) -> Iterator[Faute]:
    """A view parses, calls one act, renders: it writes no journal, counts nothing, opens no transaction."""
    if "/views/" not in ou and not ou.endswith("/views.py"):
        return
    for noeud in noeuds(module):
        if isinstance(noeud, (ast.Name, ast.Attribute)) and _nom(noeud) in {"consigner", "atomic", *COMPTEURS}:
            yield Faute(f"{ou}:{noeud.lineno}", f"a view calls {_nom(noeud)}")


AUTORITE = {
    "Adhesion": "habilitations/",
    "Habilitation": "habilitations/",
    "Mandat": "habilitations/",
    "DemandeRetrait": "habilitations/",
    "Demande": "activation/",
    "Courrier": "activation/",
    "Remise": "activation/",
    "Signalement": "activation/",
    "CreationSimplifiee": "activation/",
    "Espace": "accounts/",
    "NomAdmis": "accounts/",
    "AdresseSaisie": "services/",
    "AdresseAttendue": "services/",
}
EN_MASSE = {"bulk_create", "bulk_update", "update", "update_or_create"}


def autorite_en_sa_maison(ou: str, module: ast.Module) -> Iterator[Faute]:
    """The rows of authority are written by the rooms of their app, never by a view, an admin, a command or a model."""
    for noeud in noeuds(module):
        if not (isinstance(noeud, ast.Call) and isinstance(noeud.func, ast.Attribute) and noeud.func.attr in EN_MASSE):
            continue
        for modele in {_nom(n) for n in noeuds(noeud.func.value)} & set(AUTORITE):
            dehors = not ou.startswith((AUTORITE[modele], "tests/"))
            if dehors or re.search(r"/(views|management|models|forms)/|/(admin|tasks)\.py$", ou):
                yield Faute(f"{ou}:{noeud.lineno}", f"{noeud.func.attr}() on {modele}")


def scenes_partagees(ou: str, module: ast.Module) -> Iterator[Faute]:
    """What two test modules need stands in a `scenes.py` (or factories, serveurs…): no test imports another."""
    if not ou.startswith("tests/"):
        return
    ici = ou.removesuffix(".py").split("/")[:-1]
    for noeud in noeuds(module):
        if isinstance(noeud, ast.Import):
            noms = [nom.name for nom in noeud.names]
        elif isinstance(noeud, ast.ImportFrom):
            debut = ".".join(ici[: len(ici) - noeud.level + 1]) if noeud.level else ""
            racine = ".".join(filter(None, [debut, noeud.module or ""]))
            noms = [racine, *(f"{racine}.{nom.name}" for nom in noeud.names)]
        else:
            continue
        for nom in noms:
            if re.fullmatch(r"tests(\.\w+)*\.(test_\w+|conftest)", nom):
                yield Faute(f"{ou}:{noeud.lineno}", f"imports {nom}")


REQUETE = "accounts/traces/requete.py"


def qui_est_connecte(ou: str, module: ast.Module) -> Iterator[Faute]:
    """Who is signed in is asked of `compte_de` or `compte_connecte`, which say its type (accounts/traces/requete.py)."""
    for noeud in noeuds(module):
        if isinstance(noeud, (ast.Assign, ast.AnnAssign)) and noeud.value and not ou.startswith(("tests/", REQUETE)):
            de = ast.unparse(noeud.value)
            if re.fullmatch(r"(self\.)?request\.user|getattr\((self\.)?request, 'user'.*", de):
                yield Faute(f"{ou}:{noeud.lineno}", f"an account without its type: {de}")


def figure_nommee(ou: str, module: ast.Module) -> Iterator[Faute]:
    """A figure says of what it is: DELAI_DE_DECISION, never DELAI, which each module would give a meaning of its own."""
    for noeud in module.body:
        cibles = noeud.targets if isinstance(noeud, ast.Assign) else [getattr(noeud, "target", None)]
        for nom in {_nom(cible) for cible in cibles if cible is not None} & MOTS_NUS:
            yield Faute(f"{ou}:{noeud.lineno}", f"{nom}: of what?")


MOTS_NUS = {"DELAI", "DUREE", "FENETRE", "LIMITE", "LONGUEUR", "LOT", "MAXIMUM", "NOMBRE_MAX", "SEUIL", "TAILLE"}


def contrainte_nommee(ou: str, module: ast.Module) -> Iterator[Faute]:
    """Who turns an IntegrityError into a rule looks which constraint spoke: any other is a fault of ours, and is let through."""
    for noeud in noeuds(module):
        if not isinstance(noeud, ast.ExceptHandler) or ou.startswith("tests/") or noeud.type is None:
            continue
        if "IntegrityError" in ast.unparse(noeud.type) and f"str({noeud.name})" not in ast.unparse(noeud):
            yield Faute(f"{ou}:{noeud.lineno}", "an IntegrityError whatever it says")


def adresse_en_une_forme(ou: str, module: ast.Module) -> Iterator[Faute]:
    """An address is read by `une_adresse` alone: read elsewhere, one written in two ways has two counters, and two networks."""
    if ou.startswith("tests/") or ou == "accounts/traces/requete.py":
        return
    for noeud in noeuds(module):
        if isinstance(noeud, ast.Call) and ast.unparse(noeud.func) == "ipaddress.ip_address":
            yield Faute(f"{ou}:{noeud.lineno}", "an address read by itself")


# rule → (a file, what it must not hold); several examples when the rule has several sides.
EXEMPLES: dict[Regle, list[tuple[str, str]]] = {
    acteur_d_abord: [
        ("accounts/espace/x.py", "@transaction.atomic\ndef changer(*, espace: Espace): ..."),
        ("accounts/espace/x.py", "@transaction.atomic(durable=True)\ndef changer(acteur: Espace): ..."),
        ("accounts/espace/x.py", "def changer(*, cle):\n    with transaction.atomic():\n        consigner('x')"),
        (
            "accounts/espace/x.py",
            "def purger(*, lot):\n    _lot()\n@transaction.atomic\ndef _lot():\n    consigner('x')",
        ),
        ("accounts/espace/x.py", "def rappeler(lot):\n    chacun('rappels', lot, _un)\ndef _un(cle): ..."),
        ("accounts/espace/x.py", "def rappeler(lot):\n    _lot()\n@transaction.atomic\ndef _lot(): ..."),
    ],
    dates_en_un_lieu: [
        ("services/models/x.py", "f'message du {self.envoye_le:%d/%m/%Y}'"),
        ("accounts/espace/x.py", "timezone.localtime(quand).strftime('%d/%m/%Y')"),
        ("accounts/espace/x.py", "f'{quand:%H:%M}'"),
        ("accounts/facteurs/x.py", "formats.date_format(quand, 'j F Y')"),
    ],
    code_d_une_seule_regle: [
        ("accounts/espace/x.py", "class Autre(RegleMetier):\n    code = 'reponse_inexacte'\n    message = 'x'"),
    ],
    vue_sans_regle: [
        ("accounts/views/x.py", "def page(request):\n    consigner('x', auteur=espace)"),
        ("accounts/views/x.py", "def page(request):\n    debit.reserver(cle, BAREME)"),
        ("accounts/views/x.py", "def page(request):\n    debit.reserver_reseau(quoi, adresse, BAREME)"),
        ("espacepro/journal/views.py", "@transaction.atomic\ndef page(request): ..."),
    ],
    autorite_en_sa_maison: [
        ("accounts/espace/x.py", "Habilitation.objects.filter(espace=e).update(fin_le=quand)"),
        ("espacepro/management/commands/x.py", "Demande.objects.bulk_create(lignes)"),
        ("habilitations/admin.py", "Adhesion.objects.filter(pk=1).update(fermee_le=quand)"),
    ],
    scenes_partagees: [
        ("tests/accounts/espace/test_x.py", "from tests.accounts.espace.test_oubli import connecter"),
        ("tests/accounts/espace/test_x.py", "from .test_oubli import connecter"),
        ("tests/accounts/espace/test_x.py", "from ..facteurs import test_securite"),
        ("tests/accounts/espace/test_x.py", "import tests.accounts.espace.test_oubli"),
    ],
    qui_est_connecte: [
        ("accounts/views/x.py", "def page(request):\n    compte: Any = request.user"),
        ("espacepro/gestion/x.py", "class Page:\n    def get(self):\n        compte = self.request.user"),
        ("espacepro/x.py", "def portail(request):\n    compte = getattr(request, 'user', None)"),
    ],
    adresse_en_une_forme: [("accounts/compteurs/x.py", "reseau = ipaddress.ip_address(adresse)")],
    contrainte_nommee: [
        (
            "accounts/espace/x.py",
            "try:\n    x.save()\nexcept IntegrityError as erreur:\n    raise DejaPris from erreur",
        ),
        ("services/registre/x.py", "try:\n    x.save()\nexcept (ValueError, IntegrityError):\n    pass"),
    ],
    figure_nommee: [
        ("habilitations/arbre/x.py", "DELAI: Final = timedelta(days=30)"),
        ("accounts/donnees/x.py", "LOT = 500"),
    ],
}
# (rule, where, what is let pass): why. Five at most, all rules together.
EXCEPTIONS: dict[tuple[Regle, str, str], str] = {
    (adresse_en_une_forme, "accounts/traces/sceau.py", "an address read by itself"): (
        "what the journal holds is sealed as it stands"
    ),
    (contrainte_nommee, "accounts/models/sessions_base.py", "an IntegrityError whatever it says"): (
        "Django's own: a key that is taken is CreateError, and the caller draws another"
    ),
    (
        acteur_d_abord,
        "surveillance/signaux/balayages.py",
        "examiner_les_lignes() does not take its `acteur` first",
    ): "it looks for lines by their `auteur`, and writes none",
}


@cache
def sources() -> list[tuple[str, ast.Module]]:
    """Return every module of the apps and of the tests, but the migrations."""
    chemins = sorted(chemin for dossier in (*APPS, "tests") for chemin in (RACINE / dossier).rglob("*.py"))
    return [
        (chemin.relative_to(RACINE).as_posix(), module_de(chemin))
        for chemin in chemins
        if "migrations" not in chemin.parts
    ]


@pytest.mark.parametrize("regle", EXEMPLES, ids=lambda regle: regle.__name__)
def test_la_maison_suit_ses_regles(regle: Regle) -> None:
    permis = {(ou, quoi) for celle, ou, quoi in EXCEPTIONS if celle is regle}
    trouvees = {(faute.ou.split(":")[0], faute.quoi): faute for ou, module in sources() for faute in regle(ou, module)}
    assert [faute for cle, faute in trouvees.items() if cle not in permis] == []
    assert permis <= set(trouvees), "an exception that excuses nothing any more"


@pytest.mark.parametrize(
    ("regle", "ou", "source"),
    [(regle, *exemple) for regle, exemples in EXEMPLES.items() for exemple in exemples],
    ids=lambda valeur: getattr(valeur, "__name__", None),
)
def test_chaque_regle_refuse_son_exemple(regle: Regle, ou: str, source: str) -> None:
    assert list(regle(ou, ast.parse(source)))


def test_il_y_a_des_actes_et_peu_d_exceptions() -> None:
    """The definition still finds the acts: a rule that reads nothing refuses nothing."""
    actes = {fonction.name for ou, module in sources() for fonction, acte in actes_et_balayages(ou, module) if acte}
    assert len(actes) > 70
    assert {"deposer_adhesion", "activer", "designer", "confirmer_adresse", "expirer_habilitations", "purger"} <= actes
    assert len(EXCEPTIONS) <= 5


def test_les_gabarits_ecrivent_les_dates_par_leurs_filtres() -> None:
    """A template writes no format of its own but the one that the machine reads (`<input type="date">`)."""
    fautes = [
        f"{chemin.relative_to(RACINE)}: {trouve}"
        for motif in ("*.html", "*.txt")
        for chemin in sorted((RACINE / "templates").rglob(motif))
        for trouve in re.findall(
            r"\|\s*(?:date|time)\b(?!:\"Y-m-d\")[^ }%]*|{%\s*now\b", chemin.read_text(encoding="utf-8")
        )
    ]
    assert fautes == []
