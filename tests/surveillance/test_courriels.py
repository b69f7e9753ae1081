"""The mails of surveillance are one family: one base, one order of paragraphs, one beginning of the subject (issue 16.6)."""

import ast
import re
from collections.abc import Iterator

import pytest
from django.conf import settings

from accounts.envois.courriels import DE_SECURITE, composer, objet_du_genre
from accounts.models import Courriel
from tests.factories import EspaceFactory
from tests.sources import module_de, noeuds

COURRIELS = settings.RACINE / "templates" / "courriels"
BASE = "courriels/composants/securite.txt"
ORDRE = ("objet", "bonjour", "fait", "suite", "c_est_vous", "pas_moi", "aller", "recours")
A_UN_AUTRE = {"habilitation_en_veille_securite", "habilitation_rendue_securite", "adresse_guichet_ancienne"}
"""Who is told is not the holder of the espace that is watched."""


def ecrits_par(*dossiers: str) -> Iterator[str]:
    """Yield each genre of mail that the code of these places names."""
    genres = {gabarit.stem for gabarit in COURRIELS.glob("*.txt")}
    for dossier in dossiers:
        chemin = settings.RACINE / dossier
        for source in [chemin] if chemin.is_file() else sorted(chemin.rglob("*.py")):
            for noeud in noeuds(module_de(source)):
                if isinstance(noeud, ast.Constant) and noeud.value in genres:
                    yield str(noeud.value)


UNE_PAGE = {"mot_de_passe_oublie"}  # what this code names is the page, which bears the name of its mail
DE_LA_SURVEILLANCE = set(ecrits_par("surveillance", "accounts/espace/pas_moi.py")) - UNE_PAGE
FAMILLE = sorted(DE_LA_SURVEILLANCE | DE_SECURITE | A_UN_AUTRE)


def test_ceux_qui_sont_lus() -> None:
    assert {"signal_vu", "verification_code", "verification_manquee", "alerte_question", "espace_desactive"} < (
        DE_LA_SURVEILLANCE
    )
    assert {"ce_n_est_pas_moi", "acces_retabli", "espace_desactivation_annulee"} < DE_LA_SURVEILLANCE


@pytest.mark.parametrize("genre", FAMILLE)
def test_chacun_a_la_meme_base_et_le_meme_ordre(genre: str) -> None:
    source = (COURRIELS / f"{genre}.txt").read_text(encoding="utf-8")
    assert source.startswith(f'{{% extends "{BASE}" %}}')
    blocs = re.findall(r"{% block (\w+) %}", source)
    assert blocs == [bloc for bloc in ORDRE if bloc in blocs], "a reader finds each thing in its place"
    assert {"objet", "fait"} <= set(blocs)
    assert re.findall(r"{% block (\w+) %}", (COURRIELS.parent / BASE).read_text(encoding="utf-8")) == list(ORDRE)


@pytest.mark.parametrize("genre", sorted(DE_LA_SURVEILLANCE - A_UN_AUTRE))
def test_leur_objet_commence_de_meme(genre: str) -> None:
    assert objet_du_genre(genre).startswith("Sécurité de votre espace\N{NO-BREAK SPACE}: ")


@pytest.mark.django_db
def test_ce_qui_arrive_est_dans_l_ordre_et_sans_vide() -> None:
    espace = EspaceFactory(prenom="Karine", nom="Vidal")
    contexte = {"quand": "ce jour", "signal": "connexion d’un autre pays", "lignes": ["Pays : RO"], "fermee": True}
    message = composer(Courriel(genre="signal_vu", destinataire="a@b.fr", espace=espace, contexte=contexte))
    assert message.subject == "Sécurité de votre espace\N{NO-BREAK SPACE}: connexion d’un autre pays"
    paragraphes = [" ".join(p.split()) for p in message.body.split("\n\n")]
    debuts = (
        "Bonjour Karine Vidal",
        "Le ce jour, nous avons vu",
        "- Pays",
        "La session concernée",
        "Si c’est vous",
        "Ce qui protège",
    )
    rangs = [next(rang for rang, p in enumerate(paragraphes) if p.startswith(debut)) for debut in debuts]
    assert rangs == sorted(rangs)
    assert all(paragraphes[:-1])
