"""The strength decision (R3): what is refused, what is taken, what counts for little, and how long it takes."""

import json
import random
import statistics
import string
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.mots_de_passe.force import DOSSIER, LISTES, Niveau, evaluer

CONTEXTE = ["jean.dupont@cabinet-dupont.fr", "Dupont", "Jean", "BOULANGERIE MARTIN", "552100554"]


@pytest.mark.parametrize(
    "mot_de_passe",
    [
        "motdepassemotdepasse",
        "azertyuiopqsdfghjklm",
        "MotDePasse123456789!!",
        "P@ssw0rdP@ssw0rd2024",
        "Bonjour2024!Bonjour2024!",
        "Soleil2024!Soleil2025!",
        "&é\"'(-è_çà)=azertyuiop",
        "qwerty123456azerty7890",
        "12345678901234567890",
        "zyxwvutsrqponmlkjihg",
        "aaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabcabc",
        "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
        "01/01/1980 14/07/1789",
        "1998-02-12-marseille-13",
        "JeanDupont1975Impots2024",
        "Boulangerie-Martin-552100554",
        "552 100 554 552100554",
        "tnopudnaejtnopudnaej",
        "j3@ndup0ntc@b1netdup0nt",
        "Liberté, égalité, fraternité",
        "liberteegalitefraternite",
        "1q2w3e4r5t6y7u8i9o0p",
        "spongebobsquarepants",
        "                         ",
        "",
    ],
)
def test_devinable_est_faible(mot_de_passe: str) -> None:
    evaluation = evaluer(mot_de_passe, CONTEXTE)
    assert evaluation.niveau is Niveau.FAIBLE
    assert not evaluation.acceptable
    assert evaluation.conseils


@pytest.mark.parametrize(
    ("mot_de_passe", "niveau"),
    [
        ("girafe bougie tonnerre valise radis", Niveau.MOYEN),
        ("moulin cactus vendredi orchestre citron brume", Niveau.FORT),
        ("girafe bougie tonnerre valise radis enclume ficelle moutarde", Niveau.TRES_FORT),
        ("xkqvjwzpmtrbhgyfndlc", Niveau.FORT),
        ("gT7#xQ2!vLp9@Zr4$Wd8kM", Niveau.TRES_FORT),
        ("пароль мой очень длинный", Niveau.TRES_FORT),
    ],
)
def test_niveaux_atteints(mot_de_passe: str, niveau: Niveau) -> None:
    assert evaluer(mot_de_passe).niveau is niveau


def test_sans_regle_de_composition_vingt_minuscules_au_hasard_suffisent() -> None:
    """ASVS 6.2.5: no composition rule."""
    hasard = random.Random(3)
    niveaux = [evaluer("".join(hasard.choices(string.ascii_lowercase, k=20))).niveau for _ in range(200)]
    assert min(niveaux) >= Niveau.MOYEN
    assert statistics.median(niveaux) >= Niveau.FORT


@pytest.mark.parametrize(
    ("longueur", "suffisante", "trop_long"),
    [(19, False, False), (20, True, False), (256, True, False), (257, True, True)],
)
def test_longueurs_aux_bornes(longueur: int, suffisante: bool, trop_long: bool) -> None:
    hasard = random.Random(longueur)
    evaluation = evaluer("".join(hasard.choices(string.ascii_letters + string.digits, k=longueur)))
    assert evaluation.longueur_suffisante is suffisante
    assert evaluation.trop_long is trop_long
    assert evaluation.acceptable is (suffisante and not trop_long)


def test_longueur_compte_ce_qui_se_voit() -> None:
    """An emoji counts for one, a combining mark or a joiner for nothing: composed or not, same answer."""
    assert evaluer("😀" * 19).longueur == 19
    assert not evaluer("e\u0301" * 10 + "x" * 9).longueur_suffisante
    phrase = "Être là où ça gèle déjà, près d'Évreux"
    compose = evaluer(unicodedata.normalize("NFC", phrase))
    assert compose == evaluer(unicodedata.normalize("NFD", phrase))


@pytest.mark.parametrize("manque", [1, 5])
def test_conseil_de_longueur_dit_le_nombre(manque: int) -> None:
    conseil = evaluer("xkqvjwzpmtrbhgyfndlc"[: 20 - manque]).conseils[0]
    assert str(manque) in conseil
    assert ("caractères\u00a0:" in conseil) is (manque > 1)


def test_conseils_nomment_la_faute() -> None:
    textes = {
        "JeanDupontJeanDupont!": "ce qui vous désigne",
        "azertyuiopqsdfghjklm": "clavier",
        "zyxwvutsrqponmlkjihg": "suites",
        "xkqvxkqvxkqvxkqvxkqv": "répétez",
        "14/07/1789 12/03/2009": "dates",
        "spongebobsquarepants": "divulgué",
    }
    for mot_de_passe, attendu in textes.items():
        assert any(attendu in conseil for conseil in evaluer(mot_de_passe, CONTEXTE).conseils), mot_de_passe
    assert evaluer("gT7#xQ2!vLp9@Zr4$Wd8kM").conseils == []


def test_les_conseils_parlent_de_ce_qui_est_tape() -> None:
    """A word that hides in random letters teaches nothing; what makes most of the password is spoken of first."""
    hasard = "xkqvjwzpmthgfclef"  # « clef » is a word
    assert [c for c in evaluer(hasard).conseils if "mots" in c or "prénoms" in c] == []
    surtout_clavier = evaluer("azertyuiopqsdfgh 1789").conseils
    assert "clavier" in surtout_clavier[0]
    assert "dates" not in " ".join(surtout_clavier[:1])
    surtout_dates = evaluer("14/07/1789 12/03/2009 azerty").conseils
    assert "dates" in surtout_dates[0]


@pytest.mark.parametrize("forme", ["Wojciechowska", "WOJCIECHOWSKA", "w0jc1ech0w5ka", "akswohceicjow", "Wojciéchowskà"])
def test_un_mot_du_contexte_compte_peu(forme: str) -> None:
    """The person's name is worth some bits in any case, look-alikes, backwards; unknown, far more."""
    reste = "moulin cactus vendredi"
    connu = evaluer(reste + forme, ["wojciechowska"]).dixiemes_de_bit - evaluer(reste).dixiemes_de_bit
    inconnu = evaluer(reste + forme).dixiemes_de_bit - evaluer(reste).dixiemes_de_bit
    assert connu <= 110
    assert inconnu >= 300


def test_contexte_vide_ou_fait_de_bruit_ne_change_rien() -> None:
    sans = evaluer("moulin cactus vendredi orchestre")
    assert evaluer("moulin cactus vendredi orchestre", ["", " ", "@", "a", "75", "\n", "é"]) == sans


def test_numero_siren_compte_pareil_avec_ou_sans_espaces() -> None:
    """The browser sees what is typed, the server may keep it bare: a short group of figures is no word."""
    for mot_de_passe in ("moulin 100 cactus 554 brume", "moulin 552100554 cactus brume"):
        assert evaluer(mot_de_passe, ["552 100 554"]) == evaluer(mot_de_passe, ["552100554"])


@given(st.text(max_size=300), st.lists(st.text(max_size=40), max_size=4))
@settings(max_examples=300, deadline=None)
def test_tout_texte_est_juge(mot_de_passe: str, contexte: list[str]) -> None:
    """Nothing raises; too short or too long is refused; knowing more of the person never makes it stronger."""
    evaluation = evaluer(mot_de_passe, contexte)
    assert evaluation.dixiemes_de_bit >= 0
    assert evaluation.longueur <= 256
    if not evaluation.longueur_suffisante or evaluation.trop_long:
        assert evaluation.niveau is Niveau.FAIBLE
    assert evaluation.dixiemes_de_bit <= evaluer(mot_de_passe).dixiemes_de_bit
    assert evaluation.niveau <= evaluer(mot_de_passe).niveau


@given(st.text(alphabet=string.printable[:95], min_size=10, max_size=60))
@settings(max_examples=200, deadline=None)
def test_doubler_un_mot_de_passe_ne_le_renforce_guere(mot_de_passe: str) -> None:
    """A copy costs its description only, whatever is copied."""
    assert evaluer(mot_de_passe * 2).dixiemes_de_bit <= evaluer(mot_de_passe).dixiemes_de_bit + 200


def test_256_caracteres_en_moins_de_20_ms() -> None:
    hasard = random.Random(7)
    mots = (DOSSIER / "francais.txt").read_text().split()
    textes = ["".join(hasard.choices(string.printable[:95], k=256)) for _ in range(20)]
    textes += [" ".join(hasard.choices(mots, k=60))[:256] for _ in range(20)]
    textes += ["".join(hasard.choices("".join(hasard.sample(mots, 20)).title(), k=256)) for _ in range(20)]
    evaluer("amorce")
    durees = []
    for texte in textes:
        debut = time.thread_time()
        evaluer(texte, CONTEXTE)
        durees.append(time.thread_time() - debut)
    assert statistics.quantiles(durees, n=20)[-1] < 0.020


def test_donnees_bien_formees() -> None:
    """Words folded, each once over all the lists, costs rising, small enough for a browser; levels complete."""
    vus: set[str] = set()
    for nom in LISTES:
        couts = []
        for ligne in (DOSSIER / nom).read_text(encoding="ascii").splitlines():
            if ligne.startswith("= "):
                couts.append(int(ligne[2:]))
                continue
            assert couts, (nom, ligne)
            assert ligne == ligne.lower().strip(), (nom, ligne)
            assert 2 <= len(ligne) <= 48, (nom, ligne)
            assert ligne not in vus, (nom, ligne)
            vus.add(ligne)
        assert couts == sorted(set(couts))
    assert sum(fichier.stat().st_size for fichier in DOSSIER.iterdir()) < 600_000
    regles = json.loads((DOSSIER / "regles.json").read_text())
    assert [palier["niveau"] for palier in regles["niveaux"]] == [niveau.value for niveau in Niveau]
    assert [niveau.libelle for niveau in Niveau] == ["faible", "moyen", "fort", "très fort"]
