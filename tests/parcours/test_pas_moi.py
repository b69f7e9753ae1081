"""« Ce n'est pas moi » in a real browser, with and without JavaScript: mail, page, button, renewal, back in (R15)."""

import re
from collections.abc import Callable

import pytest
from django.conf import settings
from django.core import mail
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.envois import courriels
from accounts.envois.liens import jeton
from accounts.espace import oubli
from accounts.espace.changement_adresse import demander_changement
from accounts.models import Espace, Lien
from accounts.mots_de_passe.hachage import hacher_reponse
from accounts.saisies.reponses import normaliser_reponse
from tests.factories import REPONSE
from tests.parcours.scenes import AVEC_ET_SANS, voir

NOUVEAU = "brouillard kayak 81 moutarde violon"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("largeur", AVEC_ET_SANS)
def test_du_courriel_a_l_espace_retrouve(
    live_server: LiveServer,
    page: Page,
    connecte: Espace,
    plaintes: list[str],
    largeur: int,
    regarder: Callable[[], None],
) -> None:
    """The browser is the thief's until the button is pressed in it, by whoever holds the mail; then it is nobody's."""
    assert connecte.compte is not None
    Espace.objects.filter(pk=connecte.pk).update(reponse_confiance=hacher_reponse(normaliser_reponse(REPONSE)))
    demander_changement(acteur=connecte, nouvelle="voleur@ailleurs-cabinet.fr")
    courriels.envoyer_en_attente()
    texte = next(m.body for m in mail.outbox if m.to == [connecte.compte.email])
    trouvee = re.search(r"\S+/lien/ce-n-est-pas-moi/\S+", texte)
    assert trouvee is not None
    lien = live_server.url + trouvee[0].removeprefix(settings.SITE_URL)
    page.goto(lien)
    voir(page, "pas_moi", largeur)
    if largeur == 1280:
        regarder()
    page.get_by_role("button", name="Ce n’est pas moi : tout fermer").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("C’est fait")
    voir(page, "pas_moi_fait", largeur)
    if largeur == 1280:
        regarder()
    page.get_by_role("link", name="Choisir un autre mot de passe").click()
    page.get_by_label("Adresse électronique de connexion").fill(connecte.compte.email)
    page.get_by_role("button", name="Recevoir le lien").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Consultez votre messagerie")
    assert oubli.traiter_en_attente() == 1
    page.goto(f"{live_server.url}/lien/mot-de-passe/{jeton(Lien.objects.get(objet='MOT_DE_PASSE_OUBLIE'))}/")
    page.get_by_label("Votre réponse").fill(REPONSE)
    page.get_by_role("button", name="Continuer").click()
    page.get_by_label("Nouveau mot de passe", exact=True).fill(NOUVEAU)
    page.get_by_role("button", name="Enregistrer le mot de passe").click()
    expect(page.get_by_text("Votre mot de passe est changé")).to_be_visible()
    page.get_by_label("Adresse électronique de connexion").fill(connecte.compte.email)
    page.get_by_label("Mot de passe", exact=True).fill(NOUVEAU)
    page.get_by_role("button", name="Se connecter").click()
    expect(page).to_have_url(f"{live_server.url}/espace/")
    page.goto(lien)
    expect(page.get_by_role("heading", level=1)).to_contain_text("C’est fait le")

    page.goto(f"{live_server.url}/espace/securite/")
    voir(page, "securite", largeur)
    if largeur == 1280:
        regarder()
    page.get_by_role("link", name="Ce n’est pas moi").click()
    voir(page, "securite_pas_moi", largeur)
    if largeur == 1280:
        regarder()
    page.get_by_role("button", name="Ce n’est pas moi : tout fermer").click()
    expect(page.get_by_text("Toutes les sessions ont été fermées")).to_be_visible()
    page.goto(f"{live_server.url}/espace/")
    expect(page).to_have_url(re.compile(r"/connexion/\?next=/espace/"))
    assert plaintes == []
