"""Every act of an agent, refused because its object has changed since the page was shown: a sentence, never a 500 (issue 9)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.gestion.agents import PreuveIdentite
from accounts.gestion.page_acte import ActeChoisi, PageActe
from accounts.models import Agent, Contreseing, Rectification, ServiceGestionnaire
from accounts.saisies.regles import RegleMetier
from activation.models import Courrier, Demande, Signalement
from habilitations.models import Adhesion, Cessation, DemandeRetrait
from services.models import (
    Brouillon,
    Echange,
    ModeleDeReponse,
    PersonneSirenisee,
    ReferenceBancaire,
    SignalementBancaire,
)
from surveillance.models import Alerte, BlocageIP
from tests.activation import scenes
from tests.espacepro.scenes import client_verifie, contreseing
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, compte_signale, echanger, habiliter
from tests.habilitations.scenes import apercu_de

pytestmark = pytest.mark.django_db


class Refus(RegleMetier):
    code = "refus_d_essai"
    message = "Quelqu’un a décidé entre-temps."


# Each file is an act of its own, refused by itself beside those that are joined: tests/services/messagerie/pieces.
PAR_FICHIERS = {"services_echange_fichiers", "services_echange_piece-fichiers"}
# What is typed there is kept, to be read again on the page that acts: tests/services/messagerie/test_relire_du_bureau.py.
# Offered for several espaces of one cause, each of which has its own refusal: tests/surveillance/alertes/test_alertes.py.
DE_CHACUN = {"surveillance_alerte_desactiver-ensemble"}
GARDENT = {f"services_echange_{nom}" for nom in ("repondre", "piece", "transferer")}


def pages() -> dict[str, tuple[Any, type[PageActe]]]:
    """Return every act of an agent, by the name of its address, with the admin of its object."""
    return {
        f"{modele._meta.app_label}_{modele._meta.model_name}_{acte.nom}": (site, acte)
        for modele, site in admin.site._registry.items()
        for acte in getattr(site, "actes", ())
    }


@pytest.fixture
def agent() -> Agent:
    """A head of office: no act of an office is closed to one."""
    return AgentFactory(fonction=Agent.Fonction.CHEF)


def qui_agit(acte: type[PageActe], agent: Agent) -> Agent:
    """Return the head of office, or an agent of the cell for what is the cell's alone."""
    if agent.fonction in acte.fonctions:
        return agent
    return AgentFactory(fonction=min(acte.fonctions), service_gestionnaire=agent.service_gestionnaire)


@pytest.fixture
def objets(agent: Agent) -> dict[type, Any]:
    personne = PersonneFactory(siren="12A456789", provisoire=True, service_gestionnaire=agent.service_gestionnaire)
    courrier = scenes.editer(scenes.adhesion(None, personne))
    racine = habiliter(EspaceFactory(), personne=personne)
    signalement = compte_signale(personne, racine.espace, EspaceFactory())
    echange = echanger(personne, etat="ENVOYE")
    Brouillon.objects.create(agent=agent, personne=personne, echange=echange, texte="Bonjour")
    return {
        SignalementBancaire: signalement,
        ReferenceBancaire: signalement.changement.reference,
        PersonneSirenisee: personne,
        Courrier: courrier,
        Demande: courrier.demande,
        Signalement: Signalement.objects.create(
            demande=courrier.demande, origine=Signalement.Origine.COURRIER, recu_le=timezone.now()
        ),
        Adhesion: racine.adhesion,
        Cessation: Cessation.objects.create(personne=personne),
        DemandeRetrait: DemandeRetrait.objects.create(
            habilitation=racine,
            demandeur=racine.espace,
            service_gestionnaire=agent.service_gestionnaire,
        ),
        Rectification: Rectification.objects.create(
            espace=racine.espace, service_gestionnaire=agent.service_gestionnaire, objet="AUTRE", texte="x"
        ),
        ServiceGestionnaire: agent.service_gestionnaire,
        Echange: echange,
        ModeleDeReponse: ModeleDeReponse.objects.create(
            service_gestionnaire=agent.service_gestionnaire, titre="Accusé", texte="Bonjour"
        ),
        BlocageIP: BlocageIP.objects.create(reseau="203.0.113.0/24", motif="robot"),
        Alerte: Alerte.objects.create(compte=racine.espace.compte, motif="usage_parallele"),
        Contreseing: contreseing(agent, racine.espace),
        Agent: AgentFactory(service_gestionnaire=agent.service_gestionnaire),
    }


def poster(client: Client, nom: str, objet: Any, objets: dict[type, Any]) -> Any:
    """Post the act as a browser that shows its page, where it is offered; what it chooses from is ticked first."""
    adresse = reverse(f"admin:{nom}", args=[objet.pk])
    saisie = {"motif": "Motif", "adhesions": [objets[Adhesion].pk], "preuve": PreuveIdentite.values[0]}
    if nom.endswith("_transferer-relire"):
        ecrire = reverse("admin:services_echange_transferer", args=[objet.pk])
        client.post(ecrire, {"vers": AgentFactory().service_gestionnaire.pk, "motif": "Relève d’un autre"})
    montre = client.get(adresse)
    if nom.endswith("_retirer-adhesions"):
        montre = client.post(adresse, saisie)
    return client.post(adresse, {**saisie, **(apercu_de(montre.content.decode()) if montre.status_code == 200 else {})})


def accepter_la_saisie(monkeypatch: pytest.MonkeyPatch, acte: type[PageActe]) -> None:
    """Let any form through: what is tried is the page of a refusal, not the form's own checks."""
    for classe in acte.mro():
        if "form_class" in vars(classe):
            monkeypatch.setattr(classe.form_class, "is_valid", lambda self: self.errors is not None)
            break


@pytest.mark.parametrize("nom", sorted(set(pages()) - PAR_FICHIERS - GARDENT - DE_CHACUN))
@pytest.mark.parametrize("change", ["rien", "tout", "parti"])
def test_le_refus_se_montre_quoi_que_l_acte_ait_change(
    nom: str, change: str, agent: Agent, objets: dict[type, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The act refuses after it has changed the row in memory, in the database, or when the row has gone."""
    site, acte = pages()[nom]
    objet = objets[site.model]

    def refuser(self: PageActe, form: Any) -> None:
        if change != "rien":
            for champ in self.objet._meta.concrete_fields:
                if champ.null or champ.is_relation:
                    setattr(self.objet, champ.attname, None)
        if change == "parti":
            monkeypatch.setattr(site, "get_object", lambda *_: None)
        raise Refus

    monkeypatch.setattr(acte, "agir", refuser)
    if not issubclass(acte, ActeChoisi):  # whose form says what is chosen
        accepter_la_saisie(monkeypatch, acte)
    reponse = poster(client_verifie(qui_agit(acte, agent)), nom, objet, objets)
    if change == "parti":
        assert reponse.status_code == 302
    else:
        assert reponse.status_code == 200
        assert "entre-temps" in reponse.content.decode()


def test_chaque_acte_a_son_objet_ici(objets: dict[type, Any]) -> None:
    assert {site.model for site, _ in pages().values()} == set(objets)


FINS: dict[type, Callable[[Any], object]] = {
    Courrier: lambda c: Courrier.objects.filter(pk=c.pk).update(remplace_le=timezone.now()),
    Demande: lambda d: Demande.objects.filter(pk=d.pk).update(etat=Demande.Etat.ANNULEE, terminee_le=timezone.now()),
    Cessation: lambda c: Cessation.objects.filter(pk=c.pk).update(
        etat=Cessation.Etat.CONTESTEE, terminee_le=timezone.now()
    ),
}


@pytest.mark.parametrize("nom", sorted(nom for nom, (site, _) in pages().items() if site.model in FINS))
def test_un_objet_fini_depuis_que_la_page_est_ouverte(
    nom: str, agent: Agent, objets: dict[type, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, acte = pages()[nom]
    FINS[site.model](objets[site.model])
    reponse = poster(client_verifie(qui_agit(acte, agent)), nom, objets[site.model], objets)
    assert reponse.status_code == 200
    assert acte.titre in reponse.content.decode().replace("&#x27;", "'")
