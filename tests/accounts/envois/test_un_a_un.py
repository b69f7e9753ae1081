"""What a job does of each of many: one that fails is told, undone alone, and keeps none of the others waiting (design.md §6)."""

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import DataError

from accounts.envois.un_a_un import chacun
from accounts.models import ServiceGestionnaire
from tests.factories import ServiceGestionnaireFactory

pytestmark = pytest.mark.django_db


def test_un_seul_en_panne_est_defait_seul_et_les_autres_se_font(caplog: pytest.LogCaptureFixture) -> None:
    lieux = [ServiceGestionnaireFactory() for _ in range(3)]

    def renommer(lieu: ServiceGestionnaire) -> int:
        lieu.nom = "Rebaptisé"
        lieu.save(update_fields=["nom"])
        if lieu == lieux[1]:
            ServiceGestionnaire.objects.filter(pk=lieu.pk).update(nom="x" * 10_000)
        return 1

    assert chacun("renommer", lieux, renommer) == 2
    noms = [ServiceGestionnaire.objects.get(pk=lieu.pk).nom for lieu in lieux]
    assert [nom == "Rebaptisé" for nom in noms] == [True, False, True]
    assert "echec_d_un_seul" in caplog.text
    assert DataError.__name__ in caplog.text


def test_la_fin_de_son_temps_arrete_la_tache() -> None:
    def trop_long(_: int) -> int:
        raise SoftTimeLimitExceeded

    with pytest.raises(SoftTimeLimitExceeded):
        chacun("attendre", [1, 2], trop_long)
