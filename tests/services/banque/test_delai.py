"""What makes a new account wait 48 hours, whoever of those who were just designated adds it (R20, CGU §4.d)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import actes as actes_accounts
from accounts.models import Espace
from accounts.traces.actes import Acte
from accounts.traces.journal import consigner
from habilitations.models import Habilitation, Role
from services.banque.comptes import ajouter_compte
from services.banque.delai import CAUSES
from services.models import ReferenceBancaire
from surveillance.models import Alerte
from tests.factories import EspaceFactory, accorder

from .scenes import AUTRE, IBAN, Entreprise

# What is written of a second factor and changes nothing of it.
SANS_CHANGEMENT = {
    "second_facteur.verifie",
    "second_facteur.refuse",
    "second_facteur.code_secours_refuse",
    "second_facteur.rechiffre",
}


def ajouter(entreprise: Entreprise, acteur: Espace, iban: str = IBAN) -> ReferenceBancaire:
    return ajouter_compte(acteur=acteur, personne=entreprise.personne, iban=iban, titulaire="ATELIER ROUSSEL")


def test_tout_ce_qui_change_un_second_facteur_fait_attendre() -> None:
    """A new act of the second factor takes its place here, or says that it changes nothing."""
    tous = {acte.code for acte in vars(actes_accounts).values() if isinstance(acte, Acte)}
    siens = {code for code in tous if code.startswith("second_facteur.")}
    assert siens >= SANS_CHANGEMENT
    assert siens - SANS_CHANGEMENT <= CAUSES.keys()


@pytest.mark.parametrize(
    ("acte", "attente"),
    [
        (actes_accounts.SECOND_FACTEUR_CODES_RENOUVELES, "SECOND_FACTEUR"),
        (actes_accounts.SECOND_FACTEUR_CODE_SECOURS_UTILISE, "SECOND_FACTEUR"),
        (actes_accounts.ADRESSE_CHANGEMENT_ANNULE, "ADRESSE"),
    ],
)
def test_ce_qu_un_voleur_fait_d_une_session_fait_attendre(entreprise: Entreprise, acte: Acte, attente: str) -> None:
    """Whoever took a session over draws himself ten rescue codes; whoever reads a former mailbox takes the address back."""
    with transaction.atomic():
        consigner(acte, auteur=entreprise.titulaire)
    assert ajouter(entreprise, entreprise.titulaire).attente == attente


def changer(espace: Espace) -> None:
    with transaction.atomic():
        consigner(actes_accounts.MOT_DE_PASSE_CHANGE, auteur=espace)


def alerter(espace: Espace) -> None:
    Alerte.objects.create(compte=espace.compte, motif="usage_parallele")


@pytest.mark.parametrize("quoi", [changer, alerter])
def test_qui_vient_d_etre_designe_attend_comme_qui_l_a_designe(entreprise: Entreprise, quoi: Any) -> None:
    """A stolen password, from an unknown place: no change is made, the accomplice is designated."""
    quoi(entreprise.titulaire)
    assert ajouter(entreprise, entreprise.titulaire, AUTRE).attente
    assert ajouter(entreprise, entreprise.suppleant).attente == "DESIGNATION"


@pytest.mark.parametrize("quoi", [changer, alerter])
def test_de_designation_en_designation_l_attente_suit(entreprise: Entreprise, quoi: Any) -> None:
    """The accomplice designates another, who designates a third."""
    dernier = Habilitation.objects.get(espace=entreprise.suppleant)
    for nom in ("Deuxième", "Troisième"):
        dernier = accorder(dernier, EspaceFactory(nom=nom), Role.SUPPLEANT)
    quoi(entreprise.titulaire)
    assert ajouter(entreprise, dernier.espace).attente == "DESIGNATION"


def test_une_designation_ancienne_ne_fait_attendre_personne(entreprise: Entreprise) -> None:
    """Neither one's own, nor any on the way to it."""
    premier = Habilitation.objects.get(espace=entreprise.suppleant)
    second = accorder(premier, EspaceFactory(nom="Deuxième"), Role.SUPPLEANT)
    alerter(entreprise.titulaire)
    Habilitation.objects.filter(pk=premier.pk).update(accordee_le=timezone.now() - timedelta(days=8))
    assert ajouter(entreprise, second.espace).attente == ""
