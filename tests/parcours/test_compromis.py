"""A compromised espace, in a real browser: disabled by the cell, given back at the counter by two agents, what was changed undone."""

import os
import re
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader
from pytest_django.live_server_helper import LiveServer

from accounts.envois.liens import creer_lien, jeton
from accounts.models import Agent, Contreseing, Espace, Lien
from habilitations.models import Habilitation
from services.banque.comptes import ajouter_compte
from services.models import ReferenceBancaire
from surveillance.automates import releve
from surveillance.automates.blocages import bloquer_automate
from surveillance.models import Alerte, Connexion
from tests.espacepro.scenes import client_verifie
from tests.factories import IBAN, MOT_DE_PASSE, AgentFactory, EspaceFactory
from tests.surveillance.automates.scenes import ROBOTS
from tests.surveillance.automates.scenes import navigateur as passant
from tests.surveillance.espaces.scenes import MOTIF, Compromis

VUES = os.environ.get("CAPTURES")
NOUVEAU = "brouillard kayak 81 moutarde violon"
REPONSE = "la goélette quitte Paimpol un lundi"


def regarder(page: Page, nom: str) -> None:
    """One h1, nothing wider than the screen, no fault found by axe; a picture at 1280 and 390 px when asked for."""
    page.wait_for_load_state()
    expect(page.locator("h1")).to_have_count(1)
    for largeur in (390, 1280):
        page.set_viewport_size({"width": largeur, "height": 900})
        if VUES:
            page.screenshot(path=Path(VUES) / f"{nom}-{largeur}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, nom
    resultat = Axe().run(page)
    assert resultat.violations_count == 0, f"{nom}\n{resultat.generate_report()}"


@pytest.fixture
def navigateur(browser: Browser, live_server: LiveServer) -> Callable[[Agent | None], Page]:
    """Open a browser of its own for each: an agent past the door, or somebody who is nobody yet."""

    def ouvrir(agent: Agent | None) -> Page:
        contexte = browser.new_context(base_url=live_server.url, locale="fr-FR", accept_downloads=True)
        contexte.set_default_timeout(15_000)
        if agent is not None:
            temoin = client_verifie(agent).cookies[settings.SESSION_COOKIE_NAME].value
            contexte.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": temoin, "url": live_server.url}])
        return contexte.new_page()

    return ouvrir


def avec_ses_preuves(scene: Compromis) -> None:
    """A grave alert and another one, with the sign-in that they come from beside the usual ones."""
    for jours, pays in ((9, "FR"), (5, "FR"), (0, "RO")):
        vue = Connexion.objects.create(
            id=uuid.uuid4(),
            compte=scene.espace.compte,
            quand=scene.depuis - timedelta(days=jours),
            resultat="REUSSIE",
            adresse_ip="203.0.113.9" if pays == "FR" else "198.51.100.7",
            pays=pays,
            navigateur="Firefox",
            systeme="Windows" if pays == "FR" else "Linux",
        )
    for motif, gravite in (("session_volee", 3), ("usage_parallele", 2)):
        Alerte.objects.create(
            compte=scene.espace.compte,
            motif=motif,
            gravite=gravite,
            connexion=vue.id,
            levee_le=scene.depuis,
            details={"pays": "RO", "adresse_ip": "198.51.100.7"},
        )


def se_connecter(page: Page, espace: Espace, mot_de_passe: str) -> None:
    page.goto(reverse("connexion"))
    page.get_by_label("Adresse électronique").fill(espace.compte.email)
    page.locator("input[type=password]").fill(mot_de_passe)
    page.get_by_role("button", name="Se connecter").click()


@pytest.mark.django_db(transaction=True)
def test_desactive_puis_retabli_au_guichet(navigateur: Callable[[Agent | None], Page], tmp_path: Path) -> None:
    scene = Compromis()
    compte = ajouter_compte(acteur=scene.espace, personne=scene.personne, iban=IBAN, titulaire="Victor Nouveau")

    voleur = navigateur(None)
    se_connecter(voleur, scene.espace, MOT_DE_PASSE)
    expect(voleur).to_have_url(re.compile(reverse("espace")))

    avec_ses_preuves(scene)
    cellule = navigateur(scene.cellule)
    cellule.goto(reverse("admin:index"))
    regarder(cellule, "accueil-de-la-cellule")
    cellule.get_by_role("navigation", name="Menu principal").get_by_role("link", name="Alertes").click()
    regarder(cellule, "alertes")
    cellule.get_by_role("link", name="Une session change de pays").click()
    regarder(cellule, "alerte")
    cellule.get_by_role("link", name="Classer sans suite").click()
    regarder(cellule, "alerte-classer")
    cellule.get_by_role("link", name="Revenir à l’alerte").click()
    cellule.get_by_role("link", name="Demander au détenteur").click()
    regarder(cellule, "alerte-demander")
    cellule.get_by_role("button", name="Envoyer la question").click()
    expect(cellule.get_by_text("La question est envoyée")).to_be_visible()
    voleur.goto(reverse("usage_inhabituel", args=[Alerte.objects.get(motif="session_volee").pk]))
    regarder(voleur, "usage-inhabituel")
    cellule.get_by_role("link", name="Désactiver l’espace").click()
    regarder(cellule, "desactiver")
    premier = timezone.localdate(scene.depuis)
    expect(cellule.get_by_label("Jour du premier acte suspect")).to_have_value(f"{premier:%Y-%m-%d}")
    cellule.get_by_label("Ce qui est dit au détenteur").select_option("INHABITUEL")
    cellule.get_by_label("Motif, pour qui réexaminera la décision").fill(MOTIF)
    cellule.get_by_role("button", name="Voir l’effet, puis confirmer").click()
    expect(cellule.get_by_text("Victor Nouveau").first).to_be_visible()
    regarder(cellule, "desactiver-effet")
    cellule.get_by_role("button", name="Désactiver l’espace").click()
    expect(cellule.get_by_text("Espace désactivé par sécurité").first).to_be_visible()
    regarder(cellule, "espace-desactive")
    assert set(Alerte.objects.values_list("etat", flat=True)) == {Alerte.Etat.CONFIRMEE}, "decided with it"
    cellule.get_by_role("link", name="Annuler la désactivation").click()
    regarder(cellule, "annuler-desactivation")

    voleur.goto(reverse("vos_habilitations"))
    expect(voleur).to_have_url(re.compile(reverse("connexion")))
    regarder(voleur, "connexion")

    guichet = navigateur(scene.guichet)
    guichet.goto(reverse("admin:espace", args=[scene.espace.pk]))
    guichet.get_by_role("link", name="Rétablir l’accès au guichet").click()
    guichet.get_by_label("Pièce d’identité vue").select_option(index=1)
    guichet.get_by_label("Ses quatre derniers caractères").fill("3K7P")
    guichet.get_by_label("Preuve de légitimité vue").select_option(index=1)
    guichet.get_by_label("Qui s’est présenté").fill("Karine Vidal, reconnue à sa carte.")
    regarder(guichet, "retablir")
    guichet.get_by_role("button", name="Demander le second regard").click()

    second = navigateur(scene.second)
    second.goto(reverse("admin:accounts_contreseing_contresigner", args=[Contreseing.objects.get().pk]))
    regarder(second, "contresigner")
    second.get_by_role("button", name="Contresigner : l’acte est fait").click()

    guichet.goto(reverse("admin:espace", args=[scene.espace.pk]))
    guichet.get_by_role("link", name="Imprimer le pli").click()
    regarder(guichet, "pli")
    with guichet.expect_download() as attendu:
        guichet.get_by_role("button", name="Imprimer le pli (PDF)").click()
    fichier = tmp_path / "pli.pdf"
    attendu.value.save_as(fichier)
    if VUES:
        (Path(VUES) / "pli.pdf").write_bytes(fichier.read_bytes())
    lue = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", PdfReader(fichier).pages[0].extract_text())
    assert lue is not None
    assert lue[0] not in guichet.content(), "never on a screen"

    adresse = scene.espace.compte.email
    lien = creer_lien(espace=scene.espace, objet=Lien.Objet.MOT_DE_PASSE_OUBLIE, adresse=adresse)
    karine = navigateur(None)
    karine.goto(reverse("reinitialiser_mot_de_passe", args=[jeton(lien)]))
    karine.get_by_label("Votre réponse").fill(lue[0])
    karine.get_by_role("button", name="Continuer").click()
    karine.locator("#id_nouveau").fill(NOUVEAU)
    karine.locator("#id_reponse").fill(REPONSE)
    karine.locator("form button[type=submit]").last.click()
    expect(karine).to_have_url(re.compile(reverse("connexion")))
    se_connecter(karine, scene.espace, NOUVEAU)
    karine.wait_for_load_state()
    karine.goto(reverse("espace"))
    karine.get_by_role("link", name=re.compile("Vérifier")).first.click()
    regarder(karine, "changements")
    karine.get_by_text("Habilitation accordée").click()
    karine.get_by_text("Compte bancaire ajouté").click()
    karine.get_by_role("button", name="Voir l’effet, puis confirmer").click()
    regarder(karine, "changements-relire")
    karine.get_by_role("button", name="Confirmer").click()
    expect(karine.get_by_text("est défait, le reste vous est rendu")).to_be_visible()
    assert not Habilitation.objects.get(pk=scene.nouvelle.pk).est_vivante
    assert Habilitation.objects.get(pk=scene.ancienne.pk).est_active()
    assert ReferenceBancaire.objects.get(pk=compte.pk).supprimee_le is not None


@pytest.mark.django_db(transaction=True)
def test_la_cellule_decide_des_adresses(
    navigateur: Callable[[Agent | None], Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that came back a fourth time is an alert; one that is only watched is read, blocked or let be."""
    monkeypatch.setattr(releve, "horloge", time.time)
    for jours in (4.0, 3.5, 2.5, 0.1):
        bloquer_automate(
            acteur="systeme:automates",
            adresse="198.51.100.23",
            marques={"programme": 9},
            maintenant=timezone.now() - timedelta(days=jours),
        )
    for _ in range(3):
        passant(ROBOTS["curl"], "203.0.113.44").get(reverse("connexion"))
    cellule = navigateur(AgentFactory(fonction=Agent.Fonction.SURVEILLANCE))
    cellule.goto(reverse("admin:index"))
    regarder(cellule, "accueil-adresse-sans-fin")
    cellule.get_by_role("navigation", name="Menu principal").get_by_role("link", name="Alertes").click()
    cellule.get_by_role("link", name="Adresse bloquée pour la quatrième fois").click()
    regarder(cellule, "alerte-d-un-reseau")
    cellule.get_by_role("link", name="Avérée, déjà traitée").click()
    regarder(cellule, "alerte-d-un-reseau-averee")
    cellule.goto(reverse("admin:surveillance_blocageip_changelist"))
    cellule.get_by_role("link", name="Adresses surveillées").click()
    regarder(cellule, "adresses-surveillees")
    cellule.get_by_role("link", name="Bloquer 203.0.113.44").click()
    expect(cellule.get_by_label("Adresse ou réseau")).to_have_value("203.0.113.44")
    regarder(cellule, "adresse-surveillee-bloquer")
    cellule.goto(reverse("admin:surveillees"))
    cellule.get_by_role("link", name="Lever les marques de 203.0.113.44").click()
    regarder(cellule, "adresse-surveillee-lever")
    cellule.get_by_role("button", name="Lever les marques").click()
    expect(cellule.get_by_text("Les marques sont levées")).to_be_visible()
    expect(cellule.get_by_role("link", name="Bloquer 203.0.113.44")).to_have_count(0)


@pytest.mark.django_db(transaction=True)
def test_la_meme_cause_et_le_service_choisi_se_lisent_au_telephone(
    navigateur: Callable[[Agent | None], Page],
) -> None:
    scene = Compromis()
    orphelin = EspaceFactory(prenom="Hélène", nom="Aubry", siren_appartenance="")
    for espace in (scene.espace, orphelin):
        alerte = Alerte.objects.create(
            compte=espace.compte, motif="pulverisation", cause="reseau:198.51.100.0/24", levee_le=scene.depuis
        )
    cellule = navigateur(scene.cellule)
    cellule.goto(reverse("admin:surveillance_alerte_change", args=[alerte.pk]))
    cellule.set_viewport_size({"width": 390, "height": 900})
    hauts = [
        cellule.get_by_role("heading", name=nom).evaluate("titre => titre.getBoundingClientRect().top")
        for nom in ("Décider", "Ce qui s’est passé")
    ]
    assert hauts == sorted(hauts), "what to decide comes first"
    cellule.get_by_role("link", name="Désactiver tous les espaces de la même cause").click()
    regarder(cellule, "desactiver-ensemble")
    cellule.get_by_label("Ce qui est dit au détenteur").select_option("PARTAGE")
    cellule.get_by_label("Motif, pour qui réexaminera la décision").fill(MOTIF)
    cellule.get_by_role("button", name="Voir l’effet, puis confirmer").click()
    cellule.get_by_text("Habilitations accordées depuis").click()
    expect(cellule.get_by_text("Victor Nouveau").first).to_be_visible()
    regarder(cellule, "desactiver-ensemble-effet")
    cellule.goto(reverse("admin:espace_diriger", args=[orphelin.pk]))
    cellule.get_by_label("Service gestionnaire").select_option(label=scene.guichet.service_gestionnaire.nom)
    regarder(cellule, "diriger")
