"""« Sécurité de votre espace »: what it shows, and what changing a factor entails."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_otp_webauthn.models import WebAuthnCredential

from accounts.envois.courriels import composer
from accounts.facteurs.cles_acces import CLES_AU_PLUS, AideClesAcces, TropDeCles
from accounts.facteurs.second_facteur import CodeSecoursRefuse, TropDEssais, tirer_codes_secours, utiliser_code_secours
from accounts.facteurs.securite import actes_recents, retirer_cle
from accounts.models import Application, CodeSecours, Courriel, Espace, Evenement
from accounts.traces.requete import Provenance, provenance
from habilitations.models import Role
from habilitations.partage.delegations import deleguer
from surveillance.models import Connexion
from tests.accounts.scenes import IPHONE, code_de, connecter
from tests.factories import EspaceFactory, PersonneFactory, habiliter


def cle_acces(espace: Espace, **champs: Any) -> WebAuthnCredential:
    return WebAuthnCredential.objects.create(
        user=espace.compte,
        name="Clé d’accès",
        credential_id=f"{espace.pk}{champs}".encode(),
        public_key=b"x",
        aaguid="",
        **champs,
    )


def enroler(client: Client) -> tuple[Application, list[str]]:
    """Enrol an application through the pages; return it and the recovery codes shown."""
    assert client.post(reverse("application")).url == reverse("application_code")  # type: ignore[attr-defined]
    appareil = Application.objects.get(confirmed=False)
    page = client.get(reverse("application_code")).content.decode()
    assert "<svg" in page
    assert "style=" not in page.split("<svg")[1].split("</svg>")[0]
    reponse = client.post(reverse("application_code"), {"code": code_de(appareil)})
    assert reponse.url == reverse("codes_secours"), reponse.content  # type: ignore[attr-defined]
    codes = client.get(reverse("codes_secours_texte")).content.decode().split("\r\n")[3:-1]
    assert len(codes) == 10
    return Application.objects.get(confirmed=True), codes


def test_la_page_montre_sessions_connexions_facteurs_et_actes(espace: Espace) -> None:
    client = connecter(espace)
    connecter(espace, "8.8.8.8", IPHONE)
    Client().post(reverse("connexion"), {"username": espace.compte.email, "password": "faux"})
    page = client.get(reverse("securite")).content.decode()
    for texte in ("Chrome 131, Windows 10", "iOS 17 (iPhone)", "193.51.224.1", "Cette session", "Échouée", "Réussie"):
        assert texte in page, texte
    assert page.count("<h1") == 1


def test_un_acte_recent_dit_a_qui_et_pour_quelle_entreprise(espace: Espace) -> None:
    """Five délégations of one press are one line, which names who got them (walked: five times the same words)."""
    ici = PersonneFactory()
    racines = [habiliter(espace, personne=ici) for _ in range(3)]
    jeton = provenance.set(Provenance(requete="a" * 32))
    deleguer(
        acteur=espace,
        adhesions=[racine.adhesion for racine in racines],
        beneficiaire=EspaceFactory(prenom="Hugo", nom="Perrin"),
        role=Role.ACTEUR,
    )
    provenance.reset(jeton)
    (ligne,) = actes_recents(espace)
    assert (ligne.a_qui, ligne.siren, ligne.services) == ("Hugo Perrin", ici.siren, 3)
    page = html.unescape(connecter(espace).get(reverse("securite")).content.decode())
    dite = re.search(r"Délégation accordée, Hugo Perrin, SIREN ([\d\s]+), 3 services", page)
    assert dite is not None
    assert "".join(dite[1].split()) == ici.siren


def test_deux_actes_sur_deux_services_se_distinguent(espace: Espace) -> None:
    """Two presses of one minute, for one company and one person: each line names its service (walker 6)."""
    ici, hugo = PersonneFactory(), EspaceFactory(prenom="Hugo", nom="Perrin")
    racines = [habiliter(espace, personne=ici) for _ in range(2)]
    for racine in racines:
        deleguer(acteur=espace, adhesions=[racine.adhesion], beneficiaire=hugo, role=Role.ACTEUR)
    page = html.unescape(connecter(espace).get(reverse("securite")).content.decode())
    lignes = re.findall(r"<li>([^<]*Délégation accordée[^<]*)</li>", page)
    assert [ligne for ligne in lignes if any(racine.service.libelle in ligne for racine in racines)] == lignes
    assert len(set(lignes)) == 2


def test_le_nombre_de_requetes_ne_depend_pas_du_nombre_de_lignes(espace: Espace) -> None:
    client = connecter(espace)
    nombres = []
    for _ in range(2):
        with CaptureQueriesContext(
            connection,
        ) as requetes:
            assert client.get(reverse("securite")).status_code == 200
        nombres.append(len(requetes))
        for _ in range(6):
            connecter(espace)
    assert nombres[0] == nombres[1] <= 20, nombres


def test_les_connexions_des_90_derniers_jours_par_pages_et_d_aucun_autre(espace: Espace) -> None:
    autre = EspaceFactory()
    connecter(autre, "192.0.2.99")
    for jours in (91, 89):
        with time_machine.travel(timezone.now() - timedelta(days=jours), tick=False):
            for rang in range(30):
                Client(REMOTE_ADDR=f"192.0.{jours}.{rang}").post(
                    reverse("connexion"), {"username": espace.compte.email, "password": "faux"}
                )
    client = connecter(espace)
    pages = [client.get(reverse("securite_connexions"), {"page": n}).content.decode() for n in (1, 2)]
    assert re.search(r"192\.0\.89\.1\s*<", "".join(pages))
    assert "192.0.91." not in "".join(pages)
    assert "192.0.2.99" not in "".join(pages)
    assert Connexion.objects.filter(compte=autre.compte).exists()


def test_enroler_ferme_les_autres_sessions_renouvelle_la_cle_et_previent(espace: Espace) -> None:
    client, autre = connecter(espace), connecter(espace)
    avant = client.cookies[settings.SESSION_COOKIE_NAME].value
    enroler(client)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != avant
    assert autre.get(reverse("espace")).status_code == 302
    page = client.get(reverse("espace"))
    assert page.status_code == 200
    assert page.wsgi_request.user.is_verified()
    courriel = Courriel.objects.get(genre="second_facteur_change")
    message = composer(courriel)
    assert message.subject == "Sécurité de votre espace : second facteur"
    assert "vient d’être reliée" in message.body
    assert Evenement.objects.filter(acte="second_facteur.enregistre", auteur=espace.numero_abonne).count() == 1


def test_les_codes_de_secours_ne_se_revoient_pas(espace: Espace) -> None:
    client = connecter(espace)
    _, codes = enroler(client)
    assert codes[0] in client.get(reverse("codes_secours")).content.decode()
    client.post(reverse("codes_secours"))
    assert client.get(reverse("codes_secours")).url == reverse("securite")  # type: ignore[attr-defined]
    assert codes[0] not in client.get(reverse("securite")).content.decode()


@pytest.mark.parametrize("nom", ["application", "application_code", "retirer_application", "cle_acces"])
def test_un_facteur_ne_se_change_qu_avec_le_mot_de_passe(espace: Espace, nom: str) -> None:
    depart = timezone.now()
    with time_machine.travel(depart, tick=False):
        client = connecter(espace)
    with time_machine.travel(depart + timedelta(minutes=11), tick=False):
        assert client.get(reverse(nom)).url.startswith(reverse("confirmer_identite"))  # type: ignore[attr-defined]
        debut = client.post(reverse("cle_acces_debut"), {}, content_type="application/json")
        assert debut.status_code == 403
        assert debut.json()["code"] == "preuve_ancienne"


def test_retirer_le_dernier_facteur_retire_les_codes_et_previent(espace: Espace) -> None:
    client = connecter(espace)
    enroler(client)
    cle = cle_acces(espace)
    client.post(reverse("retirer_application"))
    assert CodeSecours.objects.count() == 10, "a passkey is left"
    retirer_cle(acteur=espace.compte, cle=cle.pk, garder="")
    assert CodeSecours.objects.count() == 0
    assert [
        c.contexte["changement"] for c in Courriel.objects.filter(genre="second_facteur_change").order_by("cree_le")
    ] == [
        "application_ajoutee",
        "application_retiree",
        "cle_retiree",
    ]
    assert client.get(reverse("espace")).status_code == 302, "every session is closed"


def test_un_enrolement_abandonne_n_est_pas_un_facteur_a_retirer(espace: Espace) -> None:
    client = connecter(espace)
    client.post(reverse("application"))
    page = client.post(reverse("retirer_application"), follow=True).content.decode()
    assert "déjà retiré" in page
    assert not Courriel.objects.filter(genre="second_facteur_change").exists(), "nobody is alarmed for nothing"
    assert not Evenement.objects.filter(acte="second_facteur.retire").exists()


def test_le_courriel_dit_l_heure_a_la_francaise(espace: Espace) -> None:
    enroler(connecter(espace))
    assert re.search(
        r", le \d\d/\d\d/\d{4} à \d{1,2}\sh\s\d\d\.", composer(Courriel.objects.get(genre="second_facteur_change")).body
    )


def test_on_ne_retire_pas_la_cle_d_un_autre(espace: Espace) -> None:
    autre = EspaceFactory()
    cle = cle_acces(autre)
    client = connecter(espace)
    client.post(reverse("retirer_cle", args=[cle.pk]))
    assert WebAuthnCredential.objects.filter(pk=cle.pk).exists()


def test_sans_application_les_codes_de_secours_sont_comptes_aussi(espace: Espace) -> None:
    cle = cle_acces(espace)
    codes = tirer_codes_secours(espace.compte)
    depart = timezone.now()
    with time_machine.travel(depart, tick=False):
        for _ in range(5):
            with pytest.raises(CodeSecoursRefuse):
                utiliser_code_secours(acteur=espace.compte, code="0000-0000-0000-0000")
        with pytest.raises(TropDEssais):
            utiliser_code_secours(acteur=espace.compte, code=codes[0])
    with time_machine.travel(depart + timedelta(seconds=61), tick=False):
        assert utiliser_code_secours(acteur=espace.compte, code=codes[0]) == cle
        with pytest.raises(CodeSecoursRefuse):
            utiliser_code_secours(acteur=espace.compte, code=codes[0])


def test_renouveler_les_codes_demande_le_second_facteur(espace: Espace, client_de: Callable[[Espace], Client]) -> None:
    client = connecter(espace)
    _, codes = enroler(client)
    force = client_de(espace)  # a session that never proved the second factor
    force.post(reverse("renouveler_codes"))
    assert utiliser_code_secours(acteur=espace.compte, code=codes[0])
    client.post(reverse("renouveler_codes"))
    with pytest.raises(CodeSecoursRefuse):
        utiliser_code_secours(acteur=espace.compte, code=codes[1])


@pytest.mark.django_db
def test_dix_cles_d_acces_au_plus_l_acte_lui_meme_le_dit(espace: Espace) -> None:
    """A ceremony begun in another tab before the tenth key was kept ends on the same refusal."""
    for rang in range(CLES_AU_PLUS):
        cle_acces(espace, confirmed=True, sign_count=rang)
    with pytest.raises(TropDeCles, match="10 clés"):
        AideClesAcces(request=None).register_complete(user=espace.compte, state={}, data={})
    assert WebAuthnCredential.objects.count() == CLES_AU_PLUS
