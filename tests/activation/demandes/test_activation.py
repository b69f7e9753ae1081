"""What entering a right code asks of the espace and of the company at that very moment."""

import pytest
from django.db import IntegrityError, transaction

from accounts.espace.inscription import renvoyer_confirmation
from accounts.models import Courriel, Espace
from activation.demandes.activation import EFFETS, activer
from activation.demandes.depot import EspaceNonActif, PersonneCessee
from activation.models import Demande
from habilitations.models import Adhesion, Mandat
from services.models import PersonneSirenisee
from tests.activation import scenes
from tests.factories import EspaceFactory, PersonneFactory

pytestmark = pytest.mark.django_db


def test_chaque_nature_a_son_effet() -> None:
    assert set(EFFETS) == set(Demande.Nature)


@pytest.mark.parametrize("etat", [Espace.Etat.DESACTIVE, Espace.Etat.EN_ATTENTE_CODE])
def test_un_espace_qui_n_est_pas_actif_n_ouvre_rien(etat: str) -> None:
    demande = scenes.adhesion()
    scenes.editer(demande)
    Espace.objects.update(etat=etat)
    with pytest.raises(EspaceNonActif):
        activer(acteur=demande.espace, demande=demande, saisie=scenes.code(demande))
    assert not Adhesion.objects.exists()
    assert not Mandat.objects.exists()
    assert demande.courriers.get().essais == 0


def test_rien_ne_s_ouvre_pour_une_entreprise_cessee() -> None:
    demande = scenes.adhesion()
    scenes.editer(demande)
    PersonneSirenisee.objects.update(active=False)
    with pytest.raises(PersonneCessee):
        activer(acteur=demande.espace, demande=demande, saisie=scenes.code(demande))
    assert not Adhesion.objects.exists()


def test_la_base_tient_une_demande_par_espace_siren_et_nature() -> None:
    personne = PersonneFactory()
    champs = {"personne": personne, "nature": Demande.Nature.CREATION_SIMPLIFIEE, "qualite": "MANDATAIRE"}
    champs["espace"] = EspaceFactory()
    premiere = Demande.objects.create(reference="D-1", **champs)
    Demande.objects.create(reference="D-3", **{**champs, "espace": EspaceFactory()})
    with pytest.raises(IntegrityError, match="demande_une_par_espace"), transaction.atomic():
        Demande.objects.create(reference="D-2", **champs)
    Demande.objects.filter(pk=premiere.pk).update(etat="ANNULEE", terminee_le=premiere.deposee_le)
    Demande.objects.create(reference="D-2", **champs)


def test_le_lien_d_un_espace_expert_ne_part_pas_pour_un_simplifie() -> None:
    """It would open the espace at once, without any code."""
    scenes.services_du_bouquet()
    espace = scenes.inscrire(PersonneFactory())
    assert renvoyer_confirmation(acteur=espace) is None
    assert not Courriel.objects.filter(genre="confirmer_adresse").exists()
