"""Takeovers as they are done, scripted: found within sixty seconds or five requests, or missed and said so (docs/surveillance.md)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Espace
from surveillance.balayage import balayer
from surveillance.models import SignalVu
from surveillance.signaux.registre import SIGNAUX
from surveillance.signaux.seuils import SIREN_METHODIQUES
from tests.accounts.scenes import CHROME, INSCRIPTION, IPHONE, connecter
from tests.factories import PersonneFactory, ServiceFactory, habiliter
from tests.scenes import RACINE

BUREAU = "193.51.224.1"
AILLEURS = "90.1.2.3"  # another network of the same country
ETRANGER = "8.8.8.8"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
AUSSITOT = 5  # requests


class Detournement:
    """Karine works at her office for a week; then somebody else begins."""

    def __init__(self, espace: Espace) -> None:
        self.espace = espace
        self.voleur = Client()
        self.requetes = 0
        self.trouve_a: int | None = None
        """At which request of the thief something was seen first."""
        for jour in (6, 4, 2):
            with time_machine.travel(timezone.now() - timedelta(days=jour), tick=False):
                connecter(espace, BUREAU, CHROME)
        balayer()
        SignalVu.objects.all().delete()

    def entrer(self, adresse: str, agent: str) -> None:
        """The thief knows the password."""
        self.voleur = connecter(self.espace, adresse, agent)
        self._compter()

    def copier_le_temoin(self, adresse: str, agent: str) -> None:
        """The thief has the cookie of a session of Karine's, open now."""
        victime = connecter(self.espace, BUREAU, CHROME)
        self.voleur = Client(REMOTE_ADDR=adresse, headers={"user-agent": agent})
        self.voleur.cookies = victime.cookies

    def lire(self, nom: str, *parties: str) -> None:
        self.voleur.get(reverse(nom, args=parties))
        self._compter()

    def changer_l_adresse_postale(self) -> None:
        champs = {c: INSCRIPTION[c] for c in ("civilite", "prenom", "nom", "telephone", "code_postal", "commune")}
        reponse = self.voleur.post(reverse("coordonnees"), {**champs, "voie": "9 rue du Voleur"})
        assert reponse.status_code == 302, reponse.content[:3000]
        self._compter()

    def _compter(self) -> None:
        self.requetes += 1
        if self.trouve_a is None and SignalVu.objects.exists():
            self.trouve_a = self.requetes

    def est_arrete(self) -> bool:
        """Whether the thief's next page is refused until the code of the mailbox, or a sign-in."""
        return self.voleur.get(reverse("vos_habilitations")).status_code == 302


def mot_de_passe_vole_de_l_etranger(scene: Detournement) -> None:
    scene.entrer(ETRANGER, IPHONE)


def mot_de_passe_vole_de_l_etranger_aux_heures_de_bureau(scene: Detournement) -> None:
    connecter(scene.espace, BUREAU, CHROME).get(reverse("espace"))
    scene.entrer(ETRANGER, IPHONE)


def mot_de_passe_vole_du_meme_pays(scene: Detournement) -> None:
    scene.entrer(AILLEURS, FIREFOX)
    for _ in range(AUSSITOT):
        scene.lire("securite")


def mot_de_passe_vole_du_meme_pays_aux_heures_de_bureau(scene: Detournement) -> None:
    connecter(scene.espace, BUREAU, CHROME).get(reverse("espace"))
    scene.entrer(AILLEURS, FIREFOX)


def temoin_vole(scene: Detournement) -> None:
    scene.copier_le_temoin(ETRANGER, IPHONE)
    scene.lire("securite")


def temoin_vole_du_meme_navigateur(scene: Detournement) -> None:
    scene.copier_le_temoin("193.51.225.9", CHROME)
    for _ in range(AUSSITOT):
        scene.lire("securite")


def ancien_collegue(scene: Detournement) -> None:
    scene.entrer(BUREAU, FIREFOX)
    scene.lire("securite")
    scene.changer_l_adresse_postale()


def ancien_collegue_au_poste_ouvert(scene: Detournement) -> None:
    """Her session, her browser, her address: the computer that she left open."""
    scene.copier_le_temoin(BUREAU, CHROME)
    scene.changer_l_adresse_postale()


def lire_lentement(scene: Detournement, adresse: str, agent: str) -> None:
    """Forty-five of his companies, one each twenty seconds."""
    service = ServiceFactory()
    sirens = [habiliter(scene.espace, personne=PersonneFactory(), service=service).personne.siren for _ in range(45)]
    depart = timezone.now()
    scene.entrer(adresse, agent)
    with time_machine.travel(depart, tick=False) as montre:
        for rang, siren in enumerate(sirens):
            montre.move_to(depart + timedelta(seconds=20 * rang))
            scene.lire("entreprise", siren)


def lecteur_lent(scene: Detournement) -> None:
    lire_lentement(scene, AILLEURS, FIREFOX)


def lecteur_lent_d_un_appareil_connu(scene: Detournement) -> None:
    lire_lentement(scene, BUREAU, CHROME)


@dataclass(frozen=True)
class Cas:
    """One takeover, the line of docs/surveillance.md that says it, and what is seen of it."""

    geste: Callable[[Detournement], None]
    dit: str
    trouves: set[str]
    requete: int | None
    """At which request; None: never, or by the sweep of the minute."""
    arrete: bool


_ETRANGER = "a stolen password, from abroad"
_MEME_PAYS = "a stolen password, from the holder's country"
CAS = (
    Cas(mot_de_passe_vole_de_l_etranger, _ETRANGER, {"pays_nouveau"}, 1, arrete=True),
    Cas(
        mot_de_passe_vole_de_l_etranger_aux_heures_de_bureau,
        f"{_ETRANGER}, while the holder is at work",
        {"pays_nouveau", "voyage_impossible", "usage_parallele"},
        1,
        arrete=True,
    ),
    Cas(mot_de_passe_vole_du_meme_pays, _MEME_PAYS, set(), None, arrete=False),
    Cas(
        mot_de_passe_vole_du_meme_pays_aux_heures_de_bureau,
        f"{_MEME_PAYS}, while the holder is at work",
        {"usage_parallele"},
        1,
        arrete=False,
    ),
    Cas(temoin_vole, "a stolen cookie, another country and browser", {"session_volee"}, 1, arrete=True),
    Cas(
        temoin_vole_du_meme_navigateur,
        "a stolen cookie, the same country and the same browser",
        set(),
        None,
        arrete=False,
    ),
    Cas(
        ancien_collegue,
        "an ex-colleague in the office, with the password, on his own computer",
        {"acte_appareil_neuf"},
        None,
        arrete=False,
    ),
    Cas(
        ancien_collegue_au_poste_ouvert,
        "an ex-colleague at the holder's unlocked computer",
        set(),
        None,
        arrete=False,
    ),
    Cas(
        lecteur_lent,
        "a slow reader of 100 SIREN, on a new device",
        {"lecteur_methodique"},
        1 + SIREN_METHODIQUES,
        arrete=True,
    ),
    Cas(
        lecteur_lent_d_un_appareil_connu,
        "a slow reader on a device that the account knows, or below 40 a day",
        set(),
        None,
        arrete=False,
    ),
)


@pytest.mark.parametrize("cas", CAS, ids=lambda cas: cas.geste.__name__)
def test_un_detournement(espace: Espace, cas: Cas) -> None:
    scene = Detournement(espace)
    cas.geste(scene)
    assert scene.trouve_a == cas.requete
    balayer(maintenant=timezone.now() + timedelta(seconds=60))
    assert set(SignalVu.objects.values_list("genre", flat=True)) == cas.trouves
    assert scene.est_arrete() is cas.arrete


def test_le_guide_dit_ce_qui_est_trouve_et_ce_qui_est_manque() -> None:
    """Found within five requests or the minute, or said to be missed: each line of the guide is one takeover above."""
    guide = (RACINE / "docs" / "surveillance.md").read_text(encoding="utf-8")
    table = guide.split("| takeover | found | by |")[1].split("\n\n")[0].strip().splitlines()[1:]
    lignes = {ligne.split("|")[1].strip(): ligne for ligne in table}
    assert set(lignes) == {cas.dit for cas in CAS}
    for cas in CAS:
        aussitot = bool(cas.trouves) and (cas.requete is None or cas.requete <= AUSSITOT)
        assert ("**missed**" not in lignes[cas.dit]) is aussitot, cas.dit
        nommes = set(re.findall(r"`(\w+)`", lignes[cas.dit])) & set(SIGNAUX)
        assert not cas.trouves or nommes == cas.trouves, "a line of what is missed may say what would find it later"


def test_le_guide_dit_chaque_signal() -> None:
    guide = (RACINE / "docs" / "surveillance.md").read_text(encoding="utf-8")
    table = guide.split("## The signals")[1].split("**When.**")[0]
    assert set(re.findall(r"`(\w+)`(?=[^|]*\| (?:\*\*grave|medium|for information))", table)) == set(SIGNAUX)
