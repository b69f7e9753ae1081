"""An IDSP becomes a SIREN: what was said of its accounts, and what bars them, is not lost on the way (R20, domaine.md §1)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Courriel, Espace, Evenement
from services.banque.lectures import Compte, comptes_de
from services.banque.signalement import reprendre_signalement, signaler_changement
from services.models import ChangementBancaire, PersonneSirenisee, ReferenceBancaire
from services.registre.identification import attribuer_siren
from tests.factories import (
    AgentFactory,
    EspaceFactory,
    PersonneFactory,
    changement_bancaire,
    compte_bancaire,
    habiliter,
)

from .scenes import Entreprise, payer

IDSP, SIREN = "12A456789", "552032534"


def identifier(provisoire: PersonneSirenisee) -> PersonneSirenisee:
    agent = AgentFactory(service_gestionnaire=provisoire.service_gestionnaire)
    return attribuer_siren(acteur=agent, personne=provisoire, siren=SIREN)


@pytest.fixture
def deux(db: None) -> tuple[PersonneSirenisee, PersonneSirenisee, Espace]:
    """The file of an IDSP, that of its SIREN, and who administers the first."""
    provisoire = PersonneFactory(siren=IDSP, provisoire=True, denomination="EN ATTENTE")
    definitive = PersonneFactory(siren=SIREN, service_gestionnaire=provisoire.service_gestionnaire, courriel="a@b.fr")
    espace = EspaceFactory()
    habiliter(espace, personne=provisoire, service=payer())
    return provisoire, definitive, espace


def seul(personne: PersonneSirenisee) -> Compte:
    (compte,) = comptes_de(personne)
    return compte


@pytest.mark.parametrize("avec_dossier", [False, True])
def test_le_second_signalement_survit_a_l_identification(entreprise: Entreprise, avec_dossier: bool) -> None:
    """An accomplice reports first, the titulaire after him; the accomplice takes his back once the company bears its SIREN."""
    personne = entreprise.personne
    personne.siren, personne.provisoire = IDSP, True
    personne.save()
    if avec_dossier:
        PersonneFactory(siren=SIREN, service_gestionnaire=personne.service_gestionnaire)
    changement = changement_bancaire(compte_bancaire(personne), entreprise.acteur)
    signalement = signaler_changement(acteur=entreprise.suppleant, changement=changement)
    signaler_changement(acteur=entreprise.titulaire, changement=changement)
    definitive = identifier(personne)
    signalement.refresh_from_db()
    reprendre_signalement(acteur=entreprise.suppleant, signalement=signalement)
    signalement.refresh_from_db()
    assert (signalement.etat, signalement.espace) == ("DEPOSE", entreprise.titulaire)
    assert seul(definitive).suspendu


AUJOURD_HUI = timezone.localdate
DE_LA_BANQUE = {"etat_b2b": "VALIDE", "b2b_le": AUJOURD_HUI(), "remis_le": AUJOURD_HUI()}
REMIS = {"remis_le": AUJOURD_HUI()}
ANCIEN = {"ajoutee_le": timezone.now() - timedelta(days=9)}


@pytest.mark.parametrize(
    ("de_l_idsp", "du_siren", "reste_celui_de_l_idsp"),
    [
        (DE_LA_BANQUE, {}, True),
        (DE_LA_BANQUE, {**REMIS, **ANCIEN}, True),
        ({}, DE_LA_BANQUE, False),
        (REMIS, ANCIEN, True),
        (ANCIEN, {}, True),
        ({}, ANCIEN, False),
    ],
)
def test_reste_le_mandat_que_la_banque_a_et_l_autre_se_dit(
    deux: Any, de_l_idsp: Any, du_siren: Any, reste_celui_de_l_idsp: bool
) -> None:
    provisoire, definitive, espace = deux
    un = compte_bancaire(provisoire, choisie_pour=["PAYER_TVA"], **de_l_idsp)
    autre = compte_bancaire(definitive, **du_siren)
    gardee, double = (un, autre) if reste_celui_de_l_idsp else (autre, un)
    identifier(provisoire)
    reste = seul(definitive).reference
    assert (reste.pk, reste.choisie_pour) == (gardee.pk, ["PAYER_TVA"])
    double.refresh_from_db()
    assert double.supprimee_le is not None
    assert ChangementBancaire.objects.get(genre="SUPPRESSION").reference == double
    ligne = Evenement.objects.get(acte="compte_bancaire.retire")
    assert (ligne.siren, ligne.auteur) == (SIREN, "systeme:identification")
    dits = {
        c.destinataire: c.contexte["details"] for c in Courriel.objects.filter(acte__startswith="compte-bancaire-reuni")
    }
    assert set(dits) == {espace.compte.email, "a@b.fr"}
    assert all(gardee.mandat.rum in dit for dit in dits.values())


@pytest.mark.parametrize("vivant", [True, False])
def test_la_suspension_passe_a_l_exemplaire_qui_reste(deux: Any, vivant: bool) -> None:
    """Whether the copy that it hangs on was in the list still, or had been removed."""
    provisoire, definitive, espace = deux
    reference = compte_bancaire(provisoire)
    signaler_changement(acteur=espace, changement=changement_bancaire(reference, espace))
    if not vivant:
        ReferenceBancaire.objects.filter(pk=reference.pk).update(supprimee_le=timezone.now())
    compte_bancaire(definitive, **ANCIEN)
    identifier(provisoire)
    assert seul(definitive).suspendu


def test_l_attente_la_plus_longue_passe_a_l_exemplaire_qui_reste(deux: Any) -> None:
    provisoire, definitive, _ = deux
    jusqu_a = timezone.now() + timedelta(hours=40)
    compte_bancaire(provisoire, utilisable_le=jusqu_a, attente="MOT_DE_PASSE")
    compte_bancaire(definitive, **ANCIEN)
    identifier(provisoire)
    reste = seul(definitive).reference
    assert (reste.utilisable_le, reste.attente) == (jusqu_a, "MOT_DE_PASSE")
