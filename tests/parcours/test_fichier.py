"""The file of the sharing in a real browser: taken, edited as in a spreadsheet, given back, previewed, applied."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from django.db import transaction
from openpyxl import load_workbook
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Courriel, Espace
from habilitations.lectures import export as module_export
from habilitations.lectures.exports import fabriquer
from habilitations.models import Export, Habilitation, Role
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db(transaction=True)
FIN = date(2031, 12, 31)


@pytest.fixture
def cabinet(db: None) -> Espace:
    """A titulaire who shared two services of three companies, one of them down to an acteur of an acteur délégant."""
    espace: Espace = EspaceFactory(prenom="Camille", nom="Morel")
    anne, bruno = EspaceFactory(prenom="Anne", nom="Lebœuf"), EspaceFactory(prenom="Bruno", nom="Leroux")
    services = [ServiceFactory(code="DECL_TVA", libelle="Déclarer la TVA"), ServiceFactory(code="CFE", libelle="CFE")]
    with transaction.atomic():
        for siren, nom in (("005410220", "SOCIÉTÉ 01"), ("552032534", "SOCIÉTÉ 02"), ("000325175", "SOCIÉTÉ 03")):
            personne = PersonneFactory(siren=siren, denomination=nom)
            racines = [habiliter(espace, personne=personne, service=service) for service in services]
            deleguee = accorder(racines[0], anne, Role.ACTEUR_DELEGANT, expire_le=FIN)
            accorder(deleguee, bruno, Role.ACTEUR, expire_le=FIN)
    return espace


def capturer(page: Page, nom: str) -> None:
    """Keep a picture of the page on a desktop and on a telephone, where CAPTURES says."""
    if dossier := os.environ.get("CAPTURES"):
        taille = page.viewport_size
        for largeur in (1280, 390):
            page.set_viewport_size({"width": largeur, "height": 900})
            page.screenshot(path=Path(dossier) / f"{nom}-{largeur}.png", full_page=True)
        if taille is not None:
            page.set_viewport_size(taille)


def test_prendre_remplir_rendre(
    live_server: LiveServer,
    page: Page,
    cabinet: Espace,
    connecter: Callable[[Espace], None],
    regarder: Callable[[], None],
    plaintes: list[str],
    tmp_path: Path,
) -> None:
    chloe = EspaceFactory(prenom="Chloé", nom="Garnier")
    connecter(cabinet)
    page.goto(f"{live_server.url}/espace/gerer-les-services/delegations/")
    page.get_by_role("link", name="Partager par un fichier").click()
    regarder()
    capturer(page, "fichier")
    with page.expect_download() as telechargement:
        page.get_by_role("button", name="Partir de l’existant (XLSX)").click()
    fichier = tmp_path / "partage.xlsx"
    telechargement.value.save_as(fichier)

    # Given back as it is, it changes nothing.
    deposer(page, fichier)
    expect(page.get_by_role("heading", name="Ce fichier ne change rien")).to_be_visible()
    regarder()

    classeur = load_workbook(fichier)
    feuille = classeur.active
    colonnes = {cellule.value: cellule.column for cellule in feuille[1]}
    for rangee in range(2, feuille.max_row + 1):
        siren, nom = feuille.cell(rangee, 1).value, feuille.cell(rangee, colonnes["Nom"]).value
        if nom == "Lebœuf" and siren == "005410220":
            feuille.cell(rangee, colonnes["Acte"]).value = "retirer"
        elif nom == "Lebœuf" and siren == "552032534":
            feuille.cell(rangee, colonnes["Acte"]).value = "Changer la fin"
            feuille.cell(rangee, colonnes["Dernier jour"]).value = date(2031, 6, 30)
    # As a hand types it: a number without its zeros, the label of the service, the role of the pages, two digits of year.
    feuille.append([325175, None, None, "cfe", "Administrateur suppléant", None, chloe.numero_abonne, "Chloé GARNIER"])
    faute = [325175, None, "RIEN", None, "chef", None, "2,02633E+13", "Garnier", None, None, None, "demain"]
    feuille.append(faute)
    classeur.save(fichier)

    deposer(page, fichier)
    expect(page.get_by_role("alert")).to_contain_text("1 ligne à corriger sur 8")
    fautes = page.locator("#fautes ul").get_by_role("listitem")
    expect(fautes).to_have_count(4)
    regarder()
    capturer(page, "fautes")

    classeur = load_workbook(fichier)
    classeur.active.delete_rows(classeur.active.max_row)
    classeur.save(fichier)
    deposer(page, fichier)
    expect(page.get_by_text("Toutes les lignes sont bonnes")).to_be_visible()
    for compte in ("Accorder 1 habilitation", "Retirer 1 habilitation", "Changer la fin de 1 habilitation"):
        expect(page.get_by_role("listitem").filter(has_text=compte)).to_contain_text("1 personne, 1 SIREN")
    expect(page.get_by_text("4 habilitations déjà en place")).to_be_visible()
    expect(page.get_by_text("Chloé Garnier")).to_be_visible()
    expect(page.get_by_role("table", name="Ce qui en dépend")).to_contain_text("Bruno Leroux")
    expect(page.get_by_text("D’autres délégations finiront plus tôt")).to_be_visible()
    regarder()
    capturer(page, "apercu")
    assert Habilitation.objects.vivantes().exclude(role=Role.TITULAIRE).count() == 6
    page.get_by_role("button", name="Confirmer les changements").click()
    expect(page.get_by_text("C’est enregistré : 5 habilitations changées")).to_be_visible()
    vivantes = Habilitation.objects.vivantes().exclude(role=Role.TITULAIRE)
    obtenues = vivantes.values_list("personne__siren", "espace__nom", "role", "expire_le")
    assert sorted(obtenues, key=str) == sorted(
        [
            ("552032534", "Lebœuf", "ACTEUR_DELEGANT", date(2031, 6, 30)),
            ("552032534", "Leroux", "ACTEUR", date(2031, 6, 30)),
            ("000325175", "Lebœuf", "ACTEUR_DELEGANT", FIN),
            ("000325175", "Leroux", "ACTEUR", FIN),
            ("000325175", "Garnier", "SUPPLEANT", None),
        ],
        key=str,
    )
    assert plaintes == []


def deposer(page: Page, fichier: Path) -> None:
    page.goto(page.url.split("/delegations/")[0] + "/delegations/fichier/")
    page.get_by_label("Fichier XLSX ou CSV").set_input_files(fichier)
    page.get_by_role("button", name="Vérifier le fichier").click()


def test_une_longue_liste_se_prepare_puis_se_prend(
    live_server: LiveServer,
    page: Page,
    cabinet: Espace,
    connecter: Callable[[Espace], None],
    regarder: Callable[[], None],
    plaintes: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module_export, "XLSX_DIRECT", 2)
    connecter(cabinet)
    page.goto(f"{live_server.url}/espace/gerer-les-services/delegations/")
    page.get_by_role("button", name="Télécharger la liste (XLSX)").click()
    expect(page.get_by_role("progressbar", name="Avancement")).to_be_visible()
    page.get_by_role("link", name="Arrêter l’actualisation").click()
    expect(page.get_by_role("link", name="Actualiser")).to_be_visible()
    regarder()
    capturer(page, "progres")
    page.get_by_role("link", name="Actualiser").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert fabriquer(str(Export.objects.get().pk))
    assert Courriel.objects.filter(genre="export_pret").count() == 1
    # Nobody clicks: the page reads itself again.
    expect(page.get_by_role("heading", name="Votre fichier est prêt")).to_be_visible()
    regarder()
    capturer(page, "pret")
    with page.expect_download() as telechargement:
        page.get_by_role("button", name="Télécharger le fichier (XLSX)").click()
    assert telechargement.value.suggested_filename == "delegations-accordees.xlsx"
    assert plaintes == []
