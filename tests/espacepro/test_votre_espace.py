"""« Votre espace »: what is the holder's own, on one page, each thing with its state and the link that changes it."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp_webauthn.models import WebAuthnCredential

from accounts.espace.changement_adresse import demander_changement
from accounts.models import Application, CodeSecours, Compte, Espace
from espacepro.acces import D_EXPERT, MENU, MENU_PERSONNE, TABLE, Rubrique
from habilitations.models import Preference, Role
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter

pytestmark = pytest.mark.django_db
Ouvrir = Callable[[Espace], Client]


def lire(client: Client) -> str:
    reponse = client.get(reverse("votre_espace"))
    assert reponse.status_code == 200
    return reponse.text


def texte(page: str) -> str:
    """Return what is read in the page's own part, its no-break spaces plain."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page.partition("<main")[2].partition("</main>")[0])).split())


def test_chaque_page_de_la_personne_s_y_ouvre(espace: Espace, client_de: Ouvrir) -> None:
    page = lire(client_de(espace)).partition("<main")[2]
    for nom in set(MENU_PERSONNE) - {"votre_espace"}:
        assert f'href="{reverse(nom)}"' in page, nom
    assert page.index(reverse("supprimer_espace")) > max(page.index(reverse(n)) for n in ("journal", "mes_donnees"))


def test_le_menu_de_la_personne_y_mene_d_abord(espace: Espace, client_de: Ouvrir) -> None:
    assert next(iter(MENU_PERSONNE)) == "votre_espace"
    page = client_de(espace).get(reverse("espace")).text
    assert f'<a href="{reverse("votre_espace")}">Votre espace</a>' in page


def test_rien_de_la_personne_ne_se_dit_sous_gerer_les_services() -> None:
    assert {nom for nom in MENU_PERSONNE if TABLE[nom].rubrique is not Rubrique.AUCUNE} == set()
    assert Rubrique.AUCUNE not in MENU


def test_l_etat_de_chaque_chose(espace: Espace, client_de: Ouvrir) -> None:
    compte = espace.compte
    assert compte is not None
    dit = texte(lire(client_de(espace)))
    assert espace.numero_lisible in dit.replace("\u202f", " ").replace("\u00a0", " ")
    assert compte.email in dit
    assert "il est conseillé d’en changer" not in dit
    assert "Aucun" in dit
    assert "Codes de secours" not in dit
    assert "1 ouverte, celle-ci" in dit
    assert "01 23 45 67 89" in dit
    assert "Aucun SIREN" in dit


def test_ce_qui_attend_se_voit(espace: Espace, client_de: Ouvrir) -> None:
    compte = espace.compte
    assert compte is not None
    Compte.objects.filter(pk=compte.pk).update(
        mot_de_passe_change_le=timezone.now() - timedelta(days=200), adresse_rejetee_le=timezone.now()
    )
    demander_changement(acteur=espace, nouvelle="karine.vidal@exemple.fr")
    page = lire(client_de(espace))
    dit = texte(page)
    assert "il est conseillé d’en changer" in dit
    assert "Un courriel nous a été retourné" in dit
    assert "karine.vidal@exemple.fr" in dit
    assert page.count("ep-signe--attention") == 4  # with the second factor that is not there


def test_le_second_facteur_et_ses_codes(espace: Espace, client_de: Ouvrir) -> None:
    compte = espace.compte
    Application.objects.create(user=compte, name="application", confirmed=True)
    for rang in range(2):
        WebAuthnCredential.objects.create(
            user=compte, name="clé", confirmed=True, credential_id=bytes([rang]), public_key=b"x", sign_count=0
        )
    for rang in range(10):
        CodeSecours.objects.create(
            compte=compte, empreinte=f"{rang:064x}", utilise_le=timezone.now() if rang < 4 else None
        )
    dit = texte(lire(client_de(espace)))
    assert "Application et 2 clés d’accès" in dit
    assert "6 restants sur 10" in dit


def test_ceux_d_un_autre_ne_comptent_pas(espace: Espace, client_de: Ouvrir) -> None:
    Application.objects.create(user=EspaceFactory().compte, name="application", confirmed=True)
    client_de(EspaceFactory())
    dit = texte(lire(client_de(espace)))
    assert "Application" not in dit
    assert "1 ouverte" in dit


def test_les_preferences_et_le_perimetre(espace: Espace, client_de: Ouvrir) -> None:
    Preference.objects.create(espace=espace, rappels="AUCUN", accords="QUOTIDIEN", resume_depuis=timezone.now())
    with transaction.atomic():
        habiliter(espace, personne=PersonneFactory(), service=ServiceFactory())
    dit = texte(lire(client_de(espace)))
    assert f"1 SIREN sur {settings.PERIMETRE_SIREN}" in dit
    assert "une fois par jour" in dit


def test_un_espace_simplifie_n_a_pas_de_perimetre(client_de: Ouvrir) -> None:
    page = lire(client_de(EspaceFactory(mode=Espace.Mode.SIMPLIFIE))).partition("<main")[2]
    assert {nom for nom in D_EXPERT if reverse(nom) in page} == set()


def test_huit_requetes_au_plus(
    espace: Espace, client_de: Ouvrir, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    client = client_de(espace)
    with django_assert_max_num_queries(8):  # type: ignore[attr-defined]
        lire(client)


def test_un_journal_vide_le_dit(espace: Espace, client_de: Ouvrir) -> None:
    page = client_de(espace).get(reverse("journal")).text
    assert "Rien n’a encore été fait" in page
    assert "<table" not in page


@pytest.mark.parametrize(
    ("entreprises", "dit"), [(1, "2 services d’une entreprise"), (2, "4 services de 2 entreprises")]
)
def test_ce_qui_empeche_de_supprimer_se_compte_en_francais(
    espace: Espace, client_de: Callable[[Espace], Client], entreprises: int, dit: str
) -> None:
    services = [ServiceFactory(code=code) for code in ("UN", "DEUX")]
    for _ in range(entreprises):
        personne = PersonneFactory()
        for service in services:
            accorder(habiliter(espace, personne=personne, service=service), EspaceFactory(), Role.SUPPLEANT)
    assert dit in client_de(espace).get(reverse("supprimer_espace")).content.decode().replace("\u00a0", " ")
