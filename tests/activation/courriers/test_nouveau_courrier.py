"""R9: another letter fifteen days after the last, twice at most; each kills the code before it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.models import Espace
from activation.courriers import edition
from activation.courriers.codes import CodePasEncoreEdite, CodeRemplace
from activation.demandes.activation import activer
from activation.demandes.adhesion import deposer_adhesion
from activation.demandes.attente import DemandeTerminee, PlusDeCourrier, TropTotPourUnCourrier
from activation.demandes.suites import annuler_demande, demander_nouveau_courrier
from activation.models import Courrier, Demande
from services.models import PersonneSirenisee
from tests.activation.scenes import code_de
from tests.factories import ServiceFactory

pytestmark = pytest.mark.django_db
SECONDE = timedelta(seconds=1)
QUINZE_JOURS = timedelta(days=15)
DEPART = datetime(2027, 3, 20, 12, tzinfo=ZoneInfo("UTC"))  # in Paris, the clocks change a week later


@pytest.fixture
def demande(espace: Espace, danone: PersonneSirenisee) -> Demande:
    return deposer_adhesion(
        acteur=espace, personne=danone, services=[ServiceFactory()], qualite="MANDATAIRE", maintenant=DEPART
    )


def demander(demande: Demande, quand: datetime) -> Courrier:
    return demander_nouveau_courrier(acteur=demande.espace, demande=demande, maintenant=quand)


def editer_tout() -> None:
    Courrier.objects.update(prochain_essai_le=timezone.now())
    edition.editer_en_attente()


def test_pas_avant_quinze_jours_apres_le_dernier(demande: Demande) -> None:
    dernier = DEPART
    for numero in (2, 3):
        with pytest.raises(TropTotPourUnCourrier) as refus:
            demander(demande, dernier + QUINZE_JOURS - SECONDE)
        assert f"{timezone.localdate(dernier + QUINZE_JOURS):%d/%m/%Y}" in str(refus.value)
        dernier += QUINZE_JOURS
        assert demander(demande, dernier).numero == numero


def test_deux_fois_au_plus(demande: Demande) -> None:
    demander(demande, DEPART + QUINZE_JOURS)
    demander(demande, DEPART + 2 * QUINZE_JOURS)
    with pytest.raises(PlusDeCourrier):
        demander(demande, DEPART + 3 * QUINZE_JOURS)
    assert list(demande.courriers.order_by("numero").values_list("numero", flat=True)) == [1, 2, 3]


def test_chaque_courrier_tue_le_code_du_precedent(espace: Espace, demande: Demande) -> None:
    editer_tout()
    for mort in (1, 2):
        demander(demande, DEPART + mort * QUINZE_JOURS)
        with pytest.raises(CodePasEncoreEdite):  # dead at once, and no code is tried before the next letter is made
            activer(acteur=espace, demande=demande, saisie=code_de(demande, mort))
        editer_tout()
        with pytest.raises(CodeRemplace):
            activer(acteur=espace, demande=demande, saisie=code_de(demande, mort))
    assert activer(acteur=espace, demande=demande, saisie=code_de(demande, 3)).adhesions


def test_sans_attendre_quand_le_dernier_est_revenu(demande: Demande) -> None:
    editer_tout()
    demande.courriers.update(etat=Courrier.Etat.NPAI)
    assert demander(demande, DEPART + SECONDE).numero == 2


def test_pas_pour_une_demande_terminee(espace: Espace, demande: Demande) -> None:
    annuler_demande(acteur=espace, demande=demande)
    with pytest.raises(DemandeTerminee):
        demander(demande, DEPART + QUINZE_JOURS)
