"""A message arrives once, for whoever may read it then; what is read is not unread any more."""

from datetime import timedelta

import pytest
from django.utils import timezone

from services.messagerie.remise import remettre
from services.models import Echange, LectureMessage, MessageNonLu
from tests.factories import EspaceFactory, PersonneFactory
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


def test_le_non_lu_est_de_l_echange_et_de_la_personne_de_son_message() -> None:
    """Also once the exchange has gone to another personne, as where an IDSP becomes a SIREN: what waits there is counted there."""
    lieu, autre = scene(), PersonneFactory()
    message, reste = (remettre(recevoir(lieu.personne, agent=lieu.agent)) for _ in range(2))
    de_qui = MessageNonLu.objects.order_by("pk").values_list("message", "echange", "personne").distinct()
    assert set(de_qui) == {(un.pk, un.echange_id, lieu.personne.pk) for un in (message, reste)}
    Echange.objects.filter(pk=message.echange_id).update(personne=autre)
    assert set(de_qui.all()) == {
        (message.pk, message.echange_id, autre.pk),
        (reste.pk, reste.echange_id, lieu.personne.pk),
    }
