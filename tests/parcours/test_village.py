"""The village in a real browser (issue 4): the ordonnateur declares, the comptable pays; replacing one leaves the other."""

import re
from collections.abc import Callable

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from activation.courriers import edition
from activation.models import Courrier, Demande
from habilitations.models import Habilitation, Role
from services.models import Categorie, PersonneSirenisee, Service
from tests.factories import EspaceFactory, PersonneFactory, accorder, habiliter
from tests.parcours.scenes import lire_code

pytestmark = pytest.mark.django_db(transaction=True)
DECLARER, PAYER = "Déclarer la TVA", "Payer la TVA"


def services_vus(page: Page, racine: str) -> list[str]:
    """Return the services of the home page of whoever is signed in."""
    page.goto(f"{racine}/espace/")
    return page.locator(".ep-familles a").all_inner_texts()


def test_le_village(
    live_server: LiveServer,
    page: Page,
    catalogue: None,
    connecter: Callable[[Espace], None],
    regarder: Callable[[], None],
    plaintes: list[str],
) -> None:
    racine = live_server.url
    page.set_default_timeout(10_000)
    ordonnateur, comptable = EspaceFactory(prenom="Lucie", nom="Roy"), EspaceFactory(prenom="Marc", nom="Vidal")
    secretaire, nouvelle = EspaceFactory(prenom="Aline", nom="Robin"), EspaceFactory(prenom="Odile", nom="Perrin")
    commune: PersonneSirenisee = PersonneFactory(
        denomination="COMMUNE DE VILLENEUVE-SUR-AUZON", categorie=Categorie.COLLECTIVITE
    )
    with transaction.atomic():
        declarer = habiliter(ordonnateur, personne=commune, service=Service.objects.get(code="DECL_TVA"))
        payer = habiliter(comptable, personne=commune, service=Service.objects.get(code="PAY_TVA"))
        accorder(declarer, secretaire, Role.SUPPLEANT)
        acteur_du_comptable = accorder(payer, EspaceFactory(), Role.ACTEUR)

    # Each has one service, and the other's does not exist for them.
    for espace, sien, autre in ((ordonnateur, DECLARER, "PAY_TVA"), (comptable, PAYER, "DECL_TVA")):
        connecter(espace)
        assert services_vus(page, racine) == [sien]
        page.get_by_role("link", name=sien).click()
        expect(page.get_by_text("administrateur titulaire")).to_be_visible()
        regarder()
        reponse = page.goto(f"{racine}/espace/services/{commune.siren}/{autre}/")
        assert reponse is not None
        assert reponse.status == 404
        page.goto(f"{racine}/espace/gerer-les-services/delegations/designer/")
        expect(page.locator("fieldset label")).to_have_text([sien])
    page.goto(f"{racine}/espace/gerer-les-services/suppleants/")
    expect(page.get_by_text("Aline Robin")).to_have_count(0)

    # A new mayor's office asks to replace the ordonnateur, and him alone: nothing is ticked beforehand.
    connecter(nouvelle)
    page.goto(f"{racine}/espace/gerer-les-services/")
    page.get_by_role("link", name="Demander à remplacer le titulaire d’un service").click()
    regarder()
    page.get_by_label("Numéros SIREN").fill(commune.siren)
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)
    regarder()
    page.locator("label", has_text="représentant légal").first.click()
    page.locator(f"label[for=service-{commune.siren}-DECL_TVA]").click(position={"x": 5, "y": 10})
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name="Envoyer la demande").click()
    expect(page.get_by_text("Le courrier est en préparation")).to_be_visible()
    regarder()
    assert [ligne.service.code for ligne in Demande.objects.get().lignes.select_related("service")] == ["DECL_TVA"]
    connecter(ordonnateur)
    assert services_vus(page, racine) == [DECLARER], "until the code is entered, he is still the titulaire"

    assert edition.editer_en_attente() == 1
    code = lire_code(Courrier.objects.get())
    connecter(nouvelle)
    page.goto(f"{racine}/espace/demandes/{Demande.objects.get().reference}/")
    page.locator("#id_code").fill(code)
    page.get_by_role("button", name="Activer").click()
    expect(page.get_by_text("Code accepté")).to_be_visible()
    assert services_vus(page, racine) == [DECLARER]

    # The comptable and whoever he chose lost nothing; the former ordonnateur lost his service; the secretary waits.
    connecter(ordonnateur)
    assert services_vus(page, racine) == []
    connecter(comptable)
    assert services_vus(page, racine) == [PAYER]
    acteur_du_comptable.refresh_from_db()
    assert acteur_du_comptable.etat == Habilitation.Etat.ACTIVE
    connecter(secretaire)
    assert services_vus(page, racine) == []

    # The new titulaire keeps her.
    connecter(nouvelle)
    page.goto(f"{racine}/espace/gerer-les-services/")
    page.get_by_role("link", name="Habilitations à conserver ou à retirer").click()
    expect(page.get_by_role("cell", name="Aline Robin", exact=True)).to_be_visible()
    regarder()
    page.get_by_role("combobox", name=re.compile("Aline Robin")).select_option(label="Conserver")
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name="Confirmer").click()
    expect(page.get_by_text("1 habilitation conservée")).to_be_visible()
    regarder()
    connecter(secretaire)
    assert services_vus(page, racine) == [DECLARER]
    assert [p for p in plaintes if "404" not in p] == []
