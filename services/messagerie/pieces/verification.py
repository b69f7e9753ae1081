"""What production must say of its attachments (system checks of `manage.py check --deploy`)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error

from . import antivirus


def verifier_les_pieces(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Check that the scan is chosen, that its address can be read, and that no web server finds the files."""
    fautes: list[CheckMessage] = []
    if settings.ANTIVIRUS not in {antivirus.CLAMD, antivirus.AUCUN}:
        fautes.append(
            Error(
                f"ANTIVIRUS={settings.ANTIVIRUS!r} : dites « clamd » ou « aucun ».",
                hint="Tant que rien n’est dit, les pièces jointes attendent et aucune n’est servie (docs/configuration.md).",
                id="espacepro.E021",
            )
        )
    adresse = urlsplit(settings.CLAMD_ADRESSE)
    lisible = (adresse.scheme == "unix" and adresse.path) or (
        adresse.scheme == "tcp" and adresse.hostname and adresse.port
    )
    if settings.ANTIVIRUS == antivirus.CLAMD and not lisible:
        fautes.append(
            Error(
                f"CLAMD_ADRESSE={settings.CLAMD_ADRESSE!r} : « unix:/run/clamav/clamd.ctl » ou « tcp://clamav:3310 ».",
                id="espacepro.E022",
            )
        )
    statique = settings.STATIC_ROOT
    if statique is not None and (statique == settings.PIECES or statique in settings.PIECES.parents):
        fautes.append(
            Error(f"PIECES_DOSSIER={settings.PIECES} est dans le dossier que le portail sert.", id="espacepro.E023")
        )
    return fautes
