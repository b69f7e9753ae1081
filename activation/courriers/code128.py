"""Code 128 of a letter's number, for the hand scanner of whoever sorts what the post returns (ISO/IEC 15417).

The number, never the code: it opens nothing. Character set B alone: references are capitals, digits and hyphens.
"""

import re

_MOTIFS = [
    "212222",
    "222122",
    "222221",
    "121223",
    "121322",
    "131222",
    "122213",
    "122312",
    "132212",
    "221213",
    "221312",
    "231212",
    "112232",
    "122132",
    "122231",
    "113222",
    "123122",
    "123221",
    "223211",
    "221132",
    "221231",
    "213212",
    "223112",
    "312131",
    "311222",
    "321122",
    "321221",
    "312212",
    "322112",
    "322211",
    "212123",
    "212321",
    "232121",
    "111323",
    "131123",
    "131321",
    "112313",
    "132113",
    "132311",
    "211313",
    "231113",
    "231311",
    "112133",
    "112331",
    "132131",
    "113123",
    "113321",
    "133121",
    "313121",
    "211331",
    "231131",
    "213113",
    "213311",
    "213131",
    "311123",
    "311321",
    "331121",
    "312113",
    "312311",
    "332111",
    "314111",
    "221411",
    "431111",
    "111224",
    "111422",
    "121124",
    "121421",
    "141122",
    "141221",
    "112214",
    "112412",
    "122114",
    "122411",
    "142112",
    "142211",
    "241211",
    "221114",
    "413111",
    "241112",
    "134111",
    "111242",
    "121142",
    "121241",
    "114212",
    "124112",
    "124211",
    "411212",
    "421112",
    "421211",
    "212141",
    "214121",
    "412121",
    "111143",
    "111341",
    "131141",
    "114113",
    "114311",
    "411113",
    "411311",
    "113141",
    "114131",
    "311141",
    "411131",
    "211412",
    "211214",
    "211232",
    "2331112",
]
_DEPART_B, _FIN = 104, 106
_MARGE = 10  # modules: the quiet zone on either side
_HAUTEUR = 32

# What a scanner set for an American keyboard types on a French one.
_CLAVIER_FRANCAIS = str.maketrans("&é\"'(-è_çà)aqzwAQZW,?", "1234567890-QAWZQAWZMM")
_NUMERO = re.compile(r"(D-[0-9]{4}-[0-9A-Z]{8})-([0-9]+)")


def largeurs(texte: str) -> list[int]:
    """Return the widths, in modules, of bars and spaces in turn, the first being a bar.

    Raises: ValueError for what is not printable ASCII.
    """
    if not texte or any(not " " <= signe <= "~" for signe in texte):
        raise ValueError("Code 128 B holds printable ASCII")
    valeurs = [_DEPART_B, *(ord(signe) - 32 for signe in texte)]
    cle = (_DEPART_B + sum(rang * valeur for rang, valeur in enumerate(valeurs[1:], start=1))) % 103
    return [int(largeur) for valeur in (*valeurs, cle, _FIN) for largeur in _MOTIFS[valeur]]


def dessiner(texte: str) -> str:
    """Return the bars as an SVG image, one unit a module, its quiet zones included."""
    x, barres = _MARGE, []
    for rang, largeur in enumerate(largeurs(texte)):
        if rang % 2 == 0:
            barres.append(f"M{x} 0h{largeur}v{_HAUTEUR}h-{largeur}z")
        x += largeur
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {x + _MARGE} {_HAUTEUR}" '
        f'width="{x + _MARGE}" height="{_HAUTEUR}"><path d="{"".join(barres)}"/></svg>'
    )


def lire_numero(saisie: str) -> tuple[str, int] | None:
    """Return the reference and the letter's number that a scanner has typed, whatever the keyboard; None for else."""
    propre = saisie.strip()
    for lue in (propre.upper(), propre.translate(_CLAVIER_FRANCAIS).upper()):
        if trouve := _NUMERO.fullmatch(lue):
            return trouve[1], int(trouve[2])
    return None
