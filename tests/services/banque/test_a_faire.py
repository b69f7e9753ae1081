"""« À faire » names the mandates to hand to the bank, of the companies whose accounts one manages, until they are (R20)."""

from django.urls import reverse
from django.utils import timezone

from accounts.espace.a_faire import Gravite, Ligne, Seule, a_faire
from accounts.models import Espace
from services.banque.mandat import noter_remise
from services.models import ReferenceBancaire
from tests.factories import PersonneFactory, compte_bancaire, habiliter

from .scenes import AUTRE, Entreprise, payer


def dites(espace: Espace, seule: Seule | None = None) -> list[Ligne]:
    return [ligne for ligne in a_faire(espace, seule=seule) if ligne.en_bref == "Mandat à remettre"]


def test_un_mandat_attend_jusqu_a_sa_remise(entreprise: Entreprise) -> None:
    une = compte_bancaire(entreprise.personne, edite_le=timezone.now())
    autre = compte_bancaire(entreprise.personne, AUTRE)
    for qui in (entreprise.titulaire, entreprise.suppleant):
        (ligne,) = dites(qui)
        assert ligne.quoi == "2 mandats SEPA à remettre à la banque avant le premier paiement"
        assert (ligne.gravite, ligne.personnes) == (Gravite.ATTENTION, (entreprise.personne.pk,))
        assert ligne.url == reverse("comptes_bancaires", args=[entreprise.personne.siren])
    for qui in (entreprise.delegant, entreprise.acteur, entreprise.declarant, entreprise.etranger):
        assert dites(qui) == []
    noter_remise(acteur=entreprise.titulaire, reference=une, le=timezone.localdate())
    assert dites(entreprise.titulaire)[0].quoi.startswith("1 mandat SEPA à remettre")
    ReferenceBancaire.objects.filter(pk=autre.pk).update(etat_b2b="VALIDE")  # the bank has it, ticked or not
    assert dites(entreprise.titulaire) == []


def test_un_compte_supprime_n_attend_plus_et_une_entreprise_ne_dit_que_les_siens(entreprise: Entreprise) -> None:
    autre = PersonneFactory()
    habiliter(entreprise.titulaire, personne=autre, service=payer())
    compte_bancaire(autre)
    compte_bancaire(entreprise.personne, supprimee_le=timezone.now())
    assert [ligne.personnes for ligne in dites(entreprise.titulaire)] == [(autre.pk,)]
    assert dites(entreprise.titulaire, Seule(entreprise.personne.pk, entreprise.personne.siren)) == []


def test_beaucoup_d_entreprises_tiennent_sur_une_ligne(entreprise: Entreprise) -> None:
    for _ in range(4):
        autre = PersonneFactory()
        habiliter(entreprise.titulaire, personne=autre, service=payer())
        compte_bancaire(autre)
    (ligne,) = dites(entreprise.titulaire)
    assert (len(ligne.personnes), ligne.acte) == (4, "Voir la première")
