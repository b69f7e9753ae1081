"""Files of a draft: kept encrypted, within limits, whole or not at all, and opened by nobody before their answer."""

import errno
import uuid
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import connection
from pytest_django import Settings

from services.messagerie.brouillons import effacer, garder
from services.messagerie.droits import MessagerieNonDetenue
from services.messagerie.pieces import jointes, regles
from services.messagerie.pieces.jointes import joindre, oter, ouvrir
from services.messagerie.pieces.natures import examiner
from services.messagerie.pieces.rechiffrement import rechiffrer_pieces
from services.messagerie.pieces.stockage import StockageIndisponible
from services.models import Brouillon, PieceJointe
from tests.factories import EspaceFactory
from tests.services.messagerie.scenes import Scene, scene

from .clamd import FauxClamd
from .scenes import PDF, SENTINELLE, brouillon_avec, fichier

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("depot")]


def commencer(lieu: Scene) -> Brouillon:
    brouillon = garder(acteur=lieu.titulaire, personne=lieu.personne, texte="Voici")
    assert brouillon is not None
    return brouillon


def fichiers(depot: Path) -> list[Path]:
    return [chemin for chemin in depot.rglob("*") if chemin.is_file()]


def test_une_piece_est_gardee_chiffree_hors_de_la_base(depot: Path) -> None:
    lieu = scene()
    piece = joindre(acteur=lieu.titulaire, brouillon=commencer(lieu), nom="mon avis.PDF", contenu=PDF)
    (garde,) = fichiers(depot)
    assert (piece.nom, piece.type_mime, piece.taille) == ("mon avis.pdf", "application/pdf", len(PDF))
    assert b"%PDF" not in garde.read_bytes()
    assert garde.stat().st_mode & 0o077 == 0
    assert garde.parent.stat().st_mode & 0o077 == 0
    assert b"".join(ouvrir(PieceJointe.objects.get())) == PDF


def test_une_photo_est_gardee_sans_son_lieu() -> None:
    lieu = scene()
    piece = joindre(acteur=lieu.titulaire, brouillon=commencer(lieu), nom="a.jpg", contenu=fichier("photo.jpg"))
    assert SENTINELLE not in b"".join(ouvrir(piece))
    assert piece.taille < len(fichier("photo.jpg"))


def test_les_limites_d_un_message(monkeypatch: pytest.MonkeyPatch, depot: Path) -> None:
    lieu = scene()
    brouillon = commencer(lieu)
    monkeypatch.setattr(jointes, "TAILLE_D_UN_MESSAGE", 2 * len(PDF))
    for nom in ("a.pdf", "b.pdf"):
        joindre(acteur=lieu.titulaire, brouillon=brouillon, nom=nom, contenu=PDF)
    with pytest.raises(regles.PiecesTropLourdes):
        joindre(acteur=lieu.titulaire, brouillon=brouillon, nom="c.pdf", contenu=PDF)
    monkeypatch.setattr(jointes, "PIECES_D_UN_MESSAGE", 2)
    with pytest.raises(regles.PiecesTropNombreuses):
        joindre(acteur=lieu.titulaire, brouillon=brouillon, nom="c.pdf", contenu=PDF)
    assert len(fichiers(depot)) == PieceJointe.objects.count() == 2


def test_seul_l_auteur_joint_et_ote_tant_qu_il_a_le_droit() -> None:
    lieu = scene()
    brouillon = commencer(lieu)
    piece = joindre(acteur=lieu.titulaire, brouillon=brouillon, nom="a.pdf", contenu=PDF)
    with pytest.raises(regles.BrouillonEfface):
        joindre(acteur=lieu.acteur, brouillon=brouillon, nom="a.pdf", contenu=PDF)
    with pytest.raises(MessagerieNonDetenue):
        joindre(acteur=EspaceFactory(), brouillon=brouillon, nom="a.pdf", contenu=PDF)
    with pytest.raises(regles.BrouillonEfface):
        oter(acteur=lieu.acteur, brouillon=brouillon, piece=piece.pk)
    effacer(acteur=lieu.titulaire, brouillon=brouillon)
    with pytest.raises(regles.BrouillonEfface):
        joindre(acteur=lieu.titulaire, brouillon=brouillon, nom="a.pdf", contenu=PDF)


def test_une_piece_otee_s_efface_une_fois(depot: Path, django_capture_on_commit_callbacks: object) -> None:
    lieu = scene()
    brouillon = commencer(lieu)
    piece = joindre(acteur=lieu.titulaire, brouillon=brouillon, nom="a.pdf", contenu=PDF)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
            oter(acteur=lieu.titulaire, brouillon=brouillon, piece=piece.pk)
    oter(acteur=lieu.titulaire, brouillon=brouillon, piece=uuid.uuid4())
    assert fichiers(depot) == []
    assert not PieceJointe.objects.exists()


@pytest.mark.parametrize("faute", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_un_depot_plein_ne_garde_rien_a_moitie(depot: Path, monkeypatch: pytest.MonkeyPatch, faute: int) -> None:
    lieu = scene()
    brouillon = commencer(lieu)
    sauver = FileSystemStorage._save

    def a_moitie(self: FileSystemStorage, name: str, content: object) -> str:
        sauver(self, name, content)
        raise OSError(faute, "full")

    monkeypatch.setattr(FileSystemStorage, "_save", a_moitie)
    with pytest.raises(StockageIndisponible, match="Rien n’est perdu"):
        joindre(acteur=lieu.titulaire, brouillon=brouillon, nom="a.pdf", contenu=PDF)
    assert fichiers(depot) == []
    assert not PieceJointe.objects.exists()
    brouillon.refresh_from_db()
    assert brouillon.texte == "Voici"


def test_rien_ne_s_ouvre_avant_son_analyse(clamd: FauxClamd, _reveils: list[tuple[str, list[str]]]) -> None:
    lieu = scene()
    piece = joindre(acteur=lieu.titulaire, brouillon=commencer(lieu), nom="a.pdf", contenu=PDF)
    assert piece.analyse == PieceJointe.Analyse.A_FAIRE
    for analyse, regle in (
        ("A_FAIRE", regles.PieceNonServie),
        ("NON_ANALYSEE", regles.PieceNonServie),
        ("QUARANTAINE", regles.PieceEcartee),
    ):
        piece.analyse = analyse
        assert not piece.se_telecharge
        with pytest.raises(regle):
            ouvrir(piece)
    piece.analyse = PieceJointe.Analyse.SAINE
    assert b"".join(ouvrir(piece)) == PDF


def test_un_fichier_perdu_change_ou_d_une_autre_ligne_ne_s_ouvre_pas(depot: Path) -> None:
    lieu = scene()
    brouillon = commencer(lieu)
    une, autre = (
        joindre(acteur=lieu.titulaire, brouillon=brouillon, nom=nom, contenu=PDF) for nom in ("a.pdf", "b.pdf")
    )
    (depot / une.fichier).write_bytes((depot / autre.fichier).read_bytes())
    with pytest.raises(regles.PieceIndisponible):
        ouvrir(une)
    une.cle = autre.cle
    with pytest.raises(regles.PieceIndisponible):
        ouvrir(une)
    (depot / autre.fichier).unlink()
    with pytest.raises(regles.PieceIndisponible):
        ouvrir(autre)


def test_tourner_la_cle_ne_touche_aucun_fichier(depot: Path, settings: Settings) -> None:
    lieu = scene()
    piece = joindre(acteur=lieu.titulaire, brouillon=commencer(lieu), nom="a.pdf", contenu=PDF)
    avant = (depot / piece.fichier).read_bytes()
    ancienne, nouvelle = settings.CLES_CHIFFREMENT[0], "n" * 40
    settings.CLES_CHIFFREMENT = [nouvelle, ancienne]
    assert (rechiffrer_pieces(acteur="systeme:essai"), rechiffrer_pieces(acteur="systeme:essai")) == (1, 0)
    settings.CLES_CHIFFREMENT = [nouvelle]
    piece.refresh_from_db()
    assert b"".join(ouvrir(piece)) == PDF
    assert (depot / piece.fichier).read_bytes() == avant


def test_rien_n_est_examine_sous_un_verrou(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten megabytes take their time: no transaction is open meanwhile."""
    lieu, ouvertes = scene(), len(connection.savepoint_ids)
    monkeypatch.setattr(
        jointes, "examiner", lambda *fichier: (vus.append(len(connection.savepoint_ids)), examiner(*fichier))[1]
    )
    vus: list[int] = []
    brouillon_avec(lieu)
    assert vus == [ouvertes]


def test_le_meme_fichier_choisi_de_nouveau_n_est_joint_qu_une_fois() -> None:
    """A browser that goes back keeps the file in its field, and posts it again with the corrected text."""
    lieu = scene()
    piece = brouillon_avec(lieu)
    assert brouillon_avec(lieu) == piece
    autre = brouillon_avec(lieu, contenu=PDF.replace(b"Catalog", b"catalog"))
    renommee = brouillon_avec(lieu, nom="avis-2.pdf")
    assert {piece, autre, renommee} == set(PieceJointe.objects.all())
