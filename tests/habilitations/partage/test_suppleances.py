"""Administrateurs suppléants: who may, what it gives, what is left when they go (R10)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Courriel, Espace, Evenement
from habilitations.arbre.confirmations import decider
from habilitations.arbre.lots import ActeurNonActif, AucuneLigne, DroitInsuffisant, LignesRefusees
from habilitations.arbre.retrait import HabilitationTerminee
from habilitations.depart.retraits import demander_retrait
from habilitations.droits.perimetre import PerimetreDepasse, compter_siren
from habilitations.droits.roles import DELEGUER_ACTEUR, GERER_SUPPLEANTS, UTILISER
from habilitations.models import Adhesion, Habilitation, Role
from habilitations.partage.beneficiaires import BeneficiaireIntrouvable, BeneficiaireNonExpert, BeneficiaireSoiMeme
from habilitations.partage.delegations import deleguer, retirer_delegation
from habilitations.partage.designations import (
    ActeurNonExpert,
    AdhesionFermee,
    DejaHabilite,
    PerimetreDuBeneficiaire,
    examiner,
)
from habilitations.partage.revue import revoir
from habilitations.partage.suppleances import (
    DejaEnVeille,
    PasEnVeille,
    PasUnSuppleant,
    designer_suppleant,
    mettre_en_veille,
    reactiver,
    retirer_suppleant,
)
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.habilitations.scenes import peut, regles
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db


def test_designer_sur_plusieurs_siren_et_services_d_un_coup() -> None:
    titulaire, collegue = EspaceFactory(), EspaceFactory()
    racines = [habiliter(titulaire) for _ in range(3)]
    accordees = designer_suppleant(acteur=titulaire, adhesions=[r.adhesion for r in racines], beneficiaire=collegue)
    connection.check_constraints()
    assert {h.accordee_par_id for h in accordees} == {r.pk for r in racines}
    assert Habilitation.objects.filter(role=Role.SUPPLEANT, espace=collegue, etat="ACTIVE", expire_le=None).count() == 3
    assert all(peut(collegue, UTILISER, r) and peut(collegue, DELEGUER_ACTEUR, r) for r in racines)
    assert not any(peut(collegue, GERER_SUPPLEANTS, r) for r in racines)


def test_les_deux_sont_prevenus_une_fois_et_chaque_couple_est_au_journal() -> None:
    titulaire, collegue = EspaceFactory(), EspaceFactory()
    racines = [habiliter(titulaire) for _ in range(2)]
    designer_suppleant(acteur=titulaire, adhesions=[r.adhesion for r in racines], beneficiaire=collegue)
    courriels = {c.destinataire: c for c in Courriel.objects.all()}
    assert set(courriels) == {titulaire.compte.email, collegue.compte.email}
    for racine in racines:
        assert any(
            racine.personne.siren_lisible in ligne for ligne in courriels[collegue.compte.email].contexte["lignes"]
        )
    lignes = Evenement.objects.filter(acte="suppleance.designee", auteur=titulaire.numero_abonne)
    assert {(e.siren, e.service, e.espace) for e in lignes} == {
        (r.personne.siren, r.service.code, collegue.numero_abonne) for r in racines
    }


@pytest.mark.parametrize("role", [Role.SUPPLEANT, Role.ACTEUR_DELEGANT, Role.ACTEUR, None])
def test_seul_le_titulaire_designe(role: str | None) -> None:
    racine = habiliter(EspaceFactory())
    acteur = EspaceFactory()
    if role:
        accorder(racine, acteur, role)
    with pytest.raises(LignesRefusees) as refus:
        designer_suppleant(acteur=acteur, adhesions=[racine.adhesion], beneficiaire=EspaceFactory())
    assert regles(refus.value) == [DroitInsuffisant]


@pytest.mark.parametrize("role", [Role.SUPPLEANT, Role.ACTEUR_DELEGANT, Role.ACTEUR])
def test_seul_le_titulaire_suspend_reactive_et_retire(role: str) -> None:
    racine = habiliter(EspaceFactory())
    suppleance = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    acteur = EspaceFactory()
    accorder(racine, acteur, role)
    for acte in (mettre_en_veille, reactiver, retirer_suppleant):
        with pytest.raises(LignesRefusees) as refus:
            acte(acteur=acteur, suppleances=[suppleance])
        assert regles(refus.value) == [DroitInsuffisant]
    suppleance.refresh_from_db()
    assert suppleance.est_active()


def test_tout_ou_rien_avec_chaque_ligne_refusee_nommee() -> None:
    titulaire, collegue = EspaceFactory(), EspaceFactory()
    bonne, tenue, etrangere = habiliter(titulaire), habiliter(titulaire), habiliter(EspaceFactory())
    accorder(tenue, collegue, Role.ACTEUR)
    with pytest.raises(LignesRefusees) as refus:
        designer_suppleant(
            acteur=titulaire,
            adhesions=[bonne.adhesion, tenue.adhesion, etrangere.adhesion],
            beneficiaire=collegue,
        )
    assert set(regles(refus.value)) == {DejaHabilite, DroitInsuffisant}
    assert tenue.personne.siren_lisible in str(refus.value)
    assert etrangere.personne.siren_lisible in str(refus.value)
    assert not Habilitation.objects.filter(role=Role.SUPPLEANT).exists()
    assert not Courriel.objects.exists()


def test_une_adhesion_fermee_est_refusee() -> None:
    titulaire = EspaceFactory()
    racine = habiliter(titulaire)
    Adhesion.objects.filter(pk=racine.adhesion_id).update(fermee_le=timezone.now(), fermee_motif="CESSATION")
    with pytest.raises(LignesRefusees) as refus:
        designer_suppleant(acteur=titulaire, adhesions=[racine.adhesion], beneficiaire=EspaceFactory())
    assert regles(refus.value) == [AdhesionFermee]
    Adhesion.objects.filter(pk=racine.adhesion_id).update(fermee_le=None, fermee_motif="")


def test_qui_peut_designer_et_etre_designe() -> None:
    titulaire = EspaceFactory()
    adhesions = [habiliter(titulaire).adhesion]

    def essayer(acteur: Espace, beneficiaire: Espace) -> None:
        designer_suppleant(acteur=acteur, adhesions=adhesions, beneficiaire=beneficiaire)

    with pytest.raises(AucuneLigne):
        designer_suppleant(acteur=titulaire, adhesions=[], beneficiaire=EspaceFactory())
    with pytest.raises(BeneficiaireSoiMeme):
        essayer(titulaire, titulaire)
    with pytest.raises(BeneficiaireNonExpert):
        essayer(titulaire, EspaceFactory(mode="SIMPLIFIE"))
    with pytest.raises(BeneficiaireIntrouvable):
        essayer(titulaire, EspaceFactory(etat="DESACTIVE"))
    Espace.objects.filter(pk=titulaire.pk).update(mode="SIMPLIFIE")
    with pytest.raises(ActeurNonExpert):
        essayer(titulaire, EspaceFactory())
    Espace.objects.filter(pk=titulaire.pk).update(mode="EXPERT", etat="DESACTIVE")
    with pytest.raises(ActeurNonActif):
        essayer(titulaire, EspaceFactory())


def test_un_espace_desactive_ne_change_plus_rien() -> None:
    """Whoever still has its page open: the state is read again under the lock."""
    racine = habiliter(EspaceFactory())
    suppleance = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    delegation = accorder(racine, EspaceFactory(), Role.ACTEUR)
    titulaire = racine.espace
    Espace.objects.filter(pk=titulaire.pk).update(etat="DESACTIVE")
    actes: list[Callable[[], object]] = [
        lambda: mettre_en_veille(acteur=titulaire, suppleances=[suppleance]),
        lambda: reactiver(acteur=titulaire, suppleances=[suppleance]),
        lambda: retirer_suppleant(acteur=titulaire, suppleances=[suppleance]),
        lambda: retirer_delegation(acteur=titulaire, delegations=[delegation]),
        lambda: revoir(acteur=titulaire, confirmees=[delegation]),
        lambda: decider(acteur=titulaire, ecartees=[delegation]),
        lambda: demander_retrait(acteur=titulaire, habilitations=[racine]),
    ]
    for acte in actes:
        with pytest.raises(ActeurNonActif):
            acte()


def test_en_veille_perd_l_usage_et_ce_qu_il_a_accorde_continue() -> None:
    titulaire, suppleant, acteur = EspaceFactory(), EspaceFactory(), EspaceFactory()
    racine = habiliter(titulaire)
    (suppleance,) = designer_suppleant(acteur=titulaire, adhesions=[racine.adhesion], beneficiaire=suppleant)
    deleguer(acteur=suppleant, adhesions=[racine.adhesion], beneficiaire=acteur, role=Role.ACTEUR)
    Courriel.objects.all().delete()
    mettre_en_veille(acteur=titulaire, suppleances=[suppleance])
    assert not peut(suppleant, UTILISER, racine)
    assert not peut(suppleant, DELEGUER_ACTEUR, racine)
    assert peut(acteur, UTILISER, racine)
    assert {c.destinataire for c in Courriel.objects.all()} == {titulaire.compte.email, suppleant.compte.email}
    with pytest.raises(LignesRefusees) as refus:
        deleguer(acteur=suppleant, adhesions=[racine.adhesion], beneficiaire=EspaceFactory(), role=Role.ACTEUR)
    assert regles(refus.value) == [DroitInsuffisant]
    with pytest.raises(LignesRefusees) as refus:
        mettre_en_veille(acteur=titulaire, suppleances=[suppleance])
    assert regles(refus.value) == [DejaEnVeille]
    reactiver(acteur=titulaire, suppleances=[suppleance])
    assert peut(suppleant, UTILISER, racine)
    with pytest.raises(LignesRefusees) as refus:
        reactiver(acteur=titulaire, suppleances=[suppleance])
    assert regles(refus.value) == [PasEnVeille]
    assert list(
        Evenement.objects.filter(siren=racine.personne.siren, acte__startswith="suppleance.")
        .order_by("id")
        .values_list("acte", flat=True)
    ) == ["suppleance.designee", "suppleance.mise_en_veille", "suppleance.reactivee"]


def test_en_veille_avec_ce_qu_il_a_accorde_et_tout_revient_ensemble() -> None:
    racine = habiliter(EspaceFactory())
    suppleance = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    delegant = accorder(suppleance, EspaceFactory(), Role.ACTEUR_DELEGANT)
    acteur = accorder(delegant, EspaceFactory(), Role.ACTEUR)
    voisin = accorder(racine, EspaceFactory(), Role.ACTEUR)
    tenus, titulaire = [suppleance, delegant, acteur], racine.espace
    suspendues = mettre_en_veille(acteur=titulaire, suppleances=[suppleance], avec_dessous=True)
    assert {h.pk for h in suspendues} == {h.pk for h in tenus}
    assert not any(peut(h.espace, UTILISER, racine) for h in tenus)
    assert peut(voisin.espace, UTILISER, racine), "granted by somebody else"
    assert set(Courriel.objects.values_list("genre", "destinataire")) == {
        ("suppleance_en_veille", suppleance.espace.compte.email),
        ("suppleance_en_veille_confirmation", titulaire.compte.email),
        ("delegation_en_veille", delegant.espace.compte.email),
        ("delegation_en_veille", acteur.espace.compte.email),
        ("delegation_en_veille_confirmation", titulaire.compte.email),
    }
    assert Evenement.objects.filter(acte="delegation.mise_en_veille").count() == 2
    assert len(reactiver(acteur=titulaire, suppleances=[suppleance])) == 3
    assert all(peut(h.espace, UTILISER, racine) for h in tenus)
    assert Evenement.objects.filter(acte="delegation.reactivee").count() == 2


def test_reactiver_ne_rend_que_ce_qui_avait_ete_suspendu_avec_lui() -> None:
    racine = habiliter(EspaceFactory())
    suppleance = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    acteur, rendu = (accorder(suppleance, EspaceFactory(), Role.ACTEUR) for _ in range(2))
    titulaire = racine.espace
    mettre_en_veille(acteur=titulaire, suppleances=[suppleance], avec_dessous=True)
    reactiver(acteur=titulaire, suppleances=[Habilitation.objects.get(pk=rendu.pk)])
    assert peut(rendu.espace, UTILISER, racine), "a délégation suspended so is given back alone as well"
    assert not peut(suppleance.espace, UTILISER, racine)
    with pytest.raises(LignesRefusees):
        reactiver(acteur=titulaire, suppleances=[Habilitation.objects.get(pk=rendu.pk)])
    retirer_suppleant(acteur=titulaire, suppleances=[suppleance], reprendre=True)
    acteur.refresh_from_db()
    assert (acteur.accordee_par, acteur.etat) == (racine, "EN_VEILLE"), "taken over as it is"
    reactiver(acteur=titulaire, suppleances=[acteur])
    assert peut(acteur.espace, UTILISER, racine)


@pytest.mark.parametrize("en_veille", [False, True])
def test_retirer_fait_tomber_ce_qui_pend(en_veille: bool) -> None:
    titulaire, suppleant, delegant, acteur = (EspaceFactory() for _ in range(4))
    racine = habiliter(titulaire)
    suppleance = accorder(racine, suppleant, Role.SUPPLEANT)
    delegation = accorder(suppleance, delegant, Role.ACTEUR_DELEGANT)
    dernier = accorder(delegation, acteur, Role.ACTEUR)
    voisine = accorder(racine, EspaceFactory(), Role.ACTEUR)
    if en_veille:
        mettre_en_veille(acteur=titulaire, suppleances=[suppleance])
    Courriel.objects.all().delete()
    terminees = retirer_suppleant(acteur=titulaire, suppleances=[suppleance])
    connection.check_constraints()
    assert {h.pk: h.fin_motif for h in terminees} == {
        suppleance.pk: "RETRAIT",
        delegation.pk: "CASCADE",
        dernier.pk: "CASCADE",
    }
    assert set(Habilitation.objects.vivantes()) == {racine, voisine}
    assert not any(peut(e, UTILISER, racine) for e in (suppleant, delegant, acteur))
    assert {c.destinataire for c in Courriel.objects.all()} == {
        e.compte.email for e in (titulaire, suppleant, delegant, acteur)
    }
    with pytest.raises(LignesRefusees) as refus:
        retirer_suppleant(acteur=titulaire, suppleances=[suppleance])
    assert regles(refus.value) == [HabilitationTerminee]


def test_retirer_en_reprenant_garde_ce_qui_pend_sous_le_titulaire() -> None:
    titulaire, suppleant, acteur = EspaceFactory(), EspaceFactory(), EspaceFactory()
    racine = habiliter(titulaire)
    suppleance = accorder(racine, suppleant, Role.SUPPLEANT)
    delegation = accorder(suppleance, acteur, Role.ACTEUR_DELEGANT)
    dernier = accorder(delegation, EspaceFactory(), Role.ACTEUR)
    terminees = retirer_suppleant(acteur=titulaire, suppleances=[suppleance], reprendre=True)
    connection.check_constraints()
    assert [h.pk for h in terminees] == [suppleance.pk]
    delegation.refresh_from_db()
    dernier.refresh_from_db()
    assert delegation.accordee_par_id == racine.pk
    assert dernier.accordee_par_id == delegation.pk
    assert peut(acteur, UTILISER, racine)
    assert Evenement.objects.filter(acte="habilitation.reprise", espace=acteur.numero_abonne).count() == 1


def test_un_delegataire_n_est_pas_un_suppleant() -> None:
    titulaire = EspaceFactory()
    delegation = accorder(habiliter(titulaire), EspaceFactory(), Role.ACTEUR)
    for acte in (mettre_en_veille, retirer_suppleant):
        with pytest.raises(LignesRefusees) as refus:
            acte(acteur=titulaire, suppleances=[delegation])
        assert regles(refus.value) == [PasUnSuppleant]


def test_une_delegation_echue_et_pas_encore_balayee_ne_gene_pas() -> None:
    titulaire, collegue = EspaceFactory(), EspaceFactory()
    racine = habiliter(titulaire)
    echue = accorder(racine, collegue, Role.ACTEUR, expire_le=timezone.localdate() - timedelta(days=1))
    designer_suppleant(acteur=titulaire, adhesions=[racine.adhesion], beneficiaire=collegue)
    connection.check_constraints()
    echue.refresh_from_db()
    assert echue.fin_motif == "EXPIRATION"
    assert peut(collegue, DELEGUER_ACTEUR, racine)


def test_une_delegation_vaut_encore_son_dernier_jour() -> None:
    """Designating again on that day does not end it."""
    titulaire, collegue = EspaceFactory(), EspaceFactory()
    racine = habiliter(titulaire)
    tenue = accorder(racine, collegue, Role.ACTEUR, expire_le=timezone.localdate())
    with pytest.raises(LignesRefusees) as refus:
        designer_suppleant(acteur=titulaire, adhesions=[racine.adhesion], beneficiaire=collegue)
    assert regles(refus.value) == [DejaHabilite]
    tenue.refresh_from_db()
    assert tenue.est_vivante


@pytest.mark.parametrize(
    ("nombre", "fin"), [(4, "et une autre habilitation refusée."), (5, "et 2 autres habilitations refusées.")]
)
def test_le_refus_dit_combien_d_autres_lignes(nombre: int, fin: str) -> None:
    adhesions = [habiliter(EspaceFactory()).adhesion for _ in range(nombre)]
    with pytest.raises(LignesRefusees) as refus:
        designer_suppleant(acteur=EspaceFactory(), adhesions=adhesions, beneficiaire=EspaceFactory())
    assert str(refus.value).endswith(fin)


def test_le_101e_siren_est_refuse_sans_dire_combien(settings: object) -> None:
    settings.PERIMETRE_SIREN = 3  # type: ignore[attr-defined]
    titulaire, collegue = EspaceFactory(), EspaceFactory()
    for _ in range(2):
        habiliter(collegue)
    racines = [habiliter(titulaire) for _ in range(2)]
    with pytest.raises(PerimetreDuBeneficiaire) as refus:
        designer_suppleant(acteur=titulaire, adhesions=[r.adhesion for r in racines], beneficiaire=collegue)
    assert isinstance(refus.value, PerimetreDepasse)
    assert "2" not in str(refus.value).replace(collegue.nom_complet, "")
    designer_suppleant(acteur=titulaire, adhesions=[racines[0].adhesion], beneficiaire=collegue)
    assert compter_siren(collegue) == 3


def test_l_examen_dit_ce_que_l_acte_ferait_sans_rien_ecrire(django_assert_num_queries: Callable) -> None:
    titulaire, collegue = EspaceFactory(), EspaceFactory()
    for nombre in (1, 10):
        adhesions = [habiliter(titulaire).adhesion for _ in range(nombre)]
        with django_assert_num_queries(3):
            examen = examiner(acteur=titulaire, adhesions=adhesions, beneficiaire=collegue, role=Role.SUPPLEANT)
        assert examen.possible
    assert not Habilitation.objects.filter(role=Role.SUPPLEANT).exists()


@pytest.mark.django_db(transaction=True)
def test_le_meme_designe_seize_fois_a_la_fois_l_est_une(tours: Callable[[int], int]) -> None:
    for _ in range(tours(200)):
        with transaction.atomic():
            titulaire, collegue = EspaceFactory(), EspaceFactory()
            adhesions = [habiliter(titulaire).adhesion for _ in range(2)]

        def designer(rang: int, t: Espace = titulaire, c: Espace = collegue, a: list = adhesions) -> object:
            if rang % 2:
                return designer_suppleant(acteur=t, adhesions=a, beneficiaire=c)
            return deleguer(acteur=t, adhesions=a[::-1], beneficiaire=c, role=Role.ACTEUR)

        resultats = en_parallele(16, designer)
        refus = [r for r in resultats if isinstance(r, LignesRefusees)]
        assert len(refus) == 15, [r for r in resultats if isinstance(r, BaseException) and r not in refus]
        assert all(regles(r) == [DejaHabilite] * 2 for r in refus)
        assert Habilitation.objects.vivantes().filter(espace=collegue).count() == 2


@pytest.mark.django_db(transaction=True)
def test_la_course_au_101e_siren(settings: object, tours: Callable[[int], int]) -> None:
    settings.PERIMETRE_SIREN = 5  # type: ignore[attr-defined]
    for _ in range(tours(200)):
        with transaction.atomic():
            collegue = EspaceFactory()
            racines = [habiliter(EspaceFactory()) for _ in range(16)]

        def habiliter_le_collegue(rang: int, c: Espace = collegue, r: list = racines) -> object:
            racine = r[rang]
            acteur = Espace.objects.get(pk=racine.espace_id)
            if rang % 2:
                return designer_suppleant(acteur=acteur, adhesions=[racine.adhesion], beneficiaire=c)
            return deleguer(acteur=acteur, adhesions=[racine.adhesion], beneficiaire=c, role=Role.ACTEUR_DELEGANT)

        resultats = en_parallele(16, habiliter_le_collegue)
        assert sum(isinstance(r, PerimetreDepasse) for r in resultats) == 11, resultats
        assert compter_siren(collegue) == 5


@pytest.mark.django_db(transaction=True)
def test_deux_lots_croises_ne_se_bloquent_pas(tours: Callable[[int], int]) -> None:
    """Two people who designate each other over the same adhésions, in opposite orders: no deadlock."""
    for _ in range(tours(200)):
        with transaction.atomic():
            a, b = EspaceFactory(), EspaceFactory()
            services = [ServiceFactory() for _ in range(3)]
            chez_a = [habiliter(a, personne=PersonneFactory(), service=s).adhesion for s in services]
            chez_b = [habiliter(b, personne=PersonneFactory(), service=s).adhesion for s in services]

        def croiser(rang: int, a: Espace = a, b: Espace = b, x: list = chez_a, y: list = chez_b) -> object:
            if rang:
                return designer_suppleant(acteur=a, adhesions=x, beneficiaire=b)
            return designer_suppleant(acteur=b, adhesions=y[::-1], beneficiaire=a)

        resultats = en_parallele(2, croiser)
        assert [len(r) for r in resultats] == [3, 3]
