"""What each page weighs on a first visit: bytes, requests, nodes, EcoIndex, at 100 SIREN × 30 services (issue 12)."""

import gzip
import re
from bisect import bisect_right
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Espace
from espacepro.acces import TABLE, Acces
from espacepro.aide.captures import CAPTURES
from tests.charge.mesures import question
from tests.espacepro.scenes import TOUS, client_verifie
from tests.factories import AgentFactory

from .jeu import charger

pytestmark = pytest.mark.django_db(transaction=True)
OCTETS, REQUETES, NOEUDS = 120_000, 12, 700
# (bytes, requests) of a page that carries what no other does, and is asked of whoever looks like an automaton alone: ALTCHA, 35 kB.
POIDS_ADMIS = {"verifier_humain": (143_000, 13)}
# EcoIndex (collectif GreenIT, ecoindex.fr): how much of the web is lighter, by twentieths, in nodes, requests and kB.
NOEUDS_VINGTIEMES = (
    0,
    47,
    75,
    159,
    233,
    298,
    358,
    417,
    476,
    537,
    603,
    674,
    753,
    843,
    949,
    1076,
    1237,
    1459,
    1801,
    2479,
)
REQUETES_VINGTIEMES = (0, 2, 15, 25, 34, 42, 49, 56, 63, 70, 78, 86, 95, 105, 117, 130, 147, 170, 205, 281)
KILO_VINGTIEMES = (0, 1.37, 144.7, 319.53, 479.46, 631.16, 783.38, 937.91, 1098.62, 1265.47, 1448.32, 1648.27, 1876.08)
A, B = 80, 70
FICHIERS = {"script": "src", "link": "href", "img": "src", "source": "src"}
POLICES = re.compile(r'url\("(\.\./fonts/public-sans[^"]+)"\)')


class Page(HTMLParser):
    """Counts the nodes of a page and collects what it asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.noeuds = 0
        self.ressources: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.noeuds += 1
        lus = dict(attrs)
        adresse = lus.get(FICHIERS.get(tag, ""))
        if lus.get("loading") != "lazy" and adresse and adresse.startswith("/static/"):  # what is folded comes later
            self.ressources.add(adresse)


def ecoindex(noeuds: int, requetes: int, kilo: float) -> float:
    """Return the EcoIndex of a page, 100 at best."""

    def rang(valeur: float, vingtiemes: tuple[float, ...]) -> float:
        i = bisect_right(vingtiemes, valeur) - 1
        if i + 1 >= len(vingtiemes):
            return float(i)
        return i + (valeur - vingtiemes[i]) / (vingtiemes[i + 1] - vingtiemes[i])

    rangs = (rang(noeuds, NOEUDS_VINGTIEMES), rang(requetes, REQUETES_VINGTIEMES), rang(kilo, KILO_VINGTIEMES))
    return 100 - 5 * (3 * rangs[0] + 2 * rangs[1] + rangs[2]) / 6


class Peseuse:
    """Weighs the pages that a client opens; a static file is fetched once."""

    def __init__(self) -> None:
        self.tailles: dict[str, int] = {}

    def taille(self, adresse: str) -> int:
        if adresse not in self.tailles:
            reponse = Client().get(adresse, headers={"accept-encoding": "gzip, br"})
            assert reponse.status_code == 200, adresse
            self.tailles[adresse] = (
                sum(map(len, reponse.streaming_content)) if reponse.streaming else len(reponse.content)
            )
        return self.tailles[adresse]

    def peser(self, client: Client, adresse: str) -> tuple[int, int, int, float] | None:
        """Return the bytes, the requests, the nodes and the EcoIndex of a page; None where a GET shows none."""
        reponse = client.get(adresse, headers={"accept-encoding": "gzip, br"})
        if reponse.status_code != 200 or not reponse.headers["Content-Type"].startswith("text/html"):
            return None
        assert reponse.headers["Content-Encoding"] == "gzip", adresse
        page = Page()
        page.feed(gzip.decompress(reponse.content).decode())
        feuille = next(a for a in page.ressources if a.endswith("css/espace.css"))
        css = "".join(p.decode() for p in Client().get(feuille).streaming_content)
        fichiers = page.ressources | {f"/static/css/{relative}" for relative in POLICES.findall(css)}
        fichiers = {re.sub(r"/css/\.\./", "/", fichier) for fichier in fichiers}
        octets, requetes = len(reponse.content) + sum(map(self.taille, fichiers)), 1 + len(fichiers)
        return octets, requetes, page.noeuds, ecoindex(page.noeuds, requetes, octets / 1000)


def test_chaque_page_est_legere(client: Client, client_de: Callable[[Espace], Client]) -> None:
    jeu = charger(1)
    espace = jeu.espaces[100]
    _, dossier = question(espace)
    noms = [(nom, chemin) for prefixe, nom, chemin in TOUS if not prefixe and "<" not in chemin]
    titulaire = client_de(espace)
    a_peser: list[tuple[str, Client, str]] = []
    for nom, _ in noms:
        if TABLE[nom].qui is Acces.PUBLIC:
            a_peser.append((nom, client, reverse(nom)))
        if TABLE[nom].qui in {Acces.CONNECTE, Acces.ESPACE}:
            a_peser.append((nom, titulaire, reverse(nom)))
    service = reverse("ouvrir_service", args=[dossier.personne.siren, dossier.service.code])
    a_peser.append(("ouvrir_service", titulaire, service))
    for nom in ("entreprise", "entreprise_acces", "entreprise_demandes"):
        a_peser.append((nom, titulaire, reverse(nom, args=[dossier.personne.siren])))
    a_peser.extend(("fiche", client, reverse("fiche", args=[slug])) for slug in CAPTURES)
    agent = AgentFactory(service_gestionnaire=dossier.personne.service_gestionnaire)
    gestion = client_verifie(agent)
    for acte in ("adresse", "representant", "retirer-adhesions"):
        adresse = reverse(f"admin:services_personnesirenisee_{acte}", args=[dossier.personne.pk])
        a_peser.append((f"acte {acte}", gestion, adresse))
    for nom in ("lettres_revenues", "donner_idsp"):
        a_peser.append((f"acte {nom}", gestion, reverse(f"admin:{nom}")))
    peseuse, fautes = Peseuse(), []
    for nom, qui, adresse in a_peser:
        pesee = peseuse.peser(qui, adresse)
        if pesee is None:
            continue
        octets, requetes, noeuds, note = pesee
        print(f"{nom:<36} {octets / 1000:6.1f} ko  {requetes:2d} requêtes  {noeuds:5d} nœuds  EcoIndex {note:.0f}")
        seuil = A if nom in {"accueil", "connexion", "ouvrir_service"} else B
        trop = noeuds > NOEUDS or note < seuil
        octets_au_plus, requetes_au_plus = POIDS_ADMIS.get(nom, (OCTETS, REQUETES))
        if octets > octets_au_plus or requetes > requetes_au_plus or trop:
            fautes.append((nom, *pesee))
    assert not fautes, "\n".join(map(str, fautes))
