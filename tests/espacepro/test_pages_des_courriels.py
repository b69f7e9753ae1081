"""Every mail ends on the page that it speaks of; one that leads nowhere says here why."""

import re

import pytest
from django.urls import reverse

from accounts.envois.courriels import composer
from accounts.models import Courriel
from activation.models import Courrier
from tests.espacepro.scenes import NOMS, VALEURS
from tests.scenes import RACINE

COURRIELS = sorted((RACINE / "templates" / "courriels").glob("*.txt"))
PIED = "pied"
SANS_PAGE = {
    "adresse_courrier_saisie": "to a company, which has no page of its own: it telephones",
    "agent_fonction": "to an agent, who telephones the head of office",
    "agent_reinitialise": "to an agent without access, who is given it by hand",
    "compte_bancaire_signale_entreprise": "to a company, which has no page of its own: it telephones",
    "compte_bancaire_signalement_clos_entreprise": "to a company, once it is decided: it telephones",
    "contreseing_decide": "to an office, whose agents find it at their desk",
    "deces_demande_gestionnaire": "to an office: it telephones the one that asks",
    "deces_gestionnaire": "to an office: what it followed is closed",
    "courriel_entreprise_change": "to a company, once the change is done: it telephones",
    "journal_atteste": "to the security officer, who keeps it",
    "mandat_utilise": "to a company, once the code has served: it telephones",
    "adresse_guichet_ancienne": "to a mailbox that opens nothing any more",
    "espace_desactive": "to who can open nothing any more: his office's address and telephone",
    "espace_supprime": "nothing is left to open",
    "piece_ecartee_agent": "to an agent, who finds the exchange at the desk",
    "rattachement_entreprise": "to a company, which has no page of its own: it telephones",
    "rattachement_gestionnaire": "to two offices, whose agents find it at their desk",
    "rectification_gestionnaire": "to an office, whose agents find it in their queue",
}
PAGES = re.compile(r'\{% url "([\w:]+)"')
ADRESSE_NUE = re.compile(r"^\{\{ site \}\}(\{% endautoescape %\})?$", re.MULTILINE)


@pytest.mark.parametrize("gabarit", COURRIELS, ids=lambda chemin: chemin.stem)
def test_chaque_courriel_mene_a_sa_page(gabarit) -> None:  # type: ignore[no-untyped-def]
    texte = gabarit.read_text()
    if gabarit.stem == PIED:
        return
    pages = PAGES.findall(texte)
    mene = bool(pages) or "{{ lien }}" in texte or "{{ site }}{{ chemin }}" in texte
    assert mene is (gabarit.stem not in SANS_PAGE)
    assert not ADRESSE_NUE.search(texte), "the door of the portal is the page of nothing"
    for page in pages:
        assert page in NOMS or reverse(page), page


def test_les_exceptions_existent() -> None:
    assert set(SANS_PAGE) <= {gabarit.stem for gabarit in COURRIELS}
    assert reverse("demande", args=[VALEURS["reference"]])
    assert reverse("code_recu", args=[Courrier().pk])


IDENTIFIANT_NU = re.compile(r"{{ (siren|idsp)[^|}]*}}")


@pytest.mark.parametrize("gabarit", COURRIELS, ids=lambda chemin: chemin.stem)
def test_un_siren_s_ecrit_par_trois_dans_chaque_courriel(gabarit) -> None:  # type: ignore[no-untyped-def]
    """By `siren_lisible`, whatever the act put into the context; a link takes the nine digits as they are."""
    assert not IDENTIFIANT_NU.search(gabarit.read_text())


@pytest.mark.django_db
def test_le_siren_du_courriel_d_un_compte_bancaire_se_lit() -> None:
    contexte = {"siren": "552032534", "denomination": "DANONE", "acteur": "Anne", "quoi": "ajout", "le": "ce jour"}
    contexte |= dict.fromkeys(("details", "compte", "titulaire", "gestionnaire", "telephone"), "")
    corps = composer(Courriel(genre="compte_bancaire_change_entreprise", destinataire="a@b.fr", contexte=contexte)).body
    assert "(SIREN 552\u202f032\u202f534)" in corps or "(SIREN 552\xa0032\xa0534)" in corps
