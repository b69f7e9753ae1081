"""What a hash costs in production, and on which step a refused sign-in leaves: the rest of the tests have neither (tests/hachage.py)."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.test import Client
from django.urls import reverse

from accounts.compteurs import debit
from accounts.models import Espace
from accounts.mots_de_passe.hachage import Argon2Poivre, Argon2Reponse, hacher_reponse
from tests.factories import MOT_DE_PASSE, REPONSE
from tests.hachage import LEGER


@pytest.mark.usefixtures("durees_vraies")
def test_les_hachages_de_production_coutent_ce_que_demandent_l_owasp_et_la_cnil() -> None:
    """OWASP, first line: Argon2id, 19 MiB, two turns; a trust answer, weaker, three turns over 64 MiB."""
    mot, reponse = make_password(MOT_DE_PASSE), hacher_reponse(REPONSE)
    assert mot.startswith("argon2poivre$argon2id$v=19$m=19456,t=2,p=1$")
    assert reponse.startswith("argon2reponse2$argon2id$v=19$m=65536,t=3,p=1$")
    assert check_password(MOT_DE_PASSE, mot)


def test_les_essais_hachent_du_meme_geste_a_moindre_cout() -> None:
    assert (Argon2Poivre.time_cost, Argon2Poivre.memory_cost) == LEGER
    assert (Argon2Reponse.time_cost, Argon2Reponse.memory_cost) == LEGER
    mot = make_password(MOT_DE_PASSE)
    assert mot.startswith("argon2poivre$argon2id$")
    assert check_password(MOT_DE_PASSE, mot)
    assert not check_password(f"{MOT_DE_PASSE}!", mot)


@pytest.mark.django_db
@pytest.mark.usefixtures("durees_vraies")
def test_un_refus_part_au_palier_suivant(espace: Espace, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was compared does not show in the time: a tenth of a second, or two, whatever the account."""
    dormi: list[float] = []
    monkeypatch.setattr(debit, "time", SimpleNamespace(monotonic=lambda: 100.23, sleep=dormi.append))
    debit.attendre_le_palier(debit.Essai(debut=100.0))
    assert dormi == [pytest.approx(0.07)]
    for adresse in (espace.compte.email, "personne@nulle-part.fr"):
        Client().post(reverse("connexion"), {"username": adresse, "password": "faux"})
    assert dormi[1:] == [debit.PALIER, debit.PALIER] == [0.1, 0.1]
