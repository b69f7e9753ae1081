"""R5, issue 10.1: the answer waits for the confirmation in the browser that chose it; lost there, another is chosen first."""

import io
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.envois.liens import jeton
from accounts.espace.recapitulatif import DUREE_DE_LA_REPONSE
from accounts.models import Espace, Evenement, Lien
from activation.models import Demande
from services.models import PersonneSirenisee
from tests.activation import scenes
from tests.factories import MOT_DE_PASSE, REPONSE

pytestmark = pytest.mark.django_db
ADRESSE = "amelie@cabinet-dupont.fr"
AUTRE = "girafe volcan piano tablier cerise"
SAISIE = {
    "civilite": "MADAME",
    "prenom": "Amélie",
    "nom": "L'Hermite",
    "telephone": "01 23 45 67 89",
    "voie": "3 rue des Lilas",
    "complement": "",
    "code_postal": "75012",
    "commune": "Paris",
    "siren_appartenance": "552 032 534",
    "email": ADRESSE,
    "mot_de_passe": MOT_DE_PASSE,
    "question_confiance": "PHRASE",
    "reponse_confiance": REPONSE,
    "cgu": "on",
}


@pytest.fixture
def horloge() -> Iterator[Any]:
    with time_machine.travel(timezone.now(), tick=False) as horloge:
        yield horloge


def texte(reponse: Any) -> str:
    pages = PdfReader(io.BytesIO(reponse.content)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def inscrire(client: Client) -> str:
    """Fill the form of an espace expert; return the address of the mail's link."""
    assert client.post(reverse("inscription_expert"), SAISIE).status_code == 302
    return reverse("confirmer_adresse", args=[jeton(Lien.objects.get())])


def connecter(client: Client, adresse: str = ADRESSE, mot_de_passe: str = MOT_DE_PASSE) -> Any:
    """Sign in; return the first page that follows."""
    porte = client.post(reverse("connexion"), {"username": adresse, "password": mot_de_passe})
    assert porte.status_code == 302, porte.content.decode()
    return client.get(porte["Location"])


def test_les_trente_minutes_courent_de_la_confirmation(client: Client, horloge: Any) -> None:
    page = inscrire(client)
    horloge.shift(timedelta(hours=9))
    assert client.post(page)["Location"] == reverse("inscription_confirmee")
    horloge.shift(timedelta(minutes=30))
    assert REPONSE in texte(client.post(reverse("inscription_recapitulatif")))
    assert not Espace.objects.get().reponse_a_montrer
    assert Evenement.objects.filter(acte="reponse.montree").count() == 1


def test_passe_trente_minutes_elle_n_est_plus_montree(client: Client, horloge: Any) -> None:
    client.post(inscrire(client))
    horloge.shift(timedelta(minutes=30, seconds=1))
    fermee = client.post(reverse("inscription_recapitulatif"))  # as for any session that was left unused
    assert fermee.status_code in {302, 404}
    assert connecter(client)["Location"] == reverse("choisir_question")


def test_jamais_plus_longtemps_que_le_lien(client: Client, horloge: Any) -> None:
    page = inscrire(client)
    Lien.objects.update(expire_le=timezone.now() + timedelta(minutes=10))
    horloge.shift(timedelta(minutes=5))
    client.post(page)
    horloge.shift(timedelta(minutes=5, seconds=1))
    assert REPONSE not in texte(client.post(reverse("inscription_recapitulatif")))


@pytest.mark.parametrize("par", ["rechargement", "connexion"])
def test_confirmee_ailleurs_le_navigateur_de_l_inscription_l_offre(client: Client, horloge: Any, par: str) -> None:
    page = inscrire(client)
    assert Client().post(page, {"mot_de_passe": MOT_DE_PASSE}).status_code == 302
    horloge.shift(timedelta(minutes=29))
    if par == "rechargement":
        assert client.get(reverse("inscription_envoyee"))["Location"] == reverse("inscription_confirmee")
        offre = client.get(reverse("inscription_confirmee"))
        assert "pour cette seule fois" in offre.content.decode()
        pdf = client.post(reverse("inscription_recapitulatif"))
    else:
        recapitulatif = reverse("question_changee", query={"suite": reverse("espace")})
        assert connecter(client)["Location"] == recapitulatif
        offre = client.get(recapitulatif)
        assert "Gardez votre récapitulatif" in offre.content.decode()
        assert f'href="{reverse("espace")}">Continuer' in offre.content.decode()
        pdf = client.post(reverse("question_changee"))
    assert REPONSE in texte(pdf)
    assert connecter(Client()).status_code == 200, "it was shown: nothing is asked elsewhere"


def test_l_autre_appareil_en_choisit_une_et_l_ancienne_n_est_plus_montree(client: Client) -> None:
    page = inscrire(client)
    autre = Client()
    confirmee = autre.post(page, {"mot_de_passe": MOT_DE_PASSE})
    assert autre.get(confirmee["Location"])["Location"] == reverse("choisir_question"), "it is signed in"
    for nom in ("espace", "identifiants", "mes_donnees", "inscription_confirmee"):
        assert autre.get(reverse(nom))["Location"] == reverse("choisir_question"), nom
    assert autre.get(reverse("aide")).status_code == 200, "what anybody reads"
    choix = {"question": "VOYAGE", "reponse": AUTRE, "actuel": "faux"}
    assert "pas reconnu" in autre.post(reverse("choisir_question"), choix).content.decode()
    assert client.get(reverse("inscription_envoyee")).status_code == 302
    choisie = autre.post(reverse("choisir_question"), {**choix, "actuel": MOT_DE_PASSE})
    assert choisie["Location"] == reverse("question_changee")
    assert "pour cette seule fois" not in client.get(reverse("inscription_confirmee")).content.decode()
    ancien = texte(client.post(reverse("inscription_recapitulatif")))
    assert REPONSE not in ancien
    assert AUTRE not in ancien
    assert Espace.objects.get().reponse_a_montrer, "what the other browser downloads shows nothing"
    assert AUTRE in texte(autre.post(reverse("question_changee")))
    assert autre.get(reverse("espace")).status_code == 200
    assert autre.get(reverse("choisir_question"))["Location"] == reverse("espace")


def test_une_reponse_changee_et_jamais_vue_se_choisit_de_nouveau(espace: Espace) -> None:
    ici = Client()
    assert connecter(ici, espace.compte.email).status_code == 200
    saisie = {"question": "VOYAGE", "reponse": AUTRE, "actuel": MOT_DE_PASSE}
    assert ici.post(reverse("changer_question"), saisie)["Location"] == reverse("question_changee")
    assert ici.get(reverse("espace")).status_code == 200, "it is there: nothing is asked in the session that chose it"
    assert connecter(Client(), espace.compte.email)["Location"] == reverse("choisir_question")


@pytest.mark.parametrize("par", ["rechargement", "connexion", "ailleurs"])
def test_en_mode_simplifie_des_la_seconde_confirmation(
    client: Client, danone: PersonneSirenisee, catalogue: None, par: str
) -> None:
    scenes.services_du_bouquet()
    formulaire = reverse("inscription_simplifiee")
    client.post(formulaire, {"siren": danone.siren})
    saisie = {**SAISIE, "courriel_entreprise": scenes.ENTREPRISE, "qualite": Demande.Qualite.REPRESENTANT_LEGAL}
    inscrite = client.post(f"{formulaire}?siren={danone.siren}", saisie)
    assert inscrite["Location"] == reverse("inscription_simplifiee_envoyee"), inscrite.content.decode()
    espace = Espace.objects.get()
    for objet, nom in (
        (Lien.Objet.CONFIRMATION_CONNEXION, "confirmer_connexion"),
        (Lien.Objet.CONFIRMATION_ENTREPRISE, "confirmer_entreprise"),
    ):
        assert client.get(reverse("inscription_simplifiee_envoyee")).status_code == 200
        lien = reverse(nom, args=[scenes.lien(espace, objet)])
        assert Client().post(lien, {"mot_de_passe": MOT_DE_PASSE}).status_code == 302
    if par == "rechargement":
        page = client.get(reverse("inscription_simplifiee_envoyee"), follow=True).content.decode()
        assert "pour cette seule fois" in page
        assert REPONSE in texte(client.post(reverse("inscription_recapitulatif")))
    elif par == "connexion":
        assert connecter(client)["Location"].startswith(reverse("question_changee"))
        assert client.get(reverse("question_changee")).status_code == 200
        assert REPONSE in texte(client.post(reverse("question_changee")))
    else:
        autre = Client()
        connecter(autre)
        assert autre.get(reverse("activer_espace"))["Location"] == reverse("choisir_question")
        saisie = {"question": "VOYAGE", "reponse": AUTRE, "actuel": MOT_DE_PASSE}
        assert autre.post(reverse("choisir_question"), saisie).status_code == 302
        assert AUTRE in texte(autre.post(reverse("question_changee")))
        assert autre.get(reverse("activer_espace")).status_code == 200


def test_la_page_ne_dit_changee_que_ce_qui_vient_de_l_etre(
    espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    """Opened by its address, the page of a change said « Votre question de confiance est changée » of nothing."""
    client, page = client_de(espace), reverse("question_changee")
    Espace.objects.filter(pk=espace.pk).update(reponse_changee_le=espace.cree_le)
    assert "est changée" not in client.get(page).content.decode()
    Espace.objects.filter(pk=espace.pk).update(reponse_changee_le=timezone.now())
    assert "Votre question de confiance est changée" in client.get(page).content.decode()
    Espace.objects.filter(pk=espace.pk).update(reponse_changee_le=timezone.now() - DUREE_DE_LA_REPONSE)
    dite = client.get(page).content.decode()
    assert "est changée" not in dite
    assert "sessions sont fermées" not in dite
