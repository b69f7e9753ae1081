"""What is typed is normalised in a time that grows as it does: runs of marks cost their square (UAX #15, section 13)."""

import ast
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from django import forms
from django.conf import settings

from accounts.forms.champs import (
    ChampIdentifiant,
    ChampListe,
    ChampPhrase,
    ChampPorte,
    ChampReponse,
    ChampTexte,
    champ_mot_de_passe_actuel,
)
from accounts.mots_de_passe.hachage import Argon2Poivre
from accounts.saisies.adresse_saisie import forme_adresse, forme_comptee
from accounts.saisies.normalisation import MARQUES_DE_SUITE, desempiler, est_empile, normaliser, normaliser_secret
from accounts.saisies.porte import (
    LONGUEUR_LISIBLE,
    AccentsEmpiles,
    TexteDemesure,
    lire_brut,
    lire_identifiant,
    lire_ligne,
    lire_liste,
    lire_phrase,
    lire_recherche,
    lire_texte,
    serrer,
)
from accounts.saisies.repliement import replier
from accounts.saisies.reponses import formes_de
from services.messagerie.pieces.noms import nettoyer_nom
from tests.scenes import duree
from tests.sources import module_de, noeuds

RACINE = Path(settings.RACINE)
APPLICATIONS = ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro")
NORMALISENT = [lire_ligne, lire_identifiant, lire_phrase, lire_texte, lire_recherche, serrer, lire_liste]
K = 24_000  # of each kind: 96 kB, that held a process for more than three seconds
LONGTEMPS = 0.3  # seconds of this process; each of them takes a few milliseconds
PILE = "a" + "\u0300" * K + "\u0316" * K
# What the door drops or takes apart keeps no pile from being seen.
PILES = {
    "nue": PILE,
    "cachee": "a" + "\u0300\u034f\u0316\u200d" * (K // 2),
    "de signes doubles": "a" + "\u0344\u0f73" * K,
    "de demi-chasses": "a" + "\uff9e\u0300" * K,
    "sans lettre": "\u0300\u0316" * K,
    "au bout d’un long texte": "mot " * 5_000 + PILE,
}
SEPAREE = "a" + ".".join(["\u0300" * MARQUES_DE_SUITE + "\u0316" * MARQUES_DE_SUITE] * 1_500)


def refusee(geste: Callable[[], object], regle: type[Exception]) -> None:
    with pytest.raises(regle):
        geste()


@pytest.mark.parametrize("porte", NORMALISENT)
@pytest.mark.parametrize("pile", PILES.values(), ids=list(PILES))
def test_une_pile_d_accents_est_refusee_avant_d_etre_normalisee(porte: Callable[[str], str], pile: str) -> None:
    assert duree(lambda: refusee(lambda: porte(pile), AccentsEmpiles)) < LONGTEMPS


def test_ce_qui_separe_des_marques_ne_les_reunit_pas_en_une_pile() -> None:
    """`serrer` takes dots away, and what stood on each is then one run."""
    tenue = "a" + ".".join(["\u0300" * 15 + "\u0316" * 15] * 3_000)
    assert duree(lambda: refusee(lambda: serrer(tenue), AccentsEmpiles)) < LONGTEMPS
    assert duree(lambda: refusee(lambda: serrer(SEPAREE), AccentsEmpiles)) < LONGTEMPS


@pytest.mark.parametrize("porte", [*NORMALISENT, lire_brut])
def test_un_texte_demesure_n_est_pas_lu(porte: Callable[[str], str]) -> None:
    assert duree(lambda: refusee(lambda: porte("é" * (LONGUEUR_LISIBLE + 1)), TexteDemesure)) < 0.01
    porte("é" * LONGUEUR_LISIBLE)


@pytest.mark.parametrize("porte", [*NORMALISENT, lire_brut])
def test_ce_que_des_gens_ecrivent_passe(porte: Callable[[str], str]) -> None:
    """Thirty marks on a letter are more than any script writes; a hundred thousand letters with theirs cost what they weigh."""
    for texte in (
        "Vie\u0323\u0302t",
        "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd",
        "\u0644\u064e\u0651",
        "a" + "\u0316" * 30,
    ):
        assert porte(texte)
    assert duree(lambda: porte("e\u0323\u0302" * (LONGUEUR_LISIBLE // 3))) < 0.3


@pytest.mark.parametrize("champ", [ChampPorte, ChampIdentifiant, ChampPhrase, ChampTexte, ChampListe, ChampReponse])
def test_un_champ_dit_qu_il_est_trop_long_avant_de_lire(
    champ: type[ChampPorte], monkeypatch: pytest.MonkeyPatch
) -> None:
    lus: list[str] = []
    monkeypatch.setattr(champ, "porte", lus.append)
    with pytest.raises(forms.ValidationError, match="60 caractères au plus"):
        champ(max_length=60).clean("é" * 1_300)
    with pytest.raises(forms.ValidationError, match="Trop long"):
        champ(max_length=60, error_messages={"max_length": "Trop long."}).clean("é" * 1_300)
    assert lus == []


def test_un_champ_court_lit_ce_qu_un_copier_coller_allonge() -> None:
    assert ChampPorte(max_length=20).clean("\u200b" * 500 + "e\u0301" * 20) == "é" * 20


@pytest.mark.parametrize("forme", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize("pile", PILES.values(), ids=list(PILES))
def test_ce_qui_ne_fait_que_comparer_coupe_la_pile(forme: str, pile: str) -> None:
    assert duree(lambda: normaliser(forme, pile)) < LONGTEMPS  # type: ignore[arg-type]


def test_rien_de_ce_qui_est_tape_ne_coute_son_carre() -> None:
    gestes: dict[str, Callable[[], object]] = {
        "replier": lambda: replier(PILE),
        "réponse": lambda: formes_de(PILE, 1),
        "adresse": lambda: (forme_adresse(PILE + "@exemple.fr"), forme_comptee(PILE + "@exemple.fr")),
        "longue adresse": lambda: forme_adresse("a@" + "é." * 40_000 + "fr"),
        "nom de fichier": lambda: [nettoyer_nom(f"{pile}.pdf") for pile in PILES.values()],
        "mot de passe": lambda: Argon2Poivre().encode(PILE, "s" * 16),
        "long mot de passe": lambda: normaliser_secret("\u0300\u0316" * 2_048),
    }
    assert {quoi: cout for quoi, geste in gestes.items() if (cout := duree(geste)) >= LONGTEMPS * 3} == {}


def test_un_mot_de_passe_trop_long_n_est_pas_lu_et_aucun_n_est_coupe() -> None:
    with pytest.raises(forms.ValidationError, match="1024 caractères au plus"):
        champ_mot_de_passe_actuel().clean(PILE)
    court = "a" + "\u0316\u0300" * 100
    assert normaliser_secret(court) == unicodedata.normalize("NFKC", court)


def test_les_marques_sont_toutes_connues() -> None:
    """Of every sign of Unicode: what stands alone among marks, or is taken apart into marks alone, counts as one."""
    for code in range(sys.maxunicode + 1):
        signe = chr(code)
        if not 0xD800 <= code <= 0xDFFF:
            marque = bool(unicodedata.combining(unicodedata.normalize("NFKD", signe)[0]))
            assert est_empile(signe * (MARQUES_DE_SUITE + 1)) is marque, hex(code)


def test_couper_une_pile_ne_touche_rien_d_autre() -> None:
    assert desempiler("a" + "\u0300" * 40 + "b" + "\u0316" * 30) == "a" + "\u0300" * 30 + "b" + "\u0316" * 30
    assert desempiler("Hélène") == "Hélène"


def test_unicode_n_est_normalise_que_la() -> None:
    """In the source: whoever needs a normal form takes it from accounts/saisies/normalisation.py."""
    fautifs = [
        (str(chemin.relative_to(RACINE)), noeud.lineno)
        for app in APPLICATIONS
        for chemin in (RACINE / app).rglob("*.py")
        if chemin != RACINE / "accounts" / "saisies" / "normalisation.py"
        for noeud in noeuds(module_de(chemin))
        if (isinstance(noeud, ast.Attribute) and noeud.attr == "normalize")
        or (isinstance(noeud, ast.ImportFrom) and noeud.module == "unicodedata")
    ]
    assert fautifs == []
