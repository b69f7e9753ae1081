"""A company, its paying service, and whoever holds it in each role."""

import time
from dataclasses import dataclass

from django.test import Client

from accounts.models import Espace
from habilitations.models import Role
from services.models import PersonneSirenisee, Service
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

IBAN = "FR7630006000011234567890189"
AUTRE = "FR1420041010050500013M02606"
SENTINELLE = "FR7610011000201234567890188"


@dataclass(frozen=True)
class Entreprise:
    """Who holds what: four roles on a paying service, a titulaire of another service only, and a stranger."""

    personne: PersonneSirenisee
    titulaire: Espace
    suppleant: Espace
    delegant: Espace
    acteur: Espace
    declarant: Espace
    etranger: Espace


def payer() -> Service:
    return ServiceFactory(code="PAYER_TVA", paiement=True, famille=Service.Famille.PAYER, libelle="Payer la TVA")


def monter() -> Entreprise:
    personne = PersonneFactory(denomination="ATELIER ROUSSEL", courriel="compta@atelier-roussel.fr")
    racine = habiliter(EspaceFactory(nom="Roussel"), personne=personne, service=payer())
    suppleance = accorder(racine, EspaceFactory(nom="Vidal"), Role.SUPPLEANT)
    delegation = accorder(suppleance, EspaceFactory(nom="Simon"), Role.ACTEUR_DELEGANT)
    acteur = accorder(delegation, EspaceFactory(nom="Petit"), Role.ACTEUR)
    declarant = habiliter(EspaceFactory(nom="Roche"), personne=personne, service=ServiceFactory(code="DECL_TVA"))
    return Entreprise(
        personne,
        racine.espace,
        suppleance.espace,
        delegation.espace,
        acteur.espace,
        declarant.espace,
        EspaceFactory(nom="Inconnu"),
    )


def client_de(espace: Espace) -> Client:
    """Return the browser of this holder, whose password was just proved."""
    client = Client()
    client.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
    session = client.session
    session["prouve_le"] = time.time()
    session.save()
    return client
