"""What leaves the database of the journal every day, signed; what may be dropped of it; one line proved, an extract sealed."""

import base64
import csv
import hashlib
import json
import subprocess
import sys
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.donnees.abandon import MoisPasEchu, RienAAbandonner, abandonner_mois
from accounts.donnees.attestation_quotidienne import attester_le_journal
from accounts.donnees.preuves import LignePasAttestee, LigneSansPreuve, prouver_ligne
from accounts.envois.courriels import envoyer
from accounts.models import Attestation, BlocScelle, Courriel, Evenement, EvenementASceller, MoisAbandonne
from accounts.tasks import attester_journal
from accounts.traces.attestations import est_signe
from accounts.traces.sceau import temoin
from accounts.traces.scellement import sceller
from accounts.traces.verification import verifier
from tests.accounts.scenes import consigner_n, ecrire_lignes
from tests.role_application import role_de_l_application
from tests.scenes import RACINE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def dossier(tmp_path: Path, settings: Any) -> Path:
    settings.DOSSIER_ATTESTATIONS = tmp_path / "attestations"
    return settings.DOSSIER_ATTESTATIONS


def falsifier(*ordres: str) -> None:
    """Do what the owner of the tables can: put the triggers aside and write."""
    with connection.cursor() as curseur:
        for verbe in ("DISABLE", "ENABLE"):
            for table in ("evenement", "blocscelle", "attestation", "moisabandonne"):
                curseur.execute(f"ALTER TABLE accounts_{table} {verbe} TRIGGER USER")
            if verbe == "DISABLE":
                for ordre in ordres:
                    curseur.execute(ordre)


# --- Statements


def test_chaque_jour_une_attestation_sort_de_la_base(
    dossier: Path, settings: Any, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    settings.COURRIEL_SECURITE = "rssi@exemple.fr"
    consigner_n(3)
    caplog.set_level("INFO")
    with role_de_l_application(), django_capture_on_commit_callbacks(execute=True):
        attester_journal()
        attester_journal()
    temoin.recommencer()
    (attestation,) = Attestation.objects.all()
    dit = json.loads(attestation.contenu)
    bloc = BlocScelle.objects.get()
    assert (dit["bloc"], dit["empreinte"], dit["dernier_evenement"]) == (
        bloc.numero,
        bloc.empreinte,
        Evenement.objects.latest("id").pk,
    )
    assert (dossier / "attestation-000001.json").read_text() == attestation.contenu
    assert "journal_atteste" in caplog.text
    assert bloc.empreinte[:8] in caplog.text
    courriel = Courriel.objects.get(genre="journal_atteste")
    envoyer(str(courriel.pk))
    assert mail.outbox[0].to == ["rssi@exemple.fr"]
    assert bloc.empreinte[:8] in mail.outbox[0].body
    # The next day's names it.
    falsifier("UPDATE accounts_attestation SET faite_le = faite_le - interval '1 day'")
    consigner_n(1)
    suivante = attester_le_journal()
    assert suivante is not None
    assert json.loads(suivante.contenu)["precedente"] == hashlib.sha256(attestation.contenu.encode()).hexdigest()
    assert verifier(dossier).anomalies == []
    assert verifier(dossier).attestations == 2


def test_un_journal_vide_n_atteste_rien(dossier: Path) -> None:
    assert attester_le_journal() is None
    sortie = StringIO()
    call_command("attester_journal", stdout=sortie)
    assert "rien de plus" in sortie.getvalue()


def test_un_dossier_ou_l_on_n_ecrit_pas_n_empeche_rien(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "fichier").touch()
    settings.DOSSIER_ATTESTATIONS = tmp_path / "fichier" / "dossier"
    consigner_n(1)
    assert attester_le_journal() is not None
    settings.DOSSIER_ATTESTATIONS = tmp_path / "rendu"
    assert attester_le_journal() is None
    assert (tmp_path / "rendu" / "attestation-000001.sig").exists(), "the next run fills it"


def test_openssl_et_la_cle_publiee_verifient_une_attestation(dossier: Path, client: Client, tmp_path: Path) -> None:
    consigner_n(1)
    attester_le_journal()
    publie = client.get("/.well-known/journal.json").json()
    assert publie["attestation"]["texte"] == (dossier / "attestation-000001.json").read_text()
    (tmp_path / "cle.pem").write_text(publie["cles"][0]["pem"])
    commande = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(tmp_path / "cle.pem"), "-rawin"]
    commande += ["-sigfile", str(dossier / "attestation-000001.sig"), "-in"]
    assert subprocess.run([*commande, str(dossier / "attestation-000001.json")], check=False).returncode == 0
    autre = tmp_path / "autre.json"
    autre.write_text(publie["attestation"]["texte"].replace('"bloc":1', '"bloc":2'))
    assert subprocess.run([*commande, str(autre)], check=False).returncode != 0


@pytest.mark.parametrize(
    ("ordres", "mot"),
    [
        pytest.param(["DELETE FROM accounts_blocscelle WHERE numero > 1"], "le journal est coupé", id="chaine_coupee"),
        pytest.param(
            ["DELETE FROM accounts_attestation", "DELETE FROM accounts_blocscelle", "DELETE FROM accounts_evenement"],
            "la base ne l’a plus",
            id="tout_efface",
        ),
        pytest.param(
            ["UPDATE accounts_attestation SET signature = 'AAAA' WHERE numero = 1"], "signature", id="signature"
        ),
        pytest.param(["DELETE FROM accounts_attestation WHERE numero = 1"], "ne suit pas", id="une_retiree"),
        pytest.param(
            ["UPDATE accounts_attestation SET contenu = replace(contenu, '\"bloc\":1', '\"bloc\":2') WHERE numero = 1"],
            "signature",
            id="recrite",
        ),
        pytest.param(["UPDATE accounts_attestation SET contenu = 'x' WHERE numero = 1"], "illisible", id="illisible"),
        pytest.param(
            [
                "UPDATE accounts_attestation SET contenu = replace(contenu, '\"numero\":1,', '\"numero\":1e999,') WHERE numero = 1"
            ],
            "illisible",
            id="infinie",
        ),
        pytest.param(
            ["UPDATE accounts_attestation SET contenu = repeat('[', 100000) WHERE numero = 1"],
            "illisible",
            id="profonde",
        ),
        pytest.param(
            ["UPDATE accounts_blocscelle SET empreinte = repeat('0', 64) WHERE numero = 1"],
            "n’a plus l’empreinte",
            id="bloc",
        ),
    ],
)
def test_ce_qui_est_sorti_montre_ce_qui_a_ete_coupe(dossier: Path, ordres: list[str], mot: str) -> None:
    """The journal cut back to an earlier state is whole in itself: only what left the database says that it was longer."""
    for _ in range(2):
        consigner_n(2)
        assert attester_le_journal(force=True)
    assert verifier(dossier).anomalies == []
    falsifier(*ordres)
    EvenementASceller.objects.all().delete()
    anomalies = verifier(dossier).anomalies
    assert any(mot in anomalie for anomalie in anomalies), anomalies
    with pytest.raises(CommandError):
        call_command("verifier_journal", attestations=dossier, stderr=StringIO())


def test_un_fichier_du_dossier_qui_n_est_pas_un_texte_est_dit(dossier: Path) -> None:
    consigner_n(1)
    assert attester_le_journal(force=True)
    (dossier / "attestation-000001.json").write_bytes(b"\xff\xfe{}")
    assert any("illisible" in anomalie for anomalie in verifier(dossier).anomalies)


def test_une_coupe_entiere_sans_le_dossier_passerait(dossier: Path) -> None:
    """Why they leave: whoever owns the database takes the statements away with the rest."""
    consigner_n(2)
    attester_le_journal()
    consigner_n(2)
    attester_le_journal(force=True)
    falsifier(
        "DELETE FROM accounts_evenement WHERE id IN (SELECT unnest(evenements) FROM accounts_blocscelle WHERE numero = 2)",
        "DELETE FROM accounts_blocscelle WHERE numero = 2",
        "DELETE FROM accounts_attestation WHERE numero = 2",
    )
    assert verifier().anomalies == []
    assert verifier(dossier).nombre == 3  # the statement, the block and the line that it names


def test_les_attestations_et_les_abandons_ne_changent_pas() -> None:
    consigner_n(1)
    attester_le_journal()
    MoisAbandonne.objects.create(numero=1, mois=mois_de(11), premier_bloc=1, dernier_bloc=1, lignes=0, sceau="")
    for modele in (Attestation, MoisAbandonne):
        for acte in (
            lambda modele=modele: modele.objects.update(numero=9),
            lambda modele=modele: modele.objects.all().delete(),
            lambda modele=modele: connection.cursor().execute(f"TRUNCATE {modele._meta.db_table}"),
        ):
            with pytest.raises(IntegrityError, match="ajout seul"), transaction.atomic():
                acte()


# --- A month at the end of its time


def vieillir(nombre: int, *, ans: float) -> None:
    """Write sealed lines of so many years ago, in blocks of today."""
    ecrire_lignes(nombre, depuis=timezone.now() - timedelta(days=365.25 * ans))
    while sceller():
        pass


def mois_de(ans: float) -> date:
    return (timezone.now() - timedelta(days=365.25 * ans)).date().replace(day=1)


def test_un_mois_echu_part_et_la_chaine_se_verifie(dossier: Path) -> None:
    vieillir(2500, ans=11)
    vieillir(1500, ans=9)
    vieillir(10, ans=0)
    attester_le_journal()
    sortie = StringIO()
    call_command("abandonner_mois", f"{mois_de(11):%Y-%m}", "--dry-run", stdout=sortie)
    assert "2500 lignes seraient effacées" in sortie.getvalue()
    assert Evenement.objects.count() == 4010
    abandon = abandonner_mois(acteur="systeme:essai", mois=mois_de(11))
    assert (abandon.premier_bloc, abandon.dernier_bloc, abandon.lignes) == (1, 3, 2500)
    assert Evenement.objects.filter(acte="journal.abandonne").count() == 1
    sceller()
    assert verifier(dossier).anomalies == []
    assert verifier(dossier).evenements == 1511
    assert BlocScelle.objects.count() == 7
    with pytest.raises(RienAAbandonner):
        abandonner_mois(acteur="systeme:essai", mois=mois_de(11))
    with pytest.raises(MoisPasEchu):
        abandonner_mois(acteur="systeme:essai", mois=mois_de(9))
    with pytest.raises(CommandError):
        call_command("abandonner_mois", f"{mois_de(9):%Y-%m}")


def test_les_processus_a_cheval_gardent_leur_compte() -> None:
    """Three processes whose lines go on after the month: what they follow went with it."""
    ecrire_lignes(2000, depuis=timezone.now() - timedelta(days=11 * 365.25), pas=timedelta(hours=4))
    while sceller():
        pass
    abandon = abandonner_mois(acteur="systeme:essai", mois=mois_de(10.5))
    assert (abandon.lignes, len(abandon.processus)) == (1000, 3)
    assert abandon.lignes == sum(abandon.processus.values())
    assert verifier().anomalies == []
    falsifier("DELETE FROM accounts_evenement WHERE id = (SELECT min(id) FROM accounts_evenement)")
    assert any("ont disparu" in anomalie for anomalie in verifier().anomalies)


def test_ce_qui_part_est_scelle_et_ne_revient_pas() -> None:
    vieillir(1000, ans=11)
    vieillir(10, ans=0)
    numero = Evenement.objects.earliest("id").pk
    abandonner_mois(acteur="systeme:essai", mois=mois_de(11))
    assert verifier().anomalies == []
    falsifier(
        "INSERT INTO accounts_evenement (id, quand, acte, auteur, espace, siren, service, requete, details)"
        f" VALUES ({numero}, now() - interval '11 years', 'faux', 'x', '', '', '', '', '{{}}')"
    )
    EvenementASceller.objects.filter(pk=numero).delete()
    assert any("revenus" in anomalie for anomalie in verifier().anomalies)
    falsifier(
        f"DELETE FROM accounts_evenement WHERE id = {numero}", "UPDATE accounts_moisabandonne SET dernier_bloc = 2"
    )
    assert any("sceau n’est pas le nôtre" in anomalie for anomalie in verifier().anomalies)


def test_le_role_de_l_application_n_efface_rien() -> None:
    vieillir(10, ans=11)
    with role_de_l_application(), pytest.raises(CommandError, match="Seul le rôle qui possède"):
        call_command("abandonner_mois", f"{mois_de(11):%Y-%m}")
    assert Evenement.objects.count() == 10
    assert not MoisAbandonne.objects.exists()


def test_le_proprietaire_n_efface_rien_d_assez_recent_ni_par_megarde() -> None:
    vieillir(1, ans=9)
    vieillir(1, ans=11)
    for dit in ("", "oui"):
        with connection.cursor() as curseur:
            curseur.execute("SELECT set_config('espacepro.abandon', %s, true)", [dit])
        with pytest.raises(IntegrityError, match="ajout seul"), transaction.atomic():
            Evenement.objects.all()._raw_delete(using="default")


# --- One line proved


def controler(preuve: Path, cle: Path) -> subprocess.CompletedProcess[str]:
    script = RACINE / "docs" / "exploitation" / "verifier_preuve.py"
    commande = [sys.executable, "-I", str(script), str(preuve), str(cle)]
    return subprocess.run(commande, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("rang", [0, 4, 1000, 2006])
def test_une_ligne_se_prouve_a_un_tiers(dossier: Path, tmp_path: Path, rang: int) -> None:
    ecrire_lignes(2007)
    attester_le_journal()
    ligne = Evenement.objects.filter(acte="essai.ligne").order_by("id")[rang]
    fichier = tmp_path / "preuve.json"
    call_command("prouver_ligne", str(ligne.pk), fichier=fichier, motif="réquisition", stdout=StringIO())
    (cle,) = dossier.glob("cle-*.pem")
    controle = controler(fichier, cle)
    assert controle.returncode == 0, controle.stderr
    assert f'auteur: "{ligne.auteur}"' in controle.stdout
    assert Evenement.objects.get(acte="journal.prouve").details == {"numero": ligne.pk, "motif": "réquisition"}
    preuve = json.loads(fichier.read_text())
    for faux in (
        {"texte": preuve["texte"].replace(ligne.auteur, "9" * 14)},
        {"ligne": [*preuve["ligne"][:3], "9" * 14, *preuve["ligne"][4:]]},
        {"chemin": preuve["chemin"][1:]},
        {"attestation": preuve["attestation"] | {"signature": base64.b64encode(bytes(64)).decode()}},
        {"blocs": [[*preuve["blocs"][0][:6], "2026-01-01T00:00:00.000000+00:00"], *preuve["blocs"][1:]]},
    ):
        fichier.write_text(json.dumps(preuve | faux))
        assert controler(fichier, cle).returncode == 1, faux


def test_ce_qui_ne_se_prouve_pas_encore(dossier: Path) -> None:
    (ligne,) = consigner_n(1)
    with pytest.raises(LignePasAttestee):
        prouver_ligne(acteur="systeme:essai", numero=ligne.pk, motif="essai")
    sceller()
    with pytest.raises(LignePasAttestee):
        prouver_ligne(acteur="systeme:essai", numero=ligne.pk, motif="essai")
    with pytest.raises(LigneSansPreuve):
        prouver_ligne(acteur="systeme:essai", numero=ligne.pk + 1000, motif="essai")
    with pytest.raises(CommandError):
        call_command("prouver_ligne", str(ligne.pk), fichier=dossier / "x", motif="essai")
    with pytest.raises(CommandError, match="que des chiffres"):
        call_command("prouver_ligne", "12a", fichier=dossier / "x", motif="essai")


# --- An extract


@pytest.mark.parametrize("forme", ["csv", "json"])
def test_un_extrait_filtre_et_scelle(tmp_path: Path, forme: str) -> None:
    consigner_n(2)
    ecrire_lignes(30)
    auteur = Evenement.objects.filter(acte="essai.ligne").order_by("id")[7].auteur
    fichier = tmp_path / f"extrait.{forme}"
    jour = f"{datetime.now():%Y-%m-%d}"
    call_command(
        "exporter_journal",
        "--fichier",
        str(fichier),
        "--motif",
        "contrôle",
        "--auteur",
        auteur,
        "--du",
        jour,
        stdout=StringIO(),
    )
    texte = fichier.read_text(encoding="utf-8")
    lignes = list(csv.DictReader(StringIO(texte), delimiter=";")) if forme == "csv" else json.loads(texte)
    assert [ligne["auteur"] for ligne in lignes] == [auteur]
    details = lignes[0]["details"]
    assert (json.loads(details) if forme == "csv" else details)["nombre"] == 7
    sceau = json.loads((tmp_path / f"extrait.{forme}.sceau.json").read_text())
    assert est_signe(sceau["texte"].encode(), sceau["signature"])
    dit = json.loads(sceau["texte"])
    assert dit["fichier"] == hashlib.sha256(fichier.read_bytes()).hexdigest()
    assert (dit["lignes"], dit["filtres"]["auteur"]) == (1, auteur)
    assert Evenement.objects.get(acte="journal.exporte").details["empreinte"] == dit["fichier"]


def test_un_extrait_a_une_forme_connue(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("exporter_journal", "--fichier", str(tmp_path / "x.txt"), "--motif", "essai")
    assert not (tmp_path / "x.txt").exists()
