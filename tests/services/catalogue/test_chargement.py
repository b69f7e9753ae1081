"""The catalogue and the services gestionnaires: the files given, and what a load does."""

import tomllib
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from accounts.models import Evenement, ServiceGestionnaire
from services.catalogue.chargement import (
    CATALOGUE,
    SERVICES_GESTIONNAIRES,
    CatalogueInvalide,
    PreavisTropCourt,
    charger_catalogue,
    charger_services_gestionnaires,
)
from services.catalogue.retrait import PREAVIS
from services.models import Categorie, RetraitService, Service

pytestmark = pytest.mark.django_db
MAINTENANT = datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_premier_chargement_puis_rien_de_change():
    premier = charger_catalogue()
    assert len(premier.crees) == 30
    second = charger_catalogue()
    assert (second.crees, second.modifies, len(second.inchanges)) == ([], [], 30)
    assert Evenement.objects.filter(acte="catalogue.charge").count() == 1


def test_un_service_modifie_est_remis_et_garde_son_identite():
    charger_catalogue()
    service = Service.objects.get(code="MSG")
    Service.objects.filter(code="MSG").update(libelle="Autre", paiement=True, adresse="https://messagerie.example/")
    assert charger_catalogue().modifies == ["MSG"]
    relu = Service.objects.get(code="MSG")
    assert (relu.pk, relu.libelle, relu.paiement) == (service.pk, "Messagerie sécurisée", False)
    assert relu.adresse == "https://messagerie.example/", "an address set by the operator must stay"


@pytest.fixture
def sans_acc(tmp_path):
    """The catalogue without its last service."""
    fichier = tmp_path / "court.toml"
    fichier.write_text(CATALOGUE.read_text().split('[[service]]\ncode = "ACC"')[0])
    return fichier


def test_un_service_absent_du_fichier_est_garde_jusqu_a_un_jour_dit(sans_acc):
    charger_catalogue()
    fin = timezone.localdate(MAINTENANT) + PREAVIS
    bilan = charger_catalogue(fichier=sans_acc, maintenant=MAINTENANT)
    assert (bilan.absents, bilan.retires) == (["ACC"], {"ACC": fin})
    assert Service.objects.count() == 30
    assert Service.objects.get(code="ACC").ferme_le == fin
    assert Evenement.objects.get(acte="service.retire").details == {"ferme_le": fin.isoformat()}


def test_le_meme_fichier_plus_tard_ne_deplace_pas_ce_jour(sans_acc):
    charger_catalogue()
    charger_catalogue(fichier=sans_acc, maintenant=MAINTENANT)
    fin = Service.objects.get(code="ACC").ferme_le
    for jours in (1, 50, 200):
        assert not charger_catalogue(fichier=sans_acc, maintenant=MAINTENANT + timedelta(days=jours)).retires
    assert Service.objects.get(code="ACC").ferme_le == fin
    assert RetraitService.objects.count() == Evenement.objects.filter(acte="service.retire").count() == 1


def test_remis_au_fichier_il_reste(sans_acc):
    charger_catalogue()
    charger_catalogue(fichier=sans_acc)
    assert charger_catalogue().retablis == ["ACC"]
    assert Service.objects.get(code="ACC").ferme_le is None
    retrait = RetraitService.objects.get()
    assert retrait.annule_le is not None
    assert retrait.annonce_le is not None, "nobody was told: nobody is to be told that it stays"
    assert charger_catalogue().retablis == []


def test_le_fichier_dit_le_dernier_jour(tmp_path):
    fichier = tmp_path / "date.toml"
    texte = CATALOGUE.read_text().replace('code = "ACC"\n', 'code = "ACC"\nferme_le = 2027-06-30\n')
    fichier.write_text(texte)
    assert charger_catalogue(fichier=fichier, maintenant=MAINTENANT).retires == {"ACC": date(2027, 6, 30)}
    fichier.write_text(texte.replace("2027-06-30", "2027-09-30"))
    assert charger_catalogue(fichier=fichier, maintenant=MAINTENANT).retires == {"ACC": date(2027, 9, 30)}
    assert RetraitService.objects.get(annule_le=None).ferme_le == date(2027, 9, 30)


def test_un_preavis_trop_court_ne_charge_rien(tmp_path):
    fichier = tmp_path / "date.toml"
    fichier.write_text(CATALOGUE.read_text().replace('code = "ACC"\n', 'code = "ACC"\nferme_le = 2026-12-24\n'))
    with pytest.raises(PreavisTropCourt, match="60 jours"), transaction.atomic():
        charger_catalogue(fichier=fichier, maintenant=MAINTENANT)
    assert not Service.objects.exists()


def test_a_blanc_un_retrait_est_dit_et_rien_n_est_ecrit(sans_acc):
    charger_catalogue()
    sortie = StringIO()
    call_command("charger_catalogue", fichier=sans_acc, dry_run=True, stdout=sortie)
    assert "retiré : ACC, ouvert jusqu'au" in sortie.getvalue()
    assert not RetraitService.objects.exists()
    assert not Service.objects.exclude(ferme_le=None).exists()


def test_chaque_service_dit_en_une_ligne_ce_qu_il_fait():
    charger_catalogue()
    assert not Service.objects.filter(resume="").exists()
    for service in Service.objects.all():
        assert service.code not in service.voisins


def test_ce_que_le_catalogue_promet():
    charger_catalogue()
    services = {service.code: service for service in Service.objects.all()}
    assert [code for code, service in services.items() if service.reserve_dge] == ["PAY_DGE"]
    # Mode simplifié: entreprises and associations only, no TVA-UE démarche (CGU §2.1, domaine.md §3).
    for service in services.values():
        if service.bouquet_simplifie:
            assert Categorie.ENTREPRISE in service.categories, service.code
            assert Categorie.ASSOCIATION in service.categories, service.code
            assert not service.reserve_dge, service.code
    assert services["MSG"].bouquet_simplifie
    assert not services["DEM_TVA_UE"].bouquet_simplifie
    assert not services["DEM_OSS"].bouquet_simplifie
    assert set(services["DOM_EVAL"].categories) == {Categorie.COLLECTIVITE, Categorie.ETABLISSEMENT_PUBLIC}
    for service in services.values():
        assert service.paiement or service.famille != Service.Famille.PAYER, service.code
        assert service.description.count(". ") >= 1, service.code
        assert service.description.endswith("."), service.code
        assert "\n" not in service.description, service.code


def test_chaque_service_dit_sur_quoi_il_repose():
    contenu = tomllib.loads(CATALOGUE.read_text())
    for entree in contenu["service"]:
        assert entree["certitude"] == "a_confirmer" or entree["sources"], entree["code"]
    cites = {source for entree in contenu["service"] for source in entree["sources"]}
    assert cites == set(contenu["sources"])


@pytest.mark.parametrize(
    ("avant", "apres", "raison"),
    [
        ('famille = "MESSAGERIE"', 'famille = "COURRIER"', "MSG : famille"),
        ('code = "MSG"', 'code = "ACC"', "ACC figure deux fois"),
        ('code = "MSG"', 'code = "msg"', "msg : "),
        ('code = "MSG"\n', 'code = "MSG"\ncouleur = "bleu"\n', "champ inconnu couleur"),
        ('sources = ["CGU", "O1", "R1"]', 'sources = ["X9"]', "source inconnue X9"),
        ('voisins = ["PAY_CFE"]', 'voisins = ["PAY_ICI"]', "voisin inconnu PAY_ICI"),
        ('code = "MSG"\n', 'code = "MSG"\nferme_le = "demain"\n', "ferme_le n’est pas un jour"),
        ('certitude = "confirme"\nsources', 'certitude = "certain"\nsources', "certitude absente ou inconnue"),
        ("\n[sources]", "\n[sources", "Expected"),
    ],
)
def test_un_fichier_fautif_ne_charge_rien(tmp_path, avant, apres, raison):
    texte = CATALOGUE.read_text()
    assert avant in texte
    fichier = tmp_path / "catalogue.toml"
    fichier.write_text(texte.replace(avant, apres, 1))
    with pytest.raises(CatalogueInvalide, match=raison):
        charger_catalogue(fichier=fichier)
    assert not Service.objects.exists()


def test_services_gestionnaires():
    assert len(charger_services_gestionnaires().crees) == 7
    assert len(charger_services_gestionnaires().inchanges) == 7
    suivis = " ".join(ServiceGestionnaire.objects.values_list("departements", flat=True)).split()
    assert {"31", "75", "92", "93", "99"} == set(suivis)
    assert ServiceGestionnaire.objects.filter(type="DGE").count() == 1


def test_un_sie_par_defaut_est_exige(tmp_path):
    fichier = tmp_path / "services.toml"
    fichier.write_text(
        SERVICES_GESTIONNAIRES.read_text().replace('code = "SIE000"\ntype = "SIE"', 'code = "X"\ntype = "DGE"')
    )
    with pytest.raises(CatalogueInvalide, match="SIE sans département"):
        charger_services_gestionnaires(fichier=fichier)


def test_commande():
    sortie = StringIO()
    call_command("charger_catalogue", dry_run=True, stdout=sortie)
    assert "créés 30" in sortie.getvalue()
    assert not Service.objects.exists()
    assert not Evenement.objects.exists()
    call_command("charger_catalogue", stdout=sortie)
    assert Service.objects.count() == 30
    assert ServiceGestionnaire.objects.count() == 7


def test_commande_tout_ou_rien(tmp_path):
    with pytest.raises(CommandError, match="illisible|No such file"):
        call_command("charger_catalogue", services_gestionnaires=Path(tmp_path / "absent.toml"), stdout=StringIO())
    assert not Service.objects.exists()
