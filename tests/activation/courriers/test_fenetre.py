"""The letter in its envelope: the address is whole in the window, and nothing else shows, wherever the sheet slides.

The envelope is the DL sold in France, 110 × 220 mm; its window 45 × 100 mm, 20 mm from the right edge and 20 mm from the bottom.
What the lines hold is NF Z 10-011's (activation/courriers/enveloppe.py). An A4 sheet folded in three is 210 mm wide and 100 mm high, and its top edge is a border,
not a fold: it slides by 10 mm to the right, and downwards by 10 mm, by 13 when the fold is 3 mm too high.
"""

import os
from pathlib import Path

import pytest

from activation.courriers.enveloppe import Adresse
from activation.courriers.lettre import Lettre
from tests.activation.scenes import lettre

from .rendu import encre, masquer, photographier

CAPTURES = os.environ.get("CAPTURES", "")
LARGEUR, HAUTEUR, FENETRE_L, FENETRE_H, BORD_DROIT, BORD_BAS = 220, 110, 100, 45, 20, 20
JEU_X, JEU_Y = 10, 10 + 3
GAUCHE, HAUT = LARGEUR - BORD_DROIT - FENETRE_L, HAUTEUR - BORD_BAS - FENETRE_H
# In millimetres of the sheet: what shows sometimes, and what shows always.
PARFOIS = (GAUCHE - JEU_X, GAUCHE + FENETRE_L, HAUT - JEU_Y, HAUT + FENETRE_H)
TOUJOURS = (GAUCHE, GAUCHE + FENETRE_L - JEU_X, HAUT, HAUT + FENETRE_H - JEU_Y)
BLOC = (109, 187, 49, 77)  # where the address stands
PLEINE = "W" * 38  # the widest letter; the type is of one width
FORMES: dict[str, Lettre] = {
    "ordinaire": lettre(),
    "avis": lettre(avis=True, code=""),
    "démonstration": lettre(demonstration=True),
    "marque de l’État": lettre(marque_etat=True),
    "six lignes de trente-huit": lettre(
        denomination=f"{PLEINE} {PLEINE}",
        adresse=Adresse(complement=PLEINE, voie=PLEINE, distribution="BP 12", localite=PLEINE, pays="ROYAUME-UNI"),
    ),
    "démesurée": lettre(
        denomination="Société d'exploitation " * 14,
        representant="Anne-Sophie " * 20,
        adresse=Adresse(complement="x" * 300, voie="12 rue " * 40, localite="97419 LA POSSESSION " * 5),
    ),
    "CEDEX": lettre(
        adresse=Adresse(voie="1 RUE DE LA PAIX", distribution="BP 12", localite="92085 PARIS LA DEFENSE CEDEX")
    ),
    "à l'étranger": lettre(
        adresse=Adresse(
            complement="UNIT 12 NORTHGATE BUSINESS PARK CENTRE",
            voie="SAINT MARTIN LE GRAND LITTLE BRITAIN HOUSE STREET",
            distribution="PO BOX 1234",
            localite="LONDON SW1A 1AA",
            pays="ROYAUME-UNI",
        )
    ),
    "accents et signes hauts": lettre(denomination="ÂÊÎÔÛÅŮẼ ÇĢŞȚ ÀÉÈÙ", representant="Đặng Nguyễn Thị Ngọc Ánh"),
    "d’autres écritures": lettre(denomination="ООО РОМАШКА 😀 Σωκράτης 李", representant="محمد"),
    "un service au nom long": lettre(
        gestionnaire=lettre().gestionnaire.__class__(
            nom="Service des impôts des entreprises de Villefranche-sur-Saône et du Beaujolais " * 2,
            adresse=("Centre des finances publiques de l'arrondissement, bâtiment principal, troisième étage",) * 4,
            telephone="04 74 00 00 00",
            courriel="sie.villefranche-sur-saone-et-du-beaujolais@dgfip.finances.gouv.fr",
        )
    ),
}


def dans(point: tuple[float, float], cadre: tuple[float, float, float, float]) -> bool:
    (x, y), (gauche, droite, haut, bas) = point, cadre
    return gauche <= x <= droite and haut <= y <= bas


@pytest.mark.parametrize("forme", FORMES)
def test_l_adresse_seule_se_voit_et_tout_entiere(forme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    points = list(encre(photographier(FORMES[forme], monkeypatch), jusqu_a=PARFOIS[3]))
    adresse = [point for point in points if dans(point, BLOC)]
    assert len(adresse) > 200
    assert [point for point in adresse if not dans(point, TOUJOURS)] == [], "hidden by the edge of the window"
    assert [point for point in points if dans(point, PARFOIS) and not dans(point, BLOC)] == [], "shows, and must not"
    if CAPTURES:
        for nom, (ox, oy) in {"centre": (JEU_X / 2, JEU_Y / 2), "butee": (0, 0), "autre-butee": (JEU_X, JEU_Y)}.items():
            cadre = (GAUCHE - ox, GAUCHE - ox + FENETRE_L, HAUT - oy, HAUT - oy + FENETRE_H)
            image = photographier(FORMES[forme], monkeypatch, finesse=90)
            vue = masquer(image, lambda x, y, cadre=cadre: dans((x, y), cadre), jusqu_a=100, finesse=90)
            (Path(CAPTURES) / f"fenetre-{forme}-{nom}.png".replace(" ", "_").replace("'", "_")).write_bytes(vue)


@pytest.mark.parametrize("champs", [{}, {"avis": True, "code": ""}])
def test_les_barres_ne_touchent_pas_le_cadre_de_la_demonstration(
    champs: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader needs a blank margin on each side of the bars: the frame, red, stops 3 mm before them and stays readable."""
    points = list(encre(photographier(lettre(demonstration=True, **champs), monkeypatch), jusqu_a=40))
    sans = list(encre(photographier(lettre(**champs), monkeypatch), jusqu_a=40))
    haut_des_barres = min(y for x, y in sans if x > 126)
    assert haut_des_barres == pytest.approx(min(y for x, y in points if x > 126), abs=0.3), (
        "the frame stands over the bars"
    )
    assert not [point for point in points if 123 < point[0] < 126 and point[1] < 34]
    assert [point for point in points if point[0] < 123 and point[1] < haut_des_barres]  # the frame is there


def test_l_encre_se_mesure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The measure sees: the former place of the bars, and the sender's block 6 mm too wide, would show."""
    points = list(encre(photographier(lettre(), monkeypatch), jusqu_a=PARFOIS[3]))
    barres = [(x, y) for x, y in points if x > 120 and y < 32]
    assert barres
    assert any(dans((x, y + 7), PARFOIS) for x, y in barres)
    assert not any(dans(point, PARFOIS) for point in barres)
