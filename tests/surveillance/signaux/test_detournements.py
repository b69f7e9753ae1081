"""Takeovers as they are done, scripted: found within sixty seconds or five requests, or missed and said so (docs/surveillance.md)."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Espace
from habilitations.models import Habilitation
from surveillance.balayage import balayer
from surveillance.models import SignalVu
from surveillance.signaux.registre import SIGNAUX
from tests.accounts.scenes import CHROME, INSCRIPTION, IPHONE, connecter
from tests.factories import PersonneFactory, ServiceFactory, habiliter
from tests.scenes import RACINE

BUREAU = "193.51.224.1"
ETRANGER = "8.8.8.8"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


class Detournement:
    """Karine works at her office for a week; then somebody else begins."""

    def __init__(self, espace: Espace) -> None:
        self.espace = espace
        for jour in (6, 4, 2):
            with time_machine.travel(timezone.now() - timedelta(days=jour), tick=False):
                connecter(espace, BUREAU, CHROME)
        balayer()


def mot_de_passe_vole_de_l_etranger(scene: Detournement) -> None:
    connecter(scene.espace, ETRANGER, IPHONE)


def temoin_vole(scene: Detournement) -> None:
    victime = connecter(scene.espace, BUREAU, CHROME)
    voleur = Client(REMOTE_ADDR=ETRANGER, headers={"user-agent": IPHONE})
    voleur.cookies = victime.cookies
    assert voleur.get(reverse("securite")).status_code == 302, "it opens nothing"


def temoin_vole_du_meme_navigateur(scene: Detournement) -> None:
    victime = connecter(scene.espace, BUREAU, CHROME)
    voleur = Client(REMOTE_ADDR="193.51.225.9", headers={"user-agent": CHROME})
    voleur.cookies = victime.cookies
    for _ in range(5):
        voleur.get(reverse("securite"))


def ancien_collegue(scene: Detournement) -> None:
    client = connecter(scene.espace, BUREAU, FIREFOX)
    client.get(reverse("securite"))
    champs = {c: INSCRIPTION[c] for c in ("civilite", "prenom", "nom", "telephone", "code_postal", "commune")}
    reponse = client.post(reverse("coordonnees"), {**champs, "voie": "9 rue du Voleur"})
    assert reponse.status_code == 302, reponse.content[:3000]


def lecteur_lent(scene: Detournement) -> None:
    service = ServiceFactory()
    sirens = [habiliter(scene.espace, personne=PersonneFactory(), service=service).personne.siren for _ in range(45)]
    assert Habilitation.objects.filter(espace=scene.espace).count() == 45
    depart = timezone.now()
    client = connecter(scene.espace, "90.1.2.3", FIREFOX)
    with time_machine.travel(depart, tick=False) as montre:
        for rang, siren in enumerate(sirens):
            montre.move_to(depart + timedelta(seconds=20 * rang))
            client.get(reverse("entreprise", args=[siren]))
    rangs = SignalVu.objects.filter(genre="lecteur_methodique")
    assert rangs.exists()


CAS: list[tuple[Callable[[Detournement], None], set[str]]] = [
    (mot_de_passe_vole_de_l_etranger, {"pays_nouveau"}),
    (temoin_vole, {"session_volee"}),
    (temoin_vole_du_meme_navigateur, set()),
    (ancien_collegue, {"acte_appareil_neuf"}),
    (lecteur_lent, {"lecteur_methodique"}),
]


@pytest.mark.parametrize(("detourner", "trouves"), CAS, ids=lambda valeur: getattr(valeur, "__name__", None))
def test_un_detournement(
    espace: Espace, detourner: Callable[[Detournement], None], trouves: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Detournement(espace)
    SignalVu.objects.all().delete()
    detourner(scene)
    balayer(maintenant=timezone.now() + timedelta(seconds=60))
    assert set(SignalVu.objects.values_list("genre", flat=True)) == trouves


def test_le_guide_dit_chaque_signal() -> None:
    guide = (RACINE / "docs" / "surveillance.md").read_text(encoding="utf-8")
    table = guide.split("## The signals")[1].split("**When.**")[0]
    assert set(re.findall(r"`(\w+)`(?=[^|]*\| (?:\*\*grave|medium|for information))", table)) == set(SIGNAUX)
