"""Who may read and write in a mailbox: one question, answered by what one holds of its Messagerie."""

import pytest
from django.utils import timezone

from habilitations.models import Habilitation
from services.messagerie.droits import (
    MessagerieEnConsultation,
    MessagerieNonDetenue,
    exiger_ecriture,
    lecteurs_de,
    personnes_de,
    peut_ecrire,
    peut_lire,
)
from services.models import PersonneSirenisee
from tests.factories import EspaceFactory, habiliter
from tests.services.messagerie.scenes import scene

pytestmark = pytest.mark.django_db


def test_qui_tient_la_messagerie_lit_et_ecrit() -> None:
    lieu = scene()
    for espace in (lieu.titulaire, lieu.acteur):
        assert peut_lire(espace, lieu.personne)
        exiger_ecriture(espace, lieu.personne)
        assert personnes_de(espace) == [lieu.personne.pk]
    assert set(lecteurs_de(lieu.personne)) == {lieu.titulaire, lieu.acteur}


def test_un_autre_service_de_l_entreprise_n_ouvre_pas_sa_messagerie() -> None:
    lieu, etranger = scene(), EspaceFactory()
    habiliter(etranger, personne=lieu.personne)
    assert not peut_lire(etranger, lieu.personne)
    assert not peut_ecrire(etranger, lieu.personne)
    assert personnes_de(etranger) == []
    assert etranger not in lecteurs_de(lieu.personne)
    with pytest.raises(MessagerieNonDetenue):
        exiger_ecriture(etranger, lieu.personne)


def test_un_droit_retire_ne_lit_plus() -> None:
    lieu = scene()
    Habilitation.objects.filter(espace=lieu.acteur).update(fin_le=timezone.now(), fin_motif="RETRAIT")
    assert not peut_lire(lieu.acteur, lieu.personne)
    assert personnes_de(lieu.acteur) == []
    assert lecteurs_de(lieu.personne) == [lieu.titulaire]


def test_une_entreprise_reduite_a_la_consultation_se_lit_sans_s_ecrire() -> None:
    lieu = scene()
    PersonneSirenisee.objects.update(restreinte_le=timezone.now())
    lieu.personne.refresh_from_db()
    assert peut_lire(lieu.titulaire, lieu.personne)
    with pytest.raises(MessagerieEnConsultation, match="peut encore être lue"):
        exiger_ecriture(lieu.titulaire, lieu.personne)
