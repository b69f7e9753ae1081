"""The accountant's day in a real browser (issue 4): sixty SIREN, two collaborators, one leaves, one is replaced."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from habilitations.models import Habilitation, Role
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, ServiceGestionnaireFactory, habiliter

pytestmark = pytest.mark.django_db(transaction=True)
SIREN = 60
SERVICES = {"DECL_TVA": "Déclarer la TVA", "PAY_TVA": "Payer la TVA", "CFE": "Consulter la CFE"}


@pytest.fixture
def cabinet(db: None) -> Espace:
    """The espace of an accountant, titulaire of three services of each of sixty companies."""
    espace: Espace = EspaceFactory(prenom="Camille", nom="Morel")
    services = [ServiceFactory(code=code, libelle=libelle) for code, libelle in SERVICES.items()]
    gestionnaire = ServiceGestionnaireFactory(nom="SIE de Clermont-Ferrand")
    with transaction.atomic():
        for rang in range(1, SIREN + 1):
            personne = PersonneFactory(denomination=f"SOCIÉTÉ {rang:02}", service_gestionnaire=gestionnaire)
            for service in services:
                habiliter(espace, personne=personne, service=service)
    return espace


def choisir(page: Page, lien: str, *, q: str, service: str = "", nombre: int) -> None:
    """Step 1: from a list, all the services that a filter shows."""
    page.get_by_role("link", name=lien, exact=True).first.click()
    page.get_by_label("SIREN ou entreprise").fill(q)
    if service:
        page.get_by_label("Service", exact=True).select_option(label=service)
    page.get_by_role("button", name="Filtrer").click()
    page.get_by_role("button", name=f"Cocher les {nombre} services de ce filtre").click()
    expect(page.get_by_role("status").filter(has_text="en tout")).to_contain_text(f"{nombre} services choisis")


def designer(page: Page, beneficiaire: Espace, *, role: str = "", regarder: Callable[[], None] = lambda: None) -> None:
    """Steps 2 and 3: the person, then the confirmation."""
    page.get_by_role("button", name="Continuer").click()
    regarder()
    page.get_by_label("Numéro d’abonné").fill(beneficiaire.numero_lisible)
    page.locator("#id_nom").fill(beneficiaire.nom.upper())
    if role:
        page.locator("label", has_text=role).first.click()
    page.get_by_role("button", name="Continuer").click()
    regarder()
    page.get_by_role("button", name="Confirmer la désignation").click()


def gerer(page: Page, racine: str, entree: str) -> None:
    page.goto(f"{racine}/espace/gerer-les-services/")
    page.get_by_role("link", name=entree, exact=True).click()


def test_la_journee_du_cabinet(
    live_server: LiveServer,
    page: Page,
    cabinet: Espace,
    connecter: Callable[[Espace], None],
    regarder: Callable[[], None],
    plaintes: list[str],
) -> None:
    anne, bruno = EspaceFactory(prenom="Anne", nom="Petit"), EspaceFactory(prenom="Bruno", nom="Leroux")
    chloe, ines = EspaceFactory(prenom="Chloé", nom="Garnier"), EspaceFactory(prenom="Inès", nom="Faure")
    racine = live_server.url
    page.set_default_timeout(10_000)

    # Anne replaces Camille in her absences, on ten companies.
    connecter(cabinet)
    page.goto(f"{racine}/espace/")
    regarder()
    gerer(page, racine, "Gérer vos administrateurs suppléants")
    choisir(page, "Désigner un administrateur suppléant", q="SOCIÉTÉ1", nombre=30)
    regarder()
    designer(page, anne, regarder=regarder)
    expect(page.get_by_text("Anne Petit est désormais administrateur suppléant de 30 services")).to_be_visible()
    regarder()

    # Bruno shares ten companies in his turn, and only declares the VAT of ten others; what is ticked stays.
    gerer(page, racine, "Gérer vos délégations")
    choisir(page, "Désigner un délégataire", q="SOCIÉTÉ2", nombre=30)
    designer(page, bruno, role="Acteur délégant", regarder=regarder)
    expect(page.get_by_text("Bruno Leroux est désormais acteur délégant de 30 services")).to_be_visible()
    choisir(page, "Désigner un délégataire", q="SOCIÉTÉ3", service="Déclarer la TVA", nombre=10)
    designer(page, bruno, role="Acteur :")
    expect(page.get_by_text("Bruno Leroux est désormais acteur de 10 services")).to_be_visible()
    regarder()

    # Bruno's own day: he hands one company to Chloé, as acteur: he may give no other role.
    connecter(bruno)
    gerer(page, racine, "Gérer vos délégations")
    choisir(page, "Désigner un délégataire", q="SOCIÉTÉ21", nombre=3)
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_text("Acteur délégant : utilise")).to_have_count(0)
    page.go_back()
    designer(page, chloe, role="Acteur :")
    expect(page.get_by_text("Chloé Garnier est désormais acteur de 3 services")).to_be_visible()
    page.get_by_role("link", name="Reçues").click()
    expect(page.get_by_text("SOCIÉTÉ 20").first).to_be_visible()
    regarder()

    # Camille looks: filtered, then exported as filtered.
    connecter(cabinet)
    gerer(page, racine, "Gérer vos délégations")
    page.get_by_label("Rôle").select_option(label="Acteur")
    page.get_by_label("SIREN, entreprise ou personne").fill("garnier")
    page.get_by_role("button", name="Filtrer").click()
    expect(page.locator("#habilitations tbody tr, table tbody tr")).to_have_count(3)
    with page.expect_download() as telechargement:
        page.get_by_role("button", name="Télécharger la liste (CSV)").click()
    with Path(telechargement.value.path()).open(encoding="utf-8-sig", newline="") as fichier:
        lignes = list(csv.reader(fichier, delimiter=";"))
    assert len(lignes) == 1 + 3
    assert {champ for ligne in lignes[1:] for champ in ligne if champ.startswith("SOCIÉTÉ")} == {"SOCIÉTÉ 21"}
    page.get_by_label("SIREN, entreprise ou personne").fill("personne de ce nom")
    page.get_by_role("button", name="Filtrer").click()
    expect(page.get_by_text("Aucun résultat")).to_be_visible()
    regarder()

    # Bruno leaves: his forty lines at once; what he shared is shown and taken over.
    page.get_by_role("button", name="Effacer les filtres").first.click()
    expect(page.get_by_label("SIREN, entreprise ou personne")).to_have_value("")
    page.get_by_label("SIREN, entreprise ou personne").fill("leroux")
    page.get_by_role("button", name="Filtrer").click()
    expect(page.get_by_role("button", name="Effacer les filtres")).to_be_visible()
    page.locator("label[for=tout]").click()
    page.get_by_role("button", name="Retirer", exact=True).click()
    expect(page.get_by_text("Que deviennent ces 3 habilitations ?")).to_be_visible()
    expect(page.get_by_role("rowheader", name="Chloé Garnier")).to_be_visible()
    regarder()
    page.locator("label[for=suite-reprendre]").click()
    page.get_by_role("button", name="Retirer", exact=True).click()
    expect(page.get_by_text("C’est fait : l’accès est retiré (1 personne, 40 habilitations)")).to_be_visible()
    vivantes = Habilitation.objects.vivantes()
    assert not vivantes.filter(espace=bruno).exists()
    assert set(vivantes.filter(espace=chloe).values_list("accordee_par__espace__nom", flat=True)) == {"Morel"}
    connecter(bruno)
    page.goto(f"{racine}/espace/")
    expect(page.get_by_text("Vous n’avez plus de service actif.")).to_be_visible()
    connecter(chloe)
    page.goto(f"{racine}/espace/")
    page.get_by_role("link", name="Payer la TVA").click()
    expect(page.get_by_text("SOCIÉTÉ 21").first).to_be_visible()

    # Inès replaces him where he shared, except at the company that Chloé already keeps in the same role.
    connecter(cabinet)
    gerer(page, racine, "Gérer vos délégations")
    choisir(page, "Désigner un délégataire", q="SOCIÉTÉ2", nombre=30)
    designer(page, ines, role="Acteur délégant")
    expect(page.get_by_text("Inès Faure est désormais acteur délégant de 30 services")).to_be_visible()
    assert vivantes.filter(espace=ines, role=Role.ACTEUR_DELEGANT, accordee_par__espace=cabinet).count() == 30

    # Anne is on leave too, then back.
    gerer(page, racine, "Gérer vos administrateurs suppléants")
    for bouton, etat in (("Mettre en veille", Habilitation.Etat.EN_VEILLE), ("Réactiver", Habilitation.Etat.ACTIVE)):
        page.locator("label[for=tout]").click()
        page.get_by_role("button", name=bouton).click()
        page.get_by_role("button", name=bouton).click()
        expect(page.get_by_text("(1 personne, 30 habilitations)")).to_be_visible()
        assert set(vivantes.filter(espace=anne).values_list("etat", flat=True)) == {etat}

    gerer(page, racine, "Revue des délégations")
    expect(page.get_by_text("Aucune des vôtres n’est à revoir pour l’instant")).to_be_visible()
    regarder()
    gerer(page, racine, "Périmètre de votre espace")
    regarder()
    gerer(page, racine, "Journal de l’entreprise")
    page.get_by_label("Entreprise, SIREN ou nom d’une personne").fill("leroux")
    page.get_by_role("button", name="Filtrer").click()
    expect(page.get_by_role("cell", name="Bruno Leroux").first).to_be_visible()
    regarder()
    assert plaintes == []


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_deleguer_puis_retirer_sans_javascript(
    live_server: LiveServer, page: Page, cabinet: Espace, connecter: Callable[[Espace], None], plaintes: list[str]
) -> None:
    bruno = EspaceFactory(prenom="Bruno", nom="Leroux")
    page.set_default_timeout(10_000)
    connecter(cabinet)
    gerer(page, live_server.url, "Gérer vos délégations")
    choisir(page, "Désigner un délégataire", q="SOCIÉTÉ2", nombre=30)
    designer(page, bruno, role="Acteur délégant")
    expect(page.get_by_text("Bruno Leroux est désormais acteur délégant de 30 services")).to_be_visible()
    assert Habilitation.objects.vivantes().filter(espace=bruno).count() == 30
    page.locator("label[for=tout]").click()
    page.get_by_role("button", name="Retirer", exact=True).click()
    page.get_by_role("button", name="Retirer l’accès de cette personne").click()
    expect(page.get_by_text("l’accès est retiré (1 personne, 30 habilitations)")).to_be_visible()
    assert not Habilitation.objects.vivantes().filter(espace=bruno).exists()
    assert plaintes == []
