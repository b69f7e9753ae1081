"""The question de confiance: normalised, strong, changed with the password (references.md B.6)."""

import io
import re

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from accounts.models import Courriel, Espace, Evenement, Session
from accounts.mots_de_passe import confiance
from accounts.mots_de_passe.confiance import (
    ReponseDevinable,
    ReponseRevelatrice,
    ReponseTropCourte,
    changer_reponse,
    proposer_reponse,
    verifier_reponse,
)
from accounts.mots_de_passe.hachage import reponse_correspond
from accounts.saisies.repliement import replier
from accounts.saisies.reponses import normaliser_reponse
from tests.factories import MOT_DE_PASSE

REPONSE = "glacier tambour wagon serrure"
PERSONNELS = ["jeanne.martin@cabinet-dupont.fr", "Martin", "Jeanne", "552032534"]


@settings(max_examples=1000)
@given(st.text(max_size=200))
def test_normaliser_deux_fois_ne_change_rien(texte: str) -> None:
    assert normaliser_reponse(normaliser_reponse(texte)) == normaliser_reponse(texte)


@pytest.mark.parametrize(
    "variante",
    [
        "Glacier, tambour - wagon / serrure !",
        "GLACIERTAMBOURWAGONSERRURE",
        " glàcier  tämbour wagön serrurê ",
        "ｇlacier tambour wagon serrure",
    ],
)
def test_les_variantes_se_valent(variante: str) -> None:
    assert normaliser_reponse(variante) == normaliser_reponse(REPONSE)


# The form folds the case of Latin, Greek and Cyrillic; capitals of scripts that have few readers here (Georgian, Deseret) stay.
SANS_CASSE_RARE = st.text(
    st.characters().filter(lambda signe: normaliser_reponse(signe) == normaliser_reponse(signe.casefold())), max_size=60
)


@given(SANS_CASSE_RARE, SANS_CASSE_RARE)
def test_la_casse_et_les_espaces_ne_comptent_pas(gauche: str, droite: str) -> None:
    assert normaliser_reponse(f"{gauche} {droite}") == normaliser_reponse(f"{gauche}-  {droite}".casefold())


@pytest.mark.parametrize(
    ("reponse", "regle"),
    [
        ("bleu", ReponseTropCourte),
        ("é è à ç ù", ReponseTropCourte),
        ("chocolat noir", ReponseDevinable),
        ("maman est belle", ReponseDevinable),
        ("la petite maison", ReponseDevinable),
        ("aaaaaaaaaaaaaaaa", ReponseDevinable),
        ("1234567890123", ReponseDevinable),
        ("azertyuiopqsdf", ReponseDevinable),
        ("madame MARTIN en vacances", ReponseRevelatrice),
        ("societe 552 032 534", ReponseRevelatrice),
        ("mon mot : cerise lampadaire 47 brouette indigo", ReponseRevelatrice),
    ],
)
def test_reponses_refusees(reponse: str, regle: type[Exception]) -> None:
    with pytest.raises(regle):
        verifier_reponse(reponse, personnels=PERSONNELS, mot_de_passe=MOT_DE_PASSE, question="PHRASE")


def test_les_mots_de_la_question_ne_comptent_pas() -> None:
    reponse = "souvenir jamais raconté"
    with pytest.raises(ReponseDevinable):
        verifier_reponse(reponse, personnels=[], question="SOUVENIR")


@pytest.mark.parametrize(
    "saisie", ["Les Trois Mousquetaires", "les trois mousquetaires 1844", "À la recherche du temps perdu"]
)
def test_un_titre_connu_n_est_pas_une_reponse(saisie: str) -> None:
    with pytest.raises(ReponseDevinable):
        verifier_reponse(saisie, personnels=[], question="LIVRE")
    verifier_reponse("les trois camionneurs de Vesoul", personnels=[], question="LIVRE")


@pytest.mark.parametrize("question", Espace.Question)
def test_la_question_recopiee_n_est_pas_une_reponse(question: Espace.Question) -> None:
    mots = question.label.split()
    for reponse in (question.label, " ".join(reversed(mots)), " ".join(mots[1:])):
        with pytest.raises(ReponseDevinable):
            verifier_reponse(reponse, personnels=[], question=question)


@settings(deadline=None, max_examples=30)
@given(st.just(None))
def test_la_reponse_proposee_est_toujours_bonne(_: None) -> None:
    question, reponse = proposer_reponse()
    verifier_reponse(reponse, personnels=[], question=question)


def test_la_reponse_proposee_vient_d_une_liste_choisie() -> None:
    """Never from the gauge's dictionary, which holds what people type, rude words included."""
    choisis = confiance._mots()
    assert len(set(choisis)) == len(choisis) >= 800, "five of them: 48 bits"
    assert all(replier(mot).isascii() and mot.isalpha() and 5 <= len(mot) <= 10 for mot in choisis)
    assert {"épinard", "hérisson", "faïence"} <= set(choisis), (
        "as French writes them; typed back without, they are the same"
    )
    assert normaliser_reponse("épinard façade") == normaliser_reponse("epinard facade")
    assert {"bitte", "bordel", "cadavre", "merde", "putain", "salaud", "viol"}.isdisjoint(choisis)
    tires = {mot for _ in range(200) for mot in proposer_reponse()[1].split()}
    assert tires <= set(choisis)
    assert len(tires) > 300


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["inscription_expert", "changer_question", "choisir_question"])
def test_la_reponse_proposee_repond_a_la_question_choisie(page: str, espace: Espace, client_de) -> None:
    Espace.objects.update(question_confiance="VOYAGE", reponse_a_montrer=page == "choisir_question")
    client = Client() if page.startswith("inscription") else client_de(espace)
    html = client.get(reverse(page)).content.decode()
    assert re.findall(r'<option value="(\w+)" selected', html)[:1] == ["PHRASE"]


@pytest.mark.django_db
def test_changer_la_question(espace: Espace, client_de) -> None:
    Espace.objects.update(reponse_essais=10, reponse_manquee_le=[espace.cree_le])
    client, autre = client_de(espace), client_de(espace)
    page = reverse("changer_question")
    assert client.get(page).context["formulaire"].initial["reponse"]
    saisie = {"question": "VOYAGE", "reponse": REPONSE, "actuel": "faux"}
    refus = client.post(page, saisie)
    assert refus.status_code == 200
    assert f'value="{REPONSE}"' in refus.content.decode(), "what was typed is kept"
    assert Espace.objects.get().question_confiance == "PHRASE"
    faible = client.post(page, {**saisie, "reponse": "chocolat noir", "actuel": MOT_DE_PASSE})
    assert "trop facile" in faible.content.decode()
    assert client.post(page, {**saisie, "actuel": MOT_DE_PASSE})["Location"] == reverse("question_changee")

    espace.refresh_from_db()
    assert espace.question_confiance == "VOYAGE"
    assert (espace.reponse_essais, espace.reponse_manquee_le) == (0, [])
    assert reponse_correspond(normaliser_reponse(REPONSE.upper()), espace.reponse_confiance)
    assert autre.get(reverse("espace")).status_code == 302, "the other sessions are closed"
    assert client.get(reverse("espace")).status_code == 200
    assert Courriel.objects.filter(genre="reponse_changee", destinataire=espace.compte.email).count() == 1
    assert REPONSE not in " ".join(str(e.details) for e in Evenement.objects.all())

    recapitulatif = reverse("question_changee")
    assert "pour cette seule fois" in client.get(recapitulatif).content.decode()
    assert REPONSE in texte_pdf(client.post(recapitulatif).content), "shown once, on the récapitulatif"
    assert REPONSE not in texte_pdf(client.post(recapitulatif).content)
    assert "pour cette seule fois" not in client.get(recapitulatif).content.decode()


@pytest.mark.django_db
def test_la_reponse_n_est_en_clair_nulle_part(espace: Espace, client_de) -> None:
    client = client_de(espace)
    client.post(reverse("changer_question"), {"question": "PHRASE", "reponse": REPONSE, "actuel": MOT_DE_PASSE})
    sessions = [str(s.get_decoded()) for s in Session.objects.all()]
    assert sessions
    for clair in (REPONSE, normaliser_reponse(REPONSE)):
        assert clair not in " ".join(sessions)
        assert clair not in str(Courriel.objects.values_list("contexte", flat=True))


@pytest.mark.django_db
def test_l_acte_refuse_le_nom_du_titulaire(espace: Espace) -> None:
    with pytest.raises(ReponseRevelatrice):
        changer_reponse(acteur=espace, question="PHRASE", reponse=f"{espace.nom} sur la banquise")


@pytest.mark.django_db
def test_reserve_au_titulaire() -> None:
    assert Client().get(reverse("changer_question"))["Location"].startswith(reverse("connexion"))


def texte_pdf(contenu: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(contenu)).pages)
