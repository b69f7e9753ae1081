"""The names of persons: what real ones are made of, and nothing that makes a message of a greeting."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.envois import courriels
from accounts.espace.coordonnees import Coordonnees, modifier_coordonnees
from accounts.espace.inscription import inscrire_expert
from accounts.gestion.agents import creer_agent
from accounts.models import Espace
from accounts.saisies.noms import NomInvalide, normaliser_nom
from accounts.saisies.porte import TexteIllisible
from accounts.traces.acteurs import Visiteur
from tests.accounts.scenes import INSCRIPTION, NOMS_REELS
from tests.activation import scenes
from tests.factories import EspaceFactory, PersonneFactory, ServiceGestionnaireFactory

FAUX = [
    "Gagnez 1000 euros sur",
    "https://evil.example/cadeau",
    "http:evil",
    "evil.example",
    "www.evil",
    "Cliquez sur evil.fr",
    "jeanne@exemple",
    "<b>Jeanne</b>",
    "Jeanne\\Martin",
    "Martin2",
    "٣٤",
    "¹²",
    "Jeanne & Paul",
    "€uros !",
    "😀",
    "-",
    "...",
]


@pytest.mark.parametrize("nom", NOMS_REELS)
def test_un_vrai_nom_passe(nom: str) -> None:
    assert normaliser_nom(nom) == nom.replace("\u2019", "'")


@pytest.mark.parametrize("nom", FAUX)
def test_ce_qui_n_est_pas_un_nom_est_refuse(nom: str) -> None:
    with pytest.raises(NomInvalide):
        normaliser_nom(nom)


def test_le_tiret_d_un_traitement_de_texte_est_un_trait_d_union_et_le_signe_refuse_est_nomme() -> None:
    """« D’Artagnan–Müller », as Word writes it (walker 6: 36)."""
    assert normaliser_nom("D\u2019Artagnan\u2013Müller") == "D'Artagnan-Müller"
    for nom, signe in (("Martin2", "2"), ("Jeanne & Paul", "&")):
        with pytest.raises(NomInvalide) as refus:
            normaliser_nom(nom)
        assert str(refus.value).replace("\u00a0", " ").startswith(f"Le signe « {signe} » n’est pas admis")


def test_les_caracteres_invisibles_tombent_et_ce_qui_n_est_pas_un_caractere_est_refuse() -> None:
    assert normaliser_nom("Mar\u200btin\u202e") == "Martin"
    for illisible in ("Mar\x00tin", "Mar\ud800tin", "Mar\ue000tin"):
        with pytest.raises(TexteIllisible):
            normaliser_nom(illisible)
    assert normaliser_nom("  ") == ""


@pytest.mark.django_db
@pytest.mark.parametrize("champ", ["nom", "prenom"])
def test_chaque_formulaire_et_chaque_acte_le_disent(champ: str) -> None:
    page = Client().post(reverse("inscription_expert"), {**INSCRIPTION, champ: "https://evil.example/cadeau"})
    assert page.status_code == 200
    assert "lettres" in page.context["formulaire"].errors[champ][0]
    espace = EspaceFactory(nom="Martin")
    with pytest.raises(NomInvalide):
        inscrire_expert(acteur=Visiteur(), inscription=scenes.inscription(PersonneFactory(), **{champ: "evil.example"}))
    with pytest.raises(NomInvalide):
        modifier_coordonnees(
            acteur=espace, coordonnees=Coordonnees(**(vars(Coordonnees.de(espace)) | {champ: "evil.example"}))
        )
    agent = {"nom": "Martin", "prenom": "Anne"} | {champ: "Anne 2"}
    with pytest.raises(NomInvalide):
        creer_agent(acteur="operateur", email="a@exemple.fr", service=ServiceGestionnaireFactory(), **agent)
    assert Espace.objects.count() == 1


@pytest.mark.django_db
def test_un_nom_d_avant_la_regle_n_empeche_pas_de_changer_le_reste() -> None:
    espace = EspaceFactory(nom="Martin 2e")
    nouvelles = Coordonnees(**(vars(Coordonnees.de(espace)) | {"commune": "Lyon"}))
    assert modifier_coordonnees(acteur=espace, coordonnees=nouvelles) == ["commune"]


@pytest.mark.django_db
def test_le_courriel_a_une_adresse_non_prouvee_ne_porte_pas_les_noms_saisis() -> None:
    inscrire_expert(
        acteur=Visiteur(), inscription=scenes.inscription(PersonneFactory(), nom="Gagnez beaucoup", prenom="Venez")
    )
    courriels.envoyer_en_attente()
    assert "Gagnez" not in mail.outbox[0].body
