"""What a person lives through who is asked for the verification: what stays open, what is given back, who is not asked (R17)."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import Espace, Session
from surveillance.automates import releve
from surveillance.automates.detecteurs import PAGES_PAR_MINUTE
from surveillance.automates.grades import Garde, Grade, voir
from tests.espacepro.scenes import client_verifie
from tests.factories import MOT_DE_PASSE, AgentFactory

from .scenes import FORMULAIRE, HONNETES, ROBOTS, Horloge, envoyer, navigateur, resoudre

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("horloge", "neuf")]
ADRESSE = "203.0.113.7"


@pytest.fixture
def verifie(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for a page is asked for the verification."""
    monkeypatch.setattr(Garde, "decider", lambda self: Grade.VERIFIER)


@pytest.fixture
def lent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks is slowed, and has just had a page."""
    monkeypatch.setattr(Garde, "decider", lambda self: Grade.RALENTIR)
    monkeypatch.setattr(Garde, "peut_continuer", lambda self: False)


def marquer_l_adresse() -> None:
    """Have the address asked for the verification: a program asks from it."""
    for _ in range(2):
        navigateur(ROBOTS["curl"], ADRESSE).get(reverse("connexion"))
    assert navigateur(HONNETES["chrome"], ADRESSE).get(reverse("connexion")).status_code == 403


@pytest.mark.parametrize("reponse", ["verifie", "lent"])
def test_ce_qui_ferme_n_est_jamais_soumis_a_la_verification(
    reponse: str, request: pytest.FixtureRequest, client_de: Callable[[Espace], Client], espace: Espace
) -> None:
    autre, presse = client_de(espace), client_de(espace)
    autre.get(reverse("espace"))
    request.getfixturevalue(reponse)
    assert presse.get(reverse("espace")).status_code in {403, 429}
    assert presse.get(reverse("securite")).status_code == 200, "where the buttons are"
    assert presse.post(reverse("fermer_autres_sessions")).status_code == 302
    assert presse.post(reverse("oublier_navigateurs")).status_code == 302
    assert Session.objects.filter(compte=espace.compte).count() == 1
    assert presse.get(reverse("securite_pas_moi")).status_code == 200
    assert presse.post(reverse("securite_pas_moi")).status_code == 302
    assert not Session.objects.filter(compte=espace.compte).exists()
    assert presse.get(reverse("pas_moi_fait")).status_code == 200
    assert Client().get(reverse("ce_n_est_pas_moi", args=["faux"])).status_code not in {403, 429}
    encore = client_de(espace)
    assert encore.post(reverse("deconnexion")).status_code == 302
    assert encore.post(reverse("admin:logout")).status_code not in {403, 429}


@pytest.mark.usefixtures("verifie", "catalogue")
def test_les_pages_que_tous_lisent_restent_ouvertes() -> None:
    client = Client()
    noms = ["accueil", "aide", "plan", "mentions_legales", "donnees_personnelles", "accessibilite", "cgu", "catalogue"]
    assert {nom: client.get(reverse(nom)).status_code for nom in noms} == dict.fromkeys(noms, 200)
    assert client.get(reverse("connexion")).status_code == 403
    assert client.get(reverse("fiche", args=["inconnue"])).status_code == 404
    assert client.post(reverse("aide")).status_code == 403, "a POST reads nothing"


@pytest.mark.usefixtures("lent")
def test_ce_que_le_navigateur_prend_seul_n_est_pas_une_page() -> None:
    client = Client()
    assert client.get(reverse("connexion")).status_code == 429
    for adresse in (reverse("admin:jsi18n"), "/static/absent.css", "/favicon.ico", "/apple-touch-icon.png"):
        assert client.get(adresse).status_code not in {403, 429}, adresse


def test_un_acte_et_la_page_ou_il_mene_sont_une_page(
    client_de: Callable[[Espace], Client], espace: Espace, horloge: Horloge
) -> None:
    client = client_de(espace)
    comptes = []
    monter = releve.relever

    def lire(*args: Any, **noms: Any) -> Any:
        lu = monter(*args, **noms)
        assert lu is not None
        comptes.append((lu.pages_minute, lu.pages_fenetre))
        return lu

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(releve, "relever", lire)
        suite = client.post(reverse("oublier_navigateurs"))
        for _ in range(2):
            client.get(suite["Location"])
    assert comptes == [(1, 1), (1, 1), (2, 2)], "the page once, then as any other"
    assert PAGES_PAR_MINUTE > 2


def test_la_page_ou_mene_un_acte_ne_se_fait_pas_attendre(
    client_de: Callable[[Espace], Client], espace: Espace, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_de(espace)
    monkeypatch.setattr("surveillance.automates.grades.grade_de", lambda score: Grade.RALENTIR)
    monkeypatch.setattr("surveillance.automates.grades.RYTHME", 60.0)
    assert client.get(reverse("espace")).status_code == 200
    acte = client.post(reverse("oublier_navigateurs"))
    assert client.get(acte["Location"]).status_code == 200
    assert client.get(reverse("espace")).status_code == 429


def test_un_agent_prouve_ne_paie_pas_pour_son_adresse() -> None:
    marquer_l_adresse()
    agent = client_verifie(AgentFactory())
    agent.defaults = navigateur(HONNETES["chrome"], ADRESSE).defaults
    assert agent.get(reverse("admin:index")).status_code == 200
    assert navigateur(HONNETES["chrome"], ADRESSE).get(reverse("admin:login")).status_code == 403


def passer(client: Client, page: Any, **champs: str) -> Any:
    """Do the verification that this page asks for, and return what follows."""
    suite = {
        "preuve": resoudre(page.context["epreuve"]),
        "suite": page.context["suite"],
        "emporte": page.context.get("emporte", ""),
    }
    return envoyer(client, reverse("verifier_humain"), suite | champs)


def champs_rendus(page: Any) -> dict[str, str]:
    return dict(page.context["renvoi"].champs)


def test_ce_qu_un_visiteur_a_rempli_lui_est_rendu(espace: Espace) -> None:
    marquer_l_adresse()
    client = navigateur(HONNETES["chrome"], ADRESSE)
    champs = {"username": espace.compte.email, "password": "un secret de trop"}
    refus = envoyer(client, reverse("connexion"), champs)
    assert refus.status_code == 403
    assert "vous est rendu après la vérification" in refus.content.decode()
    rate = passer(client, refus, preuve="rien")
    assert (rate.status_code, rate.context["emporte"]) == (200, refus.context["emporte"])
    rendu = passer(client, refus)
    assert rendu.status_code == 200
    assert f'action="{reverse("connexion")}"' in rendu.content.decode()
    assert "un secret de trop" not in rendu.content.decode()
    assert champs_rendus(rendu) == {"username": espace.compte.email}
    formulaire = client.post(reverse("connexion"), champs_rendus(rendu))
    assert formulaire.status_code == 200, "the page of the form, filled, that asks for the password"
    assert espace.compte.email in formulaire.content.decode()


def test_qui_est_verifie_entre_ensuite_quoi_que_montre_son_navigateur(espace: Espace) -> None:
    """A driven browser that proves itself is not asked again for what it proved itself for (walker 7: 4, 5)."""
    client = navigateur(ROBOTS["chrome sans écran"], ADRESSE)
    champs = {"username": espace.compte.email, "password": MOT_DE_PASSE, "pilote": "1"}
    for _ in range(2):
        refus = envoyer(client, reverse("connexion"), champs)
    rendu = passer(client, refus)
    assert "Envoyer de nouveau" not in rendu.content.decode(), "its password was not kept: nothing to send again"
    repris = envoyer(client, reverse("connexion"), {**champs_rendus(rendu), "pilote": "1"})
    assert repris.status_code == 200, "the form, filled but for its password"
    entre = envoyer(client, reverse("connexion"), champs)
    assert entre.status_code == 302
    assert client.get(entre["Location"]).status_code == 200
    for _ in range(3):
        encore = envoyer(client, reverse("connexion"), champs)
    assert encore.status_code == 403, "a pass is no leave to try for ever"


def test_un_bouton_sans_rien_a_remplir_est_rendu(
    client_de: Callable[[Espace], Client], espace: Espace, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_de(espace)
    with monkeypatch.context() as patch:
        patch.setattr(Garde, "decider", lambda self: Grade.VERIFIER)
        refus = client.post(reverse("preferences"), {"suite": "/espace/"})
        assert "Votre demande vous est rendue" in refus.content.decode()
        rendu = passer(client, refus)
    html = rendu.content.decode()
    assert f'action="{reverse("preferences")}"' in html
    assert "rempli" not in html, "nothing was"


@pytest.mark.usefixtures("verifie")
def test_des_secrets_seuls_ramenent_a_leur_formulaire() -> None:
    client = navigateur(HONNETES["chrome"], ADRESSE)
    client.defaults["HTTP_REFERER"] = f"http://testserver{reverse('connexion_verification')}"
    refus = envoyer(client, reverse("connexion_verification"), {"application-code": "123456"})
    assert "emporte" not in refus.context
    assert "Vous reviendrez au formulaire" in refus.content.decode()
    assert passer(client, refus, emporte="")["Location"] == reverse("connexion_verification")


@pytest.mark.usefixtures("verifie")
def test_la_reponse_a_une_verification_n_est_pas_soumise_a_l_autre(
    client_de: Callable[[Espace], Client], espace: Espace
) -> None:
    client = client_de(espace)
    assert client.get(reverse("verifier_session")).status_code == 302
    assert client.post(reverse("verifier_session_code")).status_code == 302
    assert client.get(reverse("espace")).status_code == 403


def test_ce_qu_un_agent_a_rempli_lui_est_rendu(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = client_verifie(AgentFactory())
    with monkeypatch.context() as patch:
        patch.setattr(Garde, "decider", lambda self: Grade.VERIFIER)
        refus = agent.post(reverse("admin:index"), {"texte": "Une réponse d’un quart d’heure", "code": "123456"})
        assert refus.status_code == 403
        rendu = passer(agent, refus)
    assert champs_rendus(rendu) == {"texte": "Une réponse d’un quart d’heure"}
    assert agent.get(reverse("admin:index")).status_code == 200
    ailleurs = passer(navigateur(HONNETES["chrome"], "127.0.0.1"), refus)
    assert ailleurs.status_code == 200
    assert "renvoi" not in ailleurs.context, "of nobody else"


@pytest.mark.usefixtures("lent")
def test_ce_qui_est_ralenti_rend_ce_qui_a_ete_rempli() -> None:
    refus = Client().post(reverse("connexion"), {"username": "une@exemple.fr", "password": "secret"})
    assert refus.status_code == 429
    assert champs_rendus(refus) == {"username": "une@exemple.fr"}


@pytest.mark.usefixtures("verifie")
def test_ce_qu_un_autre_site_envoie_n_est_rendu_a_personne() -> None:
    client = Client(enforce_csrf_checks=True)
    refus = client.post(reverse("connexion"), {"username": "une@exemple.fr"})
    assert refus.status_code == 403
    assert "emporte" not in refus.context


@pytest.mark.usefixtures("lent")
def test_sans_ses_fichiers_rien_n_est_renvoye(
    client_de: Callable[[Espace], Client], espace: Espace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("espacepro.corps.CorpsMiddleware.process_view", lambda *_, **__: None)
    fichier = SimpleUploadedFile("a.pdf", b"%PDF")
    refus = client_de(espace).post(reverse("preferences"), {"texte": "<b>Un texte</b>", "piece": fichier})
    contenu = refus.content.decode()
    assert refus.status_code == 429
    assert "&lt;b&gt;Un texte" in contenu
    assert "Envoyer de nouveau" not in contenu


def test_une_estampille_donnee_pour_ce_qui_est_emporte(client_de: Callable[[Espace], Client], espace: Espace) -> None:
    client = client_de(espace)
    estampille = re.search(r'name="estampille" value="([^"]*)"', client.get(reverse("espace")).content.decode())
    assert estampille is not None
    client.raise_request_exception = False
    reponse = client.post(reverse("verifier_humain"), {"preuve": "rien", "emporte": estampille[1]})
    assert reponse.status_code == 200


def emporter(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what a visitor's verification carries, sealed."""
    with monkeypatch.context() as patch:
        patch.setattr(Garde, "decider", lambda self: Grade.VERIFIER)
        saisie = {"username": "une@exemple.fr", "password": "x"}
        emporte: str = Client().post(reverse("connexion"), saisie).context["emporte"]
    return emporte


def test_ce_qui_est_emporte_donne_pour_une_estampille(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)
    reponse = client.post(reverse("espace"), {"estampille": emporter(monkeypatch), "texte": "x"})
    assert reponse.status_code == 302


@pytest.mark.parametrize("de_qui", ["visiteur", "espace"])
def test_ce_qui_est_d_ailleurs_ne_vaut_pas_une_page_lue(
    rf: RequestFactory,
    monkeypatch: pytest.MonkeyPatch,
    client_de: Callable[[Espace], Client],
    espace: Espace,
    de_qui: str,
) -> None:
    """Neither what a visitor carries nor the stamp of a page of one's own espace has a sign-in's form read."""
    sceau = emporter(monkeypatch)
    if de_qui == "espace":
        page = client_de(espace).get(reverse("espace")).content.decode()
        lu = re.search(r'name="estampille" value="([^"]*)"', page)
        assert lu is not None
        sceau = lu[1]
    corps = urlencode({"username": "a@exemple.fr", "password": "x", "estampille": sceau})
    vue = voir(rf.post(reverse("connexion"), corps, content_type=FORMULAIRE))
    assert vue.formulaire, "a form that nobody has read"
    if de_qui == "espace":  # who comes back to a page of his espace once its session is over is no robot
        assert not voir(rf.post(reverse("coordonnees"), corps, content_type=FORMULAIRE)).formulaire
