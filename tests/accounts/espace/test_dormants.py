"""Dormant espaces are advised once a year (R23, CGU §3.3.f)."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.donnees.retention import purger
from accounts.espace.dormants import dormants, signaler_dormants
from accounts.models import Compte, Courriel, Espace, Evenement
from tests.factories import EspaceFactory
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db
UNE_SECONDE = timedelta(seconds=1)


@pytest.fixture
def maintenant() -> datetime:
    return timezone.now()


def endormi(maintenant: datetime, depuis: timedelta) -> Espace:
    espace = EspaceFactory(cree_le=maintenant - depuis)
    Compte.objects.filter(pk=espace.compte_id).update(last_login=maintenant - depuis)
    return espace


def test_six_ans_a_la_seconde_pres(maintenant: datetime) -> None:
    avant = endormi(maintenant, settings.PRESCRIPTION_FISCALE - UNE_SECONDE)
    apres = endormi(maintenant, settings.PRESCRIPTION_FISCALE + UNE_SECONDE)
    assert set(dormants(maintenant)) == {apres}
    assert signaler_dormants(maintenant=maintenant) == 1
    courriel = Courriel.objects.get()
    assert (courriel.destinataire, courriel.genre) == (apres.compte.email, "espace_dormant")
    assert Evenement.objects.get(acte="espace.dormant_signale").espace == apres.numero_abonne
    assert avant.numero_abonne != apres.numero_abonne


def test_jamais_connecte_compte_depuis_l_activation(maintenant: datetime) -> None:
    espace = EspaceFactory(
        **dict.fromkeys(("cree_le", "active_le"), maintenant - settings.PRESCRIPTION_FISCALE - UNE_SECONDE)
    )
    assert espace.compte.last_login is None
    assert signaler_dormants(maintenant=maintenant) == 1


@pytest.mark.parametrize("etat", ["DESACTIVE", "EN_ATTENTE_COURRIEL", "EN_ATTENTE_CODE"])
def test_seul_un_espace_actif_est_prevenu(maintenant: datetime, etat: str) -> None:
    espace = endormi(maintenant, settings.PRESCRIPTION_FISCALE * 2)
    Espace.objects.filter(pk=espace.pk).update(etat=etat)
    assert signaler_dormants(maintenant=maintenant) == 0


def test_une_fois_par_an_meme_apres_la_purge(maintenant: datetime) -> None:
    endormi(maintenant, settings.PRESCRIPTION_FISCALE + UNE_SECONDE)
    assert [signaler_dormants(maintenant=maintenant) for _ in range(3)] == [1, 0, 0]
    Courriel.objects.update(traite_le=maintenant, cree_le=maintenant)
    presque = maintenant + settings.DORMANCE_RAPPEL - UNE_SECONDE
    purger(maintenant=presque)
    assert Courriel.objects.count() == 1, "the memory of the advice outlives the year"
    assert signaler_dormants(maintenant=presque) == 0
    assert signaler_dormants(maintenant=maintenant + settings.DORMANCE_RAPPEL + UNE_SECONDE) == 1


def test_qui_revient_n_est_pas_prevenu(maintenant: datetime) -> None:
    espace = endormi(maintenant, settings.PRESCRIPTION_FISCALE * 2)
    Compte.objects.filter(pk=espace.compte_id).update(last_login=maintenant)
    assert signaler_dormants(maintenant=maintenant) == 0


def test_par_lots(maintenant: datetime) -> None:
    for _ in range(5):
        endormi(maintenant, settings.PRESCRIPTION_FISCALE * 2)
    assert [signaler_dormants(maintenant=maintenant, nombre=2) for _ in range(4)] == [2, 2, 1, 0]


@pytest.mark.django_db(transaction=True)
def test_deux_passages_en_meme_temps_n_ecrivent_qu_un_courriel() -> None:
    maintenant = timezone.now()
    for _ in range(3):
        endormi(maintenant, settings.PRESCRIPTION_FISCALE * 2)
    resultats = en_parallele(4, lambda _: signaler_dormants(maintenant=maintenant))
    assert all(isinstance(resultat, int) for resultat in resultats), resultats
    assert Courriel.objects.count() == 3
    assert Evenement.objects.filter(acte="espace.dormant_signale").count() == 3
