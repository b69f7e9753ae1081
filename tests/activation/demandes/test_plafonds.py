"""Letter economy: a company cannot be flooded, an espace cannot run up the postage (issue 4 item 8)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from activation.demandes.plafonds import (
    SirenSollicite,
    TropDeCourriers,
    TropDeCourriersAuSiren,
    exiger_courrier_possible,
)
from activation.demandes.substitution import Choix, SirenRefuses, deposer_substitution
from activation.demandes.suites import annuler_demande, demander_nouveau_courrier
from activation.models import Courrier, Demande
from tests.activation import scenes
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, habiliter
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db


def test_trois_demandes_en_cours_par_siren() -> None:
    personne = PersonneFactory()
    demandes = [scenes.adhesion(None, personne) for _ in range(3)]
    with pytest.raises(SirenSollicite) as refus:
        scenes.adhesion(None, personne)
    assert not any(d.reference in str(refus.value) for d in demandes)
    assert "3" not in str(refus.value), "neither whose, nor how many"
    assert Demande.objects.count() == Courrier.objects.count() == 3
    annuler_demande(acteur=demandes[0].espace, demande=demandes[0])
    scenes.adhesion(None, personne)


@pytest.mark.parametrize("secondes", [-1, 1])
def test_six_courriers_par_siren_en_soixante_jours(secondes: int) -> None:
    personne = PersonneFactory()
    depart = timezone.now() - timedelta(days=60)
    for _ in range(6):
        demande = scenes.adhesion(None, personne, maintenant=depart)
        scenes.editer(demande)
        annuler_demande(acteur=demande.espace, demande=demande)
    instant = depart + timedelta(days=60, seconds=secondes)
    if secondes < 0:
        with pytest.raises(SirenSollicite):
            scenes.adhesion(None, personne, maintenant=instant)
    else:
        scenes.adhesion(None, personne, maintenant=instant)


def test_un_courrier_jamais_edite_ne_compte_pas() -> None:
    personne = PersonneFactory()
    for _ in range(7):
        demande = scenes.adhesion(None, personne)
        annuler_demande(acteur=demande.espace, demande=demande)
        scenes.edition.editer(str(demande.courriers.get().pk))
    assert not Courrier.objects.exclude(edite_le=None).exists()
    scenes.adhesion(None, personne)


def test_le_nouveau_courrier_compte_aussi() -> None:
    personne = PersonneFactory()
    depart = timezone.now()
    demandes = [scenes.adhesion(None, personne, maintenant=depart) for _ in range(3)]
    for demande in demandes:
        scenes.editer(demande)
    tard = depart + timedelta(days=16)
    for demande in demandes:
        demander_nouveau_courrier(acteur=demande.espace, demande=demande, maintenant=tard)
    with pytest.raises(SirenSollicite):
        demander_nouveau_courrier(acteur=demandes[2].espace, demande=demandes[2], maintenant=tard + timedelta(days=16))
    assert demandes[2].courriers.get(numero=2).remplace_le is None, "the letter it has is still good"


def test_un_espace_seul_ne_ferme_pas_la_porte_a_l_entreprise() -> None:
    """Deposit, wait for the letter, cancel, again: the espace meets its own limit, the company's own demande leaves."""
    personne, nuisible, service = PersonneFactory(), EspaceFactory(), ServiceFactory()
    depart = timezone.now()
    for jour in range(3):
        demande = scenes.adhesion(nuisible, personne, service, maintenant=depart + timedelta(days=jour))
        scenes.editer(demande)
        annuler_demande(acteur=nuisible, demande=demande)
    with pytest.raises(TropDeCourriersAuSiren) as refus:
        scenes.adhesion(nuisible, personne, service, maintenant=depart + timedelta(days=4))
    assert f"{timezone.localdate(depart + timedelta(days=60)):%d/%m/%Y}" in str(refus.value)
    vraie = scenes.adhesion(None, personne, service, maintenant=depart + timedelta(days=4))
    for tard in (20, 36):
        scenes.editer(vraie)
        demander_nouveau_courrier(acteur=vraie.espace, demande=vraie, maintenant=depart + timedelta(days=tard))
    scenes.adhesion(nuisible, PersonneFactory(), service, maintenant=depart + timedelta(days=4))
    scenes.adhesion(nuisible, personne, service, maintenant=depart + timedelta(days=60, seconds=1))


def test_les_creations_simplifiees_ne_prennent_pas_tout() -> None:
    """Each has an espace of its own, that falls with it: they share one limit."""
    personne = PersonneFactory()
    scenes.services_du_bouquet()
    for _ in range(3):
        demande = scenes.confirmer(scenes.inscrire(personne))
        scenes.editer(demande)
        annuler_demande(acteur=demande.espace, demande=demande)
        Demande.objects.filter(pk=demande.pk).update(espace=EspaceFactory())  # `scenes.confirmer` reads one
    with pytest.raises(SirenSollicite):
        exiger_courrier_possible(
            EspaceFactory(), personne, nature=Demande.Nature.CREATION_SIMPLIFIEE, maintenant=timezone.now()
        )
    scenes.adhesion(None, personne)


def test_le_lot_dit_quel_siren_a_eu_ses_courriers() -> None:
    espace, racines = EspaceFactory(), [habiliter(EspaceFactory()) for _ in range(2)]
    for _ in range(3):
        demande = scenes.adhesion(espace, racines[0].personne)
        scenes.editer(demande)
        annuler_demande(acteur=espace, demande=demande)
    choix = [Choix(racine.personne, [racine.service]) for racine in racines]
    with pytest.raises(SirenRefuses) as refus:
        deposer_substitution(acteur=espace, choix=choix, qualite="MANDATAIRE")
    assert {personne: type(regle) for personne, regle in refus.value.refus.items()} == {
        racines[0].personne: TropDeCourriersAuSiren
    }


def test_le_refus_ne_dit_pas_qu_une_demande_est_en_cours() -> None:
    """Six letters, no demande left: the message must be true there too, and send to an agent who can help."""
    message = str(SirenSollicite())
    assert "en cours" not in message
    assert "récemment" in message
    assert "service gestionnaire" in message


@pytest.mark.parametrize("secondes", [-1, 1])
def test_vingt_courriers_par_espace_et_par_jour(secondes: int) -> None:
    espace = EspaceFactory()
    depart = timezone.now() - timedelta(days=1)
    service = ServiceFactory()
    for _ in range(20):
        scenes.adhesion(espace, PersonneFactory(), service, maintenant=depart)
    instant = depart + timedelta(days=1, seconds=secondes)
    if secondes < 0:
        with pytest.raises(TropDeCourriers):
            scenes.adhesion(espace, PersonneFactory(), service, maintenant=instant)
        scenes.adhesion(None, PersonneFactory(), service, maintenant=instant)
    else:
        scenes.adhesion(espace, PersonneFactory(), service, maintenant=instant)


def test_un_lot_ne_se_compte_pas_lui_meme(settings) -> None:
    settings.PLAFOND_COURRIERS_ESPACE = 2
    espace = EspaceFactory()
    maintenant = timezone.now()
    demandes = [scenes.adhesion(espace, PersonneFactory()) for _ in range(2)]
    lot, nature = demandes[0].pk, Demande.Nature.ADHESION
    Demande.objects.filter(pk__in=[d.pk for d in demandes]).update(lot=lot)
    exiger_courrier_possible(espace, PersonneFactory(), nature=nature, maintenant=maintenant, lot=lot)
    for autre in (None, demandes[1].pk):
        with pytest.raises(TropDeCourriers):
            exiger_courrier_possible(espace, PersonneFactory(), nature=nature, maintenant=maintenant, lot=autre)


@pytest.mark.django_db(transaction=True)
def test_course_au_dernier_courrier(tours: Callable[[int], int]) -> None:
    service = ServiceFactory()
    for _ in range(tours(200)):
        personne = PersonneFactory()
        espaces = [EspaceFactory() for _ in range(6)]
        issues = en_parallele(6, lambda rang, p=personne, e=espaces: scenes.adhesion(e[rang], p, service))
        assert sum(isinstance(issue, Demande) for issue in issues) == 3, issues
        assert sum(isinstance(issue, SirenSollicite) for issue in issues) == 3, issues
