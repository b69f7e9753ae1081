"""Giving an IDSP at the desk, and turning it into the SIREN later, everybody being told."""

import html
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.models import Agent, Courriel, Evenement
from accounts.saisies.code_postal import CodePostalInvalide
from accounts.saisies.sirens import IdentifiantLongueur
from habilitations.models import Habilitation, Role
from services.adresses.envoi import adresse_du_courrier
from services.adresses.provisoires import (
    DenominationRequise,
    IdspDejaDonne,
    IdspEstUnSiren,
    PersonneDejaProvisoire,
    donner_idsp,
)
from services.adresses.saisie import AdresseNonDistribuable
from services.models import IdentifiantRemplace, PersonneSirenisee
from services.registre.identification import attribuer_siren
from services.registre.rattachement import BureauHorsDepartement
from services.registre.regles import PreuveNonDite
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, accorder, habiliter
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db
SAISIE = {
    "denomination": "Syndicat des copropriétaires du 8 rue Haute",
    "categorie": "ASSOCIATION",
    "voie": "8 RUE HAUTE",
    "code_postal": "75011",
    "commune": "PARIS",
    "preuve": "Récépissé de dépôt du 12 novembre 2026",
}


@pytest.fixture
def agent() -> Agent:
    agent: Agent = AgentFactory()
    agent.service_gestionnaire.departements = "75 92"
    agent.service_gestionnaire.save()
    return agent


def donner(agent: Agent, **choix: Any) -> PersonneSirenisee:
    return donner_idsp(**{"acteur": agent, **SAISIE, **choix})


def test_donner_un_idsp_a_la_page_puis_le_siren(agent: Agent) -> None:
    """From the home of the desk to the page of the personne; its titulaire, suppléant and company are told of the SIREN."""
    client = client_verifie(agent)
    adresse = reverse("admin:donner_idsp")
    assert f'href="{adresse}"' in client.get(reverse("admin:index")).content.decode()
    vide = client.post(adresse, {**SAISIE, "voie": "", "preuve": " "})
    texte = html.unescape(vide.content.decode())
    assert "Dites quelle preuve vous avez vue" in texte
    assert SAISIE["denomination"] in texte, "nothing typed is lost"
    reponse = client.post(adresse, SAISIE)
    personne = PersonneSirenisee.objects.get()
    assert reponse["Location"] == reverse("admin:services_personnesirenisee_change", args=[personne.pk])
    assert personne.provisoire
    assert personne.siren.startswith("P")
    assert personne.service_gestionnaire == agent.service_gestionnaire
    assert adresse_du_courrier(personne) is not None, "a letter may leave"
    evenement = Evenement.objects.get(acte="personne.provisoire")
    assert (evenement.siren, evenement.details["preuve"]) == (personne.siren, SAISIE["preuve"])
    assert "IDSP" in client.get(reponse["Location"]).content.decode()

    personne.courriel = "syndic@exemple.fr"
    personne.save()
    racine = habiliter(EspaceFactory(), personne=personne)
    suppleance = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    accorder(racine, EspaceFactory(), Role.ACTEUR)
    idsp = personne.siren
    client.post(reverse("admin:services_personnesirenisee_siren", args=[personne.pk]), {"siren": "552 032 534"})
    personne.refresh_from_db()
    assert (personne.siren, personne.provisoire) == ("552032534", False)
    annonces = Courriel.objects.filter(genre="personne_identifiee")
    assert set(annonces.values_list("espace", flat=True)) == {racine.espace_id, suppleance.espace_id}
    assert annonces[0].contexte["idsp"] == idsp
    assert Courriel.objects.get(genre="personne_identifiee_entreprise").destinataire == "syndic@exemple.fr"


def test_celui_d_une_autre_application_est_pris(agent: Agent) -> None:
    assert donner(agent, idsp="12a 456 789").siren == "12A456789"


@pytest.mark.parametrize(
    ("choix", "regle"),
    [
        ({"denomination": "  "}, DenominationRequise),
        ({"denomination": "x" * 301}, DenominationRequise),
        ({"preuve": ""}, PreuveNonDite),
        ({"voie": ""}, AdresseNonDistribuable),
        ({"code_postal": "ABCDE"}, CodePostalInvalide),
        ({"code_postal": "13001"}, BureauHorsDepartement),
        ({"idsp": "552032534"}, IdspEstUnSiren),
        ({"idsp": "12A"}, IdentifiantLongueur),
    ],
)
def test_ce_qui_est_refuse(choix: dict[str, str], regle: type[Exception], agent: Agent) -> None:
    with pytest.raises(regle):
        donner(agent, **choix)
    assert not PersonneSirenisee.objects.exists()


def test_un_identifiant_n_est_donne_qu_une_fois(agent: Agent) -> None:
    personne = donner(agent, idsp="12A456789")
    with pytest.raises(PersonneDejaProvisoire):
        donner(agent, denomination=SAISIE["denomination"].upper())
    with pytest.raises(IdspDejaDonne):
        donner(agent, denomination="Autre", idsp="12A456789")
    attribuer_siren(acteur=agent, personne=personne, siren="552032534")
    assert IdentifiantRemplace.objects.exists()
    with pytest.raises(IdspDejaDonne):
        donner(agent, denomination="Autre", idsp="12A456789")


def test_sans_titulaire_ni_courriel_personne_n_est_prevenu(agent: Agent) -> None:
    personne = PersonneFactory(siren="12A456789", provisoire=True, service_gestionnaire=agent.service_gestionnaire)
    attribuer_siren(acteur=agent, personne=personne, siren="552032534")
    assert not Courriel.objects.exists()
    assert not Habilitation.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_le_meme_formulaire_envoye_seize_fois_par_deux_agents_donne_un_identifiant(tours: Callable[[int], int]) -> None:
    for _ in range(tours(200)):
        with transaction.atomic():
            agent = AgentFactory()
            agent.service_gestionnaire.departements = "75"
            agent.service_gestionnaire.save()
            deux = [agent, AgentFactory(service_gestionnaire=agent.service_gestionnaire)]
        resultats = en_parallele(16, lambda rang, a=deux: donner(a[rang % 2]))
        donnes = [r for r in resultats if isinstance(r, PersonneSirenisee)]
        assert len(donnes) == 1, resultats
        assert all(isinstance(r, PersonneSirenisee | PersonneDejaProvisoire) for r in resultats)
