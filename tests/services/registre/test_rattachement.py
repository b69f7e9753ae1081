"""A company goes to another office: who reads it, what waits, who is told."""

import html

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.models import Affaire, Agent, Courriel, Evenement, ServiceGestionnaire
from habilitations.depart.retraits import AgentNonCompetent, accorder_retrait, demander_retrait
from services.models import PersonneSirenisee
from services.registre.rattachement import (
    BureauHorsDepartement,
    CodePostalInconnu,
    DejaRattachee,
    MotifDeRattachementRequis,
    RattachementDgeReserve,
    RattachementReserve,
    bureaux_possibles,
    rattacher_personne,
)
from services.registre.regles import PersonneHorsCompetence
from tests.espacepro.scenes import client_verifie
from tests.factories import (
    AgentFactory,
    EspaceFactory,
    PersonneFactory,
    ServiceGestionnaireFactory,
    echanger,
    habiliter,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> Agent:
    bureau = ServiceGestionnaireFactory(departements="75", courriel="a@sie.example")
    return AgentFactory(service_gestionnaire=bureau, fonction=Agent.Fonction.CHEF)


@pytest.fixture
def voisin() -> Agent:
    return AgentFactory(service_gestionnaire=ServiceGestionnaireFactory(departements="75 92", courriel="b@sie.example"))


@pytest.fixture
def personne(agent: Agent) -> PersonneSirenisee:
    return PersonneFactory(
        service_gestionnaire=agent.service_gestionnaire, code_postal="75008", courriel="e@entreprise.example"
    )


def test_tout_suit_l_entreprise_dans_son_nouveau_bureau(
    agent: Agent, voisin: Agent, personne: PersonneSirenisee
) -> None:
    with transaction.atomic():
        tenue = habiliter(EspaceFactory(), personne=personne)
    ouvert, clos = echanger(personne), echanger(personne, etat="CLOS")
    (demande,) = demander_retrait(acteur=tenue.espace, habilitations=[tenue])
    rattacher_personne(acteur=agent, personne=personne, vers=voisin.service_gestionnaire, motif="Déménagement")
    personne.refresh_from_db()
    assert personne.service_gestionnaire == voisin.service_gestionnaire
    assert Affaire.objects.get(cle=str(demande.pk)).service_gestionnaire == voisin.service_gestionnaire
    ouvert.refresh_from_db()
    clos.refresh_from_db()
    assert ouvert.service_gestionnaire == voisin.service_gestionnaire
    assert clos.service_gestionnaire == agent.service_gestionnaire, "what is done stays where it was done"
    page = reverse("admin:services_personnesirenisee_change", args=[personne.pk])
    assert client_verifie(agent).get(page).status_code == 302
    assert client_verifie(voisin).get(page).status_code == 200
    with pytest.raises(AgentNonCompetent):
        accorder_retrait(acteur=agent, demande=demande)
    accorder_retrait(acteur=voisin, demande=demande)
    partis = Courriel.objects.filter(genre__startswith="rattachement")
    assert set(partis.values_list("destinataire", flat=True)) == {
        "a@sie.example",
        "b@sie.example",
        "e@entreprise.example",
    }
    ligne = Evenement.objects.get(acte="personne.rattachee")
    assert (ligne.siren, ligne.details["vers"]) == (personne.siren, voisin.service_gestionnaire.code)


def test_le_bureau_qui_cede_l_entreprise_garde_trace_de_son_depart(
    agent: Agent, voisin: Agent, personne: PersonneSirenisee
) -> None:
    """The journal of the company is the other office's to read; its own page says what went, where, when and why."""
    rattacher_personne(acteur=agent, personne=personne, vers=voisin.service_gestionnaire, motif="Déménagement")

    def cedees(qui: Agent) -> str:
        page = reverse("admin:accounts_servicegestionnaire_change", args=[qui.service_gestionnaire_id])
        return html.unescape(client_verifie(qui).get(page).content.decode()).replace("\N{NO-BREAK SPACE}", " ")

    vue = cedees(agent)
    assert personne.siren_lisible in vue
    assert voisin.service_gestionnaire.nom in vue
    assert "Déménagement" in vue
    assert "Déménagement" not in cedees(voisin), "who received it reads it in the company's journal"
    # Of the company nothing more: not a line of its journal.
    journal = client_verifie(agent).get(reverse("admin:accounts_evenement_changelist"), {"q": personne.siren})
    assert list(journal.context["cl"].queryset) == []


def test_les_refus(agent: Agent, voisin: Agent, personne: PersonneSirenisee) -> None:
    loin = ServiceGestionnaireFactory(departements="69")
    dge = ServiceGestionnaireFactory(type=ServiceGestionnaire.Type.DGE, departements="")
    seul = AgentFactory(service_gestionnaire=agent.service_gestionnaire)
    for acteur, vers, motif, regle in (
        (seul, voisin.service_gestionnaire, "x", RattachementReserve),
        (agent, dge, "x", RattachementDgeReserve),
        (agent, voisin.service_gestionnaire, " ", MotifDeRattachementRequis),
        (agent, agent.service_gestionnaire, "x", DejaRattachee),
        (agent, loin, "x", BureauHorsDepartement),
        (voisin, voisin.service_gestionnaire, "x", PersonneHorsCompetence),
    ):
        with pytest.raises(regle):
            rattacher_personne(acteur=acteur, personne=personne, vers=vers, motif=motif)
    cellule = AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)
    assert {bureau.pk for bureau in bureaux_possibles(agent, personne)} == {voisin.service_gestionnaire.pk}
    assert {bureau.pk for bureau in bureaux_possibles(cellule, personne)} == {voisin.service_gestionnaire.pk, dge.pk}
    personne.code_postal = ""
    personne.save(update_fields=["code_postal"])
    for vers in (voisin.service_gestionnaire, dge, loin):
        with pytest.raises(CodePostalInconnu):
            rattacher_personne(acteur=cellule, personne=personne, vers=vers, motif="x")
    assert bureaux_possibles(cellule, personne) == []
    assert not Courriel.objects.exists()


def test_la_page_propose_les_bureaux_possibles_puis_revient_a_la_liste(
    agent: Agent, voisin: Agent, personne: PersonneSirenisee
) -> None:
    loin = ServiceGestionnaireFactory(departements="69", nom="SIE de Lyon")
    client, page = client_verifie(agent), reverse("admin:services_personnesirenisee_rattacher", args=[personne.pk])
    texte = client.get(page).content.decode()
    assert voisin.service_gestionnaire.nom in texte
    assert "SIE de Lyon" not in texte
    assert client.post(page, {"vers": loin.pk, "motif": "x"}).status_code == 200
    reponse = client.post(page, {"vers": voisin.service_gestionnaire_id, "motif": "Déménagement"})
    assert reponse["Location"] == reverse("admin:services_personnesirenisee_changelist")
    assert client.get(page).status_code == 302


def test_la_dge_se_rattache_par_la_dge_ou_la_cellule(personne: PersonneSirenisee) -> None:
    dge = ServiceGestionnaireFactory(type=ServiceGestionnaire.Type.DGE, departements="")
    cellule = AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)
    client, page = client_verifie(cellule), reverse("admin:services_personnesirenisee_rattacher", args=[personne.pk])
    assert "Vous ne lirez plus" not in client.get(page).content.decode()
    client.post(page, {"vers": dge.pk, "motif": "Chiffre d'affaires"})
    personne.refresh_from_db()
    assert personne.service_gestionnaire == dge


def test_un_gestionnaire_seul_n_a_ni_le_lien_ni_la_page(agent: Agent, personne: PersonneSirenisee) -> None:
    seul = client_verifie(AgentFactory(service_gestionnaire=agent.service_gestionnaire))
    page = reverse("admin:services_personnesirenisee_rattacher", args=[personne.pk])
    dossier = reverse("admin:services_personnesirenisee_change", args=[personne.pk])
    assert seul.get(page).status_code == seul.post(page, {}).status_code == 403
    assert page not in seul.get(dossier).content.decode()
    assert page in client_verifie(agent).get(dossier).content.decode()
