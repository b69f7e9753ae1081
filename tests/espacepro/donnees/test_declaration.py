"""« Vos données » in French: every act, every key of its details, every mail has its words (issue 5, R18)."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from accounts.donnees import lecture
from accounts.envois.courriels import deposer, objet_du_genre
from accounts.models import Espace, Evenement
from accounts.traces.actes import catalogue as actes_declares
from accounts.traces.journal import consigner
from espacepro.donnees.declaration import auteur_lisible
from espacepro.journal.libelles import DETAILS, libelle_acte
from services.models import Service

RACINE = Path(__file__).resolve().parents[3]
GENRES = sorted(f.stem for f in (RACINE / "templates" / "courriels").glob("*.txt") if f.stem != "pied")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def test_chaque_detail_declare_a_son_nom_en_francais() -> None:
    cles = {cle for acte in actes_declares().values() for cle in acte.details}
    assert len(cles) > 40
    assert not sorted(cles - set(DETAILS)), "add these keys to espacepro/journal/libelles.py"


def test_chaque_courriel_a_son_objet_en_francais() -> None:
    objets = {genre: objet_du_genre(genre) for genre in GENRES}
    assert not [g for g, o in objets.items() if not o[:1].isupper() or " " not in o or set("{}%_") & set(o)]
    assert objets["habilitation_expire_bientot"] == "Un accès prend fin le …"
    assert objets["messagerie_message"] == "Un message vous attend dans la messagerie de …"
    assert objets["messagerie_resume"] == "Dans vos messageries sécurisées, … message à lire"


def test_un_genre_qui_n_existe_plus_est_un_courriel() -> None:
    assert objet_du_genre("genre_d_autrefois") == "Courriel"


def test_qui_a_agi_se_lit() -> None:
    assert auteur_lisible("12345678901234") == "12345678901234"
    assert lecture.en_clair(auteur_lisible("systeme:expirer_demandes")) == "le portail"
    assert auteur_lisible("agent:0197d2b8-0000-7000-8000-000000000001") == "un agent de l’administration"


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
        for acte in actes_declares().values():
            siens = {cle: valeur for cle, valeur in details.items() if cle in acte.details}
            consigner(acte, auteur="systeme:essai", espace=espace, service=service.code, details=siens)
        for genre in GENRES:
            deposer(
                genre, destinataire=espace.compte.email, acte=f"essai:{genre}", espace=espace, contexte={"motif": "x"}
            )
    return {"nature": "Nature : adhésion", "role": "acteur délégant", "service": service.libelle}


@pytest.mark.django_db
def test_ni_code_ni_numero_interne_a_l_usager(
    espace: Espace, raconte: dict[str, str], client_de: Callable[[Espace], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lecture, "LIGNES_PAGE", 1000)
    client = client_de(espace)
    listes = [client.get(reverse("mes_donnees"), {"liste": partie.cle}) for partie in lecture.parties()]
    page = "".join(reponse.content.decode() for reponse in [client.get(reverse("mes_donnees")), *listes])
    textes = "\n".join(re.findall(r"<dd>(.*?)</dd>", page, re.DOTALL))
    assert not UUID.findall(textes)
    assert not [acte for acte in actes_declares() if acte in textes]
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
    contenu = json.loads(b"".join(lecture.exporter_json(acteur=espace)))
    tables = {section["table"]: section["lignes"] for section in contenu["donnees"]}
    actes = {ligne["acte"]["code"]: ligne for ligne in tables["accounts_evenement"]}
    acte = actes["demande.activee"]
    assert acte["acte"]["libelle"] == "Demande activée par le code"
    assert acte["details"]["code"]["nature"] == "ADHESION"
    assert actes["delegation.accordee"]["details"]["libelle"]["Rôle"] == "acteur délégant"
    genres = {ligne["genre"]["code"]: ligne["genre"]["libelle"] for ligne in tables["accounts_courriel"]}
    assert genres["demande_activee"] == "Votre demande est activée"


def test_une_colonne_inconnue_est_refusee() -> None:
    with pytest.raises(lecture.ColonneInconnue):
        lecture.traduire(Evenement, "inconnue", lambda: str)
