"""The second factor: single use, throttled, hashed, replaced by the next one."""

import io
from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.facteurs.second_facteur import (
    AppareilDejaEnregistre,
    CodeRefuse,
    CodeSecoursRefuse,
    EnrolementExpire,
    PreuveRequise,
    TropDEssais,
    codes_restants,
    commencer_enrolement,
    confirmer_enrolement,
    renouveler_codes_secours,
    utiliser_code_secours,
    verifier_code,
)
from accounts.gestion.agents import (
    CompteDejaCree,
    changer_mot_de_passe_agent,
    creer_agent,
    mot_de_passe_a_changer,
    reinitialiser_agent,
)
from accounts.models import Agent, Application, CodeSecours, Evenement
from accounts.mots_de_passe.politique import MotDePasseFaible
from tests.accounts.scenes import code_de, enroler
from tests.factories import AgentFactory, EspaceFactory, ServiceGestionnaireFactory
from tests.scenes import en_parallele

DEPART = timezone.now().replace(microsecond=0)


def plus_tard(secondes: float, tick: bool = False) -> time_machine.travel:
    return time_machine.travel(DEPART + timedelta(seconds=secondes), tick=tick)


@pytest.fixture
def agent(db: None) -> Agent:
    return AgentFactory()


def test_un_code_ne_sert_qu_une_fois(agent: Agent) -> None:
    with plus_tard(0):
        appareil, _ = enroler(agent)
        with pytest.raises(CodeRefuse):
            verifier_code(acteur=agent.compte, code=code_de(appareil))
    with plus_tard(60):
        assert verifier_code(acteur=agent.compte, code=code_de(appareil)) == appareil
        with pytest.raises(CodeRefuse):
            verifier_code(acteur=agent.compte, code=code_de(appareil))


@pytest.mark.django_db(transaction=True)
def test_un_code_presente_six_fois_a_la_fois_ne_passe_qu_une_fois() -> None:
    agent = AgentFactory()
    with plus_tard(0):
        appareil, codes = enroler(agent)
    with plus_tard(60, tick=True):
        code = code_de(appareil)
        resultats = en_parallele(6, lambda _: verifier_code(acteur=agent.compte, code=code))
    assert sum(isinstance(resultat, Application) for resultat in resultats) == 1, resultats
    with plus_tard(7200, tick=True):
        resultats = en_parallele(6, lambda _: utiliser_code_secours(acteur=agent.compte, code=codes[0]))
    assert sum(isinstance(resultat, Application) for resultat in resultats) == 1, resultats


def test_cinq_refus_puis_une_attente_qui_double(agent: Agent) -> None:
    with plus_tard(0):
        appareil, _ = enroler(agent)
    faux = "000000" if code_de(appareil) != "000000" else "000001"
    with plus_tard(60):
        for _ in range(5):
            with pytest.raises(CodeRefuse):
                verifier_code(acteur=agent.compte, code=faux)
        with pytest.raises(TropDEssais, match="attendez 1 minute avant"):
            verifier_code(acteur=agent.compte, code=code_de(appareil))
    with plus_tard(121), pytest.raises(CodeRefuse):
        verifier_code(acteur=agent.compte, code=faux)
    with plus_tard(122), pytest.raises(TropDEssais, match="attendez 2 minutes avant.*code de secours"):
        verifier_code(acteur=agent.compte, code=code_de(appareil))
    with plus_tard(242):
        verifier_code(acteur=agent.compte, code=code_de(appareil))
    actes = list(Evenement.objects.filter(acte__startswith="second_facteur.").values_list("acte", flat=True))
    assert actes.count("second_facteur.refuse") == 8
    assert set(Evenement.objects.values_list("auteur", flat=True)) == {f"agent:{agent.pk}"}


def test_les_messages_disent_le_vrai_compte(agent: Agent) -> None:
    """One wrong code is one wrong code, even the day after four others; who must wait reads how many, and how long."""
    with plus_tard(0):
        appareil, _ = enroler(agent)
    faux = "000000" if code_de(appareil) != "000000" else "000001"
    with plus_tard(60):
        dits = []
        for _ in range(7):
            with pytest.raises((CodeRefuse, TropDEssais)) as refus:
                verifier_code(acteur=agent.compte, code=faux)
            dits.append(str(refus.value))
    assert all("code suivant" in dit and "refusé" not in dit for dit in dits[:4])
    assert [("Encore une erreur" in dit) for dit in dits[:4]] == [False, False, False, True]
    assert "5e refusé pour ce compte en 24 heures : attendez 1 minute" in dits[4]
    assert all(
        dit.startswith("5 codes ont été refusés pour ce compte en 24 heures : attendez 1 min") for dit in dits[5:]
    )
    with plus_tard(23 * 3600), pytest.raises(CodeRefuse, match="6e refusé.* attendez 2 minutes"):
        verifier_code(acteur=agent.compte, code=faux)
    with plus_tard(25 * 3600), pytest.raises(CodeRefuse, match="code suivant"):
        verifier_code(acteur=agent.compte, code=faux)


def test_les_codes_de_secours_sont_haches_et_a_usage_unique(agent: Agent) -> None:
    _, codes = enroler(agent)
    assert len(set(codes)) == 10
    gardes = list(CodeSecours.objects.values_list("empreinte", flat=True))
    assert all(
        len(empreinte) == 64 and code.replace("-", "") not in empreinte for empreinte in gardes for code in codes
    )
    utiliser_code_secours(acteur=agent.compte, code=codes[3].lower().replace("-", " "))
    assert codes_restants(agent.compte) == 9
    with pytest.raises(CodeSecoursRefuse):
        utiliser_code_secours(acteur=agent.compte, code=codes[3])


def test_le_code_d_un_autre_agent_ne_vaut_rien(agent: Agent) -> None:
    _, codes = enroler(agent)
    autre = AgentFactory()
    enroler(autre)
    with pytest.raises(CodeSecoursRefuse):
        utiliser_code_secours(acteur=autre.compte, code=codes[0])


def test_de_nouveaux_codes_tuent_les_anciens(agent: Agent) -> None:
    appareil, codes = enroler(agent)
    nouveaux = renouveler_codes_secours(acteur=agent.compte, preuve=appareil)
    with pytest.raises(CodeSecoursRefuse):
        utiliser_code_secours(acteur=agent.compte, code=codes[0])
    with plus_tard(3600):
        utiliser_code_secours(acteur=agent.compte, code=nouveaux[0])


def test_pas_de_nouveaux_codes_sans_preuve(agent: Agent) -> None:
    """A session that proved nothing, a device of somebody else, one that is gone, a wrong code: the codes stay."""
    with plus_tard(0):
        appareil, codes = enroler(agent)
        etranger, _ = enroler(AgentFactory())
        retire, _ = enroler(autre := AgentFactory())
        Application.objects.filter(pk=retire.pk).delete()
    for compte, preuve in ((agent.compte, None), (agent.compte, etranger), (autre.compte, retire)):
        with pytest.raises(PreuveRequise):
            renouveler_codes_secours(acteur=compte, preuve=preuve)
    with plus_tard(60):
        with pytest.raises(CodeRefuse):
            renouveler_codes_secours(
                acteur=agent.compte, preuve="000000" if code_de(appareil) != "000000" else "000001"
            )
        assert codes_restants(agent.compte) == 10
    with plus_tard(120):
        nouveaux = renouveler_codes_secours(acteur=agent.compte, preuve=code_de(appareil))
    assert not set(codes) & set(nouveaux)


def test_l_enrolement_dure_quinze_minutes_et_une_cle_remplace_l_autre(agent: Agent) -> None:
    with plus_tard(0):
        ancien = commencer_enrolement(acteur=agent.compte)
        appareil = commencer_enrolement(acteur=agent.compte)
        with pytest.raises(CodeRefuse):
            confirmer_enrolement(acteur=agent.compte, code=code_de(ancien), remplacer=False)
    with plus_tard(901), pytest.raises(EnrolementExpire):
        confirmer_enrolement(acteur=agent.compte, code=code_de(appareil), remplacer=False)
    with plus_tard(899):
        confirmer_enrolement(acteur=agent.compte, code=code_de(appareil), remplacer=False)


def test_seule_une_session_verifiee_remplace_l_appareil(agent: Agent) -> None:
    ancien, codes = enroler(agent)
    nouveau = commencer_enrolement(acteur=agent.compte)
    with pytest.raises(AppareilDejaEnregistre):
        confirmer_enrolement(acteur=agent.compte, code=code_de(nouveau), remplacer=False)
    confirmer_enrolement(acteur=agent.compte, code=code_de(nouveau), remplacer=True)
    assert list(Application.objects.values_list("pk", flat=True)) == [nouveau.pk]
    with pytest.raises(CodeSecoursRefuse):
        utiliser_code_secours(acteur=agent.compte, code=codes[0])
    assert ancien.pk != nouveau.pk


def test_creer_un_agent(db: None) -> None:
    service = ServiceGestionnaireFactory()
    agent, premier = creer_agent(
        acteur="systeme:creer_agent", email=" Anne.Martin@Exemple.FR ", nom="Martin", prenom="Anne", service=service
    )
    compte = agent.compte
    assert (compte.email, compte.is_staff, compte.renouvellement_exige) == ("anne.martin@exemple.fr", True, True)
    assert compte.check_password(premier)
    assert premier not in str(list(Evenement.objects.values_list("details", flat=True)))
    with pytest.raises(CompteDejaCree):
        creer_agent(acteur="x", email="ANNE.martin@exemple.fr", nom="M", prenom="A", service=service)


def test_l_adresse_d_un_espace_ne_devient_pas_celle_d_un_agent(db: None) -> None:
    espace = EspaceFactory()
    with pytest.raises(CompteDejaCree):
        creer_agent(acteur="x", email=espace.compte.email, nom="M", prenom="A", service=ServiceGestionnaireFactory())


def test_le_mot_de_passe_d_un_agent_se_change_chaque_annee_et_ne_repose_pas_sur_lui(agent: Agent) -> None:
    change = agent.compte.mot_de_passe_change_le
    assert not mot_de_passe_a_changer(agent.compte, change + timedelta(days=365))
    assert mot_de_passe_a_changer(agent.compte, change + timedelta(days=365, seconds=1))
    with pytest.raises(MotDePasseFaible):
        changer_mot_de_passe_agent(acteur=agent, nouveau=f"{agent.prenom}{agent.nom}{agent.service_gestionnaire.nom}")


def test_reinitialiser_ramene_a_la_premiere_connexion(agent: Agent) -> None:
    enroler(agent)
    premier = reinitialiser_agent(acteur="systeme:reinitialiser_agent", agent=agent, preuve="CARTE")
    agent.compte.refresh_from_db()
    assert agent.compte.check_password(premier)
    assert agent.compte.renouvellement_exige
    assert not Application.objects.exists()
    assert not CodeSecours.objects.exists()


def test_les_commandes_affichent_le_mot_de_passe_une_fois(db: None) -> None:
    ServiceGestionnaireFactory(code="SIE75009")
    options = {"email": "anne.martin@exemple.fr", "prenom": "Anne", "nom": "Martin", "service": "SIE75009"}
    sortie = io.StringIO()
    call_command("creer_agent", stdout=sortie, **options)
    compte = Agent.objects.get().compte
    assert compte.check_password(sortie.getvalue().strip().rpartition(" ")[2])
    with pytest.raises(CommandError, match="existe déjà"):
        call_command("creer_agent", **options)
    with pytest.raises(CommandError, match="Aucun service"):
        call_command("creer_agent", **{**options, "service": "SIE00000"})
    sortie = io.StringIO()
    call_command("reinitialiser_agent", email="ANNE.MARTIN@exemple.fr", preuve="PIECE", stdout=sortie)
    compte.refresh_from_db()
    assert compte.check_password(sortie.getvalue().strip().rpartition(" ")[2])
    with pytest.raises(CommandError, match="Aucun agent"):
        call_command("reinitialiser_agent", email="inconnu@exemple.fr", preuve="PIECE")
