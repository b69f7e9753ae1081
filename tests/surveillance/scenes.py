"""Sign-ins, acts and signals as they were written, each at its time."""

import uuid
from datetime import datetime

import time_machine
from django.db import transaction

from accounts.actes import CGU_ACCEPTEES
from accounts.models import Espace
from accounts.traces.journal import consigner
from accounts.traces.requete import Provenance, provenance
from surveillance.models import Connexion, SignalVu

ARRIVEE = "203.0.113.7"


def connexion(espace: Espace | None, quand: datetime, resultat: str = "REUSSIE", **champs: str) -> Connexion:
    lieu = {"adresse_ip": ARRIVEE, "reseau": "203.0.113.0/24", "navigateur": "Chrome 140", "systeme": "Windows 10"}
    return Connexion.objects.create(
        id=uuid.uuid4(),
        quand=quand,
        compte=espace.compte if espace is not None else None,
        resultat=resultat,
        **(lieu | champs),
    )


def acte(quoi: object, espace: Espace, *, quand: datetime, adresse: str | None = ARRIVEE) -> None:
    with time_machine.travel(quand, tick=False), transaction.atomic():
        jeton = provenance.set(Provenance(adresse_ip=adresse, requete="essai"))
        try:
            consigner(quoi, auteur=espace, details={"cgu": "1"} if quoi is CGU_ACCEPTEES else {})  # type: ignore[arg-type]
        finally:
            provenance.reset(jeton)


def genres() -> set[str]:
    return set(SignalVu.objects.values_list("genre", flat=True))
