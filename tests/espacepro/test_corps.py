"""Bodies: a page that takes no file reads no multipart, and what is taken is bounded while it is read (issue 9)."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files import uploadedfile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.http.multipartparser import MultiPartParser
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.models import Espace
from espacepro.corps import FICHIERS_MAX, FichierEnMemoire
from espacepro.serveur import CORPS_DE_MESSAGE
from services.messagerie.pieces.jointes import TAILLE_D_UN_ENVOI
from tests.factories import EspaceFactory, habiliter

Ouvrir = Callable[[Espace], Client]
CORPS_AU_PLUS = b"limite-des-parties"
DEBUT = b'--%s\r\nContent-Disposition: form-data; name="fichier"; filename="x.csv"\r\n\r\n' % CORPS_AU_PLUS
FIN = b"\r\n--%s--\r\n" % CORPS_AU_PLUS
TYPE = f"multipart/form-data; boundary={CORPS_AU_PLUS.decode()}"


class Flot:
    """A body of any length that is made as it is read, and says how much of it was."""

    def __init__(self, octets: int) -> None:
        self.longueur = len(DEBUT) + octets + len(FIN)
        self.lus = 0

    def read(self, taille: int = -1) -> bytes:
        reste = self.longueur - self.lus
        taille = reste if taille < 0 else min(taille, reste)
        debut = (DEBUT + b"x" * taille)[self.lus : self.lus + taille] if self.lus < len(DEBUT) else b"x" * taille
        self.lus += taille
        if self.lus == self.longueur and taille >= len(FIN):
            debut = debut[: -len(FIN)] + FIN
        return debut

    readline = read


@pytest.fixture(autouse=True)
def _rien_sur_le_disque(monkeypatch: pytest.MonkeyPatch) -> None:
    """No body becomes a temporary file."""

    def refuser(*_: object, **__: object) -> None:
        raise AssertionError("a body was written to disk")

    monkeypatch.setattr(uploadedfile.tempfile, "NamedTemporaryFile", refuser)


def envoyer(client: Client, chemin: str, flot: Flot, genre: str = TYPE) -> HttpResponse:
    return client.request(
        **{
            "REQUEST_METHOD": "POST",
            "PATH_INFO": chemin,
            "CONTENT_TYPE": genre,
            "CONTENT_LENGTH": str(flot.longueur),
            "wsgi.input": flot,
        }
    )


@pytest.mark.parametrize("octets", [200_000_000, 5_000_000, 10])
def test_un_multipart_anonyme_n_est_ni_lu_ni_ecrit(db: None, octets: int) -> None:
    for nom in ("connexion", "inscription", "mot_de_passe_oublie", "admin:login"):
        flot = Flot(octets)
        reponse = envoyer(Client(), reverse(nom), flot)
        assert reponse.status_code == (413 if octets > FICHIERS_MAX else 415), nom
        assert "Rien n’a été enregistré" in reponse.content.decode()
        assert flot.lus == 0


def test_seule_la_page_qui_prend_un_fichier_lit_un_multipart(db: None) -> None:
    def vues(resolveur, prefixe=""):
        for motif in resolveur.url_patterns:
            if hasattr(motif, "url_patterns"):
                yield from vues(motif, f"{prefixe}{motif.namespace}:" if motif.namespace else prefixe)
            else:
                yield f"{prefixe}{motif.name}", motif.callback

    recoivent = {nom for nom, vue in vues(get_resolver()) if getattr(vue, "fichier_max", None)}
    bureau = {f"admin:services_echange_{nom}" for nom in ("fichiers", "piece-fichiers")}
    assert recoivent == {"designation_fichier", "message_rediger", "echange", *bureau}


def test_aucun_script_ne_poste_de_multipart() -> None:
    for script in (Path(settings.RACINE) / "static" / "js").glob("*.js"):
        assert not re.search(r"body:\s*new FormData", script.read_text(encoding="utf-8")), script


def test_un_corps_trop_long_n_est_pas_lu(db: None) -> None:
    for genre in ("application/x-www-form-urlencoded", "application/json", "application/octet-stream", "text/plain"):
        flot = Flot(200_000_000)
        assert envoyer(Client(), reverse("connexion"), flot, genre).status_code == 413
        assert flot.lus == 0


def test_le_fichier_est_borne_avant_d_etre_lu_et_reste_en_memoire(db: None, client_de: Ouvrir) -> None:
    titulaire = EspaceFactory()
    habiliter(titulaire)
    for client in (client_de(titulaire), Client()):
        flot = Flot(1_650_000)
        reponse = envoyer(client, reverse("designation_fichier"), flot)
        assert reponse.status_code == 413
        assert "trop" in reponse.content.decode()
        assert flot.lus == 0
    fichier = SimpleUploadedFile("masse.csv", b"siren;service;numero_abonne;nom;role\n" + b"x" * 1_500_000)
    assert client_de(titulaire).post(reverse("designation_fichier"), {"fichier": fichier}).status_code == 200


def test_un_corps_qui_ment_sur_sa_longueur_est_arrete_en_chemin() -> None:
    """Where a server would give more than it announced, the file is still counted as it comes."""
    flot = Flot(50_000_000)
    meta = {"CONTENT_TYPE": TYPE, "CONTENT_LENGTH": str(flot.longueur)}
    with pytest.raises(RequestDataTooBig):
        MultiPartParser(meta, flot, [FichierEnMemoire()]).parse()
    assert flot.lus < settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 200_000


def test_la_page_qui_prend_le_plus_est_celle_de_la_messagerie() -> None:
    """The door, and the front's (espacepro/serveur.py, docs/exploitation/nginx.conf), let through what that page says it takes."""
    assert FICHIERS_MAX == TAILLE_D_UN_ENVOI
    assert CORPS_DE_MESSAGE > TAILLE_D_UN_ENVOI
