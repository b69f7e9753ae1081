"""A head of office and the agents of the office: functions given and withdrawn, never above, and nobody raises themselves."""

import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.gestion.agents import (
    PREMIER_MOT_DE_PASSE_DUREE,
    AgentSansFonction,
    PremierMotDePassePerime,
    PreuveIdentite,
    changer_mot_de_passe_agent,
    creer_agent,
    reinitialiser_agent,
)
from accounts.gestion.equipe import (
    AgentHorsDuService,
    ChefRequis,
    FonctionDejaTenue,
    FonctionHorsDePortee,
    PasSoiMeme,
    donner_fonction,
    retirer_fonction,
)
from accounts.gestion.page_acte import PageActe
from accounts.models import Affaire, Agent, Application, Contreseing, Courriel, Evenement, ServiceGestionnaire
from accounts.portes.reauthentification import PROUVE_LE
from accounts.saisies.regles import RegleMetier
from tests.accounts.scenes import enroler
from tests.espacepro.scenes import client_verifie
from tests.factories import MOT_DE_PASSE, AgentFactory, ServiceGestionnaireFactory

Fonction = Agent.Fonction
NOUVEAU = "tournesol barque 58 enclume velours"
PAGES = ("donner-fonction", "retirer-fonction", "reinitialiser")


@pytest.fixture
def bureau(db: None) -> ServiceGestionnaire:
    return ServiceGestionnaireFactory()


@pytest.fixture
def chef(bureau: ServiceGestionnaire) -> Agent:
    return AgentFactory(service_gestionnaire=bureau, fonction=Fonction.CHEF)


@pytest.fixture
def agent(bureau: ServiceGestionnaire) -> Agent:
    return AgentFactory(service_gestionnaire=bureau)


def page(nom: str, agent: Agent) -> str:
    return reverse(f"admin:accounts_agent_{nom}", args=[agent.pk])


def test_le_chef_donne_et_retire_les_fonctions_de_son_service(chef: Agent, agent: Agent) -> None:
    Affaire.objects.create(
        file="RETRAIT",
        cle=str(uuid4()),
        service_gestionnaire=chef.service_gestionnaire,
        depuis=timezone.now(),
        agent=agent,
        prise_le=timezone.now(),
    )
    navigateur = client_verifie(agent)
    assert navigateur.get(reverse("admin:index")).status_code == 200
    retirer_fonction(acteur=chef, agent=agent)
    assert navigateur.get(reverse("admin:index"))["Location"].startswith(reverse("admin:login"))
    assert client_verifie(agent).get(reverse("admin:index")).status_code == 404
    refus = Client().post(reverse("admin:login"), {"username": agent.compte.email, "password": MOT_DE_PASSE})
    assert "n’est pas reconnu" in refus.content.decode()
    assert not Affaire.objects.filter(agent=agent).exists()
    donner_fonction(acteur=chef, agent=agent, fonction=Fonction.GESTIONNAIRE)
    agent.refresh_from_db()
    assert agent.fonction == Fonction.GESTIONNAIRE
    assert client_verifie(agent).get(reverse("admin:index")).status_code == 200
    lignes = Evenement.objects.filter(acte="agent.fonction").order_by("pk").values_list("auteur", "details")
    assert list(lignes) == [
        (f"agent:{chef.pk}", {"agent": agent.pk, "ancienne": "gestionnaire", "fonction": "sans fonction"}),
        (f"agent:{chef.pk}", {"agent": agent.pk, "ancienne": "sans fonction", "fonction": "gestionnaire"}),
    ]
    assert Courriel.objects.filter(genre="agent_fonction", destinataire=agent.compte.email).count() == 2


@pytest.mark.parametrize("fonction", [Fonction.SURVEILLANCE, Fonction.AUDITEUR, Fonction.AUCUNE])
def test_jamais_au_dessus(chef: Agent, agent: Agent, fonction: str) -> None:
    """What a head does not hold is neither given nor taken; and « sans fonction » is not given, it is withdrawn."""
    with pytest.raises(FonctionHorsDePortee):
        donner_fonction(acteur=chef, agent=agent, fonction=fonction)
    if fonction == Fonction.AUCUNE:
        return
    au_dessus = AgentFactory(service_gestionnaire=chef.service_gestionnaire, fonction=fonction)
    for geste in (
        lambda: donner_fonction(acteur=chef, agent=au_dessus, fonction=Fonction.GESTIONNAIRE),
        lambda: retirer_fonction(acteur=chef, agent=au_dessus),
        lambda: reinitialiser_agent(acteur=chef, agent=au_dessus, preuve=PreuveIdentite.CARTE),
    ):
        with pytest.raises(FonctionHorsDePortee):
            geste()
    au_dessus.refresh_from_db()
    assert au_dessus.fonction == fonction
    assert au_dessus.compte.check_password(MOT_DE_PASSE)


@pytest.mark.parametrize("fonction", sorted(set(Fonction) - {Fonction.CHEF}))
def test_nul_autre_qu_un_chef(agent: Agent, fonction: str) -> None:
    acteur = AgentFactory(service_gestionnaire=agent.service_gestionnaire, fonction=fonction)
    for geste in gestes(acteur, agent):
        with pytest.raises(ChefRequis):
            geste()


def test_un_agent_parti_n_a_pas_d_acces_a_reinitialiser(chef: Agent, agent: Agent) -> None:
    """The button is hidden, and the act refuses: its account is nobody's to enter."""
    retirer_fonction(acteur=chef, agent=agent)
    for acteur in (chef, "systeme:reinitialiser_agent"):
        with pytest.raises(AgentSansFonction):
            reinitialiser_agent(acteur=acteur, agent=agent, preuve=PreuveIdentite.CARTE)
    client = client_verifie(chef)
    reponse = client.post(page("reinitialiser", agent), {"preuve": PreuveIdentite.CARTE})
    assert "plus de fonction" in reponse.content.decode()
    agent.compte.refresh_from_db()
    assert agent.compte.check_password(MOT_DE_PASSE)


def test_ni_soi_meme_ni_un_autre_service(chef: Agent) -> None:
    for geste in gestes(chef, chef):
        with pytest.raises(PasSoiMeme):
            geste()
    for geste in gestes(chef, AgentFactory()):
        with pytest.raises(AgentHorsDuService):
            geste()
    with pytest.raises(FonctionDejaTenue):
        donner_fonction(
            acteur=chef,
            agent=AgentFactory(service_gestionnaire=chef.service_gestionnaire),
            fonction=Fonction.GESTIONNAIRE,
        )


def gestes(acteur: Agent, agent: Agent) -> list[Any]:
    return [
        lambda: donner_fonction(acteur=acteur, agent=agent, fonction=Fonction.CHEF),
        lambda: retirer_fonction(acteur=acteur, agent=agent),
        lambda: reinitialiser_agent(acteur=acteur, agent=agent, preuve=PreuveIdentite.CARTE),
    ]


@pytest.mark.django_db(transaction=True)
def test_deux_chefs_qui_se_retirent_leur_fonction_n_en_laissent_pas_zero() -> None:
    """Each withdraws the other's at the same time: the second finds itself without."""
    un = AgentFactory(fonction=Fonction.CHEF)
    deux = AgentFactory(service_gestionnaire=un.service_gestionnaire, fonction=Fonction.CHEF)
    depart, issues = threading.Barrier(2), []

    def retirer(acteur: Agent, agent: Agent) -> None:
        depart.wait(10)
        try:
            retirer_fonction(acteur=acteur, agent=agent)
            issues.append("fait")
        except RegleMetier as regle:
            issues.append(regle.code)
        finally:
            connection.close()

    fils = [threading.Thread(target=retirer, args=paire) for paire in ((un, deux), (deux, un))]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join(20)
    assert sorted(issues) == ["chef_requis", "fait"]
    assert Agent.objects.filter(fonction=Fonction.CHEF).count() == 1


def test_le_chef_reinitialise_un_telephone_perdu_preuve_gardee_agent_prevenu(chef: Agent, agent: Agent) -> None:
    enroler(agent)
    client = client_verifie(chef)
    assert "preuve" in client.post(page("reinitialiser", agent), {}).content.decode()
    assert Application.objects.filter(user=agent.compte).exists()
    reponse = client.post(page("reinitialiser", agent), {"preuve": "RAPPEL"})
    agent.compte.refresh_from_db()
    contenu = reponse.content.decode()
    premier = contenu.partition("<code>")[2].partition("</code>")[0]
    assert agent.compte.check_password(premier)
    assert not Application.objects.filter(user=agent.compte).exists()
    ligne = Evenement.objects.get(acte="agent.reinitialise")
    assert (ligne.auteur, ligne.details) == (
        f"agent:{chef.pk}",
        {"agent": agent.pk, "preuve": "rappel au numéro de l’annuaire interne"},
    )
    courriel = Courriel.objects.get(genre="agent_reinitialise")
    assert courriel.destinataire == agent.compte.email
    assert premier not in str(courriel.contexte)
    assert premier not in client.get(reverse("admin:accounts_agent_change", args=[agent.pk])).content.decode()


def test_le_premier_mot_de_passe_meurt_s_il_ne_sert_pas(bureau: ServiceGestionnaire) -> None:
    """Given by the command or by a head, it opens the door for seven days, then nothing, and cannot be replaced by itself."""
    depart = timezone.now()
    with time_machine.travel(depart, tick=False):
        agent, premier = creer_agent(
            acteur="systeme:essai", email="anne@exemple.fr", nom="Martin", prenom="Anne", service=bureau
        )
    saisie = {"username": agent.compte.email, "password": premier}
    with time_machine.travel(depart + PREMIER_MOT_DE_PASSE_DUREE, tick=False):
        assert Client().post(reverse("admin:login"), saisie).status_code == 302
    with time_machine.travel(depart + PREMIER_MOT_DE_PASSE_DUREE + timedelta(seconds=1), tick=False):
        tard = Client()
        assert "il ne vaut plus" in tard.post(reverse("admin:login"), saisie).content.decode()
        assert "_auth_user_id" not in tard.session
        with pytest.raises(PremierMotDePassePerime):
            changer_mot_de_passe_agent(acteur=agent, nouveau=NOUVEAU)
        nouveau = reinitialiser_agent(acteur="systeme:essai", agent=agent, preuve=PreuveIdentite.PIECE)
        assert Client().post(reverse("admin:login"), {**saisie, "password": nouveau}).status_code == 302


def test_les_actes_graves_redemandent_le_mot_de_passe_et_ne_perdent_rien(chef: Agent, agent: Agent) -> None:
    """Proved ten minutes ago and more: the page asks it in place, carries what was typed, and acts once it is right."""
    client = client_verifie(chef)
    session = client.session
    session[PROUVE_LE] = timezone.now().timestamp() - 601
    session.save()
    assert client.get(page("nommer-chef", agent)).status_code == 200
    demande = client.post(page("nommer-chef", agent), {"motif": "Elle le remplace."}).content.decode()
    assert "Confirmer votre identité" in demande
    assert '<input type="hidden" name="motif" value="Elle le remplace.">' in demande
    assert reverse("admin:index") in demande
    faux = {"motif": "Elle le remplace.", "confirmation_mot_de_passe": "faux"}
    assert "pas reconnu" in client.post(page("nommer-chef", agent), faux).content.decode()
    assert not Contreseing.objects.exists()
    client.post(page("nommer-chef", agent), {**faux, "confirmation_mot_de_passe": MOT_DE_PASSE})
    assert Contreseing.objects.get().cle == str(agent.pk)


def test_la_liste_des_actes_qui_redemandent_le_mot_de_passe() -> None:
    """Named one by one: what touches agents, both looks of what two agents do, and what ends many rights at once."""

    def descendants(classe: type[PageActe]) -> set[type[PageActe]]:
        return {classe}.union(*(descendants(fille) for fille in classe.__subclasses__()))

    graves = {acte.nom for acte in descendants(PageActe) if acte.mot_de_passe_frais and acte.nom}
    du_guichet = {"nommer-chef", "deces", "contresigner", "retirer-adhesions", "liberer", "fermer"}
    de_la_surveillance = {
        "desactiver",
        "desactiver-ensemble",
        "annuler-desactivation",
        "diriger",
        "retablir",
        "pli",
    }  # who enters an espace, and who does not
    assert graves == {*PAGES, *du_guichet, *de_la_surveillance}


def test_sur_sa_propre_ligne_un_chef_ne_trouve_aucun_acte(chef: Agent, agent: Agent) -> None:
    client = client_verifie(chef)
    assert (
        page("nommer-chef", agent)
        in client.get(reverse("admin:accounts_agent_change", args=[agent.pk])).content.decode()
    )
    sienne = client.get(reverse("admin:accounts_agent_change", args=[chef.pk])).content.decode()
    assert page("donner-fonction", chef) not in sienne
    reponse = client.post(page("donner-fonction", chef), {"fonction": "GESTIONNAIRE"})
    assert "Nul ne change ses propres fonctions" in reponse.content.decode()
    chef.refresh_from_db()
    assert chef.fonction == Fonction.CHEF


def test_une_session_d_agent_finit_apres_trente_minutes_sans_rien_faire(agent: Agent) -> None:
    depart = timezone.now()
    with time_machine.travel(depart, tick=False):
        client = client_verifie(agent)
        assert client.get(reverse("admin:index")).status_code == 200
    with time_machine.travel(depart + timedelta(minutes=30), tick=False):
        assert client.get(reverse("admin:index")).status_code == 200
    with time_machine.travel(depart + timedelta(minutes=60, seconds=1), tick=False):
        assert client.get(reverse("admin:index"))["Location"].startswith(reverse("admin:login"))


def test_la_commande_donne_ce_qu_un_chef_ne_donne_pas(agent: Agent, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("donner_fonction", email=agent.compte.email.upper(), fonction="SURVEILLANCE")
    agent.refresh_from_db()
    assert agent.fonction == Fonction.SURVEILLANCE
    with pytest.raises(CommandError, match="déjà"):
        call_command("donner_fonction", email=agent.compte.email, fonction="SURVEILLANCE")
    with pytest.raises(CommandError, match="Aucun agent"):
        call_command("donner_fonction", email="inconnu@exemple.fr", fonction="CHEF")


@pytest.mark.parametrize("nom", ["change", "history", *PAGES])
def test_l_agent_d_un_autre_service_n_existe_pas(agent: Agent, nom: str) -> None:
    """Read or posted, by the head of another office: as if there were no such agent; nothing is done."""
    etranger = client_verifie(AgentFactory(fonction=Fonction.CHEF))
    inconnu = reverse(f"admin:accounts_agent_{nom}", args=[999_999_999])
    for methode in ("get", "post"):
        saisie = {"fonction": "CHEF", "preuve": "CARTE"} if methode == "post" else {}
        reponse = getattr(etranger, methode)(page(nom, agent), saisie)
        temoin = getattr(etranger, methode)(inconnu, saisie)
        assert reponse.status_code == temoin.status_code != 200
        assert reponse.headers.get("Location") == temoin.headers.get("Location")
        assert agent.compte.email not in reponse.content.decode()
    agent.refresh_from_db()
    assert agent.fonction == Fonction.GESTIONNAIRE
    assert not Evenement.objects.filter(acte__startswith="agent.").exists()
