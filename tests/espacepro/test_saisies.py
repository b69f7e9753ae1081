"""Bad input gets a clear French answer, loses nothing that was typed, and never gives a 500 (issue 2)."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Espace
from services.models import PersonneSirenisee
from tests.accounts.scenes import INSCRIPTION
from tests.factories import MOT_DE_PASSE, PersonneFactory

pytestmark = pytest.mark.django_db

RTL = "\u202e"


def inscrire(client: Client, **champs: str):
    return client.post(reverse("inscription_expert"), {**INSCRIPTION, **champs})


def test_les_erreurs_suivent_l_ordre_de_la_page(client: Client) -> None:
    formulaire = client.post(reverse("inscription_expert"), {"commune": ""}).content.decode()
    resume = re.findall(r'<li><a href="#(\w+)">', formulaire)
    champs = [champ for champ in re.findall(r'id="(\w+)"', formulaire) if champ in resume]
    assert len(resume) > 1
    assert resume == champs


@pytest.mark.parametrize(
    ("saisie", "phrase"),
    [
        ("a" * 64 + "@" + "b" * 42 + ".fr", None),  # 110 characters
        ("a" * 64 + "@" + "b" * 43 + ".fr", "ne doit pas dépasser 110 caractères (la vôtre en compte 111)"),
        ("jeanne@yopmail.com", "temporaires ou jetables"),
        ("jeanne@sous.yopmail.com", "temporaires ou jetables"),
        ("hélène@exemple.fr", "n’est pas valide"),
        ("pas une adresse", "n’est pas valide"),
        ("a@b", "n’est pas valide"),
        ("JEANNE.MARTIN@EXEMPLE.FR", None),
        ("jeanne\x00@exemple.fr", "caractère"),
        (RTL + "jeanne@exemple.fr", None),
        ("", "Saisissez"),
    ],
)
def test_adresse(client: Client, saisie: str, phrase: str | None) -> None:
    reponse = inscrire(client, email=saisie)
    if phrase is None:
        assert reponse.status_code == 302, reponse.context["formulaire"].errors
        assert Espace.objects.get().compte.email == saisie.removeprefix(RTL).lower()
    else:
        assert reponse.status_code == 200
        assert any(phrase in e for e in reponse.context["formulaire"].errors["email"])
        assert not Espace.objects.exists()


@pytest.mark.parametrize(
    ("champ", "saisie", "accepte"),
    [
        ("nom", "L'Hermite", True),
        ("nom", "L\u2019Hermite", True),
        ("nom", "de La Tour d'Auvergne-Lauraguais", True),
        ("nom", "N" * 300, False),
        ("nom", "Martin\x00", False),
        ("nom", f"Martin{RTL}", True),
        ("nom", "Mar\u200btin", True),
        ("nom", "Mar\ue000tin", False),
        ("nom", "   ", False),
        ("prenom", "Anaïs", True),
        ("prenom", "محمد", True),
        ("telephone", "appelez-moi", False),
        ("code_postal", "<script>", False),
        ("siren_appartenance", "552 032 535", False),
        ("siren_appartenance", "abc", False),
        ("siren_appartenance", "9" * 500, False),
        ("mot_de_passe", "trop court", False),
        ("mot_de_passe", "x" * 2000, False),
        ("mot_de_passe", "motdepassemotdepassemotdepasse", False),
        ("reponse_confiance", "chat", False),
        ("reponse_confiance", "L'Hermite Amélie toujours", False),
        ("reponse_confiance", "aaaaaaaaaaaaaaaaaaaa", False),
        ("question_confiance", "INCONNUE", False),
        ("civilite", "DUC", False),
        ("cgu", "", False),
    ],
)
def test_champ(client: Client, champ: str, saisie: str, accepte: bool) -> None:
    reponse = inscrire(client, **{champ: saisie})
    assert (reponse.status_code == 302) is accepte
    if not accepte:
        formulaire = reponse.context["formulaire"]
        assert champ in formulaire.errors, formulaire.errors
        page = reponse.content.decode()
        garde = {"email": INSCRIPTION["email"], "commune": INSCRIPTION["commune"], "voie": INSCRIPTION["voie"]}
        assert all(f'value="{valeur}"' in page for valeur in garde.values()), "what was typed is still there"
        assert INSCRIPTION["mot_de_passe"] not in page
        assert not Espace.objects.exists()


@pytest.mark.parametrize(
    ("saisie", "phrase"),
    [
        ("552\u00a0032\u202f534", None),
        ("552.032.534", None),
        ("55203253400018", None),  # a whole SIRET is understood
        ("552032535", "clé de contrôle est fausse"),
        ("55203253", "Il manque des chiffres"),
        ("5520325344", "trop de chiffres"),
        ("٥٥٢٠٣٢٥٣٤", "que des chiffres"),
        ("<script>alert(1)</script>", "que des chiffres"),
        ("", "Saisissez le numéro SIREN : neuf chiffres"),
        ("\x00", "caractère"),
        ("0" * 5000, "60 caractères au plus"),
        ("732829320", "Ce SIREN n’est pas connu"),
        ("12A456789", "Cet identifiant provisoire (IDSP) n’est pas connu"),
        ("fermee", "a cessé son activité"),
    ],
)
def test_siren(client_de, espace: Espace, danone: PersonneSirenisee, saisie: str, phrase: str | None) -> None:
    if saisie == "fermee":
        saisie = PersonneFactory(active=False).siren
    reponse = client_de(espace).get(reverse("adherer"), {"siren": saisie})
    assert reponse.status_code == 200
    if phrase is None:
        assert "DANONE" in reponse.content.decode()
    else:
        erreurs = reponse.context["formulaire"].errors["siren"]
        assert any(phrase in e for e in erreurs), erreurs


@pytest.mark.parametrize(
    "chemin",
    [
        "/espace/?page=abc",
        "/espace/?page=-1",
        "/espace/?q=%00",
        "/espace/?famille=X",
        "/espace/demandes/?page=999999999999999999999",
        "/espace/journal/?page=%F0",
        "/espace/services/%00/A/",
        "/espace/demandes/%00/",
        "/espace/services/x/%27/",
    ],
)
def test_adresses_tordues(client_de, espace: Espace, chemin: str) -> None:
    assert client_de(espace).get(chemin).status_code in {200, 302, 404}


@pytest.mark.parametrize("nom", ["habilitations_choisir", "delegations_exporter", "journal_personne_exporter"])
def test_une_session_fermee_avant_l_envoi_ne_mene_pas_a_une_page_blanche(client, espace: Espace, nom: str) -> None:
    connexion = client.post(reverse(nom))["Location"]
    saisie = {"username": espace.compte.email, "password": MOT_DE_PASSE}
    reponse = client.post(connexion, saisie, follow=True)
    assert reponse.redirect_chain[-1][0] == reverse(nom), "sign-in leads back there, with a GET"
    assert reponse.status_code == 405
    assert reponse["Allow"] == "POST"
    assert "Rien n’a été enregistré" in reponse.content.decode()


def test_double_envoi_de_la_demande(client_de, espace: Espace, danone: PersonneSirenisee, catalogue: None) -> None:
    navigateur = client_de(espace)
    adresse = reverse("adherer") + "?siren=552032534"
    envoi = {"qualite": "MANDATAIRE", "services": ["DECL_TVA"]}
    envoi["apercu"] = navigateur.post(adresse, envoi).context["apercu"]
    assert navigateur.post(adresse, envoi).status_code == 302
    second = navigateur.post(adresse, envoi)
    assert second.headers.get("Location") == reverse("demande", args=[espace.demandes.get().reference])
    assert espace.demandes.count() == 1
