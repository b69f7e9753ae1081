"""The page of a company and the page of an espace: what they say, to whom, and never a secret."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.actes import RECTIFICATION_FAITE
from accounts.espace.rectification import demander_rectification
from accounts.models import Agent, Application, CodeSecours, Courriel, Espace
from accounts.saisies.dates import jour
from accounts.traces.journal import consigner
from activation.courriers.codes import deriver_code
from activation.models import Courrier
from espacepro.gestion.dossiers import HABILITATIONS_MONTREES, lire_espace, lire_personne
from habilitations.depart.retraits import demander_retrait
from habilitations.models import Cessation, Role
from services.adresses.saisie import Saisie, saisir_adresse
from services.models import PersonneSirenisee
from services.registre.representants import enregistrer_representant
from tests.activation import scenes
from tests.espacepro.scenes import client_verifie, deposer
from tests.factories import (
    IBAN,
    MOT_DE_PASSE,
    AgentFactory,
    EspaceFactory,
    PersonneFactory,
    ServiceFactory,
    accorder,
    compte_bancaire,
    habiliter,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> Agent:
    return AgentFactory()


@pytest.fixture
def personne(agent: Agent) -> PersonneSirenisee:
    return PersonneFactory(
        service_gestionnaire=agent.service_gestionnaire, denomination="BOULANGERIE BEAUSÉJOUR", courriel="b@exemple.fr"
    )


@pytest.fixture
def karine(personne: PersonneSirenisee) -> Espace:
    """Titulaire of two services shared alike with Inès, and of a third that Hugo has too."""
    espace: Espace = EspaceFactory(prenom="Karine", nom="Vidal", siren_appartenance=personne.siren)
    ines, hugo = EspaceFactory(prenom="Inès", nom="Colin"), EspaceFactory(prenom="Hugo", nom="Marchal")
    with transaction.atomic():
        racines = [
            habiliter(espace, personne=personne, service=ServiceFactory(libelle=libelle, ordre=rang))
            for rang, libelle in enumerate(["Déclarer la TVA", "Payer la TVA", "Compte fiscal"])
        ]
        suppleances = [accorder(racine, ines, Role.SUPPLEANT) for racine in racines]
        accorder(suppleances[2], hugo, Role.ACTEUR)
    return espace


def page(agent: Agent, personne: PersonneSirenisee) -> str:
    reponse = client_verifie(agent).get(reverse("admin:services_personnesirenisee_change", args=[personne.pk]))
    assert reponse.status_code == 200
    return reponse.content.decode()


def page_espace(agent: Agent, espace: Espace) -> str:
    reponse = client_verifie(agent).get(reverse("admin:espace", args=[espace.pk]))
    assert reponse.status_code == 200
    return reponse.content.decode()


def test_les_services_partages_de_meme_ne_font_qu_un_arbre(
    agent: Agent, personne: PersonneSirenisee, karine: Espace
) -> None:
    partages = lire_personne(agent, personne).partages
    assert [[a.service.libelle for a in partage.adhesions] for partage in partages] == [
        ["Déclarer la TVA", "Payer la TVA"],
        ["Compte fiscal"],
    ]
    assert [n.habilitation.espace.prenom for n in partages[1].racine.dessous] == ["Inès"]
    assert [n.habilitation.espace.prenom for n in partages[1].racine.dessous[0].dessous] == ["Hugo"]
    texte = page(agent, personne)
    assert "Karine Vidal" in texte
    assert "mandat du" in texte
    assert reverse("admin:espace", args=[karine.pk]) in texte


def test_la_page_dit_d_ou_vient_chaque_fait(agent: Agent, personne: PersonneSirenisee, karine: Espace) -> None:
    saisir_adresse(
        acteur=agent,
        personne=personne,
        saisie=Saisie(voie="3 RUE NEUVE", code_postal="69002", commune="LYON"),
        motif="Déménagement",
        justificatif="Kbis du 12 mars",
    )
    enregistrer_representant(
        acteur=agent, personne=personne, nom="Petit", prenoms="Anne", qualite="Gérante", depuis_le=None, preuve="Kbis"
    )
    Cessation.objects.create(personne=personne)
    courrier = deposer(personne, karine, 1)
    texte = page(agent, personne)
    for dit in (
        "17 BOULEVARD HAUSSMANN",  # the register's own stays
        "3 RUE NEUVE, 69002 LYON",
        "corrigée par un agent",
        "Kbis du 12 mars",
        "Anne Petit",
        "constat d’un agent",
        "b@exemple.fr",
        "Cessation dite par le registre",
        courrier.demande.reference,
        "Adresse d",
    ):
        assert dit in texte, dit


def test_les_actes_sont_offerts_a_qui_agit(agent: Agent, personne: PersonneSirenisee, karine: Espace) -> None:
    texte = page(agent, personne)
    for acte in ("Saisir l’adresse des courriers", "Enregistrer le représentant légal", "Retirer"):
        assert acte in texte
    cellule = AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)
    lue = page(cellule, personne)
    assert "Rattacher à un autre service" in lue
    assert "Saisir l’adresse des courriers" not in lue
    assert "Retirer" not in lue


def test_ce_qui_attend_mene_a_sa_page(agent: Agent, personne: PersonneSirenisee, karine: Espace) -> None:
    (demande,) = demander_retrait(acteur=karine, habilitations=[karine.habilitations.get(service__ordre=0)])
    adresse = reverse("admin:habilitations_demanderetrait_change", args=[demande.pk])
    assert adresse in page(agent, personne)
    assert adresse in page_espace(agent, karine)


def test_un_espace_ne_dit_d_ailleurs_que_combien(agent: Agent, karine: Espace) -> None:
    ailleurs = PersonneFactory(denomination="DISCRETION ET FILS")
    with transaction.atomic():
        habiliter(karine, personne=ailleurs, service=ServiceFactory(libelle="Service discret"))
    deposer(ailleurs, karine, 7)
    texte = page_espace(agent, karine)
    assert "1 entreprise suivie par d" in texte
    for tu in ("DISCRETION", ailleurs.siren, ailleurs.siren_lisible, "Service discret", "D-2026-000007"):
        assert tu not in texte, tu
    assert "BOULANGERIE" in texte
    assert "DISCRETION" in page_espace(AgentFactory(fonction=Agent.Fonction.SURVEILLANCE), karine)


def test_un_espace_ne_dit_de_son_journal_que_ce_qui_est_du_bureau(
    agent: Agent, personne: PersonneSirenisee, karine: Espace
) -> None:
    ailleurs = PersonneFactory()
    colette, bureau = EspaceFactory(prenom="Colette", nom="Discrète"), AgentFactory(nom="AUTREBUREAU", prenom="Paul")
    with transaction.atomic():
        consigner(RECTIFICATION_FAITE, auteur=bureau, espace=karine)
        consigner(RECTIFICATION_FAITE, auteur=colette, espace=karine)
        consigner(RECTIFICATION_FAITE, auteur=karine, espace=karine)
        consigner(RECTIFICATION_FAITE, auteur=colette, espace=karine, siren=ailleurs.siren)
    avant = lire_espace(AgentFactory(fonction=Agent.Fonction.SURVEILLANCE), karine).journal
    assert [ligne.auteur for ligne in avant[:4]] == [
        "Colette Discrète",
        "Karine Vidal",
        "Colette Discrète",
        "un agent de l’administration",
    ]
    montrees = lire_espace(agent, karine).journal
    assert [ligne.auteur for ligne in montrees[:3]] == [
        "Karine Vidal",
        "un autre usager",
        "un agent de l’administration",
    ]
    texte = page_espace(agent, karine)
    assert "Discrète" not in texte
    assert "AUTREBUREAU" not in texte


def test_un_espace_dit_ses_courriels_sans_leur_texte(agent: Agent, karine: Espace) -> None:
    assert karine.compte is not None
    commun: dict[str, Any] = {"espace": karine, "destinataire": karine.compte.email}
    Courriel.objects.create(genre="espace_ouvert", acte="a", contexte={"nom": "SENTINELLE"}, **commun)
    Courriel.objects.create(genre="demande_deposee", acte="b", ecarte_le=timezone.now(), **commun)
    karine.compte.adresse_rejetee_le = timezone.now() - timedelta(days=3)
    karine.compte.save()
    demande = demander_rectification(acteur=karine, objet="AUTRE", texte="SENTINELLE")
    texte = page_espace(agent, karine)
    assert "SENTINELLE" not in texte
    assert "non remis" in texte
    assert jour(karine.compte.adresse_rejetee_le) in texte
    assert "usager professionnel" not in texte, "the mail of the office is none of theirs"
    assert reverse("admin:accounts_rectification_change", args=[demande.pk]) in texte


def test_aucun_secret_sur_ces_pages(agent: Agent, personne: PersonneSirenisee, karine: Espace) -> None:
    """Codes, passwords, answers, seeds, hashes, whole IBAN: each is looked for on both pages."""
    courrier = scenes.editer(scenes.adhesion(karine, personne))
    compte_bancaire(personne)
    compte = karine.compte
    assert compte is not None
    appareil = Application.objects.create(user=compte, name="application", confirmed=True)
    CodeSecours.objects.create(compte=compte, empreinte="e" * 64)
    courrier = Courrier.objects.get(pk=courrier.pk)
    code = deriver_code(demande=courrier.demande_id, numero=courrier.numero)
    secrets = [
        code,
        code.replace("-", ""),
        MOT_DE_PASSE,
        compte.password,
        karine.reponse_confiance,
        courrier.empreinte_code,
        IBAN,
        IBAN[4:],
        "e" * 64,
        appareil.graine_chiffree,
        compte.email,
    ]
    for texte in (page(agent, personne), page_espace(agent, karine)):
        for secret in secrets:
            assert secret not in texte
        assert str(karine.get_question_confiance_display()) not in texte


def test_les_questions_des_pages_ne_grandissent_pas(agent: Agent, personne: PersonneSirenisee, karine: Espace) -> None:
    def nombre(lire: Any, objet: Any) -> int:
        with CaptureQueriesContext(connection) as requetes:
            lire(agent, objet)
        return len(requetes)

    avant = nombre(lire_personne, personne), nombre(lire_espace, karine)
    with transaction.atomic():
        for rang in range(12):
            racine = habiliter(karine, personne=personne, service=ServiceFactory(ordre=10 + rang))
            accorder(racine, EspaceFactory(), Role.ACTEUR)
            habiliter(karine, personne=PersonneFactory(service_gestionnaire=agent.service_gestionnaire))
    for rang in range(5):
        deposer(personne, EspaceFactory(), rang)
    apres = nombre(lire_personne, personne), nombre(lire_espace, karine)
    assert apres[0] <= avant[0] + 2  # letters and services of demandes, once there are some
    assert apres[1] <= avant[1]
    assert HABILITATIONS_MONTREES >= 100
