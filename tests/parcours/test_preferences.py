"""A titulaire chooses one mail a day, and the next morning's mail says who was given access (issue 10.10)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.envois.courriels import composer
from accounts.models import Courriel, Espace
from habilitations.models import Habilitation, Role
from habilitations.partage.delegations import deleguer
from habilitations.partage.temoins import resumer_accords
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db(transaction=True)


def test_un_courriel_par_jour(
    live_server: LiveServer, page: Page, connecte: Espace, regarder: Callable[[], None], plaintes: list[str]
) -> None:
    delegante = EspaceFactory(nom="Simon", prenom="Chloé")
    with transaction.atomic():
        racine = habiliter(
            connecte,
            personne=PersonneFactory(denomination="GARAGE DU PONT NEUF"),
            service=ServiceFactory(code="DECL_TVA", libelle="Déclarer la TVA"),
        )
        accorder(racine, delegante, Role.ACTEUR_DELEGANT)
        Habilitation.objects.update(accordee_le=timezone.now() - timedelta(days=30))
    page.goto(live_server.url + "/espace/gerer-les-services/")
    page.get_by_role("link", name="Préférences d’avis").click()
    page.get_by_text("Une fois par jour, le matin").click()
    regarder()
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("Vos préférences sont enregistrées.")).to_be_visible()
    deleguer(
        acteur=delegante,
        adhesions=[racine.adhesion],
        beneficiaire=EspaceFactory(nom="Amrani", prenom="Driss"),
        role=Role.ACTEUR,
    )
    assert resumer_accords(maintenant=timezone.now() + timedelta(days=1)) == 1
    message = composer(Courriel.objects.get(genre="resume_accords"))
    assert "Chloé Simon a habilité Driss Amrani, acteur : GARAGE DU PONT NEUF" in str(message.body)
    assert plaintes == []
    courriel = page.context.new_page()  # a mailbox is no page of the portal
    courriel.set_content(str(message.alternatives[0][0]))
    expect(courriel.get_by_text("Chloé Simon a habilité Driss Amrani")).to_be_visible()
