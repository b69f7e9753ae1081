"""Several adhésions withdrawn at once, ticked on the page of a company or of an espace: one preview, one confirmation."""

import html
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.envois.courriels import composer, objet_du_genre
from accounts.models import Agent, Courriel, Evenement
from accounts.portes.reauthentification import PROUVE_LE
from habilitations.arbre.lots import AucuneLigne, LignesRefusees
from habilitations.depart.retraits import AdhesionDejaFermee, demander_retrait, retirer_adhesion, retirer_adhesions
from habilitations.models import Adhesion, DemandeRetrait, Habilitation, Role
from tests.espacepro.scenes import client_verifie
from tests.factories import MOT_DE_PASSE, AgentFactory, EspaceFactory, PersonneFactory, accorder, habiliter
from tests.habilitations.scenes import apercu_de

pytestmark = pytest.mark.django_db
MOTIF = "Demande écrite du gérant."


@pytest.fixture
def agent() -> Agent:
    return AgentFactory()


@pytest.fixture
def racines(agent: Agent) -> list[Habilitation]:
    """Karine is titulaire of three services of one company of the office, Inès her suppléante for two, and of one elsewhere."""
    personne = PersonneFactory(service_gestionnaire=agent.service_gestionnaire)
    karine, ines = EspaceFactory(prenom="Karine"), EspaceFactory(prenom="Inès")
    trois = [habiliter(karine, personne=personne) for _ in range(3)]
    for racine in trois[:2]:
        accorder(racine, ines, Role.SUPPLEANT)
    return [*trois, habiliter(karine)]


def pages(racines: list[Habilitation]) -> list[str]:
    return [
        reverse("admin:services_personnesirenisee_retirer-adhesions", args=[racines[0].personne_id]),
        reverse("admin:espace_retirer-adhesions", args=[racines[0].espace_id]),
    ]


def saisie(*racines: Habilitation) -> dict[str, Any]:
    return {"adhesions": [racine.adhesion_id for racine in racines], "motif": MOTIF}


def lire(client: Client, adresse: str, posee: dict[str, Any] | None = None) -> str:
    reponse = client.post(adresse, posee) if posee is not None else client.get(adresse)
    assert reponse.status_code == 200
    return html.unescape(reponse.content.decode())


@pytest.mark.parametrize("rang", [0, 1])
def test_cocher_voir_puis_confirmer(rang: int, agent: Agent, racines: list[Habilitation]) -> None:
    client, page = client_verifie(agent), pages(racines)[rang]
    fiche = lire(
        client, page.replace("/retirer-adhesions/", "/change/") if rang == 0 else page.replace("retirer-adhesions/", "")
    )
    assert f'href="{page}"' in fiche
    offertes = lire(client, page)
    assert "Habilitations qui prennent fin" not in offertes
    assert f'value="{racines[3].adhesion_id}"' not in offertes, "another office's is not offered"
    montre = lire(client, page, saisie(racines[0], racines[2]))
    assert Habilitation.objects.vivantes().count() == 6, "choosing ends nothing"
    assert "Karine" in montre
    assert "Inès" in montre
    reponse = client.post(page, {**saisie(racines[0], racines[2]), **apercu_de(montre)})
    assert reponse.status_code == 302
    connection.check_constraints()
    assert set(Adhesion.objects.ouvertes()) == {racines[1].adhesion, racines[3].adhesion}
    assert Evenement.objects.filter(acte="adhesion.retiree", auteur=f"agent:{agent.pk}").count() == 2
    for espace, nombre in ((racines[0].espace, 2), (Habilitation.objects.filter(role="SUPPLEANT")[0].espace, 1)):
        courriel = Courriel.objects.get(genre="adhesion_retiree", espace=espace)  # one, whatever the number
        assert (courriel.contexte["nombre"], courriel.contexte["motif"]) == (nombre, MOTIF)
        sujet = composer(courriel).subject
        assert (
            sujet
            == ("Un service en ligne vous a été retiré", f"{nombre} services en ligne vous ont été retirés")[nombre > 1]
        )
    assert objet_du_genre("adhesion_retiree") == "Un service en ligne vous a été retiré"


def test_une_session_laissee_ouverte_ne_ferme_rien_en_nombre(agent: Agent, racines: list[Habilitation]) -> None:
    client, page = client_verifie(agent), pages(racines)[0]
    montre = apercu_de(lire(client, page, saisie(*racines[:2])))
    session = client.session
    session[PROUVE_LE] = timezone.now().timestamp() - 601
    session.save()
    demande = lire(client, page, {**saisie(*racines[:2]), **montre})
    assert "Confirmer votre identité" in demande
    for racine in racines[:2]:
        assert f'name="adhesions" value="{racine.adhesion_id}"' in demande, "nothing that was ticked is lost"
    assert Adhesion.objects.ouvertes().count() == 4
    client.post(page, {**saisie(*racines[:2]), **montre, "confirmation_mot_de_passe": MOT_DE_PASSE})
    assert Adhesion.objects.ouvertes().count() == 2


def test_jamais_plus_que_la_page_n_en_offre(agent: Agent, racines: list[Habilitation], monkeypatch: Any) -> None:
    monkeypatch.setattr("habilitations.forms.ADHESIONS_OFFERTES", 2)
    client, page = client_verifie(agent), pages(racines)[0]
    assert "2 adhésions au plus à la fois" in lire(client, page, saisie(*racines[:3]))
    assert "2 adhésions au plus à la fois" not in lire(client, page, saisie(*racines[:2]))


def test_cocher_autre_chose_apres_avoir_vu_montre_de_nouveau(agent: Agent, racines: list[Habilitation]) -> None:
    client, page = client_verifie(agent), pages(racines)[0]
    montre = apercu_de(lire(client, page, saisie(racines[0])))
    assert "a changé" in lire(client, page, {**saisie(racines[0], racines[1]), **montre})
    assert Adhesion.objects.ouvertes().count() == 4


def test_une_ligne_fermee_entre_temps_refuse_tout(agent: Agent, racines: list[Habilitation]) -> None:
    """A bulk act over a row that changed: nothing is done, and the page says which."""
    client, page = client_verifie(agent), pages(racines)[0]
    montre = apercu_de(lire(client, page, saisie(*racines[:2])))
    retirer_adhesion(acteur=agent, adhesion=racines[1].adhesion)
    relue = lire(client, page, {**saisie(*racines[:2]), **montre})
    assert "n’est plus ouverte" in relue
    assert MOTIF in relue, "nothing typed is lost"
    assert racines[0].adhesion in Adhesion.objects.ouvertes()
    with pytest.raises(LignesRefusees) as refus:
        retirer_adhesions(acteur=agent, adhesions=[racine.adhesion for racine in racines[:2]])
    assert [type(ligne.regle) for ligne in refus.value.lignes] == [AdhesionDejaFermee]


def test_l_adhesion_d_un_autre_service_refuse_tout(agent: Agent, racines: list[Habilitation]) -> None:
    with pytest.raises(LignesRefusees):
        retirer_adhesions(acteur=agent, adhesions=[racines[0].adhesion, racines[3].adhesion])
    with pytest.raises(AucuneLigne):
        retirer_adhesions(acteur=agent, adhesions=[])
    client = client_verifie(agent)
    for page in pages(racines):
        assert "n’est plus ouverte, ou ne relève plus" in lire(client, page, saisie(racines[0], racines[3]))
    assert Adhesion.objects.ouvertes().count() == 4


def test_l_agent_change_de_service_pendant_qu_il_remplit_la_page(agent: Agent, racines: list[Habilitation]) -> None:
    client, (page, page_espace) = client_verifie(agent), pages(racines)
    montre = apercu_de(lire(client, page, saisie(racines[0])))
    Agent.objects.filter(pk=agent.pk).update(service_gestionnaire=AgentFactory().service_gestionnaire)
    assert client.post(page, {**saisie(racines[0]), **montre})["Location"] == reverse("admin:index")
    assert client.post(page_espace, {**saisie(racines[0]), **montre}).status_code == 404
    assert Adhesion.objects.ouvertes().count() == 4


def test_les_demandes_de_retrait_qui_attendaient_sont_accordees(agent: Agent, racines: list[Habilitation]) -> None:
    demander_retrait(acteur=racines[0].espace, habilitations=racines[:2])
    retirer_adhesions(acteur=agent, adhesions=[racine.adhesion for racine in racines[:2]], motif=MOTIF)
    assert set(DemandeRetrait.objects.values_list("etat", flat=True)) == {"ACCEPTEE"}


def test_rien_a_retirer_le_dit(agent: Agent, racines: list[Habilitation]) -> None:
    retirer_adhesions(acteur=agent, adhesions=[racine.adhesion for racine in racines[:3]], motif=MOTIF)
    client = client_verifie(agent)
    for page in pages(racines):
        assert "Aucune adhésion ouverte ne relève de votre service" in html.unescape(
            client.get(page, follow=True).content.decode()
        )
