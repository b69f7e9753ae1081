"""R5: the trust answer in clear lives thirty minutes, once; the récapitulatif lists what the espace has obtained."""

import io
import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.espace.recapitulatif import (
    produire_recapitulatif,
    remettre_recapitulatif,
    reponse_disponible,
    retenir_reponse,
)
from accounts.models import Espace
from habilitations.models import Role
from services.models import PersonneSirenisee
from tests.factories import REPONSE, EspaceFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db
DEBUT = datetime(2027, 3, 28, 1, 45, tzinfo=ZoneInfo("Europe/Paris"))  # the hour that follows does not exist


@pytest.fixture
def session() -> SessionBase:
    return SessionStore()


def texte(pdf: bytes) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


def choisir(espace: Espace) -> None:
    """The answer of this espace has just been chosen."""
    espace.reponse_changee_le, espace.reponse_a_montrer = timezone.now(), True
    espace.save(update_fields=["reponse_changee_le", "reponse_a_montrer"])


@pytest.mark.parametrize(("secondes", "la"), [(30 * 60 - 1, True), (30 * 60 + 1, False)])
def test_trente_minutes_a_la_seconde_pres(session: SessionBase, espace: Espace, secondes: int, la: bool) -> None:
    with time_machine.travel(DEBUT, tick=False) as horloge:
        choisir(espace)
        retenir_reponse(session, espace, REPONSE)
        horloge.shift(secondes)
        assert reponse_disponible(session, espace) is la
        assert (REPONSE in texte(remettre_recapitulatif(acteur=espace, session=session))) is la
        espace.refresh_from_db()
        assert espace.reponse_a_montrer is not la


def test_une_seule_fois_et_pour_cet_espace_seul(session: SessionBase, espace: Espace) -> None:
    retenir_reponse(session, espace, REPONSE)
    assert REPONSE not in str(dict(session.items()))
    assert not reponse_disponible(session, EspaceFactory())
    assert REPONSE in texte(remettre_recapitulatif(acteur=espace, session=session))
    assert not reponse_disponible(session, espace)
    assert REPONSE not in texte(remettre_recapitulatif(acteur=espace, session=session))
    retenir_reponse(session, espace, REPONSE)
    assert REPONSE not in texte(remettre_recapitulatif(acteur=EspaceFactory(), session=session))


def test_ce_que_l_espace_a_obtenu_y_est(
    client_de: Callable[[Espace], Client], espace: Espace, danone: PersonneSirenisee
) -> None:
    page = client_de(espace).get
    assert "Vos services" not in texte(page(reverse("recapitulatif")).content)
    habiliter(espace, personne=danone, service=ServiceFactory(libelle="Payer la TVA"))
    habiliter(espace, personne=danone, service=ServiceFactory(libelle="Régler l'IS"))
    sous = habiliter(EspaceFactory(), personne=danone, service=ServiceFactory(libelle="Déclarer la TVA"))
    accorder(sous, espace, Role.ACTEUR)
    contenu = texte(page(reverse("recapitulatif")).content)
    assert "DANONE 552 032 534 Payer la TVA, Régler l’IS Administrateur titulaire" in contenu
    assert "DANONE 552 032 534 Déclarer la TVA Acteur" in contenu
    assert "n’est pas écrite ici" in contenu, "the trust answer was shown at creation"


@pytest.mark.parametrize(
    "perdu", [{"etat": "EN_VEILLE", "veille_motif": "TITULAIRE"}, {"fin_motif": "RETRAIT"}, {"expire_le": "2020-01-01"}]
)
def test_ce_qui_ne_donne_plus_rien_n_y_est_pas(espace: Espace, perdu: dict[str, str]) -> None:
    dates = {"etat": "veille_depuis", "fin_motif": "fin_le"}
    champs = perdu | {dates[cle]: timezone.now() for cle in perdu if cle in dates}
    accorder(habiliter(EspaceFactory()), espace, Role.ACTEUR, **champs)
    assert "Vos services" not in texte(produire_recapitulatif(espace, reponse=None))


def test_l_organisation_et_qui_appeler(espace: Espace, danone: PersonneSirenisee) -> None:
    contenu = texte(produire_recapitulatif(espace, reponse=None))
    assert "Organisation : DANONE (SIREN 552 032 534)" in contenu
    assert "SIE de Paris 9e 1 rue de la Banque 75002 PARIS Téléphone : 01 44 00 00 00" in contenu
    inconnu = EspaceFactory(siren_appartenance="383474814")
    assert "Organisation" not in texte(produire_recapitulatif(inconnu, reponse=None))


def test_autant_de_requetes_pour_un_siren_que_pour_dix(
    espace: Espace, danone: PersonneSirenisee, django_assert_num_queries: Callable
) -> None:
    for nombre in (1, 9):
        for _ in range(nombre):
            habiliter(espace)
        with django_assert_num_queries(3):
            produire_recapitulatif(espace, reponse=None)
