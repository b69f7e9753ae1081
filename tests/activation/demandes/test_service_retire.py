"""A service that will leave the catalogue: no new adhésion, and a code that waits opens the others."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Espace
from activation.demandes.adhesion import (
    Disponibilite,
    ServiceRetire,
    deposer_adhesion,
    services_proposables,
)
from activation.demandes.creation_simplifiee import bouquet
from activation.demandes.substitution import services_demandables
from habilitations.arbre.ouverture import ouvrir_services
from services.catalogue.retrait import retirer_service
from services.models import Service
from tests.factories import MandatFactory, PersonneFactory, ServiceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def retire() -> Service:
    service = ServiceFactory(code="ANCIEN", libelle="Ancien service", bouquet_simplifie=True)
    retirer_service(acteur="operateur", service=service, ferme_le=timezone.localdate() + timedelta(days=90))
    service.refresh_from_db()
    return service


def test_plus_de_nouvelle_adhesion(espace: Espace, retire: Service) -> None:
    personne = PersonneFactory()
    autre = ServiceFactory(code="AUTRE", bouquet_simplifie=True)
    with pytest.raises(ServiceRetire, match="Ancien service"):
        deposer_adhesion(acteur=espace, personne=personne, services=[autre, retire], qualite="MANDATAIRE")
    etats = {ligne.service.code: ligne for ligne in services_proposables(espace, personne)}
    assert etats["ANCIEN"].disponibilite is Disponibilite.RETIRE
    assert not etats["ANCIEN"].demandable
    assert bouquet(personne) == [autre]


def test_le_titulaire_peut_encore_etre_remplace_jusqu_au_dernier_jour(espace: Espace, retire: Service) -> None:
    personne = PersonneFactory()
    assert [s.service for s in services_demandables(espace, [personne])[personne]] == [retire]
    Service.objects.filter(pk=retire.pk).update(ferme_le=timezone.localdate() - timedelta(days=1))
    assert services_demandables(espace, [personne])[personne] == []
    assert services_proposables(espace, personne) == []


def test_un_code_saisi_apres_n_ouvre_que_le_reste(espace: Espace, retire: Service) -> None:
    personne, autre = PersonneFactory(), ServiceFactory(code="AUTRE")
    Service.objects.filter(pk=retire.pk).update(ferme_le=timezone.localdate() - timedelta(days=1))
    retire.refresh_from_db()
    ouvertes = ouvrir_services(
        acteur=espace,
        personne=personne,
        services=[retire, autre],
        mandat=MandatFactory(personne=personne, mandataire=espace),
        maintenant=timezone.now(),
    )
    assert [adhesion.service for adhesion in ouvertes] == [autre]
