"""A rule once (R9): the page and the act ask the same two questions, and answer them alike."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import Evenement
from accounts.saisies.regles import RegleMetier
from accounts.traces.acteurs import Visiteur
from activation.courriers.codes import CodePasEncoreEdite, CodeSuspendu, CourrierRevenu, reference_a_signaler
from activation.demandes.activation import activer
from activation.demandes.lectures import detail_demande
from activation.demandes.retours import constater_retour
from activation.demandes.signalements import signaler
from activation.demandes.suites import annuler_demande, demander_nouveau_courrier
from activation.models import Courrier, Demande
from services.models import PersonneSirenisee
from tests.activation import scenes
from tests.activation.scenes import code_faux, essais
from tests.factories import AgentFactory

pytestmark = pytest.mark.django_db
SECONDE = timedelta(seconds=1)


def pas_edite() -> Demande:
    return scenes.adhesion()


def edite() -> Demande:
    return scenes.editer(scenes.adhesion()).demande


def revenu() -> Demande:
    courrier = scenes.editer(scenes.adhesion())
    scenes.remettre(courrier, timezone.now())
    agent = AgentFactory(service_gestionnaire=courrier.demande.personne.service_gestionnaire)
    return constater_retour(acteur=agent, courrier=courrier).demande


def epuise() -> Demande:
    courrier = scenes.editer(scenes.adhesion())
    Courrier.objects.filter(pk=courrier.pk).update(essais=settings.CODE_ESSAIS)
    return courrier.demande


def annulee() -> Demande:
    demande = edite()
    return annuler_demande(acteur=demande.espace, demande=demande)


def activee() -> Demande:
    demande = edite()
    return activer(acteur=demande.espace, demande=demande, saisie=scenes.code(demande)).demande


def dernier_courrier() -> Demande:
    demande = scenes.adhesion()
    Courrier.objects.filter(demande=demande).update(numero=1 + settings.CODE_NOUVEAUX_COURRIERS)
    scenes.editer(demande)
    return demande


def suspendue() -> Demande:
    demande = edite()
    acteur = Visiteur(adresse_ip="203.0.113.7")
    reference = reference_a_signaler(reference=demande.reference, demande=demande.pk)
    signaler(acteur=acteur, saisie=reference, adresse_ip=acteur.adresse_ip)
    return demande


def adresse_corrigee() -> Demande:
    demande = edite()
    PersonneSirenisee.objects.filter(pk=demande.personne_id).update(voie="9 RUE NEUVE")
    return demande


SCENES = [suspendue, adresse_corrigee, pas_edite, edite, revenu, epuise, annulee, activee, dernier_courrier]
MOMENTS = {
    "tout_de_suite": timedelta(),
    "avant_quinze_jours": settings.CODE_NOUVEAU_COURRIER_APRES - timedelta(minutes=1),
    "apres_quinze_jours": settings.CODE_NOUVEAU_COURRIER_APRES + SECONDE,
    "code_expire": settings.CODE_VALIDITE + timedelta(minutes=1),
}


@pytest.mark.parametrize(
    ("scene", "regle"), [(pas_edite, CodePasEncoreEdite), (revenu, CourrierRevenu), (suspendue, CodeSuspendu)]
)
def test_un_code_faux_ne_compte_pas_ou_la_page_n_en_attend_pas(
    scene: Callable[[], Demande], regle: type[RegleMetier]
) -> None:
    demande = scene()
    assert not detail_demande(demande).code_attendu
    with pytest.raises(regle):
        activer(acteur=demande.espace, demande=demande, saisie=code_faux(scenes.code(demande)))
    assert essais(demande) == 0
    assert not Evenement.objects.filter(acte="code.inexact").exists()


@pytest.mark.parametrize("apres", MOMENTS.values(), ids=MOMENTS)
@pytest.mark.parametrize("scene", SCENES)
def test_la_page_attend_un_code_quand_l_acte_en_essaie_un(scene: Callable[[], Demande], apres: timedelta) -> None:
    demande, quand = scene(), timezone.now() + apres
    attendu = detail_demande(demande, quand).code_attendu
    avant = essais(demande)
    with pytest.raises(RegleMetier) as refus:
        activer(acteur=demande.espace, demande=demande, saisie=code_faux(scenes.code(demande)), maintenant=quand)
    assert (essais(demande) == avant + 1) is attendu, refus.value


@pytest.mark.parametrize("apres", MOMENTS.values(), ids=MOMENTS)
@pytest.mark.parametrize("scene", SCENES)
def test_la_page_propose_un_courrier_quand_l_acte_l_accorde(scene: Callable[[], Demande], apres: timedelta) -> None:
    demande, quand = scene(), timezone.now() + apres
    propose = detail_demande(demande, quand).nouveau_courrier_possible
    assert _accorde(demande, quand) is propose


def _accorde(demande: Demande, quand: datetime) -> bool:
    try:
        return bool(demander_nouveau_courrier(acteur=demande.espace, demande=demande, maintenant=quand))
    except RegleMetier:
        return False
