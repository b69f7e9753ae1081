"""What is over goes whole: an exchange does not outlive what was written in it."""

import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.donnees.retention import purger
from services.messagerie.echanges import clore, ecrire
from services.models import Echange, Message
from tests.factories import echanger
from tests.services.messagerie.scenes import scene

pytestmark = pytest.mark.django_db


def test_un_echange_dont_tout_est_purge_l_est_aussi() -> None:
    """Its objet is what somebody wrote, as long as its messages and no longer."""
    lieu, maintenant = scene(), timezone.now()
    ecrit = ecrire(
        acteur=lieu.titulaire, personne=lieu.personne, theme="TVA", objet="Dit tout", texte="t", envoi=uuid.uuid4()
    )
    clore(acteur=lieu.titulaire, echange=ecrit.echange)
    echu = maintenant + settings.PRESCRIPTION_FISCALE + timedelta(days=1)
    recent = echanger(lieu.personne, dernier_le=maintenant + timedelta(days=2))
    repris = echanger(lieu.personne, ouvert_le=maintenant, dernier_le=maintenant)
    Message.objects.create(echange=repris, espace=lieu.titulaire, texte="Plus tard", envoye_le=echu)
    purger(maintenant=echu)
    assert set(Echange.objects.all()) == {recent, repris}
    assert not Message.objects.filter(pk=ecrit.pk).exists()
    purger(maintenant=echu + timedelta(days=2))
    assert set(Echange.objects.all()) == {repris}
