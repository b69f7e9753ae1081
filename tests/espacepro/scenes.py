"""Every door of the portal, an agent's browser, and a dossier that an agent may read."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts.models import Agent, Application, Contreseing, Espace
from accounts.traces.journal import consigner
from activation.actes import DEMANDE_DEPOSEE
from activation.models import Courrier, Demande, LigneDemande, Signalement
from habilitations.models import DemandeRetrait, Habilitation
from services.models import PersonneSirenisee
from surveillance.models import Alerte, SuiteAlerte
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, ServiceFactory, compte_signale, habiliter

VALEURS = {
    "siren": "552032534",
    "code": "DECL_TVA",
    "reference": "D-2026-AAAAAAAA",
    "jeton": "x" * 54,
    "pk": "00000000-0000-0000-0000-000000000000",
}


def motifs(resolveur: URLResolver | None = None, prefixe: str = "", espace: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield (namespace, url name, path) of every door of the portal."""
    for entree in (resolveur or get_resolver()).url_patterns:
        chemin = prefixe + str(entree.pattern)
        if isinstance(entree, URLResolver):
            yield from motifs(entree, chemin, espace or entree.namespace or "")
        elif isinstance(entree, URLPattern):
            yield espace, entree.name or "", chemin


TOUS = list(motifs())
NOMS = sorted({nom for espace, nom, _ in TOUS if not espace})


def adresse(nom: str) -> str:
    """Return an address of this page, its parameters filled with values of nobody."""
    chemin = next(c for e, n, c in TOUS if n == nom and not e)

    def valeur(trouve: re.Match[str]) -> str:
        convertisseur, _, parametre = trouve[1].rpartition(":")
        return {"uuid": VALEURS["pk"], "int": "0"}.get(convertisseur, VALEURS.get(parametre, "x"))

    return "/" + re.sub(r"<([^>]+)>", valeur, chemin)


def client_verifie(agent: Agent) -> Client:
    """A browser that has passed the door."""
    client = Client()
    client.force_login(agent.compte, backend="accounts.portes.connexion.CompteBackend")
    appareil = Application.objects.filter(user=agent.compte, confirmed=True).first() or Application.objects.create(
        user=agent.compte, name="application", confirmed=True
    )
    session = client.session
    session["otp_device_id"] = appareil.persistent_id
    session.save()
    return client


def deposer(personne: PersonneSirenisee, espace: Espace, rang: int) -> Courrier:
    """A demande with a service, and its letter."""
    demande = Demande.objects.create(
        reference=f"D-2026-{rang:06d}", nature="ADHESION", espace=espace, personne=personne, qualite="MANDATAIRE"
    )
    LigneDemande.objects.create(demande=demande, service=ServiceFactory(code="TVA"))
    return Courrier.objects.create(demande=demande, empreinte_code=f"{rang:064x}", empreinte=f"{rang + 7:064x}")


def dossier(agent: Agent, rang: int) -> dict[str, Any]:
    """One row of everything, for a personne of this agent's service."""
    personne = PersonneFactory(service_gestionnaire=agent.service_gestionnaire)
    espace = EspaceFactory()
    with transaction.atomic():
        habilitation: Habilitation = habiliter(espace, personne=personne, service=ServiceFactory(code="TVA"))
        evenement = consigner(DEMANDE_DEPOSEE, auteur=espace, siren=personne.siren, service="TVA")
    courrier = deposer(personne, espace, rang)
    signalement = compte_signale(personne, espace, espace)
    retrait = DemandeRetrait.objects.create(
        habilitation=habilitation, demandeur=espace, service_gestionnaire=agent.service_gestionnaire
    )
    return {
        "services_personnesirenisee": personne,
        "services_referencebancaire": signalement.changement.reference,
        "services_signalementbancaire": signalement,
        "activation_demande": courrier.demande,
        "activation_courrier": courrier,
        "activation_signalement": Signalement.objects.create(demande=courrier.demande, origine="COURRIER"),
        "habilitations_adhesion": habilitation.adhesion,
        "habilitations_habilitation": habilitation,
        "habilitations_mandat": habilitation.adhesion.mandat,
        "habilitations_demanderetrait": retrait,
        "accounts_evenement": evenement,
        "accounts_servicegestionnaire": agent.service_gestionnaire,
    }


def contreseing(agent: Agent, espace: Espace) -> Contreseing:
    """A deletion after a death that a colleague of this agent asks for: the agent's to look at."""
    return Contreseing.objects.create(
        genre="DECES",
        cle=str(espace.pk),
        espace=espace,
        service_gestionnaire=agent.service_gestionnaire,
        demandeur=AgentFactory(service_gestionnaire=agent.service_gestionnaire),
        motif="Présenté par son épouse.",
        parametres={"preuve": "ACTE", "preuve_le": "2026-11-02"},
        avant_le=timezone.now(),
    )


def alerte_avec_question(espace: Espace, agent: Agent, *, posee: bool = True) -> Alerte:
    """An alert about this espace that waits, which its holder is asked about where `posee`."""
    alerte = Alerte.objects.create(compte=espace.compte, motif="usage_parallele", gravite=2)
    if posee:
        SuiteAlerte.objects.create(
            alerte=alerte,
            genre=SuiteAlerte.Genre.QUESTION,
            espace=espace,
            agent=agent,
            expire_le=timezone.now() + timedelta(days=7),
        )
    return alerte
