"""In a browser: replacing a titulaire for several SIREN, keeping some of those he had habilitated, reading the journal."""

from collections.abc import Callable

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from activation.courriers import edition
from activation.courriers.codes import deriver_code, presenter
from activation.models import Demande
from habilitations.models import Habilitation, Role
from services.models import Categorie
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

GERER = "/espace/gerer-les-services"


@pytest.mark.django_db(transaction=True)
def test_reprendre_un_portefeuille(
    live_server: LiveServer, page: Page, connecte: Espace, plaintes: list[str], regarder: Callable[[], None]
) -> None:
    with transaction.atomic():
        ancien = EspaceFactory(prenom="Paul", nom="Ancien")
        tva = ServiceFactory(code="DECL_TVA", libelle="Déclarer la TVA")
        payer = ServiceFactory(code="PAY_TVA", libelle="Payer la TVA", paiement=True)
        racine = habiliter(ancien, service=tva)
        habiliter(ancien, service=tva)
        commune = PersonneFactory(denomination="COMMUNE DE BLANGY", categorie=Categorie.COLLECTIVITE)
        habiliter(ancien, personne=commune, service=tva)
        habiliter(EspaceFactory(), personne=commune, service=payer)
        suppleant = accorder(racine, EspaceFactory(prenom="Inès", nom="Gardée"), Role.SUPPLEANT)
        accorder(suppleant, EspaceFactory(prenom="Tom", nom="Écarté"), Role.ACTEUR)
        sirens = sorted({h.personne.siren for h in Habilitation.objects.select_related("personne")})

    page.goto(f"{live_server.url}{GERER}/")
    regarder()
    page.get_by_role("link", name="Demander à remplacer le titulaire d’un service").click()
    regarder()
    page.get_by_label("Numéros SIREN").fill("\n".join([*sirens, "732 829 320"]))
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_text("ce SIREN n’est pas connu")).to_be_visible()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)
    regarder()
    page.get_by_text("personne mandatée").click()
    premiere = page.get_by_role("group", name=racine.personne.denomination)
    premiere.get_by_text("Déclarer la TVA").click()
    page.get_by_role("button", name="Les mêmes services partout").click()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(2)
    expect(page.get_by_label("personne mandatée")).to_be_checked()
    ligne = page.get_by_role("group", name="COMMUNE DE BLANGY")
    expect(ligne.get_by_label("Payer la TVA")).not_to_be_checked()
    ligne.get_by_text("Déclarer la TVA").click()
    regarder()
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_text("1 personne, qui ne peut pas s’y opposer")).to_be_visible()
    regarder()
    page.get_by_role("button", name="Modifier la demande").click()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(3)
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name="Envoyer les demandes et les courriers").click()
    expect(page.get_by_text("Vos 3 demandes sont enregistrées")).to_be_visible()
    regarder()

    edition.editer_en_attente()
    demande = Demande.objects.get(personne=racine.personne)
    page.get_by_role("link", name=demande.reference).click()
    page.get_by_role("textbox", name="Code reçu").fill(presenter(deriver_code(demande=demande.pk, numero=1)))
    page.get_by_role("button", name="Activer").click()
    regarder()

    page.goto(f"{live_server.url}{GERER}/changement-de-titulaire/")
    expect(page.get_by_text("votre prédécesseur")).to_be_visible()
    regarder()
    page.get_by_label("Décision pour Inès Gardée").select_option("Conserver")
    page.get_by_label("Décision pour Tom Écarté").select_option("Retirer")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_text("Ce qui prend fin : 1 personne, 1 habilitation")).to_be_visible()
    regarder()
    page.get_by_role("button", name="Confirmer").click()
    expect(page.get_by_text("1 habilitation conservée.")).to_be_visible()
    regarder()
    assert Habilitation.objects.actives().filter(adhesion=racine.adhesion).count() == 2

    page.goto(f"{live_server.url}/espace/journal-entreprise/")
    expect(page.get_by_text("Administrateur titulaire remplacé").last).to_be_visible()
    regarder()
    page.get_by_label("Acte").select_option("Nouvel administrateur titulaire")
    page.get_by_role("button", name="Filtrer").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert plaintes == []


@pytest.mark.django_db(transaction=True)
def test_le_perimetre_et_la_revue(
    live_server: LiveServer, page: Page, connecte: Espace, plaintes: list[str], regarder: Callable[[], None]
) -> None:
    with transaction.atomic():
        service = ServiceFactory(code="DECL_TVA", libelle="Déclarer la TVA")
        racines = [habiliter(connecte, service=service) for _ in range(3)]
        accorder(racines[0], EspaceFactory(prenom="Inès", nom="Petit"), Role.ACTEUR)
    page.goto(f"{live_server.url}{GERER}/perimetre/")
    regarder()
    page.get_by_role("link", name="Par usage").click()
    expect(page.get_by_role("heading", name="Déclarer la TVA : 3 SIREN")).to_be_visible()
    regarder()
    page.get_by_role("button", name="Préparer les délégations").click()
    expect(page.get_by_label("Numéro d’abonné")).to_be_visible()
    page.goto(f"{live_server.url}{GERER}/revue-des-delegations/")
    regarder()
    page.get_by_role("button", name="Tout confirmer").click()
    page.get_by_role("button", name="Confirmer").click()
    expect(page.get_by_text("1 habilitation confirmée pour un an.")).to_be_visible()
    assert plaintes == []
