"""Letters flow while the worker is killed and Redis emptied: each is made once, with its code (issue 2, design.md §6)."""

import hashlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.envois import courriels
from accounts.envois.reveil import log
from accounts.models import Courriel, Evenement
from activation.courriers import edition
from activation.courriers.codes import deriver_code
from activation.demandes.adhesion import deposer_adhesion
from activation.models import Courrier, Demande
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, ServiceGestionnaireFactory

RACINE = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def vrais_reveils(monkeypatch: pytest.MonkeyPatch, _reveils: list) -> None:
    """Let the wake-ups reach the broker: the other tests record them."""
    application = current_app._get_current_object()
    monkeypatch.setattr(application, "send_task", type(application).send_task.__get__(application))


class Ouvrier:
    """A real Celery worker with beat, on this test's database and broker; killed with its children."""

    def __init__(self, file: str = "celery,courriels", **variables: str) -> None:
        base = connection.settings_dict
        hote = base["OPTIONS"].get("host") or base["HOST"]
        environnement = {
            **os.environ,
            "DATABASE_URL": f"postgres://{base['USER']}@/{base['NAME']}?host={hote}",
            "DATABASE_POOL": "4",
            **variables,
        }
        self.processus = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "celery",
                "-A",
                "espacepro",
                "worker",
                "-c",
                "2",
                "-l",
                "ERROR",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
                "-n",
                f"essai{os.getpid()}-{file.replace(',', '-')}@%h",
                "-Q",
                file,
            ],
            cwd=RACINE,
            env=environnement,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def tuer(self) -> None:
        os.killpg(self.processus.pid, signal.SIGKILL)
        self.processus.wait(10)


@pytest.fixture
def ouvrier() -> Iterator[Callable[..., Ouvrier]]:
    lances: list[Ouvrier] = []

    def lancer(*args: str, **variables: str) -> Ouvrier:
        lances.append(Ouvrier(*args, **variables))
        return lances[-1]

    yield lancer
    for un in lances:
        if un.processus.poll() is None:
            un.tuer()


def attendre(condition: Callable[[], bool], secondes: float) -> bool:
    fin = time.monotonic() + secondes
    while time.monotonic() < fin:
        if condition():
            return True
        time.sleep(0.1)
    return False


def faits() -> int:
    return Courrier.objects.exclude(traite_le=None).count()


def vider_redis() -> None:
    prise = settings.CELERY_BROKER_URL.partition("?virtual_host=")
    client = (
        redis.Redis.from_url(f"unix://{prise[0].partition('//')[2]}?db={prise[2] or 0}")
        if prise[0].startswith("redis+socket")
        else redis.Redis.from_url(settings.CELERY_BROKER_URL)
    )
    client.flushdb()
    client.close()


def test_deux_cents_courriers_malgre_les_morts(
    ouvrier: Callable[..., Ouvrier], vrais_reveils: None, tours: Callable[[int], int]
) -> None:
    nombre = max(20, tours(200))
    hasard = random.Random(2)
    with transaction.atomic():
        service, gestionnaire = ServiceFactory(), ServiceGestionnaireFactory()
    demandes: list[Demande] = []
    vivant, deja = ouvrier(), 0
    redis_vide = False
    for rang in range(nombre):
        personne = PersonneFactory(service_gestionnaire=gestionnaire)
        demande = deposer_adhesion(acteur=EspaceFactory(), personne=personne, services=[service], qualite="MANDATAIRE")
        courrier = demande.courriers.get()
        for _ in range(4):  # with the act's own wake-up, the task is delivered five times
            current_app.send_task(edition.TACHE, args=[str(courrier.pk)], retry=False)
        demandes.append(demande)
        if hasard.random() < 0.1:
            attendre(
                lambda deja=deja: faits() > deja, 60
            )  # it is at work, however long a loaded machine took to start it
            time.sleep(hasard.uniform(0.0, 0.5))
            vivant.tuer()
            vivant, deja = ouvrier(), faits()
        if rang == nombre // 2:
            vider_redis()
            redis_vide = True
    assert redis_vide
    attendre(lambda: faits() == nombre, 10)
    vivant.tuer()
    assert faits() > 0, "the worker made none: this test would show nothing"
    # What the dead left behind is what beat's sweep takes: due rows, once their lease is over.
    Courrier.objects.filter(traite_le=None).update(bail_jusqu_a=None, prochain_essai_le=timezone.now())
    while edition.editer_en_attente():
        pass

    assert Courrier.objects.count() == nombre
    assert Courrier.objects.exclude(etat=Courrier.Etat.EDITE).count() == 0
    editions = Counter(Evenement.objects.filter(acte="courrier.edite").values_list("details__demande", flat=True))
    assert set(editions) == {d.reference for d in demandes}
    assert set(editions.values()) == {1}, "a letter was made twice"
    assert Courriel.objects.filter(genre="courrier_parti").count() == nombre
    assert not Courrier.objects.exclude(ecarte_le=None).exists()
    for courrier in Courrier.objects.order_by("?")[:10]:
        pdf = edition.produire_pdf(courrier)
        assert edition.produire_pdf(courrier) == pdf
        assert hashlib.sha256(pdf).hexdigest() == courrier.empreinte
        assert deriver_code(demande=courrier.demande_id, numero=courrier.numero) == deriver_code(
            demande=str(courrier.demande_id), numero=1
        )


def test_broker_mort_n_empeche_pas_l_acte(monkeypatch: pytest.MonkeyPatch, espace, danone) -> None:
    """With Redis down, the demande is recorded and its letter waits for the sweep; the refusal is only logged."""

    def send_task(*_: object, **__: object) -> None:
        raise ConnectionRefusedError("redis is dead")

    monkeypatch.setattr("accounts.envois.reveil.current_app.send_task", send_task)
    avertissements: list[str] = []
    monkeypatch.setattr(log, "warning", lambda evenement, **_: avertissements.append(evenement))
    with transaction.atomic():
        service = ServiceFactory()
    deposer_adhesion(acteur=espace, personne=danone, services=[service], qualite="MANDATAIRE")
    assert "reveil_impossible" in avertissements
    assert edition.editer_en_attente() == 1


def test_un_relais_muet_ne_retient_pas_les_courriers(
    ouvrier: Callable[..., Ouvrier], vrais_reveils: None, tours: Callable[[int], int]
) -> None:
    """Mails have their own processes: while each waits ten seconds for a relay that says nothing, every letter is made."""
    nombre = max(20, tours(200))
    with transaction.atomic():
        service, gestionnaire = ServiceFactory(), ServiceGestionnaireFactory()
        for rang in range(nombre):
            courriels.deposer("demande_annulee", destinataire="jeanne@cabinet-dupont.fr", acte=f"essai:{rang}")
    with socket.create_server(("127.0.0.1", 0), backlog=1_000) as muet:
        variables = {"EMAIL_URL": f"smtp://127.0.0.1:{muet.getsockname()[1]}"}
        for file in ("celery", "courriels"):
            ouvrier(file, **variables)
        for _ in range(nombre):
            deposer_adhesion(
                acteur=EspaceFactory(),
                personne=PersonneFactory(service_gestionnaire=gestionnaire),
                services=[service],
                qualite="MANDATAIRE",
            )
        assert attendre(lambda: faits() == nombre, 60 + nombre)
        muet.settimeout(60)
        muet.accept()[0].close()  # it was tried: this test shows something
    assert not Courriel.objects.exclude(traite_le=None).exists(), "the relay said nothing"
