"""A service that leaves the catalogue: its holders are told, it serves until its last day, then it closes and they know."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.envois import annonces
from accounts.envois.budget import epuiser
from accounts.models import Courriel
from habilitations.models import Adhesion, Habilitation, Role
from habilitations.registre import services_retires
from habilitations.registre.services_retires import annoncer_services_retires, fermer_services_retires
from services.catalogue.retrait import retablir_service, retirer_service
from services.models import RetraitService, Service
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db
MAINTENANT = datetime(2026, 11, 26, 12, tzinfo=UTC)
FIN = timezone.localdate(MAINTENANT) + timedelta(days=90)
LENDEMAIN = MAINTENANT + timedelta(days=91)


@pytest.fixture
def tenue() -> Habilitation:
    """The titulaire's right on a service that is retired; a delegate holds it too, somebody else another service."""
    racine = habiliter(EspaceFactory(), service=ServiceFactory(code="ANCIEN", libelle="Déclarer l'ancienne taxe"))
    accorder(racine, EspaceFactory(), Role.ACTEUR)
    habiliter(EspaceFactory(), service=ServiceFactory(code="AUTRE"))
    retirer_service(acteur="operateur", service=racine.service, ferme_le=FIN, maintenant=MAINTENANT)
    return racine


def genres() -> list[str]:
    return sorted(Courriel.objects.values_list("genre", flat=True))


def test_ceux_qui_s_en_servent_sont_prevenus_une_fois_et_eux_seuls(tenue: Habilitation) -> None:
    assert annoncer_services_retires(maintenant=MAINTENANT) == 2
    assert annoncer_services_retires(maintenant=MAINTENANT) == 0
    assert genres() == ["service_retire"] * 2
    courriel = Courriel.objects.get(espace=tenue.espace)
    assert courriel.contexte["dernier_jour"] == f"{FIN:%d/%m/%Y}"
    assert str(tenue.personne) in courriel.contexte["lignes"][0]
    assert Habilitation.objects.vivantes().filter(service=tenue.service).count() == 2


def test_qui_en_recoit_l_usage_apres_l_annonce_l_apprend_aussi(tenue: Habilitation) -> None:
    assert annoncer_services_retires(maintenant=MAINTENANT) == 2
    recue = accorder(tenue, EspaceFactory(), Role.ACTEUR)
    Habilitation.objects.filter(pk=recue.pk).update(accordee_le=MAINTENANT + timedelta(hours=1))
    suite = MAINTENANT + timedelta(hours=2)
    assert [annoncer_services_retires(maintenant=suite) for _ in range(2)] == [1, 0]
    assert Courriel.objects.filter(genre="service_retire", espace=recue.espace).count() == 1


def test_une_annonce_interrompue_reprend_ou_elle_en_etait(tenue: Habilitation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annonces, "PERSONNES_PAR_LOT", 1)
    assert annoncer_services_retires() == 1
    assert RetraitService.objects.get().annonce_le is None
    assert (annoncer_services_retires(), annoncer_services_retires()) == (1, 0)
    assert RetraitService.objects.get().annonce_le is not None
    assert len(genres()) == len(set(Courriel.objects.values_list("destinataire", flat=True))) == 2


def test_rien_ne_ferme_avant_le_jour_ni_avant_que_tous_le_sachent(tenue: Habilitation) -> None:
    assert fermer_services_retires(maintenant=LENDEMAIN) == 0, "nobody has been told yet"
    annoncer_services_retires(maintenant=MAINTENANT)
    assert fermer_services_retires(maintenant=LENDEMAIN - timedelta(days=1)) == 0
    assert Adhesion.objects.ouvertes().filter(service=tenue.service).exists()


def test_apres_le_dernier_jour_tout_ferme_et_chacun_le_sait(tenue: Habilitation) -> None:
    habiliter(tenue.espace, personne=PersonneFactory(), service=tenue.service)
    annoncer_services_retires(maintenant=MAINTENANT)
    assert fermer_services_retires(maintenant=LENDEMAIN) == 2
    assert not Habilitation.objects.vivantes().filter(service=tenue.service).exists()
    assert set(Adhesion.objects.filter(service=tenue.service).values_list("fermee_motif", flat=True)) == {
        "RETRAIT_CATALOGUE"
    }
    assert genres().count("service_ferme") == 2, "one mail a holder, however many SIREN"
    assert fermer_services_retires(maintenant=LENDEMAIN) == 0
    assert Habilitation.objects.vivantes().filter(service__code="AUTRE").exists()


@pytest.mark.parametrize("fermees", [1, 2])
def test_ce_qui_se_ferme_pendant_qu_on_ferme_ne_laisse_rien_ouvert(
    tenue: Habilitation, monkeypatch: pytest.MonkeyPatch, fermees: int
) -> None:
    """An adhésion chosen for the batch that somebody closes before it is locked says nothing of those that remain."""
    for _ in range(2):
        habiliter(tenue.espace, personne=PersonneFactory(), service=tenue.service)
    annoncer_services_retires(maintenant=MAINTENANT)
    monkeypatch.setattr(services_retires, "ADHESIONS_PAR_LOT", 2)
    verrouiller = services_retires.verrouiller_adhesions

    def fermer_puis_verrouiller(cles: Iterable[int]) -> dict[int, Adhesion]:
        choisies = list(cles)
        closes = choisies[:fermees]
        Habilitation.objects.filter(adhesion__in=closes).update(fin_le=LENDEMAIN, fin_motif="FERMETURE")
        Adhesion.objects.filter(pk__in=closes).update(fermee_le=LENDEMAIN, fermee_motif="RETRAIT_CATALOGUE")
        return verrouiller(choisies)

    monkeypatch.setattr(services_retires, "verrouiller_adhesions", fermer_puis_verrouiller)
    assert fermer_services_retires(maintenant=LENDEMAIN) == 2, "those looked at, so that the job goes on"
    assert RetraitService.objects.get().execute_le is None
    monkeypatch.setattr(services_retires, "verrouiller_adhesions", verrouiller)
    assert epuiser(lambda: fermer_services_retires(maintenant=LENDEMAIN)) == 1
    assert not Adhesion.objects.ouvertes().filter(service=tenue.service).exists()
    assert RetraitService.objects.get().execute_le == LENDEMAIN


def test_un_retrait_annule_se_dit_a_qui_l_avait_appris(tenue: Habilitation) -> None:
    annoncer_services_retires(maintenant=MAINTENANT)
    nouveau = habiliter(EspaceFactory(), service=tenue.service)  # came after the announcement
    retablir_service(acteur="operateur", service=tenue.service, maintenant=MAINTENANT + timedelta(days=5))
    assert annoncer_services_retires(maintenant=MAINTENANT + timedelta(days=5)) == 2
    assert genres() == ["service_retabli"] * 2 + ["service_retire"] * 2
    assert not Courriel.objects.filter(espace=nouveau.espace).exists()
    assert fermer_services_retires(maintenant=LENDEMAIN) == 0
    assert Service.objects.get(code="ANCIEN").ferme_le is None
