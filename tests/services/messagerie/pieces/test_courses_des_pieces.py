"""A file that is being joined while its draft ends: sent, erased, or its right withdrawn."""

import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from habilitations.models import Habilitation
from habilitations.partage.delegations import retirer_delegation
from services.messagerie.brouillons import effacer, garder
from services.messagerie.echanges import ecrire
from services.messagerie.pieces import stockage
from services.messagerie.pieces.jointes import joindre
from services.models import Brouillon, PieceJointe
from tests.scenes import attendre_un_verrou, en_parallele
from tests.services.messagerie.pieces.scenes import PDF
from tests.services.messagerie.scenes import scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("acte", ["effacer", "envoyer", "retirer"])
def test_un_fichier_que_l_on_joint_pendant_que_le_brouillon_finit(
    depot: Path, acte: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The erasing waits for who joins a file: what it had read of the draft's files would be no longer true."""
    with transaction.atomic():
        lieu = scene()
    brouillon = garder(acteur=lieu.acteur, personne=lieu.personne, theme="TVA", objet="o", texte="t")
    assert brouillon is not None
    dedans = threading.Event()
    deposer = stockage.deposer

    def lentement(*args: Any) -> str:
        dedans.set()
        attendre_un_verrou()
        return deposer(*args)

    monkeypatch.setattr(stockage, "deposer", lentement)
    tenue = Habilitation.objects.get(espace=lieu.acteur)
    finir: dict[str, Callable[[], object]] = {
        "effacer": lambda: effacer(acteur=lieu.acteur, brouillon=brouillon),
        "envoyer": lambda: ecrire(
            acteur=lieu.acteur, personne=lieu.personne, theme="TVA", objet="o", texte="t", envoi=uuid.uuid4()
        ),
        "retirer": lambda: retirer_delegation(acteur=lieu.titulaire, delegations=[tenue]),
    }

    def agir(rang: int) -> object:
        if rang == 0:
            return joindre(acteur=lieu.acteur, brouillon=brouillon, nom="a.pdf", contenu=PDF)
        dedans.wait(10)
        return finir[acte]()

    jointe, _ = en_parallele(2, agir)
    assert not Brouillon.objects.filter(pk=brouillon.pk).exists()
    assert PieceJointe.objects.filter(pk=jointe.pk).exists() is (acte == "envoyer")
