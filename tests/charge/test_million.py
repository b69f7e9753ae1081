"""The big portals of tests/charge/grande.py, kept between runs (issues 4 and 12): 1 million habilitations and, asked for, 5.

    ESSAIS_LONGS=1 .venv/bin/python -m pytest tests/charge/test_million.py -s

`CHARGE_GROUPES` sets the size (× 10,890 habilitations): 92 by default, 460 are 5 million.
"""

import os
import subprocess
import sys

import pytest

from tests.scenes import RACINE

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.environ.get("ESSAIS_LONGS") != "1", reason="a million rows: ESSAIS_LONGS=1"),
]


def test_un_million() -> None:
    """The command says what it measured, and exits with 1 where a target is missed."""
    groupes = os.environ.get("CHARGE_GROUPES", "92")
    commande = [sys.executable, "-m", "tests.charge.grande", "--groupes", groupes]
    assert subprocess.run(commande, cwd=RACINE, check=False).returncode == 0
