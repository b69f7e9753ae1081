"""How fast what waits leaves: mails through a real relay, letters made and handed over, by the sweeps in processes of their own.

    python -m tests.charge.vidage                                   # 100,000 mails, 10,000 letters
    python -m tests.charge.vidage --courriels 5000 --lettres 500

In servers of its own (`.etat/vidage`, or ESPACEPRO_ETAT) and a database that is dropped at the end. The relay is a process on the
loopback that notes whom it was given a mail for: each must have come once. Two processes sweep, as docker-compose.yml's two do.
Exits with 1 where a target is missed: 100,000 mails in ten minutes, no mail twice, each letter handed over.
"""

import argparse
import base64
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from espacepro.demonstration.embarque import preparer_dossier
from espacepro.demonstration.environnement import CLES, RACINE, arreter_serveurs, demarrer_serveurs, dossier_etat

from .grande import adresse_de, dire

PROCESSUS = 2
SECONDES_AU_PLUS = 600  # for 100,000 mails
RELAIS = """
import asyncio, sys
from aiosmtpd.smtp import SMTP

class Noter:
    async def handle_DATA(self, server, session, envelope):
        print(*envelope.rcpt_tos, sep="\\n", file=note)
        return "250 OK"

async def servir():
    await asyncio.get_running_loop().create_server(lambda: SMTP(Noter()), "127.0.0.1", int(sys.argv[1]))
    note.write("#\\n")
    await asyncio.Event().wait()

with open(sys.argv[2], "a", buffering=1) as note:
    asyncio.run(servir())
"""
BALAYER = """
import resource, time
import django; django.setup()
from {module} import {balayage}
debut, demarrage = time.time(), resource.getrusage(resource.RUSAGE_SELF)
while {balayage}(): pass
mesures = resource.getrusage(resource.RUSAGE_SELF)
print(debut, time.time(), mesures.ru_utime + mesures.ru_stime - demarrage.ru_utime - demarrage.ru_stime)
"""


@dataclass(frozen=True)
class Vidage:
    """What left, in how many seconds, and how much of them the processors of the sweeping processes worked."""

    nombre: int
    secondes: float
    calcul: float

    def dire(self, quoi: str) -> str:
        return (
            f"{self.nombre} {quoi} in {self.secondes:.0f} s, {self.nombre / self.secondes:.0f} a second;"
            f" {1000 * self.calcul / max(self.nombre, 1):.1f} ms of processor each; load {os.getloadavg()[0]:.1f}"
        )


@contextmanager
def relais() -> Iterator[tuple[int, Path]]:
    """A mail relay in a process of its own; yield its port, and the file with one line for each mail that it was given."""
    from tests.scenes import port_libre

    with tempfile.TemporaryDirectory() as dossier:
        port, note = port_libre(), Path(dossier) / "recus"
        processus = subprocess.Popen([sys.executable, "-c", RELAIS, str(port), str(note)])
        try:
            fin = time.monotonic() + 60
            while not (note.exists() and note.stat().st_size):
                if processus.poll() is not None or time.monotonic() > fin:
                    raise RuntimeError("the relay did not start")
                time.sleep(0.1)
            yield port, note
        finally:
            processus.kill()
            processus.wait(10)


def recus(note: Path) -> list[str]:
    """Return whom the relay was given a mail for, in order."""
    return [ligne for ligne in note.read_text().splitlines() if ligne != "#"]


def balayer(module: str, balayage: str, **variables: str) -> tuple[float, float]:
    """Sweep with PROCESSUS processes until nothing is left; return the seconds that passed, and those of their processors.

    From when the first of them has started, as those of a server have, until the last of them finds nothing.
    """
    from django.db import connection

    base = connection.settings_dict
    environnement = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "espacepro.settings",
        "DATABASE_URL": f"postgres://{base['USER']}@/{base['NAME']}?host={base['OPTIONS'].get('host') or base['HOST']}",
        **variables,
    }
    code = BALAYER.format(module=module, balayage=balayage)
    balayeurs = [
        subprocess.Popen([sys.executable, "-c", code], cwd=RACINE, env=environnement, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSUS)
    ]
    sorties = [un.communicate()[0] for un in balayeurs]
    if any(un.returncode for un in balayeurs):
        raise RuntimeError("a sweeping process failed")
    debuts, fins, calculs = zip(*(map(float, sortie.split()[-3:]) for sortie in sorties), strict=True)
    return max(fins) - min(debuts), sum(calculs)


def vider_les_courriels(nombre: int) -> tuple[Vidage, list[str]]:
    """Deposit that many mails, let them leave; return how it went, and whom the relay was given one for."""
    from django.db import connection

    from accounts.models import Courriel

    contexte = {"reference": "D-1", "denomination": "DANONE"}
    Courriel.objects.bulk_create(
        (
            Courriel(
                genre="demande_annulee",
                destinataire=f"p{rang}@cabinet-dupont.fr",
                acte=f"essai:{rang}",
                contexte=contexte,
            )
            for rang in range(nombre)
        ),
        batch_size=5_000,
    )
    with connection.cursor() as curseur:
        curseur.execute("ANALYZE accounts_courriel")
    with relais() as (port, note):
        secondes, calcul = balayer(
            "accounts.envois.courriels", "envoyer_en_attente", EMAIL_URL=f"smtp://127.0.0.1:{port}"
        )
        pour = recus(note)
    return Vidage(Courriel.objects.exclude(traite_le=None).count(), secondes, calcul), pour


def temps_permis(nombre: int) -> float:
    """Return the seconds that so many mails may take."""
    return SECONDES_AU_PLUS * nombre / 100_000


def faire_les_lettres(nombre: int) -> Vidage:
    """Deposit that many letters, each of a demande and a personne of its own, and let them be made."""
    from django.db import connection, transaction
    from django.utils import timezone

    from activation.courriers.edition import deposer_courrier
    from activation.models import Courrier, Demande, LigneDemande
    from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory

    from .jeu import multiplier

    espace, personne = EspaceFactory(), PersonneFactory(voie="1 rue de la Paix", code_postal="75002", commune="PARIS")
    demande = Demande.objects.create(
        reference="D-2026-FFFFFFFF", nature="ADHESION", espace=espace, personne=personne, qualite="MANDATAIRE"
    )
    ligne = LigneDemande.objects.create(demande=demande, service=ServiceFactory())
    with transaction.atomic():
        courrier = deposer_courrier(demande, numero=1, maintenant=timezone.now())
    if nombre > 1:
        siennes = f"{personne.pk} + g"
        reference = "'D-2026-' || translate(lpad(upper(to_hex(g)), 8, '0'), '01', 'XY')"
        multiplier(personne, nombre - 1, siren="(700000000 + g)::text")
        multiplier(demande, nombre - 1, id="md5('d' || g)::uuid", reference=reference, personne_id=siennes)
        multiplier(ligne, nombre - 1, demande_id="md5('d' || g)::uuid")
        multiplier(
            courrier, nombre - 1, demande_id="md5('d' || g)::uuid", empreinte_code="md5(g::text) || md5((-g)::text)"
        )
    with connection.cursor() as curseur:
        curseur.execute("ANALYZE")
    secondes, calcul = balayer("activation.courriers.edition", "editer_en_attente")
    return Vidage(Courrier.objects.filter(etat="EDITE").count(), secondes, calcul)


def remettre_les_lettres(dossier: Path) -> tuple[Vidage, int]:
    """Hand over what was made, in batches; return how it went, and how many MB more this process has held."""
    from activation.courriers.remise import COURRIERS_PAR_LOT_AU_PLUS, remettre
    from activation.models import Courrier

    debut, calcul, memoire = time.monotonic(), time.process_time(), _memoire()
    while lot := remettre(dossier=dossier, taille=COURRIERS_PAR_LOT_AU_PLUS):
        if lot.differents:
            raise RuntimeError(f"{lot.differents} letters differ from what was made")
    vidage = Vidage(
        Courrier.objects.filter(etat="REMIS").count(), time.monotonic() - debut, time.process_time() - calcul
    )
    return vidage, _memoire() - memoire


def _memoire() -> int:
    """Return the most memory that this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def preparer(*, durable: bool) -> tuple[Path, str]:
    """Start the servers, make an empty database and set the environment; return the folder and the database's URL."""
    etat = preparer_dossier(preparer_dossier(dossier_etat(os.environ)) / "vidage")
    environnement = {nom: valeur for nom, valeur in os.environ.items() if nom not in {"DATABASE_URL", "REDIS_URL"}}
    os.environ.update(demarrer_serveurs(etat, environnement, durable=durable))
    os.environ |= {"ESPACEPRO_MODE": "test", "DJANGO_SETTINGS_MODULE": "espacepro.settings"}
    os.environ.setdefault("EMAIL_URL", "smtp://localhost:25")
    for nom in CLES:
        os.environ[nom] = base64.urlsafe_b64encode(hashlib.sha256(nom.encode()).digest()).decode()
    commune = os.environ["DATABASE_URL"]
    with psycopg.connect(commune, autocommit=True) as base:
        base.execute("DROP DATABASE IF EXISTS vidage WITH (FORCE)")
        base.execute("CREATE DATABASE vidage")
    os.environ["DATABASE_URL"] = adresse_de(commune, "vidage")
    return etat, commune


def mesurer(courriels: int, lettres: int) -> list[str]:
    """Drain both; return what was missed."""
    manques = []
    if courriels:
        vidage, pour = vider_les_courriels(courriels)
        dire(vidage.dire("mails"))
        if vidage.nombre != courriels or sorted(pour) != sorted(
            f"p{rang}@cabinet-dupont.fr" for rang in range(courriels)
        ):
            manques.append(f"{vidage.nombre} mails left, the relay had {len(pour)} for {len(set(pour))} people")
        if vidage.secondes > temps_permis(courriels):
            manques.append(f"{courriels} mails took more than {temps_permis(courriels):.0f} s")
    if lettres:
        faites = faire_les_lettres(lettres)
        dire(faites.dire("letters made"))
        with tempfile.TemporaryDirectory() as dossier:
            remises, memoire = remettre_les_lettres(Path(dossier))
        dire(f"{remises.dire('letters handed over')}; {memoire} MB more at the most")
        if (faites.nombre, remises.nombre) != (lettres, lettres):
            manques.append(f"{faites.nombre} letters made, {remises.nombre} handed over")
    return manques


def main() -> int:
    demande = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    demande.add_argument("--courriels", type=int, default=100_000, choices=range(1_000_001), metavar="0…1000000")
    demande.add_argument("--lettres", type=int, default=10_000, choices=range(100_001), metavar="0…100000")
    demande.add_argument("--durable", action="store_true", help="PostgreSQL waits for the disk at each commit")
    choix = demande.parse_args()
    etat, commune = preparer(durable=choix.durable)
    try:
        import django

        django.setup()
        from tests import honnete

        honnete.installer_tout()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        dire(f"load {os.getloadavg()[0]:.1f}")
        manques = mesurer(choix.courriels, choix.lettres)
        connection.close()
        with psycopg.connect(commune, autocommit=True) as base:
            base.execute("DROP DATABASE vidage WITH (FORCE)")
    finally:
        arreter_serveurs(etat)
    for manque in manques:
        dire(f"MISSED: {manque}")
    return bool(manques)


if __name__ == "__main__":
    sys.exit(main())
