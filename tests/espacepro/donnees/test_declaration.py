"""« Mes données » in French: every act, every key of its details, every mail has its words (issue 5, R18)."""

import ast
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from accounts.donnees import lecture
from accounts.envois.courriels import deposer, objet_du_genre
from accounts.models import Espace, Evenement
from accounts.traces.journal import consigner
from espacepro.donnees.declaration import auteur_lisible
from espacepro.journal.libelles import DETAILS, LIBELLES, libelle_acte
from services.models import Service

RACINE = Path(__file__).resolve().parents[3]
ETAGES = ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro")
GENRES = sorted(f.stem for f in (RACINE / "templates" / "courriels").glob("*.txt") if f.stem != "pied")
CODE = re.compile(r"[a-z_]+\.[a-z_]*[a-z]")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def appels_a(nom: str) -> Iterator[ast.Call]:
    """Yield the calls of this function in the six apps."""
    for etage in ETAGES:
        for fichier in (RACINE / etage).rglob("*.py"):
            for noeud in ast.walk(ast.parse(fichier.read_text(encoding="utf-8"))):
                if isinstance(noeud, ast.Call) and getattr(noeud.func, "id", getattr(noeud.func, "attr", "")) == nom:
                    yield noeud


def actes_ecrits() -> set[str]:
    """Return every string of the six apps that an act of the journal can be: the codes given to `consigner`, or named."""
    ecrits: set[str] = set()
    for appel in appels_a("consigner"):
        ecrits |= {n.value for n in ast.walk(appel.args[0]) if isinstance(n, ast.Constant) and CODE.fullmatch(n.value)}
    for etage in ETAGES:
        for fichier in (RACINE / etage).rglob("*.py"):
            for nom, code in re.findall(r"^(ACTE\w*) = \"(.*)\"", fichier.read_text(encoding="utf-8"), re.MULTILINE):
                assert CODE.fullmatch(code), nom
                ecrits.add(code)
    return ecrits


def test_chaque_acte_ecrit_a_sa_ligne_en_francais() -> None:
    ecrits = actes_ecrits()
    assert len(ecrits) > 60, "the reading of the source finds the acts"
    assert not sorted(ecrits - set(LIBELLES)), "add these acts to espacepro/journal/libelles.py"


def test_chaque_detail_ecrit_a_son_nom_en_francais() -> None:
    cles = {
        cle.value
        for appel in appels_a("consigner")
        for mot in appel.keywords
        if mot.arg == "details"
        for noeud in ast.walk(mot.value)
        if isinstance(noeud, ast.Dict)
        for cle in noeud.keys
        if isinstance(cle, ast.Constant)
    }
    assert len(cles) > 20
    assert not sorted(cles - set(DETAILS)), "add these keys to espacepro/journal/libelles.py"


def test_chaque_courriel_a_son_objet_en_francais() -> None:
    objets = {genre: objet_du_genre(genre) for genre in GENRES}
    assert not [g for g, o in objets.items() if not o[:1].isupper() or " " not in o or set("{}%_") & set(o)]
    assert objets["habilitation_expire_bientot"] == "Un accès prend fin le …"


def test_un_genre_qui_n_existe_plus_est_un_courriel() -> None:
    assert objet_du_genre("genre_d_autrefois") == "Courriel"


def test_qui_a_agi_se_lit() -> None:
    assert auteur_lisible("12345678901234") == "12345678901234"
    assert lecture.en_clair(auteur_lisible("systeme:expirer_demandes")) == "le portail"
    assert auteur_lisible("agent:0197d2b8-0000-7000-8000-000000000001") == "un agent de l'administration"


@pytest.fixture
def raconte(espace: Espace, catalogue: None) -> dict[str, str]:
    """Write one line of every act and one mail of every genre; return what the reading must hold."""
    service = Service.objects.order_by("ordre")[0]
    details = {
        "demande": "D-2026-7KQ4M2XA",
        "nature": "ADHESION",
        "qualite": "MANDATAIRE",
        "role": "ACTEUR_DELEGANT",
        "services": [service.code],
        "champs": ["telephone"],
        "retrait": "0197d2b8-0000-7000-8000-000000000001",
    }
    with transaction.atomic():
        for acte in LIBELLES:
            consigner(acte, auteur="systeme:essai", espace=espace, service=service.code, details=details)
        for genre in GENRES:
            deposer(
                genre, destinataire=espace.compte.email, acte=f"essai:{genre}", espace=espace, contexte={"motif": "x"}
            )
    return {"nature": "Nature : adhésion", "role": "acteur délégant", "service": service.libelle}


@pytest.mark.django_db
def test_ni_code_ni_numero_interne_a_l_usager(
    espace: Espace, raconte: dict[str, str], client_de: Callable[[Espace], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lecture, "LIGNES_PAGE", 1000)
    page = client_de(espace).get(reverse("mes_donnees")).content.decode()
    textes = "\n".join(re.findall(r"<dd>(.*?)</dd>", page, re.DOTALL))
    assert not UUID.findall(textes)
    assert not [acte for acte in LIBELLES if acte in textes]
    assert not [genre for genre in GENRES if re.search(rf"\b{genre}\b", textes)]
    assert not re.findall(r"\b[A-Z]+_[A-Z_]+\b|systeme:\w+|\bADHESION\b|\bMANDATAIRE\b", textes)
    assert libelle_acte("demande.activee") in textes
    assert objet_du_genre("demande_activee").replace("'", "&#x27;") in textes
    assert {quoi for quoi, valeur in raconte.items() if valeur.replace("'", "&#x27;") not in textes} == set()


@pytest.mark.django_db
def test_le_pdf_se_lit_en_francais(espace: Espace, raconte: dict[str, str]) -> None:
    pages = PdfReader(io.BytesIO(lecture.exporter_pdf(acteur=espace))).pages
    texte = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert libelle_acte("demande.activee") in texte
    assert "demande.activee" not in texte
    assert "demande_activee" not in texte


@pytest.mark.django_db
def test_le_json_garde_le_code_pres_du_francais(espace: Espace, raconte: dict[str, str]) -> None:
    contenu = json.loads(lecture.exporter_json(acteur=espace))
    tables = {section["table"]: section["lignes"] for section in contenu["donnees"]}
    acte = next(ligne for ligne in tables["accounts_evenement"] if ligne["acte"]["code"] == "demande.activee")
    assert acte["acte"]["libelle"] == "Demande activée par le code"
    assert acte["details"]["code"]["nature"] == "ADHESION"
    assert acte["details"]["libelle"]["Rôle"] == "acteur délégant"
    genres = {ligne["genre"]["code"]: ligne["genre"]["libelle"] for ligne in tables["accounts_courriel"]}
    assert genres["demande_activee"] == "Votre demande est activée"


def test_une_colonne_inconnue_est_refusee() -> None:
    with pytest.raises(lecture.ColonneInconnue):
        lecture.traduire(Evenement, "inconnue", lambda: str)
