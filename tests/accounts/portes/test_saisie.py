"""Issue 10.2: what is posted after the session ended, or with an expired token, is given back to who typed it, to them alone."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.donnees.retention import table
from accounts.models import Espace
from accounts.portes.saisie import GARDE
from espacepro.acces import TABLE, Acces
from services.models import PersonneSirenisee
from tests.espacepro.scenes import adresse
from tests.factories import MOT_DE_PASSE, EspaceFactory, habiliter

pytestmark = pytest.mark.django_db
FORMULAIRE = re.compile(r"<form\b[^>]*\bmethod=.post[^>]*>(.*?)</form>", re.DOTALL)
SAISIE = {
    "civilite": "MADAME",
    "prenom": "Jeanne",
    "nom": "Martin",
    "telephone": "01 98 76 54 32",
    "voie": "12 rue de l'Ancienne-Comédie",
    "complement": "",
    "code_postal": "75012",
    "commune": "Paris",
    "siren_appartenance": "",
}


@pytest.fixture
def horloge() -> Iterator[Any]:
    with time_machine.travel(timezone.now(), tick=False) as horloge:
        yield horloge


def connecter(client: Client, espace: Espace, suite: str = "") -> Any:
    donnees = {"username": espace.compte.email, "password": MOT_DE_PASSE, "next": suite}
    return client.post(reverse("connexion"), donnees)


def estampille(client: Client, page: str = "") -> str:
    html = client.get(page or reverse("coordonnees")).content.decode()
    trouve = re.search(r'name="estampille" value="([^"]+)"', html)
    assert trouve is not None
    return trouve[1]


def test_chaque_gabarit_porte_le_jeton_et_l_estampille() -> None:
    """Every POST form of every template goes through the one tag that writes both."""
    racine = Path(__file__).resolve().parents[3] / "templates"
    formulaires = [
        (chemin.relative_to(racine).as_posix(), trouve)
        for chemin in sorted(racine.rglob("*.html"))
        for trouve in FORMULAIRE.findall(chemin.read_text(encoding="utf-8"))
    ]
    assert len(formulaires) > 50
    assert [chemin for chemin, corps in formulaires if "{% csrf_token %}" not in corps] == []


def test_chaque_formulaire_de_chaque_page_d_espace(
    client_de: Callable[[Espace], Client], espace: Espace, danone: PersonneSirenisee, catalogue: None
) -> None:
    habiliter(espace, personne=danone)
    client = client_de(espace)
    connecter(client, espace)
    vus = 0
    for nom in [nom for nom, porte in TABLE.items() if porte.qui in {Acces.ESPACE, Acces.PRESENT, Acces.PUBLIC}]:
        reponse = client.get(adresse(nom), follow=True)
        if reponse.status_code != 200 or "html" not in reponse.headers["Content-Type"]:
            continue
        if nom == "verifier_humain":
            continue  # it leads back to the form that was stamped, and keeps that stamp
        for corps in FORMULAIRE.findall(reponse.content.decode()):
            assert 'name="estampille"' in corps, nom
            vus += 1
    assert vus > 60
    assert 'name="estampille"' not in Client().get(reverse("connexion")).content.decode(), "a visitor has no espace"


@pytest.mark.parametrize("comment", ["inactivité", "session disparue"])
def test_la_session_finie_rend_la_saisie(client: Client, espace: Espace, horloge: Any, comment: str) -> None:
    connecter(client, espace)
    posee = {**SAISIE, "estampille": estampille(client), "mot_de_passe": "secret-1", "reponse": "secret-2"}
    if comment == "inactivité":
        horloge.shift(timedelta(minutes=31))
    else:
        client.cookies.clear()
    porte = client.post(reverse("coordonnees"), posee)
    assert porte["Location"] == f"{reverse('connexion')}?next={reverse('saisie_gardee')}"
    assert "rien n’a encore été enregistré" in client.get(porte["Location"]).content.decode().replace("&#x27;", "'")
    espace.refresh_from_db()
    assert espace.telephone != SAISIE["telephone"]
    suite = connecter(client, espace, reverse("saisie_gardee"))["Location"]
    page = client.get(suite).content.decode().replace("&#x27;", "'")
    assert "Rien n’a encore été enregistré" in page
    assert "12 rue de l'Ancienne-Comédie" in page
    assert "secret-" not in page
    assert "n’ont pas été gardés : le formulaire" in page
    assert ("Numéro et voie", "12 rue de l'Ancienne-Comédie") in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page)
    assert ("Civilité", "Madame") in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page)
    espace.refresh_from_db()
    assert espace.telephone != SAISIE["telephone"], "nothing is sent by itself"
    assert client.post(reverse("saisie_gardee"), {"reprendre": "1"})["Location"] == reverse("coordonnees")
    formulaire = client.get(reverse("coordonnees")).content.decode().replace("&#x27;", "'")
    assert 'value="12 rue de l\'Ancienne-Comédie"' in formulaire
    espace.refresh_from_db()
    assert espace.voie == "", "still not sent"
    assert client.post(reverse("coordonnees"), SAISIE).status_code == 302
    espace.refresh_from_db()
    assert espace.voie == "12 rue de l'Ancienne-Comédie"
    assert "Aucune saisie gardée" in client.get(reverse("saisie_gardee")).content.decode()


def test_rien_n_est_garde_en_clair_et_un_quart_d_heure_seulement(client: Client, espace: Espace, horloge: Any) -> None:
    connecter(client, espace)
    posee = {**SAISIE, "estampille": estampille(client)}
    Client().post(reverse("coordonnees"), posee)
    gardee = cache.get(f"saisie:{espace.pk}")
    assert "Paris" not in gardee
    horloge.shift(timedelta(minutes=15))
    assert "Paris" in client.get(reverse("saisie_gardee")).content.decode()
    horloge.shift(timedelta(seconds=1))
    assert "Aucune saisie gardée" in client.get(reverse("saisie_gardee")).content.decode()


def test_effacer_sa_saisie(client: Client, espace: Espace) -> None:
    connecter(client, espace)
    Client().post(reverse("coordonnees"), {**SAISIE, "estampille": estampille(client)})
    assert client.post(reverse("saisie_gardee")).status_code == 302
    assert cache.get(f"saisie:{espace.pk}") is None


def test_la_duree_dite_est_la_vraie() -> None:
    regle = next(regle for regle in table() if regle.cle == "saisies_gardees")
    assert regle.duree == f"{GARDE // 60} minutes"


@pytest.mark.parametrize("faute", ["absente", "fausse", "vieille", "trop long", "autre espace"])
def test_sans_estampille_valable_rien_n_est_garde(client: Client, espace: Espace, horloge: Any, faute: str) -> None:
    connecter(client, espace)
    bonne = estampille(client)
    posee = {**SAISIE, "estampille": bonne}
    poseur, statut = Client(), 302
    if faute == "absente":
        del posee["estampille"]
    elif faute == "fausse":
        posee["estampille"] = bonne[:-4] + "AAA="
    elif faute == "vieille":
        horloge.shift(timedelta(hours=24, seconds=1))
    elif faute == "trop long":
        posee["voie"] = "x" * 100_000
    else:
        poseur, statut = Client(enforce_csrf_checks=True), 403
        poseur.force_login(EspaceFactory().compte, backend="accounts.portes.connexion.CompteBackend")
    assert poseur.post(reverse("coordonnees"), posee).status_code == statut
    assert cache.get(f"saisie:{espace.pk}") is None


def test_a_cet_espace_seul(client: Client, espace: Espace) -> None:
    connecter(client, espace)
    Client().post(reverse("coordonnees"), {**SAISIE, "estampille": estampille(client)})
    autre = Client()
    connecter(autre, EspaceFactory())
    assert "Aucune saisie gardée" in autre.get(reverse("saisie_gardee")).content.decode()
    assert "Paris" in client.get(reverse("saisie_gardee")).content.decode()


@pytest.mark.parametrize("connecte", [True, False])
def test_un_jeton_expire_garde_aussi(espace: Espace, connecte: bool) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
    posee = {**SAISIE, "estampille": estampille(client)}
    poseur = client if connecte else Client(enforce_csrf_checks=True)
    reponse = poseur.post(reverse("coordonnees"), posee)
    page = reponse.content.decode().replace("&#x27;", "'")
    assert reponse.status_code == 403
    assert "Rien n’a encore été enregistré" in page
    assert ("Retrouver votre saisie" in page) is connecte
    lien = reverse("saisie_gardee") if connecte else reverse("connexion", query={"next": reverse("saisie_gardee")})
    assert (
        f'href="{lien}"' in page.replace("%2F", "/").replace("&amp;", "&")
        or f'href="{lien.replace("%2F", "/")}"' in page
    )
    assert "Paris" in client.get(reverse("saisie_gardee")).content.decode()
    sans = Client(enforce_csrf_checks=True).post(reverse("connexion"), {})
    assert "Se connecter" in sans.content.decode().split("<h1>")[1]


def test_un_fichier_n_est_pas_garde_et_c_est_dit(client: Client, espace: Espace) -> None:
    connecter(client, espace)
    fichier = SimpleUploadedFile("liste.csv", b"contenu-du-fichier", content_type="text/csv")
    posee = {"estampille": estampille(client), "commentaire": "à désigner", "fichier": fichier}
    assert Client().post(reverse("designation_fichier"), posee).status_code == 302
    page = client.get(reverse("saisie_gardee")).content.decode().replace("&#x27;", "'")
    assert "Les fichiers n’ont pas été gardés" in page
    assert "contenu-du-fichier" not in page
