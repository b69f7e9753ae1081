"""The file of dates: each with its source, a year replaced whole, a dry run that writes nothing."""

from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Evenement
from services.catalogue.chargement import charger_catalogue
from services.catalogue.echeances import EcheancesInvalides, calendriers, charger_echeances
from services.models import Echeance

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _catalogue() -> None:
    charger_catalogue()


def fichier_2026() -> Path:
    return next(chemin for chemin in calendriers() if chemin.stem == "2026")


def test_charger_puis_rien_de_change() -> None:
    premier = charger_echeances(fichier=fichier_2026())
    assert premier.creees == Echeance.objects.count() > 10
    second = charger_echeances(fichier=fichier_2026())
    assert (second.creees, second.modifiees, second.retirees, second.inchangees) == (0, 0, 0, premier.creees)
    assert Evenement.objects.filter(acte="echeances.chargees").count() == 1


def test_ce_que_disent_les_sources() -> None:
    charger_echeances(fichier=fichier_2026())
    cfe = Echeance.objects.filter(service__code="PAY_CFE").values_list("jour", flat=True)
    assert list(cfe) == [date(2026, 6, 15), date(2026, 12, 15)]
    sorties = Echeance.objects.filter(service__code="DEM_OSS", libelle__startswith="Demander à sortir")
    assert [e.jour for e in sorties] == [
        date(2026, 3, 17),
        date(2026, 6, 16),
        date(2026, 9, 16),
        date(2026, 12, 17),
    ]
    assert not Echeance.objects.filter(source="").exists()
    assert not Echeance.objects.filter(service__code__in=["DECL_TVA", "PAY_TVA"]).exists()


def test_une_annee_est_remplacee_et_les_autres_non(tmp_path: Path) -> None:
    for chemin in calendriers():
        charger_echeances(fichier=chemin)
    en_2027 = Echeance.objects.filter(jour__year=2027).count()
    fichier = tmp_path / "2026.toml"
    fichier.write_text(
        'annee = 2026\n[sources]\nX = "une page"\n[[echeance]]\nservice = "PAY_CFE"\njour = 2026-12-15\n'
        'libelle = "Solde de CFE"\ncondition = "Pour tous."\nsources = ["X"]\n'
    )
    bilan = charger_echeances(fichier=fichier)
    assert (bilan.creees, bilan.modifiees, bilan.retirees) == (0, 1, 17)
    assert Echeance.objects.get(jour__year=2026).source == "une page"
    assert Echeance.objects.filter(jour__year=2027).count() == en_2027


@pytest.mark.parametrize(
    ("avant", "apres", "raison"),
    [
        ('service = "PAY_CFE"', 'service = "LICORNE"', "service inconnu LICORNE"),
        ("jour = 2026-06-15", "jour = 2025-06-15", "n’est pas de 2026"),
        ("jour = 2026-06-15", 'jour = "bientôt"', "pas de jour"),
        ('sources = ["O8", "T21"]', "sources = []", "pas de source"),
        ('sources = ["O8", "T21"]', 'sources = ["X9"]', "source inconnue X9"),
        ("annee = 2026", "", "ne dit pas son année"),
        ('libelle = "Acompte de CFE"', 'libelle = ""', "ne dit pas ce qui est dû"),
        ('libelle = "Acompte de CFE"', f'libelle = "{"x" * 121}"', "120"),
        ('libelle = "Acompte de CFE"', 'libelle = "A"\ncouleur = "b"', "champ inconnu couleur"),
        ("\n[sources]", "\n[sources", "Expected"),
    ],
)
def test_un_fichier_fautif_ne_charge_rien(tmp_path: Path, avant: str, apres: str, raison: str) -> None:
    texte = fichier_2026().read_text()
    assert avant in texte
    fichier = tmp_path / "f.toml"
    fichier.write_text(texte.replace(avant, apres, 1))
    with pytest.raises(EcheancesInvalides, match=raison):
        charger_echeances(fichier=fichier)
    assert not Echeance.objects.exists()


def test_commande() -> None:
    sortie = StringIO()
    call_command("charger_echeances", dry_run=True, stdout=sortie)
    assert "À blanc" in sortie.getvalue()
    assert not Echeance.objects.exists()
    call_command("charger_echeances", stdout=sortie)
    assert set(Echeance.objects.dates("jour", "year")) == {date(2026, 1, 1), date(2027, 1, 1)}


def test_commande_d_un_fichier_absent(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="calendrier valable"):
        call_command("charger_echeances", fichier=tmp_path / "absent.toml", stdout=StringIO())
