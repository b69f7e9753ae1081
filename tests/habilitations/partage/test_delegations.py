"""Délégations: who grants which role, who withdraws what, until when; finding the beneficiary (R11)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Courriel, Espace, Evenement
from accounts.saisies.numeros import nouveau_numero
from habilitations.arbre.cascade import ce_qui_tombe
from habilitations.arbre.expirations import expirer_habilitations
from habilitations.arbre.lots import DroitInsuffisant, LignesRefusees
from habilitations.droits.roles import GERER_BANQUE, UTILISER
from habilitations.models import Habilitation, Role
from habilitations.partage.beneficiaires import (
    ESSAIS,
    FENETRE_DES_RECHERCHES,
    BeneficiaireIntrouvable,
    BeneficiaireNonExpert,
    BeneficiaireSoiMeme,
    NumeroMalSaisi,
    TropDeRecherches,
    trouver_beneficiaire,
)
from habilitations.partage.delegations import PasUneDelegation, RoleNonDelegable, deleguer, retirer_delegation
from habilitations.partage.designations import FinPassee, examiner
from habilitations.partage.suppleances import retirer_suppleant
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.habilitations.scenes import peut, regles
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db

ACCORDE = {
    Role.TITULAIRE: {Role.ACTEUR_DELEGANT, Role.ACTEUR},
    Role.SUPPLEANT: {Role.ACTEUR_DELEGANT, Role.ACTEUR},
    Role.ACTEUR_DELEGANT: {Role.ACTEUR},
    Role.ACTEUR: set(),
}


def tenant(racine: Habilitation, role: str) -> Espace:
    """Return an espace that holds this role on the adhésion of `racine`."""
    if role == Role.TITULAIRE:
        return racine.espace
    return accorder(racine, EspaceFactory(), role).espace


@pytest.mark.parametrize("donne", [Role.ACTEUR_DELEGANT, Role.ACTEUR])
@pytest.mark.parametrize("tient", list(Role))
def test_qui_accorde_quoi(tient: str, donne: str) -> None:
    racine = habiliter(EspaceFactory(), service=ServiceFactory(code="PAYER_TVA", paiement=True))
    acteur, collegue = tenant(racine, tient), EspaceFactory()
    if donne in ACCORDE[Role(tient)]:
        (accordee,) = deleguer(acteur=acteur, adhesions=[racine.adhesion], beneficiaire=collegue, role=donne)
        connection.check_constraints()
        assert accordee.accordee_par.espace_id == acteur.pk
        assert peut(collegue, UTILISER, racine)
        assert not collegue.compte.has_perm(GERER_BANQUE, racine.personne)
        assert Evenement.objects.get(acte="delegation.accordee").details == {"role": donne, "expire_le": None}
    else:
        with pytest.raises(LignesRefusees) as refus:
            deleguer(acteur=acteur, adhesions=[racine.adhesion], beneficiaire=collegue, role=donne)
        assert regles(refus.value) == [DroitInsuffisant]


@pytest.mark.parametrize("role", [Role.TITULAIRE, Role.SUPPLEANT, "INVENTE"])
def test_une_delegation_ne_donne_pas_d_autre_role(role: str) -> None:
    racine = habiliter(EspaceFactory())
    with pytest.raises(RoleNonDelegable):
        deleguer(acteur=racine.espace, adhesions=[racine.adhesion], beneficiaire=EspaceFactory(), role=role)


@pytest.mark.parametrize(
    ("tient", "a_lui"), [(role, a_lui) for role in Role for a_lui in (True, False)] + [(None, False)]
)
def test_qui_retire_quoi(tient: str | None, a_lui: bool) -> None:
    racine = habiliter(EspaceFactory())
    acteur = tenant(racine, tient) if tient else EspaceFactory()
    mienne = Habilitation.objects.filter(adhesion=racine.adhesion, espace=acteur).first()
    delegation = accorder(mienne if a_lui else racine, EspaceFactory(), Role.ACTEUR)
    permis = tient in {Role.TITULAIRE, Role.SUPPLEANT} or (tient == Role.ACTEUR_DELEGANT and a_lui)
    if permis:
        assert retirer_delegation(acteur=acteur, delegations=[delegation]) == [delegation]
        connection.check_constraints()
    else:
        with pytest.raises(LignesRefusees) as refus:
            retirer_delegation(acteur=acteur, delegations=[delegation])
        assert regles(refus.value) == [DroitInsuffisant]
    delegation.refresh_from_db()
    assert delegation.est_vivante is not permis


def test_un_suppleant_n_est_pas_retire_comme_un_delegataire() -> None:
    racine = habiliter(EspaceFactory())
    suppleance = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    with pytest.raises(LignesRefusees) as refus:
        retirer_delegation(acteur=racine.espace, delegations=[suppleance])
    assert regles(refus.value) == [PasUneDelegation]


def test_ce_qui_tombe_est_montre_puis_tombe() -> None:
    titulaire, delegant, acteur = EspaceFactory(), EspaceFactory(), EspaceFactory()
    racine = habiliter(titulaire)
    delegation = accorder(racine, delegant, Role.ACTEUR_DELEGANT)
    dessous = accorder(delegation, acteur, Role.ACTEUR)
    accorder(racine, EspaceFactory(), Role.ACTEUR)
    finie = accorder(delegation, EspaceFactory(), Role.ACTEUR, fin_le=timezone.now(), fin_motif="RETRAIT")
    assert ce_qui_tombe(delegation) == [dessous]
    assert ce_qui_tombe(delegation, dessous) == []
    terminees = retirer_delegation(acteur=titulaire, delegations=[delegation])
    assert terminees == [delegation, dessous]
    finie.refresh_from_db()
    assert finie.fin_motif == "RETRAIT"
    assert Evenement.objects.filter(acte="habilitation.tombee", espace=acteur.numero_abonne).count() == 1


def test_ce_qui_tombe_est_dans_l_ordre_du_catalogue() -> None:
    """By dénomination, then as the catalogue orders services, whatever the order in which it was granted."""
    titulaire, delegant = EspaceFactory(), EspaceFactory()
    personnes = [PersonneFactory(denomination=nom) for nom in ("ZÉNITH", "ABEILLE")]
    services = [ServiceFactory(code=code, ordre=ordre) for code, ordre in (("C", 2), ("B", 1), ("A", 1))]
    delegations, attendus = [], []
    for personne in personnes:
        for service in services:
            racine = habiliter(titulaire, personne=personne, service=service)
            delegations.append(accorder(racine, delegant, Role.ACTEUR_DELEGANT))
            for nom in ("Zola", "Arbus"):
                accorder(delegations[-1], EspaceFactory(nom=nom), Role.ACTEUR)
                attendus.append((personne.denomination, service.ordre, service.code, nom))
    montres = [
        (h.personne.denomination, h.service.ordre, h.service.code, h.espace.nom) for h in ce_qui_tombe(*delegations)
    ]
    assert montres == sorted(attendus)
    retirer_delegation(acteur=titulaire, delegations=delegations)
    courriel = Courriel.objects.get(genre="habilitation_retiree", destinataire=delegant.compte.email)
    assert [ligne.partition(" : ")[2] for ligne in courriel.contexte["lignes"]] == [
        "Service A, Service B, Service C"
    ] * 2
    assert courriel.contexte["lignes"][0].startswith("ABEILLE")


def test_un_suppleant_reprend_a_son_compte() -> None:
    titulaire, suppleant, acteur = EspaceFactory(), EspaceFactory(), EspaceFactory()
    racine = habiliter(titulaire)
    suppleance = accorder(racine, suppleant, Role.SUPPLEANT)
    delegation = accorder(racine, EspaceFactory(), Role.ACTEUR_DELEGANT)
    dessous = accorder(delegation, acteur, Role.ACTEUR)
    assert retirer_delegation(acteur=suppleant, delegations=[delegation], reprendre=True) == [delegation]
    connection.check_constraints()
    dessous.refresh_from_db()
    assert dessous.accordee_par_id == suppleance.pk
    assert peut(acteur, UTILISER, racine)


def test_retirer_le_dessus_et_le_dessous_ensemble() -> None:
    racine = habiliter(EspaceFactory())
    delegation = accorder(racine, EspaceFactory(), Role.ACTEUR_DELEGANT)
    choisie = accorder(delegation, EspaceFactory(), Role.ACTEUR)
    gardee = accorder(delegation, EspaceFactory(), Role.ACTEUR)
    terminees = retirer_delegation(acteur=racine.espace, delegations=[choisie, delegation], reprendre=True)
    connection.check_constraints()
    assert {(h.pk, h.fin_motif) for h in terminees} == {(choisie.pk, "RETRAIT"), (delegation.pk, "RETRAIT")}
    gardee.refresh_from_db()
    choisie.refresh_from_db()
    assert gardee.accordee_par_id == racine.pk
    assert choisie.accordee_par_id == delegation.pk, "what ends with it is not taken over: its history stays"
    reprises = Evenement.objects.filter(acte="habilitation.reprise").values_list("espace", flat=True)
    assert list(reprises) == [gardee.espace.numero_abonne]


def test_quand_un_collaborateur_part_tout_est_retire_d_un_coup() -> None:
    titulaire, parti = EspaceFactory(), EspaceFactory()
    racines = [habiliter(titulaire) for _ in range(6)]
    accordees = deleguer(
        acteur=titulaire, adhesions=[r.adhesion for r in racines], beneficiaire=parti, role=Role.ACTEUR
    )
    Courriel.objects.all().delete()
    retirer_delegation(acteur=titulaire, delegations=accordees)
    assert not Habilitation.objects.filter(role__in=[Role.ACTEUR, Role.ACTEUR_DELEGANT], fin_le=None).exists()
    assert sorted(Courriel.objects.values_list("destinataire", flat=True)) == sorted(
        [titulaire.compte.email, parti.compte.email]
    )


# --- End dates --------------------------------------------------------------------------------------------------------


def test_la_date_de_fin() -> None:
    aujourd_hui = timezone.localdate()
    racine = habiliter(EspaceFactory())
    with pytest.raises(FinPassee):
        deleguer(
            acteur=racine.espace,
            adhesions=[racine.adhesion],
            beneficiaire=EspaceFactory(),
            role=Role.ACTEUR,
            expire_le=aujourd_hui - timedelta(days=1),
        )
    delegant, acteur = EspaceFactory(), EspaceFactory()
    fin = aujourd_hui + timedelta(days=30)
    deleguer(
        acteur=racine.espace,
        adhesions=[racine.adhesion],
        beneficiaire=delegant,
        role=Role.ACTEUR_DELEGANT,
        expire_le=fin,
    )
    for demandee, obtenue in ((None, fin), (fin + timedelta(days=1), fin), (aujourd_hui, aujourd_hui)):
        examen = examiner(
            acteur=delegant,
            adhesions=[racine.adhesion],
            beneficiaire=acteur,
            role=Role.ACTEUR,
            expire_le=demandee,
        )
        assert examen.bornee_le == (obtenue if obtenue != demandee else None), "the page says what the act will do"
        (accordee,) = deleguer(
            acteur=delegant,
            adhesions=[racine.adhesion],
            beneficiaire=acteur,
            role=Role.ACTEUR,
            expire_le=demandee,
        )
        assert accordee.expire_le == obtenue, "a grant never outlasts the grantor's own"
        retirer_delegation(acteur=delegant, delegations=[accordee])


def test_expirer_avertit_puis_termine_une_seule_fois() -> None:
    maintenant = timezone.now()
    fin = timezone.localdate(maintenant) + timedelta(days=20)
    racine = habiliter(EspaceFactory())
    delegant, acteur, sans_fin = EspaceFactory(), EspaceFactory(), EspaceFactory()
    delegation = accorder(racine, delegant, Role.ACTEUR_DELEGANT, expire_le=fin)
    dessous = accorder(delegation, acteur, Role.ACTEUR, expire_le=fin + timedelta(days=40))
    accorder(racine, sans_fin, Role.ACTEUR)

    def passer(jours: int) -> tuple[int, int]:
        avant = Courriel.objects.count()
        terminees = expirer_habilitations(maintenant=maintenant + timedelta(days=jours))
        connection.check_constraints()
        return terminees, Courriel.objects.count() - avant

    assert passer(4) == (0, 0)
    assert passer(5) == (0, 2), "fifteen days before: the holder and the grantor"
    assert passer(5) == (0, 0)
    assert passer(6) == (0, 0)
    assert {c.destinataire for c in Courriel.objects.all()} == {racine.espace.compte.email, delegant.compte.email}
    assert passer(20) == (0, 0), "the last day is included"
    assert delegation.est_active(fin)
    assert passer(21) == (2, 2), "the day after: it ends, and what hangs below"
    assert passer(21) == (0, 0)
    delegation.refresh_from_db()
    dessous.refresh_from_db()
    assert (delegation.fin_motif, dessous.fin_motif) == ("EXPIRATION", "CASCADE")
    assert Evenement.objects.get(acte="habilitation.expiree").auteur == "systeme:expirer_habilitations"


# --- The beneficiary --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "saisie", ["L'Hermite", "l’hermite", "LHERMITE", "Amélie L'Hermite", "lhermite amelie", "  L'HERMITE  "]
)
def test_le_numero_et_le_nom_trouvent(saisie: str) -> None:
    cible = EspaceFactory(nom="L'Hermite", prenom="Amélie")
    assert trouver_beneficiaire(acteur=EspaceFactory(), numero=cible.numero_lisible, nom=saisie) == cible


def test_inconnu_autre_nom_et_inactif_ont_la_meme_reponse() -> None:
    acteur = EspaceFactory()
    bon, inactif = EspaceFactory(nom="Petit"), EspaceFactory(nom="Petit", etat="DESACTIVE")
    reponses = set()
    for numero, nom in (
        (nouveau_numero(timezone.localdate() - timedelta(days=9)), "Petit"),
        (bon.numero_abonne, "Grand"),
        (bon.numero_abonne, "!!"),
        (inactif.numero_abonne, "Petit"),
    ):
        with pytest.raises(BeneficiaireIntrouvable) as refus:
            trouver_beneficiaire(acteur=acteur, numero=numero, nom=nom)
        reponses.add(str(refus.value))
    assert len(reponses) == 1


def test_ce_qui_se_dit_sans_rien_devoiler() -> None:
    acteur = EspaceFactory()
    simplifie = EspaceFactory(mode="SIMPLIFIE")
    with pytest.raises(BeneficiaireSoiMeme):
        trouver_beneficiaire(acteur=acteur, numero=acteur.numero_abonne, nom=acteur.nom)
    with pytest.raises(BeneficiaireNonExpert):
        trouver_beneficiaire(acteur=acteur, numero=simplifie.numero_abonne, nom=simplifie.nom)
    with pytest.raises(BeneficiaireIntrouvable):
        trouver_beneficiaire(acteur=acteur, numero=simplifie.numero_abonne, nom="Autre")
    with pytest.raises(NumeroMalSaisi):
        trouver_beneficiaire(acteur=acteur, numero="12345678901234", nom="Petit")


def test_on_ne_peche_pas_de_numeros() -> None:
    acteur, cible, maintenant = EspaceFactory(), EspaceFactory(nom="Petit"), timezone.now()
    for _ in range(ESSAIS):
        with pytest.raises(BeneficiaireIntrouvable):
            trouver_beneficiaire(acteur=acteur, numero=cible.numero_abonne, nom="Grand")
    for nom in ("Grand", "Petit"):
        with pytest.raises(TropDeRecherches):
            trouver_beneficiaire(acteur=acteur, numero=cible.numero_abonne, nom=nom, maintenant=maintenant)
    assert trouver_beneficiaire(acteur=EspaceFactory(), numero=cible.numero_abonne, nom="Petit") == cible
    plus_tard = timezone.now() + FENETRE_DES_RECHERCHES
    assert trouver_beneficiaire(acteur=acteur, numero=cible.numero_abonne, nom="Petit", maintenant=plus_tard) == cible


@pytest.mark.django_db(transaction=True)
def test_on_n_essaie_pas_plus_en_essayant_ensemble(tours: Callable[[int], int]) -> None:
    for _ in range(tours(40)):
        acteur, cible = EspaceFactory(), EspaceFactory(nom="Petit")
        resultats = en_parallele(
            16, lambda _, a=acteur, c=cible: trouver_beneficiaire(acteur=a, numero=c.numero_abonne, nom="Grand")
        )
        assert sum(isinstance(r, BeneficiaireIntrouvable) for r in resultats) == ESSAIS


# --- Races ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_deleguer_contre_retirer_le_delegant(tours: Callable[[int], int]) -> None:
    """Whoever comes first, nothing live is left under what was withdrawn, and nobody keeps a right by it."""
    for _ in range(tours(200)):
        with transaction.atomic():
            titulaire, delegant = EspaceFactory(), EspaceFactory()
            racine = habiliter(titulaire)
            delegation = accorder(racine, delegant, Role.ACTEUR_DELEGANT)
            collegues = [EspaceFactory() for _ in range(16)]

        def courir(
            rang: int,
            t: Espace = titulaire,
            d: Espace = delegant,
            x: Habilitation = delegation,
            c: list = collegues,
        ) -> object:
            if rang == 7:
                return retirer_delegation(acteur=t, delegations=[x])
            return deleguer(acteur=d, adhesions=[x.adhesion], beneficiaire=c[rang], role=Role.ACTEUR)

        resultats = en_parallele(16, courir)
        imprevus = [r for r in resultats if isinstance(r, BaseException) and not isinstance(r, LignesRefusees)]
        assert imprevus == []
        assert len(resultats[7]) == 1 + sum(isinstance(r, list) for i, r in enumerate(resultats) if i != 7)
        assert list(Habilitation.objects.vivantes().filter(adhesion=racine.adhesion)) == [racine]


@pytest.mark.django_db(transaction=True)
def test_reprendre_contre_retirer_le_repreneur(tours: Callable[[int], int]) -> None:
    """A suppléant takes a branch over while the titulaire removes that suppléant."""
    for _ in range(tours(200)):
        with transaction.atomic():
            titulaire, suppleant = EspaceFactory(), EspaceFactory()
            racine = habiliter(titulaire)
            suppleance = accorder(racine, suppleant, Role.SUPPLEANT)
            delegation = accorder(racine, EspaceFactory(), Role.ACTEUR_DELEGANT)
            dessous = accorder(delegation, EspaceFactory(), Role.ACTEUR)

        def courir(
            rang: int,
            t: Espace = titulaire,
            s: Espace = suppleant,
            x: Habilitation = suppleance,
            d: Habilitation = delegation,
        ) -> object:
            if rang:
                return retirer_suppleant(acteur=t, suppleances=[x])
            return retirer_delegation(acteur=s, delegations=[d], reprendre=True)

        repris, retire = en_parallele(2, courir)
        assert isinstance(retire, list), retire
        dessous.refresh_from_db()
        if isinstance(repris, LignesRefusees):
            assert dessous.accordee_par_id == delegation.pk
            assert dessous.est_vivante
        else:
            assert isinstance(repris, list), repris
            assert dessous.accordee_par_id == suppleance.pk
            assert not dessous.est_vivante
