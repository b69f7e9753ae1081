"""Leaving a service: asked of the titulaire or of the service gestionnaire, answered, tracked (R22)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.envois import courriels
from accounts.models import Agent, Courriel, Espace, Evenement
from habilitations.arbre.expirations import PREAVIS, expirer_habilitations
from habilitations.arbre.lots import LignesRefusees
from habilitations.depart.retraits import (
    RENONCEMENTS,
    AdhesionDejaFermee,
    AgentNonCompetent,
    HabilitationTerminee,
    PasLaVotre,
    ReponseRequise,
    RetraitDejaDemande,
    RetraitDejaTraite,
    RetraitReserveAuTitulaire,
    TropDeRenoncements,
    accepter_retrait,
    annuler_retrait,
    demander_retrait,
    refuser_retrait,
    retirer_adhesion,
)
from habilitations.droits.roles import UTILISER
from habilitations.models import DemandeRetrait, Habilitation, Role
from habilitations.partage.delegations import deleguer, retirer_delegation
from habilitations.partage.suppleances import designer_suppleant, mettre_en_veille, reactiver, retirer_suppleant
from tests.factories import AgentFactory, EspaceFactory, accorder, habiliter
from tests.habilitations.scenes import peut, regles
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db


def agent_de(habilitation: Habilitation) -> Agent:
    return AgentFactory(service_gestionnaire=habilitation.personne.service_gestionnaire)


@pytest.mark.parametrize("role", [Role.SUPPLEANT, Role.ACTEUR_DELEGANT, Role.ACTEUR])
@pytest.mark.parametrize("etat", ["ACTIVE", "EN_VEILLE"])
def test_demander_au_titulaire(role: str, etat: str) -> None:
    racine = habiliter(EspaceFactory())
    tenue = accorder(racine, EspaceFactory(), role)
    if etat == "EN_VEILLE":
        Habilitation.objects.filter(pk=tenue.pk).update(
            etat=etat, veille_motif="TITULAIRE", veille_depuis=tenue.accordee_le
        )
    (demande,) = demander_retrait(acteur=tenue.espace, habilitations=[tenue], motif="Je change de cabinet")
    assert demande.service_gestionnaire_id is None
    assert {c.destinataire: c.genre for c in Courriel.objects.all()} == {
        racine.espace.compte.email: "retrait_demande",
        tenue.espace.compte.email: "retrait_demande_confirmation",
    }
    assert peut(tenue.espace, UTILISER, tenue) is (etat == "ACTIVE"), "the right stays as it is until the answer"
    with pytest.raises(LignesRefusees) as refus:
        demander_retrait(acteur=tenue.espace, habilitations=[tenue])
    assert regles(refus.value) == [RetraitDejaDemande]


def test_le_titulaire_demande_a_son_service_gestionnaire() -> None:
    titulaire = EspaceFactory()
    racines = [habiliter(titulaire) for _ in range(2)]
    demandes = demander_retrait(acteur=titulaire, habilitations=racines)
    assert {d.service_gestionnaire_id for d in demandes} == {r.personne.service_gestionnaire_id for r in racines}
    assert set(Courriel.objects.values_list("genre", flat=True)) == {
        "retrait_demande_gestionnaire",
        "retrait_demande_confirmation",
    }
    with pytest.raises(RetraitReserveAuTitulaire):
        accepter_retrait(acteur=titulaire, demande=demandes[0])


def test_on_ne_demande_que_pour_soi_et_que_du_vivant() -> None:
    racine = habiliter(EspaceFactory())
    tenue = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    with pytest.raises(LignesRefusees) as refus:
        demander_retrait(acteur=racine.espace, habilitations=[tenue])
    assert regles(refus.value) == [PasLaVotre]
    retirer_suppleant(acteur=racine.espace, suppleances=[tenue])
    with pytest.raises(LignesRefusees) as refus:
        demander_retrait(acteur=tenue.espace, habilitations=[tenue])
    assert regles(refus.value) == [HabilitationTerminee]


@pytest.mark.parametrize("reprendre", [False, True])
def test_accepter_termine_et_ce_qui_pend_tombe_ou_est_repris(reprendre: bool) -> None:
    racine = habiliter(EspaceFactory())
    suppleance = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    dessous = accorder(suppleance, EspaceFactory(), Role.ACTEUR)
    (demande,) = demander_retrait(acteur=suppleance.espace, habilitations=[suppleance])
    demande = accepter_retrait(acteur=racine.espace, demande=demande, reprendre=reprendre)
    connection.check_constraints()
    assert demande.etat == "ACCEPTEE"
    assert demande.traitee_le is not None
    dessous.refresh_from_db()
    assert dessous.est_vivante is reprendre
    assert not peut(suppleance.espace, UTILISER, racine)
    assert Evenement.objects.filter(acte="retrait.accepte", espace=suppleance.espace.numero_abonne).count() == 1
    with pytest.raises(RetraitDejaTraite):
        accepter_retrait(acteur=racine.espace, demande=demande)


@pytest.mark.parametrize("role", [Role.SUPPLEANT, Role.ACTEUR_DELEGANT, None])
def test_seul_le_titulaire_repond(role: str | None) -> None:
    racine = habiliter(EspaceFactory())
    tenue = accorder(racine, EspaceFactory(), Role.ACTEUR)
    (demande,) = demander_retrait(acteur=tenue.espace, habilitations=[tenue])
    autre = EspaceFactory()
    if role:
        accorder(racine, autre, role)
    for intrus in (autre, tenue.espace):
        with pytest.raises(RetraitReserveAuTitulaire):
            accepter_retrait(acteur=intrus, demande=demande)
        with pytest.raises(RetraitReserveAuTitulaire):
            refuser_retrait(acteur=intrus, demande=demande, reponse="non")
    with pytest.raises(AgentNonCompetent):
        refuser_retrait(acteur=agent_de(racine), demande=demande, reponse="non")
    assert DemandeRetrait.objects.get().etat == "DEPOSEE"


def test_refuser_dit_pourquoi_et_laisse_demander_encore() -> None:
    racine = habiliter(EspaceFactory())
    tenue = accorder(racine, EspaceFactory(), Role.ACTEUR)
    (demande,) = demander_retrait(acteur=tenue.espace, habilitations=[tenue])
    with pytest.raises(ReponseRequise):
        refuser_retrait(acteur=racine.espace, demande=demande, reponse="  ")
    refuser_retrait(acteur=racine.espace, demande=demande, reponse="Votre remplaçant arrive lundi.")
    assert Courriel.objects.get(genre="retrait_refuse").contexte["reponse"] == "Votre remplaçant arrive lundi."
    assert peut(tenue.espace, UTILISER, racine)
    demander_retrait(acteur=tenue.espace, habilitations=[tenue])


def test_renoncer() -> None:
    racine = habiliter(EspaceFactory())
    tenue = accorder(racine, EspaceFactory(), Role.ACTEUR)
    (demande,) = demander_retrait(acteur=tenue.espace, habilitations=[tenue])
    with pytest.raises(PasLaVotre):
        annuler_retrait(acteur=racine.espace, demande=demande)
    annuler_retrait(acteur=tenue.espace, demande=demande)
    with pytest.raises(RetraitDejaTraite):
        accepter_retrait(acteur=racine.espace, demande=demande)
    assert peut(tenue.espace, UTILISER, racine)


@pytest.mark.parametrize("secondes", [-1, 1])
def test_quitter_puis_renoncer_n_ecrit_pas_sans_fin_au_gestionnaire(secondes: int) -> None:
    racine, voisine = (habiliter(titulaire) for titulaire in [EspaceFactory()] * 2)
    depart = timezone.now()
    for _ in range(RENONCEMENTS):
        demandes = demander_retrait(
            acteur=racine.espace, habilitations=[racine, voisine], motif="Texte libre", maintenant=depart
        )
        for demande in demandes:
            annuler_retrait(acteur=racine.espace, demande=demande, maintenant=depart)
        depart += timedelta(seconds=1)
    envoyes = Courriel.objects.count()
    instant = depart - timedelta(seconds=RENONCEMENTS) + timedelta(days=1, seconds=secondes)
    if secondes < 0:
        for habilitation in (racine, voisine):
            with pytest.raises(TropDeRenoncements):
                demander_retrait(acteur=racine.espace, habilitations=[habilitation], maintenant=instant)
        assert Courriel.objects.count() == envoyes
        autre = accorder(racine, EspaceFactory(), Role.ACTEUR)
        demander_retrait(acteur=autre.espace, habilitations=[autre], maintenant=instant)
    else:
        demander_retrait(acteur=racine.espace, habilitations=[racine], maintenant=instant)


def test_quitter_un_a_un_n_est_pas_compte() -> None:
    titulaire = EspaceFactory()
    for _ in range(2 * RENONCEMENTS):
        demander_retrait(acteur=titulaire, habilitations=[habiliter(titulaire)])


def test_ce_qui_prend_fin_autrement_repond_a_la_demande() -> None:
    racine = habiliter(EspaceFactory())
    suppleance = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    dessous = accorder(suppleance, EspaceFactory(), Role.ACTEUR)
    demander_retrait(acteur=dessous.espace, habilitations=[dessous])
    retirer_suppleant(acteur=racine.espace, suppleances=[suppleance])
    assert DemandeRetrait.objects.get().etat == "ACCEPTEE"


def test_l_agent_retire_l_adhesion_et_tout_le_monde_le_sait() -> None:
    racine = habiliter(EspaceFactory())
    suppleance = accorder(racine, EspaceFactory(), Role.SUPPLEANT)
    dessous = accorder(suppleance, EspaceFactory(), Role.ACTEUR)
    voisine = habiliter(racine.espace)
    demander_retrait(acteur=racine.espace, habilitations=[racine])
    Courriel.objects.all().delete()
    with pytest.raises(AgentNonCompetent):
        retirer_adhesion(acteur=AgentFactory(), adhesion=racine.adhesion)
    agent = agent_de(racine)
    adhesion = retirer_adhesion(acteur=agent, adhesion=racine.adhesion, motif="Demande écrite du gérant")
    connection.check_constraints()
    assert (adhesion.fermee_motif, adhesion.est_ouverte) == ("RETRAIT_GESTIONNAIRE", False)
    assert set(Habilitation.objects.vivantes()) == {voisine}
    assert set(Habilitation.objects.exclude(fin_le=None).values_list("fin_motif", flat=True)) == {"FERMETURE"}
    assert {c.destinataire for c in Courriel.objects.all()} == {
        h.espace.compte.email for h in (racine, suppleance, dessous)
    }
    assert DemandeRetrait.objects.get().etat == "ACCEPTEE"
    assert Evenement.objects.get(acte="adhesion.retiree").auteur == f"agent:{agent.pk}"
    assert Evenement.objects.filter(acte="habilitation.fermee", auteur=f"agent:{agent.pk}").count() == 1
    with pytest.raises(AdhesionDejaFermee):
        retirer_adhesion(acteur=agent, adhesion=racine.adhesion)


def test_l_agent_refuse_la_demande_d_un_titulaire() -> None:
    racine = habiliter(EspaceFactory())
    (demande,) = demander_retrait(acteur=racine.espace, habilitations=[racine])
    with pytest.raises(AgentNonCompetent):
        refuser_retrait(acteur=AgentFactory(), demande=demande, reponse="non")
    refuser_retrait(acteur=agent_de(racine), demande=demande, reponse="Une déclaration est attendue.")
    courriel = Courriel.objects.get(genre="retrait_refuse")
    assert courriel.contexte["par"] == racine.personne.service_gestionnaire.nom


def test_chaque_courriel_se_compose() -> None:
    """Every mail of the sharing is written: a subject, no hole, the lines it is about."""
    racine = habiliter(EspaceFactory(nom="D'Artois & Fils"))
    titulaire, collegue = racine.espace, EspaceFactory()
    adhesions = [racine.adhesion]
    suppleances = designer_suppleant(acteur=titulaire, adhesions=adhesions, beneficiaire=collegue)
    mettre_en_veille(acteur=titulaire, suppleances=suppleances)
    reactiver(acteur=titulaire, suppleances=suppleances)
    (demande,) = demander_retrait(acteur=collegue, habilitations=suppleances, motif="Départ")
    refuser_retrait(acteur=titulaire, demande=demande, reponse="Plus tard")
    fin = timezone.localdate() + PREAVIS
    (delegation,) = deleguer(
        acteur=titulaire, adhesions=adhesions, beneficiaire=EspaceFactory(), role=Role.ACTEUR, expire_le=fin
    )
    deleguer(acteur=titulaire, adhesions=adhesions, beneficiaire=EspaceFactory(), role=Role.ACTEUR, expire_le=fin)
    expirer_habilitations()
    retirer_delegation(acteur=titulaire, delegations=[delegation])
    expirer_habilitations(maintenant=timezone.now() + 2 * PREAVIS)
    demander_retrait(acteur=titulaire, habilitations=[racine], motif="Cessation")
    retirer_adhesion(acteur=agent_de(racine), adhesion=racine.adhesion, motif="Cessation")
    genres = set()
    for courriel in Courriel.objects.all():
        message = courriels.composer(courriel)
        genres.add(courriel.genre)
        assert message.subject, courriel.genre
        assert "\n" not in message.subject
        if courriel.genre == "accords_par_un_autre":  # says first to whom
            assert str(racine.personne.denomination) in message.body
        else:
            assert f"- {racine.personne} : {racine.service}" in message.body, courriel.genre
        assert "&#x27;" not in message.body
        assert "&amp;" not in message.body
    assert len(genres) == 17, sorted(genres)


@pytest.mark.django_db(transaction=True)
def test_retirer_l_adhesion_contre_deleguer(tours: Callable[[int], int]) -> None:
    for _ in range(tours(200)):
        with transaction.atomic():
            racine = habiliter(EspaceFactory())
            agent = agent_de(racine)
            collegues = [EspaceFactory() for _ in range(16)]

        def courir(rang: int, r: Habilitation = racine, g: Agent = agent, c: list[Espace] = collegues) -> object:
            if rang == 5:
                return retirer_adhesion(acteur=g, adhesion=r.adhesion)
            return deleguer(acteur=r.espace, adhesions=[r.adhesion], beneficiaire=c[rang], role=Role.ACTEUR)

        resultats = en_parallele(16, courir)
        assert [r for r in resultats if isinstance(r, BaseException) and not isinstance(r, LignesRefusees)] == []
        assert not Habilitation.objects.vivantes().filter(adhesion=racine.adhesion).exists()
