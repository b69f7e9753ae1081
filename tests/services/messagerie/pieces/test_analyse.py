"""What waits for the scan: nothing is lost while the daemon is dead, nothing is served, and the message goes by itself."""

import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Courriel, Evenement
from services.messagerie.brouillons import effacer, garder
from services.messagerie.echanges import PieceRefusee, ecrire
from services.messagerie.pieces import analyse
from services.messagerie.pieces.analyse import analyser_piece, analyser_pieces
from services.messagerie.pieces.balayage import balayer_pieces
from services.messagerie.pieces.jointes import joindre, ouvrir
from services.messagerie.pieces.regles import PieceEcartee
from services.messagerie.pieces.stockage import nom_de
from services.models import Message, PieceJointe
from tests.services.messagerie.scenes import Scene, scene

from .clamd import FauxClamd
from .scenes import EICAR, PDF, oublier_la_panne

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("depot")]


def poser(lieu: Scene, *contenus: bytes, nom: str = "a.txt") -> list[PieceJointe]:
    brouillon = garder(acteur=lieu.titulaire, personne=lieu.personne, texte="Voici")
    assert brouillon is not None
    return [
        joindre(acteur=lieu.titulaire, brouillon=brouillon, nom=f"{'autre-' * rang}{nom}", contenu=contenu)
        for rang, contenu in enumerate(contenus)
    ]


def envoyer(lieu: Scene) -> Message:
    return ecrire(
        acteur=lieu.titulaire, personne=lieu.personne, theme="TVA", objet="Bilan", texte="Voici", envoi=uuid.uuid4()
    )


def etats() -> list[str]:
    return list(PieceJointe.objects.order_by("posee_le").values_list("analyse", flat=True))


def test_le_message_attend_puis_part_de_lui_meme(clamd: FauxClamd) -> None:
    lieu = scene()
    poser(lieu, PDF, PDF, nom="a.pdf")
    message = envoyer(lieu)
    assert message.pret_le is None
    assert analyser_pieces() == 3  # two files, one message
    message.refresh_from_db()
    assert message.pret_le is not None
    assert etats() == ["SAINE", "SAINE"]
    assert clamd.recus == [PDF, PDF]
    assert analyser_pieces() == 0


def test_une_piece_seule_laisse_partir_quand_elle_est_la_derniere(clamd: FauxClamd) -> None:
    lieu = scene()
    une, autre = poser(lieu, PDF, PDF, nom="a.pdf")
    message = envoyer(lieu)
    assert analyser_piece(cle=une.pk)
    message.refresh_from_db()
    assert message.pret_le is None
    assert analyser_piece(cle=autre.pk)
    assert not analyser_piece(cle=autre.pk)
    message.refresh_from_db()
    assert message.pret_le is not None


@pytest.mark.parametrize("humeur", ["fige", "meurt", "trop_long", "stream: scan ERROR"])
def test_un_demon_en_panne_ne_perd_rien_et_ne_laisse_rien_passer(clamd: FauxClamd, humeur: str) -> None:
    lieu, maintenant = scene(), timezone.now()
    poser(lieu, PDF, nom="a.pdf")
    message = envoyer(lieu)
    clamd.humeur = humeur
    assert analyser_pieces(maintenant=maintenant) == 0
    message.refresh_from_db()
    assert (message.pret_le, etats()) == (None, ["A_FAIRE"])
    clamd.humeur = "juste"
    oublier_la_panne()
    assert analyser_pieces(maintenant=maintenant + analyse.BAIL + timedelta(seconds=1)) == 2
    message.refresh_from_db()
    assert message.pret_le is not None


def test_un_demon_muet_n_est_attendu_qu_une_fois_quel_que_soit_le_nombre_de_pieces(clamd_muet: list[float]) -> None:
    """Accepts and never answers: six files, each a task, and the sweep, wait for it once a minute, the time of a connection."""
    lieu = scene()
    pieces = poser(lieu, *(b"abc %d" % rang for rang in range(6)))
    debut = time.monotonic()
    assert not any(analyser_piece(cle=piece.pk) for piece in pieces)
    assert analyser_pieces() == 0
    assert time.monotonic() - debut < 2
    assert len(clamd_muet) == 1
    oublier_la_panne()
    assert analyser_pieces() == 0
    assert len(clamd_muet) == 2
    assert set(etats()) == {"A_FAIRE"}


def test_un_seul_balayage_analyse_a_la_fois(clamd: FauxClamd, monkeypatch: pytest.MonkeyPatch) -> None:
    """What holds one process holds no other."""
    lieu = scene()
    poser(lieu, PDF, nom="a.pdf")
    message = envoyer(lieu)
    balayages = []
    lire = analyse.lire

    def lire_pendant_un_autre(piece: PieceJointe) -> Iterator[bytes]:
        PieceJointe.objects.update(essai_le=None)  # two workers that began together
        balayages.append(analyser_pieces())
        return lire(piece)

    monkeypatch.setattr(analyse, "lire", lire_pendant_un_autre)
    assert analyser_pieces() == 2
    message.refresh_from_db()
    assert message.pret_le is not None
    assert (balayages, clamd.recus) == ([0], [PDF])
    PieceJointe.objects.update(analyse=PieceJointe.Analyse.A_FAIRE, analysee_le=None, essai_le=None)
    assert analyser_pieces() == 1


def test_une_piece_sans_reponse_ne_retient_pas_les_autres(clamd: FauxClamd, depot: Path) -> None:
    lieu = scene()
    perdue, _ = poser(lieu, PDF, PDF, nom="a.pdf")
    (depot / perdue.fichier).unlink()
    assert analyser_pieces() == 1
    assert etats() == ["A_FAIRE", "SAINE"]


def test_la_quarantaine_est_dite_et_le_message_part(clamd: FauxClamd) -> None:
    lieu = scene()
    (piece,) = poser(lieu, EICAR)
    message = envoyer(lieu)
    analyser_pieces()
    message.refresh_from_db()
    piece.refresh_from_db()
    assert message.pret_le is not None
    assert piece.analyse == "QUARANTAINE"
    assert not piece.se_telecharge
    courriel = Courriel.objects.get(genre="piece_ecartee")
    assert (courriel.destinataire, courriel.contexte["envoye"]) == (lieu.titulaire.compte.email, True)
    evenement = Evenement.objects.get(acte="piece.ecartee")
    assert evenement.details == {"echange": message.echange.reference, "signature": "Eicar-Test-Signature"}
    assert (evenement.siren, evenement.espace) == (lieu.personne.siren, lieu.titulaire.numero_abonne)


def abimer(clamd: FauxClamd, chemin: Path, comment: str) -> None:
    """Have this file never get a verdict, whatever is tried."""
    match comment:
        case "perdu":
            chemin.unlink()
        case "altéré":
            chemin.write_bytes(b"\0" * chemin.stat().st_size)
        case humeur:
            clamd.humeur = humeur


@pytest.mark.parametrize("comment", ["perdu", "altéré", "stream: scan ERROR", "trop_long", "meurt"])
def test_ce_qui_n_a_jamais_de_verdict_ne_retient_son_message_qu_un_jour(
    clamd: FauxClamd, depot: Path, comment: str
) -> None:
    lieu, maintenant = scene(), timezone.now()
    (piece,) = poser(lieu, PDF, nom="a.pdf")
    message = envoyer(lieu)
    abimer(clamd, depot / piece.fichier, comment)
    for heures in (0, 12, 23.9):
        analyser_pieces(maintenant=maintenant + timedelta(hours=heures))
        message.refresh_from_db()
        assert (message.pret_le, etats()) == (None, ["A_FAIRE"])
    analyser_pieces(maintenant=maintenant + timedelta(hours=24))
    message.refresh_from_db()
    assert (message.pret_le is not None, etats()) == (True, ["ILLISIBLE"])
    courriel = Courriel.objects.get(genre="piece_ecartee")
    assert (courriel.contexte["envoye"], courriel.contexte["illisible"]) == (True, True)
    evenement = Evenement.objects.get(acte="piece.illisible")
    assert evenement.details == {"echange": message.echange.reference}
    assert not Evenement.objects.filter(acte="piece.ecartee").exists()


def test_un_demon_mort_deux_jours_ne_met_rien_de_cote(clamd: FauxClamd) -> None:
    """The day is counted from the first try without a verdict, not from when the file was joined."""
    lieu, maintenant = scene(), timezone.now()
    poser(lieu, PDF, nom="a.pdf")
    clamd.humeur = "fige"
    for jour in (0, 1, 2):
        analyser_pieces(maintenant=maintenant + timedelta(days=jour))
        oublier_la_panne()
    clamd.humeur = "stream: scan ERROR"
    analyser_pieces(maintenant=maintenant + timedelta(days=3))
    assert etats() == ["A_FAIRE"]
    clamd.humeur = "juste"
    analyser_pieces(maintenant=maintenant + timedelta(days=3, minutes=2))
    assert etats() == ["SAINE"]


def test_un_fichier_illisible_d_un_brouillon_retient_l_envoi(clamd: FauxClamd, depot: Path) -> None:
    lieu, maintenant = scene(), timezone.now()
    (piece,) = poser(lieu, PDF, nom="a.pdf")
    (depot / piece.fichier).unlink()
    for jour in (0, 1):
        analyser_pieces(maintenant=maintenant + timedelta(days=jour))
    piece.refresh_from_db()
    assert "illisible" in piece.controle
    with pytest.raises(PieceEcartee):
        ouvrir(piece)
    assert Courriel.objects.get(genre="piece_ecartee").contexte["envoye"] is False
    with pytest.raises(PieceRefusee):
        envoyer(lieu)


def test_une_piece_ecartee_d_un_brouillon_retient_l_envoi(clamd: FauxClamd) -> None:
    lieu = scene()
    poser(lieu, EICAR)
    analyser_pieces()
    assert Courriel.objects.get(genre="piece_ecartee").contexte["envoye"] is False
    with pytest.raises(PieceRefusee):
        envoyer(lieu)


def test_sans_antivirus_les_pieces_le_disent_et_partent(settings: Settings) -> None:
    assert settings.ANTIVIRUS == "aucun"
    lieu = scene()
    (piece,) = poser(lieu, EICAR)
    message = envoyer(lieu)
    assert (piece.analyse, message.pret_le is not None) == ("NON_ANALYSEE", True)
    assert piece.se_telecharge
    assert analyser_pieces() == 0


def test_changer_d_avis_sur_l_antivirus(clamd: FauxClamd, settings: Settings) -> None:
    """What waited for a scan that is no more goes; what was never scanned is scanned once something does, and not served."""
    lieu = scene()
    (piece,) = poser(lieu, PDF, nom="a.pdf")
    message = envoyer(lieu)
    settings.ANTIVIRUS = "aucun"
    assert analyser_pieces() == 2
    message.refresh_from_db()
    piece.refresh_from_db()
    assert (message.pret_le is not None, piece.analyse) == (True, "NON_ANALYSEE")
    settings.ANTIVIRUS = "clamd"
    assert not piece.se_telecharge
    assert analyser_pieces() == 1
    assert etats() == ["SAINE"]


def test_une_piece_analysee_pendant_l_envoi_ne_retient_pas_le_message(
    clamd: FauxClamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is sent between the scan and its answer: it leaves all the same."""
    lieu = scene()
    (piece,) = poser(lieu, PDF, nom="a.pdf")
    repondre = analyse._repondre

    def envoyer_puis_repondre(*args: object) -> None:
        envoyer(lieu)
        repondre(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(analyse, "_repondre", envoyer_puis_repondre)
    assert analyser_piece(cle=piece.pk)
    assert Message.objects.get().pret_le is not None


# --- What lies there of nobody


def test_le_balayage_efface_les_fichiers_de_personne(depot: Path, caplog: pytest.LogCaptureFixture) -> None:
    lieu, demain = scene(), timezone.now() + timedelta(hours=25)
    gardee, orpheline = poser(lieu, PDF, PDF, nom="a.pdf")
    PieceJointe.objects.filter(pk=orpheline.pk).delete()
    assert balayer_pieces(acteur="systeme:essai") == 0  # of somebody soon, perhaps
    assert balayer_pieces(acteur="systeme:essai", maintenant=demain) == 1
    assert (depot / gardee.fichier).exists()
    assert not (depot / nom_de(orpheline.pk)).exists()
    assert Evenement.objects.get(acte="pieces.balayees").details == {"nombre": 1}
    assert balayer_pieces(acteur="systeme:essai", maintenant=demain) == 0
    (depot / gardee.fichier).unlink()
    balayer_pieces(acteur="systeme:essai", maintenant=demain)
    assert f"{gardee.pk}" in caplog.text


def test_ce_qui_meurt_avec_un_brouillon_ou_un_message_est_balaye(depot: Path) -> None:
    """A draft erased, a message purged: their rows go, with the keys, and the sweep takes their files."""
    lieu, demain = scene(), timezone.now() + timedelta(hours=25)
    poser(lieu, PDF, nom="a.pdf")
    message = envoyer(lieu)
    (de_brouillon,) = poser(lieu, PDF, nom="a.pdf")
    assert de_brouillon.brouillon is not None
    effacer(acteur=lieu.titulaire, brouillon=de_brouillon.brouillon)
    message.delete()
    assert not PieceJointe.objects.exists()
    assert balayer_pieces(acteur="systeme:essai", maintenant=demain) == 2
    assert [chemin for chemin in depot.rglob("*") if chemin.is_file()] == []


def test_un_depot_ou_rien_n_a_ete_pose() -> None:
    assert balayer_pieces(acteur="systeme:essai") == 0


@pytest.mark.parametrize("faute", [ValueError, RuntimeError, OSError])
def test_un_message_qui_ne_se_remet_pas_n_arrete_pas_ceux_de_derriere(
    clamd: FauxClamd,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    echecs: list[str],
    faute: type[Exception],
) -> None:
    """The oldest fails at each run, as many times as a run delivers: those behind it leave all the same."""
    messages = []
    for _ in range(3):
        lieu = scene()
        poser(lieu, PDF, nom="a.pdf")
        messages.append(envoyer(lieu))
    remettre = analyse.remettre

    def casser(message: Message, *args: object) -> object:
        if message.pk in {messages[0].pk, messages[1].pk}:
            raise faute("un message qui ne se compose pas")
        return remettre(message, *args)

    monkeypatch.setattr(analyse, "remettre", casser)
    PieceJointe.objects.update(analyse=PieceJointe.Analyse.SAINE, analysee_le=timezone.now())
    assert analyse.remettre_les_prets(nombre=2) == 1
    assert set(Message.objects.filter(pret_le=None)) == set(messages[:2])
    assert echecs == ["message_pret"] * 2
    assert all(str(message.pk) in caplog.text for message in messages[:2])
    assert f"{faute.__name__}: un message qui ne se compose pas" in caplog.text, "with its traceback"
    monkeypatch.undo()
    assert len(echecs) == 2
    assert analyse.remettre_les_prets(nombre=2) == 2, "and it leaves once it can"
