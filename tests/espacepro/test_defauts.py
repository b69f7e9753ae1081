"""No form answers for who fills it (issue 10 item 5): nothing is ticked, chosen or « tout » beforehand but what changes least."""

import re
from pathlib import Path

GABARITS = Path("templates")
BALISE = re.compile(r"<(?:input|option)\b[^>]*>")
CONDITION = re.compile(r"{% (?:el)?if .*?{% endif %}", re.DOTALL)
# value -> what it does: the default of each of these choices is what changes nothing more than was asked for.
MOINDRES = {
    "tomber": "what hangs below a withdrawal falls: nobody answers for an access without having said so (R11)",
    "continuer": "what a suspended suppléant granted goes on (design.md §8)",
}


def coches(source: str) -> list[str]:
    """Return the boxes and choices that a template ticks whatever was typed."""
    nus = BALISE.findall(CONDITION.sub("", source))
    return [balise for balise in nus if re.search(r"\s(?:checked|selected)\b", balise)]


def test_rien_n_est_coche_d_avance() -> None:
    trouves = {}
    for gabarit in sorted(GABARITS.rglob("*.html")):
        for balise in coches(gabarit.read_text()):
            valeur = re.search(r'value="([^"]*)"', balise)
            if valeur is None or valeur[1] not in MOINDRES:
                trouves[str(gabarit)] = balise
    assert trouves == {}


def test_le_detecteur_voit_une_case_cochee() -> None:
    assert coches('<input type="checkbox" name="tout" checked>')
    assert coches('<option value="x" selected>x</option>')
    assert not coches('<input type="checkbox"{% if x in coches %} checked{% endif %}>')
