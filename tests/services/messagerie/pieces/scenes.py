"""Files of every kind, true and false, that the tests of the attachments share."""

import io
import re
import uuid
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from services.messagerie.brouillons import garder
from services.messagerie.echanges import ecrire
from services.messagerie.pieces import antivirus
from services.messagerie.pieces.jointes import joindre
from services.models import PieceJointe
from tests.services.messagerie.scenes import Scene

FICHIERS = Path(__file__).parent / "fichiers"
"""Made once by foreign programs (Pillow 13, pillow-heif 1.8, LibreOffice), each photo with a place, a device and comments."""
SENTINELLE = b"SENTINELLE"
LONG = "Bonjour,\n\nmon attestation est jointe. " * 20
PDF = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer\n<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
LONG = "Bonjour,\n\nmon attestation est jointe. " * 20
TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types><Override PartName="/{partie}" '
    'ContentType="application/vnd.openxmlformats-officedocument.{genre}.main+xml"/></Types>'
)
GENRES = {
    "docx": ("word/document.xml", "wordprocessingml.document"),
    "xlsx": ("xl/workbook.xml", "spreadsheetml.sheet"),
    "pptx": ("ppt/presentation.xml", "presentationml.presentation"),
}
ODF = {"odt": "text", "ods": "spreadsheet", "odp": "presentation"}


def fichier(nom: str) -> bytes:
    return (FICHIERS / nom).read_bytes()


def zipper(membres: dict[str, bytes | str], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP of these members; `mimetype` is stored, as ODF wants it."""
    sortie = io.BytesIO()
    with zipfile.ZipFile(sortie, "w", compression) as archive:
        for nom, contenu in membres.items():
            archive.writestr(nom, contenu, zipfile.ZIP_STORED if nom == "mimetype" else compression)
    return sortie.getvalue()


def open_xml(genre: str, autres: dict[str, bytes | str] | None = None) -> bytes:
    """Return a small Office document, with more members."""
    partie, type_ = GENRES[genre]
    types = TYPES.format(partie=partie, genre=type_)
    return zipper({"[Content_Types].xml": types, partie: "<x/>", **(autres or {})})


def odf(
    genre: str, autres: dict[str, bytes | str] | None = None, premiers: dict[str, bytes | str] | None = None
) -> bytes:
    """Return a small LibreOffice document, with more members behind or right after the first."""
    type_ = f"application/vnd.oasis.opendocument.{ODF[genre]}"
    manifeste = f'<manifest:manifest><manifest:file-entry manifest:media-type="{type_}"/></manifest:manifest>'
    membres = {"mimetype": type_, **(premiers or {}), "content.xml": "<x/>", **(autres or {})}
    membres.setdefault("META-INF/manifest.xml", manifeste)
    return zipper(membres)


def brouillon_avec(lieu: Scene, *, nom: str = "avis.pdf", contenu: bytes = PDF) -> PieceJointe:
    """Return a file of the titulaire's draft."""
    brouillon = garder(acteur=lieu.titulaire, personne=lieu.personne, theme="TVA", objet="Attestation", texte="Voici")
    assert brouillon is not None
    return joindre(acteur=lieu.titulaire, brouillon=brouillon, nom=nom, contenu=contenu)


def envoye_avec(lieu: Scene, **champs: Any) -> PieceJointe:
    """Return a file of a message that the titulaire has sent."""
    piece = brouillon_avec(lieu, **champs)
    ecrire(acteur=lieu.titulaire, personne=lieu.personne, theme="TVA", objet="Bilan", texte="Voici", envoi=uuid.uuid4())
    piece.refresh_from_db()
    return piece


def oublier_la_panne() -> None:
    """Be a minute later, for the daemon that was found silent."""
    cache.delete(antivirus.PANNE)


def envoyer(client: Client, adresse: str, fichiers: Sequence[tuple[str, bytes]] = (), **champs: Any) -> HttpResponse:
    """Post a form of the mailbox as a browser does, with these files."""
    donnees = {"theme": "TVA", "objet": "Attestation", "texte": LONG, "envoi": str(uuid.uuid4())} | champs
    choisis = [SimpleUploadedFile(nom, contenu) for nom, contenu in fichiers]
    corps = encode_multipart(BOUNDARY, donnees | ({"fichiers": choisis} if choisis else {}))
    reponse = client.generic("POST", adresse, corps, content_type=MULTIPART_CONTENT)
    return client.get(reponse.headers["Location"]) if reponse.status_code == 302 else reponse  # type: ignore[return-value]


def phrases(reponse: HttpResponse) -> str:
    """Return the words of a page, with plain spaces and quotes."""
    nu = re.sub(r"<[^>]+>", " ", reponse.content.decode())
    return re.sub(r"\s+", " ", nu.replace("&#x27;", "'").replace("’", "'").replace("\xa0", " ").replace("\u202f", " "))
