"""A row read in constant SQL is the object that the manager gives, column by column (accounts/models/constante.py)."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from accounts.models import Compte, Espace, Session
from accounts.models.constante import Colonnes, lire_une_ligne
from accounts.portes.connexion import CompteBackend
from tests.factories import AgentFactory, EspaceFactory

pytestmark = pytest.mark.django_db


def _valeurs(objet: models.Model) -> dict[str, Any]:
    return {champ.attname: getattr(objet, champ.attname) for champ in objet._meta.concrete_fields}


@pytest.mark.parametrize("modele", [Compte, Espace, Session])
def test_chaque_colonne_a_la_valeur_et_le_type_du_gestionnaire(modele: Any, client_de: Any) -> None:
    client_de(EspaceFactory())
    lu = modele.objects.get()
    colonnes = Colonnes(modele, "x")
    ligne = lire_une_ligne(f"SELECT {colonnes.sql} FROM {modele._meta.db_table} x", [])
    assert ligne is not None
    fixe = colonnes.objet(ligne)
    assert fixe == lu
    assert not fixe._state.adding
    assert fixe._state.db == lu._state.db
    assert not fixe.get_deferred_fields()
    assert _valeurs(fixe) == _valeurs(lu)
    assert {nom: type(v) for nom, v in _valeurs(fixe).items()} == {nom: type(v) for nom, v in _valeurs(lu).items()}


def test_qui_est_connecte_vient_avec_son_espace_en_une_requete() -> None:
    espace, agent = EspaceFactory(), AgentFactory()
    with CaptureQueriesContext(connection) as requetes:
        compte = CompteBackend().get_user(espace.compte_id)
        assert compte is not None
        assert compte.espace == espace
        assert compte.espace.compte is compte
    assert len(requetes) == 1
    de_l_agent = CompteBackend().get_user(agent.compte_id)
    assert de_l_agent is not None
    with pytest.raises(Espace.DoesNotExist):
        _ = de_l_agent.espace


def test_un_compte_inactif_ou_inconnu_n_est_personne() -> None:
    espace = EspaceFactory()
    Compte.objects.filter(pk=espace.compte_id).update(is_active=False)
    assert CompteBackend().get_user(espace.compte_id) is None
    Compte.objects.filter(pk=espace.compte_id).update(is_active=True)
    assert CompteBackend().get_user(espace.pk) is None


def test_une_colonne_que_son_champ_traduit_est_refusee() -> None:
    class Traduit(models.TextField):
        def from_db_value(self, valeur: str, *_: Any) -> str:
            return valeur.upper()

    class Modele(models.Model):  # noqa: DJ008 - of this test alone
        texte = Traduit()

        class Meta:
            app_label = "essais"
            managed = False

    with pytest.raises(ImproperlyConfigured):
        Colonnes(Modele, "x")
