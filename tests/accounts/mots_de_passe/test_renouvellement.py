"""Reminders, and the renewal every three years (R3, CGU §3.2.c and e)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.envois import courriels
from accounts.models import Compte, Courriel, Espace, Evenement
from accounts.mots_de_passe.politique import (
    Etape,
    changer_mot_de_passe,
    echeance,
    exiger_renouvellement,
    invalider_mot_de_passe,
    rappeler_mots_de_passe,
    renouvellement_du,
)
from accounts.saisies.dates import apres_des_mois
from tests.factories import MOT_DE_PASSE, AgentFactory, EspaceFactory

PARIS, UTC = ZoneInfo("Europe/Paris"), ZoneInfo("UTC")
NOUVEAU = "brouillard kayak 81 moutarde violon"
SECONDE = timedelta(seconds=1)
DEBUTS = [
    datetime(2027, 1, 15, 10, 0, tzinfo=PARIS).astimezone(UTC),
    datetime(2028, 2, 29, 9, 30, tzinfo=PARIS).astimezone(UTC),  # three years later has no 29 February
    datetime(2027, 3, 28, 2, 30, tzinfo=PARIS).astimezone(UTC),  # an hour that does not exist
    datetime(2027, 10, 31, 2, 30, tzinfo=PARIS).astimezone(UTC),  # an hour that comes twice
    datetime(2027, 8, 31, 23, 59, 59, tzinfo=PARIS).astimezone(UTC),  # six months later has no 31
]


def avec_mot_de_passe_du(quand: datetime, **champs) -> Espace:
    return EspaceFactory(compte__mot_de_passe_change_le=quand, **champs)


def genres() -> list[str]:
    return sorted(c.acte.rsplit(":", 1)[1] for c in Courriel.objects.filter(genre__startswith="mot_de_passe"))


def test_le_29_fevrier_ne_raccourcit_rien() -> None:
    assert echeance(datetime(2028, 2, 29, 9, 30, tzinfo=PARIS)) == datetime(2031, 3, 1, 9, 30, tzinfo=PARIS)
    assert apres_des_mois(datetime(2027, 8, 31, 12, tzinfo=PARIS), 6) == datetime(2028, 3, 1, 12, tzinfo=PARIS)
    assert apres_des_mois(datetime(2027, 12, 31, 12, tzinfo=PARIS), 36) == datetime(2030, 12, 31, 12, tzinfo=PARIS)
    # Same clock time on both sides of a change of hour.
    assert apres_des_mois(datetime(2027, 1, 15, 10, tzinfo=PARIS), 6) == datetime(2027, 7, 15, 10, tzinfo=PARIS)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)), st.integers(0, 4000))
def test_l_echeance_ne_recule_jamais(quand: datetime, secondes: int) -> None:
    """Later password, later deadline (the sweep relies on it), at least 1095 days less a change of hour."""
    plus_tard = quand + timedelta(seconds=secondes)
    assert echeance(plus_tard) >= echeance(quand) - timedelta(hours=1)
    assert timedelta(days=1095, hours=-2) <= echeance(quand) - quand <= timedelta(days=1097)


@pytest.mark.django_db
@pytest.mark.parametrize("debut", DEBUTS)
@pytest.mark.parametrize(
    ("etape", "avant"),
    [
        (Etape.CONSEIL, None),
        (Etape.SOIXANTE_JOURS, timedelta(days=60)),
        (Etape.TRENTE_JOURS, timedelta(days=30)),
        (Etape.SEPT_JOURS, timedelta(days=7)),
    ],
)
def test_rappels_a_la_seconde(debut: datetime, etape: Etape, avant: timedelta | None) -> None:
    avec_mot_de_passe_du(debut)
    quand = apres_des_mois(debut, 6) if avant is None else echeance(debut) - avant
    rappeler_mots_de_passe(maintenant=quand - SECONDE)
    deja = genres()
    assert etape.name.lower() not in deja
    assert rappeler_mots_de_passe(maintenant=quand) == 1
    assert genres() == sorted([*deja, etape.name.lower()])
    assert rappeler_mots_de_passe(maintenant=quand) == 0, "run twice, sent once"
    assert rappeler_mots_de_passe(maintenant=quand + timedelta(days=1)) == 0


@pytest.mark.django_db
@pytest.mark.parametrize("debut", DEBUTS)
def test_renouvellement_exige_a_la_seconde(debut: datetime) -> None:
    espace = avec_mot_de_passe_du(debut)
    fin = echeance(debut)
    assert exiger_renouvellement(maintenant=fin - SECONDE) == 0
    assert not renouvellement_du(espace.compte, fin - SECONDE)
    assert renouvellement_du(espace.compte, fin), "even where the job has not run"
    assert [
        exiger_renouvellement(maintenant=fin),
        exiger_renouvellement(maintenant=fin),
        exiger_renouvellement(maintenant=fin + SECONDE),
    ] == [1, 0, 0]
    espace.compte.refresh_from_db()
    assert espace.compte.renouvellement_exige
    assert genres() == ["exige"]
    assert Evenement.objects.filter(acte="mot_de_passe.renouvellement_exige").count() == 1
    assert rappeler_mots_de_passe(maintenant=fin + timedelta(days=1)) == 0


@pytest.mark.django_db
def test_en_retard_seul_le_dernier_rappel_part() -> None:
    debut = datetime(2027, 1, 15, 10, tzinfo=PARIS)
    avec_mot_de_passe_du(debut)
    assert rappeler_mots_de_passe(maintenant=echeance(debut) - timedelta(days=20)) == 1
    assert genres() == ["trente_jours"]
    assert rappeler_mots_de_passe(maintenant=echeance(debut) - timedelta(days=6)) == 1
    assert genres() == ["sept_jours", "trente_jours"]
    # So late that the deadline is past: no reminder of what has already happened.
    Courriel.objects.all().delete()
    Compte.objects.update(rappel_mot_de_passe=0)
    assert rappeler_mots_de_passe(maintenant=echeance(debut)) == 0
    assert exiger_renouvellement(maintenant=echeance(debut)) == 1


@pytest.mark.django_db
def test_un_nouveau_mot_de_passe_recommence_tout() -> None:
    debut = datetime(2027, 1, 15, 10, tzinfo=PARIS)
    espace = avec_mot_de_passe_du(debut)
    exiger_renouvellement(maintenant=echeance(debut))
    change = echeance(debut) + timedelta(days=1)
    changer_mot_de_passe(acteur=espace.compte, nouveau=NOUVEAU, maintenant=change)
    espace.compte.refresh_from_db()
    assert not renouvellement_du(espace.compte, change)
    assert rappeler_mots_de_passe(maintenant=apres_des_mois(change, 6)) == 1


@pytest.mark.django_db
def test_ni_agents_ni_espaces_fermes_ni_mots_de_passe_invalides() -> None:
    debut = datetime(2024, 1, 15, 10, tzinfo=PARIS)
    AgentFactory(compte__mot_de_passe_change_le=debut)
    avec_mot_de_passe_du(debut, etat=Espace.Etat.DESACTIVE)
    avec_mot_de_passe_du(debut, compte__is_active=False)
    invalide = avec_mot_de_passe_du(debut)
    invalider_mot_de_passe(acteur=invalide.compte)
    assert rappeler_mots_de_passe(maintenant=echeance(debut) - timedelta(days=10)) == 0
    assert exiger_renouvellement(maintenant=echeance(debut)) == 0


@pytest.mark.django_db
def test_un_lot_apres_l_autre(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.mots_de_passe.politique.COMPTES_PAR_LOT", 2)
    debut = datetime(2027, 1, 15, 10, tzinfo=PARIS)
    for rang in range(5):
        avec_mot_de_passe_du(debut + timedelta(seconds=rang))
    assert rappeler_mots_de_passe(maintenant=apres_des_mois(debut, 6) + 3 * SECONDE) == 4
    assert rappeler_mots_de_passe(maintenant=apres_des_mois(debut, 6) + 4 * SECONDE) == 1


@pytest.mark.django_db
def test_les_courriels_se_lisent() -> None:
    debut = datetime(2027, 1, 15, 10, tzinfo=PARIS)
    avec_mot_de_passe_du(debut)
    for quand in (apres_des_mois(debut, 6), *(echeance(debut) - timedelta(days=j) for j in (60, 30, 7))):
        rappeler_mots_de_passe(maintenant=quand)
    exiger_renouvellement(maintenant=echeance(debut))
    assert courriels.envoyer_en_attente() == 5
    assert sum("15/01/2030" in m.subject for m in mail.outbox) == 3


@pytest.mark.django_db
def test_seule_la_page_de_renouvellement_est_ouverte() -> None:
    debut = datetime(2024, 2, 29, 12, tzinfo=PARIS)
    fin = echeance(debut)
    espace = avec_mot_de_passe_du(debut)
    renouveler = reverse("renouveler_mot_de_passe")
    client = Client()
    with time_machine.travel(fin - SECONDE, tick=False) as horloge:
        client.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
        assert client.get(reverse("espace")).status_code == 200
        assert client.get(renouveler)["Location"] == reverse("espace")
        horloge.shift(SECONDE)
        for nom in (
            "espace",
            "gerer_services",
            "journal",
            "identifiants",
            "changer_adresse",
            "coordonnees",
            "securite",
        ):
            assert client.get(reverse(nom))["Location"] == renouveler, nom
        assert client.post(reverse("changer_adresse"), {})["Location"] == renouveler
        for nom in ("aide", "accessibilite", "cgu", "mot_de_passe_oublie", "securite_pas_moi"):
            assert client.get(reverse(nom)).status_code == 200, "what is no service, and what closes"
        assert client.get(renouveler).status_code == 200
        assert client.post(reverse("prolonger_session")).status_code == 204
        faux = client.post(renouveler, {"actuel": "faux", "nouveau": NOUVEAU})
        assert faux.status_code == 200
        meme = client.post(renouveler, {"actuel": MOT_DE_PASSE, "nouveau": MOT_DE_PASSE})
        assert "cinq derniers" in meme.content.decode()
        assert client.post(renouveler, {"actuel": MOT_DE_PASSE, "nouveau": NOUVEAU})["Location"] == reverse("espace")
        assert client.get(reverse("espace")).status_code == 200
        assert client.get(renouveler)["Location"] == reverse("espace")


@pytest.mark.django_db
def test_se_deconnecter_reste_possible() -> None:
    espace = EspaceFactory(compte__renouvellement_exige=True)
    client = Client()
    client.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
    assert client.get(reverse("espace"))["Location"] == reverse("renouveler_mot_de_passe")
    assert client.post(reverse("deconnexion"))["Location"] == reverse("accueil")


@pytest.mark.django_db
def test_changer_ferme_les_autres_sessions_et_previent(espace: Espace, client_de) -> None:
    client, autre = client_de(espace), client_de(espace)
    page = reverse("changer_mot_de_passe")
    refus = client.post(page, {"actuel": MOT_DE_PASSE, "nouveau": "motdepassemotdepasse"})
    assert refus.status_code == 200
    assert "trop faible" in refus.content.decode()
    assert client.post(page, {"actuel": MOT_DE_PASSE, "nouveau": NOUVEAU})["Location"] == reverse("identifiants")
    assert client.get(reverse("identifiants")).status_code == 200
    assert autre.get(reverse("identifiants")).status_code == 302
    assert Courriel.objects.filter(genre="mot_de_passe_change").count() == 1
    encore = client.post(page, {"actuel": MOT_DE_PASSE, "nouveau": NOUVEAU})
    assert "pas reconnu" in encore.content.decode(), "a double submit changes nothing"
    assert Courriel.objects.filter(genre="mot_de_passe_change").count() == 1


@pytest.mark.django_db
def test_conseil_sur_la_page(espace: Espace, client_de) -> None:
    client = client_de(espace)
    page = reverse("identifiants")
    assert "six mois" not in client.get(page).content.decode()
    Compte.objects.update(mot_de_passe_change_le=timezone.now() - timedelta(days=190))
    assert "six mois" in client.get(page).content.decode()
