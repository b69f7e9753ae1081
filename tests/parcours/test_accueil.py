"""The home page in a real browser (issue 13.1, 13.2): the accountant, the head of one company, who waits for a code."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from activation.models import Courrier
from habilitations.models import Role
from services.models import PersonneSirenisee, Service
from tests.activation import scenes
from tests.factories import EspaceFactory, PersonneFactory, ServiceGestionnaireFactory, accorder, habiliter
from tests.parcours.scenes import AVEC_ET_SANS, voir

pytestmark = pytest.mark.django_db(transaction=True)
SERVICES = ("CONS_CF", "DECL_TVA", "PAY_TVA", "MSG")


def entreprise(rang: int, nom: str) -> PersonneSirenisee:
    return PersonneFactory(denomination=nom, service_gestionnaire=ServiceGestionnaireFactory(nom=f"SIE de Lyon {rang}"))


@pytest.fixture
def catalogue() -> list[Service]:
    call_command("charger_catalogue", verbosity=0)
    return [*Service.objects.filter(code__in=SERVICES).order_by("ordre")]


@pytest.fixture
def cabinet(catalogue: list[Service]) -> Espace:
    """Thirty-one companies × four services, two codes awaited, délégations that end."""
    espace: Espace = EspaceFactory(prenom="Karine", nom="Vidal")
    with transaction.atomic():
        for rang in range(31):
            personne = entreprise(rang, "LE BŒUF SUR LE TOIT" if rang == 17 else f"ATELIER DES CANUTS {rang:02}")
            racines = [habiliter(espace, personne=personne, service=service) for service in catalogue]
            if rang < 3:
                accorder(
                    racines[0],
                    EspaceFactory(prenom="Hugo", nom="Marchal"),
                    Role.ACTEUR,
                    expire_le=timezone.localdate() + timedelta(days=4),
                )
    scenes.editer(scenes.adhesion(espace, entreprise(40, "SCI LES TILLEULS"), catalogue[0]))
    revenue = scenes.adhesion(espace, entreprise(41, "BOULANGERIE BEAUSÉJOUR"), catalogue[0])
    scenes.editer(revenue)
    Courrier.objects.filter(demande=revenue).update(etat=Courrier.Etat.NPAI)
    return espace


def chercher_dans_l_en_tete(page: Page, regarder: Callable[[], None] | None) -> None:
    """By the header to one company, then to those that answer. On a telephone (nothing is looked at there) it stands in the menu."""
    for cherche, trouve in (("boeuf", "LE BŒUF SUR LE TOIT"), ("canuts", "Vos entreprises 31, et 2 demandes en cours")):
        if regarder is None:
            page.locator("summary", has_text="Menu").click()
        champ = page.get_by_role("search", name="Aller à une entreprise").get_by_label("Aller à une entreprise")
        expect(champ).to_have_count(1)
        champ.fill(cherche)
        champ.press("Enter")
        expect(page.get_by_role("heading", name=trouve).first).to_be_visible()
        if regarder is not None:
            regarder()
    expect(page.get_by_role("status")).to_have_text("30 entreprises trouvées")


def deplier_les_filtres(page: Page, *, sans: bool) -> None:
    """What narrows beside the search is folded on a telephone, and says how much of it is set."""
    pli = page.get_by_text("Autres filtres (1 actif)")
    expect(page.get_by_label("Ce qui attend")).to_be_visible(visible=not sans)
    expect(pli).to_be_visible(visible=sans)
    if sans:
        pli.click()
        expect(page.get_by_label("Ce qui attend")).to_be_visible()


@pytest.mark.parametrize("largeur", AVEC_ET_SANS)
def test_la_matinee_de_la_comptable(
    live_server: LiveServer,
    page: Page,
    cabinet: Espace,
    connecter: Callable[[Espace], None],
    regarder: Callable[[], None],
    plaintes: list[str],
    largeur: int,
) -> None:
    sans = largeur == 390
    connecter(cabinet)
    page.goto(f"{live_server.url}/espace/")
    voir(page, "accueil-dense", largeur)
    if not sans:
        regarder()
    expect(page.get_by_role("heading", name="À faire")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Lettre revenue")).to_contain_text("BOULANGERIE BEAUSÉJOUR")
    lignes = page.locator(".ep-table tbody tr")
    expect(lignes).to_have_count(25)

    # A part of the name, as it is typed: the list narrows, at once with scripts.
    page.get_by_label("Nom, SIREN ou SIRET").fill("boeuf")
    if sans:
        page.get_by_role("button", name="Filtrer").click()
    expect(lignes).to_have_count(1)
    expect(lignes).to_contain_text("LE BŒUF SUR LE TOIT")
    expect(page).to_have_url(
        f"{live_server.url}/espace/?q=boeuf" + ("&service=&attente=#liste-entreprises" if sans else "")
    )
    if not sans:
        expect(page.get_by_label("Nom, SIREN ou SIRET")).to_be_focused()

    # A service opens in one press, and leads back to the list as it was.
    page.get_by_role("link", name="Déclarer, LE BŒUF SUR LE TOIT").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("LE BŒUF SUR LE TOIT")
    page.get_by_role("link", name="Revenir à vos entreprises").click()
    expect(page.get_by_label("Nom, SIREN ou SIRET")).to_have_value("boeuf")

    # It becomes a favourite, and comes first.
    page.get_by_role("button", name="Favori : LE BŒUF SUR LE TOIT").click()
    expect(page.get_by_role("button", name="Favori : LE BŒUF SUR LE TOIT")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("link", name="Effacer les filtres").click()
    expect(lignes.first).to_contain_text("LE BŒUF SUR LE TOIT")
    expect(page.get_by_text("Ouvertes récemment")).to_contain_text("LE BŒUF SUR LE TOIT")

    # By service: all those for which the VAT can be declared, then the second page.
    page.get_by_role("link", name="Par service").click()
    if sans:
        page.get_by_label("Service", exact=True).select_option("DECL_TVA")
        page.get_by_role("button", name="Filtrer").click()
    else:
        page.get_by_role("navigation", name="Services détenus").get_by_role("link", name="Déclarer la TVA").click()
    expect(page.get_by_role("heading", name="Déclarer la TVA 31 entreprises")).to_be_visible()
    voir(page, "accueil-service", largeur)
    if not sans:
        regarder()
    page.get_by_role("link", name="Page suivante").click()
    expect(lignes).to_have_count(6)
    lignes.last.get_by_role("link").last.click()
    page.get_by_role("link", name="Revenir à vos entreprises").click()
    expect(lignes).to_have_count(6)

    # All that waits, on its own page.
    page.goto(f"{live_server.url}/espace/a-faire/")
    voir(page, "a-faire", largeur)
    if not sans:
        regarder()

    chercher_dans_l_en_tete(page, None if sans else regarder)
    page.goto(f"{live_server.url}/espace/?attente=oui")
    deplier_les_filtres(page, sans=sans)
    assert plaintes == []


@pytest.mark.parametrize("largeur", AVEC_ET_SANS)
def test_la_cheffe_d_une_entreprise(
    live_server: LiveServer,
    page: Page,
    catalogue: list[Service],
    connecter: Callable[[Espace], None],
    regarder: Callable[[], None],
    plaintes: list[str],
    largeur: int,
) -> None:
    espace: Espace = EspaceFactory(prenom="Pascale", nom="Roussel")
    with transaction.atomic():
        personne = entreprise(1, "ATELIER ROUSSEL")
        racines = [habiliter(espace, personne=personne, service=service) for service in catalogue]
        accorder(racines[0], EspaceFactory(), Role.ACTEUR)
    connecter(espace)
    page.goto(f"{live_server.url}/espace/")
    expect(page.get_by_role("heading", level=1)).to_have_text("ATELIER ROUSSEL")
    expect(page.get_by_text("1 autre personne")).to_be_visible()
    expect(page.get_by_text("SIE de Lyon 1")).to_be_visible()
    expect(page.get_by_label("Nom, SIREN ou SIRET")).to_have_count(0)
    voir(page, "accueil-une", largeur)
    if largeur == 1280:
        regarder()
    page.get_by_role("link", name="Déclarer la TVA").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Déclarer la TVA")

    # Two companies more: short lists.
    with transaction.atomic():
        for rang in (2, 3):
            habiliter(espace, personne=entreprise(rang, f"SCI ROUSSEL {rang}"), service=catalogue[0])
    page.goto(f"{live_server.url}/espace/")
    expect(page.get_by_role("heading", level=3, name="SCI ROUSSEL 3")).to_be_visible()
    voir(page, "accueil-trois", largeur)
    if largeur == 1280:
        regarder()
    assert plaintes == []


@pytest.mark.parametrize("largeur", AVEC_ET_SANS)
def test_qui_attend_son_code(
    live_server: LiveServer,
    page: Page,
    catalogue: list[Service],
    connecter: Callable[[Espace], None],
    regarder: Callable[[], None],
    plaintes: list[str],
    largeur: int,
) -> None:
    espace: Espace = EspaceFactory(prenom="Samir", nom="Benali")
    demande = scenes.adhesion(espace, entreprise(1, "SCI LES TILLEULS"), catalogue[0])
    scenes.editer(demande)
    connecter(espace)
    page.goto(f"{live_server.url}/espace/")
    voir(page, "accueil-code", largeur)
    if largeur == 1280:
        regarder()
    page.get_by_label("Code reçu").fill(scenes.code(demande))
    page.get_by_role("button", name="Activer").click()
    expect(page.get_by_text("Code accepté")).to_be_visible()
    page.goto(f"{live_server.url}/espace/")
    expect(page.get_by_role("heading", level=1)).to_have_text("SCI LES TILLEULS")
    assert plaintes == []
