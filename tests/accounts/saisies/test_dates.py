"""Dates written for people: at half past midnight in Paris it is still yesterday in UTC."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.contrib.admin.utils import display_for_value
from django.db import transaction
from django.template import Context, Template
from django.utils import timezone as django_timezone

from accounts.donnees.lecture import en_clair
from accounts.envois import courriels
from accounts.envois.liens import creer_lien
from accounts.models import Courriel, DemandeOubli, EssaiConnexion, Evenement, Lien
from accounts.saisies import dates
from services.models import LectureMessage, Message
from surveillance.models import Alerte, Connexion
from tests.factories import EspaceFactory

MINUIT_TRENTE = datetime(2026, 11, 28, 23, 30, tzinfo=UTC)  # 00:30 on the 29th in Paris


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=9))])
def test_chaque_format_est_a_l_heure_de_paris(zone: timezone) -> None:
    quand = MINUIT_TRENTE.astimezone(zone)
    with django_timezone.override(zone):
        assert dates.jour(quand) == "29/11/2026"
        assert dates.jour_heure(quand) == "29/11/2026 à 0\u00a0h\u00a030"
        assert dates.horodatage(quand) == "29/11/2026, 0\u00a0h\u00a030"
        assert dates.horodatage_de_tableur(quand) == "29/11/2026 00:30"
        assert dates.jour_en_lettres(quand) == "29 novembre 2026"
        assert dates.jour_heure_en_lettres(quand) == "29 novembre 2026 à 0\u00a0h\u00a030"


def test_les_listes_de_django_ecrivent_comme_la_maison() -> None:
    with django_timezone.override("Europe/Paris"):
        assert display_for_value(MINUIT_TRENTE, "-") == dates.horodatage(MINUIT_TRENTE)
        assert display_for_value(date(2026, 11, 1), "-") == dates.jour(date(2026, 11, 1))


def test_un_jour_sans_heure_reste_ce_jour_et_rien_reste_rien() -> None:
    assert dates.jour(date(2026, 11, 28)) == "28/11/2026"
    assert dates.jour_en_lettres(date(2026, 11, 28)) == "28 novembre 2026"
    for ecriture in (dates.jour, dates.jour_heure, dates.horodatage, dates.jour_en_lettres):
        assert ecriture(None) == ""


def test_les_gabarits_ont_les_memes_formats() -> None:
    gabarit = Template("{{ q|jour }}, {{ q|jour_heure }}, {{ q|horodatage }}, {{ q|jour_en_lettres }}")
    attendu = "29/11/2026, 29/11/2026 à 0\u00a0h\u00a030, 29/11/2026, 0\u00a0h\u00a030, 29 novembre 2026"
    assert gabarit.render(Context({"q": MINUIT_TRENTE})) == attendu


@pytest.mark.parametrize(
    "objet",
    [
        Message(envoye_le=MINUIT_TRENTE),
        LectureMessage(lu_le=MINUIT_TRENTE),
        Alerte(motif="x", levee_le=MINUIT_TRENTE),
        Connexion(quand=MINUIT_TRENTE),
        Evenement(acte="x", quand=MINUIT_TRENTE),
        DemandeOubli(cree_le=MINUIT_TRENTE),
        EssaiConnexion(quand=MINUIT_TRENTE),
    ],
    ids=lambda objet: type(objet).__name__,
)
def test_ce_que_les_lignes_disent_d_elles_memes(objet: object) -> None:
    assert "29/11/2026" in str(objet)


def test_un_instant_de_mes_donnees() -> None:
    assert en_clair(MINUIT_TRENTE) == "29/11/2026 à 0\u00a0h\u00a030"


@pytest.mark.django_db
def test_un_courriel_de_lien_et_un_message_de_regle_ecrivent_l_heure_de_meme() -> None:
    espace = EspaceFactory()
    lien = creer_lien(
        espace=espace, objet=Lien.Objet.MOT_DE_PASSE_OUBLIE, adresse="a@exemple.fr", maintenant=MINUIT_TRENTE
    )
    Lien.objects.filter(pk=lien.pk).update(expire_le=MINUIT_TRENTE)
    with transaction.atomic():
        courriels.deposer(
            "mot_de_passe_oublie",
            destinataire="a@exemple.fr",
            acte="essai",
            espace=espace,
            lien=Lien.objects.get(pk=lien.pk),
        )
    assert "jusqu’au 29/11/2026 à 0\u00a0h\u00a030." in courriels.composer(Courriel.objects.get(acte="essai")).body


def test_un_delai_se_lit_en_jours_ou_en_heures() -> None:
    assert [dates.en_jours(timedelta(hours=heures)) for heures in (0.5, 1, 23, 24, 80)] == [
        "moins d’une heure",
        "1 heure",
        "23 heures",
        "1 jour",
        "3 jours",
    ]
