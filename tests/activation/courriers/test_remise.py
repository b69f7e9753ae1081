"""Handing letters over to the print shop: whole, once, taken up after a crash (design.md §6)."""

import csv
import hashlib
import hmac
import io
import stat
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import Evenement
from activation.courriers import lettre, remise
from activation.courriers.codes import presenter
from activation.courriers.remise import RemiseEnCours, RemiseInconnue, cle_imprimeur, remettre, renvoyer
from activation.demandes.suites import annuler_demande
from activation.models import Courrier, Demande, Feuillet, Remise
from tests.activation import scenes
from tests.factories import ServiceFactory
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db


def edites(nombre: int) -> list[Courrier]:
    service = ServiceFactory()
    return [scenes.editer(scenes.adhesion(service=service)) for _ in range(nombre)]


def texte(fichier: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(fichier).pages)


def lignes(fichier: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(fichier.read_text(), newline=""), delimiter=";"))


def code(courrier: Courrier) -> str:
    return presenter(scenes.code(courrier.demande))


def test_un_lot(tmp_path: Path) -> None:
    courriers = edites(3)
    lot = remettre(dossier=tmp_path)
    assert lot is not None
    assert (lot.courriers, lot.differents) == (3, [])
    contenu = texte(lot.pdf)
    assert all(code(courrier) in contenu for courrier in courriers)
    corps = lignes(lot.manifeste)
    assert [ligne["rang"] for ligne in corps] == ["1", "2", "3", "TOTAL"]
    assert [ligne["courrier"] for ligne in corps[:3]] == [str(courrier) for courrier in courriers]
    assert sum(int(ligne["pages"]) for ligne in corps[:3]) == len(PdfReader(lot.pdf).pages) == lot.pages
    for courrier, ligne in zip(courriers, corps, strict=False):
        premiere = PdfReader(lot.pdf).pages[int(ligne["premiere_page"]) - 1].extract_text()
        assert courrier.demande.reference in premiere
        assert code(courrier) in premiere
        assert ligne["sha256"] == courrier.empreinte
    assert set(Courrier.objects.values_list("etat", flat=True)) == {"REMIS"}
    assert not Courrier.objects.filter(remis_le=None).exists()
    assert Evenement.objects.filter(acte="courrier.remis").count() == 3
    assert [stat.S_IMODE(f.stat().st_mode) for f in (lot.pdf, lot.manifeste)] == [0o600, 0o600]
    assert {f.name for f in tmp_path.iterdir()} == {f"{lot.reference}.pdf", f"{lot.reference}.csv"}
    assert remettre(dossier=tmp_path) is None, "nothing waits any more"


def test_l_imprimeur_verifie_le_manifeste_avec_la_cle_seule(tmp_path: Path, settings) -> None:
    edites(2)
    lot = remettre(dossier=tmp_path)
    assert lot is not None
    cle = bytes.fromhex(cle_imprimeur())
    assert settings.CLE_CODES.encode() not in cle
    brut = lot.manifeste.read_bytes().decode()
    corps = [ligne.split(";") for ligne in brut.split("\r\n")[1:-1]]
    for ligne in corps[:-1]:
        assert hmac.new(cle, "|".join(ligne[:-1]).encode(), hashlib.sha256).hexdigest() == ligne[-1]
    avant = brut[: brut.index(";".join(corps[-1]))]
    message = "|".join([*corps[-1][:-1], hashlib.sha256(avant.encode()).hexdigest()])
    assert hmac.new(cle, message.encode(), hashlib.sha256).hexdigest() == corps[-1][-1]
    assert corps[-1][5] == hashlib.sha256(lot.pdf.read_bytes()).hexdigest()


def test_ce_qui_ne_part_pas(tmp_path: Path) -> None:
    annulee, remplace, revenu, sans_lettre, bon = edites(5)
    scenes.adhesion()  # not made yet
    annuler_demande(acteur=annulee.demande.espace, demande=annulee.demande)
    Courrier.objects.filter(pk=remplace.pk).update(remplace_le=timezone.now())
    Courrier.objects.filter(pk=revenu.pk).update(etat=Courrier.Etat.NPAI)
    # A code put into a mailbox before a letter told the company of it.
    Courrier.objects.filter(pk=sans_lettre.pk).update(canal=Courrier.Canal.MESSAGERIE, empreinte="")
    lot = remettre(dossier=tmp_path)
    assert lot is not None
    assert [ligne["courrier"] for ligne in lignes(lot.manifeste)] == [str(bon), "1"]
    assert list(Courrier.objects.filter(etat="REMIS")) == [bon]


@pytest.mark.parametrize("etape", ["_ecrire", "_poser", "_achever"])
def test_mort_en_route_puis_repris(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, etape: str) -> None:
    courriers = edites(3)
    with monkeypatch.context() as panne:
        appels = []

        def mourir(*args: object, **_: object) -> None:
            appels.append(args)
            raise KeyboardInterrupt

        panne.setattr(remise, etape, mourir)
        with pytest.raises(KeyboardInterrupt):
            remettre(dossier=tmp_path)
        assert appels
    assert not Courrier.objects.filter(etat="REMIS").exists()
    tardif = scenes.editer(scenes.adhesion())
    annuler_demande(acteur=courriers[1].demande.espace, demande=courriers[1].demande)
    lot = remettre(dossier=tmp_path)
    assert lot is not None
    assert [(ligne["rang"], ligne["courrier"]) for ligne in lignes(lot.manifeste)] == [
        ("1", str(courriers[0])),
        ("2", str(courriers[2])),
        ("TOTAL", "2"),
    ]
    assert Remise.objects.count() == 1
    suivant = remettre(dossier=tmp_path)
    assert suivant is not None
    assert suivant.reference != lot.reference
    assert code(tardif) in texte(suivant.pdf)
    assert Courrier.objects.filter(etat="REMIS").count() == 3
    assert not [f for f in tmp_path.iterdir() if f.name.startswith(".")]


def test_les_memes_octets_a_la_reprise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edites(2)
    with monkeypatch.context() as panne:
        panne.setattr(remise, "_achever", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            remettre(dossier=tmp_path)
    avant = {f.name: f.read_bytes() for f in tmp_path.iterdir()}
    assert len(avant) == 2
    remettre(dossier=tmp_path)
    assert {f.name: f.read_bytes() for f in tmp_path.iterdir()} == avant


def test_annulee_pendant_l_ecriture(tmp_path: Path) -> None:
    """A letter cancelled while its batch is written is handed over all the same: its code is dead."""
    premier, _ = edites(2)

    def annuler(fait: int, _total: int) -> None:
        if fait == 1:
            annuler_demande(acteur=premier.demande.espace, demande=premier.demande)

    lot = remettre(dossier=tmp_path, progression=annuler)
    assert lot is not None
    assert lot.courriers == 2
    assert Courrier.objects.filter(etat="REMIS").count() == 2
    assert Demande.objects.get(pk=premier.demande_id).etat == Demande.Etat.ANNULEE


def test_renvoi(tmp_path: Path) -> None:
    courriers = edites(3)
    lot = remettre(dossier=tmp_path)
    assert lot is not None
    remis = dict(Courrier.objects.values_list("pk", "remis_le"))
    annuler_demande(acteur=courriers[0].demande.espace, demande=courriers[0].demande)
    envoi = renvoyer(reference=lot.reference, dossier=tmp_path)
    assert envoi.pdf.name == f"{lot.reference}-renvoi.pdf"
    assert [ligne["rang"] for ligne in lignes(envoi.manifeste)] == ["2", "3", "TOTAL"]
    assert code(courriers[1]) in texte(envoi.pdf)
    assert code(courriers[0]) not in texte(envoi.pdf)
    assert dict(Courrier.objects.values_list("pk", "remis_le")) == remis
    assert Evenement.objects.filter(acte="remise.renvoyee").count() == 1
    with pytest.raises(RemiseInconnue):
        renvoyer(reference="R-20200101-01", dossier=tmp_path)


def test_un_courrier_qui_n_est_plus_le_meme_est_signale(tmp_path: Path) -> None:
    courrier, _ = edites(2)
    Courrier.objects.filter(pk=courrier.pk).update(empreinte="0" * 64)
    lot = remettre(dossier=tmp_path)
    assert lot is not None
    assert lot.differents == [str(courrier)]


@pytest.mark.django_db(transaction=True)
def test_deux_remises_a_la_fois(tmp_path: Path) -> None:
    edites(4)
    issues = en_parallele(3, lambda rang: remettre(dossier=tmp_path / str(rang)))
    lots = [issue for issue in issues if isinstance(issue, remise.Lot)]
    assert sum(lot.courriers for lot in lots) == 4, issues
    assert all(issue is None or isinstance(issue, (remise.Lot, RemiseEnCours)) for issue in issues), issues
    assert Evenement.objects.filter(acte="courrier.remis").count() == 4


# --- The command -------------------------------------------------------------------------------------------------------


def test_commande(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edites(5)
    call_command("remettre_courriers", "--dossier", str(tmp_path), "--dry-run")
    assert "5 courrier(s)" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())
    assert not Remise.objects.exists()
    call_command("remettre_courriers", "--dossier", str(tmp_path), "--taille", "2")
    sortie = capsys.readouterr().out
    assert sortie.count("courrier(s), ") == 3
    assert "Aucun courrier n'attend plus." in sortie
    assert sorted(f.suffix for f in tmp_path.iterdir()) == [".csv"] * 3 + [".pdf"] * 3
    call_command("remettre_courriers", "--dossier", str(tmp_path))
    assert Remise.objects.count() == 3, "twice changes nothing"
    call_command("remettre_courriers", "--dossier", str(tmp_path), "--renvoi", Remise.objects.first().reference)
    assert len(list(tmp_path.glob("*-renvoi.*"))) == 2


def test_commande_codes_de_sortie(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    courrier = edites(1)[0]
    with pytest.raises(CommandError) as inconnue:
        call_command("remettre_courriers", "--renvoi", "R-20200101-01", "--dossier", str(tmp_path))
    assert inconnue.value.returncode == 1
    fichier = tmp_path / "pas-un-dossier"
    fichier.write_text("")
    with pytest.raises(CommandError) as illisible:
        call_command("remettre_courriers", "--dossier", str(fichier))
    assert illisible.value.returncode == 1
    assert not Courrier.objects.filter(etat="REMIS").exists(), "what could not be written is not handed over"
    Courrier.objects.filter(pk=courrier.pk).update(empreinte="0" * 64)
    with pytest.raises(SystemExit) as differents:
        call_command("remettre_courriers", "--dossier", str(tmp_path))
    assert differents.value.code == 3
    assert str(courrier) in capsys.readouterr().err
    call_command("remettre_courriers", "--cle-imprimeur")
    assert capsys.readouterr().out.strip() == cle_imprimeur()


@pytest.mark.django_db(transaction=True)
def test_commande_une_autre_tourne(tmp_path: Path) -> None:
    def essayer(_: int) -> None:
        call_command("remettre_courriers", "--dossier", str(tmp_path))

    with remise._seul():
        (issue,) = en_parallele(1, essayer)
    assert isinstance(issue, CommandError)
    assert issue.returncode == 4
    assert en_parallele(1, essayer) == [None]
    assert connection.ensure_connection() is None


def test_reference_du_jour() -> None:
    assert remise._nouvelle_reference(timezone.now()).endswith("-01")
    jour = timezone.now() - timedelta(days=1)
    Remise.objects.create(reference=remise._nouvelle_reference(jour), achevee_le=jour)
    assert remise._nouvelle_reference(timezone.now()).endswith("-01")
    assert remise._nouvelle_reference(jour).endswith("-02")


def test_le_pdf_n_est_compose_qu_une_fois(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made when the letter is, kept encrypted until it is handed over, then gone."""
    composes: list[Path] = []
    composer = lettre.composer_pdf

    def compter(modele: Path, donnees: Mapping[str, object]) -> bytes:
        composes.append(modele)
        return composer(modele, donnees)

    monkeypatch.setattr(lettre, "composer_pdf", compter)
    courriers = edites(3)
    assert len(composes) == 3
    scelles = [bytes(scelle) for scelle in Feuillet.objects.values_list("scelle", flat=True)]
    assert len(scelles) == 3
    assert not any(scelle.startswith(b"%PDF") or code(courriers[0]).encode() in scelle for scelle in scelles)
    annuler_demande(acteur=courriers[2].demande.espace, demande=courriers[2].demande)
    lot = remettre(dossier=tmp_path)
    assert lot is not None
    assert (lot.courriers, lot.differents, len(composes)) == (2, [], 3)
    assert not Feuillet.objects.exists(), "neither of those handed over nor of the one that is no longer wanted"


@pytest.mark.parametrize("perte", ["absent", "d_un_autre", "autre_cle"])
def test_un_pdf_perdu_est_refait(perte: str, tmp_path: Path, settings: Any) -> None:
    premier, second = edites(2)
    if perte == "absent":
        Feuillet.objects.filter(courrier=premier).delete()
    elif perte == "d_un_autre":
        Feuillet.objects.filter(courrier=premier).update(scelle=Feuillet.objects.get(courrier=second).scelle)
    else:
        settings.CLE_CODES = "une autre clé, tournée pendant que le courrier attendait"
    lot = remettre(dossier=tmp_path)
    assert lot is not None
    premiere, deuxieme = (page.extract_text() for page in PdfReader(lot.pdf).pages)
    assert code(premier) in premiere
    assert code(second) in deuxieme
