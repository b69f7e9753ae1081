"""A change is not reported for ever, nor by who was never told of it: what bounds « ce n’est pas nous », and what is left to do."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.dates import apres_des_mois
from accounts.saisies.regles import RegleMetier
from habilitations.models import Habilitation, Role
from services.banque.signalable import signalable_jusqu_au
from services.banque.signalement import recueillir_signalement, reprendre_signalement, signaler_changement
from services.models import ChangementBancaire, Service, SignalementBancaire
from tests.factories import (
    AgentFactory,
    EspaceFactory,
    ServiceFactory,
    accorder,
    changement_bancaire,
    compte_bancaire,
    habiliter,
)

from .scenes import Entreprise, client_de

SECONDE = timedelta(seconds=1)


def fait(entreprise: Entreprise, quand: datetime) -> ChangementBancaire:
    """An account that the titulaire added then, in a company that everybody here has long administered."""
    Habilitation.objects.update(accordee_le=timezone.now() - timedelta(days=2000))
    return changement_bancaire(compte_bancaire(entreprise.personne), entreprise.titulaire, fait_le=quand)


def arrive(entreprise: Entreprise, service: str) -> Espace:
    """Somebody who becomes suppléant of one of the services of the company today."""
    racine = Habilitation.objects.get(personne=entreprise.personne, service__code=service, role=Role.TITULAIRE)
    return accorder(racine, EspaceFactory(nom="Nouveau"), Role.SUPPLEANT).espace


def page(entreprise: Entreprise, changement: ChangementBancaire) -> str:
    return reverse("compte_bancaire_signaler", args=[entreprise.personne.siren, changement.pk])


def test_treize_mois_pas_un_jour_de_plus(entreprise: Entreprise) -> None:
    """Code monétaire et financier, art. L. 133-24; a second less is in time, and what was reported in time is taken back after."""
    maintenant = timezone.now()
    changement = fait(entreprise, maintenant)
    fin = signalable_jusqu_au(changement)
    assert fin == apres_des_mois(maintenant, 13)
    with pytest.raises(RegleMetier) as refus:
        signaler_changement(acteur=entreprise.titulaire, changement=changement, maintenant=fin)
    assert refus.value.code == "changement_bancaire_trop_ancien"
    assert not SignalementBancaire.objects.exists()
    signale = signaler_changement(acteur=entreprise.titulaire, changement=changement, maintenant=fin - SECONDE)
    assert signaler_changement(acteur=entreprise.titulaire, changement=changement, maintenant=fin) == signale
    repris = reprendre_signalement(acteur=entreprise.titulaire, signalement=signale, maintenant=fin)
    assert repris.etat == SignalementBancaire.Etat.REPRIS


@pytest.mark.parametrize("qui", ["titulaire", "suppleant", "declarant"])
def test_la_page_d_un_vieux_changement_dit_pourquoi_et_quoi_faire(entreprise: Entreprise, qui: str) -> None:
    changement = fait(entreprise, apres_des_mois(timezone.now(), -13) - SECONDE)
    gestionnaire = entreprise.personne.service_gestionnaire
    messagerie = ServiceFactory(code="MSG", famille=Service.Famille.MESSAGERIE)
    habiliter(entreprise.declarant, personne=entreprise.personne, service=messagerie)
    client = client_de(getattr(entreprise, qui))
    lue = client.get(page(entreprise, changement)).content.decode()
    assert "a plus de treize mois" in lue
    assert gestionnaire.nom in lue
    assert gestionnaire.telephone in lue
    assert "Ce n’est pas nous" not in lue
    supprimer = reverse("compte_bancaire_supprimer", args=[entreprise.personne.siren, changement.reference_id])
    ecrire = reverse("message_rediger", args=[entreprise.personne.siren])
    assert (supprimer in lue) is (qui != "declarant"), "who manages the accounts removes it, at any time"
    assert (ecrire in lue) is (qui == "declarant"), "who has the mailbox writes"
    suivie = client.post(page(entreprise, changement), follow=True).content.decode()
    assert "a plus de treize mois" in suivie
    assert not SignalementBancaire.objects.exists()
    if qui != "declarant":
        liste = client.get(reverse("comptes_bancaires", args=[entreprise.personne.siren])).content.decode()
        assert "Que faire après treize mois" in liste


def test_le_bureau_note_ce_qu_on_lui_dit_de_tout_age(entreprise: Entreprise) -> None:
    changement = fait(entreprise, timezone.now() - timedelta(days=1200))
    agent = AgentFactory(service_gestionnaire=entreprise.personne.service_gestionnaire)
    assert recueillir_signalement(acteur=agent, changement=changement, preuve="Le gérant, au guichet.").pk


@pytest.mark.parametrize(("service", "peut"), [("PAYER_TVA", True), ("DECL_TVA", False)])
def test_qui_n_a_pas_ete_prevenu_ne_signale_que_s_il_administre_un_service_de_paiement(
    entreprise: Entreprise, service: str, peut: bool
) -> None:
    """Who administers any service of the company suspends no account for what was done before he came."""
    changement = fait(entreprise, timezone.now() - timedelta(days=1))
    nouveau = arrive(entreprise, service)
    client = client_de(nouveau)
    lue = client.get(page(entreprise, changement)).content.decode()
    assert ("Ce n’est pas nous" in lue) is peut
    assert ("vous n’administriez aucun service" in lue) is not peut
    client.post(page(entreprise, changement))
    assert SignalementBancaire.objects.exists() is peut
    if not peut:
        assert signaler_changement(acteur=entreprise.declarant, changement=changement).pk, "who was told still may"
        autre = client.get(page(entreprise, changement)).content.decode()
        assert "Vous non plus ne reconnaissez pas" not in autre


def test_qui_administrait_alors_et_administre_de_nouveau_fut_prevenu(entreprise: Entreprise) -> None:
    """A right given back, on another service, by a role that has ended since: he was told all the same."""
    changement = fait(entreprise, timezone.now() - timedelta(days=10))
    revenu = arrive(entreprise, "DECL_TVA")
    with pytest.raises(RegleMetier):
        signaler_changement(acteur=revenu, changement=changement)
    ancienne = Habilitation.objects.get(espace=revenu)
    ancienne.accordee_le = changement.fait_le - timedelta(days=5)
    ancienne.fin_le, ancienne.fin_motif = changement.fait_le + timedelta(days=1), Habilitation.MotifFin.RETRAIT
    ancienne.save()
    with pytest.raises(RegleMetier):
        signaler_changement(acteur=revenu, changement=changement)
    accorder(ancienne.accordee_par, revenu, Role.SUPPLEANT)
    assert signaler_changement(acteur=revenu, changement=changement).pk
