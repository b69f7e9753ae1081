"""A day at the desk in a real browser: what waits is claimed, done, and the next one comes; axe at 1280 and 1920 px."""

import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.envois.courriels import composer
from accounts.espace.rectification import demander_rectification
from accounts.espace.suppression import demander_au_gestionnaire
from accounts.gestion.contreseings import demander_contreseing
from accounts.models import Affaire, Agent, Courriel, Espace
from activation.courriers.remise import dossier_des_remises, remettre
from activation.models import Courrier
from habilitations.depart.retraits import demander_retrait
from habilitations.models import Role
from services.models import PersonneSirenisee
from tests.activation.scenes import adhesion, editer
from tests.espacepro.scenes import client_verifie, deposer, dossier
from tests.factories import (
    AgentFactory,
    EspaceFactory,
    PersonneFactory,
    ServiceFactory,
    ServiceGestionnaireFactory,
    accorder,
    habiliter,
)

VUES = os.environ.get("CAPTURES")
COUPES = """[...document.querySelectorAll("#header *, #main *")].filter((element) => {
  const cadre = element.getBoundingClientRect();
  if (cadre.width < 2 || !element.textContent.trim()) return false;
  return cadre.right > innerWidth + 1 || cadre.left < -1;
}).map((element) => element.outerHTML.slice(0, 120))"""
"""What says something beyond an edge of the screen, be it in a frame that scrolls."""


@pytest.fixture
def agent(transactional_db: None) -> Agent:
    bureau = ServiceGestionnaireFactory(nom="SIE de Lyon Sud-Ouest")
    return AgentFactory(service_gestionnaire=bureau, prenom="Denis", nom="Moreau")


@pytest.fixture(params=[(1280, True), (1280, False)], ids=["1280", "sans script"])
def page_agent(
    request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer, agent: Agent
) -> Iterator[Page]:
    """The agent's browser, past the door; what the console complains of fails the test."""
    largeur, script = request.param
    contexte = browser.new_context(
        base_url=live_server.url,
        locale="fr-FR",
        viewport={"width": largeur, "height": 900},
        java_script_enabled=script,
    )
    contexte.set_default_timeout(30_000)
    temoin = client_verifie(agent).cookies[settings.SESSION_COOKIE_NAME].value
    contexte.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": temoin, "url": live_server.url}])
    page = contexte.new_page()
    plaintes: list[str] = []
    page.on("console", lambda message: plaintes.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda erreur: plaintes.append(str(erreur)))
    page.script = script  # type: ignore[attr-defined]  # axe is a script
    yield page
    contexte.close()
    assert plaintes == []


def regarder(page: Page, nom: str) -> None:
    """One h1, nothing wider than the screen at 1920 and at 1280 px, no fault found by axe; pictures when asked for."""
    page.wait_for_load_state()
    expect(page.locator("h1")).to_have_count(1)
    for largeur in (1920, 1280):
        page.set_viewport_size({"width": largeur, "height": 900})
        if VUES:
            page.screenshot(path=Path(VUES) / f"{nom}-{largeur}.png", full_page=True)
        if page.script:  # type: ignore[attr-defined]
            assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, (
                nom
            )
    if not page.script:  # type: ignore[attr-defined]
        return
    resultat = Axe().run(page)
    assert resultat.violations_count == 0, f"{nom}\n{resultat.generate_report()}"


def remplir(agent: Agent) -> Espace:
    """Give the office something in most queues; return who asks for a rectification."""
    bureau = {"service_gestionnaire": agent.service_gestionnaire}
    charpente = PersonneFactory(denomination="ALPES CHARPENTE", **bureau)
    karine = EspaceFactory(prenom="Karine", nom="Vidal", siren_appartenance=charpente.siren)
    ines = EspaceFactory(prenom="Inès", nom="Colin")
    with transaction.atomic():
        tenue = habiliter(
            karine, personne=charpente, service=ServiceFactory(code="DECL_TVA", libelle="Déclarer la TVA")
        )
        autre = habiliter(karine, personne=charpente, service=ServiceFactory(code="PAYER_TVA", libelle="Payer la TVA"))
        for racine in (tenue, autre):
            accorder(racine, ines, Role.SUPPLEANT)
    demander_retrait(acteur=karine, habilitations=[tenue], motif="Je quitte cette entreprise")
    demander_retrait(acteur=karine, habilitations=[autre], motif="Je quitte cette entreprise")
    Affaire.objects.filter(file="RETRAIT").update(depuis=timezone.now() - timedelta(days=14))
    courrier = deposer(PersonneFactory(denomination="BOULANGERIE BEAUSÉJOUR", **bureau), ines, 1)
    maintenant = timezone.now()
    Courrier.objects.filter(pk=courrier.pk).update(
        etat="NPAI", edite_le=maintenant, remis_le=maintenant, expire_le=maintenant + timedelta(days=60)
    )
    demander_rectification(acteur=karine, objet="AUTRE", texte="Mon nom s’écrit avec un accent.")
    return karine


@pytest.mark.django_db(transaction=True)
def test_une_journee_au_bureau(page_agent: Page, agent: Agent) -> None:
    page = page_agent
    remplir(agent)
    page.goto(reverse("admin:index"))
    expect(page.get_by_text("14 jours, ALPES CHARPENTE")).to_be_visible()
    regarder(page, "accueil")
    page.get_by_role("link", name="Demandes de retrait", exact=True).first.click()
    regarder(page, "file")
    page.goto(reverse("admin:index"))
    page.get_by_role("button", name="Prendre la plus ancienne : Demandes de retrait").click()
    expect(page.get_by_text("Vous vous en occupez")).to_be_visible()
    regarder(page, "prise")
    page.get_by_role("link", name="Accepter la demande de retrait").click()
    page.get_by_role("button", name="Accepter et retirer").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    page.get_by_role("button", name="Prendre la suivante").click()
    page.get_by_role("button", name="Rendre").click()
    expect(page.get_by_text("Personne ne s’en occupe")).to_be_visible()
    page.goto(reverse("admin:index"))
    page.get_by_role("button", name="Prendre la plus ancienne : Rectifications").click()
    expect(page.get_by_text("Mon nom s’écrit avec un accent.")).to_be_visible()
    page.get_by_role("link", name="Répondre : rectification faite").click()
    regarder(page, "rectification")
    page.get_by_label("Votre réponse").fill("C’est corrigé.")
    page.get_by_role("button", name="Envoyer la réponse").click()
    expect(page.get_by_text("c’est fait, le")).to_be_visible()
    page.goto(reverse("admin:index"))
    expect(page.get_by_text("Demande de retrait acceptée").first).to_be_visible()
    regarder(page, "accueil-apres")


@pytest.mark.django_db(transaction=True)
def test_un_appel_au_guichet(page_agent: Page, agent: Agent) -> None:
    """The caller is found by name, the company by its page; its address is put right, an adhésion withdrawn after its preview."""
    page = page_agent
    karine = remplir(agent)
    PersonneFactory(denomination="ALPES CHARPENTE ET FILS")
    PersonneFactory(denomination="GARAGE DES ALPES", service_gestionnaire=agent.service_gestionnaire)
    page.goto(reverse("admin:index"))
    page.get_by_label("Nom, courriel, numéro d’abonné").fill("alpes")
    page.get_by_role("button", name="Chercher").click()
    expect(page.get_by_role("link", name="GARAGE DES ALPES")).to_be_visible()
    regarder(page, "recherche")
    page.get_by_label("Nom, courriel, numéro d’abonné").fill("alpes charpente et fils")
    page.get_by_role("button", name="Chercher").click()
    expect(page.get_by_text("Une entreprise relève de")).to_be_visible()
    regarder(page, "recherche-ailleurs")
    page.get_by_label("Nom, courriel, numéro d’abonné").fill("vidal karine")
    page.get_by_role("button", name="Chercher").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Karine Vidal")
    expect(page.get_by_text(karine.numero_lisible)).to_be_visible()
    regarder(page, "espace")
    page.get_by_role("link", name="ALPES CHARPENTE").first.click()
    expect(page.get_by_role("heading", name="Qui détient quoi")).to_be_visible()
    regarder(page, "personne")
    page.get_by_role("link", name="Saisir l’adresse des courriers").click()
    page.get_by_label("Numéro et voie").fill("3 rue Neuve")
    page.get_by_label("Code postal").fill("69002")
    page.get_by_label("Commune").fill("Lyon")
    page.get_by_label("Justificatif vu").fill("Kbis du 12 mars")
    page.get_by_label("Motif").fill("Déménagement")
    page.get_by_role("button", name="Enregistrer cette adresse").click()
    expect(page.get_by_text("corrigée par un agent")).to_be_visible()
    page.get_by_role("link", name="Retirer l’adhésion Payer la TVA").click()
    expect(page.get_by_text("Inès Colin")).to_be_visible()
    regarder(page, "retirer")
    page.get_by_label("Motif").fill("Demandé par le représentant légal")
    page.get_by_role("button", name="Retirer l’adhésion").click()
    expect(page.locator(".messagelist .success")).to_be_visible()


@pytest.mark.parametrize("page_agent", [(1280, True)], indirect=True)
@pytest.mark.django_db(transaction=True)
def test_les_raccourcis_servent_et_se_desactivent(page_agent: Page, agent: Agent) -> None:
    """One key, one gesture, never while one writes; switched off, the page holds no listener at all (WCAG 2.1.4)."""
    page = page_agent
    remplir(agent)
    page.goto(reverse("admin:index"))
    page.keyboard.press("/")
    expect(page.locator("#gestion-q")).to_be_focused()
    page.keyboard.type("jp/k")
    expect(page.locator("#gestion-q")).to_have_value("jp/k")
    page.locator("#gestion-q").evaluate("champ => { champ.value = ''; champ.blur(); }")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Changements bancaires non reconnus", exact=True).first).to_be_focused()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Demandes de retrait", exact=True).first).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Control+p")
    expect(page.get_by_role("link", name="Demandes de retrait", exact=True).first).to_be_focused()
    page.keyboard.press("p")
    expect(page.get_by_text("Vous vous en occupez")).to_be_visible()
    page.get_by_role("link", name="Raccourcis").click()
    regarder(page, "raccourcis")
    page.get_by_role("button", name="Désactiver les raccourcis").click()
    expect(page.get_by_text("aucune touche n’est écoutée")).to_be_visible()
    page.goto(reverse("admin:index"))
    expect(page.locator("kbd")).to_have_count(0)
    expect(page.locator('script[src$="js/gestion.js"]')).to_have_count(0)
    page.keyboard.press("/")
    expect(page.locator("#gestion-q")).not_to_be_focused()


@pytest.mark.parametrize("page_agent", [(1280, True)], indirect=True, ids=["1280"])
@pytest.mark.django_db(transaction=True)
def test_chaque_page_du_chef_de_service(page_agent: Page, agent: Agent) -> None:
    """All lists, one object of each, the team and its acts: one h1, no overflow, axe clean, no code and no JSON to read."""
    Agent.objects.filter(pk=agent.pk).update(fonction=Agent.Fonction.CHEF)
    collegue = AgentFactory(service_gestionnaire=agent.service_gestionnaire, prenom="Odile", nom="Garnier")
    karine = remplir(agent)
    objets = {**dossier(agent, 2), "accounts_agent": collegue}
    page = page_agent
    page.goto(reverse("admin:espace", args=[karine.pk]))
    regarder(page, "chef-espace")
    for modele, objet in objets.items():
        for nom, chemin in (
            (modele, reverse(f"admin:{modele}_changelist")),
            (f"{modele}-un", reverse(f"admin:{modele}_change", args=[objet.pk])),
        ):
            page.goto(chemin)
            regarder(page, f"chef-{nom}")
            texte = page.locator("#content").inner_text()
            assert not re.search(r"agent:\d|systeme:|compte:|\{\"|\"\}|\b[a-z]+\.[a-z_]+_[a-z]+\b", texte), (nom, texte)
    page.goto(reverse("admin:accounts_tracelecture_changelist"))
    regarder(page, "chef-lectures")
    assert "Denis Moreau" in page.locator("#result_list").inner_text()
    for acte in ("nommer-chef", "retirer-fonction", "reinitialiser"):
        page.goto(reverse(f"admin:accounts_agent_{acte}", args=[collegue.pk]))
        regarder(page, f"chef-{acte}")
    page.locator("label", has_text="carte professionnelle").click()
    page.get_by_role("button", name="Réinitialiser l’accès").click()
    expect(page.get_by_role("heading", name=re.compile("Premier mot de passe.*Odile Garnier"))).to_be_visible()
    regarder(page, "chef-premier")


@pytest.mark.parametrize("page_agent", [(1280, True)], indirect=True, ids=["1280"])
@pytest.mark.django_db(transaction=True)
def test_un_espace_libere_des_adhesions_cochees_un_deces_a_deux(page_agent: Page, agent: Agent) -> None:
    """What keeps an espace is lifted; two adhésions are ticked, shown and withdrawn; a death asked for, looked at by a second."""
    page = page_agent
    second = AgentFactory(service_gestionnaire=agent.service_gestionnaire, prenom="Zoé", nom="Petit")
    bloquee = EspaceFactory(prenom="Karine", nom="Vidal")
    personne = PersonneFactory(denomination="ALPES CHARPENTE", service_gestionnaire=agent.service_gestionnaire)
    seul = ServiceFactory(libelle="Gérer le compte", retrait_par_gestionnaire=True)
    with transaction.atomic():
        habiliter(bloquee, personne=personne, service=seul)
        autre = EspaceFactory(prenom="Hugo", nom="Marchal")
        racines = [
            habiliter(autre, personne=personne, service=ServiceFactory(libelle=f"Service {n}")) for n in (1, 2, 3)
        ]
        accorder(racines[0], EspaceFactory(prenom="Inès", nom="Colin"), Role.SUPPLEANT)
    demander_au_gestionnaire(acteur=bloquee)
    page.goto(reverse("admin:index"))
    page.get_by_role("button", name="Prendre la plus ancienne : Suppressions").click()
    page.get_by_role("link", name="Permettre la suppression de l’espace").click()
    regarder(page, "liberer")
    page.get_by_label("Motif").fill("Demande au guichet.")
    page.get_by_role("button", name="Retirer ces adhésions et prévenir le détenteur").click()
    expect(page.get_by_text("le détenteur reçoit la page")).to_be_visible()

    page.goto(reverse("admin:services_personnesirenisee_change", args=[personne.pk]))
    page.get_by_role("link", name="Retirer plusieurs adhésions").click()
    page.get_by_text("Service 1, ouvert").click()
    page.get_by_text("Service 2, ouvert").click()
    page.get_by_label("Motif").fill("Demande écrite du gérant.")
    regarder(page, "cocher")
    page.get_by_role("button", name="Voir ce qui prend fin").click()
    expect(page.get_by_role("table", name="Habilitations qui prennent fin")).to_contain_text("Inès Colin")
    regarder(page, "cochees")
    page.get_by_role("button", name="Retirer ces adhésions").click()
    expect(page.get_by_text("Les adhésions sont retirées")).to_be_visible()

    page.goto(reverse("admin:espace", args=[autre.pk]))
    page.get_by_role("link", name="Demander la suppression après un décès").click()
    page.get_by_label("Preuve vue").select_option("ACTE")
    page.get_by_label("Date de la preuve").fill(timezone.localdate().isoformat())
    page.get_by_label("Qui vous l’a présentée").fill("Son épouse, au guichet.")
    regarder(page, "deces")
    page.get_by_role("button", name="Demander le second regard").click()
    expect(page.get_by_text("rien n’est supprimé avant")).to_be_visible()
    regarder(page, "espace")

    temoin = client_verifie(second).cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": temoin, "url": page.evaluate("location.origin")}]
    )
    page.goto(reverse("admin:index"))
    page.get_by_role("button", name="Prendre la plus ancienne : Actes à contresigner").click()
    regarder(page, "contreseing")
    page.get_by_role("link", name="Contresigner", exact=True).click()
    expect(page.get_by_text("Son épouse, au guichet.")).to_be_visible()
    regarder(page, "contresigner")
    page.get_by_role("button", name="Contresigner : l’acte est fait").click()
    expect(page.get_by_text("L’acte est contresigné et fait")).to_be_visible()
    page.goto(reverse("admin:donner_idsp"))
    regarder(page, "idsp")


@pytest.mark.django_db(transaction=True)
def test_au_telephone_puis_les_lettres(page_agent: Page, agent: Agent, settings: Any, tmp_path: Path) -> None:
    """A caller's home as the caller sees it, for a reason; then the letters: the queue, a batch, what is set aside tried again."""
    page, settings.ETAT = page_agent, tmp_path
    karine = remplir(agent)
    charpente = PersonneSirenisee.objects.get(denomination="ALPES CHARPENTE")
    faite = editer(adhesion(personne=charpente))
    remettre(dossier=dossier_des_remises())
    editer(adhesion(personne=charpente))
    de_cote = adhesion(personne=charpente).courriers.get()
    Courrier.objects.filter(pk=de_cote.pk).update(
        ecarte_le=timezone.now(), tentatives=8, derniere_reponse="l’adresse de la personne n’est plus connue"
    )
    page.goto(reverse("admin:espace", args=[karine.pk]))
    page.get_by_role("link", name="Comme l’usager le voit").click()
    regarder(page, "comme-l-usager-raison")
    page.get_by_role("button", name="Voir l’espace").click()
    expect(page.get_by_text("Dites pourquoi vous regardez cet espace.").first).to_be_visible()
    page.get_by_text("pour répondre au téléphone").click()
    page.get_by_role("button", name="Voir l’espace").click()
    vu = page.get_by_label("Accueil de l’espace, tel que l’usager le voit")
    expect(vu.get_by_text("ALPES CHARPENTE").first).to_be_visible()
    expect(vu.get_by_role("link")).to_have_count(0)
    expect(vu.get_by_role("button")).to_have_count(0)
    regarder(page, "comme-l-usager")
    page.goto(reverse("admin:index"))
    page.get_by_role("link", name="Les lettres de votre service").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Lettres")
    regarder(page, "lettres")
    page.get_by_role("link", name="Remises à La Poste").click()
    expect(page.get_by_role("link", name=str(faite)).first).to_be_visible()
    page.get_by_role("link", name="Remises à l’imprimeur").click()
    regarder(page, "remises")
    page.get_by_role("link", name="R-20").first.click()
    expect(page.get_by_text("1 lettre de votre service")).to_be_visible()
    regarder(page, "remise")
    page.get_by_role("link", name="Envois mis de côté").click()
    regarder(page, "mis-de-cote")
    page.get_by_role("button", name=f"Reprendre la lettre {de_cote}").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    expect(page.get_by_text("Aucune lettre.")).to_be_visible()


@pytest.mark.parametrize("page_agent", [(390, True)], indirect=True, ids=["390"])
@pytest.mark.django_db(transaction=True)
def test_au_guichet_sur_un_telephone(page_agent: Page, agent: Agent, client_de: Callable[[Espace], Client]) -> None:
    """The desk at 390 px; returned letters, scanned one after the other; an espace freed, which its holder then deletes."""
    page = page_agent
    karine = remplir(agent)
    charpente = PersonneSirenisee.objects.get(denomination="ALPES CHARPENTE")
    lettres = [editer(adhesion(personne=charpente)) for _ in range(2)]
    maintenant = timezone.now()
    Courrier.objects.filter(pk__in=[lettre.pk for lettre in lettres]).update(
        etat="REMIS", edite_le=maintenant, remis_le=maintenant, expire_le=maintenant + timedelta(days=60)
    )
    for nom in ("ALPES BOIS", "GARAGE DES ALPES"):
        PersonneFactory(denomination=nom, service_gestionnaire=agent.service_gestionnaire)
    EspaceFactory(prenom="Zoé", nom="Colin", siren_appartenance=charpente.siren)
    demander_contreseing(
        acteur=agent, genre="RETABLISSEMENT", cle=str(karine.pk), motif="Elle s’est présentée.", espace=karine
    )
    for nom, chemin in (
        ("accueil", reverse("admin:index")),
        ("file", reverse("admin:file", args=["RETRAIT"])),
        ("recherche", f"{reverse('admin:chercher')}?q=alpes"),
        ("recherche-deux", f"{reverse('admin:chercher')}?q=colin"),
        ("espace", reverse("admin:espace", args=[karine.pk])),
        ("personne", reverse("admin:services_personnesirenisee_change", args=[charpente.pk])),
    ):
        page.goto(chemin)
        regarder(page, f"telephone-{nom}")
        assert page.evaluate(COUPES) == [], nom

    page.goto(reverse("admin:lettres_revenues"))
    regarder(page, "telephone-scan")
    for dite in ("pas une lettre", *map(str, lettres), str(lettres[0])):
        page.keyboard.type(dite)  # where the focus is, as a hand scanner does
        page.keyboard.press("Enter")
        page.wait_for_load_state()
        expect(page.locator("#id_numero_lettre")).to_be_focused()
        regarder(page, f"telephone-scan-{dite[-1]}")
    expect(page.get_by_text("déjà enregistrée comme revenue").first).to_be_visible()
    assert set(Courrier.objects.filter(pk__in=[lettre.pk for lettre in lettres]).values_list("etat", flat=True)) == {
        "NPAI"
    }

    bloquee = EspaceFactory(prenom="Hugo", nom="Marchal", siren_appartenance="")
    with transaction.atomic():
        habiliter(bloquee, personne=charpente, service=ServiceFactory(libelle="Gérer", retrait_par_gestionnaire=True))
    demander_au_gestionnaire(acteur=bloquee)
    page.goto(reverse("admin:index"))
    page.get_by_role("button", name="Prendre la plus ancienne : Suppressions").click()
    page.get_by_role("link", name="Permettre la suppression de l’espace").click()
    regarder(page, "telephone-liberer")
    page.get_by_label("Motif").fill("Demande au guichet.")
    page.get_by_role("button", name="Retirer ces adhésions et prévenir le détenteur").click()
    expect(page.get_by_text("le détenteur reçoit la page")).to_be_visible()
    regarder(page, "telephone-libere")
    courriel = Courriel.objects.get(genre="espace_a_supprimer", espace=bloquee)
    assert f"{settings.SITE_URL}{reverse('supprimer_espace')}" in composer(courriel).body

    temoin = client_de(bloquee).cookies[settings.SESSION_COOKIE_NAME].value
    origine = page.evaluate("location.origin")
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": temoin, "url": origine}])
    page.goto(reverse("supprimer_espace"))
    regarder(page, "telephone-supprimer")
    page.locator("label", has_text="J’ai compris").click()
    page.get_by_role("button", name="Supprimer définitivement votre espace").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre espace est supprimé")
    assert Espace.objects.get(pk=bloquee.pk).etat == Espace.Etat.SUPPRIME
