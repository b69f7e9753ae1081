"""The answers of the banks: a file taken, taken again, tried without writing, and lines that are refused."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Courriel, Evenement
from services import actes
from services.banque.lectures import comptes_de
from services.models import MandatSepa, ReferenceBancaire
from tests.factories import compte_bancaire

from .scenes import Entreprise

ENTETE = "rum;prelevement;etat;motif;date\n"


@pytest.fixture
def reference(entreprise: Entreprise) -> ReferenceBancaire:
    return compte_bancaire(entreprise.personne)


def lancer(tmp_path: Path, corps: str, *options: str, entete: str = ENTETE) -> None:
    fichier = tmp_path / "reponses.csv"
    fichier.write_text(entete + corps, encoding="utf-8")
    call_command("enregistrer_reponses_bancaires", "--fichier", str(fichier), *options)


def etats() -> tuple[str, str, str, str]:
    return ReferenceBancaire.objects.values_list("etat_core", "core_motif", "etat_b2b", "b2b_motif").get()


def test_une_reponse_se_prend_une_fois_et_se_dit(reference: ReferenceBancaire, tmp_path: Path) -> None:
    aujourd_hui = timezone.localdate()
    corps = f"{reference.mandat.rum};CORE;VALIDE;;{aujourd_hui}\n{reference.mandat.rum};b2b;refuse;md01;{aujourd_hui}\n"
    lancer(tmp_path, corps, "--dry-run")
    assert etats() == ("SAISI", "", "SAISI", "")
    assert not Courriel.objects.exists()
    for _ in range(2):
        lancer(tmp_path, corps)
    assert etats() == ("VALIDE", "", "REFUSE", "MD01")
    assert Evenement.objects.filter(acte="compte_bancaire.reponse").count() == 2
    assert Courriel.objects.filter(genre="compte_bancaire_reponse").count() == 2 * 3, (
        "two answers, three administrators"
    )
    assert {c.contexte["motif"] for c in Courriel.objects.all()} == {"", "aucun mandat enregistré par la banque (MD01)"}


def test_deux_reponses_du_meme_jour_ne_se_disputent_pas_l_etat(reference: ReferenceBancaire, tmp_path: Path) -> None:
    rum, le = reference.mandat.rum, timezone.localdate()
    for _ in range(2):
        with pytest.raises(CommandError, match="rejetées"):
            lancer(tmp_path, f"{rum};B2B;VALIDE;;{le}\n{rum};B2B;REFUSE;MD01;{le}\n")
        assert etats()[2:] == ("VALIDE", "")
    assert Evenement.objects.filter(acte="compte_bancaire.reponse").count() == 1


def test_une_cellule_sans_fin_n_ecrit_rien(reference: ReferenceBancaire, tmp_path: Path) -> None:
    rum, le = reference.mandat.rum, timezone.localdate()
    with pytest.raises(CommandError, match="ligne 3"):
        lancer(tmp_path, f"{rum};B2B;VALIDE;;{le}\n{rum};B2B;REFUSE;{'x' * 140_000};{le}\n")
    assert etats() == ("SAISI", "", "SAISI", "")


def test_une_reponse_plus_ancienne_ne_change_rien(reference: ReferenceBancaire, tmp_path: Path) -> None:
    ReferenceBancaire.objects.update(ajoutee_le=timezone.now() - timezone.timedelta(days=9))
    rum, le = reference.mandat.rum, timezone.localdate()
    lancer(tmp_path, f"{rum};B2B;VALIDE;;{le}\n")
    lancer(tmp_path, f"{rum};B2B;REFUSE;AC04;{le - timezone.timedelta(days=3)}\n")
    assert etats()[2:] == ("VALIDE", "")


@pytest.mark.parametrize(
    "ligne",
    [
        "01DGFIP2026000000000;B2B;VALIDE;;{le}",
        "{rum};SEPA;VALIDE;;{le}",
        "{rum};B2B;PEUT-ETRE;;{le}",
        "{rum};B2B;REFUSE;;{le}",
        "{rum};B2B;REFUSE;clos;{le}",
        "{rum};B2B;VALIDE;MD01;{le}",
        "{rum};B2B;VALIDE;;demain",
        "{rum};B2B;VALIDE;;2099-01-01",
        "{rum};B2B;VALIDE;;2001-01-01",
        "{rum}",
    ],
)
def test_une_ligne_fautive_est_rejetee_seule(
    reference: ReferenceBancaire, tmp_path: Path, ligne: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rum, le = reference.mandat.rum, timezone.localdate()
    with pytest.raises(CommandError) as sortie:
        lancer(tmp_path, f"{ligne.format(rum=rum, le=le)}\n{rum};CORE;VALIDE;;{le}\n")
    assert sortie.value.returncode == 3
    assert "ligne 2 : " in capsys.readouterr().err
    assert etats() == ("VALIDE", "", "SAISI", "")


@pytest.mark.parametrize("entete", ["", "rum;etat\n", "rum,prelevement,etat,motif,date\n"])
def test_un_fichier_sans_ses_colonnes_est_refuse(entreprise: Entreprise, tmp_path: Path, entete: str) -> None:
    with pytest.raises(CommandError, match="manque"):
        lancer(tmp_path, "", entete=entete)


def test_un_fichier_qui_n_est_pas_un_texte_est_refuse(entreprise: Entreprise, tmp_path: Path) -> None:
    fichier = tmp_path / "x.csv"
    fichier.write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(CommandError, match="UTF-8"):
        call_command("enregistrer_reponses_bancaires", "--fichier", str(fichier))


@pytest.mark.parametrize(
    ("prelevement", "motif", "remis_il_y_a", "encore_remis"),
    [("B2B", "MD01", 3, False), ("B2B", "MD02", 3, False), ("B2B", "MD01", 0, True), ("B2B", "MS03", 3, True), ("CORE", "MD01", 3, True)],
)  # fmt: skip
def test_un_mandat_que_la_banque_n_a_pas_est_de_nouveau_a_remettre(
    reference: ReferenceBancaire, tmp_path: Path, prelevement: str, motif: str, remis_il_y_a: int, encore_remis: bool
) -> None:
    """What was ticked before its answer is ticked no more; what was handed over again since stays, also by the same file again."""
    aujourd_hui, mandat = timezone.localdate(), reference.mandat
    ReferenceBancaire.objects.update(ajoutee_le=timezone.now() - timedelta(days=9))
    mandat.remis_le = aujourd_hui - timedelta(days=remis_il_y_a)
    mandat.save()
    corps = f"{mandat.rum};{prelevement};REFUSE;{motif};{aujourd_hui - timedelta(days=1)}\n"
    lancer(tmp_path, corps)
    (compte,) = comptes_de(reference.personne)
    assert (compte.reference.mandat.remis_le is not None) == encore_remis
    assert compte.mandat_a_remettre == (not encore_remis)
    assert Evenement.objects.filter(acte=actes.MANDAT_SEPA_REMISE_ANNULEE.code).exists() == (not encore_remis)
    mandat.remis_le = aujourd_hui
    mandat.save()
    lancer(tmp_path, corps)
    mandat.refresh_from_db()
    assert mandat.remis_le == aujourd_hui


def test_un_refus_dit_quoi_faire_sur_la_page_et_par_courriel(reference: ReferenceBancaire, tmp_path: Path) -> None:
    rum, le = reference.mandat.rum, timezone.localdate()
    lancer(tmp_path, f"{rum};B2B;REFUSE;MD01;{le}\n{rum};CORE;REFUSE;AC04;{le}\n")
    compte = comptes_de(reference.personne)[0]
    assert "remettez-le de nouveau" in compte.suite_du_refus
    assert compte.suite_du_refus_core == "ajoutez un autre compte"
    suites = {c.contexte["prelevement"]: c.contexte["suite"] for c in Courriel.objects.all()}
    assert "remettez-le de nouveau" in suites["interentreprises (B2B)"]
    assert suites["CORE"] == "ajoutez un autre compte"


def test_un_mandat_remis_de_nouveau_attend_la_banque_et_ne_demande_plus_rien(
    reference: ReferenceBancaire, tmp_path: Path
) -> None:
    lancer(tmp_path, f"{reference.mandat.rum};B2B;REFUSE;MD01;{timezone.localdate()}\n")
    MandatSepa.objects.update(remis_le=timezone.localdate())
    compte = comptes_de(reference.personne)[0]
    assert compte.suite_du_refus == ""
    assert " ".join(compte.b2b.split()).startswith(
        "Mandat remis de nouveau, en attente de la banque ; refusé avant : aucun mandat"
    )
    assert not compte.mandat_a_remettre


def test_un_refus_ordinaire_ne_demande_pas_de_mandat(reference: ReferenceBancaire, tmp_path: Path) -> None:
    lancer(tmp_path, f"{reference.mandat.rum};CORE;REFUSE;MD01;{timezone.localdate()}\n")
    compte = comptes_de(reference.personne)[0]
    assert "mandat" not in compte.suite_du_refus_core
    assert compte.suite_du_refus_core.startswith("demandez à votre banque")


def test_la_commande_dit_ce_qu_elle_a_lu_et_ce_qu_elle_ferait(
    reference: ReferenceBancaire, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rum, le = reference.mandat.rum, timezone.localdate()
    lancer(tmp_path, f"{rum};CORE;VALIDE;;{le}\n", "--dry-run")
    assert "Réponses à enregistrer : 1" in capsys.readouterr().out
    with pytest.raises(CommandError):
        lancer(tmp_path, f"{rum};CORE;VALIDE;;01/12/2026\n{rum};CB;VALIDE;;{le}\n{rum};CORE;OUI;;{le}\n")
    dit = " ".join(capsys.readouterr().err.split())
    assert "« 01/12/2026 »" in dit
    assert "« CB »" in dit
    assert "« OUI »" in dit
