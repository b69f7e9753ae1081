"""Countries by their names: each code that an address may have is one that a person reads in French."""

import pycountry

from accounts.saisies.pays import FICHIER, nom_du_pays
from surveillance.signaux.mots import en_lignes


def test_chaque_pays_a_son_nom() -> None:
    codes = {pays.alpha_2 for pays in pycountry.countries}
    assert codes <= {ligne[:2] for ligne in FICHIER.read_text(encoding="utf-8").splitlines()}
    assert (nom_du_pays("DE"), nom_du_pays("RE"), nom_du_pays(""), nom_du_pays("T1")) == (
        "Allemagne",
        "La Réunion",
        "",
        "T1",
    )


def test_les_details_d_un_signal_nomment_les_pays() -> None:
    lignes = en_lignes({"ici": {"pays": "BR", "reseau": "177.8.9.0/24"}, "avant": ["BE", "FR"], "pays": "RO"})
    assert [ligne.replace("\u00a0", " ") for ligne in lignes] == [
        "Ici : Pays : Brésil, Réseau : 177.8.9.0/24",
        "Avant : Belgique, France",
        "Pays : Roumanie",
    ]
