"""The public catalogue: what a visitor reads, what a search finds, what it costs."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from services.catalogue.chargement import charger_catalogue
from services.models import Service

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _catalogue() -> None:
    charger_catalogue()


def test_les_trente_services_par_famille(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        page = client.get("/services/").text
    for service in Service.objects.all():
        assert reverse("service_public", args=[service.code]) in page
    assert page.index("Consulter</h2>") < page.index("Déclarer</h2>") < page.index("Payer</h2>")


@pytest.mark.parametrize(
    ("parametres", "trouves"),
    [
        ({"q": "declarer tva"}, {"DECL_TVA"}),
        ({"q": "ÉNERGIES gaz"}, {"ACC"}),
        ({"q": "cadastre"}, {"CAD"}),
        ({"domaine": "DOMANIAL"}, {"DOM_EVAL"}),
        ({"famille": "MESSAGERIE"}, {"MSG"}),
        ({"famille": "PAYER", "q": "cvae"}, {"PAY_CVAE"}),
        ({"q": "licorne"}, set()),
        ({"q": "—"}, set()),
    ],
)
def test_chercher(client: Client, parametres: dict[str, str], trouves: set[str]) -> None:
    reponse = client.get("/services/", parametres)
    assert {s.code for _, services in reponse.context["familles"] for s in services} == trouves
    assert ("Aucun service trouvé" in reponse.text) == (not trouves)
    assert f'value="{parametres.get("q", "")}"' in reponse.text


def test_une_valeur_inconnue_est_ignoree(client: Client) -> None:
    assert client.get("/services/", {"famille": "X", "domaine": "Y"}).context["nombre"] == 30


@pytest.mark.parametrize("code", [f"{code}" for code in ("MSG", "PAY_TVA", "DOM_EVAL", "TIERS", "DEM_OSS")])
def test_la_page_d_un_service(client: Client, code: str, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    service = Service.objects.get(code=code)
    with django_assert_num_queries(1):
        reponse = client.get(reverse("service_public", args=[code]))
    page = reponse.text
    assert ("non compris" in page) == (not service.bouquet_simplifie)
    assert ("mandat de prélèvement" in page) == service.paiement
    assert ("supprimer vous-même votre espace" in page) == service.retrait_par_gestionnaire
    assert [voisin.code for voisin in reponse.context["voisins"]] == service.voisins


def test_un_service_retire_dit_son_dernier_jour_puis_s_en_va(client: Client) -> None:
    aujourd_hui = timezone.localdate()
    ou = reverse("service_public", args=["CAD"])
    Service.objects.filter(code="CAD").update(ferme_le=aujourd_hui)
    assert "sera retiré du catalogue" in client.get(ou).text
    assert "Ferme le" in client.get("/services/").text
    Service.objects.filter(code="CAD").update(ferme_le=aujourd_hui - timedelta(days=1))
    assert client.get(ou).status_code == 404
    assert ou not in client.get("/services/").text
    assert client.get(reverse("service_public", args=["DOM_EVAL"])).context["voisins"] == []


def test_un_service_inconnu_n_existe_pas(client: Client) -> None:
    assert client.get("/services/INCONNU/").status_code == 404
