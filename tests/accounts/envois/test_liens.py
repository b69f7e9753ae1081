"""One-time links, all of them: one bit changed, another purpose, replay, replacement, expiry, races."""

import base64
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.envois.liens import LienDejaUtilise, LienExpire, LienInvalide, LienRemplace, creer_lien, jeton, lire_lien
from accounts.models import Lien
from tests.factories import EspaceFactory

pytestmark = pytest.mark.django_db
OBJETS = list(Lien.Objet)
PARIS = ZoneInfo("Europe/Paris")
UTC = ZoneInfo("UTC")
DELAIS = {
    Lien.Objet.CONFIRMATION_EXPERT: timedelta(hours=48),
    Lien.Objet.CONFIRMATION_ENTREPRISE: timedelta(hours=72),
    Lien.Objet.CONFIRMATION_CONNEXION: timedelta(hours=72),
    Lien.Objet.COURRIEL_ENTREPRISE: timedelta(hours=72),
    Lien.Objet.CHANGEMENT_ADRESSE: timedelta(hours=24),
    Lien.Objet.ANNULATION_ADRESSE: timedelta(hours=72),
    Lien.Objet.MOT_DE_PASSE_OUBLIE: timedelta(minutes=30),
    Lien.Objet.CE_N_EST_PAS_MOI: timedelta(days=7),
}


@pytest.fixture
def liens() -> dict[str, Lien]:
    espace = EspaceFactory()
    return {objet: creer_lien(espace=espace, objet=objet, adresse=espace.compte.email) for objet in OBJETS}


@pytest.mark.parametrize("objet", OBJETS)
def test_un_bit_change(liens: dict[str, Lien], objet: str) -> None:
    brut = jeton(liens[objet])
    octets = base64.urlsafe_b64decode(brut + "=" * (-len(brut) % 4))
    for bit in range(len(octets) * 8):
        change = bytearray(octets)
        change[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises(LienInvalide):
            lire_lien(base64.urlsafe_b64encode(change).rstrip(b"=").decode(), objet=objet)
    assert lire_lien(brut, objet=objet) == liens[objet]


@pytest.mark.parametrize("objet", OBJETS)
def test_une_seule_ecriture(liens: dict[str, Lien], objet: str) -> None:
    brut = jeton(liens[objet])
    autres = [brut + "=", brut + "==", brut + "A", " " + brut, brut[:-1], brut.swapcase(), brut + "\n", "", "é" * 54]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    autres += [brut[:-1] + lettre for lettre in alphabet if lettre != brut[-1]]
    for autre in autres:
        with pytest.raises(LienInvalide):
            lire_lien(autre, objet=objet)


def test_un_lien_ne_sert_qu_a_son_objet(liens: dict[str, Lien]) -> None:
    for objet, lien in liens.items():
        for autre in OBJETS:
            if autre != objet:
                with pytest.raises(LienInvalide):
                    lire_lien(jeton(lien), objet=autre)


@pytest.mark.parametrize("objet", OBJETS)
def test_rejoue_ou_remplace(liens: dict[str, Lien], objet: str) -> None:
    ancien = liens[objet]
    nouveau = creer_lien(espace=ancien.espace, objet=objet, adresse=ancien.adresse)
    with pytest.raises(LienRemplace):
        lire_lien(jeton(ancien), objet=objet)
    Lien.objects.filter(pk=nouveau.pk).update(consomme_le=nouveau.cree_le)
    with pytest.raises(LienDejaUtilise):
        lire_lien(jeton(nouveau), objet=objet)


@pytest.mark.parametrize("objet", OBJETS)
@pytest.mark.parametrize(
    "debut",
    [
        datetime(2027, 3, 27, 23, 30, tzinfo=PARIS),
        datetime(2027, 10, 30, 23, 30, tzinfo=PARIS),
        datetime(2028, 2, 28, 12, 0, tzinfo=PARIS),
    ],
)
def test_une_seconde_avant_une_seconde_apres(objet: str, debut: datetime) -> None:
    espace = EspaceFactory()
    lien = creer_lien(espace=espace, objet=objet, adresse=espace.compte.email, maintenant=debut)
    fin = debut.astimezone(UTC) + DELAIS[Lien.Objet(objet)]
    lire_lien(jeton(lien), objet=objet, maintenant=fin - timedelta(seconds=1))
    lire_lien(jeton(lien), objet=objet, maintenant=fin)
    with pytest.raises(LienExpire):
        lire_lien(jeton(lien), objet=objet, maintenant=fin + timedelta(seconds=1))
