"""The agents' acts at /gestion/: confirmed by a GET that writes nothing, done by a POST, for the own service alone."""

import html
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agent, Courriel, Evenement, TraceLecture
from accounts.traces.acteurs import Visiteur
from activation.demandes.signalements import signaler
from activation.demandes.suites import annuler_demande
from activation.models import Courrier, Demande, Signalement
from habilitations.depart.retraits import (
    AgentNonCompetent,
    RetraitDejaTraite,
    accorder_retrait,
    annuler_retrait,
    demander_retrait,
)
from habilitations.models import Adhesion, Cessation, DemandeRetrait, Habilitation, Role
from tests.activation import scenes
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, accorder, habiliter
from tests.habilitations.scenes import apercu_de
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db
# act -> model of its object, what the agent types
ACTES: dict[str, tuple[str, dict[str, str]]] = {
    "activation_courrier_revenu": ("courrier", {}),
    "activation_demande_refuser": ("demande", {"motif": "L’entreprise ne vous connaît pas."}),
    "activation_signalement_confirmer": ("signalement", {"motif": "L’entreprise ne vous connaît pas."}),
    "activation_signalement_ecarter": ("signalement", {}),
    "habilitations_adhesion_retirer": ("adhesion", {"motif": "Demande écrite du gérant."}),
    "habilitations_cessation_contester": ("cessation", {"motif": "Le greffe s'est trompé."}),
    "habilitations_cessation_fermer": ("cessation", {"motif": "Liquidation close."}),
    "habilitations_cessation_maintenir": ("cessation", {"motif": "Succession.", "jusqu_au": "2027-06-30"}),
    "habilitations_demanderetrait_accepter": ("retrait", {}),
    "habilitations_demanderetrait_refuser": ("retrait", {"reponse": "Une déclaration est attendue."}),
}
DES_QUE = pytest.mark.parametrize("acte", ACTES)


@pytest.fixture
def agent() -> Agent:
    return AgentFactory()


@pytest.fixture
def objets(agent: Agent) -> dict[str, Any]:
    """A demande and its letter, an adhésion with its tree, and the titulaire's request to leave it."""
    personne = PersonneFactory(service_gestionnaire=agent.service_gestionnaire)
    courrier = scenes.editer(scenes.adhesion(None, personne))
    scenes.remettre(courrier, timezone.now())
    racine = habiliter(EspaceFactory(nom="Racine"), personne=personne)
    suppleance = accorder(racine, EspaceFactory(nom="Suppleante"), Role.SUPPLEANT)
    acteur = accorder(suppleance, EspaceFactory(nom="Actrice"), Role.ACTEUR)
    cessation = Cessation.objects.create(personne=personne)
    (retrait,) = demander_retrait(acteur=racine.espace, habilitations=[racine], motif="Je pars")
    signaler(
        acteur=Visiteur(adresse_ip="203.0.113.7"),
        saisie=courrier.contenu["a_signaler"],
        texte="Voir http://evil.example",
        adresse_ip="203.0.113.7",
    )
    Courriel.objects.all().delete()
    return {
        "courrier": courrier,
        "demande": courrier.demande,
        "signalement": Signalement.objects.get(),
        "adhesion": racine.adhesion,
        "cessation": cessation,
        "retrait": retrait,
        "tree": [racine, suppleance, acteur],
    }


def page(acte: str, objets: dict[str, Any]) -> str:
    return reverse(f"admin:{acte}", args=[objets[ACTES[acte][0]].pk])


def fiche(acte: str, objets: dict[str, Any]) -> str:
    return reverse(f"admin:{acte.rpartition('_')[0]}_change", args=[objets[ACTES[acte][0]].pk])


def agir(client: Client, acte: str, objets: dict[str, Any], **choix: str) -> Any:
    """Post the act as a browser that shows its page: what ends is what was shown."""
    montre = apercu_de(client.get(page(acte, objets)).content.decode())
    return client.post(page(acte, objets), {**montre, **ACTES[acte][1], **choix})


def etat(objets: dict[str, Any]) -> list[Any]:
    """Return what the acts may change, as it is in the database."""
    return [
        sorted(modele.objects.values_list("pk", *champs))
        for modele, champs in (
            (Courrier, ["etat"]),
            (Demande, ["etat"]),
            (Signalement, ["decision"]),
            (Habilitation, ["fin_motif"]),
            (DemandeRetrait, ["etat"]),
            (Adhesion, ["fermee_motif"]),
            (Cessation, ["etat", "maintenue_jusqu_au"]),
            (Courriel, ["genre"]),
            (Evenement, []),
        )
    ]


@DES_QUE
def test_lire_la_page_n_ecrit_rien_et_la_fiche_y_mene(acte: str, agent: Agent, objets: dict[str, Any]) -> None:
    client, avant = client_verifie(agent), etat(objets)
    assert f'href="{page(acte, objets)}"' in client.get(fiche(acte, objets)).content.decode()
    with CaptureQueriesContext(connection) as requetes:
        reponse = client.get(page(acte, objets))
    assert reponse.status_code == 200
    assert etat(objets) == avant
    ecrites = [r["sql"] for r in requetes if r["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert [sql for sql in ecrites if "session" not in sql and "accounts_tracelecture" not in sql] == []
    assert client.put(page(acte, objets)).status_code == 405
    assert etat(objets) == avant


@DES_QUE
def test_l_agent_d_un_autre_service_ne_trouve_rien(acte: str, objets: dict[str, Any]) -> None:
    client, avant = client_verifie(AgentFactory()), etat(objets)
    absente = reverse(
        f"admin:{acte}",
        args=[0 if ACTES[acte][0] in {"adhesion", "cessation"} else "00000000-0000-4000-8000-000000000000"],
    )
    for adresse in (page(acte, objets), absente):
        for reponse in (client.get(adresse), client.post(adresse, ACTES[acte][1])):
            assert (reponse.status_code, reponse["Location"]) == (302, reverse("admin:index"))
    assert etat(objets) == avant


@DES_QUE
def test_la_surveillance_lit_et_ne_decide_pas(acte: str, agent: Agent, objets: dict[str, Any]) -> None:
    """Neither elsewhere nor in the service to which the cell itself is attached."""
    for service in ({}, {"service_gestionnaire": agent.service_gestionnaire}):
        client = client_verifie(AgentFactory(fonction=Agent.Fonction.SURVEILLANCE, **service))
        avant = etat(objets)
        lue = client.get(fiche(acte, objets))
        assert lue.status_code == 200
        assert page(acte, objets) not in lue.content.decode()
        assert client.get(page(acte, objets)).status_code == 403
        assert client.post(page(acte, objets), ACTES[acte][1]).status_code == 403
        assert etat(objets) == avant


@DES_QUE
def test_sans_second_facteur_ni_compte_d_agent(
    acte: str, agent: Agent, objets: dict[str, Any], client_de: Callable[[Any], Client]
) -> None:
    avant = etat(objets)
    non_verifie = Client()
    non_verifie.force_login(agent.compte, backend="accounts.portes.connexion.CompteBackend")
    for client, attendu in ((non_verifie, 302), (Client(), 302), (client_de(EspaceFactory()), 404)):
        assert client.get(page(acte, objets)).status_code == attendu
        assert client.post(page(acte, objets), ACTES[acte][1]).status_code == attendu
    assert etat(objets) == avant


@pytest.mark.parametrize(
    "acte", [acte for acte in ACTES if not acte.endswith("_maintenir")]
)  # that one may be prolonged
def test_faire_deux_fois_le_meme_acte(acte: str, agent: Agent, objets: dict[str, Any]) -> None:
    """The second is refused in French, changes nothing, and no longer offers the button."""
    client = client_verifie(agent)
    reponse = agir(client, acte, objets)
    assert (reponse.status_code, reponse["Location"]) == (302, fiche(acte, objets))
    lue = client.get(fiche(acte, objets)).content.decode()
    assert "messagelist" in lue
    assert page(acte, objets) not in lue
    avant = etat(objets)
    encore = client.post(page(acte, objets), ACTES[acte][1])
    assert encore.status_code == 200
    refus = {
        "activation_courrier_revenu": "Cette lettre est déjà enregistrée comme revenue le ",
        "activation_demande_refuser": "Cette demande est terminée (refusée)",
        "activation_signalement_confirmer": "Ce signalement a déjà été examiné.",
        "activation_signalement_ecarter": "Ce signalement a déjà été examiné.",
        "habilitations_adhesion_retirer": "Cette adhésion est déjà fermée.",
        "habilitations_cessation_contester": "n’attend plus de décision (le registre est inexact)",
        "habilitations_cessation_fermer": "n’attend plus de décision (services fermés)",
        "habilitations_demanderetrait_accepter": "n’attend plus de réponse (acceptée)",
        "habilitations_demanderetrait_refuser": "n’attend plus de réponse (refusée)",
    }[acte]
    assert refus in html.unescape(encore.content.decode())
    assert etat(objets) == avant
    retour = client.get(page(acte, objets))
    assert (retour.status_code, retour["Location"]) == (302, fiche(acte, objets))


@pytest.mark.parametrize(
    ("acte", "champ", "saisie"),
    [
        ("activation_demande_refuser", "motif", " \n "),
        ("activation_demande_refuser", "motif", "x" * 301),
        ("habilitations_adhesion_retirer", "motif", ""),
        ("habilitations_cessation_contester", "motif", " "),
        ("habilitations_cessation_fermer", "motif", "x" * 301),
        ("habilitations_cessation_maintenir", "motif", ""),
        ("habilitations_demanderetrait_refuser", "reponse", "  "),
        ("habilitations_demanderetrait_refuser", "reponse", "x" * 501),
    ],
)
def test_dire_pourquoi(acte: str, champ: str, saisie: str, agent: Agent, objets: dict[str, Any]) -> None:
    client, avant = client_verifie(agent), etat(objets)
    reponse = client.post(page(acte, objets), {champ: saisie})
    assert reponse.status_code == 200
    assert TraceLecture.objects.get().cle == str(objets[ACTES[acte][0]].pk), (
        "a refused act shows its object all the same"
    )
    assert champ in reponse.context["formulaire"].errors
    assert etat(objets) == avant


def test_le_courrier_revenu(agent: Agent, objets: dict[str, Any]) -> None:
    client_verifie(agent).post(page("activation_courrier_revenu", objets))
    objets["courrier"].refresh_from_db()
    assert objets["courrier"].etat == Courrier.Etat.NPAI
    assert Evenement.objects.get(acte="courrier.revenu").auteur == f"agent:{agent.pk}"
    assert Courriel.objects.get(genre="courrier_revenu").destinataire == objets["demande"].espace.compte.email


def test_la_demande_refusee_dit_pourquoi_sur_une_ligne(agent: Agent, objets: dict[str, Any]) -> None:
    motif = "L’entreprise ne vous connaît pas.\n\nhttps://ailleurs.exemple/"
    client_verifie(agent).post(page("activation_demande_refuser", objets), {"motif": motif})
    objets["demande"].refresh_from_db()
    assert objets["demande"].etat == Demande.Etat.REFUSEE
    attendu = "L’entreprise ne vous connaît pas. https://ailleurs.exemple/"
    assert objets["demande"].motif_refus == attendu
    assert Courriel.objects.get(genre="demande_refusee").contexte["motif"] == attendu


def test_refuser_une_creation_simplifiee_laisse_une_fiche_a_lire(agent: Agent) -> None:
    personne = PersonneFactory(service_gestionnaire=agent.service_gestionnaire, courriel=scenes.ENTREPRISE)
    scenes.services_du_bouquet()
    demande = scenes.confirmer(scenes.inscrire(personne))
    client = client_verifie(agent)
    adresse = reverse("admin:activation_demande_refuser", args=[demande.pk])
    assert "est effacé" in client.get(adresse).content.decode()
    reponse = client.post(adresse, {"motif": "Usurpation signalée"}, follow=True)
    assert reponse.status_code == 200
    assert "refusée" in reponse.content.decode()


@pytest.mark.parametrize("acte", ["habilitations_adhesion_retirer", "habilitations_demanderetrait_accepter"])
def test_tout_ce_qui_tombe_est_montre_puis_tombe_et_chacun_le_sait(
    acte: str, agent: Agent, objets: dict[str, Any]
) -> None:
    client = client_verifie(agent)
    voisine = habiliter(objets["tree"][0].espace, personne=objets["adhesion"].personne)
    texte = client.get(page(acte, objets)).content.decode()
    for habilitation in objets["tree"]:
        assert texte.count(habilitation.espace.numero_lisible) == 1
    agir(client, acte, objets)
    connection.check_constraints()
    assert set(Habilitation.objects.vivantes()) == {voisine}
    objets["adhesion"].refresh_from_db()
    assert objets["adhesion"].fermee_motif == Adhesion.Motif.RETRAIT_GESTIONNAIRE
    assert DemandeRetrait.objects.get().etat == DemandeRetrait.Etat.ACCEPTEE
    retires = Courriel.objects.filter(genre="adhesion_retiree")
    assert sorted(retires.values_list("destinataire", flat=True)) == sorted(
        habilitation.espace.compte.email for habilitation in objets["tree"]
    )
    assert all(courriel.contexte["motif"] for courriel in retires)
    assert Evenement.objects.get(acte="adhesion.retiree").auteur == f"agent:{agent.pk}"
    accordes = Evenement.objects.filter(acte="retrait.accepte", auteur=f"agent:{agent.pk}")
    assert accordes.count() == (acte == "habilitations_demanderetrait_accepter")


def test_le_retrait_refuse_laisse_tout_en_place(agent: Agent, objets: dict[str, Any]) -> None:
    acte = "habilitations_demanderetrait_refuser"
    client_verifie(agent).post(page(acte, objets), ACTES[acte][1])
    assert Habilitation.objects.vivantes().count() == 3
    courriel = Courriel.objects.get(genre="retrait_refuse")
    assert courriel.contexte["reponse"] == "Une déclaration est attendue."
    assert courriel.destinataire == objets["tree"][0].espace.compte.email


def test_une_demande_de_retrait_reprise_ne_ferme_plus_rien(agent: Agent, objets: dict[str, Any]) -> None:
    """The page was open when the titulaire thought better of it: the adhésion goes on."""
    client, ouverte = client_verifie(agent), page("habilitations_demanderetrait_accepter", objets)
    montre = apercu_de(client.get(ouverte).content.decode())
    annuler_retrait(acteur=objets["tree"][0].espace, demande=objets["retrait"])
    reponse = client.post(ouverte, montre)
    assert "annulée" in reponse.content.decode()
    assert Habilitation.objects.vivantes().count() == 3
    with pytest.raises(RetraitDejaTraite):
        accorder_retrait(acteur=agent, demande=objets["retrait"])


@pytest.mark.django_db(transaction=True)
def test_accorder_contre_renoncer(tours: Callable[[int], int]) -> None:
    """Two agents grant while the titulaire takes the request back: one of the three wins, and the adhésion follows."""
    for _ in range(tours(100)):
        with transaction.atomic():
            racine = habiliter(EspaceFactory())
            agents = [AgentFactory(service_gestionnaire=racine.personne.service_gestionnaire) for _ in range(2)]
        (retrait,) = demander_retrait(acteur=racine.espace, habilitations=[racine])

        def courir(rang: int, d: DemandeRetrait = retrait, a: list[Agent] = agents) -> object:
            if rang == 2:
                return annuler_retrait(acteur=d.demandeur, demande=d)
            return accorder_retrait(acteur=a[rang], demande=d)

        resultats = en_parallele(3, courir)
        assert sum(isinstance(resultat, RetraitDejaTraite) for resultat in resultats) == 2, resultats
        retrait.refresh_from_db()
        racine.refresh_from_db()
        assert racine.est_vivante is (retrait.etat == DemandeRetrait.Etat.ANNULEE)


def test_accorder_est_pour_l_agent_competent(objets: dict[str, Any]) -> None:
    with pytest.raises(AgentNonCompetent):
        accorder_retrait(acteur=AgentFactory(), demande=objets["retrait"])
    assert Habilitation.objects.vivantes().count() == 3


def test_les_demandes_de_retrait_adressees_au_service_celles_qui_attendent_d_abord(
    agent: Agent, objets: dict[str, Any]
) -> None:
    """Not those that a delegate addresses to the titulaire."""
    acteur = objets["tree"][2]
    (au_titulaire,) = demander_retrait(acteur=acteur.espace, habilitations=[acteur])
    autre = habiliter(EspaceFactory(), personne=objets["adhesion"].personne)
    (renoncee,) = demander_retrait(acteur=autre.espace, habilitations=[autre])
    annuler_retrait(acteur=autre.espace, demande=renoncee)
    client = client_verifie(agent)
    liste = client.get(reverse("admin:habilitations_demanderetrait_changelist"))
    assert list(liste.context["cl"].result_list) == [objets["retrait"], renoncee]
    for suffixe in ("change", "accepter", "refuser"):
        adresse = reverse(f"admin:habilitations_demanderetrait_{suffixe}", args=[au_titulaire.pk])
        assert client.get(adresse)["Location"] == reverse("admin:index")


def test_ce_qui_ne_peut_plus_se_faire_n_est_pas_propose(agent: Agent, objets: dict[str, Any]) -> None:
    client = client_verifie(agent)
    annuler_demande(acteur=objets["demande"].espace, demande=objets["demande"])
    for acte in ("activation_courrier_revenu", "activation_demande_refuser"):
        assert page(acte, objets) not in client.get(fiche(acte, objets)).content.decode()
        assert client.get(page(acte, objets))["Location"] == fiche(acte, objets)


def test_le_nombre_de_requetes_ne_depend_pas_de_ce_qui_tombe(agent: Agent, objets: dict[str, Any]) -> None:
    client = client_verifie(agent)
    adresse = page("habilitations_adhesion_retirer", objets)
    comptes = []
    for nombre in (1, 30):
        with transaction.atomic():
            for _ in range(nombre):
                accorder(objets["tree"][0], EspaceFactory(), Role.ACTEUR)
        client.get(adresse)
        with CaptureQueriesContext(connection) as requetes:
            client.get(adresse)
        comptes.append(len(requetes))
    assert comptes[0] == comptes[1]
    assert comptes[0] <= 15, "twelve, and the trace of reading in its savepoint"


def test_aucune_action_en_masse() -> None:
    assert {page.actions for page in admin.site._registry.values()} == {None}


def test_ce_que_l_entreprise_a_ecrit_se_lit_cite_et_sans_lien(agent: Agent, objets: dict[str, Any]) -> None:
    client = client_verifie(agent)
    for adresse in (fiche, page):
        lue = client.get(adresse("activation_signalement_confirmer", objets)).content.decode()
        assert "«\u00a0Voir evil. example\u00a0»" in lue
        assert "http://evil" not in lue


def test_le_code_a_barres_mene_au_courrier(agent: Agent, objets: dict[str, Any]) -> None:
    client, courrier = client_verifie(agent), objets["courrier"]
    scenes.editer(scenes.adhesion(None, courrier.demande.personne))
    liste = reverse("admin:activation_courrier_changelist")
    trouves = client.get(liste, {"q": str(courrier).lower()}).context["cl"].result_list
    assert [trouve.pk for trouve in trouves] == [courrier.pk]
    assert not client.get(liste, {"q": f"{courrier.demande.reference}-3"}).context["cl"].result_list
