"""The themes of the data file: each says what to attach and the delay to expect; a faulty file is refused, and why."""

from pathlib import Path

import pytest

from services.messagerie import themes
from services.messagerie.themes import (
    CODE_ACTIVATION,
    ThemeInconnu,
    ThemesInvalides,
    exiger_theme,
    lire_themes,
    theme_de,
)


def test_le_fichier_livre_est_valable() -> None:
    lus = lire_themes(themes.FICHIER)
    assert len(lus) > 5
    assert [theme.code for theme in themes.a_choisir()] == [code for code in lus if code != CODE_ACTIVATION]
    assert all(theme.delai_jours > 0 for theme in themes.a_choisir())
    assert lus["DELAI_PAIEMENT"].joindre.startswith("Joignez le dernier bilan")
    assert str(lus["TVA"]).startswith("TVA")


@pytest.mark.parametrize("code", ["", "INCONNU", CODE_ACTIVATION])
def test_nul_n_ecrit_sous_un_theme_inconnu_ou_du_portail(code: str) -> None:
    with pytest.raises(ThemeInconnu):
        exiger_theme(code)


def test_un_theme_que_le_fichier_n_a_plus_se_lit_encore() -> None:
    assert theme_de("ANCIEN").libelle == "ANCIEN"
    assert not theme_de("ANCIEN").portail, "it waits for the office as before"
    assert theme_de("ANCIEN") not in themes.a_choisir()
    assert theme_de("TVA").libelle != "TVA"
    assert exiger_theme("TVA") == theme_de("TVA")


BON = '[[theme]]\ncode = "TVA"\nlibelle = "TVA"\njoindre = ""\ndelai_jours = 15\n'
PORTAIL = BON.replace('"TVA"', '"CODE_ACTIVATION"') + "portail = true\n"


@pytest.mark.parametrize(
    ("contenu", "raison"),
    [
        ("[[theme", "Expected"),
        (PORTAIL, "que l’on puisse choisir"),
        (BON, "il faut CODE_ACTIVATION"),
        (BON + BON + PORTAIL, "figure deux fois"),
        (BON.replace('"TVA"', '"tva"', 1) + PORTAIL, "en capitales"),
        (BON.replace('libelle = "TVA"', 'libelle = ""') + PORTAIL, "libellé"),
        (BON.replace('joindre = ""\n', "") + PORTAIL, "joindre"),
        (BON.replace("15", "-1") + PORTAIL, "délai"),
        (BON.replace("15", "true") + PORTAIL, "délai"),
        (BON + 'couleur = "bleu"\n' + PORTAIL, "champ inconnu couleur"),
    ],
)
def test_un_fichier_fautif_est_refuse(tmp_path: Path, contenu: str, raison: str) -> None:
    fichier = tmp_path / "themes.toml"
    fichier.write_text(contenu)
    with pytest.raises(ThemesInvalides, match=raison):
        lire_themes(fichier)


def test_un_fichier_absent_est_dit(tmp_path: Path) -> None:
    with pytest.raises(ThemesInvalides, match="absent"):
        lire_themes(tmp_path / "absent.toml")
