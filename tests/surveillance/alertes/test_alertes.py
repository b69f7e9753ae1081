"""The alerts of the cell: what waits by gravity, what one cause raised, what is decided, what the holder answers (R15; CGU §3.6)."""

import html
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as base
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.envois.courriels import composer
from accounts.espace.pas_moi import dire_depuis_l_espace
from accounts.gestion.contreseings import (
    ContreseingHorsCompetence,
    ContreseingParUnAutre,
    contresigner,
    expirer_contreseings,
    refuser_contreseing,
)
from accounts.models import Affaire, Agent, Contreseing, Courriel, Espace, Evenement
from surveillance.alertes.chiffres import semaines
from surveillance.alertes.decisions import (
    AlerteDejaDecidee,
    AlerteVueDeNouveau,
    DecisionDeLaCellule,
    MotifDAlerteRequis,
    classer_alertes,
    confirmer_alertes,
)
from surveillance.alertes.desactivations import (
    ESPACES_AU_PLUS,
    AucunEspaceDesactive,
    desactiver_la_cause,
    espaces_a_desactiver,
)
from surveillance.alertes.ensembles import ECART, assembler, ensemble_de, ensembles_ouverts
from surveillance.alertes.questions import (
    DetenteurSansEspace,
    QuestionClose,
    QuestionDejaPosee,
    demander_au_detenteur,
    dire_que_c_etait_moi,
)
from surveillance.espaces.desactivation import CelluleRequise, MotifDeDesactivationRequis, effets_de
from surveillance.espaces.desactivation import apercu_de as apercu_de_la_desactivation
from surveillance.models import Alerte, Connexion, Desactivation, Gravite, SuiteAlerte
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, EspaceFactory
from tests.habilitations.scenes import apercu_de, texte
from tests.surveillance.espaces.scenes import Compromis

pytestmark = pytest.mark.django_db
MOTIF = "Il télétravaille depuis Bruxelles, son employeur le confirme."
CAUSE = "reseau:192.0.2.0/24"


def lever(espace: Espace, **champs: Any) -> Alerte:
    return Alerte.objects.create(**{"compte": espace.compte, "motif": "usage_parallele", **champs})


def voir_de_nouveau(espace: Espace) -> None:
    """Raise again the alert of this network and account."""
    Alerte.objects.lever(
        compte=espace.compte,
        motif="rafale_siren",
        cause=CAUSE,
        gravite=Gravite.MOYENNE,
        details={},
        maintenant=timezone.now(),
    )


def attendent() -> list[tuple[str, str]]:
    return list(Affaire.objects.filter(finie_le=None).order_by("file").values_list("file", "cle"))


@pytest.fixture
def cellule() -> Agent:
    return AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)


@pytest.fixture
def second() -> Agent:
    return AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)


@pytest.fixture
def espace() -> Espace:
    return EspaceFactory(prenom="Karine", nom="Vidal")


# --- The queues -------------------------------------------------------------------------------------------------------


def test_une_alerte_attend_dans_la_file_de_sa_gravite(cellule: Agent, espace: Espace) -> None:
    alerte = lever(espace)
    assert attendent() == [("ALERTE_MOYENNE", str(alerte.pk))]
    assert Affaire.objects.get().espace == espace
    Alerte.objects.filter(pk=alerte.pk).update(gravite=Gravite.GRAVE)
    assert attendent() == [("ALERTE_GRAVE", str(alerte.pk))]
    Alerte.objects.filter(pk=alerte.pk).update(etat=Alerte.Etat.CONFIRMEE)
    assert attendent() == []
    lever(espace, gravite=Gravite.INFO).delete()
    assert attendent() == []
    lever(espace, etat=Alerte.Etat.ECARTEE)
    assert attendent() == []


def test_ce_qu_une_cause_leve_en_quelques_heures_tient_ensemble() -> None:
    t = datetime(2026, 11, 20, 9, tzinfo=UTC)
    a, b = EspaceFactory(), EspaceFactory()
    seules = [lever(a, cause=f"compte:{a.compte_id}", levee_le=t), lever(b, cause="", levee_le=t)]
    meme = [lever(e, cause=CAUSE, levee_le=t + rang * ECART) for rang, e in enumerate((a, b))]
    plus_tard = lever(EspaceFactory(), cause=CAUSE, levee_le=t + 2 * ECART + timedelta(seconds=1))
    grave = lever(b, motif="ce_n_est_pas_moi", cause=CAUSE, levee_le=t + ECART, gravite=Gravite.GRAVE)
    ensembles, davantage = ensembles_ouverts()
    assert not davantage
    assert [alerte.pk for alerte in ensembles[0].alertes] == [grave.pk], "the gravest first, whatever its age"
    assert sorted(len(ensemble.alertes) for ensemble in ensembles) == [1, 1, 1, 1, 2]
    assert {alerte.pk for alerte in ensemble_de(meme[1]).alertes} == {alerte.pk for alerte in meme}
    assert ensemble_de(meme[0]).comptes == 2
    for seule in (*seules, plus_tard):
        assert ensemble_de(seule).alertes == [seule]
    assert assembler([]) == []


# --- Deciding ---------------------------------------------------------------------------------------------------------


def test_une_alerte_moyenne_est_classee_par_un_agent_de_la_cellule(cellule: Agent, espace: Espace) -> None:
    alerte = lever(espace)
    assert classer_alertes(acteur=cellule, alertes=[alerte], motif=MOTIF) is None
    alerte.refresh_from_db()
    assert (alerte.etat, alerte.examinee_par) == (Alerte.Etat.ECARTEE, cellule)
    suite = SuiteAlerte.objects.get()
    assert (suite.genre, suite.motif, suite.agent, suite.second) == ("SANS_SUITE", MOTIF, cellule, None)
    (ligne,) = Evenement.objects.filter(acte="alerte.classee")
    assert ligne.details == {"reference": str(alerte.pk)}
    with pytest.raises(AlerteDejaDecidee):
        classer_alertes(acteur=cellule, alertes=[alerte], motif=MOTIF)


def test_une_alerte_grave_est_classee_par_deux_agents_de_la_cellule(
    cellule: Agent, second: Agent, espace: Espace
) -> None:
    collegue = AgentFactory(service_gestionnaire=cellule.service_gestionnaire)
    alerte = lever(espace, gravite=Gravite.GRAVE)
    demande = classer_alertes(acteur=cellule, alertes=[alerte], motif=MOTIF)
    assert demande is not None
    assert Alerte.objects.get().etat == Alerte.Etat.OUVERTE, "nothing is done yet"
    assert ("CONTRESEING", str(demande.pk)) in attendent()
    assert not Courriel.objects.exists(), "no office is told"
    page = reverse("admin:accounts_contreseing_change", args=[demande.pk])
    assert client_verifie(collegue).get(page).status_code == 302, "it is no office's, not even of his own"
    for acteur, regle in ((cellule, ContreseingParUnAutre), (collegue, ContreseingHorsCompetence)):
        with pytest.raises(regle):
            contresigner(acteur=acteur, contreseing=demande)
    assert expirer_contreseings() == 0, "who asked is still of the cell"
    assert MOTIF in texte(client_verifie(second).get(page))
    contresigner(acteur=second, contreseing=demande)
    assert Alerte.objects.get().etat == Alerte.Etat.ECARTEE
    suite = SuiteAlerte.objects.get()
    assert (suite.agent, suite.second) == (cellule, second)
    assert attendent() == []


def test_un_classement_grave_expire_avec_la_fonction_de_qui_le_demandait(cellule: Agent, espace: Espace) -> None:
    demande = classer_alertes(acteur=cellule, alertes=[lever(espace, gravite=Gravite.GRAVE)], motif=MOTIF)
    assert demande is not None
    Agent.objects.filter(pk=cellule.pk).update(fonction=Agent.Fonction.GESTIONNAIRE)
    assert expirer_contreseings() == 1
    assert Contreseing.objects.get().etat == Contreseing.Etat.EXPIRE


def test_desactiver_met_fin_au_classement_demande(second: Agent) -> None:
    scene = Compromis()
    alerte = lever(scene.espace, gravite=Gravite.GRAVE)
    demande = classer_alertes(acteur=second, alertes=[alerte], motif=MOTIF)
    scene.desactiver(alertes=[alerte])
    assert demande is not None
    assert Contreseing.objects.get(pk=demande.pk).etat == Contreseing.Etat.EXPIRE
    assert Alerte.objects.get().etat == Alerte.Etat.CONFIRMEE


def test_une_alerte_est_dite_averee_sans_desactiver(cellule: Agent, espace: Espace) -> None:
    alerte = lever(espace, gravite=Gravite.GRAVE)
    confirmer_alertes(acteur=cellule, alertes=[alerte], motif="Elle a changé de mot de passe devant nous.")
    assert Alerte.objects.get().etat == Alerte.Etat.CONFIRMEE
    assert Evenement.objects.filter(acte="alerte.averee").exists()
    assert Espace.objects.get(pk=espace.pk).est_actif


def test_ce_que_les_decisions_refusent(cellule: Agent, espace: Espace) -> None:
    alerte, decidee = lever(espace), lever(espace, etat=Alerte.Etat.ECARTEE)
    for acte in (classer_alertes, confirmer_alertes):
        with pytest.raises(DecisionDeLaCellule):
            acte(acteur=AgentFactory(), alertes=[alerte], motif=MOTIF)
        for motif in ("", "  ", "x" * 501):
            with pytest.raises(MotifDAlerteRequis):
                acte(acteur=cellule, alertes=[alerte], motif=motif)
        for alertes in ([], [alerte, decidee]):
            with pytest.raises(AlerteDejaDecidee):
                acte(acteur=cellule, alertes=alertes, motif=MOTIF)
    assert Alerte.objects.get(pk=alerte.pk).etat == Alerte.Etat.OUVERTE


# --- Asking the holder ------------------------------------------------------------------------------------------------


def test_le_detenteur_dit_que_c_etait_lui(cellule: Agent, espace: Espace, client: Client) -> None:
    alerte = lever(espace)
    (question,) = demander_au_detenteur(acteur=cellule, alertes=[alerte])
    courriel = Courriel.objects.get(genre="alerte_question")
    page = reverse("usage_inhabituel", args=[alerte.pk])
    ecrit = composer(courriel)
    assert page in ecrit.body
    assert "/lien/ce-n-est-pas-moi/" in ecrit.body, "the other answer asks for no sign-in"
    with pytest.raises(QuestionDejaPosee):
        demander_au_detenteur(acteur=cellule, alertes=[alerte])
    client.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
    assert reverse("securite_pas_moi") in client.get(page).content.decode()
    assert client.post(page).status_code == 302
    question.refresh_from_db()
    assert question.reponse == SuiteAlerte.Reponse.MOI
    assert Alerte.objects.get().etat == Alerte.Etat.OUVERTE, "the cell decides: who is inside could say so too"
    assert Evenement.objects.get(acte="alerte.reponse").details["reponse"] == "MOI"
    assert "Vous avez répondu" in texte(client.get(page))
    assert client.post(page).status_code == 200, "said once"
    with pytest.raises(QuestionClose):
        dire_que_c_etait_moi(acteur=espace, question=question)
    autre = Client()
    autre.force_login(EspaceFactory().compte, backend="accounts.portes.connexion.CompteBackend")
    assert autre.get(page).status_code == 404


def test_ce_n_est_pas_moi_repond_a_la_question_et_rend_l_alerte_grave(cellule: Agent, espace: Espace) -> None:
    alerte = lever(espace)
    (question,) = demander_au_detenteur(acteur=cellule, alertes=[alerte])
    dire_depuis_l_espace(acteur=espace)
    question.refresh_from_db()
    alerte.refresh_from_db()
    assert (question.reponse, alerte.gravite) == (SuiteAlerte.Reponse.PAS_MOI, Gravite.GRAVE)
    assert ("ALERTE_GRAVE", str(alerte.pk)) in attendent()


def test_une_question_se_ferme_apres_sept_jours_ou_une_decision(cellule: Agent, espace: Espace) -> None:
    tard, decidee = lever(espace), lever(espace)
    questions = demander_au_detenteur(acteur=cellule, alertes=[tard, decidee])
    premiere = next(question for question in questions if question.alerte_id == tard.pk)
    with pytest.raises(QuestionClose):
        dire_que_c_etait_moi(acteur=espace, question=premiere, maintenant=timezone.now() + timedelta(days=7, seconds=1))
    classer_alertes(acteur=cellule, alertes=[decidee], motif=MOTIF)
    with pytest.raises(QuestionClose):
        dire_que_c_etait_moi(acteur=espace, question=next(q for q in questions if q.alerte_id == decidee.pk))


def test_qui_n_a_pas_d_espace_ouvert_n_est_pas_interroge(cellule: Agent, espace: Espace) -> None:
    with pytest.raises(DecisionDeLaCellule):
        demander_au_detenteur(acteur=AgentFactory(), alertes=[lever(espace)])
    d_un_agent = Alerte.objects.create(compte=AgentFactory().compte, motif="retablissements_inhabituels")
    with pytest.raises(DetenteurSansEspace):
        demander_au_detenteur(acteur=cellule, alertes=[d_un_agent])
    assert client_verifie(cellule).get(fiche(d_un_agent)).status_code == 200
    assert not SuiteAlerte.objects.exists()


# --- The pages --------------------------------------------------------------------------------------------------------


def fiche(alerte: Alerte, suite: str = "change") -> str:
    return reverse(f"admin:surveillance_alerte_{suite}", args=[alerte.pk])


def connexion(espace: Espace, quand: datetime, pays: str, ip: str, resultat: str = "REUSSIE") -> Connexion:
    return Connexion.objects.create(
        id=uuid.uuid4(),
        quand=quand,
        compte=espace.compte,
        resultat=resultat,
        adresse_ip=ip,
        reseau="",
        pays=pays,
        navigateur="Firefox",
        systeme="Linux",
    )


def test_la_page_de_l_alerte_montre_les_preuves(cellule: Agent) -> None:
    scene = Compromis()
    habituelle = scene.maintenant - timedelta(days=9)
    for rang in range(3):
        connexion(scene.espace, habituelle + rang * timedelta(days=1), "FR", "203.0.113.9")
    intruse = connexion(scene.espace, scene.depuis, "RO", "198.51.100.7")
    connexion(EspaceFactory(), scene.depuis, "RO", "198.51.100.7", "ECHOUEE")
    alerte = lever(scene.espace, connexion=intruse.id, levee_le=scene.depuis, gravite=Gravite.GRAVE)
    autre = lever(scene.espace, motif="pays_nouveau")
    lue = html.unescape(client_verifie(cellule).get(fiche(alerte)).content.decode())
    assert "198.51.100.7" in lue
    assert "Roumanie" in lue, "by its name, not by two letters"
    assert "RO," not in lue
    assert "2 comptes, dont 1 où la connexion a réussi" in lue.replace("\u00a0", " ")
    assert lue.count("gestion-insolite") >= 1
    assert fiche(autre) in lue
    assert reverse("admin:espace_desactiver", args=[scene.espace.pk]) in lue
    assert fiche(alerte, "classer") in lue
    assert fiche(alerte, "classer-ensemble") not in lue, "one alone"
    assert "entreprise, 1 service" in lue.replace("\u00a0", " ")
    for etranger in (scene.guichet, AgentFactory(fonction=Agent.Fonction.AUDITEUR)):
        assert client_verifie(etranger).get(fiche(alerte)).status_code in {302, 403}
        assert client_verifie(etranger).get(reverse("admin:alertes")).status_code == 404


def test_desactiver_part_du_jour_de_la_premiere_alerte_et_les_dit_averees(cellule: Agent) -> None:
    scene = Compromis()
    premiere = lever(scene.espace, levee_le=scene.depuis - timedelta(days=3))
    lever(scene.espace, motif="pays_nouveau", levee_le=scene.depuis)
    client = client_verifie(cellule)
    page = reverse("admin:espace_desactiver", args=[scene.espace.pk])
    jour = f"{timezone.localdate(premiere.levee_le):%Y-%m-%d}"
    assert f'value="{jour}"' in client.get(page).content.decode()
    saisie = {"depuis": jour, "raison": "INHABITUEL", "motif": "Deux lieux à la fois."}
    relue = client.post(page, saisie).content.decode()
    assert client.post(page, {**saisie, **apercu_de(relue)}).status_code == 302
    assert set(Alerte.objects.values_list("etat", flat=True)) == {Alerte.Etat.CONFIRMEE}
    assert len(Desactivation.objects.get().alertes) == 2
    assert attendent() == []


def test_une_decision_porte_sur_toute_la_cause_relue_avant(cellule: Agent) -> None:
    alertes = [lever(EspaceFactory(), cause=CAUSE) for _ in range(3)]
    client = client_verifie(cellule)
    liste = html.unescape(client.get(reverse("admin:alertes")).content.decode())
    assert "3 espaces, la même cause" in liste.replace("\u00a0", " ")
    page = fiche(alertes[0], "classer-ensemble")
    assert page in client.get(fiche(alertes[0])).content.decode()
    montre = client.get(page).content.decode()
    nouvelle = lever(EspaceFactory(), cause=CAUSE)
    client.post(page, {"motif": MOTIF, **apercu_de(montre)})
    assert not SuiteAlerte.objects.exists(), "another has come meanwhile: shown again"
    montre = client.get(page).content.decode()
    assert client.post(page, {"motif": MOTIF, **apercu_de(montre)}).status_code == 302
    assert set(Alerte.objects.values_list("etat", flat=True)) == {Alerte.Etat.ECARTEE}
    assert SuiteAlerte.objects.filter(alerte=nouvelle).exists()


def test_la_cellule_desactive_tous_les_espaces_d_une_cause_en_une_decision(cellule: Agent) -> None:
    """What each could reach is shown, what changed meanwhile shows the page again; one that resists keeps no other open."""
    scene = Compromis()
    simples = [EspaceFactory(nom=nom) for nom in ("Aubry", "Borel")]
    touches = [scene.espace, *simples]
    for espace in touches:
        lever(espace, cause=CAUSE, levee_le=scene.depuis)
    lever(simples[0], motif="pays_nouveau")
    deja = lever(EspaceFactory(etat=Espace.Etat.DESACTIVE), cause=CAUSE, levee_le=scene.depuis)
    client = client_verifie(cellule)
    page = fiche(deja, "desactiver-ensemble")
    assert page in client.get(fiche(deja)).content.decode()
    lue = texte(client.get(page))
    assert "1 entreprise, 1 service" in lue
    assert "aucune entreprise" in lue
    saisie = {"depuis": f"{timezone.localdate(scene.depuis):%Y-%m-%d}", "raison": "PARTAGE", "motif": "Un seul réseau."}
    relue = client.post(page, saisie)
    assert "Suppléance" in texte(relue) or "(1)" in texte(relue)
    assert not Desactivation.objects.exists(), "shown, not done"
    lever(nouveau := EspaceFactory(nom="Nouveau"), cause=CAUSE)
    montre = apercu_de(relue.content.decode())
    assert client.post(page, {**saisie, **montre}).status_code == 200, "another has come meanwhile"
    assert not Desactivation.objects.exists()

    relue = client.post(page, saisie)
    issue = client.post(page, {**saisie, **apercu_de(relue.content.decode())}, follow=True)
    assert "4 espaces sont désactivés" in texte(issue)
    assert set(Desactivation.objects.values_list("espace", "agent")) == {
        (espace.pk, cellule.pk) for espace in (*touches, nouveau)
    }
    assert len(Desactivation.objects.get(espace=simples[0]).alertes) == 2, "all its open alerts, as by the act of one"
    assert Courriel.objects.filter(genre="espace_desactive").count() == 4
    assert Evenement.objects.filter(acte="espace.desactive").count() == 4
    assert client.get(page).status_code == 302, "done twice, there is nobody left"


def test_un_espace_qui_resiste_n_arrete_pas_les_autres(cellule: Agent) -> None:
    scene = Compromis()
    autres = [EspaceFactory() for _ in range(2)]
    tous = {espace: apercu_de_la_desactivation(effets_de(espace, scene.depuis)) for espace in (scene.espace, *autres)}
    voulue = {"acteur": cellule, "raison": "INHABITUEL", "motif": MOTIF, "depuis": scene.depuis}
    with pytest.raises(CelluleRequise):
        desactiver_la_cause(**{**voulue, "espaces": tous, "acteur": scene.guichet})
    with pytest.raises(MotifDeDesactivationRequis):
        desactiver_la_cause(**{**voulue, "espaces": tous, "motif": " "})
    issues = desactiver_la_cause(**{**voulue, "espaces": {**tous, scene.espace: "autre"}})
    refusees = [issue for issue in issues if issue.desactivation is None]
    assert [(issue.espace, "a changé" in issue.refus) for issue in refusees] == [(scene.espace, True)]
    assert Desactivation.objects.count() == 2
    assert Espace.objects.get(pk=scene.espace.pk).est_actif
    issues = desactiver_la_cause(**{**voulue, "espaces": tous})
    assert [issue.espace for issue in issues if issue.desactivation] == [scene.espace], "the two others are already"
    with pytest.raises(AucunEspaceDesactive):
        desactiver_la_cause(**{**voulue, "espaces": tous})
    assert Desactivation.objects.count() == 3
    assert Courriel.objects.filter(genre="espace_desactive").count() == 3


@pytest.mark.parametrize("de_plus", [0, 1])
def test_une_decision_ne_porte_que_sur_ce_qui_se_lit(cellule: Agent, de_plus: int) -> None:
    """Twenty at once; who is left is offered at once, and only where somebody is left."""
    alertes = [lever(EspaceFactory(), cause=CAUSE) for _ in range(ESPACES_AU_PLUS + de_plus)]
    assert len(espaces_a_desactiver(alertes)) == ESPACES_AU_PLUS + de_plus
    client, page = client_verifie(cellule), fiche(alertes[0], "desactiver-ensemble")
    with CaptureQueriesContext(base) as requetes:
        lue = texte(client.get(page))
    assert ("recommencez pour les autres" in lue) is bool(de_plus)
    assert sum('"surveillance_alerte"."cause" =' in une["sql"] for une in requetes) == 1, "the cause is read once"
    saisie = {"depuis": f"{timezone.localdate():%Y-%m-%d}", "raison": "PARTAGE", "motif": MOTIF}
    relue = client.post(page, saisie)
    faite = client.post(page, {**saisie, **apercu_de(relue.content.decode())})
    assert faite["Location"] == (fiche(alertes[0]) if de_plus else reverse("admin:alertes"))
    assert Desactivation.objects.count() == ESPACES_AU_PLUS


def test_la_page_de_la_cause_dit_qui_tient_un_droit_de_chacun(cellule: Agent) -> None:
    """What falls for others is read before it falls: who holds a right from each, then which are put en veille."""
    scene = Compromis()
    for espace in (scene.espace, EspaceFactory()):
        alerte = lever(espace, cause=CAUSE, levee_le=scene.depuis)
    client, page = client_verifie(cellule), fiche(alerte, "desactiver-ensemble")
    assert "2 personnes" in texte(client.get(page)), "Inès and Victor"
    saisie = {"depuis": f"{timezone.localdate(scene.maintenant):%Y-%m-%d}", "raison": "PARTAGE", "motif": MOTIF}
    relue = texte(client.post(page, saisie))
    assert f"{scene.victor.nom_complet} ({scene.victor.numero_lisible})" in relue


@pytest.mark.parametrize("acte", ["classer", "averer"])
def test_une_alerte_vue_de_nouveau_depuis_sa_page_se_relit(cellule: Agent, espace: Espace, acte: str) -> None:
    alerte = lever(espace, motif="rafale_siren", cause=CAUSE)
    client, page = client_verifie(cellule), fiche(alerte, acte)
    montre = apercu_de(client.get(page).content.decode())
    voir_de_nouveau(espace)
    relue = client.post(page, {"motif": MOTIF, **montre})
    assert relue.status_code == 200
    assert "2 fois" in texte(relue)
    assert Alerte.objects.get().etat == Alerte.Etat.OUVERTE
    assert client.post(page, {"motif": MOTIF, **apercu_de(relue.content.decode())}).status_code == 302
    assert Alerte.objects.get().etat != Alerte.Etat.OUVERTE


def test_la_question_est_posee_a_tous_ceux_qu_une_cause_touche(cellule: Agent) -> None:
    alertes = [lever(EspaceFactory(), cause=CAUSE) for _ in range(3)]
    demander_au_detenteur(acteur=cellule, alertes=alertes[:1])
    client = client_verifie(cellule)
    page = fiche(alertes[0], "demander-ensemble")
    montre = client.get(page).content.decode()
    assert client.post(page, apercu_de(montre)).status_code == 302
    assert SuiteAlerte.objects.filter(genre="QUESTION").count() == 3
    assert client.get(page).status_code == 302, "nobody is left to ask"


def test_rien_n_attend_et_la_page_le_dit(cellule: Agent) -> None:
    lue = texte(client_verifie(cellule).get(reverse("admin:alertes")))
    assert "Aucune alerte n" in lue
    assert "Aucune alerte en huit semaines" in lue


def test_les_huit_semaines_en_chiffres(cellule: Agent, espace: Espace) -> None:
    maintenant = timezone.now()
    for etat, heures in (("CONFIRMEE", 2), ("ECARTEE", 4), ("ECARTEE", 6), ("OUVERTE", 0)):
        lever(
            espace,
            etat=etat,
            levee_le=maintenant,
            examinee_le=maintenant + timedelta(hours=heures) if heures else None,
        )
    lever(espace, levee_le=maintenant - timedelta(weeks=9))
    (semaine,) = semaines(maintenant=maintenant)
    assert (semaine.levees, semaine.averees, semaine.sans_suite, semaine.attendent) == (4, 1, 2, 1)
    assert (semaine.justes, semaine.delai) == (33, timedelta(hours=4))


def test_ce_qui_est_dit_de_nouveau_n_est_pas_classe_avec_ce_qui_fut_juge(cellule: Agent, second: Agent) -> None:
    """Each saying reaches the cell: also what is said between the first look and the second."""
    espace = EspaceFactory()
    dire_depuis_l_espace(acteur=espace)
    attend = classer_alertes(acteur=cellule, alertes=list(Alerte.objects.all()), motif=MOTIF)
    assert attend is not None
    dire_depuis_l_espace(acteur=Espace.objects.get(pk=espace.pk))
    with pytest.raises(AlerteVueDeNouveau):
        contresigner(acteur=second, contreseing=attend)
    assert Alerte.objects.get().etat == Alerte.Etat.OUVERTE
    refuser_contreseing(acteur=second, contreseing=attend, reponse="Il l’a redit depuis.")
    encore = classer_alertes(acteur=cellule, alertes=list(Alerte.objects.all()), motif=MOTIF)
    assert encore is not None
    contresigner(acteur=second, contreseing=encore)
    assert Alerte.objects.get().etat == Alerte.Etat.ECARTEE


def test_une_reponse_donnee_entre_les_deux_regards_se_relit(cellule: Agent, second: Agent, espace: Espace) -> None:
    alerte = lever(espace, motif="session_volee", gravite=Gravite.GRAVE)
    (question,) = demander_au_detenteur(acteur=cellule, alertes=[alerte])
    attend = classer_alertes(acteur=cellule, alertes=[alerte], motif=MOTIF)
    assert attend is not None
    dire_que_c_etait_moi(acteur=espace, question=question)
    with pytest.raises(AlerteVueDeNouveau):
        contresigner(acteur=second, contreseing=attend)


def test_ce_que_l_agent_n_a_pas_lu_n_est_pas_classe(cellule: Agent, espace: Espace) -> None:
    alerte = lever(espace, motif="rafale_siren", cause=CAUSE)
    lue = Alerte.objects.get(pk=alerte.pk)
    voir_de_nouveau(espace)
    with pytest.raises(AlerteVueDeNouveau):
        classer_alertes(acteur=cellule, alertes=[lue], motif=MOTIF)
    assert Alerte.objects.get().etat == Alerte.Etat.OUVERTE
