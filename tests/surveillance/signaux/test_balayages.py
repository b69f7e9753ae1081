"""What is swept each minute, against who knows how it is swept: a robot with an account of its own, a thief beside a holder at work."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.actes import ADRESSE_CHANGEMENT_ABANDONNE, COORDONNEES_MODIFIEES, MOT_DE_PASSE_CHANGE
from accounts.models import Espace
from surveillance.balayage import balayer
from surveillance.models import SignalVu
from tests.factories import EspaceFactory
from tests.surveillance.scenes import acte, connexion, genres

BUREAU = {"navigateur": "Firefox 145", "adresse_ip": "198.51.100.1", "reseau": "198.51.100.0/24"}


@pytest.fixture
def maintenant(db: None) -> datetime:
    """Now, once a first sweep has noted where the journal stands."""
    balayer()
    return timezone.now()


def essayer(combien: int, quand: datetime) -> None:
    for rang in range(combien):
        connexion(None, quand - timedelta(seconds=rang), "ECHOUEE", adresse_essayee=f"{rang:064d}")


def test_qui_entre_aussi_chez_soi_ne_cache_pas_ce_qu_il_essaie(maintenant: datetime) -> None:
    """A robot signs in to an espace of its own, free to open, after each of its guesses: one account, entered many times."""
    sien, entre = EspaceFactory(), EspaceFactory()
    essayer(60, maintenant)
    for rang in range(60):
        connexion(sien, maintenant - timedelta(seconds=rang))
    connexion(entre, maintenant - timedelta(seconds=5))
    balayer(maintenant=maintenant + timedelta(seconds=1))
    assert {vu.compte for vu in SignalVu.objects.filter(genre="reussite_apres_pulverisation")} == {
        sien.compte,
        entre.compte,
    }


def test_beaucoup_d_essais_de_peu_de_comptes_se_voient_parmi_beaucoup_de_personnes(maintenant: datetime) -> None:
    """Four passwords for each of fifteen accounts, from the network of a company where twenty sign in."""
    for _ in range(4):
        essayer(15, maintenant)
    for _ in range(20):
        connexion(EspaceFactory(), maintenant)
    balayer(maintenant=maintenant + timedelta(seconds=1))
    assert "reussite_apres_pulverisation" in genres()


def test_une_entreprise_ou_l_on_se_trompe_n_essaie_pas_des_comptes(maintenant: datetime) -> None:
    """Sixteen mistype once, eight of them give up, and others sign in: as many are entered as are tried."""
    espaces = [EspaceFactory() for _ in range(16)]
    for rang, espace in enumerate(espaces):
        connexion(espace, maintenant - timedelta(seconds=rang), "ECHOUEE")
    for espace in [*espaces[:8], EspaceFactory()]:
        connexion(espace, maintenant)
    balayer(maintenant=maintenant + timedelta(seconds=1))
    assert genres() == set()


# --- The first sensitive act of a new device ------------------------------------------------------------------------


def _du_detenteur_a_son_bureau(espace: Espace, quand: datetime) -> None:
    """He is at work: what he does there is sensitive too, and is his."""
    acte(COORDONNEES_MODIFIEES, espace, quand=quand, adresse="198.51.100.1")


def _du_voleur_rien_de_grave(espace: Espace, quand: datetime) -> None:
    acte(ADRESSE_CHANGEMENT_ABANDONNE, espace, quand=quand)


def _sans_adresse(espace: Espace, quand: datetime) -> None:
    """Written by a job, in the name of the espace."""
    acte(MOT_DE_PASSE_CHANGE, espace, quand=quand, adresse=None)


@pytest.mark.parametrize("avant", [_du_detenteur_a_son_bureau, _du_voleur_rien_de_grave, _sans_adresse])
def test_rien_ne_cache_le_premier_acte_sensible_d_un_nouvel_appareil(
    espace: Espace, maintenant: datetime, avant: Callable[[Espace, datetime], None]
) -> None:
    connexion(espace, maintenant - timedelta(days=3), **BUREAU)
    connexion(espace, maintenant - timedelta(minutes=5))
    avant(espace, maintenant - timedelta(minutes=3))
    acte(MOT_DE_PASSE_CHANGE, espace, quand=maintenant - timedelta(minutes=2))
    balayer(maintenant=maintenant)
    vu = SignalVu.objects.get(genre="acte_appareil_neuf")
    assert (vu.details["acte"], vu.details["ici"]["navigateur"]) == ("Mot de passe changé", "Chrome 140")


def test_le_second_acte_sensible_de_la_meme_session_n_est_pas_un_premier(espace: Espace, maintenant: datetime) -> None:
    connexion(espace, maintenant - timedelta(days=3), **BUREAU)
    connexion(espace, maintenant - timedelta(minutes=5))
    acte(COORDONNEES_MODIFIEES, espace, quand=maintenant - timedelta(minutes=3), adresse="203.0.113.8")
    acte(MOT_DE_PASSE_CHANGE, espace, quand=maintenant - timedelta(minutes=2))
    balayer(maintenant=maintenant)
    vu = SignalVu.objects.get(genre="acte_appareil_neuf")
    assert vu.details["acte"] == "Coordonnées modifiées"
