"""How fast the mails leave and the letters are made and handed over (issue 12.4).

    ESSAIS_LONGS=1 .venv/bin/python -m pytest -s tests/charge/test_vidage.py

ESSAIS_COURRIELS and ESSAIS_COURRIERS ask for fewer than 100,000 and 10,000. A relay of its own process on the loopback takes the
mails; two processes sweep, as docker-compose.yml's two do. Their processor time is said too: another load changes it little.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Courriel
from activation.courriers.edition import deposer_courrier
from activation.courriers.remise import COURRIERS_PAR_LOT_AU_PLUS, remettre
from activation.models import Courrier, Demande, LigneDemande
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory
from tests.scenes import RACINE, port_libre

from .jeu import multiplier

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.environ.get("ESSAIS_LONGS") != "1", reason="100,000 mails: ESSAIS_LONGS=1"),
    pytest.mark.django_db(transaction=True),
]
NOMBRE = int(os.environ.get("ESSAIS_COURRIELS", "100000"))
PROCESSUS = 2
SECONDES_AU_PLUS = 600  # seconds for 100,000
LETTRES = int(os.environ.get("ESSAIS_COURRIERS", "10000"))
BALAYER = """
import resource, sys
import django; django.setup()
from {module} import {balayage}
while {balayage}(): pass
mesures = resource.getrusage(resource.RUSAGE_SELF)
print(mesures.ru_utime + mesures.ru_stime)
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


def balayer(module: str, balayage: str, **variables: str) -> tuple[float, float]:
    """Sweep with PROCESSUS processes until nothing is left; return the seconds that passed, and those of their processors."""
    base = connection.settings_dict
    environnement = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "espacepro.settings",
        "DATABASE_URL": f"postgres://{base['USER']}@/{base['NAME']}?host={base['OPTIONS'].get('host') or base['HOST']}",
        **variables,
    }
    code = BALAYER.format(module=module, balayage=balayage)
    debut = time.monotonic()
    balayeurs = [
        subprocess.Popen([sys.executable, "-c", code], cwd=RACINE, env=environnement, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSUS)
    ]
    sorties = [un.communicate(timeout=SECONDES_AU_PLUS * 4)[0] for un in balayeurs]
    assert [un.returncode for un in balayeurs] == [0] * PROCESSUS
    return time.monotonic() - debut, sum(float(sortie.split()[-1]) for sortie in sorties)


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
    duree, calcul = balayer("accounts.envois.courriels", "envoyer_en_attente", EMAIL_URL=f"smtp://127.0.0.1:{port}")
    partis = Courriel.objects.exclude(traite_le=None).count()
    sys.stdout.write(
        f"\n{partis} mails in {duree:.0f} s, {partis / duree:.0f} a second; {1000 * calcul / partis:.1f} ms of processor each in"
        f" the sweeping processes; load {os.getloadavg()[0]:.1f}\n"
    )
    assert partis == NOMBRE
    assert duree <= SECONDES_AU_PLUS * NOMBRE / 100_000 + 15  # to start


def test_dix_mille_lettres_sont_faites_et_remises(tmp_path: Path) -> None:
    """Made by two sweeping processes, then handed over in batches whose memory does not grow with the letters."""
    espace, personne = EspaceFactory(), PersonneFactory(voie="1 rue de la Paix", code_postal="75002", commune="PARIS")
    demande = Demande.objects.create(
        reference="D-2026-FFFFFFFF", nature="ADHESION", espace=espace, personne=personne, qualite="MANDATAIRE"
    )
    ligne = LigneDemande.objects.create(demande=demande, service=ServiceFactory())
    with transaction.atomic():
        courrier = deposer_courrier(demande, numero=1, maintenant=timezone.now())
    multiplier(personne, LETTRES - 1, siren="(700000000 + g)::text")
    siennes = f"{personne.pk} + g"
    reference = "'D-2026-' || translate(lpad(upper(to_hex(g)), 8, '0'), '01', 'XY')"
    multiplier(demande, LETTRES - 1, id="md5('d' || g)::uuid", reference=reference, personne_id=siennes)
    multiplier(ligne, LETTRES - 1, demande_id="md5('d' || g)::uuid")
    multiplier(
        courrier, LETTRES - 1, demande_id="md5('d' || g)::uuid", empreinte_code="md5(g::text) || md5((-g)::text)"
    )
    with connection.cursor() as curseur:
        curseur.execute("ANALYZE")
    duree, calcul = balayer("activation.courriers.edition", "editer_en_attente")
    faites = Courrier.objects.filter(etat="EDITE").count()
    sys.stdout.write(
        f"\n{faites} letters made in {duree:.0f} s, {faites / duree:.0f} a second; {1000 * calcul / faites:.0f} ms of processor each;"
        f" load {os.getloadavg()[0]:.1f}\n"
    )
    assert faites == LETTRES
    debut, calcul, memoire = time.monotonic(), time.process_time(), _memoire()
    while lot := remettre(dossier=tmp_path, taille=COURRIERS_PAR_LOT_AU_PLUS):
        assert not lot.differents
    duree, calcul = time.monotonic() - debut, time.process_time() - calcul
    sys.stdout.write(
        f"handed over in {duree:.0f} s, {1000 * calcul / faites:.1f} ms of processor each, {_memoire() - memoire} MB more at the most\n"
    )
    assert Courrier.objects.filter(etat="REMIS").count() == LETTRES


def _memoire() -> int:
    """Return the most memory that this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
