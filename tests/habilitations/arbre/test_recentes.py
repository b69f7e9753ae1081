"""Filling another's perimeter: declining alone, giving way to the holder's own act, caps that count acts (R11, R13)."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.envois.courriels import composer
from accounts.models import Courriel, Espace, Evenement, TraceLecture
from accounts.saisies.regles import RegleMetier
from activation.demandes.activation import activer
from activation.models import Demande
from habilitations.arbre.lots import AucuneLigne, LignesRefusees
from habilitations.arbre.recentes import DELAI_DECLIN, HORS_USAGE, indecises
from habilitations.depart.declin import decliner
from habilitations.droits.perimetre import PerimetreDepasse, compter_siren
from habilitations.models import Habilitation, Role
from habilitations.partage.delegations import deleguer, retirer_delegation
from habilitations.partage.designations import PerimetreDuBeneficiaire, TropDeDesignations
from habilitations.partage.en_masse import Acte, Operation, appliquer_fichier
from habilitations.partage.suppleances import designer_suppleant, mettre_en_veille, reactiver
from services.models import Service
from tests.activation import scenes
from tests.factories import EspaceFactory, MandatFactory, ServiceFactory, accorder, habiliter
from tests.habilitations.scenes import remplacer
from tests.scenes import D_UN_AUTRE_SITE, en_parallele

pytestmark = pytest.mark.django_db


def confier(espace: Espace, *, role: str = Role.ACTEUR, **champs: Any) -> Habilitation:
    """Return a grant of a stranger on a SIREN of his own."""
    return accorder(habiliter(EspaceFactory()), espace, role, **champs)


def ouvrir(client_de: Callable[[Espace], Any], habilitation: Habilitation) -> None:
    adresse = reverse("ouvrir_service", args=[habilitation.personne.siren, habilitation.service.code])
    assert client_de(habilitation.espace).get(adresse).status_code == 200


def regles(refus: LignesRefusees) -> set[str]:
    return {ligne.regle.code for ligne in refus.lignes}


# --- Declining --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.SUPPLEANT, Role.ACTEUR_DELEGANT, Role.ACTEUR])
def test_decliner_seul_rend_la_place_et_le_dit(espace: Espace, role: str, settings: Any) -> None:
    settings.PERIMETRE_SIREN = 1
    recue = confier(espace, role=role)
    (finie,) = decliner(acteur=espace, habilitations=[recue])
    connection.check_constraints()
    assert (finie.fin_motif, compter_siren(espace)) == ("DECLINEE", 0)
    mandant = recue.accordee_par.espace
    courriel = Courriel.objects.get(genre="habilitation_declinee")
    assert (courriel.destinataire, courriel.contexte["beneficiaire"]) == (mandant.compte.email, espace.nom_complet)
    ligne = Evenement.objects.get(acte="habilitation.declinee")
    assert (ligne.auteur, ligne.siren, ligne.service) == (
        espace.numero_abonne,
        recue.personne.siren,
        recue.service.code,
    )
    deleguer(
        acteur=(autre := habiliter(EspaceFactory())).espace,
        adhesions=[autre.adhesion],
        beneficiaire=espace,
        role=Role.ACTEUR,
    )


@pytest.mark.parametrize(("secondes", "encore"), [(-1, True), (0, False), (1, False)])
def test_quinze_jours_a_la_seconde(espace: Espace, secondes: int, encore: bool) -> None:
    depart = timezone.now()
    recue = confier(espace, accordee_le=depart)
    instant = depart + DELAI_DECLIN + timedelta(seconds=secondes)
    assert bool(indecises(espace, maintenant=instant)) is encore
    if encore:
        assert decliner(acteur=espace, habilitations=[recue], maintenant=instant)
        return
    with pytest.raises(LignesRefusees) as refus:
        decliner(acteur=espace, habilitations=[recue], maintenant=instant)
    assert regles(refus.value) == {"plus_declinable"}


def test_ouvrir_le_service_vaut_acceptation(espace: Espace, client_de: Any) -> None:
    recue, autre = confier(espace), confier(espace)
    ouvrir(client_de, recue)
    assert [h.pk for h in indecises(espace, maintenant=timezone.now())] == [autre.pk]
    with pytest.raises(LignesRefusees) as refus:
        decliner(acteur=espace, habilitations=[recue, autre])
    assert regles(refus.value) == {"plus_declinable"}
    autre.refresh_from_db()
    assert autre.est_vivante, "all or none"


def test_la_page_que_le_navigateur_prepare_n_est_pas_un_usage(espace: Espace, client_de: Any) -> None:
    recue = confier(espace)
    adresse = reverse("ouvrir_service", args=[recue.personne.siren, recue.service.code])
    reponse = client_de(espace).get(adresse, headers={"Sec-Purpose": "prefetch"})
    assert reponse.status_code == 503, "nobody has asked for it: it is not shown untraced"
    assert indecises(espace, maintenant=timezone.now()) == [recue]


def test_la_page_qu_un_autre_site_ouvre_n_est_pas_un_usage(espace: Espace, client_de: Any) -> None:
    """Whoever fills another's perimeter knows SIREN and code: he has him follow a link, which takes no right to decline away."""
    recue = confier(espace)
    adresse = reverse("ouvrir_service", args=[recue.personne.siren, recue.service.code])
    ailleurs = client_de(espace).get(adresse, headers=D_UN_AUTRE_SITE)
    assert ailleurs.status_code == 200, "a link is followed"
    assert indecises(espace, maintenant=timezone.now()) == [recue]
    lue = TraceLecture.objects.get(lecteur=espace.numero_abonne)
    assert (lue.objet, lue.cle) == (HORS_USAGE, str(recue.pk)), "read, and traced"
    assert decliner(acteur=espace, habilitations=[recue])


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
def test_la_page_que_la_personne_ouvre_elle_meme_est_un_usage(espace: Espace, client_de: Any, site: str) -> None:
    recue = confier(espace)
    adresse = reverse("ouvrir_service", args=[recue.personne.siren, recue.service.code])
    assert client_de(espace).get(adresse, headers={"Sec-Fetch-Site": site}).status_code == 200
    assert indecises(espace, maintenant=timezone.now()) == []


def test_ce_qu_un_agent_ou_un_autre_lit_n_est_pas_un_usage(espace: Espace) -> None:
    recue = confier(espace)
    for lecteur in ("agent:leroy", EspaceFactory().numero_abonne):
        TraceLecture.objects.create(
            minute=timezone.now(),
            lecteur=lecteur,
            objet="habilitations.habilitation",
            nature="CONSULTATION",
            cle=str(recue.pk),
        )
    assert indecises(espace, maintenant=timezone.now()) == [recue]


def test_toute_ouverture_est_un_usage(espace: Espace, client_de: Any) -> None:
    """The last one is shown by « Vos habilitations »."""
    mienne, ancienne = habiliter(espace), confier(espace, accordee_le=timezone.now() - DELAI_DECLIN)
    for habilitation in (mienne, ancienne):
        ouvrir(client_de, habilitation)
    assert set(TraceLecture.objects.values_list("cle", flat=True)) == {str(mienne.pk), str(ancienne.pk)}


def test_partager_est_un_usage_meme_retire_depuis(espace: Espace) -> None:
    recue = confier(espace, role=Role.SUPPLEANT)
    accordees = deleguer(acteur=espace, adhesions=[recue.adhesion], beneficiaire=EspaceFactory(), role=Role.ACTEUR)
    retirer_delegation(acteur=espace, delegations=accordees)
    assert indecises(espace, maintenant=timezone.now()) == []


def test_qui_ne_decline_pas(espace: Espace) -> None:
    recue, mienne, finie = confier(espace), habiliter(espace), confier(espace)
    decliner(acteur=espace, habilitations=[finie])
    for acteur, habilitation, code in (
        (EspaceFactory(), recue, "pas_la_votre"),
        (recue.accordee_par.espace, recue, "pas_la_votre"),
        (espace, mienne, "plus_declinable"),
        (espace, finie, "habilitation_terminee"),
    ):
        with pytest.raises(LignesRefusees) as refus:
            decliner(acteur=acteur, habilitations=[habilitation])
        assert regles(refus.value) == {code}
    with pytest.raises(AucuneLigne):
        decliner(acteur=espace, habilitations=[])


def test_les_pages(espace: Espace, client_de: Any) -> None:
    recue, autre = confier(espace), confier(espace)
    navigateur = client_de(espace)
    liste = reverse("habilitations_recentes")
    for nom, requete in (("espace", ""), ("delegations", "?sens=recues")):
        assert liste in navigateur.get(reverse(nom) + requete).content.decode(), nom
    page = navigateur.get(liste).content.decode()
    assert {str(recue.pk), str(autre.pk)} <= set(re.findall(r'name="habilitations" value="([^"]+)"', page))
    choix = {"action": "decliner", "habilitations": [str(recue.pk)]}
    confirmation = navigateur.post(reverse("habilitations_choisir"), choix, follow=True).content.decode()
    assert recue.personne.denomination in confirmation
    assert autre.personne.denomination not in confirmation
    apercu = re.search(r'name="apercu" value="([^"]+)"', confirmation)
    assert apercu
    navigateur.post(reverse("habilitations_changer"), {"apercu": apercu[1]})
    recue.refresh_from_db()
    autre.refresh_from_db()
    assert (recue.est_vivante, autre.est_vivante) == (False, True)
    mienne = habiliter(espace)
    navigateur.post(reverse("habilitations_choisir"), {"action": "decliner", "habilitations": [str(mienne.pk)]})
    assert mienne.personne.denomination not in navigateur.get(reverse("habilitations_changer")).content.decode()


def test_rien_de_recent_rien_de_montre(espace: Espace, client_de: Any) -> None:
    ouvrir(client_de, confier(espace))
    assert reverse("habilitations_recentes") not in client_de(espace).get(reverse("espace")).content.decode()


# --- The holder's own act ---------------------------------------------------------------------------------------------


@pytest.fixture
def noye(espace: Espace) -> tuple[Espace, list[Habilitation]]:
    """A holder of 40 SIREN to whom a stranger handed 60 more: 100."""
    service = ServiceFactory(code="PERIMETRE")
    depart = timezone.now() - timedelta(days=10)
    for _ in range(40):
        habiliter(espace, service=service)
    intrus = EspaceFactory()
    confiees = [
        accorder(habiliter(intrus, service=service), espace, Role.ACTEUR, accordee_le=depart + timedelta(hours=rang))
        for rang in range(60)
    ]
    return espace, confiees


def test_sa_propre_adhesion_passe_la_plus_recente_cede(noye: Any, client_de: Any) -> None:
    """The attack of issue 9.4, and the victim's way: deposit, see what ends, enter the code."""
    espace, confiees = noye
    demande = scenes.adhesion(espace)
    scenes.editer(demande)
    assert compter_siren(espace) == 100, "nothing ends before the code"
    adresse, navigateur = reverse("demande", args=[demande.reference]), client_de(espace)
    page = navigateur.get(adresse).content.decode()
    assert confiees[-1].personne.denomination in page
    assert confiees[-2].personne.denomination not in page
    apercu = re.search(r'name="apercu" value="([^"]+)"', page)
    assert apercu
    navigateur.post(adresse, {"code": scenes.code(demande), "apercu": apercu[1]})
    connection.check_constraints()
    demande.refresh_from_db()
    assert (demande.etat, compter_siren(espace)) == (Demande.Etat.ACTIVEE, 100)
    confiees[-1].refresh_from_db()
    assert confiees[-1].fin_motif == "PLACE"
    intrus = confiees[-1].accordee_par.espace
    assert Courriel.objects.get(genre="habilitation_cedee").destinataire == intrus.compte.email
    assert Evenement.objects.get(acte="habilitation.cedee").siren == confiees[-1].personne.siren


def test_ce_qui_a_change_depuis_la_page_est_montre_avant_de_finir(noye: Any, client_de: Any) -> None:
    espace, confiees = noye
    demande = scenes.adhesion(espace)
    scenes.editer(demande)
    adresse, navigateur = reverse("demande", args=[demande.reference]), client_de(espace)
    apercu = re.search(r'name="apercu" value="([^"]+)"', navigateur.get(adresse).content.decode())
    assert apercu
    ouvrir(client_de, confiees[-1])
    for saisie in ({"apercu": apercu[1]}, {}):
        page = navigateur.post(adresse, {"code": scenes.code(demande), **saisie}).content.decode()
        assert "ont changé" in page
        assert confiees[-2].personne.denomination in page
    demande.refresh_from_db()
    assert (demande.etat, demande.courriers.get().essais) == (Demande.Etat.CODE_ENVOYE, 0)


def test_une_substitution_aussi(noye: Any) -> None:
    espace, confiees = noye
    racine = habiliter(EspaceFactory(), accordee_le=timezone.now() - timedelta(days=9))
    remplacer(espace, racine)
    connection.check_constraints()
    confiees[-1].refresh_from_db()
    assert (confiees[-1].fin_motif, compter_siren(espace)) == ("PLACE", 100)


def test_reprendre_a_l_intrus_son_propre_siren_ne_le_fait_pas_ceder(noye: Any) -> None:
    """The SIREN that the code is about is held already, by a recent grant: it needs no place and loses none."""
    espace, confiees = noye
    remplacer(espace, Habilitation.objects.get(pk=confiees[-1].accordee_par_id))
    assert compter_siren(espace) == 100
    assert not Habilitation.objects.filter(fin_motif="PLACE").exists()


def test_ce_qui_sert_ne_cede_pas(noye: Any, client_de: Any) -> None:
    espace, confiees = noye
    for confiee in confiees:
        ouvrir(client_de, confiee)
    with pytest.raises(PerimetreDepasse):
        scenes.adhesion(espace)


def test_un_siren_tenu_aussi_autrement_ne_cede_pas(noye: Any) -> None:
    espace, confiees = noye
    for confiee in confiees[1:]:
        habiliter(espace, personne=confiee.personne)
    demande = scenes.adhesion(espace)
    scenes.editer(demande)
    activer(acteur=espace, demande=demande, saisie=scenes.code(demande))
    finies = Habilitation.objects.filter(fin_motif="PLACE")
    assert [h.pk for h in finies] == [confiees[0].pk], "the only SIREN that a recent grant alone holds"


def test_l_acte_d_un_autre_ne_prend_la_place_de_personne(noye: Any) -> None:
    espace, _ = noye
    racine = habiliter(EspaceFactory())
    with pytest.raises(PerimetreDuBeneficiaire):
        deleguer(acteur=racine.espace, adhesions=[racine.adhesion], beneficiaire=espace, role=Role.ACTEUR)


@pytest.mark.django_db(transaction=True)
def test_course_la_place_des_recentes(tours: Callable[[int], int]) -> None:
    """Codes, grants, declining and opening, sixteen at once on a full perimeter: never 101, and no deadlock."""
    with transaction.atomic():
        service: Service = ServiceFactory(code="PERIMETRE")
    for _ in range(tours(200)):
        with transaction.atomic():
            espace: Espace = EspaceFactory()
            for _ in range(92):
                habiliter(espace, service=service)
            confiees = [confier(espace) for _ in range(8)]
            racines = [habiliter(EspaceFactory(), accordee_le=timezone.now() - timedelta(days=9)) for _ in range(16)]
            for racine in racines:
                MandatFactory(personne=racine.personne, mandataire=espace)

        def agir(rang: int, espace: Espace = espace, confiees: Any = confiees, racines: Any = racines) -> Any:
            if rang % 4 == 0:
                return remplacer(espace, racines[rang])
            if rang % 4 == 1:
                return decliner(acteur=espace, habilitations=[confiees[rang // 4]])
            if rang % 4 == 2:
                return retirer_delegation(
                    acteur=confiees[4 + rang // 4].accordee_par.espace, delegations=[confiees[4 + rang // 4]]
                )
            return deleguer(
                acteur=racines[rang].espace,
                adhesions=[racines[rang].adhesion],
                beneficiaire=espace,
                role=Role.ACTEUR,
            )

        issues = en_parallele(16, agir)
        assert all(not isinstance(i, BaseException) or isinstance(i, RegleMetier) for i in issues), issues
        assert all(not isinstance(issues[rang], BaseException) for rang in (0, 4, 8, 12)), issues
        assert compter_siren(espace) <= 100


# --- Caps of a pair ---------------------------------------------------------------------------------------------------


def accorder_et_retirer(racine: Habilitation, espace: Espace, fois: int, depart: datetime | None = None) -> None:
    for rang in range(fois):
        accordees = deleguer(
            acteur=racine.espace,
            adhesions=[racine.adhesion],
            beneficiaire=espace,
            role=Role.ACTEUR,
            maintenant=depart and depart + timedelta(seconds=rang),
        )
        retirer_delegation(acteur=racine.espace, delegations=accordees)


def test_soixante_designations_et_retraits(espace: Espace) -> None:
    """The flood of issue 9.4: 60 grants and withdrawals sent 120 mails."""
    racine = habiliter(EspaceFactory())
    with pytest.raises(TropDeDesignations):
        accorder_et_retirer(racine, espace, 60)
    recus = Courriel.objects.filter(espace=espace)
    assert recus.count() == 11
    assert recus.filter(genre="habilitations_suite").count() == 1
    accorder_et_retirer(habiliter(EspaceFactory()), espace, 1)
    assert Courriel.objects.filter(espace=espace, genre="habilitation_accordee").count() == 6, "another's still arrive"


@pytest.mark.parametrize("secondes", [-1, 1])
def test_dix_actes_par_paire_et_par_jour(espace: Espace, secondes: int) -> None:
    racine, depart = habiliter(EspaceFactory()), timezone.now() - timedelta(days=2)
    accorder_et_retirer(racine, espace, 10, depart)
    commun = {"acteur": racine.espace, "adhesions": [racine.adhesion], "role": Role.ACTEUR}
    instant = depart + timedelta(days=1, seconds=secondes)
    deleguer(beneficiaire=EspaceFactory(), maintenant=instant, **commun)
    if secondes < 0:
        with pytest.raises(TropDeDesignations):
            deleguer(beneficiaire=espace, maintenant=instant, **commun)
    else:
        deleguer(beneficiaire=espace, maintenant=instant, **commun)


def test_un_fichier_est_un_acte(espace: Espace, settings: Any) -> None:
    """Its lines for one person may bear other roles and other last days: as many groups, one act."""
    settings.PLAFOND_DESIGNATIONS_PAIRE = 1
    titulaire = EspaceFactory()
    racines = [habiliter(titulaire) for _ in range(6)]
    jour = timezone.localdate()
    lignes = [
        Operation(
            acte=Acte.ACCORDER,
            habilitation="",
            adhesion=racine.adhesion.pk,
            beneficiaire=str(espace.pk),
            role=Role.SUPPLEANT if rang == 0 else Role.ACTEUR,
            fin=None if rang == 0 else (jour + timedelta(days=rang)).isoformat(),
        )
        for rang, racine in enumerate(racines)
    ]
    assert len(appliquer_fichier(acteur=titulaire, operations=lignes)) == 6
    suivante = habiliter(titulaire)
    with pytest.raises(TropDeDesignations):
        designer_suppleant(acteur=titulaire, adhesions=[suivante.adhesion], beneficiaire=espace)


def test_mettre_en_veille_sans_fin_n_inonde_pas(espace: Espace) -> None:
    racine = habiliter(EspaceFactory())
    suppleance = accorder(racine, espace, Role.SUPPLEANT)
    for _ in range(20):
        mettre_en_veille(acteur=racine.espace, suppleances=[suppleance])
        reactiver(acteur=racine.espace, suppleances=[suppleance])
    for destinataire in (espace, racine.espace):
        assert Courriel.objects.filter(espace=destinataire).count() == 11
    assert Evenement.objects.filter(espace=espace.numero_abonne).count() == 40, "the journal has them all"


def test_la_suite_dit_ou_tout_se_lit(espace: Espace) -> None:
    racine = habiliter(EspaceFactory())
    suppleance = accorder(racine, espace, Role.SUPPLEANT)
    for _ in range(6):
        mettre_en_veille(acteur=racine.espace, suppleances=[suppleance])
        reactiver(acteur=racine.espace, suppleances=[suppleance])
    texte = composer(Courriel.objects.get(espace=espace, genre="habilitations_suite")).body
    assert racine.espace.nom_complet in texte
    assert "Journal de votre espace" in texte
