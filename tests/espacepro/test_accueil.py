"""The home page: where its links lead, and back (issue 13.2)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from stdnum import luhn

from accounts.models import Espace
from habilitations.models import Habilitation, Preference, Role
from services.models import Service
from tests.charge.mesures import compter
from tests.espacepro.scenes import deposer
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.habilitations.scenes import texte

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenues(espace: Espace) -> list[Habilitation]:
    """Thirty companies and one service; a second one of the same family for the first."""
    service = ServiceFactory(code="TVA", libelle="Déclarer la TVA", famille=Service.Famille.DECLARER)
    trente = [
        habiliter(espace, personne=PersonneFactory(denomination=f"SOCIETE {rang:02}"), service=service)
        for rang in range(30)
    ]
    habiliter(espace, personne=trente[0].personne, service=ServiceFactory(code="IS", famille="DECLARER"))
    return trente


def test_une_famille_d_un_service_l_ouvre_une_de_plusieurs_mene_a_l_entreprise(
    tenues: list[Habilitation], espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    page = texte(client_de(espace).get(reverse("espace")))
    assert f'href="{reverse("entreprise", args=[tenues[0].personne.siren])}#declarer"' in page
    assert f'href="{reverse("ouvrir_service", args=[tenues[1].personne.siren, "TVA"])}"' in page
    # They look alike: who does not see where one leads is told it.
    assert 'aria-label="Déclarer, SOCIETE 00, page de l’entreprise"' in page
    assert 'aria-label="Déclarer, SOCIETE 01"' in page


def test_la_liste_se_retrouve_au_retour_d_un_service(
    tenues: list[Habilitation], espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    navigateur, siren = client_de(espace), tenues[27].personne.siren
    page = texte(navigateur.get(reverse("espace"), {"q": "societe", "page": "2"}))
    lien = f"{reverse('ouvrir_service', args=[siren, 'TVA'])}?retour=%2Fespace%2F%3Fq%3Dsociete%26page%3D2%23e-{siren}"
    assert f'href="{lien}"' in page
    assert f'href="/espace/?q=societe&amp;page=2#e-{siren}"' in texte(navigateur.get(lien))


@pytest.mark.parametrize(
    "ailleurs", ["https://exemple.fr/", "//exemple.fr", "javascript:alert(1)", "/gestion/", "/aide/"]
)
def test_on_ne_revient_que_dans_l_espace(
    tenues: list[Habilitation], espace: Espace, client_de: Callable[[Espace], Client], ailleurs: str
) -> None:
    siren, navigateur = tenues[0].personne.siren, client_de(espace)
    page = texte(navigateur.get(reverse("ouvrir_service", args=[siren, "TVA"]), {"retour": ailleurs}))
    assert f'href="/espace/#e-{siren}"' in page
    assert f'href="{ailleurs}"' not in page.split("Revenir à vos entreprises")[0].rsplit("<a", 1)[-1]
    envoi = navigateur.post(reverse("favori"), {"ajouter": siren, "retour": ailleurs})
    assert envoi["Location"] == f"/espace/#e-{siren}"


def test_un_favori_ramene_a_sa_ligne(
    tenues: list[Habilitation], espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    navigateur, siren = client_de(espace), tenues[4].personne.siren
    envoi = navigateur.post(reverse("favori"), {"ajouter": siren, "retour": "/espace/?page=2"})
    assert envoi["Location"] == f"/espace/?page=2#e-{siren}"
    assert Preference.objects.get(espace=espace).favoris == [siren]
    navigateur.post(reverse("favori"), {"retirer": siren})
    assert Preference.objects.get(espace=espace).favoris == []


def test_une_entreprise_etrangere_n_est_pas_une_favorite(
    tenues: list[Habilitation], espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    navigateur = client_de(espace)
    for siren in (PersonneFactory().siren, "000000000", ""):
        page = navigateur.post(reverse("favori"), {"ajouter": siren}, follow=True)
        assert "pas, ou plus, parmi celles" in texte(page)
    assert not Preference.objects.filter(espace=espace).exists()


@pytest.mark.parametrize(
    ("nombre", "adresse", "dense"),
    [(1, "", False), (3, "", False), (4, "", True), (1, "?q=a", True), (1, "?vue=service", True)],
)
def test_de_quatre_entreprises_une_liste(
    espace: Espace, client_de: Callable[[Espace], Client], nombre: int, adresse: str, dense: bool
) -> None:
    """Fewer are one too, where it is asked for in the address: a link that was kept leads to what it led to."""
    service = ServiceFactory()
    for _ in range(nombre):
        habiliter(espace, service=service)
    assert ("Nom, SIREN ou SIRET" in texte(client_de(espace).get(reverse("espace") + adresse))) is dense


def test_filtrer_sans_javascript_ramene_aux_resultats(
    tenues: list[Habilitation], espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    page = client_de(espace).get(reverse("espace")).content.decode()
    assert 'action="#liste-entreprises"' in page
    assert 'id="liste-entreprises"' in page


def test_le_perimetre_se_dit_en_tete_puis_dans_a_faire_seulement(
    tenues: list[Habilitation], espace: Espace, client_de: Callable[[Espace], Client], settings: Any
) -> None:
    settings.PERIMETRE_ALERTE = 30
    page = client_de(espace).get(reverse("espace")).content.decode()
    assert f'<a href="{reverse("perimetre")}">30 SIREN' in page
    assert page.count("SIREN sur 100") == 2
    assert "<meter" not in page


def test_ce_qui_n_est_que_demande_ne_se_compte_pas_avec_ce_qui_est_tenu(
    tenues: list[Habilitation], espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    """« 30 SIREN sur 100 » and « Vos entreprises 31 » on one page would not agree."""
    deposer(PersonneFactory(), espace, 1)
    page = " ".join(texte(client_de(espace).get(reverse("espace"))).split())
    assert "30 SIREN sur" in page
    assert ">30, et 1 demande en cours</span>" in page


def test_le_calendrier_se_trouve_du_plan_du_site_et_de_l_aide(client: Client) -> None:
    for nom in ("plan", "aide"):
        assert f'href="{reverse("echeances")}"' in client.get(reverse(nom)).content.decode()


# The search in the header: from four companies on, on every page but the home page, which has its own.


RECHERCHE = 'aria-label="Aller à une entreprise"'


def test_on_cherche_une_entreprise_depuis_chaque_page(
    tenues: list[Habilitation], espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    navigateur = client_de(espace)
    pages = ("gerer_services", "demandes", "vos_habilitations", "delegations", "identifiants", "aide")
    avant = [compter(navigateur, reverse(page)) for page in pages]
    assert RECHERCHE not in texte(navigateur.get(reverse("espace"))), "it has its own"
    for page, requetes in zip(pages, avant, strict=True):
        assert RECHERCHE in texte(navigateur.get(reverse(page))), page
        assert compter(navigateur, reverse(page)) == requetes, "it asks the database nothing"


def test_qui_en_a_moins_de_quatre_n_a_rien_a_chercher(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    trois = [habiliter(espace, service=ServiceFactory(code="TVA")) for _ in range(3)]
    navigateur = client_de(espace)
    navigateur.get(reverse("espace"))
    assert RECHERCHE not in texte(navigateur.get(reverse("gerer_services")))
    quatrieme = accorder(habiliter(EspaceFactory(), service=trois[0].service), espace, Role.ACTEUR)
    navigateur.get(reverse("espace"))
    assert RECHERCHE in texte(navigateur.get(reverse("gerer_services")))
    Habilitation.objects.filter(pk=quatrieme.pk).update(fin_le=timezone.now(), fin_motif="RETRAIT")
    navigateur.get(reverse("espace"))
    assert RECHERCHE not in texte(navigateur.get(reverse("gerer_services"))), "he has three again"


def test_une_seule_qui_repond_s_ouvre(
    tenues: list[Habilitation], espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    navigateur, siren = client_de(espace), tenues[7].personne.siren
    siret = f"{siren}0001" + luhn.calc_check_digit(f"{siren}0001")
    for saisie in (siren, f"{siren[:3]} {siren[3:6]} {siren[6:]}", siret, "société 07"):
        reponse = navigateur.get(reverse("espace"), {"aller": "oui", "q": saisie})
        assert reponse["Location"] == reverse("entreprise", args=[siren]), saisie


def test_plusieurs_ou_aucune_menent_a_la_liste(
    tenues: list[Habilitation], espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    navigateur = client_de(espace)
    etrangere = habiliter(EspaceFactory()).personne
    for saisie, dit in (("societe 1", "12 entreprises trouvées"), (etrangere.siren, "Aucune entreprise trouvée")):
        reponse = navigateur.get(reverse("espace"), {"aller": "oui", "q": saisie})
        assert reponse["Location"] == f"{reverse('espace', query={'q': saisie})}#liste-entreprises"
        assert dit in texte(navigateur.get(reponse["Location"]))
    assert navigateur.get(reverse("espace"), {"aller": "oui", "q": ""})["Location"] == "/espace/#liste-entreprises"
