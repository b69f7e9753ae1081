"""The agent's journey in a real browser: first sign-in, device, codes, reading a dossier, signing out; axe on every page."""

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.gestion.agents import creer_agent
from accounts.models import Application
from habilitations.models import Role
from tests.accounts.scenes import code_de
from tests.espacepro.scenes import client_verifie, dossier
from tests.factories import AgentFactory, EspaceFactory, ServiceGestionnaireFactory, accorder

NOUVEAU = "tournesol barque 58 enclume velours"
VUES = os.environ.get("CAPTURES")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's Chromium, kept from asking anything of outside hosts (stack.md, Browser)."""
    calme = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    calme += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    return {**browser_type_launch_args, "executable_path": chromium, "args": calme}


@pytest.fixture(params=["1280", "390 sans JavaScript"])
def page_agent(request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A page, and a narrow one without JavaScript; what the console complains of fails the test."""
    largeur, _, sans_script = request.param.partition(" ")
    contexte = browser.new_context(
        base_url=live_server.url,
        locale="fr-FR",
        viewport={"width": int(largeur), "height": 800},
        java_script_enabled=not sans_script,
        accept_downloads=True,
    )
    contexte.set_default_timeout(10_000)
    page = contexte.new_page()
    plaintes: list[str] = []
    page.on("console", lambda message: plaintes.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda erreur: plaintes.append(str(erreur)))
    page.sans_script = bool(sans_script)  # type: ignore[attr-defined]  # axe is a script
    yield page
    contexte.close()
    assert plaintes == []


def controler(page: Page, nom: str) -> None:
    """One h1, a title, nothing wider than the screen at 390 and at 1280 px, no fault found by axe."""
    page.wait_for_load_state()
    expect(page.locator("h1")).to_have_count(1)
    assert page.title()
    if page.sans_script:  # type: ignore[attr-defined]
        if VUES:
            page.screenshot(path=Path(VUES) / f"{nom}-sans.png", full_page=True)
        return
    for largeur in (390, 1280):
        page.set_viewport_size({"width": largeur, "height": 800})
        if VUES:
            page.screenshot(path=Path(VUES) / f"{nom}-{largeur}.png", full_page=True)
        debordement = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert debordement <= 0, f"{nom}: {debordement} px at {largeur}"
    resultat = Axe().run(page)
    assert resultat.violations_count == 0, f"{nom}\n{resultat.generate_report()}"


@pytest.mark.django_db(transaction=True)
def test_la_journee_d_un_agent(page_agent: Page) -> None:
    page = page_agent
    agent, premier = creer_agent(
        acteur="systeme:essai",
        email="anne.martin@exemple.fr",
        nom="Martin",
        prenom="Anne",
        service=ServiceGestionnaireFactory(nom="SIE de Paris 9e"),
    )
    lignes = dossier(agent, 1)
    personne = lignes["services_personnesirenisee"]
    dossier(AgentFactory(), 2)
    depart = timezone.now()

    page.goto(reverse("admin:index"))
    controler(page, "connexion")
    page.get_by_label("Adresse électronique").fill(agent.compte.email)
    page.get_by_label("Mot de passe", exact=True).fill("faux")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("alert")).to_contain_text("n’est pas reconnu")
    controler(page, "connexion-refusee")
    page.get_by_label("Adresse électronique").fill(agent.compte.email)
    page.get_by_label("Mot de passe", exact=True).fill(premier)
    page.get_by_role("button", name="Continuer").click()

    controler(page, "mot-de-passe")
    page.get_by_label("Mot de passe actuel", exact=True).fill(premier)
    page.get_by_label("Nouveau mot de passe", exact=True).fill(NOUVEAU)
    page.get_by_label("Nouveau mot de passe, une seconde fois", exact=True).fill(NOUVEAU)
    page.get_by_role("button", name="Enregistrer le mot de passe").click()

    controler(page, "enrolement")
    page.get_by_role("button", name="Afficher le code QR").click()
    expect(page.get_by_role("img", name="Code QR à lire")).to_be_visible()
    controler(page, "enrolement-code")
    page.get_by_label("Code à 6 chiffres").fill("12 34")
    page.get_by_role("button", name="Vérifier le code").click()
    expect(page.get_by_role("alert")).to_contain_text("6 chiffres")
    controler(page, "enrolement-code-refuse")
    page.get_by_label("Code à 6 chiffres").fill(code_de(Application.objects.get(user=agent.compte)))
    page.get_by_role("button", name="Vérifier le code").click()

    controler(page, "codes-de-secours")
    code = page.locator("main code").first.inner_text()
    with page.expect_download() as telechargement:
        page.get_by_role("link", name="Télécharger les codes").click()
    assert code in Path(telechargement.value.path()).read_text()
    page.get_by_role("button", name="J’ai conservé mes codes").click()

    expect(page.get_by_text("SIE de Paris 9e")).to_be_visible()
    controler(page, "accueil")
    page.get_by_role("link", name="Personnes sirénisées", exact=True).click()
    controler(page, "personnes")
    page.get_by_role("link", name=personne.siren_lisible).click()
    controler(page, "personne")
    page.get_by_role("main").get_by_role("link", name="Demandes", exact=True).click()
    controler(page, "demandes")
    page.get_by_role("link", name=lignes["activation_demande"].reference, exact=True).click()
    controler(page, "demande")
    for nom, ligne in lignes.items():
        page.goto(reverse(f"admin:{nom}_changelist"))
        controler(page, f"liste-{nom}")
        page.goto(reverse(f"admin:{nom}_change", args=[ligne.pk]))
        controler(page, f"page-{nom}")
    page.get_by_role("link", name="Second facteur").click()
    controler(page, "second-facteur")
    page.goto(reverse("admin:index"))
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page).to_have_url(re.compile("/gestion/login/"))

    page.get_by_label("Adresse électronique").fill(agent.compte.email)
    page.get_by_label("Mot de passe", exact=True).fill(NOUVEAU)
    page.get_by_role("button", name="Continuer").click()
    controler(page, "verification")
    page.get_by_role("link", name="Utiliser un code de secours").click()
    controler(page, "verification-secours")
    page.get_by_label("Code de secours").fill(code)
    page.get_by_role("button", name="Se connecter").last.click()
    expect(page.get_by_text("Codes encore utilisables : 9")).to_be_visible()
    with time_machine.travel(depart + timedelta(minutes=2), tick=True):
        page.get_by_label("Code à 6 chiffres").fill(code_de(Application.objects.get(user=agent.compte)))
        page.get_by_role("button", name="Créer dix nouveaux codes").click()
        expect(page.get_by_role("heading", name="Vos codes de secours")).to_be_visible()


@pytest.mark.django_db(transaction=True)
def test_les_actes_d_un_agent(page_agent: Page, live_server: LiveServer) -> None:
    """Each act from the object's page: what will happen, a refusal for want of words, then the act and its message."""
    page, agent = page_agent, AgentFactory()
    lignes = dossier(agent, 1)
    courrier = lignes["activation_courrier"]
    maintenant = timezone.now()
    courrier.etat, courrier.edite_le, courrier.expire_le = "REMIS", maintenant, maintenant + timedelta(days=60)
    courrier.save()
    with transaction.atomic():
        accorder(lignes["habilitations_habilitation"], EspaceFactory(nom="Suppleante"), Role.SUPPLEANT)
    temoin = client_verifie(agent).cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": temoin, "url": live_server.url}])

    for modele, lien, bouton, raison in (
        ("activation_courrier", "Lettre revenue (NPAI)", "Enregistrer le retour de la lettre", ""),
        ("activation_demande", "Refuser la demande", "Refuser la demande", "Motif"),
        (
            "habilitations_demanderetrait",
            "Refuser la demande de retrait",
            "Refuser le retrait",
            "Pourquoi refusez-vous",
        ),
        ("habilitations_adhesion", "Retirer l’adhésion", "Retirer l’adhésion", "Motif"),
    ):
        page.goto(reverse(f"admin:{modele}_change", args=[lignes[modele].pk]))
        controler(page, f"fiche-{modele}")
        page.get_by_role("link", name=lien, exact=True).click()
        controler(page, f"acte-{modele}")
        if raison:
            page.get_by_role("button", name=bouton).click()
            expect(page.get_by_role("alert")).to_contain_text("à corriger")
            controler(page, f"acte-refuse-{modele}")
            page.get_by_label(raison).fill("Le représentant légal a appelé.")
        page.get_by_role("button", name=bouton).click()
        expect(page.locator(".messagelist .success")).to_be_visible()
        expect(page.get_by_role("link", name=lien, exact=True)).to_have_count(0)
        controler(page, f"apres-{modele}")
