"""How fast the mails leave: `ESSAIS_COURRIELS=10000 ESSAIS_LONGS=1 /…/pytest -s tests/charge/test_vidage.py` (issue 12.4).

A relay of its own process on the loopback takes them; two processes sweep, as docker-compose.yml's two do.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from django.db import connection

from accounts.models import Courriel
from tests.scenes import RACINE, port_libre

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.environ.get("ESSAIS_LONGS") != "1", reason="100,000 mails: ESSAIS_LONGS=1"),
    pytest.mark.django_db(transaction=True),
]
NOMBRE = int(os.environ.get("ESSAIS_COURRIELS", "100000"))
PROCESSUS = 2
SECONDES_AU_PLUS = 600  # seconds for 100,000
BALAYER = """
import django; django.setup()
from accounts.envois.courriels import envoyer_en_attente
while envoyer_en_attente(): pass
"""


@pytest.fixture
def port() -> Iterator[int]:
    port = port_libre()
    relais = subprocess.Popen(
        [sys.executable, "-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink", "-l", f"127.0.0.1:{port}"]
    )
    time.sleep(2)
    yield port
    relais.kill()
    relais.wait(10)


def test_cent_mille_courriels_en_dix_minutes(port: int) -> None:
    contexte = {"reference": "D-1", "denomination": "DANONE"}
    Courriel.objects.bulk_create(
        (
            Courriel(
                genre="demande_annulee",
                destinataire=f"p{rang}@cabinet-dupont.fr",
                acte=f"essai:{rang}",
                contexte=contexte,
            )
            for rang in range(NOMBRE)
        ),
        batch_size=5_000,
    )
    with connection.cursor() as curseur:
        curseur.execute("ANALYZE accounts_courriel")
    base = connection.settings_dict
    environnement = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "espacepro.settings",
        "DATABASE_URL": f"postgres://{base['USER']}@/{base['NAME']}?host={base['OPTIONS'].get('host') or base['HOST']}",
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
    }
    debut = time.monotonic()
    balayeurs = [
        subprocess.Popen([sys.executable, "-c", BALAYER], cwd=RACINE, env=environnement) for _ in range(PROCESSUS)
    ]
    for un in balayeurs:
        assert un.wait(SECONDES_AU_PLUS * 2) == 0
    duree = time.monotonic() - debut
    partis = Courriel.objects.exclude(traite_le=None).count()
    sys.stdout.write(
        f"\n{partis} mails in {duree:.0f} s, {partis / duree:.0f} a second; load {os.getloadavg()[0]:.1f}\n"
    )
    assert partis == NOMBRE
    assert duree <= SECONDES_AU_PLUS * NOMBRE / 100_000 + 5
