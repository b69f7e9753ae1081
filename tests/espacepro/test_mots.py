"""One idea, one word (../shared/pages/pages.md §4): what pages, mails, letters, messages and commands say, and never say.

The CGU's own text is the law's, and is not read here.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenes import RACINE
from tests.sources import module_de, noeuds

APPLICATIONS = ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro")
PARTICIPE = "(?:habilité|désigné|prévenu|averti|informé|connecté|déconnecté|inscrit|autorisé|reconnu|remplacé|nommé|notifié|assuré|tenu de|mis en)"
# What is never said -> what is said instead.
INTERDITS: dict[str, str] = {
    r"[Cc]hangement(s)? (de titulaire|d['’]administrateur titulaire)": "substitution",
    r"(demande|code|courrier) de remplacement": "substitution",
    r"remplacement (du|de l['’]administrateur) titulaire": "substitution",
    r"repris(e|es) du titulaire|reprendre le titulaire": "substitution",
    r"\b[Mm]es (demandes|données|services|habilitations|délégations|entreprises|coordonnées|codes d)\b": "vos",
    r"\b([Mm]on|[Mm]a) (espace|session|récapitulatif|clé|numéro|réponse|périmètre|journal|adresse|mot de passe)\b": "votre",
    r"\ben mon nom\b|\bma responsabilité\b": "votre",
    r"(habilitation|délégation|suppléance)s? par ligne|lignes? (cochées?|choisies?|d['’]habilitations?)": "habilitation",
    r"retirer les \S* ?lignes": "habilitations",
    r"\b(souscri|abonnement)": "adhésion",
    r"\brévoqu": "retirer",
    r"\b(ticket|requête) (n°|en cours)": "demande",
    r"(fil|conversation) (de discussion|de messages)": "échange",
    # Who reads is a woman as often as a man: what is said of the reader takes no gender (a role of the CGU is a name).
    rf"\bvous (?:(?:en|y|vous|ne|les|l['’]|n['’])\s?)*(?:êtes|serez|étiez|avez été|seriez|restez|devenez)(?:\s\w+){{0,2}}?\s{PARTICIPE}\b": "une phrase sans genre",
    r"\b[Vv]ous seul\b|\bconnu de vous seul": "personne d’autre",
    r"Par levée le|[Rr]éseau contient \{": "« Levée le », « fait partie de »",
    r"dont \{\{[^}]*\}\} que vous": "dont aucune",
}
MOTIF = {mot: re.compile(mot, re.IGNORECASE) for mot in INTERDITS}
BALISE = re.compile(r"\{%.*?%\}|\{#.*?#\}|<!--.*?-->", re.DOTALL)


def gabarits() -> Iterator[tuple[str, str]]:
    """Yield (where, text) of each line of the templates, their comments left out."""
    for dossier, motif in [
        ("templates", "*.html"),
        ("templates", "*.txt"),
        ("accounts", "*.typ"),
        ("activation", "*.typ"),
    ]:
        for chemin in sorted((RACINE / dossier).rglob(motif)):
            if "cgu" in chemin.parts or "dsfr" in chemin.parts:
                continue
            texte = re.sub(r"\{% comment %\}.*?\{% endcomment %\}", "", chemin.read_text(), flags=re.DOTALL)
            texte = re.sub(r"(?m)^//.*$", "", texte)
            for numero, ligne in enumerate(texte.splitlines(), 1):
                yield f"{chemin.relative_to(RACINE)}:{numero}", ligne


def _docstrings(arbre: ast.AST) -> set[int]:
    """Return the ids of the constants that document a module, a class or a function: they are in English."""
    return {
        id(noeud.body[0].value)
        for noeud in noeuds(arbre)
        if isinstance(noeud, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and noeud.body
        and isinstance(noeud.body[0], ast.Expr)
        and isinstance(noeud.body[0].value, ast.Constant)
    }


def messages() -> Iterator[tuple[str, str]]:
    """Yield (where, text) of each string of the code that is not its documentation."""
    for application in APPLICATIONS:
        for chemin in sorted((RACINE / application).rglob("*.py")):
            if "migrations" in chemin.parts:
                continue
            arbre = module_de(chemin)
            documentation = _docstrings(arbre)
            for noeud in noeuds(arbre):
                if isinstance(noeud, ast.Constant) and isinstance(noeud.value, str) and id(noeud) not in documentation:
                    yield f"{chemin.relative_to(RACINE)}:{noeud.lineno}", noeud.value


def fautes(textes: Iterator[tuple[str, str]]) -> list[str]:
    return [
        f"{ou} : « {trouve[0]} », dire « {INTERDITS[mot]} »"
        for ou, texte in textes
        for mot, motif in MOTIF.items()
        if (trouve := motif.search(texte))
    ]


def test_les_pages_ne_disent_qu_un_mot_par_idee() -> None:
    assert not (trouvees := fautes(gabarits())), "\n".join(trouvees)


def test_les_messages_aussi() -> None:
    assert not (trouvees := fautes(messages())), "\n".join(trouvees)


PRISES = (
    "Changement de titulaire",
    "la demande de remplacement",
    "le remplacement de l’administrateur titulaire",
    "reprendre le titulaire",
    "Mes demandes",
    "Mon espace",
    "l’administrateur agit en mon nom",
    "l’habilitation par ligne",
    "retirer les trois lignes",
    "souscrire à un service",
    "révoquer une délégation",
    "votre requête en cours",
    "le fil de discussion",
    "Vous n’êtes plus habilité",
    "Vous seul le connaissez",
    "Par levée le",
    "dont {{ nombre }} que vous administrez",
)
"""One phrase for each of INTERDITS, in the same order."""


@pytest.mark.parametrize(("mot", "phrase"), zip(INTERDITS, PRISES, strict=True))
def test_le_filet_prend(mot: str, phrase: str) -> None:
    """Each mesh by itself: another one that took the phrase would hide that this one takes nothing."""
    assert [un for un, motif in MOTIF.items() if motif.search(phrase)] == [mot]
    assert len(fautes(iter([("ici", phrase)]))) == 1


def test_le_glossaire_dit_les_memes_mots() -> None:
    glossaire = (RACINE / "README.md").read_text().split("## Glossary")[1]
    for mot in ("adhésion", "habilitation", "substitution", "retrait", "en veille", "demande", "échange", "bouquet"):
        assert re.search(rf"\b{mot}\b", glossaire), mot
    assert not fautes(iter([("README.md", glossaire)]))


def test_les_chemins_lus() -> None:
    assert sum(1 for _ in gabarits()) > 3_000
    assert sum(1 for _ in messages()) > 3_000
    assert Path(RACINE / "templates" / "espacepro").exists()
