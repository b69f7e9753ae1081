"""What is swept each minute, against who knows how it is swept: a robot with an account of its own, a thief beside a holder at work."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actes import ADRESSE_CHANGEMENT_ABANDONNE, COORDONNEES_MODIFIEES, MOT_DE_PASSE_CHANGE
from accounts.models import Espace, Evenement
from accounts.traces.requete import Provenance, marque_de_la_ligne
from surveillance.balayage import balayer
from surveillance.models import SignalVu
from tests.accounts.scenes import INSCRIPTION
from tests.factories import MOT_DE_PASSE, EspaceFactory
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


# --- A thief in the holder's own network --------------------------------------------------------------------------------

FIREFOX = {"HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
CHROME = {
    "HTTP_USER_AGENT": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
}


def ouvrir(espace: Espace, agent: dict[str, str]) -> Client:
    """A browser of this account, all behind one address."""
    client = Client(REMOTE_ADDR="203.0.113.7", **agent)
    assert (
        client.post(reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE}).status_code
        == 302
    )
    return client


def changer_la_voie(client: Client, voie: str) -> None:
    """A sensitive act, as its page sends it."""
    champs = {c: INSCRIPTION[c] for c in ("civilite", "prenom", "nom", "telephone", "code_postal", "commune")}
    reponse = client.post(reverse("coordonnees"), {**champs, "voie": voie})
    assert reponse.status_code == 302, reponse.content.decode()[:3000]


def test_un_voleur_derriere_la_meme_adresse_ne_se_cache_pas_derriere_le_detenteur(espace: Espace) -> None:
    """The holder signs in after him and does something sensitive too: each line says in which session it was written."""
    connexion(espace, timezone.now() - timedelta(days=3), navigateur="Firefox 140", systeme="Linux")
    balayer()
    voleur, detenteur = ouvrir(espace, CHROME), ouvrir(espace, FIREFOX)
    changer_la_voie(detenteur, "12 rue de la Paix")
    changer_la_voie(voleur, "9 rue du Voleur")
    lignes = Evenement.objects.filter(acte=COORDONNEES_MODIFIEES.code).order_by("pk")
    marques = [marque_de_la_ligne(ligne.requete) for ligne in lignes]
    assert len(set(marques)) == 2
    assert all(marques)
    assert all(len(ligne.requete) == 36 for ligne in lignes)
    balayer(maintenant=timezone.now() + timedelta(seconds=1))
    (vu,) = SignalVu.objects.filter(genre="acte_appareil_neuf")
    assert vu.details["ici"]["navigateur"].startswith("Chrome")


def test_la_marque_d_une_session_tient_quand_sa_cle_change(espace: Espace) -> None:
    client = ouvrir(espace, FIREFOX)
    changer_la_voie(client, "12 rue de la Paix")
    session = client.session
    session.cycle_key()
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    changer_la_voie(client, "9 rue du Voleur")
    lignes = Evenement.objects.filter(acte=COORDONNEES_MODIFIEES.code)
    assert len({marque_de_la_ligne(ligne.requete) for ligne in lignes}) == 1
    assert len({ligne.requete for ligne in lignes}) == 2


def test_une_ligne_d_avant_ou_de_personne_n_a_pas_de_marque() -> None:
    assert marque_de_la_ligne(str(uuid.uuid4())) == ""
    assert marque_de_la_ligne("") == ""
    assert marque_de_la_ligne("essai") == ""
    assert Provenance(requete=str(uuid.uuid4())).nom_de_requete.count("-") == 4
