"""The number of queries of a page does not depend on how many SIREN the espace holds (design.md §9)."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Espace
from habilitations.models import Adhesion, Habilitation, Mandat, Role
from tests.factories import EspaceFactory, MandatFactory, PersonneFactory, ServiceFactory, ServiceGestionnaireFactory

pytestmark = pytest.mark.django_db

PAGES = ["espace", "gerer_services", "demandes", "journal", "adherer", "activer"]


def portefeuille(nombre: int, services: int = 5) -> Espace:
    """Return an espace that is titulaire of some services for `nombre` SIREN."""
    espace, gestionnaire = EspaceFactory(), ServiceGestionnaireFactory()
    catalogue = [ServiceFactory(code=f"SERVICE_{i}") for i in range(services)]
    for _ in range(nombre):
        personne = PersonneFactory(service_gestionnaire=gestionnaire)
        mandat: Mandat = MandatFactory(personne=personne, mandataire=espace)
        for service in catalogue:
            adhesion = Adhesion.objects.create(personne=personne, service=service, mandat=mandat)
            Habilitation.objects.create(
                adhesion=adhesion, personne=personne, service=service, espace=espace, role=Role.TITULAIRE
            )
    return espace


def compter(navigateur: Client, adresse: str) -> int:
    navigateur.get(adresse)  # what a first visit alone does (the session's own row)
    with CaptureQueriesContext(
        connection,
    ) as requetes:
        reponse = navigateur.get(adresse)
    assert reponse.status_code in {200, 302}
    return len(requetes)


def test_meme_nombre_a_1_10_et_100_siren(client_de: Callable[[Espace], Client]) -> None:
    comptes: dict[str, list[int]] = {page: [] for page in PAGES}
    for nombre in (1, 10, 100):
        navigateur = client_de(portefeuille(nombre))
        for page in PAGES:
            comptes[page].append(compter(navigateur, reverse(page)))
    assert all(len(set(valeurs)) == 1 for valeurs in comptes.values()), comptes
    assert all(valeurs[0] <= 8 for valeurs in comptes.values()), comptes
