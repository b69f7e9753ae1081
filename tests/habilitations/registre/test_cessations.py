"""A company that the register closes: nothing closes by itself, nothing new opens, somebody decides (design.md §8)."""

from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Agent, Courriel, Evenement
from activation.demandes.depot import PersonneCessee
from habilitations.arbre.lots import LignesRefusees
from habilitations.models import Adhesion, Cessation, Habilitation, Role
from habilitations.models.cessation import DELAI_DE_CESSATION
from habilitations.partage.delegations import deleguer
from habilitations.partage.designations import CessationConstatee
from habilitations.partage.revue import a_revoir, revoir, sans_reponse
from habilitations.registre.cessations import (
    CessationTraitee,
    MaintienInvalide,
    MotifDeCessationRequis,
    contester_le_registre,
    fermer_les_services,
    maintenir_les_services,
    suivre_cessations,
)
from services.actes import REGISTRE_SUIVI
from services.dossiers import Dossier
from services.models import EvenementRegistre, PersonneSirenisee, Service
from services.registre.regles import PersonneHorsCompetence
from services.registre.suivi import EssaiRequis, commencer_le_suivi, essayer_le_suivi, suivre_registre
from tests.activation import scenes
from tests.factories import (
    AgentFactory,
    EspaceFactory,
    PersonneFactory,
    ServiceFactory,
    accorder,
    habiliter,
    representer,
)
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db
FAMILLES = {famille: famille.value for famille in Service.Famille}
ACTES: dict[str, Callable[..., Cessation]] = {
    "fermer": fermer_les_services,
    "maintenir": maintenir_les_services,
    "contester": contester_le_registre,
}


@pytest.fixture
def suivi() -> None:
    """The register is followed: an operator started it."""
    essayer_le_suivi(acteur="systeme:essai")
    commencer_le_suivi(acteur="systeme:essai")


@pytest.fixture
def entreprise() -> PersonneSirenisee:
    return PersonneFactory()


@pytest.fixture
def agent(entreprise: PersonneSirenisee) -> Agent:
    return AgentFactory(service_gestionnaire=entreprise.service_gestionnaire)


@pytest.fixture
def droits(entreprise: PersonneSirenisee) -> dict[str, Habilitation]:
    """One titulaire of a service of each family."""
    espace = EspaceFactory()
    return {
        famille: habiliter(espace, personne=entreprise, service=ServiceFactory(code=famille, famille=famille))
        for famille in FAMILLES.values()
    }


def dire(personne: PersonneSirenisee, *, active: bool) -> None:
    """As the import leaves a change of the register; then those who listen are told."""
    PersonneSirenisee.objects.filter(pk=personne.pk).update(
        active=active, **({"cessation_contestee_le": None} if active else {})
    )
    genre = "REOUVERTURE" if active else "CESSATION"
    EvenementRegistre.objects.create(personne=personne, genre=genre)
    suivre_registre()


def cesser(personne: PersonneSirenisee) -> Cessation:
    dire(personne, active=False)
    return Cessation.objects.get(personne=personne, terminee_le=None)


def ouverts(droits: dict[str, Habilitation]) -> set[str]:
    """Return the families of which the service can be used, the mailbox being written to."""
    trouves = set()
    for famille, habilitation in droits.items():
        compte = type(habilitation.espace.compte).objects.get(pk=habilitation.espace.compte_id)
        personne = PersonneSirenisee.objects.get(pk=habilitation.personne_id)
        objet = Dossier(personne, habilitation.service)
        if compte.has_perm("services.utiliser", objet):
            trouves.add(famille)
        if compte.has_perm("services.ecrire", objet):
            trouves.add("écrire")
    return trouves


TOUT = {*FAMILLES.values(), "écrire"}


def courriels(genre: str) -> list[str]:
    return sorted(Courriel.objects.filter(genre=genre).values_list("destinataire", flat=True))


def test_a_la_cessation_rien_ne_se_ferme_chacun_le_sait(
    suivi: None, entreprise: PersonneSirenisee, droits: dict[str, Habilitation]
) -> None:
    suppleant = accorder(droits["DECLARER"], EspaceFactory(), Role.SUPPLEANT)
    cessation = cesser(entreprise)
    assert cessation.etat == Cessation.Etat.A_DECIDER
    assert ouverts(droits) == TOUT
    assert courriels("cessation_constatee") == sorted(h.espace.compte.email for h in (droits["DECLARER"], suppleant)), (
        "one mail for each holder, whatever the number of services"
    )
    assert courriels("cessation_a_decider") == [entreprise.service_gestionnaire.courriel]
    assert not Adhesion.objects.exclude(fermee_le=None).exists()
    dire(entreprise, active=False)
    assert Cessation.objects.count() == 1


def test_ni_nouvelle_adhesion_ni_nouveau_droit_des_que_le_registre_le_dit(
    entreprise: PersonneSirenisee, droits: dict[str, Habilitation]
) -> None:
    """Even before anybody was told."""
    PersonneSirenisee.objects.filter(pk=entreprise.pk).update(active=False)
    with pytest.raises(PersonneCessee):
        scenes.adhesion(None, PersonneSirenisee.objects.get(pk=entreprise.pk))
    titulaire = droits["DECLARER"]
    with pytest.raises(LignesRefusees) as refus:
        deleguer(
            acteur=titulaire.espace, adhesions=[titulaire.adhesion], beneficiaire=EspaceFactory(), role=Role.ACTEUR
        )
    assert [type(ligne.regle) for ligne in refus.value.lignes] == [CessationConstatee]


def test_sans_decision_pendant_douze_mois_seule_la_consultation_reste(
    suivi: None, entreprise: PersonneSirenisee, droits: dict[str, Habilitation]
) -> None:
    delegue = accorder(droits["DECLARER"], EspaceFactory(), Role.ACTEUR)
    cessation = cesser(entreprise)
    assert suivre_cessations(maintenant=cessation.constatee_le + DELAI_DE_CESSATION - timedelta(seconds=1)) == 0
    assert ouverts(droits) == TOUT
    assert suivre_cessations(maintenant=cessation.constatee_le + DELAI_DE_CESSATION) == 1
    connection.check_constraints()
    assert ouverts(droits) == {"CONSULTER", "MESSAGERIE"}, "the mailbox is still read"
    assert not ouverts({"DECLARER": delegue})
    assert len(courriels("cessation_restreinte")) == 2
    assert suivre_cessations(maintenant=cessation.constatee_le + DELAI_DE_CESSATION) == 0, "once"


def test_la_consultation_dure_jusqu_a_la_prescription(
    suivi: None, entreprise: PersonneSirenisee, droits: dict[str, Habilitation]
) -> None:
    cessation = cesser(entreprise)
    suivre_cessations(maintenant=cessation.constatee_le + DELAI_DE_CESSATION)
    fin = cessation.constatee_le + settings.PRESCRIPTION_FISCALE
    assert suivre_cessations(maintenant=fin - timedelta(seconds=1)) == 0
    assert suivre_cessations(maintenant=fin) == 1
    connection.check_constraints()
    cessation.refresh_from_db()
    assert cessation.etat == Cessation.Etat.PRESCRITE
    assert set(Adhesion.objects.values_list("fermee_motif", flat=True)) == {"CESSATION"}
    assert ouverts(droits) == set()


@pytest.mark.parametrize("restreinte", [False, True])
def test_la_reouverture_par_le_registre_defait_tout(
    restreinte: bool, suivi: None, entreprise: PersonneSirenisee, droits: dict[str, Habilitation]
) -> None:
    en_veille = accorder(
        droits["DECLARER"],
        EspaceFactory(),
        Role.SUPPLEANT,
        etat="EN_VEILLE",
        veille_motif="TITULAIRE",
        veille_depuis=timezone.now(),
    )
    avant = {h.pk: (h.etat, h.veille_motif) for h in Habilitation.objects.all()}
    cessation = cesser(entreprise)
    if restreinte:
        suivre_cessations(maintenant=cessation.constatee_le + DELAI_DE_CESSATION)
    dire(entreprise, active=True)
    assert {h.pk: (h.etat, h.veille_motif) for h in Habilitation.objects.all()} == avant
    assert ouverts(droits) == TOUT
    assert not ouverts({"DECLARER": en_veille}), "what the titulaire had suspended stays so"
    cessation.refresh_from_db()
    assert cessation.etat == Cessation.Etat.ROUVERTE
    assert len(courriels("cessation_annulee")) == 2
    assert courriels("cessation_sans_suite") == [entreprise.service_gestionnaire.courriel]
    assert suivre_cessations(maintenant=cessation.constatee_le + 2 * DELAI_DE_CESSATION) == 0
    assert scenes.adhesion(None, PersonneSirenisee.objects.get(pk=entreprise.pk)).est_en_cours


def test_rouverte_avant_que_personne_n_ait_rien_su(suivi: None, entreprise: PersonneSirenisee) -> None:
    habiliter(EspaceFactory(), personne=entreprise)
    for genre in ("CESSATION", "REOUVERTURE"):
        EvenementRegistre.objects.create(personne=entreprise, genre=genre)
    suivre_registre()
    assert (Cessation.objects.count(), courriels("cessation_constatee"), courriels("cessation_annulee")) == (0, [], [])


def test_l_agent_ferme(
    suivi: None, agent: Agent, entreprise: PersonneSirenisee, droits: dict[str, Habilitation]
) -> None:
    accorder(droits["PAYER"], EspaceFactory(), Role.ACTEUR)
    cessation = fermer_les_services(acteur=agent, cessation=cesser(entreprise), motif="Liquidation\n\nclose")
    connection.check_constraints()
    assert (cessation.etat, cessation.agent, cessation.motif) == ("FERMEE", agent, "Liquidation close")
    assert not Habilitation.objects.vivantes().exists()
    assert len(courriels("cessation_fermee")) == 2
    dire(entreprise, active=True)
    assert ouverts(droits) == set(), "an agent's act is not the register's to undo"


def test_l_agent_maintient_jusqu_a_une_date(
    suivi: None, agent: Agent, entreprise: PersonneSirenisee, droits: dict[str, Habilitation]
) -> None:
    cessation = cesser(entreprise)
    suivre_cessations(maintenant=cessation.constatee_le + DELAI_DE_CESSATION)
    jour = timezone.localdate() + timedelta(days=500)
    maintenir_les_services(acteur=agent, cessation=cessation, jusqu_au=jour, motif="Succession")
    assert ouverts(droits) == TOUT, "what was reduced is given back"
    midi = timezone.now() + timedelta(days=500)
    assert suivre_cessations(maintenant=midi) == 0, "that day included"
    assert suivre_cessations(maintenant=midi + timedelta(days=1)) == 1
    assert ouverts(droits) == {"CONSULTER", "MESSAGERIE"}
    with pytest.raises(PersonneCessee):
        scenes.adhesion(None, PersonneSirenisee.objects.get(pk=entreprise.pk))


def test_l_agent_dit_le_registre_inexact(
    suivi: None, agent: Agent, entreprise: PersonneSirenisee, droits: dict[str, Habilitation]
) -> None:
    cessation = cesser(entreprise)
    suivre_cessations(maintenant=cessation.constatee_le + DELAI_DE_CESSATION)
    contester_le_registre(acteur=agent, cessation=cessation, motif="Erreur du greffe")
    assert ouverts(droits) == TOUT
    assert scenes.adhesion(None, PersonneSirenisee.objects.get(pk=entreprise.pk)).est_en_cours
    assert suivre_cessations(maintenant=timezone.now() + 3 * DELAI_DE_CESSATION) == 0
    dire(entreprise, active=True)
    assert PersonneSirenisee.objects.get(pk=entreprise.pk).cessation_contestee_le is None
    assert cesser(entreprise).pk != cessation.pk, "closed again, it is a new closure"


@pytest.mark.parametrize("acte", ACTES)
def test_ce_qu_un_agent_ne_peut_pas(acte: str, suivi: None, agent: Agent, entreprise: PersonneSirenisee) -> None:
    habiliter(EspaceFactory(), personne=entreprise)
    cessation = cesser(entreprise)
    suite = {"jusqu_au": timezone.localdate() + timedelta(days=1)} if acte == "maintenir" else {}
    with pytest.raises(PersonneHorsCompetence):
        ACTES[acte](acteur=AgentFactory(), cessation=cessation, motif="M", **suite)
    for motif in (" \n", "x" * 301):
        with pytest.raises(MotifDeCessationRequis):
            ACTES[acte](acteur=agent, cessation=cessation, motif=motif, **suite)
    contester_le_registre(acteur=agent, cessation=cessation, motif="M")
    with pytest.raises(CessationTraitee):
        ACTES[acte](acteur=agent, cessation=cessation, motif="M", **suite)


@pytest.mark.parametrize("jours", [-1, 0, 2192 + 1])
def test_maintenir_jusqu_a_un_jour_qui_n_a_pas_de_sens(
    jours: int, suivi: None, agent: Agent, entreprise: PersonneSirenisee
) -> None:
    habiliter(EspaceFactory(), personne=entreprise)
    cessation = cesser(entreprise)
    jour: date = timezone.localdate() + timedelta(days=jours)
    with pytest.raises(MaintienInvalide):
        maintenir_les_services(acteur=agent, cessation=cessation, jusqu_au=jour, motif="M")


def test_le_premier_suivi_est_a_blanc_puis_par_lots() -> None:
    personnes = [PersonneFactory(active=False) for _ in range(3)]
    for personne in personnes:
        habiliter(EspaceFactory(), personne=personne)
    sans_droit = PersonneFactory(active=False)
    EvenementRegistre.objects.create(personne=sans_droit, genre="CESSATION")
    assert suivre_registre().par_genre.total() == 0, "the job does nothing before an operator has started it"
    with pytest.raises(CommandError, match="--dry-run"):
        call_command("suivre_registre", stdout=StringIO())
    with pytest.raises(EssaiRequis):
        commencer_le_suivi(acteur="systeme:essai")
    sortie = StringIO()
    call_command("suivre_registre", dry_run=True, stdout=sortie)
    assert "cessations d'avant le suivi : 3\n" in sortie.getvalue()
    assert "sans objet (personne n'y tient rien) : 1\n" in sortie.getvalue()
    assert (Cessation.objects.count(), Courriel.objects.count()) == (0, 0)
    for restent in (1, 0):
        sortie = StringIO()
        call_command("suivre_registre", lot=2, stdout=sortie)
        assert f"restent à dire : {restent}\n" in sortie.getvalue()
    assert Cessation.objects.count() == 3
    assert len(courriels("cessation_constatee")) == 3
    assert Evenement.objects.filter(acte=REGISTRE_SUIVI.code).count() == 1
    assert suivre_registre().par_genre.total() == 0


@pytest.mark.django_db(transaction=True)
def test_deux_suivis_a_la_fois_disent_une_fois() -> None:
    essayer_le_suivi(acteur="systeme:essai")
    commencer_le_suivi(acteur="systeme:essai")
    entreprise = PersonneFactory(active=False)
    with transaction.atomic():
        habiliter(EspaceFactory(), personne=entreprise)
    EvenementRegistre.objects.create(personne=entreprise, genre="CESSATION")
    bilans = en_parallele(4, lambda rang: suivre_registre())
    assert sum(bilan.par_genre.total() for bilan in bilans) == 1
    assert Cessation.objects.count() == 1
    assert len(courriels("cessation_constatee")) == 1


def test_un_nouveau_representant_est_dit_au_titulaire_et_ouvre_la_revue(
    suivi: None, entreprise: PersonneSirenisee
) -> None:
    racine = habiliter(EspaceFactory(), personne=entreprise)
    suppleant = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    acteur = accorder(suppleant, EspaceFactory(), Role.ACTEUR)
    representer(entreprise, "PETIT", "Anne", source="FICHIER")
    ailleurs = accorder(habiliter(suppleant.espace), EspaceFactory(), Role.ACTEUR)
    EvenementRegistre.objects.create(personne=entreprise, genre="REPRESENTANT")
    maintenant = timezone.now()
    assert not a_revoir(suppleant.espace, maintenant).exists()
    suivre_registre(maintenant=maintenant)
    assert courriels("representant_change") == [racine.espace.compte.email]
    assert list(a_revoir(suppleant.espace, maintenant)) == [acteur], "that company's alone"
    assert not sans_reponse(racine.espace, maintenant + timedelta(days=59)).exists()
    assert list(sans_reponse(racine.espace, maintenant + timedelta(days=60))) == [acteur]
    revoir(acteur=suppleant.espace, confirmees=[acteur], maintenant=maintenant)
    assert not a_revoir(suppleant.espace, maintenant).exists()
    assert ailleurs.revue_demandee_le is None
