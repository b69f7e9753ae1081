"""A code whose services all went to another espace meanwhile: page, lists and mail say so, with the two ways out."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.envois import courriels
from accounts.models import Courriel, Espace
from activation.demandes.adhesion import deposer_adhesion
from activation.models import Demande
from services.models import PersonneSirenisee, Service
from tests.activation import scenes
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, habiliter

pytestmark = pytest.mark.django_db


@pytest.fixture
def personne() -> PersonneSirenisee:
    return PersonneFactory(denomination="AIRBUS")


def attendre(espace: Espace, personne: PersonneSirenisee, *codes: str) -> Demande:
    services = [ServiceFactory(code=code, libelle=f"Service {code}") for code in codes]
    demande = deposer_adhesion(acteur=espace, personne=personne, services=services, qualite="MANDATAIRE")
    scenes.editer(demande)
    return demande


def prendre(personne: PersonneSirenisee, code: str) -> None:
    """Have somebody else open this service meanwhile."""
    habiliter(EspaceFactory(), personne=personne, service=Service.objects.get(code=code))


def voies(personne: PersonneSirenisee) -> list[str]:
    return [
        f"{reverse('demander_habilitation')}?siren={personne.siren}",
        f"{reverse('substitution')}?sirens={personne.siren}",
    ]


def test_tous_pris_rien_ne_dit_que_c_est_ouvert(
    espace: Espace, personne: PersonneSirenisee, client_de: Callable[[Espace], Client]
) -> None:
    demande = attendre(espace, personne, "DECL_TVA", "PAY_TVA")
    prendre(personne, "DECL_TVA")
    prendre(personne, "PAY_TVA")
    habiliter(espace, personne=personne)
    client = client_de(espace)
    page = client.post(reverse("activer"), {"code": scenes.code(demande)}, follow=True).content.decode()
    assert "aucun service ouvert" in page
    assert "fr-alert--success" not in page
    assert "demande activée" not in page
    assert "activée</p>" not in page
    assert page.count("attribué entre-temps à un autre espace") == 2
    assert all(voie in page for voie in voies(personne))
    for liste in (reverse("demandes"), reverse("entreprise_demandes", args=[personne.siren])):
        vue = client.get(liste).content.decode()
        assert "ucun service ouvert" in vue
        assert "Activée<br>" not in vue
        assert "fr-badge--success" not in vue
    message = courriels.composer(Courriel.objects.get(genre="demande_sans_effet"))
    assert message.subject.startswith("Aucun service")
    assert "Service DECL_TVA" in message.body
    assert "demander à le remplacer" in message.body
    assert not Courriel.objects.filter(genre="demande_activee").exists()


def test_une_partie_prise_les_autres_ouverts_et_les_deux_voies(
    espace: Espace, personne: PersonneSirenisee, client_de: Callable[[Espace], Client]
) -> None:
    demande = attendre(espace, personne, "DECL_TVA", "PAY_TVA")
    prendre(personne, "PAY_TVA")
    client = client_de(espace)
    adresse = reverse("demande", args=[demande.reference])
    page = client.post(adresse, {"code": scenes.code(demande)}, follow=True).content.decode()
    assert page.count("fr-alert--success") == 1, "said once"
    assert reverse("entreprise", args=[personne.siren]) in page
    assert all(voie in page for voie in voies(personne))
    assert "PAY_TVA" in courriels.composer(Courriel.objects.get(genre="demande_activee")).body


def test_retires_du_catalogue_sans_voie_qui_ne_mene_nulle_part(
    espace: Espace, personne: PersonneSirenisee, client_de: Callable[[Espace], Client]
) -> None:
    demande = attendre(espace, personne, "DECL_TVA")
    Service.objects.update(ferme_le=timezone.localdate() - timedelta(days=1))
    adresse = reverse("demande", args=[demande.reference])
    page = client_de(espace).post(adresse, {"code": scenes.code(demande)}, follow=True).content.decode()
    assert "retiré du catalogue" in page
    assert "attribué entre-temps" not in page
    assert not any(voie in page for voie in voies(personne))
    corps = courriels.composer(Courriel.objects.get(genre="demande_sans_effet")).body
    assert "retiré du catalogue" in corps
    assert "deux voies" not in corps


def test_tout_ouvert_un_seul_message(
    espace: Espace, personne: PersonneSirenisee, client_de: Callable[[Espace], Client]
) -> None:
    demande = attendre(espace, personne, "DECL_TVA")
    client = client_de(espace)
    page = client.post(reverse("activer"), {"code": scenes.code(demande)}, follow=True).content.decode()
    assert page.count("fr-alert--success") == 1
    assert ">Service DECL_TVA</a>\u00a0: ouvert" in page
    assert not any(voie in page for voie in voies(personne))


def test_un_code_recu_sans_demande_se_remet_ou_se_signale(
    espace: Espace, client_de: Callable[[Espace], Client]
) -> None:
    page = client_de(espace).get(reverse("activer")).content.decode()
    assert "remettez-lui le code" in page
    assert f'href="{reverse("signaler")}">signalez-la</a>' in page


def test_qui_represente_l_entreprise_ne_se_donne_pas_mandat(
    espace: Espace, personne: PersonneSirenisee, client_de: Callable[[Espace], Client]
) -> None:
    dites = []
    for qualite in ("REPRESENTANT_LEGAL", "MANDATAIRE"):
        demande = scenes.adhesion(espace, PersonneFactory(), ServiceFactory(), qualite)
        scenes.editer(demande)
        page = client_de(espace).get(reverse("demande", args=[demande.reference])).content.decode()
        dites.append("il vous donne mandat" in page)
    assert dites == [False, True]


def test_facultatif_ne_se_dit_qu_une_fois(client: Client) -> None:
    assert client.get(reverse("signaler")).content.decode().count("(facultatif)") == 1
