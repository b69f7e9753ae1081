"""The page of another site that has a browser open ours, by hundreds: whoever opened it, his company and his espace lose nothing (R17).

And who writes `Sec-Fetch-Site: cross-site` himself gains nothing by it.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone

from accounts.models import Espace
from espacepro.acces import FICHIERS
from surveillance import memoire
from surveillance.automates import liste, releve
from surveillance.automates.detecteurs import VISITEURS_PAR_MINUTE
from surveillance.automates.epreuve import proposer_epreuve
from surveillance.automates.grades import AILLEURS_PAR_JOUR, source_de
from surveillance.balayage import balayer
from surveillance.models import Alerte, BlocageIP, SignalVu
from surveillance.signaux import rafales
from surveillance.signaux.seuils import FICHIERS_PAR_MINUTE, PAGES_PAR_MINUTE
from surveillance.signaux.signalement import signaler

from .scenes import HONNETES, ROBOTS, Horloge, envoyer, navigateur, resoudre

pytestmark = pytest.mark.django_db
ENTREPRISE = "203.0.113.77"
PAR_UN_LIEN = {
    site: {"HTTP_SEC_FETCH_SITE": site, "HTTP_SEC_FETCH_MODE": "navigate", "HTTP_SEC_FETCH_DEST": "document"}
    for site in ("cross-site", "same-site", "none", "same-origin")
}
AILLEURS = PAR_UN_LIEN["cross-site"]
Ouvrir = Callable[[Espace], Client]


@pytest.fixture(autouse=True)
def horloge(monkeypatch: pytest.MonkeyPatch) -> Horloge:
    une = Horloge.ronde()
    monkeypatch.setattr(releve, "horloge", une)
    monkeypatch.setattr(rafales, "horloge", une)
    return une


@pytest.fixture(autouse=True)
def neuf() -> Iterator[None]:
    """Nothing is blocked, and Redis has not failed a moment ago."""
    liste._processus.liste = liste.Liste()
    memoire.etat.muet_jusqu_a = 0.0
    yield
    liste._processus.liste = liste.Liste()


@pytest.fixture
def client(espace: Espace, client_de: Ouvrir) -> Client:
    """The holder's browser, signed in, in the company."""
    ouvert = client_de(espace)
    ouvert.defaults |= navigateur(HONNETES["chrome"], ENTREPRISE).defaults
    return ouvert


def ouvrir(client: Client, page: str, combien: int, site: str = "cross-site") -> list[HttpResponse]:
    return [client.get(page, **PAR_UN_LIEN[site]) for _ in range(combien)]


def est_montree(reponse: HttpResponse) -> bool:
    """Whether the page itself was served, not one with a link to it."""
    return reponse.status_code == 200 and "rien n’a été ouvert" not in reponse.content.decode()


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_une_page_d_ailleurs_ne_fait_bloquer_aucune_adresse(site: str) -> None:
    """One tab of an employee: `w.location = …` in a loop. Nor does it have his colleagues slowed or asked anything."""
    employe = navigateur(HONNETES["chrome"], ENTREPRISE)
    codes = {reponse.status_code for reponse in ouvrir(employe, reverse("connexion"), VISITEURS_PAR_MINUTE + 200, site)}
    assert codes == {200, 429, 403}, "slowed, then verified, apart"
    assert not BlocageIP.objects.exists()
    assert releve.montrees(10) == {}
    chez_nous = navigateur(HONNETES["firefox, lecteur d’écran NVDA"], ENTREPRISE)
    assert chez_nous.get(reverse("connexion")).status_code == 200
    assert employe.get(reverse("connexion")).status_code == 200


def test_une_page_d_ailleurs_ne_leve_rien_contre_qui_l_ouvre(client: Client, espace: Espace) -> None:
    for page in ("recapitulatif", "espace", "vos_habilitations"):
        ouvrir(client, reverse(page), PAGES_PAR_MINUTE + 10)
    assert not Alerte.objects.exists()
    assert not SignalVu.objects.exists()
    assert est_montree(client.get(reverse("espace"))), "what he opens himself is neither slowed nor verified"


def test_une_page_d_ailleurs_ne_fait_pas_desactiver_l_espace(client: Client, espace: Espace) -> None:
    """A new computer, honest, and a page of another site that asks for his file by dozens; nobody types the code meanwhile."""
    balayer()
    signaler(compte=espace.compte, genre="acte_appareil_neuf", details={"acte": "Coordonnées modifiées"})
    ouvrir(client, reverse("recapitulatif"), FICHIERS_PAR_MINUTE + 5)
    balayer(maintenant=timezone.now() + timedelta(minutes=11))
    espace.refresh_from_db()
    assert espace.etat == Espace.Etat.ACTIF


def test_un_fichier_demande_d_ailleurs_attend_un_bouton(
    client: Client, espace: Espace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as sans:
        sans.setattr("espacepro.views.pages.reponse_pdf", lambda *_: 1 / 0)
        (page,) = ouvrir(client, reverse("recapitulatif"), 1)
    assert page.status_code == 200
    assert "Content-Disposition" not in page.headers
    assert f'href="{reverse("recapitulatif")}">Télécharger</a>' in page.content.decode()
    for site in ("same-origin", "none"):
        (fichier,) = ouvrir(client, reverse("recapitulatif"), 1, site)
        assert fichier["Content-Type"] == "application/pdf", site


def test_chaque_fichier_de_la_table_est_une_adresse_qu_un_lien_ouvre(client: Client, espace: Espace) -> None:
    sans_parametres = {"recapitulatif", "codes_secours_texte", "echeances_agenda", "designation_fichier_modele"}
    assert sans_parametres < FICHIERS
    for nom in sans_parametres:
        assert resolve(reverse(nom)).view_name == nom
        assert "Télécharger" in ouvrir(client, reverse(nom), 1)[0].content.decode(), nom


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
@pytest.mark.parametrize("page", ["vos_habilitations", "messagerie", "securite", "journal", "identifiants"])
def test_le_lien_d_un_courriel_ouvre_la_page(client: Client, site: str, page: str) -> None:
    """From a webmail, or from a program of mail."""
    assert est_montree(ouvrir(client, reverse(page), 1, site)[0])


def test_au_dela_de_tant_de_pages_par_jour_un_lien_de_chez_nous_est_suivi(client: Client, horloge: Horloge) -> None:
    pages = ouvrir(client, reverse("messagerie"), AILLEURS_PAR_JOUR + 1)
    assert [est_montree(page) for page in pages] == [True] * AILLEURS_PAR_JOUR + [False]
    assert f'href="{reverse("messagerie")}">Continuer</a>' in pages[-1].content.decode()
    assert est_montree(ouvrir(client, reverse("messagerie"), 1, "same-origin")[0])
    horloge.avancer(releve.JOUR)
    assert est_montree(ouvrir(client, reverse("messagerie"), 1)[0]), "tomorrow"


# --- Who writes the header himself ----------------------------------------------------------------------------------


def test_un_programme_qui_se_dit_d_ailleurs_est_verifie() -> None:
    robot = navigateur(ROBOTS["curl"], ENTREPRISE)
    codes = [reponse.status_code for reponse in ouvrir(robot, reverse("connexion"), 12)]
    assert codes[-1] == 403
    assert navigateur(HONNETES["chrome"], ENTREPRISE).get(reverse("connexion")).status_code == 200


def test_ce_qui_est_demande_d_ici_reste_compte_contre_qui_se_dit_d_ailleurs() -> None:
    robot = navigateur(ROBOTS["curl"], ENTREPRISE)
    for _ in range(5):
        robot.get(reverse("connexion"))
    assert ouvrir(robot, reverse("connexion"), 1)[0].status_code == 403, "its marks are read, whatever it says"


def test_une_verification_passee_n_ouvre_pas_tout_a_qui_se_dit_d_ailleurs() -> None:
    robot = navigateur(HONNETES["chrome"], ENTREPRISE)
    preuve = resoudre(proposer_epreuve(source_de(ENTREPRISE)))
    envoyer(robot, reverse("verifier_humain"), {"preuve": preuve, "suite": "/"})
    codes = {reponse.status_code for reponse in ouvrir(robot, reverse("connexion"), VISITEURS_PAR_MINUTE + 70)}
    assert 403 in codes


def test_qui_se_dit_d_ailleurs_avec_un_compte_n_emporte_rien(client: Client) -> None:
    """He would copy all that the account sees: what is so served stays under each burst, and no file is."""
    pages = ouvrir(client, reverse("espace"), PAGES_PAR_MINUTE)
    assert sum(est_montree(page) for page in pages) == AILLEURS_PAR_JOUR < PAGES_PAR_MINUTE
    ouvrir(client, reverse("espace"), PAGES_PAR_MINUTE, "same-origin")
    assert SignalVu.objects.filter(genre="rafale_pages").exists(), "what he asks from here is counted"


def test_un_formulaire_qui_se_dit_d_ailleurs_est_compte() -> None:
    """A browser says where a form comes from (`Origin`), and what comes from elsewhere is refused; a program that omits it is counted."""
    robot = navigateur(HONNETES["chrome"], ENTREPRISE)
    robot.defaults |= AILLEURS
    codes = [envoyer(robot, reverse("connexion"), {"a": "b"}).status_code for _ in range(12)]
    assert BlocageIP.objects.exists() or codes[-1] == 403
