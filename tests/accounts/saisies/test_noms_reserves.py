"""Names that speak for the State, or are sentences: refused as whole expressions, admitted by an agent (issue 11 item 11)."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from accounts.espace.coordonnees import Coordonnees, modifier_coordonnees
from accounts.espace.inscription import inscrire_expert
from accounts.espace.noms_admis import IdentiteNonVue, NomNonReserve, admettre_nom, exiger_nom_admis
from accounts.models import Espace, Evenement, NomAdmis
from accounts.saisies.noms_reserves import NomReserve, parle_pour_l_etat
from accounts.traces.acteurs import Visiteur
from tests.accounts.scenes import INSCRIPTION, NOMS_REELS
from tests.activation import scenes
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory

REFUSES = [
    ("Direction Générale", "des Finances Publiques"),
    ("DIRECTION GENERALE", "FINANCES"),
    ("des Finances Publiques", "Direction Générale"),
    ("Remboursement accordé", "transmettez le code"),
    ("Jeanne", "Remboursement accordé - transmettez le code"),
    ("Service", "des Impôts des Entreprises"),
    ("Le", "Trésor-Public"),
    ("Finances", "Publiques"),
    ("FinancesPubliques", "Martin"),
    ("Finances.", "Publiques"),
    ("République", "française"),
    ("DGFiP", "Lyon"),
    ("D. G. F. I. P.", "Lyon"),
    ("Urssaf", "Ile de France"),
    ("Centre", "des impôts"),
    ("Votre code", "d’activation"),
    ("Cliquez", "ici"),
    ("Appelez", "nous vite"),
    ("Communiquez-le", "Martin"),
    ("Mot", "de passe"),
    ("Contrôle", "Fiscal"),
    ("Jeanne", "Martin. Merci bien"),
    ("Jeanne", "Martin.. suite"),
    ("\u0421ontrôle", "ordinaire"),  # a Cyrillic C
    ("Ma\u03bdie", "Dupont"),  # a Greek nu
    ("Ｄirection", "Ｇénérale"),  # full width
]
# Real surnames and first names, alone or together: none of their words is refused.
PORTES = [
    ("Jean", "Préfet"),
    ("Anne", "Trésor"),
    ("Paul", "Ministre"),
    ("Marie", "Public"),
    ("Louis", "Général"),
    ("Claire", "Lafinance"),
    ("Ana", "Perez"),
    ("Luis", "Fernandez de la Vega"),
    ("Jan", "De Vos"),
    ("Marcel", "Code"),
    ("Merci", "Delgado"),
    ("Aimé", "Service"),
    ("Victor", "Directeur"),
    ("Hélène", "Impôt"),
    ("Marie", "République"),
    ("France", "Martin"),
    ("Pierre", "Donnez"),
    ("Louise", "Martin - Dupont"),
    ("Jeanne", "Martin -- Dupont"),
    ("Prof. Jean", "Durand"),
    ("Espace", "Durand"),
    ("Noël", "Banque"),
    ("Sié", "Kambou"),
    ("Юлия", "Дмитриевна"),
    ("Σωκράτης", "Παπαδόπουλος"),
    ("María de los Ángeles", "de la Santísima Trinidad y Borbón"),
    ("Jean-Baptiste", "de La Tour d'Auvergne-Lauraguais"),
]


CAS = tomllib.loads((Path(__file__).parent / "cas" / "noms.toml").read_text())


@pytest.mark.parametrize(("prenom", "nom"), [*REFUSES, *CAS["parle"]])
def test_une_expression_entiere_est_refusee(prenom: str, nom: str) -> None:
    assert parle_pour_l_etat(prenom, nom)


@pytest.mark.parametrize(("prenom", "nom"), [*PORTES, *CAS["porte"]])
def test_un_mot_qui_peut_etre_un_nom_passe(prenom: str, nom: str) -> None:
    assert not parle_pour_l_etat(prenom, nom)


@pytest.mark.parametrize("nom", NOMS_REELS)
def test_les_vrais_noms_passent_des_deux_cotes(nom: str) -> None:
    assert not parle_pour_l_etat("Jeanne", nom)
    assert not parle_pour_l_etat(nom, "Martin")


@pytest.mark.django_db
def test_l_inscription_les_refuse_que_l_adresse_ait_un_compte_ou_non() -> None:
    deja = EspaceFactory()
    for email in (scenes.LOGIN, deja.compte.email):
        saisie = scenes.inscription(PersonneFactory(), email, prenom="Finances", nom="Publiques")
        with pytest.raises(NomReserve):
            inscrire_expert(inscription=saisie, acteur=Visiteur())
    assert Espace.objects.count() == 1


@pytest.mark.django_db
def test_le_formulaire_le_dit_sur_le_nom(client: Client) -> None:
    page = client.post(reverse("inscription_expert"), {**INSCRIPTION, "prenom": "Finances", "nom": "Publiques"})
    assert "ressemble à celui d’une administration".replace("'", "&#x27;") in page.content.decode()
    assert not Espace.objects.exists()


@pytest.mark.django_db
def test_le_changement_de_nom_aussi_mais_un_nom_d_avant_la_regle_reste() -> None:
    espace = EspaceFactory(prenom="Finances", nom="Publiques")
    coordonnees = Coordonnees.de(espace)
    assert modifier_coordonnees(acteur=espace, coordonnees=replace(coordonnees, telephone="01 00 00 00 00"))
    with pytest.raises(NomReserve):
        modifier_coordonnees(acteur=espace, coordonnees=replace(coordonnees, nom="Publiques de Lyon"))


@pytest.mark.django_db
def test_un_agent_admet_un_nom_et_celui_la_seulement() -> None:
    agent = AgentFactory()
    with pytest.raises(IdentiteNonVue):
        admettre_nom(acteur=agent, prenom="Finances", nom="Publiques", justificatif=" ")
    admis = admettre_nom(acteur=agent, prenom="Finances", nom="Publiques", justificatif="CNI")
    assert admettre_nom(acteur=agent, prenom="FINANCES", nom="publiques", justificatif="CNI") == admis
    exiger_nom_admis(prenom="finances", nom="PUBLIQUES")
    with pytest.raises(NomReserve):
        exiger_nom_admis(prenom="Finances", nom="Publiques de Lyon")
    with pytest.raises(NomNonReserve):
        admettre_nom(acteur=agent, prenom="Jeanne", nom="Martin", justificatif="CNI")
    assert Evenement.objects.filter(acte="nom.admis", auteur=f"agent:{agent.pk}").count() == 1
    assert NomAdmis.objects.count() == 1
