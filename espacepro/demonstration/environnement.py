"""The environment variables of an installation that has none: keys made once, servers started here.

Nothing here imports Django: `espacepro.settings` reads what this module prepares.
"""

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from espacepro.demonstration.embarque import (
    ROLE,
    ROLE_APPLICATION,
    arreter_postgresql,
    arreter_redis,
    demarrer_postgresql,
    demarrer_redis,
)

RACINE = Path(__file__).resolve().parent.parent.parent
CLES = ("SECRET_KEY", "POIVRE", "CLE_CODES", "CLE_CHIFFREMENT", "CLE_JOURNAL")


def dossier_etat(environnement: Mapping[str, str]) -> Path:
    """Return the folder that keeps everything an installation without servers writes."""
    return Path(environnement.get("ESPACEPRO_ETAT") or RACINE / ".etat").absolute()


def lire_cles(fichier: Path) -> dict[str, str]:
    """Return the keys kept in `fichier`, made at random (32 bytes, urlsafe base64) and written with mode 0600 where missing."""
    lignes = fichier.read_text().splitlines() if fichier.exists() else []
    cles = dict(ligne.split("=", 1) for ligne in lignes if "=" in ligne)
    manquantes = {nom: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() for nom in CLES if nom not in cles}
    if manquantes:
        provisoire = fichier.with_suffix(".provisoire")
        provisoire.touch(mode=0o600)
        provisoire.write_text("".join(f"{nom}={valeur}\n" for nom, valeur in (cles | manquantes).items()))
        provisoire.replace(fichier)
    return cles | manquantes


def demarrer_serveurs(etat: Path, environnement: Mapping[str, str], *, durable: bool = True) -> dict[str, str]:
    """Start PostgreSQL and Valkey under `etat` unless `environnement` names its own; return the variables that lead to them.

    Raises: ServeurIndisponible.
    """
    variables = {}
    if not environnement.get("DATABASE_URL"):
        variables["DATABASE_URL"] = demarrer_postgresql(etat / "pg", durable=durable)
    if not environnement.get("REDIS_URL"):
        variables["REDIS_URL"], variables["CELERY_BROKER_URL"] = demarrer_redis(etat / "redis", durable=durable)
    elif not environnement.get("CELERY_BROKER_URL"):
        variables["CELERY_BROKER_URL"] = _courtier(environnement["REDIS_URL"])
    return variables


def url_de_l_application(proprietaire: str) -> str:
    """Return the URL of an embedded database for web and workers, from that of its owner."""
    return proprietaire.replace(f"postgres://{ROLE}@", f"postgres://{ROLE_APPLICATION}@", 1)


def arreter_serveurs(etat: Path) -> None:
    """Stop the servers of `etat` that run."""
    arreter_redis(etat / "redis")
    arreter_postgresql(etat / "pg")


def environnement_herite() -> dict[str, str]:
    """Return a copy of our environment to give to a child, without what would make it compile every module at each start."""
    return {nom: valeur for nom, valeur in os.environ.items() if nom != "PYTHONDONTWRITEBYTECODE"}


def _courtier(url: str) -> str:
    """Return the Celery broker that goes with the cache at `url`: the same server, written as Celery writes a socket."""
    if url.startswith("unix://"):
        return "redis+socket://" + url.removeprefix("unix://").partition("?")[0]
    return url
