"""The journals by act: what one request did is one line that unfolds; its lines stay, one by one, in the exports."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Espace, Evenement
from accounts.traces.journal import consigner
from accounts.traces.requete import Provenance, provenance
from habilitations.actes import DELEGATION_ACCORDEE
from habilitations.models import Role
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db


def journaliser(espace: Espace, requete: str, sirens: list[str], service: str = "TVA") -> None:
    """As one request that grants the same service for each of these companies."""
    jeton = provenance.set(Provenance(requete=requete))
    with transaction.atomic():
        for siren in sirens:
            consigner(DELEGATION_ACCORDEE, auteur=espace, siren=siren, service=service)
    provenance.reset(jeton)


def sirens(nombre: int) -> list[str]:
    return [f"{100_000_000 + rang}" for rang in range(nombre)]


def test_un_acte_est_une_ligne_qui_se_deplie(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    journaliser(espace, "a" * 36, sirens(1))
    journaliser(espace, "b" * 36, sirens(3_000))
    journaliser(espace, "", sirens(2))  # what no request made stays line by line
    client = client_de(espace)
    page = client.get(reverse("journal"))
    lignes = [ligne for ligne in page.context["lignes"] if ligne["groupe"].tete.acte == DELEGATION_ACCORDEE.code]
    assert [ligne["groupe"].nombre for ligne in lignes] == [1, 1, 3_000, 1]
    html = page.content.decode()
    assert "3000 fois" in html.replace("\u202f", "").replace("\u00a0", "")
    assert html.count('<details class="ep-plie">') == 1
    assert len(lignes[2]["premiers"]) == 10
    tete = lignes[2]["groupe"].tete.pk
    lot = client.get(reverse("journal"), {"lot": tete, "page": "120"})
    assert lot.context["page"].paginator.count == 3_000
    assert len(lot.context["lignes"]) == 25


def test_les_pages_sont_justes(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    """Sixty acts are three pages, whatever each left; none is seen twice or lost."""
    for rang in range(60):
        journaliser(espace, f"{rang:036d}", sirens(1 + rang % 4))
    client = client_de(espace)
    vus: list[int] = []
    pages = client.get(reverse("journal")).context["page"].paginator.num_pages
    for numero in range(1, pages + 1):
        vus += [ligne["groupe"].tete.pk for ligne in client.get(reverse("journal"), {"page": numero}).context["lignes"]]
    assert vus == sorted(set(vus), reverse=True)
    assert (
        sum(
            ligne["groupe"].nombre
            for numero in range(1, pages + 1)
            for ligne in client.get(reverse("journal"), {"page": numero}).context["lignes"]
        )
        == Evenement.objects.filter(espace=espace.numero_abonne).count()
    )


@pytest.mark.parametrize("nombre", [1, 100, 3_000])
def test_autant_de_requetes_quel_que_soit_le_nombre(
    espace: Espace, client_de: Callable[[Espace], Client], nombre: int
) -> None:
    client = client_de(espace)
    client.get(reverse("journal"))
    comptes = []
    for rang in (1, nombre):
        journaliser(espace, f"{rang:036d}", sirens(rang))
        with CaptureQueriesContext(
            connection,
        ) as requetes:
            client.get(reverse("journal"))
        comptes.append(len(requetes))
    assert comptes[0] == comptes[1]


def test_le_lot_d_un_autre_n_existe_pas(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    autre = EspaceFactory()
    journaliser(autre, "c" * 36, sirens(2))
    tete = Evenement.objects.filter(auteur=autre.numero_abonne).latest("pk").pk
    client = client_de(espace)
    for lot in (str(tete), "0", "abc", "9" * 30, "²"):
        assert client.get(reverse("journal"), {"lot": lot}).status_code == 404, lot
        assert client.get(reverse("journal_personne"), {"lot": lot}).status_code == 404, lot


def test_le_journal_de_l_entreprise_aussi_et_l_export_reste_ligne_a_ligne(
    client_de: Callable[[Espace], Client],
) -> None:
    titulaire, service = EspaceFactory(), ServiceFactory(code="TVA")
    entreprises = [PersonneFactory() for _ in range(12)]
    racines = [habiliter(titulaire, personne=personne, service=service) for personne in entreprises]
    accorder(racines[0], EspaceFactory(), Role.ACTEUR)
    journaliser(titulaire, "d" * 36, [personne.siren for personne in entreprises])
    client = client_de(titulaire)
    page: Any = client.get(reverse("journal_personne"))
    (rangee,) = page.context["rangees"]
    assert (rangee["groupe"].nombre, rangee["groupe"].sirens) == (12, 12)
    assert "12 entreprises" in page.content.decode()
    assert len(rangee["premiers"]) == 10
    lot = client.get(reverse("journal_personne"), {"lot": rangee["groupe"].tete.pk})
    assert len(lot.context["lignes"]) == 12
    seule = client.get(reverse("journal_personne"), {"siren": entreprises[0].siren})
    assert [r["groupe"].nombre for r in seule.context["rangees"]] == [1]
    csv = client.post(reverse("journal_personne_exporter"), {"format": "csv"}).content.decode()
    assert len(csv.strip().splitlines()) == 13
