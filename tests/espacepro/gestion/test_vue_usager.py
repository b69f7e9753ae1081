"""« Comme l'usager le voit »: what an agent is shown in a holder's place, to whom it is open, and what the holder reads of it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agent, Espace, Evenement, TraceLecture
from accounts.traces.agents_relus import FonctionChangee
from activation.models import Courrier
from espacepro.gestion.inerte import rendre_inerte
from espacepro.gestion.regards import (
    RAISON_VAUT,
    EspaceHorsDuBureau,
    Raison,
    dire_pourquoi,
    espace_montrable,
)
from habilitations.models import Habilitation, Preference, Role
from services.models import PersonneSirenisee, Service
from tests.espacepro.scenes import client_verifie, deposer
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db
ACTE = "espace.vu_par_un_agent"


@pytest.fixture
def agent() -> Agent:
    return AgentFactory()


@pytest.fixture
def ici(agent: Agent) -> PersonneSirenisee:
    return PersonneFactory(service_gestionnaire=agent.service_gestionnaire, denomination="BOULANGERIE D’ICI")


@pytest.fixture
def karine(ici: PersonneSirenisee) -> Espace:
    """One company of the agent's office, one of another's, and a letter that waits for each."""
    espace: Espace = EspaceFactory(prenom="Karine", nom="Vidal")
    ailleurs = PersonneFactory(denomination="GARAGE D’AILLEURS")
    with transaction.atomic():
        habiliter(espace, personne=ici, service=ServiceFactory(libelle="Déclarer la TVA", code="DECL_TVA"))
        habiliter(espace, personne=ailleurs, service=ServiceFactory(libelle="Payer la CFE", code="PAYER_CFE"))
    deposer(ici, espace, 1)
    deposer(ailleurs, espace, 2)
    Preference.objects.update_or_create(espace=espace, defaults={"favoris": [ailleurs.siren, ici.siren]})
    return espace


def regarder(agent: Agent, espace: Espace, raison: str = "APPEL", **parametres: Any) -> str:
    """Say why, and return what is shown."""
    client = client_verifie(agent)
    reponse = client.post(reverse("admin:comme_l_usager", args=[espace.pk]), {"raison": raison})
    assert reponse["Location"] == reverse("admin:comme_l_usager_page", args=[espace.pk])
    page = client.get(reponse["Location"], parametres)
    assert page.status_code == 200
    return page.content.decode()


def rendu(page: str) -> str:
    """Return the part of the page that is the holder's."""
    debut = page.index('<section class="ep-vue-usager"')
    return page[debut : page.index("</main>")].partition('<nav class="fr-mt-3w"')[0]


def test_on_voit_l_accueil_de_l_usager_pour_les_siens_seuls(agent: Agent, karine: Espace) -> None:
    page = regarder(agent, karine)
    vu = rendu(page)
    for montre in ("Bonjour Karine", karine.numero_lisible, "BOULANGERIE D’ICI", "Déclarer la TVA", "À faire"):
        assert montre in vu, montre
    for tu in ("GARAGE", "CFE"):
        assert tu not in page, tu
    assert "1 entreprise de cet espace, suivie par d’autres services, ne paraît pas" in page
    # The same words as at home: the template is one.
    siens = re.sub(r"<[^>]+>", "", vu)
    assert "J’ai reçu un code" in siens


def test_rien_n_y_agit(agent: Agent, ici: PersonneSirenisee, karine: Espace) -> None:
    service = ServiceFactory(code="TVA2")
    for rang in range(30):
        habiliter(
            karine,
            personne=PersonneFactory(
                service_gestionnaire=agent.service_gestionnaire, denomination=f"SOCIETE {rang:02}"
            ),
            service=service,
        )
    page = regarder(agent, karine)
    vu = rendu(page)
    assert "SOCIETE 05" in vu
    assert not re.search(r"<(a|form|button|input|select|textarea|script|iframe)\b[^>]*>", vu)
    assert not re.search(r"\s(href|action|formaction|on\w+|style|data-\w+)=", vu)
    assert "aria-pressed" not in vu
    # What only acts is not left without its controls: the words of the filters, the numbers of the pages.
    for mot in ("Nom, SIREN ou SIRET", "Filtrer", "Page suivante"):
        assert mot not in vu, mot
    # What is beyond the first page is read by the desk's own links.
    assert 'href="?page=2"' in page
    assert "SOCIETE 29" in regarder(agent, karine, page="2")


def test_les_preferences_et_l_adresse_restent_a_l_usager(agent: Agent, karine: Espace) -> None:
    assert karine.compte is not None
    karine.compte.adresse_rejetee_le = timezone.now()
    karine.compte.save()
    for rang in range(5):
        habiliter(
            karine,
            personne=PersonneFactory(service_gestionnaire=agent.service_gestionnaire, denomination=f"AA {rang}"),
            service=Service.objects.get(code="DECL_TVA"),
        )
    page = regarder(agent, karine)
    assert "Vérifier ou remplacer votre adresse de connexion" in page
    assert karine.compte.email not in page
    assert "favorites" not in page
    assert page.index("AA 4") < page.index(
        '<tr role="row" id="e-' + PersonneSirenisee.objects.get(denomination__startswith="BOULANGERIE").siren
    )


def test_l_usager_lit_qui_quand_et_pourquoi(agent: Agent, karine: Espace, client_de: Any) -> None:
    regarder(agent, karine)
    journal = client_de(karine).get(reverse("journal")).content.decode()
    bureau = agent.service_gestionnaire.nom
    assert f"Un agent du service «\u00a0{bureau}\u00a0» a consulté votre espace tel que vous le voyez" in journal
    assert "pour répondre au téléphone" in journal
    assert str(agent) not in journal
    ligne = Evenement.objects.get(acte=ACTE)
    assert (ligne.auteur, ligne.espace) == (f"agent:{agent.pk}", karine.numero_abonne)
    traces = TraceLecture.objects.filter(lecteur=f"agent:{agent.pk}", objet="gestion.comme_l_usager")
    assert traces.get().cle == karine.numero_abonne


def test_deux_fois_la_meme_raison_n_ecrit_qu_une_ligne(agent: Agent, karine: Espace) -> None:
    premiere = dire_pourquoi(acteur=agent, espace=karine, raison=Raison.APPEL)
    assert dire_pourquoi(acteur=agent, espace=karine, raison=Raison.APPEL) == premiere
    assert dire_pourquoi(acteur=agent, espace=karine, raison=Raison.GUICHET) != premiere
    apres = timezone.now() + RAISON_VAUT + timedelta(seconds=1)
    assert dire_pourquoi(acteur=agent, espace=karine, raison=Raison.GUICHET, maintenant=apres) != premiere
    assert Evenement.objects.filter(acte=ACTE).count() == 3


def test_sans_raison_ou_quand_elle_ne_vaut_plus_on_la_demande(agent: Agent, karine: Espace, time_machine: Any) -> None:
    client, page = client_verifie(agent), reverse("admin:comme_l_usager_page", args=[karine.pk])
    question = reverse("admin:comme_l_usager", args=[karine.pk])
    assert client.get(page)["Location"] == question
    for saisie, dit in (({}, "Dites pourquoi vous regardez"), ({"raison": "CURIOSITE"}, "l’une des raisons proposées")):
        assert dit in client.post(question, saisie).content.decode()
    assert not Evenement.objects.filter(acte=ACTE).exists()
    client.post(question, {"raison": "APPEL"})
    assert client.get(page).status_code == 200
    # One agent's reason is nobody else's.
    collegue = AgentFactory(service_gestionnaire=agent.service_gestionnaire)
    assert client_verifie(collegue).get(page)["Location"] == question
    time_machine.move_to(timezone.now() + RAISON_VAUT + timedelta(seconds=1))
    assert client.get(page)["Location"] == question


@pytest.mark.parametrize("fonction", list(Agent.Fonction))
@pytest.mark.parametrize("sien", [True, False])
def test_chaque_fonction_chaque_espace(agent: Agent, karine: Espace, fonction: Agent.Fonction, sien: bool) -> None:
    lecteur = AgentFactory(
        fonction=fonction,
        **({"service_gestionnaire": agent.service_gestionnaire} if sien else {}),
    )
    ouvert = sien and fonction in {Agent.Fonction.GESTIONNAIRE, Agent.Fonction.CHEF}
    client = client_verifie(lecteur)
    question = reverse("admin:comme_l_usager", args=[karine.pk])
    assert client.get(question).status_code == (200 if ouvert else 404)
    assert client.post(question, {"raison": "APPEL"}).status_code == (302 if ouvert else 404)
    suite = client.get(reverse("admin:comme_l_usager_page", args=[karine.pk]))
    assert suite.status_code == (200 if ouvert else 404)
    assert Evenement.objects.filter(acte=ACTE).exists() is ouvert
    if not ouvert:
        with pytest.raises(FonctionChangee if fonction == Agent.Fonction.AUCUNE else EspaceHorsDuBureau):
            dire_pourquoi(acteur=lecteur, espace=karine, raison=Raison.APPEL)


def test_un_espace_qui_n_est_pas_ouvert_ne_se_montre_pas(agent: Agent, karine: Espace) -> None:
    assert espace_montrable(agent, karine.pk) == karine
    karine.etat = Espace.Etat.DESACTIVE
    karine.save()
    assert espace_montrable(agent, karine.pk) is None


def test_un_agent_qui_a_change_de_bureau_ne_voit_plus(agent: Agent, karine: Espace) -> None:
    regarder(agent, karine)
    agent.service_gestionnaire = AgentFactory().service_gestionnaire
    agent.save()
    assert client_verifie(agent).get(reverse("admin:comme_l_usager_page", args=[karine.pk])).status_code == 404


def test_l_adresse_ne_dit_rien_d_autre(agent: Agent, karine: Espace) -> None:
    regarder(agent, karine)
    client = client_verifie(agent)
    for parametres in ({"vue": "service"}, {"q": "garage"}, {"page": "x"}, {"page": "-1"}):
        assert client.get(reverse("admin:comme_l_usager_page", args=[karine.pk]), parametres).status_code == 400
    assert client.get(reverse("admin:comme_l_usager", args=[karine.pk]), {"raison": "APPEL"}).status_code == 400


def test_sans_entreprise_du_bureau_rien_n_est_montre(agent: Agent, ici: PersonneSirenisee) -> None:
    espace = EspaceFactory(siren_appartenance=ici.siren)
    habiliter(espace, personne=PersonneFactory(denomination="GARAGE D’AILLEURS"))
    page = regarder(agent, espace)
    assert "il n’y a rien à vous montrer" in page
    assert "GARAGE" not in page


def test_sans_service_on_voit_ce_qui_lui_manque(agent: Agent, ici: PersonneSirenisee) -> None:
    espace = EspaceFactory(prenom="Inès")
    ailleurs = PersonneFactory(denomination="GARAGE D’AILLEURS")
    with transaction.atomic():
        for personne in (ici, ailleurs):
            recue = accorder(habiliter(EspaceFactory(), personne=personne), espace, Role.SUPPLEANT)
            Habilitation.objects.filter(pk=recue.pk).update(
                etat="EN_VEILLE", veille_motif="SUBSTITUTION", veille_depuis=timezone.now()
            )
    page = regarder(agent, espace)
    assert "BOULANGERIE D’ICI" in rendu(page)
    assert "GARAGE" not in page


def test_ni_code_ni_message(agent: Agent, karine: Espace) -> None:
    page = regarder(agent, karine)
    for courrier in Courrier.objects.all():
        assert courrier.empreinte_code not in page


def test_huit_requetes_pour_l_accueil_quoi_qu_il_tienne(agent: Agent, karine: Espace) -> None:
    regarder(agent, karine)
    client, adresse = client_verifie(agent), reverse("admin:comme_l_usager_page", args=[karine.pk])
    client.get(adresse)
    with CaptureQueriesContext(
        connection,
    ) as peu:
        client.get(adresse)
    service = Service.objects.get(code="DECL_TVA")
    for _ in range(12):
        habiliter(karine, personne=PersonneFactory(service_gestionnaire=agent.service_gestionnaire), service=service)
    with CaptureQueriesContext(connection) as beaucoup:
        client.get(adresse)
    assert len(beaucoup) <= len(peu)
    assert len(beaucoup) <= 20


@pytest.mark.parametrize(
    ("ecrit", "reste"),
    [
        ('<a class="fr-link" href="/x">Voir</a>', '<span class="ep-lien-inerte">Voir</span>'),
        ('<a class="fr-btn fr-btn--sm" href="/x">Voir</a>', '<span class="ep-bouton-inerte">Voir</span>'),
        (
            "<form action=/x><button>Oui</button><input name=a></form>",
            '<div><span class="ep-bouton-inerte">Oui</span></div>',
        ),
        ("<select><option>Tous</option></select>après", "après"),
        ("<script>alert(1)</script>", ""),
        (
            '<p onclick="x()" style="color:red" data-x="1" id="i">a &lt;b&gt; & c</p>',
            '<p id="i">a &lt;b&gt; &amp; c</p>',
        ),
        ('<h1>Titre</h1><h6 class="fr-h6">Bas</h6>', '<h2 class="fr-h1">Titre</h2><h6 class="fr-h6">Bas</h6>'),
        ('<inconnu a="b">mot</inconnu>', "mot"),
        ("<svg><a href=/x>dedans</a></svg>", ""),
        ("<p>ouvert", "<p>ouvert</p>"),
        ("a</p>b<br>c", "ab<br>c"),
    ],
)
def test_ce_qui_n_est_pas_nomme_n_est_pas_ecrit(ecrit: str, reste: str) -> None:
    assert rendre_inerte(ecrit) == reste


def test_un_visiteur_est_mene_a_la_porte(karine: Espace) -> None:
    reponse = Client().get(reverse("admin:comme_l_usager", args=[karine.pk]))
    assert reponse.status_code == 302
    assert reponse["Location"].startswith(reverse("admin:login"))
