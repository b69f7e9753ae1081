"""Two browsers at once: the same form twice, an answer against closing, a draft against the withdrawal of the right."""

import uuid
from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Evenement
from habilitations.models import Habilitation
from habilitations.partage.delegations import retirer_delegation
from services.messagerie.brouillons import garder
from services.messagerie.droits import MessagerieNonDetenue
from services.messagerie.echanges import clore, ecrire, repondre
from services.messagerie.remise import remettre
from services.models import Brouillon, Echange, Message, MessageNonLu
from tests.factories import PersonneFactory, echanger
from tests.scenes import en_parallele
from tests.services.messagerie.scenes import Scene, recevoir, scene

pytestmark = pytest.mark.django_db(transaction=True)


def monter() -> Scene:
    with transaction.atomic():
        return scene()


def test_course_a_l_envoi(tours: Callable[[int], int]) -> None:
    """Sixteen presses of one button: one message, one line, the same answer to all."""
    for _ in range(tours(200)):
        lieu, envoi = monter(), uuid.uuid4()

        def envoyer(rang: int, lieu: Scene = lieu, envoi: uuid.UUID = envoi) -> Message:
            return ecrire(
                acteur=lieu.titulaire, personne=lieu.personne, theme="TVA", objet="Une", texte="Bonjour", envoi=envoi
            )

        assert {getattr(resultat, "pk", resultat) for resultat in en_parallele(16, envoyer)} == {envoi}
        assert Message.objects.filter(echange__personne=lieu.personne).count() == 1
        assert Evenement.objects.filter(acte="message.ecrit", siren=lieu.personne.siren).count() == 1


def test_course_repondre_contre_clore(tours: Callable[[int], int]) -> None:
    """Whichever is last decides of the state; every answer is there, and the dates go with the state (constraints)."""
    for _ in range(tours(200)):
        lieu = monter()
        echange = echanger(lieu.personne)

        def courir(rang: int, lieu: Scene = lieu, echange: Echange = echange) -> object:
            if rang % 2:
                return clore(acteur=lieu.acteur, echange=echange)
            return repondre(acteur=lieu.titulaire, echange=echange, texte=f"Réponse {rang}", envoi=uuid.uuid4())

        resultats = en_parallele(16, courir)
        assert not [resultat for resultat in resultats if isinstance(resultat, BaseException)]
        assert Message.objects.filter(echange=echange).count() == 8
        echange.refresh_from_db()
        dernier = Evenement.objects.filter(siren=lieu.personne.siren).latest("pk").acte
        assert (echange.etat == Echange.Etat.CLOS) == (dernier == "echange.clos")
        assert (echange.attend_le is None) == (echange.etat == Echange.Etat.CLOS)


def test_course_d_un_brouillon_contre_le_retrait(tours: Callable[[int], int]) -> None:
    """The right ends once: no draft outlives it, whichever commits first."""
    for _ in range(tours(200)):
        lieu = monter()
        tenue = Habilitation.objects.get(espace=lieu.acteur)

        def courir(rang: int, lieu: Scene = lieu, tenue: Habilitation = tenue) -> object:
            if rang == 0:
                return retirer_delegation(acteur=lieu.titulaire, delegations=[tenue])
            return garder(acteur=lieu.acteur, personne=lieu.personne, texte=f"Bonjour {rang}")

        resultats = en_parallele(8, courir)
        fautes = [resultat for resultat in resultats if isinstance(resultat, BaseException)]
        assert all(isinstance(faute, MessagerieNonDetenue) for faute in fautes), fautes
        tenue.refresh_from_db()
        assert tenue.fin_le is not None
        assert tenue.fin_le <= timezone.now()
        assert not Brouillon.objects.filter(espace=lieu.acteur).exists()


def test_course_arriver_contre_changer_de_personne(tours: Callable[[int], int]) -> None:
    """What is unread is counted where its exchange is, whichever was first: the arrival, or an IDSP that became a SIREN."""
    for _ in range(tours(40)):
        lieu, autre = monter(), PersonneFactory()
        echange = echanger(lieu.personne)

        def courir(rang: int, lieu: Scene = lieu, echange: Echange = echange, vers: int = autre.pk) -> None:
            with transaction.atomic():
                if rang:
                    remettre(recevoir(lieu.personne, agent=lieu.agent, echange=echange))
                else:
                    Echange.objects.filter(pk=echange.pk).update(personne=vers)

        assert en_parallele(6, courir) == [None] * 6
        non_lus = MessageNonLu.objects.filter(message__echange=echange)
        assert set(non_lus.values_list("personne", flat=True)) == {autre.pk}
        assert non_lus.count() == 10
