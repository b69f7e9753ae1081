"""The table of what the embedded fonts draw says what Typst does, for the version that is installed."""

import json
import random
import unicodedata

import typst

from accounts.documents.glyphes import DERNIER_LATIN, PLAGES, se_dessine
from accounts.documents.typst import _polices

SOURCE = b"""
#set document(title: "Essai")
#set text(font: ("Libertinus Serif", "DejaVu Sans Mono"))
#for signe in json(bytes(sys.inputs.donnees)) { par(signe) }
"""


def dessine(signes: list[str]) -> bool:
    try:
        typst.compile(SOURCE, font_paths=_polices(), sys_inputs={"donnees": json.dumps(signes)}, pdf_standards=["ua-1"])
    except typst.TypstError:
        return False
    return True


def se_lit(signe: str) -> bool:
    return not (unicodedata.category(signe).startswith("C") or signe.isspace())


def test_tout_ce_que_la_table_dit_se_dessine() -> None:
    assert list(PLAGES) == sorted(PLAGES)
    tous = [chr(code) for premier, dernier in PLAGES for code in range(premier, dernier + 1)]
    assert len(tous) > 8_000
    assert dessine([signe for signe in tous if se_lit(signe)])
    assert all(se_dessine(signe) for signe in [*tous, "a", DERNIER_LATIN])


def test_ce_que_la_table_ne_dit_pas_ne_se_dessine_pas() -> None:
    """Two hundred of the whole of Unicode; marks apart, which Typst may hang on anything."""
    hasard = random.Random(1)
    signes = [chr(hasard.randrange(0x180, 0x20000)) for _ in range(600)]
    absents = [s for s in signes if se_lit(s) and not se_dessine(s) and not unicodedata.category(s).startswith("M")]
    assert len(absents) > 200
    assert [signe for signe in absents[:200] if dessine([signe])] == []
