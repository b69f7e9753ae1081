"""What an agent reads of the journal and of the traces: names and words, no code and no JSON (issue 14, item 8)."""

import re

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.actes import AGENT_FONCTION, AGENT_REINITIALISE
from accounts.gestion.faits import en_faits, en_mots
from accounts.gestion.files import catalogue
from accounts.models import Agent, Evenement, TraceLecture
from accounts.traces.journal import consigner
from activation.actes import DEMANDE_DEPOSEE
from espacepro.gestion.mots import PAGES, objet_lu, qui
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, ServiceFactory

pytestmark = pytest.mark.django_db


def test_le_journal_se_lit_en_francais() -> None:
    agent = AgentFactory(fonction=Agent.Fonction.AUDITEUR)
    collegue, espace = AgentFactory(prenom="Odile", nom="Garnier"), EspaceFactory()
    ServiceFactory(code="TVA", libelle="Déclarer la TVA")
    with transaction.atomic():
        donnee = consigner(
            AGENT_FONCTION, auteur=collegue, details={"agent": 7, "ancienne": "gestionnaire", "fonction": "CHEF"}
        )
        consigner(AGENT_REINITIALISE, auteur="systeme:reinitialiser_agent", details={"agent": 7, "preuve": "carte"})
        consigner(DEMANDE_DEPOSEE, auteur=espace, siren=PersonneFactory().siren, service="TVA")
    client = client_verifie(agent)
    liste = client.get(reverse("admin:accounts_evenement_changelist")).content.decode()
    for mots in ("Odile Garnier", "le portail", espace.numero_lisible, "Déclarer la TVA"):
        assert mots in liste
    page = client.get(reverse("admin:accounts_evenement_change", args=[donnee.pk])).content.decode()
    assert "<dt>Ancienne fonction</dt><dd>gestionnaire</dd>" in page
    assert "<dt>Fonction</dt><dd>chef de service</dd>" in page
    personne = PersonneFactory(service_gestionnaire=collegue.service_gestionnaire)
    consigner(DEMANDE_DEPOSEE, auteur="systeme:importer_personnes", siren=personne.siren)
    ouverte = client_verifie(collegue).get(reverse("admin:services_personnesirenisee_change", args=[personne.pk]))
    assert "par le portail" in ouverte.content.decode()
    for texte in (liste, page, ouverte.content.decode()):
        assert not re.search(r"agent:\d|systeme:|agent\.fonction|&quot;:|\{&", texte)


def test_le_journal_ne_demande_pas_un_nom_par_ligne() -> None:
    client = client_verifie(AgentFactory(fonction=Agent.Fonction.AUDITEUR))
    client.get(reverse("admin:index"))

    def nombre() -> int:
        with CaptureQueriesContext(connection) as requetes:
            client.get(reverse("admin:accounts_evenement_changelist"))
        return len(requetes)

    consigner(AGENT_REINITIALISE, auteur=AgentFactory(), details={"agent": 1})
    avant = nombre()
    for _ in range(20):
        consigner(AGENT_REINITIALISE, auteur=AgentFactory(), details={"agent": 1})
    assert nombre() == avant


def test_les_lectures_se_lisent_en_francais_et_se_cherchent_par_nom() -> None:
    chef = AgentFactory(fonction=Agent.Fonction.CHEF)
    bureau = {"service_gestionnaire": chef.service_gestionnaire}
    odile, paul = (
        AgentFactory(prenom="Odile", nom="Garnier", **bureau),
        AgentFactory(prenom="Jean", nom="Colin", **bureau),
    )
    for agent in (odile, paul):
        client_verifie(agent).get(reverse("admin:chercher"), {"q": "boulangerie"})
    page = (
        client_verifie(chef).get(reverse("admin:accounts_tracelecture_changelist"), {"q": "garnier"}).content.decode()
    )
    assert "Odile Garnier" in page
    assert "Recherche du guichet" in page
    assert "Jean Colin" not in page
    trace = TraceLecture.objects.get(lecteur=f"agent:{odile.pk}")
    une = client_verifie(chef).get(reverse("admin:accounts_tracelecture_change", args=[trace.pk])).content.decode()
    assert "<dt>Entreprises trouvées</dt><dd>0</dd>" in une
    assert "gestion.recherche" not in une
    assert trace.cle not in page


def test_chaque_chose_lue_a_ses_mots() -> None:
    assert objet_lu("services.personnesirenisee") == "Personne sirénisée"
    assert [objet_lu(f"gestion.file.{code}") for code in catalogue()] == [
        f"File\u00a0: {file.libelle}" for file in catalogue().values()
    ]
    assert all(objet_lu(page) == mots for page, mots in PAGES.items())
    assert objet_lu("page_disparue") == "Page disparue"


@pytest.mark.parametrize(
    ("valeur", "mots"),
    [
        (True, "oui"),
        (False, "non"),
        (None, ""),
        (0, "0"),
        (["a", "b"], "a, b"),
        ({"adresse_ip": "::1", "x": ""}, "Adresse ip\u00a0: ::1"),
    ],
)
def test_une_valeur_en_mots(valeur: object, mots: str) -> None:
    assert en_mots(valeur) == mots


def test_les_faits_sont_echappes() -> None:
    assert "<b>" not in en_faits({"Motif": "<b>gras</b>"})
    assert en_faits({}) == ""


def test_qui_agit() -> None:
    numero = EspaceFactory().numero_abonne
    assert [
        qui(auteur, {"agent:3": "Anne Martin"}) for auteur in ("agent:3", "agent:4", "anonyme", "systeme:purger")
    ] == [
        "Anne Martin",
        "un agent de l’administration",
        "un visiteur",
        "le portail",
    ]
    assert qui(numero, {}).replace(" ", "") == numero


def test_chaque_ligne_offre_son_prochain_acte_a_qui_peut_le_faire() -> None:
    from tests.espacepro.scenes import dossier

    agent = AgentFactory()
    demande = dossier(agent, 1)["activation_demande"]
    liste = reverse("admin:activation_demande_changelist")
    refuser = reverse("admin:activation_demande_refuser", args=[demande.pk])
    assert refuser in client_verifie(agent).get(liste).content.decode()
    cellule = AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)
    assert refuser not in client_verifie(cellule).get(liste).content.decode()
    type(demande).objects.filter(pk=demande.pk).update(etat="EXPIREE", terminee_le=timezone.now())
    assert refuser not in client_verifie(agent).get(liste).content.decode()
    assert Evenement.objects.exists()


def test_le_vrai_et_le_faux_se_disent_en_mots() -> None:
    """The stock admin draws them, with « True » for who does not see the drawing."""
    agent = AgentFactory()
    personne = PersonneFactory(service_gestionnaire=agent.service_gestionnaire)
    service = ServiceFactory()
    client = client_verifie(agent)
    for adresse in (
        reverse("admin:services_personnesirenisee_changelist"),
        reverse("admin:services_service_changelist"),
        reverse("admin:services_service_change", args=[service.pk]),
    ):
        page = client.get(adresse)
        assert page.status_code == 200
        assert not re.search(r'alt="(True|False|None)"', page.content.decode()), adresse
        assert re.search(r">\s*(oui|non)\s*<", page.content.decode()), adresse
    assert personne.active
