"""What waits leaves: each mail once, each letter made and handed over (issue 12.4).

    ESSAIS_LONGS=1 .venv/bin/python -m pytest -s tests/charge/test_vidage.py

ESSAIS_COURRIELS and ESSAIS_COURRIERS ask for fewer than 100,000 and 10,000. `python -m tests.charge.vidage` measures the same alone.
"""

import os
import sys
from pathlib import Path

import pytest

from .vidage import faire_les_lettres, remettre_les_lettres, temps_permis, vider_les_courriels

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.environ.get("ESSAIS_LONGS") != "1", reason="100,000 mails: ESSAIS_LONGS=1"),
    pytest.mark.django_db(transaction=True),
]
NOMBRE = int(os.environ.get("ESSAIS_COURRIELS", "100000"))
LETTRES = int(os.environ.get("ESSAIS_COURRIERS", "10000"))


def test_cent_mille_courriels_en_dix_minutes() -> None:
    vidage, pour = vider_les_courriels(NOMBRE)
    sys.stdout.write(f"\n{vidage.dire('mails')}\n")
    assert vidage.nombre == NOMBRE
    assert sorted(pour) == sorted(f"p{rang}@cabinet-dupont.fr" for rang in range(NOMBRE)), "each once, nobody else"
    assert vidage.secondes <= temps_permis(NOMBRE)


def test_dix_mille_lettres_sont_faites_et_remises(tmp_path: Path) -> None:
    """Made by two sweeping processes, then handed over in batches whose memory does not grow with the letters."""
    faites = faire_les_lettres(LETTRES)
    sys.stdout.write(f"\n{faites.dire('letters made')}\n")
    assert faites.nombre == LETTRES
    remises, memoire = remettre_les_lettres(tmp_path)
    sys.stdout.write(f"{remises.dire('letters handed over')}; {memoire} MB more at the most\n")
    assert remises.nombre == LETTRES
