"""Substitution: the root of the tree changes, what hung under the old one waits for the new titulaire (R12)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Courriel, Espace, Evenement
from accounts.saisies.regles import RegleMetier
from habilitations.arbre.confirmations import DelaiPasse, RienADecider, decider, ecarter_non_confirmees, en_attente
from habilitations.arbre.lots import DroitInsuffisant, LignesRefusees
from habilitations.arbre.retrait import HabilitationTerminee
from habilitations.arbre.substitutions import DELAI_DE_DECISION, Substitution, organisation
from habilitations.droits.perimetre import PerimetreDepasse
from habilitations.droits.roles import GERER_SUPPLEANTS, UTILISER
from habilitations.models import DemandeRetrait, Habilitation, Role
from habilitations.partage.delegations import deleguer, retirer_delegation
from habilitations.partage.suppleances import PasUnSuppleant, designer_suppleant, mettre_en_veille, reactiver
from services.models import ReferenceBancaire, Service
from tests.factories import EspaceFactory, PersonneFactory, ServiceFactory, accorder, compte_bancaire, habiliter
from tests.habilitations.scenes import peut, regles, remplacer, revoir_puis_confirmer, texte
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db


def sur(racine: Habilitation, espace: Espace) -> Habilitation:
    """Return the live habilitation of this espace on the adhésion of `racine`."""
    return Habilitation.objects.vivantes().get(adhesion=racine.adhesion, espace=espace)


@pytest.fixture
def racine(db: None) -> Habilitation:
    return habiliter(EspaceFactory(), accordee_le=timezone.now() - timedelta(days=400))


def test_le_demandeur_devient_titulaire_et_l_ancien_perd_le_service(racine: Habilitation) -> None:
    nouveau, ancien = EspaceFactory(), racine.espace
    substitution = remplacer(nouveau, racine)
    connection.check_constraints()
    assert substitution.adhesions == [racine.adhesion]
    assert not substitution.ecartes
    assert peut(nouveau, UTILISER, racine)
    assert peut(nouveau, GERER_SUPPLEANTS, racine)
    assert not peut(ancien, UTILISER, racine)
    racine.refresh_from_db()
    assert racine.fin_motif == Habilitation.MotifFin.SUBSTITUTION
    racine.adhesion.refresh_from_db()
    assert racine.adhesion.mandat.mandataire == nouveau, "the adhésion rests on the new mandate"


def test_l_ancien_titulaire_est_prevenu_du_nom_et_de_l_organisation_seuls(racine: Habilitation) -> None:
    PersonneFactory(siren="552032534", denomination="CABINET DURAND")
    nouveau = EspaceFactory(prenom="Awa", nom="Diallo", siren_appartenance="552032534")
    remplacer(nouveau, racine)
    courriel = Courriel.objects.get(genre="substitution_effectuee", destinataire=racine.espace.compte.email)
    assert courriel.contexte["demandeur"] == "Awa Diallo"
    assert courriel.contexte["organisation"] == "CABINET DURAND"
    texte = str(courriel.contexte)
    assert nouveau.numero_abonne not in texte
    assert nouveau.compte.email not in texte
    assert nouveau.telephone not in texte


@pytest.mark.parametrize(
    ("siren", "nom"), [("552032534", "CABINET DURAND"), ("383474814", "SIREN 383474814"), ("", "")]
)
def test_l_organisation_d_un_espace(siren: str, nom: str) -> None:
    PersonneFactory(siren="552032534", denomination="CABINET DURAND")
    assert organisation(EspaceFactory(siren_appartenance=siren)) == nom


def test_ce_qui_etait_dessous_attend_la_decision(racine: Habilitation) -> None:
    suppleant = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    delegant = accorder(suppleant, EspaceFactory(), Role.ACTEUR_DELEGANT)
    acteur = accorder(delegant, EspaceFactory(), Role.ACTEUR)
    nouveau = EspaceFactory()
    substitution = remplacer(nouveau, racine)
    connection.check_constraints()
    assert {h.pk for h in substitution.en_veille} == {suppleant.pk, delegant.pk, acteur.pk}
    for habilitation in (suppleant, delegant, acteur):
        habilitation.refresh_from_db()
        assert habilitation.etat == Habilitation.Etat.EN_VEILLE
        assert habilitation.veille_motif == Habilitation.MotifVeille.SUBSTITUTION
        assert not peut(habilitation.espace, UTILISER, racine)
        assert Courriel.objects.filter(
            genre="substitution_en_attente", destinataire=habilitation.espace.compte.email
        ).exists()
    assert suppleant.accordee_par == sur(racine, nouveau), "what was under the old root hangs under the new one"
    assert delegant.accordee_par == suppleant
    assert acteur.accordee_par == delegant
    assert list(en_attente(nouveau)) == [suppleant, delegant, acteur]


@pytest.mark.parametrize("role", [Role.SUPPLEANT, Role.ACTEUR_DELEGANT, Role.ACTEUR])
def test_sa_propre_habilitation_est_promue_avec_ce_qu_il_avait_accorde(racine: Habilitation, role: str) -> None:
    sienne = accorder(racine, EspaceFactory(), role)
    accorde = accorder(sienne, EspaceFactory(), Role.ACTEUR)
    frere = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    remplacer(sienne.espace, racine)
    connection.check_constraints()
    sienne.refresh_from_db()
    assert sienne.fin_motif == Habilitation.MotifFin.PROMOTION
    assert sur(racine, sienne.espace).role == Role.TITULAIRE
    accorde.refresh_from_db()
    assert accorde.etat == Habilitation.Etat.ACTIVE
    assert accorde.accordee_par == sur(racine, sienne.espace)
    frere.refresh_from_db()
    assert frere.etat == Habilitation.Etat.EN_VEILLE


def test_promue_depuis_le_bas_de_l_arbre_meme_perimee_ou_en_veille(racine: Habilitation) -> None:
    suppleant = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    delegant = accorder(suppleant, EspaceFactory(), Role.ACTEUR_DELEGANT)
    sienne = accorder(delegant, EspaceFactory(), Role.ACTEUR, expire_le=timezone.localdate() - timedelta(days=1))
    mettre_en_veille(acteur=racine.espace, suppleances=[suppleant])
    remplacer(sienne.espace, racine)
    connection.check_constraints()
    nouvelle = sur(racine, sienne.espace)
    assert nouvelle.role == Role.TITULAIRE
    assert nouvelle.expire_le is None
    suppleant.refresh_from_db()
    assert suppleant.accordee_par == nouvelle
    assert suppleant.veille_motif == Habilitation.MotifVeille.SUBSTITUTION


def test_services_pris_un_par_un(racine: Habilitation) -> None:
    """The ordonnateur's substitute does not capture the comptable's payment (domaine.md §2.8)."""
    paiement = habiliter(racine.espace, personne=racine.personne, service=ServiceFactory(paiement=True))
    acteur = accorder(paiement, EspaceFactory(), Role.ACTEUR)
    remplacer(EspaceFactory(), racine)
    assert peut(racine.espace, UTILISER, paiement)
    acteur.refresh_from_db()
    assert acteur.etat == Habilitation.Etat.ACTIVE


def test_un_titulaire_venu_apres_la_demande_n_est_pas_remplace(racine: Habilitation) -> None:
    maintenant = timezone.now()
    premier, second = EspaceFactory(), EspaceFactory()
    remplacer(premier, racine, demandee_le=maintenant - timedelta(days=20), maintenant=maintenant)
    substitution = remplacer(
        second, racine, demandee_le=maintenant - timedelta(days=10), maintenant=maintenant + timedelta(days=1)
    )
    assert substitution.ecartes == [racine.service]
    assert not substitution.adhesions
    assert peut(premier, UTILISER, racine)
    assert not peut(second, UTILISER, racine)


def test_un_service_ferme_entre_temps_est_ouvert(racine: Habilitation) -> None:
    nouveau = EspaceFactory()
    Habilitation.objects.filter(pk=racine.pk).update(fin_le=timezone.now(), fin_motif="FERMETURE")
    racine.adhesion.fermee_le, racine.adhesion.fermee_motif = timezone.now(), "RETRAIT_GESTIONNAIRE"
    racine.adhesion.save()
    substitution = remplacer(nouveau, racine)
    connection.check_constraints()
    assert [a.service for a in substitution.adhesions] == [racine.service]
    assert peut(nouveau, UTILISER, racine)


def test_le_perimetre_est_exige(racine: Habilitation, settings: Any) -> None:
    settings.PERIMETRE_SIREN = 2
    nouveau = EspaceFactory()
    habiliter(nouveau), habiliter(nouveau)
    with pytest.raises(PerimetreDepasse):
        remplacer(nouveau, racine)
    assert peut(racine.espace, UTILISER, racine)


def test_les_references_bancaires_restent(racine: Habilitation) -> None:
    compte_bancaire(racine.personne)
    remplacer(EspaceFactory(), racine)
    assert ReferenceBancaire.objects.filter(personne=racine.personne).count() == 1


def test_la_demande_de_retrait_de_l_ancien_est_reglee(racine: Habilitation) -> None:
    demande = DemandeRetrait.objects.create(habilitation=racine, demandeur=racine.espace)
    remplacer(EspaceFactory(), racine)
    demande.refresh_from_db()
    assert demande.etat == DemandeRetrait.Etat.ACCEPTEE


def test_le_journal_dit_tout(racine: Habilitation) -> None:
    acteur = accorder(racine, EspaceFactory(), Role.ACTEUR)
    sienne = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    remplacer(sienne.espace, racine)
    ecrit = set(Evenement.objects.filter(siren=racine.personne.siren).values_list("acte", "espace"))
    assert {
        ("titulaire.remplace", racine.espace.numero_abonne),
        ("habilitation.promue", sienne.espace.numero_abonne),
        ("titulaire.substitue", sienne.espace.numero_abonne),
        ("habilitation.a_confirmer", acteur.espace.numero_abonne),
    } <= ecrit


# What waits: kept, dropped, forgotten.


@pytest.fixture
def attente(racine: Habilitation) -> dict[str, Any]:
    """Return a substitution with a suppléant, his acteur délégant and the latter's acteur, all waiting."""
    suppleant = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    delegant = accorder(suppleant, EspaceFactory(), Role.ACTEUR_DELEGANT)
    acteur = accorder(delegant, EspaceFactory(), Role.ACTEUR)
    nouveau, maintenant = EspaceFactory(), timezone.now()
    remplacer(nouveau, racine, maintenant=maintenant)
    for habilitation in (suppleant, delegant, acteur):
        habilitation.refresh_from_db()
    return {
        "nouveau": nouveau,
        "racine": sur(racine, nouveau),
        "maintenant": maintenant,
        "suppleant": suppleant,
        "delegant": delegant,
        "acteur": acteur,
    }


def test_conserver_rend_le_droit(attente: dict[str, Any]) -> None:
    decider(acteur=attente["nouveau"], gardees=[attente["suppleant"]])
    connection.check_constraints()
    assert peut(attente["suppleant"].espace, UTILISER, attente["racine"])
    assert list(en_attente(attente["nouveau"])) == [attente["delegant"], attente["acteur"]]
    assert Courriel.objects.filter(genre="habilitation_conservee").count() == 1


def test_retirer_emporte_ce_qui_pend_sauf_ce_qui_est_conserve(attente: dict[str, Any]) -> None:
    terminees = decider(acteur=attente["nouveau"], gardees=[attente["acteur"]], ecartees=[attente["suppleant"]])
    connection.check_constraints()
    for cle in ("suppleant", "delegant", "acteur"):
        attente[cle].refresh_from_db()
    assert attente["suppleant"].fin_motif == Habilitation.MotifFin.RETRAIT
    assert attente["delegant"].fin_motif == Habilitation.MotifFin.CASCADE
    assert attente["acteur"].est_active()
    assert attente["acteur"].accordee_par == attente["racine"], "kept: it hangs under the titulaire now"
    assert set(terminees) == {attente["suppleant"], attente["delegant"]}
    assert Courriel.objects.filter(genre="habilitation_ecartee").count() == 2


def test_ce_qui_est_conserve_emmene_ce_qui_pend_sous_lui(attente: dict[str, Any]) -> None:
    decider(acteur=attente["nouveau"], gardees=[attente["delegant"]], ecartees=[attente["suppleant"]])
    connection.check_constraints()
    for cle in ("delegant", "acteur"):
        attente[cle].refresh_from_db()
    assert attente["delegant"].est_active()
    assert attente["acteur"].accordee_par == attente["delegant"]
    assert attente["acteur"].etat == Habilitation.Etat.EN_VEILLE, "it waits for its own decision"


def test_retirer_en_reprenant_laisse_attendre_ce_qui_pend(attente: dict[str, Any]) -> None:
    decider(acteur=attente["nouveau"], ecartees=[attente["suppleant"]], reprendre=True)
    connection.check_constraints()
    attente["delegant"].refresh_from_db()
    assert attente["delegant"].etat == Habilitation.Etat.EN_VEILLE
    assert attente["delegant"].accordee_par == attente["racine"]
    assert list(en_attente(attente["nouveau"])) == [attente["delegant"], attente["acteur"]]


def test_tout_ecarter(attente: dict[str, Any]) -> None:
    decider(acteur=attente["nouveau"], ecartees=[attente["acteur"], attente["suppleant"], attente["delegant"]])
    connection.check_constraints()
    assert Habilitation.objects.vivantes().filter(adhesion=attente["racine"].adhesion).get() == attente["racine"]


def test_seul_le_nouveau_titulaire_decide(attente: dict[str, Any]) -> None:
    for acteur in (EspaceFactory(), attente["suppleant"].espace):
        with pytest.raises(LignesRefusees) as refus:
            decider(acteur=acteur, gardees=[attente["acteur"]])
        assert set(regles(refus.value)) == {DroitInsuffisant}


def test_rien_a_decider_de_ce_qui_n_attend_pas(attente: dict[str, Any]) -> None:
    decider(acteur=attente["nouveau"], gardees=[attente["acteur"]], ecartees=[attente["delegant"]], reprendre=True)
    with pytest.raises(LignesRefusees) as refus:
        decider(acteur=attente["nouveau"], ecartees=[attente["acteur"], attente["delegant"]])
    assert set(regles(refus.value)) == {RienADecider, HabilitationTerminee}


@pytest.mark.parametrize(("ecart", "a_temps"), [(timedelta(0), True), (timedelta(microseconds=1), False)])
def test_le_trentieme_jour(attente: dict[str, Any], ecart: timedelta, a_temps: bool) -> None:
    limite = attente["maintenant"] + DELAI_DE_DECISION + ecart
    assert ecarter_non_confirmees(maintenant=limite) == (0 if a_temps else 3)
    connection.check_constraints()
    attente["acteur"].refresh_from_db()
    if a_temps:
        decider(acteur=attente["nouveau"], gardees=[attente["acteur"]], maintenant=limite)
        assert peut(attente["acteur"].espace, UTILISER, attente["racine"])
    else:
        assert attente["acteur"].fin_motif == Habilitation.MotifFin.NON_CONFIRMEE
        assert Courriel.objects.filter(genre="habilitation_ecartee").count() == 3
        assert ecarter_non_confirmees(maintenant=limite) == 0


def test_trop_tard_pour_conserver_meme_si_le_travail_n_est_pas_passe(attente: dict[str, Any]) -> None:
    tard = attente["maintenant"] + DELAI_DE_DECISION + timedelta(seconds=1)
    with pytest.raises(LignesRefusees) as refus:
        decider(acteur=attente["nouveau"], gardees=[attente["acteur"]], maintenant=tard)
    assert set(regles(refus.value)) == {DelaiPasse}


def test_il_n_est_jamais_trop_tard_pour_ecarter(attente: dict[str, Any]) -> None:
    tard = attente["maintenant"] + DELAI_DE_DECISION + timedelta(days=1)
    decider(acteur=attente["nouveau"], ecartees=[attente["acteur"]], maintenant=tard)
    attente["acteur"].refresh_from_db()
    assert attente["acteur"].fin_motif == Habilitation.MotifFin.RETRAIT


def test_reactiver_un_suppleant_suspendu_vaut_conserver_et_passe_le_delai_est_refuse(attente: dict[str, Any]) -> None:
    """The other door to the same decision: same deadline, whether or not the job of the night has run."""
    limite = attente["maintenant"] + DELAI_DE_DECISION
    with pytest.raises(LignesRefusees) as refus:
        reactiver(
            acteur=attente["nouveau"],
            suppleances=[attente["suppleant"]],
            maintenant=limite + timedelta(microseconds=1),
        )
    assert regles(refus.value) == [DelaiPasse]
    assert not peut(attente["suppleant"].espace, UTILISER, attente["racine"])
    with pytest.raises(LignesRefusees) as refus:
        reactiver(acteur=attente["nouveau"], suppleances=[attente["delegant"]], maintenant=limite)
    assert regles(refus.value) == [PasUnSuppleant]
    reactiver(acteur=attente["nouveau"], suppleances=[attente["suppleant"]], maintenant=limite)
    assert peut(attente["suppleant"].espace, UTILISER, attente["racine"])
    assert ecarter_non_confirmees(maintenant=limite + timedelta(days=1)) == 2, (
        "what he granted waits for its own decision"
    )
    attente["suppleant"].refresh_from_db()
    assert attente["suppleant"].est_vivante


def test_la_veille_decidee_par_le_titulaire_n_a_pas_de_delai(racine: Habilitation) -> None:
    suppleant = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    mettre_en_veille(acteur=racine.espace, suppleances=[suppleant])
    reactiver(acteur=racine.espace, suppleances=[suppleant], maintenant=timezone.now() + 4 * DELAI_DE_DECISION)
    assert peut(suppleant.espace, UTILISER, racine)


def test_ce_qui_est_conserve_survit_a_ce_qui_tombe_au_dessus(attente: dict[str, Any]) -> None:
    decider(acteur=attente["nouveau"], gardees=[attente["acteur"]])
    assert ecarter_non_confirmees(maintenant=attente["maintenant"] + DELAI_DE_DECISION + timedelta(days=1)) == 2
    connection.check_constraints()
    attente["acteur"].refresh_from_db()
    assert attente["acteur"].est_active()
    assert attente["acteur"].accordee_par == attente["racine"]


def test_la_veille_du_titulaire_ne_tombe_pas(racine: Habilitation) -> None:
    suppleant = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    mettre_en_veille(acteur=racine.espace, suppleances=[suppleant])
    assert ecarter_non_confirmees(maintenant=timezone.now() + timedelta(days=60)) == 0


def test_rappel_une_semaine_avant_une_seule_fois(attente: dict[str, Any]) -> None:
    depuis = attente["maintenant"]
    for jours, attendus in ((22, 0), (24, 1), (25, 1), (29, 1)):
        ecarter_non_confirmees(maintenant=depuis + timedelta(days=jours))
        assert Courriel.objects.filter(genre="substitution_rappel").count() == attendus, jours
    assert Courriel.objects.get(genre="substitution_rappel").destinataire == attente["nouveau"].compte.email


def test_une_seconde_substitution_rouvre_le_delai(attente: dict[str, Any]) -> None:
    plus_tard = attente["maintenant"] + timedelta(days=20)
    suivant = EspaceFactory()
    remplacer(suivant, attente["racine"], maintenant=plus_tard)
    assert ecarter_non_confirmees(maintenant=attente["maintenant"] + DELAI_DE_DECISION + timedelta(days=1)) == 0
    assert list(en_attente(suivant)) == [attente["suppleant"], attente["delegant"], attente["acteur"]]
    assert not en_attente(attente["nouveau"]).exists()


# Races.

COUREURS = 16


@pytest.mark.django_db(transaction=True)
def test_course_entre_substitutions(tours: Callable[[int], int]) -> None:
    """Sixteen codes for one service: one wins, the others learn that the titulaire has changed since they asked."""
    with transaction.atomic():
        service: Service = ServiceFactory(code="COURSE")
    for _ in range(tours(200)):
        with transaction.atomic():
            racine = habiliter(EspaceFactory(), service=service, accordee_le=timezone.now() - timedelta(days=9))
            feuille = accorder(racine, EspaceFactory(), Role.ACTEUR)
        espaces = [EspaceFactory() for _ in range(COUREURS)]
        hier = timezone.now() - timedelta(days=1)
        resultats = en_parallele(COUREURS, lambda i: remplacer(espaces[i], racine, demandee_le=hier))
        assert all(isinstance(r, Substitution) for r in resultats), resultats
        assert sum(len(r.adhesions) for r in resultats) == 1
        titulaire = Habilitation.objects.vivantes().get(adhesion=racine.adhesion, role=Role.TITULAIRE)
        feuille.refresh_from_db()
        assert feuille.accordee_par == titulaire
        assert feuille.etat == Habilitation.Etat.EN_VEILLE


@pytest.mark.django_db(transaction=True)
def test_course_de_la_substitution_contre_le_partage(tours: Callable[[int], int]) -> None:
    """Whatever the order, nothing that the former titulaire shares or withdraws escapes the new one."""
    with transaction.atomic():
        service: Service = ServiceFactory(code="COURSE")
    for _ in range(tours(200)):
        with transaction.atomic():
            racine = habiliter(EspaceFactory(), service=service, accordee_le=timezone.now() - timedelta(days=9))
            suppleant = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
            delegation = accorder(suppleant, EspaceFactory(), Role.ACTEUR_DELEGANT)
        nouveau = EspaceFactory()
        collegues = [EspaceFactory() for _ in range(COUREURS)]

        def agir(
            rang: int,
            racine: Habilitation = racine,
            suppleant: Habilitation = suppleant,
            delegation: Habilitation = delegation,
            nouveau: Espace = nouveau,
            collegues: list[Espace] = collegues,
        ) -> Any:
            commun = {"adhesions": [racine.adhesion], "beneficiaire": collegues[rang]}
            if rang == 7:
                return remplacer(nouveau, racine)
            if rang == 3:
                return retirer_delegation(acteur=suppleant.espace, delegations=[delegation], reprendre=True)
            if rang % 3 == 0:
                return designer_suppleant(acteur=racine.espace, **commun)
            return deleguer(acteur=(racine if rang % 3 == 1 else suppleant).espace, role=Role.ACTEUR, **commun)

        resultats = en_parallele(COUREURS, agir)
        for resultat in resultats:
            assert not isinstance(resultat, BaseException) or isinstance(resultat, RegleMetier), resultat
        assert isinstance(resultats[7], Substitution)
        vivantes = Habilitation.objects.vivantes().filter(adhesion=racine.adhesion)
        assert vivantes.get(role=Role.TITULAIRE).espace == nouveau
        autres = vivantes.exclude(role=Role.TITULAIRE)
        assert not autres.exclude(veille_motif=Habilitation.MotifVeille.SUBSTITUTION).exists()


# The page.

PAGE = "/espace/gerer-les-services/changement-de-titulaire/"


def test_la_page_decide_ligne_a_ligne(attente: dict[str, Any], client_de: Any) -> None:
    client = client_de(attente["nouveau"])
    texte = client.get(PAGE).content.decode()
    for cle in ("suppleant", "delegant", "acteur"):
        assert f'name="ligne-{attente[cle].pk}"' in texte
    revoir_puis_confirmer(
        client,
        PAGE,
        **{
            f"ligne-{attente['suppleant'].pk}": "garder",
            f"ligne-{attente['delegant'].pk}": "",
            f"ligne-{attente['acteur'].pk}": "retirer",
            "ligne-nimporte": "garder",
        },
    )
    for cle in ("suppleant", "delegant", "acteur"):
        attente[cle].refresh_from_db()
    assert attente["suppleant"].est_active()
    assert attente["delegant"].etat == Habilitation.Etat.EN_VEILLE
    assert not attente["acteur"].est_vivante


def test_la_page_sans_decision_le_dit(attente: dict[str, Any], client_de: Any) -> None:
    client = client_de(attente["nouveau"])
    client.post(PAGE, {f"ligne-{attente['acteur'].pk}": ""})
    assert "Choisissez une décision sur au moins une habilitation." in client.get(PAGE).content.decode()


def test_la_page_decide_de_tout(attente: dict[str, Any], client_de: Any) -> None:
    client = client_de(attente["nouveau"])
    lignes = {f"ligne-{attente[cle].pk}": "" for cle in ("suppleant", "delegant", "acteur")}
    revoir_puis_confirmer(client, PAGE, **lignes, tout="garder")
    assert not en_attente(attente["nouveau"]).exists()
    assert Habilitation.objects.actives().filter(adhesion=attente["racine"].adhesion).count() == 4


def test_la_page_d_un_autre_ne_decide_de_rien(attente: dict[str, Any], client_de: Any) -> None:
    for espace in (EspaceFactory(), attente["suppleant"].espace):
        client = client_de(espace)
        assert attente["acteur"].espace.nom not in client.get(PAGE).content.decode()
        reponse = client.post(PAGE, {f"ligne-{attente['acteur'].pk}": "garder"}, follow=True)
        assert "Choisissez une décision sur au moins une habilitation." in reponse.content.decode()
        attente["acteur"].refresh_from_db()
        assert attente["acteur"].etat == Habilitation.Etat.EN_VEILLE


def test_qui_l_avait_accordee_se_dit_de_meme_partout(client_de: Callable[[Espace], Client]) -> None:
    """What a substitution hung under the new titulaire was granted by the one before, on whichever page it is told."""
    titulaire, hugo = EspaceFactory(prenom="Karine", nom="Vidal"), EspaceFactory()
    racine = habiliter(EspaceFactory(), accordee_le=timezone.now() - timedelta(days=90))
    accorder(racine, hugo, Role.ACTEUR, accordee_le=timezone.now() - timedelta(days=30))
    remplacer(titulaire, racine)
    decider = client_de(titulaire)
    assert "Votre prédécesseur" in texte(decider.get(reverse("revue_substitution")))
    dit = "par le prédécesseur de Karine Vidal"
    assert dit in texte(decider.get(reverse("delegations")))
    assert dit in texte(client_de(hugo).get(reverse("vos_habilitations"), {"situation": "en-veille"}))
    accorder(Habilitation.objects.vivantes().get(espace=titulaire), EspaceFactory(), Role.ACTEUR)
    assert "par Karine Vidal" in texte(decider.get(reverse("delegations"))), "what she grants herself is hers"
