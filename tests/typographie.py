"""`python -m tests.typographie [--ecrire] [files]`: the French texts that stand in Python, in their typographic form (issue 10.15).

Without files, the product's own; test files are named one by one, for what a test types into a form is not the portal's to write.
tests/espacepro/test_typographie.py refuses a text of the product that this would change.
"""

import argparse
import io
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

from espacepro.typographie import francais

from .scenes import RACINE

# What a machine reads, or a terminal: statements, tables of the post office, the output of commands.
EXCEPTES = (
    "*/management/*",
    "*/migrations/*",
    "tests/*",
    "run.py",
    "manage.py",
    "accounts/portes/remplissage.py",
    "accounts/saisies/repliement.py",
    "activation/courriers/enveloppe.py",
    "espacepro/demonstration/embarque.py",
    "espacepro/settings.py",
    "espacepro/typographie.py",
    "services/importation.py",
    "services/registre/import_representants.py",
    "surveillance/partitions.py",
)
_DEBUTS = {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
_NEUTRES = {tokenize.NL, tokenize.COMMENT}


def _litteraux(source: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield where each literal text begins and ends; neither docstrings, nor patterns (r"…") and bytes."""
    avant = tokenize.ENCODING
    formats: list[bool] = []
    for jeton in tokenize.generate_tokens(io.StringIO(source).readline):
        if jeton.type == tokenize.FSTRING_START:
            formats.append("r" not in jeton.string.lower())
        elif jeton.type == tokenize.FSTRING_END:
            formats.pop()
        elif jeton.type == tokenize.FSTRING_MIDDLE and formats[-1]:
            yield jeton.start, jeton.end
        elif jeton.type == tokenize.STRING and avant not in _DEBUTS and jeton.string[0] in "\"'":
            guillemets = 3 if jeton.string[:3] in {'"""', "'''"} else 1
            (ligne, colonne), (derniere, fin) = jeton.start, jeton.end
            yield (ligne, colonne + guillemets), (derniere, fin - guillemets)
        if jeton.type not in _NEUTRES:
            avant = jeton.type


def en_francais(source: str) -> str:
    """Return this Python source, its literal texts in French typography."""
    lignes = source.splitlines(keepends=True)
    for (ligne, colonne), (derniere, fin) in _litteraux(source):
        if ligne != derniere:
            for numero in range(ligne, derniere + 1):
                debut = colonne if numero == ligne else 0
                terme = fin if numero == derniere else len(lignes[numero - 1])
                _poser(lignes, numero, debut, terme)
        else:
            _poser(lignes, ligne, colonne, fin)
    return "".join(lignes)


def _poser(lignes: list[str], numero: int, debut: int, fin: int) -> None:
    texte = lignes[numero - 1]
    lignes[numero - 1] = texte[:debut] + francais(texte[debut:fin]) + texte[fin:]


def fichiers() -> list[Path]:
    """Return the product's Python files whose texts a person reads."""
    suivis = subprocess.run(["git", "ls-files", "*.py"], cwd=RACINE, capture_output=True, text=True, check=True)
    return [RACINE / nom for nom in suivis.stdout.split() if not any(Path(nom).full_match(m) for m in _motifs())]


def _motifs() -> list[str]:
    return [motif.replace("*/", "**/").replace("/*", "/**") for motif in EXCEPTES]


def a_changer(chemins: list[Path]) -> dict[Path, str]:
    """Return the files with a text in plain typing, and what they should hold."""
    sources = {chemin: chemin.read_text() for chemin in chemins}
    return {chemin: voulu for chemin, source in sources.items() if (voulu := en_francais(source)) != source}


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--ecrire", action="store_true", help="write the files; without it they are named")
    arguments.add_argument("chemins", nargs="*", type=Path)
    options = arguments.parse_args()
    for chemin, voulu in a_changer(options.chemins or fichiers()).items():
        print(chemin)
        if options.ecrire:
            chemin.write_text(voulu)
