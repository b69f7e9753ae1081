"""What an enrolment shows once: the QR code of an application, and recovery codes (style.md, Secrets)."""

from base64 import b32encode
from dataclasses import dataclass
from typing import Final

import segno
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString, mark_safe

from ..chiffrement import chiffrer, dechiffrer
from ..models import Application

CODES_A_MONTRER = "codes_secours"
_USAGE: Final = "codes-de-secours"
CODES_DUREE = 600  # seconds during which the session that drew the codes may read them again


@dataclass(frozen=True)
class Graine:
    """The seed of an application being enrolled: as a picture, and as groups of four letters."""

    code_qr: SafeString
    secret: str


def montrer_graine(appareil: Application) -> Graine:
    """Return the seed as an inline SVG (segno writes no style attribute, which the CSP would refuse) and as text."""
    dessin = segno.make(appareil.config_url, error="m", micro=False)
    svg = dessin.svg_inline(scale=5, light="#fff", svgclass="gestion-qr", lineclass=None, title="Code QR à lire")
    secret = b32encode(appareil.bin_key).decode()
    accessible = svg.replace("<svg ", '<svg role="img" ', 1)
    return Graine(
        code_qr=mark_safe(accessible),  # noqa: S308 - drawn by segno, no text of ours but the title
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
    )


def garder_codes(request: HttpRequest, codes: list[str]) -> None:
    """Keep fresh recovery codes in this session, encrypted, for ten minutes."""
    request.session[CODES_A_MONTRER] = chiffrer("\n".join(codes), usage=_USAGE)


def codes_a_montrer(request: HttpRequest) -> list[str]:
    """Return the recovery codes that this session has just drawn, empty afterwards."""
    garde = request.session.get(CODES_A_MONTRER, "")
    texte = dechiffrer(garde, usage=_USAGE, duree_max=CODES_DUREE, deja_garde=True)
    return texte.split("\n") if texte else []


def oublier_codes(request: HttpRequest) -> None:
    """The person says that the codes are kept: they are not shown again."""
    request.session.pop(CODES_A_MONTRER, None)


def fichier_codes(codes: list[str], titre: str) -> HttpResponse:
    """Return the codes as a text file."""
    lignes = [titre, "Chaque code ne sert qu’une fois.", "", *codes, ""]
    return HttpResponse(
        "\r\n".join(lignes),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="codes-de-secours.txt"'},
    )
