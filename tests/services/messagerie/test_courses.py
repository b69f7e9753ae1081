"""Two browsers at once: the same form twice, an answer against closing, a draft against the withdrawal of the right."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Agent, Evenement, ServiceGestionnaire
from habilitations.models import Habilitation
from habilitations.partage.delegations import retirer_delegation
from services.messagerie.brouillons import garder
from services.messagerie.bureau import (
    EchangeClosEntreTemps,
    EchangeDejaClos,
    EchangeHorsService,
    Montre,
    cle_d_envoi_du_bureau,
    clore_du_bureau,
    envoyer_du_bureau,
    garder_du_bureau,
    montre_de,
    transferer,
)
from services.messagerie.droits import MessagerieNonDetenue
from services.messagerie.echanges import clore, ecrire, repondre
from services.messagerie.remise import remettre
from services.models import Brouillon, Echange, Message, MessageNonLu
from tests.factories import AgentFactory, PersonneFactory, ServiceGestionnaireFactory, echanger
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


@dataclass(frozen=True)
class Relue:
    """What an agent reads again, and what its page carries."""

    lieu: Scene
    echange: Echange
    envoi: uuid.UUID
    montre: Montre

    def envoyer(self) -> Message:
        return envoyer_du_bureau(acteur=self.lieu.agent, echange=self.echange, envoi=self.envoi, montre=self.montre)

    @property
    def reponses(self) -> int:
        return Message.objects.filter(echange=self.echange, agent=self.lieu.agent, interne=False).count()

    def lignes(self, acte: str) -> int:
        return Evenement.objects.filter(acte=acte, siren=self.lieu.personne.siren).count()


def relue() -> Relue:
    lieu = monter()
    with transaction.atomic():
        echange = echanger(lieu.personne)
        brouillon = garder_du_bureau(acteur=lieu.agent, echange=echange, texte="C’est noté.")
        assert brouillon is not None
        envoi, montre = cle_d_envoi_du_bureau(brouillon, piece=False), montre_de(lieu.agent, echange)
    return Relue(lieu, echange, envoi, montre)


def test_course_a_l_envoi_du_bureau(tours: Callable[[int], int]) -> None:
    """Sixteen presses of « Envoyer la réponse »: one message, one line, the same answer to all, and no draft left."""
    for _ in range(tours(200)):
        page = relue()
        resultats = en_parallele(16, lambda rang, page=page: page.envoyer())
        assert {getattr(resultat, "pk", resultat) for resultat in resultats} == {page.envoi}
        assert page.reponses == 1
        assert page.lignes("echange.repondu") == 1
        assert not Brouillon.objects.filter(echange=page.echange).exists()


def test_course_envoyer_du_bureau_contre_clore(tours: Callable[[int], int]) -> None:
    """An answer against closing, by the company and by a colleague: it leaves once, or its agent is told and it is kept."""
    for _ in range(tours(200)):
        page = relue()
        collegue = AgentFactory(service_gestionnaire=page.lieu.agent.service_gestionnaire)

        def courir(rang: int, page: Relue = page, collegue: Agent = collegue) -> object:
            if rang == 5:
                return clore(acteur=page.lieu.titulaire, echange=page.echange)
            if rang == 6:
                return clore_du_bureau(acteur=collegue, echange=page.echange, vu=page.montre.vu)
            return page.envoyer()

        resultats = en_parallele(12, courir)
        assert isinstance(resultats[5], Echange), resultats
        assert isinstance(resultats[6], Echange | EchangeDejaClos), resultats
        envois = [resultat for rang, resultat in enumerate(resultats) if rang not in (5, 6)]
        assert all(isinstance(envoi, Message | EchangeClosEntreTemps) for envoi in envois), envois
        parti = any(isinstance(envoi, Message) for envoi in envois)
        assert page.reponses == page.lignes("echange.repondu") == parti
        assert Brouillon.objects.filter(echange=page.echange).exists() is not parti, "nothing typed is lost"
        page.echange.refresh_from_db()
        assert page.echange.etat == Echange.Etat.CLOS, "nobody answered what was closed without having read so"


def test_course_envoyer_du_bureau_contre_transferer(tours: Callable[[int], int]) -> None:
    """An answer against a transfer: it leaves before, or not at all; nothing of this office's is written after it."""
    for _ in range(tours(200)):
        page = relue()
        vers = ServiceGestionnaireFactory()

        def courir(rang: int, page: Relue = page, vers: ServiceGestionnaire = vers) -> object:
            if rang == 5:
                return transferer(acteur=page.lieu.agent, echange=page.echange, vers=vers, motif="Relève de vous")
            return page.envoyer()

        resultats = en_parallele(12, courir)
        assert isinstance(resultats.pop(5), Echange), resultats
        assert all(isinstance(envoi, Message | EchangeHorsService) for envoi in resultats), resultats
        parti = any(isinstance(envoi, Message) for envoi in resultats)
        assert page.reponses == page.lignes("echange.repondu") == parti
        assert not Brouillon.objects.filter(echange=page.echange).exists()
        actes = list(
            Evenement.objects.filter(siren=page.lieu.personne.siren).order_by("pk").values_list("acte", flat=True)
        )
        assert actes[-1] == "echange.transfere"


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
