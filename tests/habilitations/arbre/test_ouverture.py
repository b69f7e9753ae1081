"""Opening services: what is already open is passed over, and stays whose it was (CGU §2.2)."""

import pytest
from django.utils import timezone

from habilitations.arbre.lots import ActeurNonActif
from habilitations.arbre.ouverture import ouvrir_services
from habilitations.models import Habilitation
from tests.factories import EspaceFactory, MandatFactory, ServiceFactory, habiliter

pytestmark = pytest.mark.django_db


def test_un_service_deja_ouvert_est_laisse_a_son_titulaire() -> None:
    racine, demandeur, autre = habiliter(EspaceFactory()), EspaceFactory(), ServiceFactory()
    mandat = MandatFactory(personne=racine.personne, mandataire=demandeur)
    ouvertes = ouvrir_services(
        acteur=demandeur,
        personne=racine.personne,
        services=[racine.service, autre],
        mandat=mandat,
        maintenant=timezone.now(),
    )
    assert [adhesion.service for adhesion in ouvertes] == [autre]
    assert Habilitation.objects.get(adhesion=racine.adhesion) == racine


def test_un_espace_qui_n_est_pas_actif_n_ouvre_rien() -> None:
    espace, racine = EspaceFactory(etat="DESACTIVE"), habiliter(EspaceFactory())
    mandat = MandatFactory(personne=racine.personne, mandataire=espace)
    with pytest.raises(ActeurNonActif):
        ouvrir_services(
            acteur=espace,
            personne=racine.personne,
            services=[ServiceFactory()],
            mandat=mandat,
            maintenant=timezone.now(),
        )
