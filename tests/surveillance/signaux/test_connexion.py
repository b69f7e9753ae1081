"""Each detector of sign-ins alone, on recorded requests: what is raised, and what an honest holder does not raise."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Courriel, Espace
from surveillance.models import Connexion, SignalVu
from surveillance.signaux.connexion import DETECTEURS, Vue
from tests.accounts.scenes import CHROME, IPHONE, connecter
from tests.factories import EspaceFactory

MIDI = datetime(2026, 11, 30, 12, tzinfo=UTC)
BUREAU = ("FR", "193.51.224.0/24", "Chrome 140", "Windows 10")
MAISON = ("FR", "90.1.2.0/24", "Firefox 145", "Windows 10")
AILLEURS = ("BR", "177.8.9.0/24", "Chrome 139", "Linux")


def vue(minutes: float, lieu: tuple[str, str, str, str], *, reussie: bool = True) -> Vue:
    """A sign-in so many minutes before noon."""
    return Vue(MIDI - timedelta(minutes=minutes), reussie, *lieu)


HABITUDE = [vue(1440 * jour, BUREAU) for jour in range(1, 6)]
ESSAIS_D_ICI = [vue(minute, AILLEURS, reussie=False) for minute in range(1, 9)]
ENREGISTREES: dict[str, tuple[Vue, list[Vue], bool, set[str]]] = {
    "d'ordinaire": (vue(0, BUREAU), HABITUDE, True, set()),
    "de chez soi, en France": (vue(0, MAISON), HABITUDE, False, set()),
    "premiers jours d'un espace": (vue(0, AILLEURS), HABITUDE[:2], False, set()),
    "un pays jamais vu": (vue(0, AILLEURS), HABITUDE, False, {"pays_nouveau"}),
    "un pays inconnu de la table": (vue(0, ("", "10.0.0.0/24", "", "")), HABITUDE, False, set()),
    "revenu d'un pays déjà vu": (vue(0, AILLEURS), [*HABITUDE, vue(40_000, AILLEURS)], False, set()),
    "deux pays en dix minutes": (
        vue(0, AILLEURS),
        [vue(10, BUREAU), *HABITUDE, vue(40_000, AILLEURS)],
        False,
        {"voyage_impossible"},
    ),
    "deux pays en deux heures": (vue(0, AILLEURS), [vue(120, BUREAU), vue(40_000, AILLEURS)], False, set()),
    "un échec d'un autre pays n'est pas un voyage": (
        vue(0, BUREAU),
        [vue(5, AILLEURS, reussie=False), *HABITUDE],
        True,
        set(),
    ),
    "huit essais d'ici, puis le bon": (
        vue(0, MAISON),
        [*(vue(m, MAISON, reussie=False) for m in range(1, 9)), *HABITUDE],
        False,
        {"echecs_puis_reussite"},
    ),
    "sept essais": (
        vue(0, MAISON),
        [*(vue(m, MAISON, reussie=False) for m in range(1, 8)), *HABITUDE],
        False,
        set(),
    ),
    "d'autres essaient, le détenteur entre de chez lui": (vue(0, MAISON), [*ESSAIS_D_ICI, *HABITUDE], False, set()),
    "d'autres essaient, son navigateur est connu": (
        vue(0, BUREAU),
        [*(vue(m, BUREAU, reussie=False) for m in range(1, 9)), *HABITUDE],
        True,
        set(),
    ),
}


@pytest.mark.parametrize("nom", ENREGISTREES)
def test_chaque_detecteur_sur_des_connexions_enregistrees(nom: str) -> None:
    ici, avant, connu, attendus = ENREGISTREES[nom]
    assert {genre for genre, voit in DETECTEURS.items() if voit(ici, avant, connu) is not None} == attendus


def test_un_mot_de_passe_vole_servi_de_l_etranger_est_vu_a_la_connexion(espace: Espace) -> None:
    for _ in range(3):
        connecter(espace, "193.51.224.1", CHROME)
    assert not SignalVu.objects.exists()
    connecter(espace, "8.8.8.8", IPHONE)
    assert set(SignalVu.objects.values_list("genre", flat=True)) == {
        "pays_nouveau",
        "voyage_impossible",
        "usage_parallele",
    }
    assert Courriel.objects.filter(genre="signal_vu").count() == 2
    connecter(espace, "8.8.4.4", IPHONE)
    assert SignalVu.objects.count() == 3, "once a day"


def test_des_etrangers_qui_devinent_ne_disent_rien_de_qui_entre_ensuite(espace: Espace) -> None:
    for rang in range(8):
        Connexion.objects.create(
            id=uuid.uuid4(),
            quand=timezone.now() - timedelta(minutes=rang + 1),
            compte=espace.compte,
            resultat="VERROUILLEE",
            adresse_ip="8.8.8.8",
            reseau="8.8.8.0/24",
            pays="US",
        )
    connecter(espace, "193.51.224.1", CHROME)
    assert not SignalVu.objects.exists()
    connecter(EspaceFactory(), "8.8.8.8", CHROME)
    assert not SignalVu.objects.exists()
