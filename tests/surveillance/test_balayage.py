"""What no request sees, swept each minute: each detector alone, twice for nothing, and two signals that disable (R15)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as reglages
from django.db import transaction
from django.utils import timezone

from accounts.actes import CGU_ACCEPTEES, MOT_DE_PASSE_CHANGE
from accounts.envois.courriels import composer
from accounts.models import Agent, Courriel, Espace, TraceLecture
from accounts.traces.journal import consigner
from activation.actes import DEMANDE_SIGNALEE
from surveillance.actes import ESPACE_RETABLI
from surveillance.balayage import balayer
from surveillance.espaces.desactivation import desactiver_automatiquement
from surveillance.models import Alerte, Balayage, Desactivation, Gravite, Retablissement, SignalVu
from surveillance.signaux.signalement import signaler
from tests.factories import AgentFactory, EspaceFactory

from .scenes import acte, connexion, genres


@pytest.fixture
def maintenant(db: None) -> datetime:
    """Now, once a first sweep has noted where the journal stands."""
    balayer()
    return timezone.now()


def test_la_pulverisation_est_groupee_par_reseau_et_la_reussite_est_plus_grave(maintenant: datetime) -> None:
    essayes = [EspaceFactory() for _ in range(4)]
    habitue, entre = EspaceFactory(), EspaceFactory()
    connexion(habitue, maintenant - timedelta(days=10))
    for rang, espace in enumerate(essayes):
        connexion(espace, maintenant - timedelta(seconds=rang), "ECHOUEE")
    for rang in range(10):
        connexion(None, maintenant - timedelta(seconds=rang), "ECHOUEE", adresse_essayee=f"{rang:064d}")
    for espace in (habitue, entre):
        connexion(espace, maintenant - timedelta(seconds=30))
    assert balayer(maintenant=maintenant) == 0, "fourteen tried"
    connexion(None, maintenant, "VERROUILLEE", adresse_essayee="f" * 64)
    assert balayer(maintenant=maintenant + timedelta(seconds=1)) == 5
    assert balayer(maintenant=maintenant + timedelta(seconds=2)) == 0, "idempotent"
    pulverises = Alerte.objects.filter(motif="pulverisation")
    assert {alerte.compte for alerte in pulverises} == {espace.compte for espace in essayes}
    assert {alerte.cause for alerte in Alerte.objects.all()} == {"reseau:203.0.113.0/24"}
    assert Alerte.objects.get(motif="reussite_apres_pulverisation").compte == entre.compte


def test_un_grand_reseau_honnete_n_est_pas_une_pulverisation(maintenant: datetime) -> None:
    for rang in range(16):
        espace = EspaceFactory()
        connexion(espace, maintenant - timedelta(seconds=rang), "ECHOUEE")
        connexion(espace, maintenant - timedelta(seconds=rang))
    assert balayer(maintenant=maintenant) == 0


# What the journal and the sign-ins held, and whether the first sensitive act is signalled.
type Scene = Callable[[Espace, datetime], None]


def _neuf(espace: Espace, maintenant: datetime) -> None:
    connexion(espace, maintenant - timedelta(days=3), navigateur="Firefox 145")
    connexion(espace, maintenant - timedelta(minutes=3))


def _neuf_apres_les_cgu(espace: Espace, maintenant: datetime) -> None:
    _neuf(espace, maintenant)
    acte(CGU_ACCEPTEES, espace, quand=maintenant - timedelta(minutes=2))


def _connu(espace: Espace, maintenant: datetime) -> None:
    connexion(espace, maintenant - timedelta(days=3), navigateur="Chrome 139")
    connexion(espace, maintenant - timedelta(minutes=3))


def _premiers_jours(espace: Espace, maintenant: datetime) -> None:
    connexion(espace, maintenant - timedelta(minutes=3))


def _d_ailleurs(espace: Espace, maintenant: datetime) -> None:
    connexion(espace, maintenant - timedelta(days=3), navigateur="Firefox 145")
    connexion(espace, maintenant - timedelta(minutes=3), adresse_ip="198.51.100.1", reseau="198.51.100.0/24")


@pytest.mark.parametrize(
    ("scene", "attendu"),
    [
        (_neuf, True),
        (_neuf_apres_les_cgu, True),
        (_connu, False),
        (_premiers_jours, False),
        (_d_ailleurs, False),
    ],
)
def test_le_premier_acte_d_un_nouvel_appareil(
    espace: Espace, maintenant: datetime, scene: Scene, attendu: bool
) -> None:
    scene(espace, maintenant)
    acte(MOT_DE_PASSE_CHANGE, espace, quand=maintenant)
    balayer(maintenant=maintenant + timedelta(seconds=30))
    assert genres() == ({"acte_appareil_neuf"} if attendu else set())
    if attendu:
        assert SignalVu.objects.get().details["acte"] == "Mot de passe changé"


def test_une_demande_signalee_est_dite_de_l_espace_qui_l_a_faite_sans_compter_contre_lui(
    espace: Espace, maintenant: datetime
) -> None:
    with transaction.atomic():
        consigner(
            DEMANDE_SIGNALEE,
            auteur="systeme:visiteur",
            espace=espace,
            details={"demande": "D-2026-1", "nature": "ADHESION", "suspendu": True},
        )
    balayer(maintenant=maintenant)
    vu = SignalVu.objects.get()
    assert (vu.genre, vu.compte, vu.details["reference"]) == ("demande_non_reconnue", espace.compte, "D-2026-1")


def retablir(agent: Agent, second: Agent, quand: datetime) -> None:
    fait = Retablissement.objects.create(
        espace=EspaceFactory(),
        cas="DESACTIVE",
        piece="CARTE",
        piece_derniers="3K7P",
        legitimite="KBIS",
        service_gestionnaire=agent.service_gestionnaire,
        demandeur=agent,
        second=second,
        accorde_le=quand,
    )
    TraceLecture.objects.create(
        minute=quand - timedelta(days=3),
        lecteur=f"agent:{agent.pk}",
        nature="CONSULTATION",
        objet="accounts.espace",
        cle=fait.espace.numero_abonne,
    )
    with transaction.atomic():
        consigner(ESPACE_RETABLI, auteur=agent, espace=fait.espace, details={"reference": str(fait.pk)})


@pytest.mark.parametrize(
    ("heures", "lus", "attendu"),
    [
        ([10, 11], False, set()),
        ([22, 23], False, {"2 hors des heures"}),
        ([10, 11, 14], True, {"3 espaces consultés plus d’un jour avant"}),
        ([8, 9, 10, 11, 12, 14, 15, 16], False, {"8 accès rendus en un jour"}),
    ],
)
def test_les_retablissements_inhabituels_d_un_agent(
    maintenant: datetime, heures: list[int], lus: bool, attendu: set[str]
) -> None:
    agent = AgentFactory()
    second = AgentFactory(service_gestionnaire=agent.service_gestionnaire)
    lundi = datetime(2026, 11, 23, tzinfo=timezone.get_default_timezone())
    for heure in heures:
        retablir(agent, second, lundi.replace(hour=heure))
        if not lus:
            TraceLecture.objects.all().delete()
    balayer(maintenant=maintenant)
    vus = {vu.compte: vu for vu in SignalVu.objects.all()}
    assert (agent.compte in vus) is bool(attendu)
    if attendu:
        assert set(vus[agent.compte].details["motifs"]) == attendu
        assert Alerte.objects.get(compte=agent.compte).motif == "retablissements_inhabituels"


def test_deux_signaux_independants_dont_un_grave_desactivent_et_le_detenteur_l_apprend(
    espace: Espace, maintenant: datetime
) -> None:
    signaler(compte=espace.compte, genre="usage_parallele", details={}, maintenant=maintenant)
    signaler(compte=espace.compte, genre="voyage_impossible", details={}, maintenant=maintenant)
    signaler(compte=espace.compte, genre="rafale_siren", details={}, maintenant=maintenant)
    balayer(maintenant=maintenant + timedelta(seconds=1))
    espace.refresh_from_db()
    assert espace.etat == Espace.Etat.ACTIF, "two independent ones, neither grave: the cell judges"
    signaler(compte=espace.compte, genre="rafale_exports", details={"fichiers": 15}, maintenant=maintenant)
    balayer(maintenant=maintenant + timedelta(seconds=30))
    espace.refresh_from_db()
    assert espace.etat == Espace.Etat.DESACTIVE
    faite = Desactivation.objects.get()
    assert faite.voie == Desactivation.Voie.AUTOMATIQUE
    assert "Très nombreux fichiers" in faite.motif
    assert "automatiquement" in composer(Courriel.objects.get(genre="espace_desactive")).body
    balayer(maintenant=maintenant + timedelta(seconds=60))
    assert Desactivation.objects.count() == 1


def test_une_alerte_ouverte_depuis_des_mois_compte_pour_ce_qu_elle_vient_de_voir(
    espace: Espace, maintenant: datetime
) -> None:
    il_y_a_longtemps = maintenant - timedelta(days=400)
    for genre in ("voyage_impossible", "rafale_exports"):
        signaler(compte=espace.compte, genre=genre, details={}, maintenant=il_y_a_longtemps)
    balayer(maintenant=maintenant)
    assert not Desactivation.objects.exists(), "nothing new was seen"
    vue = maintenant - timedelta(days=2)
    signaler(compte=espace.compte, genre="voyage_impossible", details={}, maintenant=vue)
    signaler(compte=espace.compte, genre="rafale_exports", details={}, maintenant=maintenant)
    balayer(maintenant=maintenant + timedelta(seconds=30))
    assert Desactivation.objects.get().depuis == vue, "not the day on which the alert was first raised"


def test_une_famille_ou_un_etranger_ne_desactivent_rien(espace: Espace, maintenant: datetime) -> None:
    for genre in ("reussite_apres_pulverisation", "echecs_puis_reussite", "pulverisation", "demande_non_reconnue"):
        signaler(compte=espace.compte, genre=genre, details={}, maintenant=maintenant)
    balayer(maintenant=maintenant + timedelta(seconds=1))
    assert not Desactivation.objects.exists()


def test_un_etranger_du_meme_reseau_ne_fait_desactiver_personne(espace: Espace, maintenant: datetime) -> None:
    """He types fifteen addresses that nobody has, from a shared network where she has just signed in by her telephone."""
    for jours in (3, 2, 1):
        connexion(espace, maintenant - timedelta(days=jours), adresse_ip="192.0.2.9", reseau="192.0.2.0/24")
    signaler(compte=espace.compte, genre="voyage_impossible", details={}, maintenant=maintenant - timedelta(hours=3))
    connexion(espace, maintenant - timedelta(minutes=20))
    for rang in range(15):
        connexion(None, maintenant, "ECHOUEE", adresse_essayee=f"{rang:064d}", adresse_ip="203.0.113.66")
    balayer(maintenant=maintenant + timedelta(seconds=1))
    espace.refresh_from_db()
    assert espace.etat == Espace.Etat.ACTIF
    alerte = Alerte.objects.get(motif="reussite_apres_pulverisation")
    assert (alerte.gravite, alerte.etat) == (Gravite.GRAVE, Alerte.Etat.OUVERTE), "the cell judges it"


def test_au_dela_du_plafond_la_cellule_n_est_alertee_qu_une_fois(
    espace: Espace, maintenant: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reglages, "PLAFOND_DESACTIVATIONS_AUTO", 0)
    for genre in ("session_volee", "acte_appareil_neuf"):
        signaler(compte=espace.compte, genre=genre, details={}, maintenant=maintenant)
    for seconde in (1, 2, 3):
        balayer(maintenant=maintenant + timedelta(seconds=seconde))
    assert not Desactivation.objects.exists()
    assert Alerte.objects.filter(motif="plafond_desactivations").count() == 1


def test_mort_a_mi_chemin_le_balayage_reprend_ou_il_en_etait(espace: Espace, maintenant: datetime) -> None:
    _neuf(espace, maintenant)
    acte(MOT_DE_PASSE_CHANGE, espace, quand=maintenant)
    repere = Balayage.objects.get()
    assert balayer(maintenant=maintenant + timedelta(seconds=1)) == 1
    Balayage.objects.filter(pk=repere.pk).update(vu_jusqu_a=repere.vu_jusqu_a, ligne=repere.ligne)
    assert balayer(maintenant=maintenant + timedelta(minutes=3)) == 0
    apres = Balayage.objects.get()
    assert apres.ligne_recente > repere.ligne
    balayer(maintenant=maintenant + timedelta(minutes=6))
    assert Balayage.objects.get().ligne >= apres.ligne_recente


def test_rien_ne_s_arrete_a_un_lot(maintenant: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five holders' first acts, one line a batch, and five espaces that two signals name: one sweep."""
    monkeypatch.setattr("surveillance.balayage.LIGNES_PAR_LOT", 1)
    espaces = [EspaceFactory() for _ in range(5)]
    for espace in espaces:
        _neuf(espace, maintenant)
        acte(MOT_DE_PASSE_CHANGE, espace, quand=maintenant)
        for genre in ("session_volee", "rafale_exports"):
            signaler(compte=espace.compte, genre=genre, details={}, maintenant=maintenant)
    assert balayer(maintenant=maintenant + timedelta(seconds=1)) == len(espaces)
    assert Desactivation.objects.count() == len(espaces)


def test_ce_que_son_temps_laisse_est_repris_au_suivant(maintenant: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surveillance.balayage.LIGNES_PAR_LOT", 1)
    monkeypatch.setattr("surveillance.balayage.epuiser", lambda lot: lot())  # its time is over after one batch
    for _ in range(3):
        espace = EspaceFactory()
        _neuf(espace, maintenant)
        acte(MOT_DE_PASSE_CHANGE, espace, quand=maintenant)
    assert [balayer(maintenant=maintenant + timedelta(seconds=seconde)) for seconde in (1, 2, 3, 4)] == [1, 1, 1, 0]


# --- One that fails keeps none of the others from being looked at -------------------------------------------------------


def compromis() -> Espace:
    espace = EspaceFactory()
    for genre in ("session_volee", "rafale_exports"):
        signaler(compte=espace.compte, genre=genre, details={})
    return espace


def test_ce_qui_est_vu_pendant_le_balayage_ne_l_arrete_pas(maintenant: datetime) -> None:
    """By requests, while the sweep reads: its own hour is that of its beginning."""
    espace = EspaceFactory()
    for genre in ("session_volee", "rafale_exports"):
        signaler(compte=espace.compte, genre=genre, details={}, maintenant=maintenant + timedelta(seconds=2))
    balayer(maintenant=maintenant)
    assert Desactivation.objects.get().depuis == maintenant
    assert Balayage.objects.get().vu_jusqu_a == maintenant


def test_un_compte_en_panne_n_arrete_pas_la_veille(
    maintenant: datetime, monkeypatch: pytest.MonkeyPatch, echecs: list[str]
) -> None:
    malade, autre = compromis(), compromis()
    vraie = desactiver_automatiquement

    def en_panne(*, espace: Espace, **choix: Any) -> Desactivation | None:
        if espace == malade:
            raise ZeroDivisionError
        return vraie(espace=espace, **choix)

    monkeypatch.setattr("surveillance.balayage.desactiver_automatiquement", en_panne)
    balayer()
    assert Desactivation.objects.get().espace == autre
    assert echecs == ["desactiver"]
    assert Balayage.objects.get().vu_jusqu_a > maintenant, "the next one goes on from here"
    monkeypatch.setattr("surveillance.balayage.desactiver_automatiquement", vraie)
    balayer()
    assert Desactivation.objects.filter(espace=malade).exists(), "tried again each minute while it is recent"


def test_une_ligne_illisible_du_journal_n_arrete_pas_la_veille(maintenant: datetime, echecs: list[str]) -> None:
    """Nobody can take a line away: one that the sweep cannot read would stop it for ever."""
    un, autre = EspaceFactory(), compromis()
    with transaction.atomic():
        consigner(ESPACE_RETABLI, auteur=autre, espace=autre, details={"reference": "x"})
    _neuf(un, maintenant)
    acte(MOT_DE_PASSE_CHANGE, un, quand=maintenant)
    balayer()
    assert echecs == ["lignes_du_journal"]
    assert "acte_appareil_neuf" in genres(), "the line after it"
    assert Desactivation.objects.get().espace == autre


def test_un_reseau_en_panne_n_arrete_pas_la_veille(
    maintenant: datetime, monkeypatch: pytest.MonkeyPatch, echecs: list[str]
) -> None:
    victime, autre = EspaceFactory(), compromis()
    for rang in range(15):
        connexion(None, maintenant, "ECHOUEE", adresse_essayee=f"{rang:064d}")
    connexion(victime, maintenant, "ECHOUEE")
    monkeypatch.setattr("surveillance.signaux.balayages.signaler", lambda **_: 1 / 0)
    balayer(maintenant=maintenant + timedelta(seconds=1))
    assert Desactivation.objects.get().espace == autre
    assert echecs == ["pulverisation"]
    monkeypatch.undo()
    assert balayer(maintenant=maintenant + timedelta(seconds=2)) == 1, "and is looked at again"


def test_ce_qui_fut_classe_n_est_pas_releve_de_la_meme_ligne(espace: Espace, maintenant: datetime) -> None:
    """A line is read again for some minutes, a network's hour is looked at each minute: nothing of it is new."""
    _neuf(espace, maintenant)
    acte(MOT_DE_PASSE_CHANGE, espace, quand=maintenant)
    for rang in range(15):
        connexion(None, maintenant, "ECHOUEE", adresse_essayee=f"{rang:064d}")
    connexion(EspaceFactory(), maintenant, "ECHOUEE")
    balayer(maintenant=maintenant + timedelta(seconds=1))
    assert {alerte.motif for alerte in Alerte.objects.all()} == {"acte_appareil_neuf", "pulverisation"}
    Alerte.objects.update(etat=Alerte.Etat.ECARTEE, examinee_le=timezone.now())
    assert balayer(maintenant=maintenant + timedelta(seconds=2)) == 0
    assert not Alerte.objects.filter(etat=Alerte.Etat.OUVERTE).exists()
