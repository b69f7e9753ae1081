"""A message arrives once, for whoever may read it then; what is read is not unread any more."""

from datetime import timedelta

import pytest
from django.utils import timezone

from services.messagerie.remise import remettre
from services.models import Echange, LectureMessage, MessageNonLu
from tests.factories import EspaceFactory
from tests.services.messagerie.scenes import recevoir, scene

pytestmark = pytest.mark.django_db


def test_ce_que_le_service_ecrit_attend_chacun() -> None:
    lieu, plus_tard = scene(), timezone.now() + timedelta(hours=1)
    EspaceFactory()
    message = recevoir(lieu.personne, agent=lieu.agent, pret_le=None)
    for _ in range(2):
        remettre(message, plus_tard)
    lecteurs = set(MessageNonLu.objects.values_list("lecteur", flat=True))
    assert lecteurs == {lieu.titulaire.compte_id, lieu.acteur.compte_id}
    assert MessageNonLu.objects.count() == 2
    message.refresh_from_db()
    assert message.pret_le == Echange.objects.get().dernier_le == plus_tard


def test_une_note_interne_n_arrive_a_personne() -> None:
    lieu = scene()
    message = recevoir(lieu.personne, agent=lieu.agent, interne=True)
    avant = message.echange.dernier_le
    remettre(message, timezone.now() + timedelta(hours=1))
    assert not MessageNonLu.objects.exists()
    assert Echange.objects.get().dernier_le == avant


def test_ce_que_l_un_de_nous_ecrit_n_attend_personne() -> None:
    lieu = scene()
    remettre(recevoir(lieu.personne, espace=lieu.acteur))
    assert not MessageNonLu.objects.exists()


def test_lu_par_l_un_il_attend_encore_l_autre() -> None:
    lieu = scene()
    message = remettre(recevoir(lieu.personne, agent=lieu.agent))
    LectureMessage.objects.create(message=message, lecteur=lieu.acteur.compte)
    assert list(MessageNonLu.objects.values_list("lecteur", flat=True)) == [lieu.titulaire.compte_id]
