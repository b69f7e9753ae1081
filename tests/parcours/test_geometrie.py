"""Where things stand on a page, measured in the browser: nothing lies on another, nothing is cut, what is hit is far enough apart."""

from collections.abc import Callable

import pytest
from django.contrib import messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.db import transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import Espace
from activation.demandes.adhesion import deposer_adhesion
from habilitations.models import DemandeRetrait, Role
from habilitations.partage.demandes import demander_habilitation
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.parcours.scenes import code_attendu

pytestmark = pytest.mark.django_db(transaction=True)
SE_COUVRENT = """() => {
  const lien = document.querySelector(".ep-aide-page").getBoundingClientRect();
  return [...document.querySelectorAll("main .fr-alert, main h1")].map((e) => e.getBoundingClientRect())
    .filter((b) => b.top < lien.bottom && b.bottom > lien.top && b.left < lien.right && b.right > lien.left).length;
}"""


def annoncer(context: BrowserContext, racine: str, texte: str) -> None:
    """Leave in the browser the message that an act would have left."""
    requete, reponse = RequestFactory().get("/"), HttpResponse()
    rangement = CookieStorage(requete)
    rangement.add(messages.SUCCESS, texte)
    rangement.update(reponse)
    context.add_cookies([{"name": "messages", "value": reponse.cookies["messages"].value, "url": racine}])


@pytest.mark.parametrize("largeur", [1280, 390])
def test_le_lien_d_aide_ne_couvre_aucun_message(
    live_server: LiveServer, page: Page, context: BrowserContext, connecte: Espace, largeur: int
) -> None:
    with transaction.atomic():
        racine = habiliter(connecte, personne=PersonneFactory(), service=ServiceFactory(code="DECL_TVA"))
        accorder(racine, EspaceFactory(), Role.ACTEUR)
    page.set_viewport_size({"width": largeur, "height": 900})
    for nom in ("delegations", "suppleants", "demandes_habilitation", "activer"):
        annoncer(context, live_server.url, "Élodie Blanc est désormais acteur de 1 service.")
        page.goto(live_server.url + reverse(nom))
        assert page.locator(".ep-messages").count() == 1
        assert page.evaluate(SE_COUVRENT) == 0, nom


def test_une_case_n_est_pas_rouge_parce_qu_une_autre_manque(
    live_server: LiveServer, page: Page, connecte: Espace
) -> None:
    personne = PersonneFactory()
    for code in ("DECL_TVA", "PAY_TVA"):
        ServiceFactory(code=code)
    page.goto(f"{live_server.url}{reverse('adherer')}?siren={personne.siren}")
    couleur = "(e) => getComputedStyle(e).color"
    avant = page.locator("label[for=service-DECL_TVA]").evaluate(couleur)
    page.get_by_role("button", name="Continuer").click()
    assert page.locator("#services-messages .fr-message--error").is_visible()
    assert page.locator("label[for=service-DECL_TVA]").evaluate(couleur) == avant
    barre = page.locator("#id_services").evaluate("(e) => getComputedStyle(e, '::before').content")
    assert barre == "none"


def test_le_bouton_reste_a_la_hauteur_du_code(
    live_server: LiveServer, page: Page, connecte: Espace, regarder: Callable[[], None]
) -> None:
    service = ServiceFactory(code="DECL_TVA", libelle="Déclarer la TVA")
    demande = deposer_adhesion(acteur=connecte, personne=PersonneFactory(), services=[service], qualite="MANDATAIRE")
    assert code_attendu(demande)
    page.goto(live_server.url + reverse("activer"))
    for essai in ("propre", "faux"):
        for largeur in (1280, 390):
            page.set_viewport_size({"width": largeur, "height": 900})
            champ, bouton = page.locator("#id_code").bounding_box(), page.locator(".ep-code button").bounding_box()
            assert champ
            assert bouton
            if largeur == 1280:
                assert abs(champ["y"] + champ["height"] - bouton["y"] - bouton["height"]) <= 1, essai
            else:
                assert bouton["y"] > champ["y"] + champ["height"]
        page.locator("#id_code").fill("AAAA-BBBB-CCCC")
        page.get_by_role("button", name="Activer").click()
        page.locator(".ep-code .fr-message--error").wait_for()
    regarder()


@pytest.mark.parametrize("nom", ["SCI ROY", "SOCIÉTÉ D’EXPLOITATION DES ÉTABLISSEMENTS MARCHAND PÈRE ET FILS RÉUNIS"])
def test_le_code_reste_a_droite_du_titre_et_le_numero_entier(
    live_server: LiveServer, page: Page, connecte: Espace, nom: str
) -> None:
    with transaction.atomic():
        habiliter(connecte, personne=PersonneFactory(denomination=nom), service=ServiceFactory(code="DECL_TVA"))
    page.goto(live_server.url + reverse("espace"))
    for largeur in (1280, 390, 320):
        page.set_viewport_size({"width": largeur, "height": 900})
        titre, bouton = page.locator("h1").bounding_box(), page.locator(".ep-abonne a").bounding_box()
        assert titre
        assert bouton
        if largeur == 1280:
            assert bouton["x"] >= titre["x"] + titre["width"], "at the right of the title, however long it is"
        assert page.locator(".ep-abonne strong").evaluate("(e) => e.getClientRects().length") == 1, largeur


@pytest.mark.parametrize("nom", ["demandes_habilitation", "retraits"])
def test_deux_reponses_ne_se_touchent_pas(live_server: LiveServer, page: Page, connecte: Espace, nom: str) -> None:
    with transaction.atomic():
        racine = habiliter(connecte, personne=PersonneFactory(), service=ServiceFactory(code="DECL_TVA"))
        accordee = accorder(racine, EspaceFactory(), Role.ACTEUR)
    if nom == "retraits":
        DemandeRetrait.objects.create(habilitation=accordee, demandeur=accordee.espace)
    else:
        demander_habilitation(acteur=EspaceFactory(), siren=racine.personne.siren, motif="Je tiens sa comptabilité.")
    page.goto(live_server.url + reverse(nom))
    for largeur in (1280, 390):
        page.set_viewport_size({"width": largeur, "height": 900})
        accepter, refuser = (page.get_by_role("link", name=mot).bounding_box() for mot in ("Accepter", "Refuser"))
        assert accepter
        assert refuser
        # WCAG 2.2, 2.5.8: circles of 24 px about the middle of each do not meet.
        assert refuser["y"] + refuser["height"] / 2 - accepter["y"] - accepter["height"] / 2 >= 24


def test_une_liste_d_une_ligne_n_a_pas_de_filtres(live_server: LiveServer, page: Page, connecte: Espace) -> None:
    services = [ServiceFactory(code=code) for code in ("DECL_TVA", "PAY_TVA")]
    for rang in (1, 2):
        personne = PersonneFactory()
        deposer_adhesion(acteur=connecte, personne=personne, services=services, qualite="MANDATAIRE")
        with transaction.atomic():
            habiliter(connecte, personne=PersonneFactory(), service=services[0])
        for nom in ("activer", "demandes", "vos_habilitations"):
            page.goto(live_server.url + reverse(nom))
            assert page.locator("main .ep-filtres").count() == rang - 1, nom
    page.goto(f"{live_server.url}{reverse('demandes')}?q={personne.siren}")
    assert page.locator("main tbody tr").count() == 1
    assert page.locator("main .ep-filtres").count() == 1, "a filter that is set stays in sight"
    with transaction.atomic():
        racines = [habiliter(connecte, personne=personne, service=service) for service in services]
    acces = live_server.url + reverse("entreprise_acces", args=[personne.siren])
    page.goto(acces)
    assert page.locator("main .ep-filtres").count() == 0, "both services are shared alike: one tree"
    with transaction.atomic():
        accorder(racines[0], EspaceFactory(), Role.ACTEUR)
    page.goto(acces)
    assert page.locator("main .ep-filtres").count() == 1


def test_qui_attend_son_code_n_a_pas_deux_fois_la_meme_porte(
    live_server: LiveServer, page: Page, connecte: Espace
) -> None:
    service = ServiceFactory(code="DECL_TVA")
    bouton = page.locator(".ep-abonne").get_by_role("link", name="J’ai reçu un code")
    page.goto(live_server.url + reverse("espace"))
    assert bouton.count() == 1
    demande = deposer_adhesion(acteur=connecte, personne=PersonneFactory(), services=[service], qualite="MANDATAIRE")
    assert code_attendu(demande)
    page.goto(live_server.url + reverse("espace"))
    assert bouton.count() == 0, "the field itself stands on the page"
    carte, titre = page.locator("#id_code").evaluate(
        """(e) => { const carte = e.closest("section, .ep-carte, .ep-dossier");
        return [carte.getBoundingClientRect().top, carte.querySelector("h2").getBoundingClientRect().top]; }"""
    )
    assert titre - carte <= 32, "as far from the frame above as from its side"
