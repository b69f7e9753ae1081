"""The dates of the services held: the calendar, the home page, the file for calendars, the weekly mail."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.envois import annonces, courriels
from accounts.envois.budget import epuiser
from accounts.models import Courriel, Espace
from habilitations.lectures.agenda import en_ics
from habilitations.lectures.echeances import calendrier, prochaines_echeances
from habilitations.lectures.entreprise import entreprise, services_de
from habilitations.lectures.rappels import rappeler_echeances, semaine_prochaine
from habilitations.models import Habilitation, Preference, Role
from services.models import Echeance, Service
from tests.factories import EspaceFactory, ServiceFactory, accorder, habiliter
from tests.scenes import attendre_un_verrou, en_parallele

pytestmark = pytest.mark.django_db
LUNDI = datetime(2026, 12, 7, 7, tzinfo=UTC)
SOLDE = date(2026, 12, 15)


def a_payer() -> Service:
    """A service with a date in the week after LUNDI's."""
    service = ServiceFactory(code="PAY_CFE", libelle="Payer la CFE", ordre=1)
    Echeance.objects.create(service=service, jour=SOLDE, libelle="Solde de CFE", source="une page")
    Echeance.objects.create(service=service, jour=date(2027, 6, 15), libelle="Acompte de CFE", source="une page")
    return service


@pytest.fixture
def cfe() -> Service:
    return a_payer()


@pytest.fixture
def titulaire(cfe: Service) -> Espace:
    """Holds the service for three companies."""
    espace: Espace = EspaceFactory()
    for _ in range(3):
        habiliter(espace, service=cfe)
    return espace


def test_les_dates_des_services_tenus_et_eux_seuls(titulaire: Espace) -> None:
    autre = ServiceFactory(code="AUTRE")
    Echeance.objects.create(service=autre, jour=SOLDE, libelle="Autre", source="une page")
    (prochaine,) = prochaines_echeances(titulaire, jour=SOLDE, nombre=1)
    assert (prochaine.libelle, prochaine.personnes) == ("Solde de CFE", 3)
    assert [e.libelle for e in prochaines_echeances(titulaire, jour=SOLDE + timedelta(days=1))] == ["Acompte de CFE"]
    assert prochaines_echeances(EspaceFactory(), jour=SOLDE) == []


def test_pour_une_seule_entreprise(titulaire: Espace) -> None:
    sienne = Habilitation.objects.filter(espace=titulaire)[0].personne
    habiliter(titulaire, service=ServiceFactory(code="AUTRE"))
    Echeance.objects.create(service=Service.objects.get(code="AUTRE"), jour=SOLDE, libelle="Autre", source="une page")
    vue = entreprise(titulaire, sienne.siren, jour=SOLDE)
    assert vue is not None
    assert [date.libelle for date in services_de(vue, titulaire).echeances] == ["Solde de CFE", "Acompte de CFE"]
    veille = accorder(
        vue.miennes[0],
        EspaceFactory(),
        Role.ACTEUR,
        etat="EN_VEILLE",
        veille_motif="TITULAIRE",
        veille_depuis=timezone.now(),
    )
    vue = entreprise(veille.espace, sienne.siren, jour=SOLDE)
    assert vue is not None
    assert services_de(vue, veille.espace).echeances == [], "what is suspended has no date"


@pytest.mark.parametrize("nombre", [1, 20])
def test_les_requetes_ne_dependent_pas_des_siren(
    cfe: Service, nombre: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    espace = EspaceFactory()
    for _ in range(nombre):
        habiliter(espace, service=cfe)
    with django_assert_num_queries(1):
        prochaines_echeances(espace, jour=SOLDE)
    with django_assert_num_queries(2):
        calendrier(espace, 2026)


def test_le_calendrier_dit_ou_est_la_date_qui_n_y_est_pas(titulaire: Espace) -> None:
    tva = ServiceFactory(code="DECL_TVA", echeance_propre="Le calendrier fiscal la donne.")
    muet = ServiceFactory(code="MUET")
    for service in (tva, muet):
        habiliter(titulaire, service=service)
    lu = calendrier(titulaire, 2026, jour=date(2026, 12, 1))
    assert [mois.titre for mois in lu.mois] == ["décembre 2026"]
    assert [mois.titre for mois in calendrier(titulaire, 2026, jour=date(2027, 1, 1)).passes] == ["décembre 2026"]
    assert (lu.propres, lu.sans_date) == ([tva], [muet])


def test_ce_qui_est_en_veille_ou_termine_n_a_pas_de_date(titulaire: Espace, cfe: Service) -> None:
    racine = Habilitation.objects.filter(espace=titulaire)[0]
    en_veille = accorder(
        racine, EspaceFactory(), Role.ACTEUR, etat="EN_VEILLE", veille_motif="TITULAIRE", veille_depuis=timezone.now()
    )
    assert prochaines_echeances(en_veille.espace, jour=SOLDE) == []


def test_les_pages(titulaire: Espace, cfe: Service, client_de: Callable[[Espace], Client]) -> None:
    cette = timezone.localdate().year
    Echeance.objects.create(service=cfe, jour=date(cette, 12, 31), libelle="Dernière de l'an", source="une page")
    navigateur = client_de(titulaire)
    assert "Dernière de l" in navigateur.get("/espace/").text
    page = navigateur.get("/espace/echeances/").text
    assert "Dernière de l" in page
    assert "indicatif" in page
    assert "3 entreprises" in page
    assert f"Échéances de {cette + 1}" in navigateur.get("/espace/echeances/", {"annee": cette + 1}).text
    assert f"Échéances de {cette}" in navigateur.get("/espace/echeances/", {"annee": "1900"}).text
    reponse = navigateur.get("/espace/echeances/calendrier.ics")
    assert reponse["Content-Type"].startswith("text/calendar")
    assert f"DTSTART;VALUE=DATE:{cette}1231" in reponse.text


def test_sans_date_la_page_d_accueil_n_en_dit_rien(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    habiliter(espace)
    assert "Prochaines échéances" not in client_de(espace).get("/espace/").text
    assert "Aucune date à montrer" in client_de(espace).get("/espace/echeances/").text


def test_le_fichier_d_agenda_suit_la_norme(cfe: Service) -> None:
    Echeance.objects.filter(jour=SOLDE).update(
        libelle="Solde, dû ; par tous", condition="É" * 90 + " : voir l'avis, puis le compte."
    )
    fichier = en_ics(Echeance.objects.select_related("service"), maintenant=LUNDI)
    lignes = fichier.split(b"\r\n")
    assert all(len(ligne) <= 75 for ligne in lignes)
    deplie = fichier.replace(b"\r\n ", b"").decode()
    assert deplie.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    assert deplie.endswith("END:VCALENDAR\r\n")
    assert r"SUMMARY:Solde\, dû \; par tous (Payer la CFE)" in deplie
    assert "É" * 90 in deplie
    assert deplie.count("BEGIN:VEVENT") == deplie.count("END:VEVENT") == len(set(deplie.split("UID:"))) - 1 == 2
    assert "DTSTAMP:20261207T070000Z" in deplie


def test_un_courriel_par_espace_et_par_semaine(titulaire: Espace) -> None:
    assert rappeler_echeances(maintenant=LUNDI) == 1
    assert rappeler_echeances(maintenant=LUNDI + timedelta(days=2)) == 0
    courriel = Courriel.objects.get()
    assert (courriel.espace, courriel.genre) == (titulaire, "echeances_semaine")
    assert courriel.contexte["lignes"] == ["15/12/2026\u00a0: Solde de CFE (Payer la CFE), 3 entreprises"]


def test_chaque_date_n_est_rappelee_qu_une_fois_la_semaine_d_avant(titulaire: Espace) -> None:
    jours = [LUNDI + timedelta(days=n) for n in range(-14, 14)]
    dites = [jour.date() for jour in jours if rappeler_echeances(maintenant=jour)]
    assert dites == [date(2026, 12, 7)]
    for jour in jours:
        du, au = semaine_prochaine(jour.date())
        assert du.weekday() == 0
        assert (au - du).days == 6
        assert 1 <= (du - jour.date()).days <= 7


def test_qui_n_en_veut_pas_n_en_recoit_pas(titulaire: Espace) -> None:
    Preference.objects.create(espace=titulaire, rappels=Preference.Rappels.AUCUN)
    assert rappeler_echeances(maintenant=LUNDI) == 0


def test_le_lot_est_borne_et_le_suivant_reprend(
    titulaire: Espace, cfe: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    habiliter(EspaceFactory(), service=cfe)
    monkeypatch.setattr(annonces, "PERSONNES_PAR_LOT", 1)
    assert [rappeler_echeances(maintenant=LUNDI) for _ in range(3)] == [1, 1, 0]
    assert Courriel.objects.count() == 2


def test_un_lot_part_de_ou_le_precedent_en_etait(
    titulaire: Espace, cfe: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No batch looks again at those before it, nor into the mails written: the week goes once through the country."""
    habiliter(EspaceFactory(), service=cfe)
    monkeypatch.setattr(annonces, "PERSONNES_PAR_LOT", 1)
    rappeler_echeances(maintenant=LUNDI)
    premier = Courriel.objects.values_list("espace_id", flat=True).get()
    with CaptureQueriesContext(connection) as lues:
        assert rappeler_echeances(maintenant=LUNDI + timedelta(days=1)) == 1
    choix = [q["sql"] for q in lues if q["sql"].startswith("SELECT") and "EXISTS" in q["sql"]]
    assert len(choix) == 1
    assert "accounts_courriel" not in choix[0]
    assert f"> '{premier.hex}'" in choix[0]
    assert [rappeler_echeances(maintenant=LUNDI + timedelta(days=n)) for n in (1, 2)] == [0, 0]
    with CaptureQueriesContext(connection) as lues:
        assert rappeler_echeances(maintenant=LUNDI + timedelta(days=3)) == 0
    assert not any("EXISTS" in q["sql"] for q in lues), "the week is over"
    assert Courriel.objects.count() == 2


def test_qui_meurt_au_milieu_d_un_lot_n_en_a_rien_ecrit(
    titulaire: Espace, cfe: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    habiliter(EspaceFactory(), service=cfe)
    deposer = courriels.deposer

    def mourir(*args: Any, **champs: Any) -> Courriel:
        if Courriel.objects.exists():
            raise KeyboardInterrupt
        return deposer(*args, **champs)

    monkeypatch.setattr(courriels, "deposer", mourir)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        rappeler_echeances(maintenant=LUNDI)
    assert not Courriel.objects.exists()
    monkeypatch.setattr(courriels, "deposer", deposer)
    assert rappeler_echeances(maintenant=LUNDI) == 2


@pytest.mark.django_db(transaction=True)
def test_un_espace_verrouille_n_arrete_ni_ne_perd_rien() -> None:
    """Who is busy at that moment is waited for: passed over, nobody would come back to him this week."""
    with transaction.atomic():
        espace = habiliter(EspaceFactory(), service=a_payer()).espace
    tenu = threading.Event()

    def agir(rang: int) -> int:
        if rang:
            tenu.wait(timeout=10)
            return epuiser(lambda: rappeler_echeances(maintenant=LUNDI))
        with transaction.atomic():
            Espace.objects.select_for_update().get(pk=espace.pk)
            tenu.set()
            attendre_un_verrou()
        return 0

    assert en_parallele(2, agir) == [0, 1]


@pytest.mark.django_db(transaction=True)
def test_deux_passages_a_la_fois_n_ecrivent_qu_une_fois(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annonces, "PERSONNES_PAR_LOT", 2)
    with transaction.atomic():
        service = a_payer()
        for _ in range(7):
            habiliter(EspaceFactory(), service=service)
    faits = en_parallele(3, lambda _: epuiser(lambda: rappeler_echeances(maintenant=LUNDI)))
    assert sum(faits) == Courriel.objects.values("espace").distinct().count() == Courriel.objects.count() == 7
