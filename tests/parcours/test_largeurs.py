"""Every page of the portal at three widths: none scrolls sideways, nor any table on a telephone, and all begin at the same left edge."""

import pytest
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import Agent, Application
from espacepro.acces import TABLE, Acces
from habilitations.models import Role
from services.models import Brouillon, Service
from tests.espacepro.scenes import TOUS, adresse, client_verifie, deposer, dossier
from tests.factories import (
    AgentFactory,
    EspaceFactory,
    PersonneFactory,
    ServiceFactory,
    accorder,
    changement_bancaire,
    compte_bancaire,
    echanger,
    habiliter,
)
from tests.scenes import NAVIGATEUR

LARGEURS = (1280, 390, 320)
# Answers that are no page of the portal: files, images, endpoints of scripts.
SANS_PAGE = {"sante", "metrics", "robots"}
MESURE = """() => {
  const page = document.documentElement;
  const large = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 3).map((e) => e.outerHTML.slice(0, 80));
  const titre = document.querySelector("main h1");
  const cadre = document.querySelector(".ep-page");
  const marge = titre && cadre ? titre.getBoundingClientRect().left - cadre.getBoundingClientRect().left
    - parseFloat(getComputedStyle(cadre).paddingLeft) : 0;
  const tables = [...document.querySelectorAll("main table")].filter((table) => {
    const boite = table.closest(".fr-table__content") ?? table;
    const bord = boite.getBoundingClientRect().right + 1;
    return bord > innerWidth + 2 || [...table.querySelectorAll("tbody *")].some((e) => e.getBoundingClientRect().right > bord);
  }).map((table) => table.id);
  return { tables, deborde: page.scrollWidth > innerWidth ? large : [], marge: Math.round(marge) };
}"""


def adresses(qui: Acces) -> list[str]:
    """Return the pages of this kind of person whose address holds no object."""
    noms = {nom for espace, nom, chemin in TOUS if not espace and "<" not in chemin} - SANS_PAGE
    return [adresse(nom) for nom in sorted(noms) if TABLE[nom].qui is qui]


def visiter(page: Page, racine: str, chemins: list[str], *, marges: bool = True) -> tuple[list[object], int]:
    """Open each page at each width; return what is wrong, and how many pages were seen."""
    fautes: list[object] = []
    vues = 0
    for chemin in chemins:
        reponse = page.request.get(racine + chemin, max_redirects=0, headers=NAVIGATEUR)
        if reponse.status != 200 or not reponse.headers.get("content-type", "").startswith("text/html"):
            continue
        if "content-disposition" in reponse.headers:
            continue
        page.goto(racine + chemin)
        vues += 1
        for largeur in LARGEURS:
            page.set_viewport_size({"width": largeur, "height": 900})
            mesure = page.evaluate(MESURE)
            cachees = (
                marges and largeur < 600 and mesure["tables"]
            )  # a telephone shows each table whole, its rows stacked
            if mesure["deborde"] or cachees or (marges and abs(mesure["marge"]) > 1):
                fautes.append((chemin, largeur, mesure))
    return fautes, vues


def entrer(context: BrowserContext, racine: str, session: str) -> None:
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": racine}])


@pytest.mark.django_db(transaction=True)
def test_les_pages_du_visiteur(live_server: LiveServer, page: Page) -> None:
    fautes, vues = visiter(page, live_server.url, adresses(Acces.PUBLIC))
    assert not fautes, "\n".join(map(str, fautes))
    assert vues > 12


@pytest.mark.django_db(transaction=True)
def test_les_pages_du_detenteur(live_server: LiveServer, page: Page, context: BrowserContext, client_de) -> None:  # type: ignore[no-untyped-def]
    titulaire = EspaceFactory(nom="De La Tour Du Pin Chambly De La Charce", prenom="Marie-Antoinette")
    personne = PersonneFactory(denomination="SOCIETE INTERPROFESSIONNELLE DES ETABLISSEMENTSREUNISDUGRANDOUEST")
    messagerie = ServiceFactory(code="MESSAGERIE", famille=Service.Famille.MESSAGERIE)
    with transaction.atomic():
        racine = habiliter(titulaire, personne=personne, service=messagerie)
        habiliter(titulaire, personne=personne, service=ServiceFactory(code="DECL_TVA"))
        habiliter(titulaire, personne=personne, service=ServiceFactory(code="PAYER", paiement=True))
        compte = compte_bancaire(personne, titulaire="ETABLISSEMENTSREUNISDUGRANDOUESTINTERPROFESSIONNELS")
        accorder(racine, EspaceFactory(), Role.SUPPLEANT)
        accorder(racine, EspaceFactory(nom="Schwartzenberger-Hohenlohe-Langenburg"), Role.ACTEUR)
    entrer(context, live_server.url, client_de(titulaire).cookies[settings.SESSION_COOKIE_NAME].value)
    siren = personne.siren
    reference = deposer(personne, titulaire, 7).demande.reference
    Brouillon.objects.create(espace=titulaire, personne=personne, theme="TVA", objet="x" * 160, texte="x" * 500)
    chemins = [
        *adresses(Acces.CONNECTE),
        *adresses(Acces.ESPACE),
        reverse("ouvrir_service", args=[siren, "MESSAGERIE"]),
        reverse("courriel_entreprise_changer", args=[siren]),
        *(reverse(nom, args=[siren]) for nom in ("entreprise", "entreprise_acces", "entreprise_demandes")),
        reverse("echange", args=[echanger(personne, objet="ETABLISSEMENTSREUNISDUGRANDOUEST" * 5).reference]),
        reverse("entreprise_messages", args=[siren]),
        f"{reverse('message_rediger', args=[siren])}?theme=TVA",
        reverse("message_relire", args=[siren]),
        f"{reverse('message_rediger', args=[siren])}?theme=TVA&fichiers=oui",
        *(reverse(nom, args=[siren]) for nom in ("comptes_bancaires", "compte_bancaire_ajouter")),
        *(
            reverse(nom, args=[siren, compte.pk])
            for nom in (
                "compte_bancaire_renommer",
                "compte_bancaire_supprimer",
                "compte_bancaire_iban",
                "compte_bancaire_mandat",
            )
        ),
        reverse("compte_bancaire_signaler", args=[siren, changement_bancaire(compte, titulaire).pk]),
        reverse("demande", args=[reference]),
        reverse("annuler_demande", args=[reference]),
        f"{reverse('adherer')}?siren={siren}",
        f"{reverse('substitution')}?siren={siren}",
        f"{reverse('journal_personne')}?siren={siren}",
    ]
    fautes, vues = visiter(page, live_server.url, chemins)
    assert not fautes, "\n".join(map(str, fautes))
    assert vues > 30


@pytest.mark.django_db(transaction=True)
def test_les_pages_de_l_agent(live_server: LiveServer, page: Page, context: BrowserContext) -> None:
    agent = AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)
    Application.objects.create(user=agent.compte, name="application", confirmed=True)
    objets = dossier(agent, 1)
    entrer(context, live_server.url, client_verifie(agent).cookies[settings.SESSION_COOKIE_NAME].value)
    chemins = [reverse("admin:index")]
    for modele, objet in objets.items():
        chemins += [reverse(f"admin:{modele}_changelist"), reverse(f"admin:{modele}_change", args=[objet.pk])]
    fautes, vues = visiter(page, live_server.url, chemins, marges=False)
    assert not fautes, "\n".join(map(str, fautes))
    assert vues == len(chemins)
