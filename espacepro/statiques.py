"""The style sheet and the script that every page loads, made of what the pages use of the State's design system.

DSFR weighs 790 kB of CSS and 110 kB of scripts, of which a tenth is used. A finder of staticfiles makes `css/espace.css` (DSFR's rules
for the classes that stand in our sources, its icons inlined, then our own sheets) and `js/espace.js` (its core and the components
used, then ours). It works wherever staticfiles does: `collectstatic` in production, WhiteNoise in the demonstration, the live server under
test. Nothing is committed: what is made is kept under the hash of what it was made of.
"""

import base64
import gzip
import hashlib
import re
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import brotli
import dsfr
import tinycss2
from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files.storage import FileSystemStorage

FEUILLE: Final = "css/espace.css"
SCRIPT: Final = "js/espace.js"
RACINE: Final = Path(settings.RACINE).resolve()
DSFR: Final = Path(dsfr.__file__).resolve().parent
DIST: Final = DSFR / "static/dsfr/dist"
FEUILLES_DSFR: Final = (DIST / "dsfr.main.min.css", DIST / "utility/icons/icons.main.min.css")
NOS_FEUILLES: Final = tuple(RACINE / "static/css" / nom for nom in ("portail.css", "pages.css", "jauge.css"))
# Ours, and what must be true of the page for each to run.
NOS_SCRIPTS: Final = (
    (RACINE / "static/js/portail.js", ""),
    (RACINE / "static/js/session.js", 'if (document.getElementById("ep-session")) '),
)
# Where a class may be named: pages, the code that chooses one, our scripts, and DSFR's own templates of fields.
SOURCES: Final = (
    (RACINE, "templates/**/*.html"),
    (RACINE, "static/js/*.js"),
    *((RACINE, f"{app}/**/*.py") for app in ("accounts", "activation", "espacepro", "habilitations", "services")),
    (RACINE, "surveillance/**/*.py"),
    (DSFR, "templates/dsfr/form*/*.html"),
    (DSFR, "templates/dsfr/widgets/*.html"),
    (DSFR, "templates/dsfr/form*.html"),
    (DSFR, "forms.py"),
)
_MOT: Final = re.compile(r"[A-Za-z0-9_-]+")
_CLASSE_DSFR: Final = re.compile(r"\bfr-([a-z]+)")
# What a script or a template puts after a class that is written whole elsewhere.
_ETATS: Final = frozenset(
    {
        "opened",
        "expanded",
        "disclosed",
        "error",
        "valid",
        "warning",
        "info",
        "success",
        "disabled",
        "dragging",
        "moving",
    }
    | {"shadow", "shadow-left", "shadow-right", "no-transition", "no-scroll"}
)
_URL: Final = re.compile(r"""url\(\s*(["']?)(?!data:)([^"')]+)\1\s*\)""")


def _sources() -> list[Path]:
    return sorted({fichier for racine, motif in SOURCES for fichier in racine.glob(motif)})


@cache
def _empreinte() -> str:
    """Return the hash of all that the two files are made of."""
    hache = hashlib.sha256(Path(__file__).read_bytes())
    for fichier in (*_sources(), *FEUILLES_DSFR, *NOS_FEUILLES, *_modules()):
        hache.update(fichier.read_bytes())
    return hache.hexdigest()[:16]


@cache
def mots() -> frozenset[str]:
    """Return every word that may be a class: of the sources and of the scripts that change classes in the browser."""
    textes = (fichier.read_text(encoding="utf-8") for fichier in (*_sources(), *_modules()))
    return frozenset(mot for texte in textes for mot in _MOT.findall(texte))


@cache
def _prefixes() -> tuple[str, ...]:
    """Return what a page completes: `fr-badge--{{ couleur }}`."""
    return tuple(mot for mot in mots() if mot.startswith("fr-") and mot.endswith("--"))


@cache
def _modules() -> tuple[Path, ...]:
    """Return DSFR's core and the modules of the components that our pages name."""
    notres = (source for source in _sources() if not source.is_relative_to(DSFR))
    nommes = {nom for source in notres for nom in _CLASSE_DSFR.findall(source.read_text(encoding="utf-8"))}
    alias = {"nav": "navigation", "menu": "navigation", "btn": "button", "tabs": "tab"}
    voulus = nommes | {alias[nom] for nom in nommes & set(alias)}
    composants = sorted(DIST.glob("component/*/*.module.min.js"))
    return (DIST / "core/core.module.min.js", *(c for c in composants if c.parent.name in voulus))


def script() -> str:
    """Return the modules as one, each in a block of its own."""
    modules = [*((module, "") for module in _modules()), *NOS_SCRIPTS]
    return "\n".join(f"{garde}{{{module.read_text(encoding='utf-8')}\n}}" for module, garde in modules)


def _est_utilisee(classe: str) -> bool:
    if not classe.startswith(("fr-", "ri-")):
        return True
    base, _, etat = classe.rpartition("--")
    return classe in mots() or (bool(base) and etat in _ETATS and base in mots()) or classe.startswith(_prefixes())


def _classes(jetons: Iterable[Any]) -> Iterator[str]:
    """Yield the classes that an element must bear: what stands in `:not()` or `:is()` is no such demand."""
    point = False
    for jeton in jetons:
        if point and jeton.type == "ident":
            yield jeton.value
        point = jeton.type == "literal" and jeton.value == "."
        if jeton.type == "[] block":
            point = False


def _selecteur(jetons: list[Any]) -> str:
    """Return the selectors of a rule of which every class is used."""
    gardes: list[str] = []
    courant: list[Any] = []
    for jeton in [*jetons, None]:
        if jeton is None or (jeton.type == "literal" and jeton.value == ","):
            if all(map(_est_utilisee, _classes(courant))):
                gardes.append(tinycss2.serialize(courant).strip())
            courant = []
        else:
            courant.append(jeton)
    return ",".join(gardes)


def _reduire(regles: Iterable[Any], sortie: list[str]) -> None:
    for regle in regles:
        if regle.type == "qualified-rule":
            selecteur = _selecteur(regle.prelude)
            if selecteur:
                sortie.append(f"{selecteur}{{{tinycss2.serialize(regle.content)}}}")
        elif regle.type == "at-rule" and regle.lower_at_keyword in {"media", "supports", "layer"} and regle.content:
            dedans: list[str] = []
            _reduire(tinycss2.parse_rule_list(regle.content, skip_comments=True, skip_whitespace=True), dedans)
            if dedans:
                sortie.append(f"@{regle.at_keyword}{tinycss2.serialize(regle.prelude)}{{{''.join(dedans)}}}")
        elif regle.type == "at-rule" and regle.lower_at_keyword != "charset":
            sortie.append(regle.serialize())


def autonome(css: str, feuille: Path) -> str:
    """Return a sheet that may stand elsewhere: icons inside, fonts by their address."""

    def remplacer(trouve: re.Match[str]) -> str:
        fichier = (feuille.parent / trouve[2].split("#")[0].split("?")[0]).resolve()
        if fichier.suffix == ".svg":
            return f'url("data:image/svg+xml;base64,{base64.b64encode(fichier.read_bytes()).decode()}")'
        racine = DSFR / "static" if fichier.is_relative_to(DSFR) else RACINE / "static"
        return f'url("../{fichier.relative_to(racine)}")'

    return _URL.sub(remplacer, css)


def reduite(feuille: Path) -> str:
    """Return what the pages use of one sheet of DSFR."""
    sortie: list[str] = []
    regles = tinycss2.parse_stylesheet(feuille.read_text(encoding="utf-8"), skip_comments=True, skip_whitespace=True)
    _reduire(regles, sortie)
    return autonome("".join(sortie), feuille)


def feuille() -> str:
    """Return the one style sheet of the portal."""
    nos = (autonome(f.read_text(encoding="utf-8"), f) for f in NOS_FEUILLES)
    return "\n".join(['@charset "utf-8";', *map(reduite, FEUILLES_DSFR), *nos])


@cache
def dossier() -> Path:
    """Return the folder that holds both files and what a browser takes of them compressed; made once for given sources."""
    base = settings.ETAT / "statique"
    if settings.PRODUCTION:
        base = Path(tempfile.mkdtemp(prefix="statique-"))
    try:
        base.mkdir(parents=True, exist_ok=True)
        provisoire = Path(tempfile.mkdtemp(dir=base))
    except OSError:  # a folder that is another user's
        base = Path(tempfile.mkdtemp(prefix="statique-"))
        provisoire = Path(tempfile.mkdtemp(dir=base))
    fini = base / _empreinte()
    if fini.is_dir():
        provisoire.rmdir()
        return fini
    for nom, texte in ((FEUILLE, feuille()), (SCRIPT, script())):
        contenu = texte.encode()
        (provisoire / nom).parent.mkdir(exist_ok=True)
        (provisoire / nom).write_bytes(contenu)
        if not settings.PRODUCTION:  # there collectstatic compresses
            (provisoire / f"{nom}.gz").write_bytes(gzip.compress(contenu, mtime=0))
            (provisoire / f"{nom}.br").write_bytes(brotli.compress(contenu, quality=9))
    provisoire.chmod(0o755)
    try:
        provisoire.rename(fini)
    except OSError:  # another process was quicker: the same files
        return fini if fini.is_dir() else provisoire
    return fini


class FeuilleEtScript(BaseFinder):
    """Finds the two files that `dossier` makes (STATICFILES_FINDERS)."""

    def find(self, path: str, find_all: bool = False) -> Any:
        """Return the absolute path of one of the two, else nothing."""
        trouve = str(dossier() / path) if path in {FEUILLE, SCRIPT} else None
        return ([trouve] if trouve else []) if find_all else trouve or []

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        """Yield both, with where they stand."""
        stockage = FileSystemStorage(location=str(dossier()))
        for nom in (FEUILLE, SCRIPT):
            if not matches_patterns(nom, list(ignore_patterns or [])):
                yield nom, stockage
