"""Issue 10.2: what was typed in any form of the house comes back in that form, in its own words, and is not sent."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.test import Client
from django.urls import reverse
from redis.exceptions import RedisError

from accounts.chiffrement import chiffrer
from accounts.models import Espace, Evenement, TraceLecture
from accounts.portes.remplissage import JAMAIS, _lire, lire_en_clair, remplir
from accounts.portes.saisie import CHAMP, ESTAMPILLE, GARDEE, Saisie
from accounts.saisies.regles import RegleMetier
from espacepro.acces import TABLE, Acces
from habilitations.models import Role
from services.models import PersonneSirenisee, Service
from tests import pages
from tests.espacepro.scenes import adresse, deposer
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db
Ouvrir = Callable[[Espace], Client]
PAGE = """<main><form method="get"><input name="q" value=""></form><form method="post" action="/x/">
<label for="a">Nom <span class="fr-hint-text">aide</span></label><input id="a" type="text" name="nom" value="avant &amp; après" maxlength="9">
<fieldset><legend>Civilité</legend><input type="radio" id="b" name="civilite" value="M" checked><label for="b">Monsieur</label>
<input type="radio" id="c" name="civilite" value="MME"><label for="c">Madame</label></fieldset>
<label for="d">Pays</label><select id="d" name="pays"><option value="FR" selected>France</option><option value="BE">Belgique</option></select>
<label for="e">Texte</label><textarea id="e" name="texte">ancien</textarea>
<input type="checkbox" id="f" name="accord" checked><label for="f">J'accepte</label>
<input type="hidden" name="apercu" value="frais"><input type="password" name="actuel"></form><p>&eacute;&#233;<!-- c --></p></main>"""
TAPES = {
    "nom": 'L\'"Hermite" <b>',
    "civilite": "MME",
    "pays": "BE",
    "texte": "un & deux",
    "apercu": "périmé",
    "actuel": "secret",
}


def saisie(**champs: str) -> Saisie:
    return Saisie(page="/page/", adresse="/x/", champs=list(champs.items()), fichiers=False, secrets=False)


def test_la_page_est_rendue_telle_quelle_hors_du_formulaire() -> None:
    """What does not belong to the form is written as it was, to the last sign."""
    remplie = remplir(PAGE, saisie(**TAPES), "[BANDEAU]")
    assert remplie.startswith('<main>[BANDEAU]<form method="get"><input name="q" value=""></form>')
    assert remplie.endswith("<p>&eacute;&#233;<!-- c --></p></main>")
    assert remplir(PAGE, saisie(autre="x"), "[BANDEAU]") == PAGE, "no form has these names"


def test_chaque_genre_de_champ_est_rempli() -> None:
    remplie = remplir(PAGE, saisie(**TAPES), "")
    assert 'name="nom" maxlength="9" value="L&#x27;&quot;Hermite&quot; &lt;b&gt;">' in remplie
    assert '<input type="radio" id="b" name="civilite" value="M">' in remplie
    assert '<input type="radio" id="c" name="civilite" value="MME" checked>' in remplie
    assert '<option value="FR">France</option><option value="BE" selected>' in remplie
    assert '<textarea id="e" name="texte">un &amp; deux</textarea>' in remplie
    assert '<input type="checkbox" id="f" name="accord">' in remplie, "what was not ticked is not ticked"
    assert 'name="apercu" value="frais"' in remplie, "what the page carries is the page's"
    assert "secret" not in remplie


def test_chaque_valeur_est_dite_dans_les_mots_du_formulaire() -> None:
    lus, la = lire_en_clair(PAGE, saisie(**TAPES, accord="on"))
    assert la
    assert lus == [
        ("Nom", 'L\'"Hermite" <b>'),
        ("Civilité", "Madame"),
        ("Pays", "Belgique"),
        ("Texte", "un & deux"),
        ("J'accepte", "oui"),
    ]


def remplissables(html: str) -> Iterator[tuple[str, list[Any]]]:
    for action, champs in _lire(html).formulaires:
        voulus = [c for c in champs if c.genre not in JAMAIS and c.nom and c.nom != "format"]
        if voulus:
            yield action, voulus


def tapees(champs: list[Any]) -> dict[str, list[str]]:
    """What somebody types in these: the last of each choice."""
    donnees: dict[str, list[str]] = {}
    for rang, champ in enumerate(champs):
        if champ.genre == "checkbox":
            donnees.setdefault(champ.nom, []).append(champ.valeur)
        elif champ.genre == "radio":
            donnees[champ.nom] = [champ.valeur]
        else:
            donnees[champ.nom] = (
                [champ.choix[-1][0]]
                if champ.choix
                else [f"2031-01-{rang + 1:02}" if champ.genre == "date" else f"tapé {rang}"]
            )
    return donnees


@pytest.fixture
def tenu(espace: Espace, danone: PersonneSirenisee, catalogue: None) -> Espace:
    with transaction.atomic():
        racine = habiliter(espace, personne=danone, service=ServiceFactory(code="DECL_TVA"))
        habiliter(espace, personne=danone, service=Service.objects.filter(famille=Service.Famille.MESSAGERIE)[0])
        accorder(racine, EspaceFactory(nom="Petit"), Role.ACTEUR)
        accorder(habiliter(EspaceFactory()), espace, Role.SUPPLEANT)
    return espace


SECRET = re.compile(r"mot_de_passe|reponse|^(actuel|nouveau|code)$")
BRUT = re.compile(r"\b[a-z]+_[a-z_]+\b|\b[A-Z]+_[A-Z_]+\b|[0-9a-f]{8}-[0-9a-f]{4}-")
ECRITS = {"text", "search", "email", "tel", "date"}


def garder(html: str, page: str, action: str, posees: dict[str, list[str]]) -> Any:
    """Post it with the stamp of its page, from a browser without session."""
    estampille = re.search(rf'name="{CHAMP}" value="([^"]+)"', html)
    assert estampille
    return Client().post(unescape(action) or page, {**posees, CHAMP: estampille[1]})


def a_essayer(client: Client, tenu: Espace) -> Iterator[tuple[str, str, str]]:
    """Yield (door, address, HTML) of each page of an espace."""
    courrier = deposer(PersonneFactory(), tenu, 1)
    particulieres = {
        "adherer": reverse("adherer") + "?siren=552032534",
        "substitution": reverse("substitution") + "?sirens=552032534",
        "demande": reverse("demande", args=[courrier.demande.reference]),
        "courriel_entreprise_changer": reverse("courriel_entreprise_changer", args=["552032534"]),
    }
    for nom, porte in TABLE.items():
        if porte.qui in {Acces.ESPACE, Acces.PRESENT} and nom != "saisie_gardee":
            page = particulieres.get(nom, adresse(nom))
            reponse = client.get(page)
            if reponse.status_code == 200 and reponse["Content-Type"].startswith("text/html"):
                yield nom, page, reponse.content.decode()


def essayer(client: Client, page: str, html: str, action: str, champs: list[Any]) -> list[Any]:
    """Return what is wrong with what comes back of this form."""
    posees = tapees(champs)
    cache.clear()
    envoi = garder(html, page, action, posees)
    if envoi.status_code != 302 or reverse("saisie_gardee") not in envoi["Location"]:
        return ["not kept", envoi.status_code]
    gardee = client.get(reverse("saisie_gardee")).content.decode()
    dits = re.findall(r"<div><dt>(.*?)</dt><dd>(.*?)</dd></div>", gardee, re.DOTALL)
    textes = [texte for dit in dits for texte in dit]
    if not dits or any(BRUT.search(texte) or not texte.strip() for texte in textes):
        return ["says it badly", dits, sorted(posees)]
    retour = client.post(reverse("saisie_gardee"), {"reprendre": "1"})
    rendue = client.get(page).content.decode()
    if retour["Location"] != page or "Ce formulaire est rempli de ce que vous aviez saisi" not in rendue:
        return ["not given back", retour["Location"]]
    valeurs = {(a.get("name"), a.get("value")) for _, a in pages._elements(rendue)}
    return [c.nom for c in champs if c.genre in ECRITS and (c.nom, posees[c.nom][-1]) not in valeurs]


def test_chaque_formulaire_de_la_maison_revient_rempli(client_de: Ouvrir, tenu: Espace) -> None:
    """Every page of an espace that holds a form to fill: posted without session, given back in words, filled, not sent."""
    client, vus, fautes = client_de(tenu), set(), []
    for nom, page, html in a_essayer(client, tenu):
        for action, tous in remplissables(html):
            champs = [champ for champ in tous if not SECRET.search(champ.nom)]
            avant = Evenement.objects.count()
            if champs and (faute := essayer(client, page, html, action, champs)):
                fautes.append((nom, action, faute))
            assert Evenement.objects.count() == avant, "nothing was done"
            vus.add(nom)
    assert fautes == []
    attendus = {"coordonnees", "rectifier_donnees", "adherer", "substitution", "delegations", "changer_adresse"}
    assert attendus | {"courriel_entreprise_changer"} <= vus
    assert len(vus) >= 12, vus


def test_une_fois_envoye_le_formulaire_n_est_plus_rempli(client_de: Ouvrir, espace: Espace) -> None:
    client, page = client_de(espace), reverse("coordonnees")
    html = client.get(page).content.decode()
    estampille = re.search(rf'name="{CHAMP}" value="([^"]+)"', html)
    assert estampille
    Client().post(page, {"voie": "12 rue Haute", CHAMP: estampille[1]})
    client.post(reverse("saisie_gardee"), {"reprendre": "1"})
    assert 'value="12 rue Haute"' in client.get(page).content.decode()
    assert 'value="12 rue Haute"' in client.get(page).content.decode(), "read again, still filled"
    assert 'value="12 rue Haute"' not in client.get(f"{page}?autre=1").content.decode()
    client.post(page, {"voie": "13 rue Haute"})
    assert "12 rue Haute" not in client.get(page).content.decode()
    assert "Aucune saisie gardée" in client.get(reverse("saisie_gardee")).content.decode()


def test_un_autre_espace_dans_le_meme_navigateur_ne_la_voit_pas(client_de: Ouvrir, espace: Espace) -> None:
    client, page = client_de(espace), reverse("coordonnees")
    estampille = re.search(rf'name="{CHAMP}" value="([^"]+)"', client.get(page).content.decode())
    assert estampille
    Client().post(page, {"voie": "12 rue Haute", CHAMP: estampille[1]})
    client.post(reverse("saisie_gardee"), {"reprendre": "1"})
    autre = client_de(EspaceFactory())
    session = autre.session
    session["saisie_a_remplir"] = [page, page]
    session.save()
    assert "12 rue Haute" not in autre.get(page).content.decode()


def poser_tard(espace: Espace, page: str, **donnees: str) -> Any:
    """Post late what comes with the stamp of this page."""
    return Client().post(page, {**donnees, CHAMP: chiffrer(json.dumps([str(espace.pk), page]), usage=ESTAMPILLE)})


@pytest.mark.parametrize("nom", ["adherer", "substitution"])
def test_ce_que_la_saisie_gardee_consulte_est_trace_et_compte(
    client_de: Ouvrir, espace: Espace, danone: PersonneSirenisee, catalogue: None, settings: Any, nom: str
) -> None:
    client = client_de(espace)
    page = reverse(nom, query={"siren" if nom == "adherer" else "sirens": danone.siren})
    poser_tard(espace, page, qualite="REPRESENTANT_LEGAL")
    settings.PLAFOND_CONSULTATIONS_JOUR = 0
    assert 'name="reprendre"' not in client.get(reverse("saisie_gardee")).content.decode()
    assert TraceLecture.objects.count() == 0, "one too many is told nothing"
    settings.PLAFOND_CONSULTATIONS_JOUR = 1
    assert 'name="reprendre"' in client.get(reverse("saisie_gardee")).content.decode()
    assert list(TraceLecture.objects.values_list("objet", "cle")) == [("activation.siren", danone.siren)]
    autre = reverse("adherer", query={"siren": PersonneFactory().siren})
    assert client.get(autre).status_code == 429, "counted with what is read elsewhere"


@pytest.mark.parametrize("statut", [403, 404, 405, 429])
def test_une_page_d_erreur_n_est_pas_estampillee(client: Client, espace: Espace, settings: Any, statut: int) -> None:
    """What was not served gives no stamp for its address, by which it would be read after all."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
    settings.PLAFOND_CONSULTATIONS_JOUR = 0
    adherer = reverse("adherer", query={"siren": "552032534"})
    reponse = {
        403: lambda: client.post(adherer, {"qualite": "x"}),
        404: lambda: client.get("/espace/introuvable/"),
        405: lambda: client.get(reverse("deconnexion")),
        429: lambda: client.get(adherer),
    }[statut]()
    assert reponse.status_code == statut
    assert '<form method="post"' in reponse.content.decode()
    assert f'name="{CHAMP}"' not in reponse.content.decode()


def lever(faute: Exception) -> Callable[..., Any]:
    def vue(request: Any) -> None:
        raise faute

    return vue


@dataclass
class Porte:
    """A page whose view is this one."""

    func: Callable[..., Any]
    url_name: str = "page"
    args: tuple[()] = ()
    kwargs: dict[str, str] = field(default_factory=dict)


class SansRedis:
    """A cache whose server is away."""

    def get(self, *_: Any) -> None:
        raise RedisError

    set = delete = get


def test_la_page_d_une_saisie_ne_se_garde_ni_ne_se_montre_elle_meme(client_de: Ouvrir, espace: Espace) -> None:
    """A late press of its own buttons is no form to give back, and what is kept stays."""
    client, page = client_de(espace), reverse("saisie_gardee")
    poser_tard(espace, reverse("coordonnees"), voie="12 rue Haute")
    for adresse_de_la_page in (page, f"{page}?x=1"):
        assert poser_tard(espace, adresse_de_la_page, reprendre="1")["Location"].startswith(reverse("connexion"))
        assert "12 rue Haute" in client.get(page).content.decode()
    contenu = {"page": page, "adresse": page, "champs": [["reprendre", "1"]], "fichiers": False, "secrets": False}
    cache.set(f"saisie:{espace.pk}", chiffrer(json.dumps(contenu), usage=GARDEE))
    assert client.get(page).status_code == 200


@pytest.mark.parametrize("raison", ["introuvable", "interdite", "illisible", "règle"])
def test_un_formulaire_qui_ne_se_montre_plus_laisse_lire_ce_qui_etait_saisi(
    client_de: Ouvrir, espace: Espace, monkeypatch: pytest.MonkeyPatch, raison: str
) -> None:
    client, page = client_de(espace), reverse("demande", args=["INCONNUE"])
    if raison == "illisible":
        page = reverse("demandes", query={"q": "a\x00b"})
    elif raison != "introuvable":
        page = reverse("coordonnees")
        faute = PermissionDenied() if raison == "interdite" else RegleMetier()
        monkeypatch.setattr("accounts.portes.remplissage.resolve", lambda chemin: Porte(lever(faute)))
    poser_tard(espace, page, texte="une phrase <à moi>", accord="on", apercu="0123456789abcdef" * 4, etat="EN_ATTENTE")
    reponse = client.get(reverse("saisie_gardee"))
    contenu = reponse.content.decode().replace("&#x27;", "'")
    assert reponse.status_code == 200
    assert "Le formulaire n’existe plus" in contenu
    assert re.findall(r"<li>(.*?)</li>", contenu.split("<h1>")[1].split("<form")[0]) == ["une phrase &lt;à moi&gt;"]


def reprise(client: Client, espace: Espace) -> str:
    """Keep what is typed in the page that is returned, and go back to it."""
    page = reverse("coordonnees")
    poser_tard(espace, page, voie="12 rue Haute")
    assert client.post(reverse("saisie_gardee"), {"reprendre": "1"})["Location"] == page
    return page


def test_ce_qui_vient_d_etre_garde_n_est_pas_efface(
    client_de: Ouvrir, espace: Espace, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_de(espace)
    page = reprise(client, espace)
    client.handler.enforce_csrf_checks = True
    assert client.post(page, {"voie": "13 rue Haute"}).status_code == 403
    assert "12 rue Haute" in client.get(reverse("saisie_gardee")).content.decode(), "refused, nothing kept of it"
    estampille = chiffrer(json.dumps([str(espace.pk), page]), usage=ESTAMPILLE)
    envoi = client.post(page, {"voie": "14 rue Haute", CHAMP: estampille})
    assert envoi.status_code == 403
    assert "est gardé quinze minutes" in envoi.content.decode()
    assert "14 rue Haute" in client.get(reverse("saisie_gardee")).content.decode()
    client.handler.enforce_csrf_checks = False
    with monkeypatch.context() as dues:
        dues.setattr("accounts.portes.conditions.conditions_dues", lambda espace: True)
        assert client.post(page, {"voie": "15 rue Haute", CHAMP: estampille}).status_code == 302
    assert "15 rue Haute" in client.get(reverse("saisie_gardee")).content.decode()


def test_sans_redis_l_acte_fait_repond_et_l_effacement_dit_vrai(
    client_de: Ouvrir, espace: Espace, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_de(espace)
    page = reprise(client, espace)
    monkeypatch.setattr("accounts.portes.saisie.cache", SansRedis())
    assert client.post(page, {"voie": "13 rue Haute"}).status_code == 200
    contenu = client.post(reverse("saisie_gardee"), follow=True).content.decode().replace("&#x27;", "'")
    assert "n’a pas pu être effacée" in contenu
