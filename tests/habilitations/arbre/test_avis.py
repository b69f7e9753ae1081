"""The mails of the sharing of authority: who acts on one another at the same moment waits for nobody's mail."""

import threading

import pytest
from django.db import transaction

from accounts.models import Courriel
from habilitations.arbre import avis
from tests.factories import EspaceFactory
from tests.scenes import en_parallele


@pytest.mark.django_db(transaction=True)
def test_deux_qui_se_retirent_l_un_l_autre_ne_s_attendent_pas() -> None:
    """Each tells the other, then himself: the counters of the pair are met in the two orders (a deadlock, seen by the races of 16)."""
    un, autre = EspaceFactory(), EspaceFactory()
    rencontre = threading.Barrier(2)

    def agir(rang: int) -> None:
        acteur, qui = (un, autre) if rang else (autre, un)
        with transaction.atomic():
            avis.ecrire(
                "habilitation_retiree", espace=qui, de=acteur, acte=f"retiree:{rang}", acteur=acteur.nom_complet
            )
            rencontre.wait(timeout=30)
            avis.ecrire(
                "habilitation_retiree_confirmation", espace=acteur, de=qui, acte=f"par:{rang}", beneficiaires=[]
            )

    assert en_parallele(2, agir) == [None, None]
    assert Courriel.objects.count() == 4
