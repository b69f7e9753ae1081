"""Signing in: the password, then the second factor of who has one; nothing is open in between."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import iri_to_uri

from accounts.facteurs.second_facteur import commencer_enrolement, confirmer_enrolement
from accounts.models import Application, CodeSecours, Compte, Courriel, Espace
from accounts.portes.connexion import EN_ATTENTE_DUREE
from surveillance.models import Connexion
from tests.accounts.scenes import code_de
from tests.factories import MOT_DE_PASSE, AgentFactory, EspaceFactory

DEPART = timezone.now().replace(microsecond=0)
VERIFICATION = "connexion_verification"


def a(secondes: float) -> time_machine.travel:
    return time_machine.travel(DEPART + timedelta(seconds=secondes), tick=False)


def mot_de_passe(espace: Espace, client: Client | None = None, **champs: Any) -> tuple[Client, Any]:
    client = client or Client()
    tape = {"username": espace.compte.email, "password": MOT_DE_PASSE, **champs}
    return client, client.post(reverse("connexion"), tape)


@pytest.fixture
def protege(espace: Espace) -> tuple[Espace, Application, list[str]]:
    """An espace with an application, enrolled at DEPART - 1 h."""
    with a(-3600):
        appareil = commencer_enrolement(acteur=espace.compte)
        appareil, codes = confirmer_enrolement(acteur=espace.compte, code=code_de(appareil), remplacer=False)
    return espace, appareil, codes


def test_sans_second_facteur_le_mot_de_passe_suffit(espace: Espace) -> None:
    client, reponse = mot_de_passe(espace)
    assert reponse.url == reverse("espace")
    assert client.get(reverse("espace")).status_code == 200


@pytest.mark.parametrize("a_soi", [True, False])
def test_se_connecter_aussi_dans_l_onglet_reste_ouvert(espace: Espace, a_soi: bool) -> None:
    """Two tabs at the sign-in: the second form, sent once the first has opened the espace, leads there too; another's is refused."""
    client = Client(enforce_csrf_checks=True)
    page = client.get(reverse("connexion")).content.decode()
    jeton = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    tape = {"username": espace.compte.email, "password": MOT_DE_PASSE, "csrfmiddlewaretoken": jeton}
    assert client.post(reverse("connexion"), tape).url == reverse("espace")
    autre = espace.compte.email.upper() if a_soi else EspaceFactory().compte.email
    tape |= {"username": autre, "password": "autre chose", "next": reverse("securite")}
    reponse = client.post(reverse("connexion"), tape, follow=True)
    if a_soi:
        assert reponse.redirect_chain[-1] == (reverse("securite"), 302)
    else:
        assert reponse.status_code == 403
    assert client.session["_auth_user_id"] == str(espace.compte.pk)


def test_avec_un_second_facteur_rien_n_est_ouvert_avant(protege: tuple[Espace, Application, list[str]]) -> None:
    espace, appareil, _ = protege
    with a(0):
        client, reponse = mot_de_passe(espace)
        assert reponse.url == reverse(VERIFICATION)
        for nom in (
            "espace",
            "securite",
            "journal",
            "application",
            "codes_secours",
            "identifiants",
            "prolonger_session",
        ):
            assert client.get(reverse(nom)).status_code in {302, 405}, nom
            assert "_auth_user_id" not in client.session
        assert client.post(reverse("fermer_autres_sessions")).url.startswith(reverse("connexion"))
        assert not Connexion.objects.filter(resultat="REUSSIE").exists(), "not signed in yet"
        avant = client.cookies[settings.SESSION_COOKIE_NAME].value
        reponse = client.post(reverse(VERIFICATION), {"code": code_de(appareil)})
        assert reponse.url == reverse("espace")
        assert client.cookies[settings.SESSION_COOKIE_NAME].value != avant, "the key rotates with the privilege"
        page = client.get(reverse("espace"))
        assert page.status_code == 200
        assert page.wsgi_request.user.is_verified()


def test_le_meme_code_ne_sert_pas_deux_fois(protege: tuple[Espace, Application, list[str]]) -> None:
    espace, appareil, _ = protege
    with a(0):
        premier, _ = mot_de_passe(espace)
        second, _ = mot_de_passe(espace)
        code = code_de(appareil)
        assert premier.post(reverse(VERIFICATION), {"code": code}).status_code == 302
        assert second.post(reverse(VERIFICATION), {"code": code}).status_code == 200
        assert second.get(reverse("espace")).status_code == 302


def test_un_code_de_secours_sert_une_fois_et_se_dit_par_courriel(
    protege: tuple[Espace, Application, list[str]],
) -> None:
    espace, _, codes = protege
    with a(0):
        client, _ = mot_de_passe(espace)
        assert client.post(reverse("connexion_secours"), {"code": codes[0]}).url == reverse("espace")
        autre, _ = mot_de_passe(espace)
        assert autre.post(reverse("connexion_secours"), {"code": codes[0]}).status_code == 200
        assert autre.get(reverse("espace")).status_code == 302
    assert CodeSecours.objects.filter(utilise_le__isnull=False).count() == 1
    assert (
        Courriel.objects.filter(genre="second_facteur_change", contexte__changement="code_secours_utilise").count() == 1
    )


@pytest.mark.parametrize(("secondes", "ouvre"), [(EN_ATTENTE_DUREE, True), (EN_ATTENTE_DUREE + 1, False)])
def test_dix_minutes_entre_le_mot_de_passe_et_le_code(
    protege: tuple[Espace, Application, list[str]], secondes: int, ouvre: bool
) -> None:
    espace, appareil, _ = protege
    with a(0):
        client, _ = mot_de_passe(espace)
    with a(secondes):
        reponse = client.post(reverse(VERIFICATION), {"code": code_de(appareil)})
        assert reponse.url == reverse("espace" if ouvre else "connexion")


def test_l_attente_tombe_avec_le_mot_de_passe_ou_le_compte(protege: tuple[Espace, Application, list[str]]) -> None:
    espace, appareil, _ = protege
    with a(0):
        client, _ = mot_de_passe(espace)
        Compte.objects.filter(pk=espace.compte.pk).update(is_active=False)
        assert client.post(reverse(VERIFICATION), {"code": code_de(appareil)}).url == reverse("connexion")
        Compte.objects.filter(pk=espace.compte.pk).update(is_active=True, password="!autre")
        assert client.post(reverse(VERIFICATION), {"code": code_de(appareil)}).url == reverse("connexion")


def test_les_pages_du_second_facteur_renvoient_a_la_connexion_sans_mot_de_passe(db: None) -> None:
    for nom in (VERIFICATION, "connexion_secours"):
        assert Client().get(reverse(nom)).url == reverse("connexion")  # type: ignore[attr-defined]
        assert Client().post(reverse(nom), {"code": "123456"}).url == reverse("connexion")  # type: ignore[attr-defined]
    for nom in ("connexion_cle_debut", "connexion_cle_fin", "cle_acces_debut", "cle_acces_fin"):
        reponse = Client().post(reverse(nom), {}, content_type="application/json")
        assert reponse.status_code in {302, 403}, nom


def test_la_suite_demandee_survit_au_second_facteur_et_reste_chez_nous(
    protege: tuple[Espace, Application, list[str]],
) -> None:
    espace, appareil, _ = protege
    with a(0):
        client, reponse = mot_de_passe(espace, next=reverse("journal"))
        assert client.post(reponse.url, {"code": code_de(appareil)}).url == reverse("journal")
    with a(60):
        client, reponse = mot_de_passe(espace, next="https://exemple.org/")
        assert "exemple.org" not in reponse.url
        assert client.post(reponse.url + "?next=//exemple.org/", {"code": code_de(appareil)}).url == reverse("espace")


@pytest.mark.parametrize("suite", ["accueil", "journal", "foo", "javascript:alert(1)", "%00", "/\x00", "x" * 3000])
def test_une_suite_quelconque_n_est_jamais_prise_pour_un_nom_de_page(
    protege: tuple[Espace, Application, list[str]], suite: str
) -> None:
    espace, _, codes = protege
    with a(0):
        client, _ = mot_de_passe(espace)
        reponse = client.post(reverse("connexion_secours"), {"code": codes[0], "next": suite})
        assert reponse.status_code == 302
        assert "_auth_user_id" in client.session
        assert reponse.url in {reverse("espace"), iri_to_uri(suite)}


@pytest.mark.parametrize("corps", [b"\xff\xfe\x00", b"[" * 100_000, b"[]", b"3", b'"x"', b"{", b'{"a": ' * 20_000])
@pytest.mark.parametrize("nom", ["connexion_cle_fin", "cle_acces_fin"])
def test_un_corps_mal_forme_n_est_pas_une_panne(
    protege: tuple[Espace, Application, list[str]], client_de: Callable[[Espace], Client], nom: str, corps: bytes
) -> None:
    espace, _, _ = protege
    client = client_de(espace) if nom == "cle_acces_fin" else mot_de_passe(espace)[0]
    reponse = client.post(reverse(nom), corps, content_type="application/json")
    assert reponse.status_code in {400, 403}
    assert "detail" in reponse.json()


def test_un_compte_inactif_ou_inconnu_n_entre_pas_meme_avec_le_bon_mot_de_passe(espace: Espace) -> None:
    Compte.objects.filter(pk=espace.compte.pk).update(is_active=False)
    _, reponse = mot_de_passe(espace)
    assert reponse.status_code == 200
    assert "n’est pas reconnu" in reponse.content.decode().replace("&#x27;", "'")


def test_le_navigateur_d_un_agent_n_est_connu_qu_apres_son_second_facteur(db: None) -> None:
    agent = AgentFactory()
    client = Client()
    client.post(reverse("connexion"), {"username": agent.compte.email, "password": MOT_DE_PASSE})
    assert not any("connu-" in nom for nom in client.cookies)


def test_une_seconde_connexion_d_un_autre_espace_ne_garde_rien_du_premier(espace: Espace) -> None:
    client, _ = mot_de_passe(espace)
    session = client.session
    session["trace"] = "du premier"
    session.save()
    client.post(reverse("deconnexion"))
    mot_de_passe(EspaceFactory(), client)
    assert "trace" not in client.session


def test_chercher_une_adresse_passe_par_l_index(db: None) -> None:
    """Among ten million accounts: a comparison that no index serves would read them all at each sign-in."""
    with connection.cursor() as curseur:
        curseur.execute("SET LOCAL enable_seqscan = off")
    plan = Compte.objects.d_adresse("Jeanne@Exemple.FR").order_by().explain()  # in no order: the key's index is no help
    assert "compte_email_unique" in plan, plan


def test_une_adresse_se_retrouve_quelle_que_soit_sa_casse(espace: Espace) -> None:
    assert Compte.objects.d_adresse(f" {espace.compte.email.upper()} ").get() == espace.compte
    assert Compte.objects.get_by_natural_key(espace.compte.email.title()) == espace.compte
