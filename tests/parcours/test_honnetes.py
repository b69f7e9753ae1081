"""Sixty honest journeys in a real browser: nobody is slowed, verified nor blocked, and nothing is held against anybody (R17).

Who they are × how they go about it, with what they do: a table. All sixty come from one address, as an office does. Two run each time,
all with `run.py test --long`, and one that says it is driven, which must be asked for the verification.
"""

import itertools
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Browser, BrowserType, Error, expect
from pytest_django.live_server_helper import LiveServer

from accounts.espace import oubli
from accounts.models import Agent, Application, Espace
from accounts.mots_de_passe.hachage import hacher_reponse
from accounts.saisies.reponses import normaliser_reponse
from activation.models import Demande
from habilitations.models import Role
from services.models import Message, PersonneSirenisee, Service
from surveillance import memoire
from surveillance.automates import liste, releve
from surveillance.models import Alerte, BlocageIP, SignalVu, Verification
from tests.accounts.scenes import code_de
from tests.factories import (
    MOT_DE_PASSE,
    REPONSE,
    AgentFactory,
    EspaceFactory,
    PersonneFactory,
    ServiceFactory,
    ServiceGestionnaireFactory,
    accorder,
    habiliter,
)
from tests.services.messagerie.pieces.scenes import FICHIERS
from tests.services.messagerie.scenes import messagerie

from .gestes import BUREAU, TELEPHONE, Maniere, Visite
from .scenes import agent_du_navigateur, code_attendu, lien_recu

pytestmark = pytest.mark.django_db(transaction=True)
LONG = os.environ.get("ESSAIS_LONGS") == "1"
NOUVEAU = "brouillard kayak 81 moutarde violon"
_rangs = itertools.count(1)


@dataclass
class Scene:
    """A person and what they work on."""

    espace: Espace
    personnes: list[PersonneSirenisee] = field(default_factory=list)


@dataclass(frozen=True)
class Parcours:
    """One line of the table; `marques`: what it may leave, by its own nature, far below any answer."""

    qui: str
    maniere: Maniere
    acte: Callable[[Visite, Scene], None]
    marques: dict[str, int] = field(default_factory=dict)

    @property
    def nom(self) -> str:
        return f"{self.qui}, {self.maniere.nom} : {self.acte.__name__}"


MANIERES = (
    Maniere("gestionnaire de mots de passe", gestionnaire=True),
    Maniere("clavier seul", clavier=True),
    Maniere("sans JavaScript", {"viewport": BUREAU, "java_script_enabled": False}),
    Maniere("lecteur d’écran", clavier=True, lecteur=True),
    Maniere("deux onglets", onglets=True),
    Maniere("retour arrière", retour=True),
    Maniere("réseau lent", lent=True),
    Maniere("390 px", {"viewport": TELEPHONE, "has_touch": True}),
)
SOURIS = Maniere("souris")
MALADROIT = Maniere("gestionnaire qui remplit aussi ce que nul ne voit", gestionnaire=True, remplit_les_caches=True)


# What they do.
def lire_ses_entreprises(visite: Visite, scene: Scene, combien: int = 3) -> None:
    visite.se_connecter(scene.espace.compte.email, MOT_DE_PASSE)
    liens = visite.page.locator("main th a[href^='/espace/entreprises/']")
    if liens.count() == 0:  # one company alone, or a short list
        liens = visite.page.locator("main a[href^='/espace/entreprises/']")
    for rang in range(min(combien, liens.count())):
        visite.suivre(visite.page.locator(f"main a[href='{liens.nth(rang).get_attribute('href')}']"))
        visite.suivre(visite.page.locator(".ep-onglets").get_by_role("link", name="Accès"))
        visite.revenir()
        visite.revenir()
    visite.aller(reverse("securite"))


def parcourir_ses_entreprises(visite: Visite, scene: Scene) -> None:
    lire_ses_entreprises(visite, scene, combien=8)


def ouvrir_un_favori(visite: Visite, scene: Scene) -> None:
    """The page of a company by its address, which she kept among her favourites."""
    visite.se_connecter(scene.espace.compte.email, MOT_DE_PASSE)
    visite.aller(reverse("entreprise", args=[scene.personnes[0].siren]))


def telecharger_ses_habilitations(visite: Visite, scene: Scene) -> None:
    visite.se_connecter(scene.espace.compte.email, MOT_DE_PASSE)
    visite.aller(reverse("vos_habilitations"))
    for genre in ("CSV", "XLSX"):
        assert visite.telecharger(visite.page.get_by_role("button", name=f"Télécharger la liste ({genre})"))


def changer_ses_coordonnees(visite: Visite, scene: Scene) -> None:
    visite.se_connecter(scene.espace.compte.email, MOT_DE_PASSE)
    visite.aller(reverse("coordonnees"))
    for champ, valeur in (("voie", f"{next(_rangs)} rue Neuve"), ("code_postal", "75009"), ("commune", "Paris")):
        visite.remplir(visite.page.locator(f"[name={champ}]"), valeur)
    visite.presser(visite.page.get_by_role("button", name="Enregistrer"))
    expect(visite.page).to_have_url(re.compile("votre-espace|coordonnees"))


def ajouter_un_iban(visite: Visite, scene: Scene) -> None:
    compte = 12_345_678_000 + next(_rangs)
    cle = 97 - (89 * 30006 + 15 * 1 + 3 * compte) % 97
    personne = scene.personnes[0]
    visite.se_connecter(scene.espace.compte.email, MOT_DE_PASSE)
    visite.suivre(visite.page.locator(f"main a[href='{reverse('entreprise', args=[personne.siren])}']"))
    visite.suivre(visite.page.locator(".ep-onglets").get_by_role("link", name="Comptes bancaires"))
    visite.suivre(visite.page.get_by_role("link", name="Ajouter un compte"))
    visite.remplir(visite.page.get_by_label("IBAN ou RIB"), f"30006 00001 {compte} {cle:02}")
    visite.presser(visite.page.get_by_role("button", name="Continuer"))
    visite.presser(visite.page.get_by_role("button", name="Confirmer l’ajout"))
    expect(visite.page.get_by_role("heading", name="Mandat à remettre à la banque").first).to_be_visible()


def ecrire_avec_un_fichier(visite: Visite, scene: Scene) -> None:
    visite.se_connecter(scene.espace.compte.email, MOT_DE_PASSE)
    visite.aller(f"{reverse('message_rediger', args=[scene.personnes[0].siren])}?theme=TVA")
    visite.remplir(visite.page.get_by_label("Objet"), "Bilan 2026")
    visite.remplir(visite.page.get_by_role("textbox", name="Message"), "Bonjour, voici le bilan.")
    if not visite.maniere.script:
        visite.presser(visite.page.get_by_role("button", name="Joindre des fichiers", exact=True))
    visite.page.get_by_label("Joindre des fichiers").set_input_files(FICHIERS / "photo.jpg")
    visite.presser(visite.page.get_by_role("button", name="Joindre les fichiers choisis"))
    expect(visite.page.get_by_role("button", name="Ôter photo.jpg")).to_be_visible()
    if not visite.maniere.script:
        visite.page.get_by_role("link", name="Revenir au message").click()
    visite.presser(visite.page.get_by_role("button", name="Relire avant d’envoyer"))
    visite.presser(visite.page.get_by_role("button", name="Envoyer", exact=True))
    expect(visite.page.get_by_text("Votre message est envoyé").first).to_be_visible()
    envoye = Message.objects.filter(espace=scene.espace).latest("envoye_le")
    assert [piece.nom for piece in envoye.pieces_jointes.all()] == ["photo.jpg"]


def deleguer(visite: Visite, scene: Scene) -> None:
    recu = EspaceFactory(prenom="Bruno", nom="Leroux")
    visite.se_connecter(scene.espace.compte.email, MOT_DE_PASSE)
    visite.aller(reverse("gerer_services"))
    visite.suivre(visite.page.get_by_role("link", name="Gérer vos délégations", exact=True))
    visite.suivre(visite.page.get_by_role("link", name="Désigner un délégataire", exact=True))
    visite.remplir(visite.page.get_by_label("SIREN ou entreprise"), scene.personnes[0].siren)
    visite.presser(visite.page.get_by_role("button", name="Filtrer"))
    visite.presser(visite.page.get_by_role("button", name=re.compile("Cocher les .* services de ce filtre")))
    visite.presser(visite.page.get_by_role("button", name="Continuer"))
    visite.remplir(visite.page.get_by_label("Numéro d’abonné"), recu.numero_lisible)
    visite.remplir(visite.page.locator("#id_nom"), "LEROUX")
    visite.cocher(visite.page.locator("input[name=role][value=ACTEUR]"))
    visite.presser(visite.page.get_by_role("button", name="Continuer"))
    visite.presser(visite.page.get_by_role("button", name="Confirmer la désignation"))
    expect(visite.page.get_by_text("Bruno Leroux est désormais acteur")).to_be_visible()


def activer_par_le_code(visite: Visite, scene: Scene) -> None:
    personne = PersonneFactory(service_gestionnaire=scene.personnes[0].service_gestionnaire)
    visite.se_connecter(scene.espace.compte.email, MOT_DE_PASSE)
    visite.aller(reverse("adherer"))
    visite.remplir(visite.page.get_by_label("Numéro SIREN"), personne.siren_lisible)
    visite.presser(visite.page.get_by_role("button", name="Continuer"))
    visite.cocher(visite.page.locator("input[name=qualite]"))
    visite.cocher(visite.page.locator("#service-DECL_TVA"))
    visite.presser(visite.page.get_by_role("button", name="Continuer"))
    visite.presser(visite.page.get_by_role("button", name="Envoyer la demande"))
    expect(visite.page.get_by_text("Le courrier est en préparation").first).to_be_visible()
    code = code_attendu(Demande.objects.get(espace=scene.espace, personne=personne))
    visite.page.reload()
    visite.remplir(visite.page.locator("#id_code"), code)
    visite.presser(visite.page.get_by_role("button", name="Activer"))
    expect(visite.page.get_by_text("Code accepté").first).to_be_visible()


def ouvrir_deux_pages_de_la_liste_en_onglets(visite: Visite, scene: Scene) -> None:
    """The accountant who opens fifty companies in as many tabs before she reads them."""
    visite.se_connecter(scene.espace.compte.email, MOT_DE_PASSE)
    for rang in range(2):
        if rang:
            visite.suivre(visite.page.get_by_role("link", name="Page suivante"))
        for lien in visite.page.locator("main th a[href^='/espace/entreprises/']").all():
            lien.click(modifiers=["Control"])
            visite.page.wait_for_timeout(200)
    for onglet in visite.contexte.pages[1:]:
        onglet.wait_for_load_state()
        expect(onglet.locator("h1")).to_have_count(1)


def se_connecter_au_troisieme_essai(visite: Visite, scene: Scene) -> None:
    visite.se_connecter(scene.espace.compte.email, MOT_DE_PASSE, manques=2)


def se_connecter_avec_un_second_facteur(visite: Visite, scene: Scene) -> None:
    """Both the password and the code of the application are filled, and sent, by the password manager."""
    espace = EspaceFactory()
    application = Application.objects.create(user=espace.compte, name="application", confirmed=True)
    visite.se_connecter(espace.compte.email, MOT_DE_PASSE, suite="connexion_verification")
    visite.page.get_by_label("Code à 6 chiffres").fill(code_de(application))
    visite.presser(visite.page.get_by_role("button", name="Se connecter"), aussitot=True)
    expect(visite.page).to_have_url(visite.racine + reverse("espace"))


def se_connecter_seulement(visite: Visite, scene: Scene) -> None:
    visite.se_connecter(scene.espace.compte.email, MOT_DE_PASSE)


def chercher_au_guichet(visite: Visite, scene: Scene) -> None:
    """An agent signs in with the second factor, looks somebody up, then a company of the office."""
    agent: Agent = AgentFactory(service_gestionnaire=scene.personnes[0].service_gestionnaire)
    application = Application.objects.create(user=agent.compte, name="application", confirmed=True)
    visite.aller(reverse("admin:login"))
    visite.remplir(visite.page.get_by_label("Adresse électronique"), agent.compte.email)
    visite.remplir(visite.page.get_by_label("Mot de passe", exact=True), MOT_DE_PASSE)
    visite.presser(visite.page.get_by_role("button", name="Continuer"), aussitot=True)
    visite.connecte = True
    visite.remplir(visite.page.get_by_label("Code à 6 chiffres"), code_de(application))
    visite.presser(visite.page.get_by_role("button", name="Se connecter"))
    expect(visite.page).to_have_url(visite.racine + reverse("admin:index"))
    for cherche in (scene.espace.numero_lisible, scene.personnes[0].siren_lisible, scene.personnes[1].denomination):
        visite.remplir(visite.page.locator("#gestion-q"), cherche)
        visite.presser(visite.page.get_by_role("button", name="Chercher"))
        expect(visite.page.locator("h1")).to_have_count(1)
    visite.aller(reverse("admin:services_personnesirenisee_changelist"))
    visite.suivre(visite.page.get_by_role("main").get_by_role("link", name=scene.personnes[0].siren_lisible))
    visite.aller(reverse("admin:index"))


def tenir_la_file(visite: Visite, scene: Scene) -> None:
    """The same agent goes from one list to the next."""
    chercher_au_guichet(visite, scene)
    for nom in ("activation_demande", "activation_courrier", "services_personnesirenisee"):
        visite.aller(reverse(f"admin:{nom}_changelist"))
        expect(visite.page.locator("h1")).to_have_count(1)


def creer_son_espace(visite: Visite, scene: Scene) -> None:
    """From the home page to an espace that is open; the link of the mail is confirmed as soon as it is opened."""
    adresse = f"nouvelle{next(_rangs)}@cabinet-dupont.fr"
    visite.aller(reverse("accueil"))
    visite.suivre(visite.page.locator("main").get_by_role("link", name="Créer un espace"))
    visite.suivre(visite.page.get_by_role("link", name="Créer un espace expert"))
    page = visite.page
    visite.cocher(page.locator("input[name=civilite]"))
    for champ, valeur in (
        ("prenom", "Jeanne"),
        ("nom", "L'Hermite"),
        ("telephone", "01 23 45 67 89"),
        ("siren_appartenance", "552 032 534"),
        ("email", adresse),
        ("mot_de_passe", MOT_DE_PASSE),
        ("reponse_confiance", REPONSE),
    ):
        visite.remplir(page.locator(f"#id_{champ}"), valeur)
    visite.cocher(page.locator("#id_cgu"))
    visite.presser(page.get_by_role("button", name="Créer votre espace"))
    expect(page.get_by_role("heading", name="Consultez votre messagerie")).to_be_visible()
    visite.aller(lien_recu(adresse))
    visite.presser(page.get_by_role("button", name="Confirmer et ouvrir votre espace"), aussitot=True)
    expect(page.get_by_role("heading", name="Votre espace est ouvert")).to_be_visible()


def retrouver_son_mot_de_passe(visite: Visite, scene: Scene) -> None:
    espace = EspaceFactory(reponse_confiance=hacher_reponse(normaliser_reponse(REPONSE)))
    visite.aller(reverse("connexion"))
    visite.suivre(visite.page.get_by_role("link", name="Mot de passe oublié ?"))
    page = visite.page
    visite.remplir(page.get_by_label("Adresse électronique de connexion"), espace.compte.email)
    visite.presser(page.get_by_role("button", name="Recevoir le lien"), aussitot=visite.maniere.gestionnaire)
    expect(page.get_by_role("heading", level=1)).to_have_text("Consultez votre messagerie")
    oubli.traiter_en_attente()
    visite.aller(lien_recu(espace.compte.email, "/lien/mot-de-passe/"))
    visite.remplir(page.get_by_label("Votre réponse"), REPONSE)
    visite.presser(page.get_by_role("button", name="Continuer"))
    visite.remplir(page.locator("#id_nouveau"), NOUVEAU)
    visite.presser(page.get_by_role("button", name="Enregistrer le mot de passe"), aussitot=visite.maniere.gestionnaire)
    expect(page.get_by_text("Votre mot de passe est changé")).to_be_visible()
    visite.se_connecter(espace.compte.email, NOUVEAU)


def lire_puis_se_connecter(visite: Visite, scene: Scene) -> None:
    """The public pages first; the password is mistyped once."""
    visite.aller(reverse("accueil"))
    visite.aller(reverse("catalogue"))
    visite.suivre(visite.page.locator("main a[href^='/services/']"))
    visite.aller(reverse("aide"))
    visite.suivre(visite.page.locator("main a[href^='/aide/']"))
    visite.se_connecter(EspaceFactory().compte.email, MOT_DE_PASSE, manques=1)


ACTES: dict[str, tuple[Callable[[Visite, Scene], None], ...]] = {
    "détenteur de 1 SIREN": (
        activer_par_le_code,
        ajouter_un_iban,
        deleguer,
        ecrire_avec_un_fichier,
        lire_ses_entreprises,
    ),
    "détenteur de 20 SIREN": (ecrire_avec_un_fichier, deleguer, activer_par_le_code, ajouter_un_iban),
    "détenteur de 100 SIREN": (deleguer, lire_ses_entreprises, ajouter_un_iban, telecharger_ses_habilitations),
    "acteur": (lire_ses_entreprises, telecharger_ses_habilitations, changer_ses_coordonnees, ouvrir_un_favori),
    "comptable": (parcourir_ses_entreprises, telecharger_ses_habilitations, ecrire_avec_un_fichier),
    "agent au guichet": (chercher_au_guichet, tenir_la_file),
    "visiteur": (creer_son_espace, retrouver_son_mot_de_passe, lire_puis_se_connecter),
}
MARQUES: dict[Callable[[Visite, Scene], None], dict[str, int]] = {
    lire_puis_se_connecter: {"echec": 1},
    se_connecter_au_troisieme_essai: {"echec": 2},
    ouvrir_un_favori: {"adresses_tapees": 1},
}
"""What some acts leave by their nature, of the 40 points from which on somebody is slowed: 2 a password mistyped, 1 a favourite."""


def table() -> list[Parcours]:
    """Return the sixty: each person in each manner, the acts in turn, and four that are known to be mistaken for robots."""
    lignes = [
        Parcours(qui, maniere, acte, MARQUES.get(acte, {}))
        for qui, actes in ACTES.items()
        for maniere, acte in zip(MANIERES, itertools.cycle(actes), strict=False)
    ]
    return [
        *lignes,
        Parcours("comptable", SOURIS, ouvrir_deux_pages_de_la_liste_en_onglets),
        Parcours("comptable", SOURIS, se_connecter_au_troisieme_essai, MARQUES[se_connecter_au_troisieme_essai]),
        Parcours("comptable", MALADROIT, se_connecter_seulement, {"champ_piege": 1}),
        Parcours("comptable", MANIERES[0], se_connecter_avec_un_second_facteur),
    ]


PARCOURS = table()
CHAQUE_FOIS = [PARCOURS[0], PARCOURS[10]]
"""The password manager with a code to activate, and who has no JavaScript."""


# Who they are.
def services() -> list[Service]:
    payer = ServiceFactory(code="PAY_TVA", libelle="Payer la TVA", paiement=True, famille=Service.Famille.PAYER)
    return [messagerie(), payer, ServiceFactory(code="DECL_TVA", libelle="Déclarer la TVA")]


def preparer(qui: str) -> Scene:
    """Make this person: the first companies with all services, the others with one."""
    bureau, rendus = ServiceGestionnaireFactory(), services()
    espace: Espace = EspaceFactory()
    combien = {"détenteur de 20 SIREN": 20, "détenteur de 100 SIREN": 100, "comptable": 60, "agent au guichet": 3}.get(
        qui, 1
    )
    scene = Scene(espace)
    with transaction.atomic():
        titulaire = EspaceFactory(prenom="Karine", nom="Vidal") if qui in {"acteur", "comptable"} else espace
        for rang in range(combien):
            personne = PersonneFactory(service_gestionnaire=bureau, denomination=f"ATELIER {next(_rangs):04}")
            scene.personnes.append(personne)
            for service in rendus if rang < 2 else rendus[2:]:
                racine = habiliter(titulaire, personne=personne, service=service)
                if titulaire is not espace:
                    accorder(racine, espace, Role.ACTEUR if qui == "acteur" else Role.ACTEUR_DELEGANT)
    return scene


def marques_retenues() -> dict[str, int]:
    """Return what Redis holds against anybody, and forget it."""
    redis = memoire.client(settings.CACHES["default"]["LOCATION"])
    vues: dict[str, int] = {}
    for nom in list(redis.scan_iter(match=f"{releve.PREFIXE}*", count=1_000, _type="hash")):
        for marque, nombre in redis.hgetall(nom).items():
            vues[marque] = max(vues.get(marque, 0), int(nombre))
        redis.delete(nom)
    return vues


def tenus_pour_suspects() -> list[str]:
    """Return what the database holds against anybody."""
    modeles = (SignalVu, Alerte, Verification, BlocageIP)
    return [f"{modele.__name__} : {ligne}" for modele in modeles for ligne in modele.objects.all()]


@pytest.fixture(autouse=True)
def _heure_vraie(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The pace is the browser's own, not that which other tests feign; nothing is blocked in this process yet."""
    monkeypatch.setattr(releve, "horloge", time.time)
    liste._processus.liste = liste.Liste()
    yield
    liste._processus.liste = liste.Liste()


def parcourir(lignes: list[Parcours], browser: Browser, racine: str, arguments: dict[str, Any]) -> dict[str, str]:
    """Go through these lines; return what somebody suffered, or what stopped them, by line."""
    subi: dict[str, str] = {}
    for qui, siennes in itertools.groupby(lignes, key=lambda ligne: ligne.qui):
        scene = preparer(qui)
        for ligne in siennes:
            debut = time.monotonic()
            visite = Visite(browser, racine, ligne.maniere, arguments)
            try:
                ligne.acte(visite, scene)
                assert not visite.subis
                assert marques_retenues() == ligne.marques
                assert not tenus_pour_suspects()
            except (AssertionError, Error) as arret:
                subi[ligne.nom] = f"{visite.page.url} {visite.subis} {tenus_pour_suspects()} {str(arret)[:1500]}"
                marques_retenues()
                for modele in (SignalVu, Alerte, Verification):
                    modele.objects.all().delete()
            finally:
                visite.fermer()
            sys.stdout.write(f"\n{time.monotonic() - debut:5.1f} s  {ligne.nom} : {subi.get(ligne.nom, 'bien')}")
    return subi


def test_la_table_tient_soixante_parcours() -> None:
    assert len(PARCOURS) == len({ligne.nom for ligne in PARCOURS}) == 60
    assert {ligne.acte for ligne in PARCOURS} >= {acte for actes in ACTES.values() for acte in actes}


def test_deux_personnes_ne_sont_prises_pour_aucun_automate(
    browser: Browser, live_server: LiveServer, browser_context_args: dict[str, Any]
) -> None:
    assert parcourir(CHAQUE_FOIS, browser, live_server.url, browser_context_args) == {}


@pytest.mark.long
@pytest.mark.skipif(not LONG, reason="ten minutes of browsers: ESSAIS_LONGS=1")
@pytest.mark.parametrize("qui", list(ACTES))
def test_soixante_personnes_ne_sont_prises_pour_aucun_automate(
    qui: str, browser: Browser, live_server: LiveServer, browser_context_args: dict[str, Any]
) -> None:
    siennes = [ligne for ligne in PARCOURS if ligne.qui == qui]
    assert parcourir(siennes, browser, live_server.url, browser_context_args) == {}


@pytest.mark.parametrize("dit_son_nom", [True, False], ids=["sans écran", "piloté sous un nom de bureau"])
def test_un_navigateur_pilote_est_verifie(
    dit_son_nom: bool,
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    live_server: LiveServer,
    browser_context_args: dict[str, Any],
) -> None:
    """The same journey by the same hands, the driving marks left on: what finds nothing above can find something."""
    otees = ("--disable-blink-features=AutomationControlled", "--user-agent=")
    lancement = {
        **browser_type_launch_args,
        "args": [un for un in browser_type_launch_args["args"] if not un.startswith(otees)],
    }
    arguments = dict(browser_context_args)
    if not dit_son_nom:
        arguments["user_agent"] = agent_du_navigateur(lancement["executable_path"])
    pilote = browser_type.launch(**lancement)
    try:
        visite = Visite(pilote, live_server.url, replace(SOURIS, nom="piloté"), arguments)
        for _ in range(3):
            visite.page.goto(reverse("connexion"))
            if visite.subis:
                break
            visite._saisir("personne@exemple.fr", MOT_DE_PASSE)
        assert any(subi.startswith("403") for subi in visite.subis), visite.subis
        expect(visite.page.get_by_role("heading", level=1)).to_have_text("Vérifions que vous n’êtes pas un automate")
        marques = marques_retenues().keys()
        assert ("sans_tete" in marques) is dit_son_nom, marques
        assert dit_son_nom or "pilote" in marques, "under another name, what the browser says of itself gives it away"
    finally:
        pilote.close()
