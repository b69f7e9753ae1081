"""Nobody keeps another out: each limit, who could be hurt by it, and that person's way in (issue 9, item 8; docs/maison.md)."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.compteurs import debit
from accounts.compteurs.plafonds import compter_courriels
from accounts.facteurs.second_facteur import utiliser_code_secours, verifier_code
from accounts.gestion.agents import creer_agent, reinitialiser_agent
from accounts.models import Agent, Courriel, Espace, EssaiConnexion, Lien
from accounts.saisies.regles import RegleMetier
from tests.accounts.scenes import INSCRIPTION, code_de, enroler
from tests.factories import MOT_DE_PASSE, AgentFactory, EspaceFactory, ServiceGestionnaireFactory

pytestmark = pytest.mark.django_db
DEPART = timezone.now().replace(microsecond=0)
JOUR = timedelta(days=1)
FAUX = "pas le bon mot de passe 12"


@pytest.fixture(autouse=True)
def _horloge() -> time_machine.Traveller:
    with time_machine.travel(DEPART, tick=False) as horloge:
        yield horloge


@pytest.fixture
def horloge(_horloge: time_machine.Traveller) -> time_machine.Traveller:
    return _horloge


@pytest.fixture
def agent() -> Agent:
    return AgentFactory()


def deviner(email: str, fois: int) -> None:
    """Wrong passwords from strangers, each from its own network."""
    for rang in range(fois):
        Client(REMOTE_ADDR=f"198.51.100.{rang + 1}").post(reverse("admin:login"), {"username": email, "password": FAUX})


def entrer(email: str, mot_de_passe: str) -> bool:
    client = Client(REMOTE_ADDR="203.0.113.7")
    client.post(reverse("admin:login"), {"username": email, "password": mot_de_passe})
    return "_auth_user_id" in client.session


def faux_code(compte_code: str) -> str:
    return "000000" if compte_code != "000000" else "000001"


def refuser(geste: Callable[[], object]) -> RegleMetier:
    with pytest.raises(RegleMetier) as refus:
        geste()
    return refus.value


# --- The agents' password ---


def test_la_reinitialisation_d_un_agent_ouvre_malgre_les_essais_d_avant_et_d_apres(agent: Agent) -> None:
    email = agent.compte.email
    deviner(email, 21)
    assert not entrer(email, MOT_DE_PASSE)
    premier = reinitialiser_agent(acteur="systeme:reinitialiser_agent", agent=agent, preuve="CARTE")
    assert entrer(email, premier)
    deviner(email, 25)  # they go on, and know nothing of the reset
    assert not entrer(email, FAUX)
    assert entrer(email, premier)


def test_dix_mille_essais_a_un_mot_de_passe_tire_n_enferment_pas_l_agent(agent: Agent) -> None:
    premier = reinitialiser_agent(acteur="systeme:reinitialiser_agent", agent=agent, preuve="CARTE")
    cle = debit.empreinte("premier", str(agent.compte.pk))
    EssaiConnexion.objects.bulk_create(EssaiConnexion(cle=cle, quand=timezone.now()) for _ in range(10_001))
    assert entrer(agent.compte.email, premier)


def test_le_premier_mot_de_passe_d_un_agent_ouvre_malgre_ce_qui_fut_essaye_avant_lui() -> None:
    deviner("anne.martin@exemple.fr", 21)
    agent, premier = creer_agent(
        acteur="systeme:creer_agent",
        email="anne.martin@exemple.fr",
        nom="Martin",
        prenom="Anne",
        service=ServiceGestionnaireFactory(),
    )
    assert entrer(agent.compte.email, premier)


def test_le_premier_mot_de_passe_choisi_les_essais_comptent_de_nouveau(agent: Agent) -> None:
    reinitialiser_agent(acteur="systeme:reinitialiser_agent", agent=agent, preuve="CARTE")
    agent.compte.refresh_from_db()
    agent.compte.set_password(MOT_DE_PASSE)
    agent.compte.renouvellement_exige = False
    agent.compte.save()
    deviner(agent.compte.email, 6)
    assert not entrer(agent.compte.email, MOT_DE_PASSE)


# --- The second factor ---


def essayer_dix_neuf_fois(geste: Callable[[], object], horloge: time_machine.Traveller) -> float:
    """Fail nineteen times, each as soon as it may be; return the longest wait in seconds."""
    plus_longue, rates = 0.0, 0
    debut = timezone.now()
    while rates < 19:
        refus = refuser(geste)
        attendu = 0.0
        while refus.code == "trop_d_essais":
            horloge.shift(timedelta(seconds=30))
            attendu += 30
            assert timezone.now() - debut < 30 * JOUR
            if attendu > 4000:
                return attendu
            refus = refuser(geste)
        plus_longue = max(plus_longue, attendu)
        rates += 1
    return plus_longue


def test_l_attente_de_l_application_ne_passe_pas_une_heure(agent: Agent, horloge: time_machine.Traveller) -> None:
    appareil, _ = enroler(agent)
    horloge.shift(timedelta(seconds=90))
    faux = faux_code(code_de(appareil))
    assert essayer_dix_neuf_fois(lambda: verifier_code(acteur=agent.compte, code=faux), horloge) <= 3600
    horloge.shift(timedelta(hours=1, seconds=1))
    assert verifier_code(acteur=agent.compte, code=code_de(appareil)) == appareil


def test_pas_plus_de_vingt_codes_par_jour_puis_le_lendemain_s_ouvre(
    agent: Agent, horloge: time_machine.Traveller
) -> None:
    appareil, _ = enroler(agent)
    essais = 0
    fin = timezone.now() + JOUR - timedelta(minutes=5)
    while timezone.now() < fin:
        horloge.shift(timedelta(minutes=5))
        refus = refuser(lambda: verifier_code(acteur=agent.compte, code=faux_code(code_de(appareil))))
        essais += refus.code == "code_refuse"
    assert essais == 20
    assert refuser(lambda: verifier_code(acteur=agent.compte, code=code_de(appareil))).code == "trop_d_essais"
    horloge.shift(JOUR)
    assert verifier_code(acteur=agent.compte, code=code_de(appareil)) == appareil


def test_les_codes_de_secours_ouvrent_quand_l_application_attend_et_l_inverse(
    agent: Agent, horloge: time_machine.Traveller
) -> None:
    appareil, codes = enroler(agent)
    horloge.shift(timedelta(seconds=90))
    for _ in range(8):
        refuser(lambda: verifier_code(acteur=agent.compte, code=faux_code(code_de(appareil))))
    assert utiliser_code_secours(acteur=agent.compte, code=codes[0]) == appareil
    horloge.shift(2 * JOUR)
    for _ in range(8):
        refuser(lambda: utiliser_code_secours(acteur=agent.compte, code="0000-0000"))
    assert refuser(lambda: utiliser_code_secours(acteur=agent.compte, code=codes[1])).code == "trop_d_essais"
    assert verifier_code(acteur=agent.compte, code=code_de(appareil)) == appareil


@pytest.mark.parametrize("voie", ["application", "secours"])
def test_qui_a_vole_le_mot_de_passe_n_empeche_pas_le_navigateur_du_titulaire(
    voie: str, horloge: time_machine.Traveller
) -> None:
    espace = EspaceFactory()
    appareil, codes = enroler(espace)

    def entrer_avec(client: Client, code: str, secours: str = "") -> bool:
        client.post(reverse("connexion"), {"username": espace.compte.email, "password": MOT_DE_PASSE})
        page = "connexion_secours" if secours else "connexion_verification"
        client.post(reverse(page), {"code": secours or code})
        return "_auth_user_id" in client.session

    horloge.shift(timedelta(seconds=90))
    siens = Client()
    assert entrer_avec(siens, code_de(appareil))
    siens.post(reverse("deconnexion"))
    voleur = Client(REMOTE_ADDR="198.51.100.9")
    horloge.shift(timedelta(seconds=90))
    for _ in range(12):
        assert not entrer_avec(voleur, faux_code(code_de(appareil)))
        assert not entrer_avec(voleur, "", "0000-0000")
    assert not entrer_avec(voleur, code_de(appareil))
    assert entrer_avec(siens, code_de(appareil), codes[0] if voie == "secours" else "")


def test_la_reinitialisation_oublie_aussi_les_essais_du_second_facteur(
    agent: Agent, horloge: time_machine.Traveller
) -> None:
    appareil, _ = enroler(agent)
    for _ in range(8):
        refuser(lambda: verifier_code(acteur=agent.compte, code=faux_code(code_de(appareil))))
    reinitialiser_agent(acteur="systeme:reinitialiser_agent", agent=agent, preuve="CARTE")
    agent.compte.refresh_from_db()  # signed in again, with the password that was given
    nouveau, codes = enroler(agent)
    horloge.shift(timedelta(seconds=90))
    assert verifier_code(acteur=agent.compte, code=code_de(nouveau)) == nouveau
    assert utiliser_code_secours(acteur=agent.compte, code=codes[0]) == nouveau


# --- The holder's change of address (CGU 3.1.c) ---


def changer(client: Client, nouvelle: str) -> int:
    formulaire = {"adresse": nouvelle, "actuel": MOT_DE_PASSE}
    return int(client.post(reverse("changer_adresse"), formulaire).status_code)


def test_les_visiteurs_du_meme_reseau_n_empechent_pas_de_changer_d_adresse(
    client_de: Callable[[Espace], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole office signs up; the holder behind the same address changes his all the same."""
    for rang in range(settings.DEBIT_COURRIELS_RESEAU[0]):
        compter_courriels(adresses=(f"p{rang}@cabinet-dupont.fr",), adresse_ip="127.0.0.1")
    refus = Client().post(reverse("inscription_expert"), {**INSCRIPTION, "email": "de.trop@cabinet-dupont.fr"})
    assert refus.status_code == 429
    espace = EspaceFactory()
    assert changer(client_de(espace), "nouvelle@cabinet-dupont.fr") == 302
    assert espace.liens.filter(objet=Lien.Objet.CHANGEMENT_ADRESSE, adresse="nouvelle@cabinet-dupont.fr").exists()


def test_ni_les_inscriptions_faites_avec_l_adresse_qu_il_veut(client_de: Callable[[Espace], Client]) -> None:
    for rang in range(settings.DEBIT_COURRIELS_ADRESSE[0] + 1):
        compter_courriels(adresses=("visee@cabinet-dupont.fr",), adresse_ip=f"198.51.100.{rang}")
    assert changer(client_de(EspaceFactory()), "visee@cabinet-dupont.fr") == 302


def test_le_titulaire_a_sa_propre_limite(
    client_de: Callable[[Espace], Client], horloge: time_machine.Traveller
) -> None:
    """A signed-in person writes to a few mailboxes a day, and to one mailbox a few times, whatever networks are used."""
    client = client_de(EspaceFactory())
    statuts = [changer(client, f"cible{rang}@cabinet-dupont.fr") for rang in range(30)]
    assert statuts[:5] == [302] * 5
    assert statuts.count(302) < 15
    assert 429 in statuts
    autre = client_de(EspaceFactory())
    statuts = [changer(autre, "une.seule@cabinet-dupont.fr") for _ in range(10)]
    assert statuts.count(302) < 7


def test_plusieurs_titulaires_ne_noient_pas_une_boite(client_de: Callable[[Espace], Client]) -> None:
    """Nor keep one another out: beyond six the mail is dated, within the hour, and nothing is refused."""
    statuts = [changer(client_de(EspaceFactory()), "une.seule@cabinet-dupont.fr") for _ in range(30)]
    assert statuts == [302] * 30
    departs = Courriel.objects.filter(destinataire="une.seule@cabinet-dupont.fr").values_list(
        "prochain_essai_le", flat=True
    )
    assert sum(depart <= DEPART for depart in departs) == settings.DEBIT_CHANGEMENTS_ADRESSE[0]
    assert {depart for depart in departs if depart > DEPART} == {DEPART + timedelta(hours=1)}


def test_chaque_courriel_a_sa_ligne() -> None:
    """Who writes a new mail says in docs/maison.md who can have it sent to whom, and what holds them back."""
    texte = (settings.RACINE / "docs" / "maison.md").read_text(encoding="utf-8")
    section = texte.partition("## The mails that somebody can have another sent")[2].partition("\n## ")[0]
    lignes = [ligne.strip("| ").split(" | ") for ligne in section.splitlines() if ligne.startswith("| `")]
    assert all(len(ligne) == 3 and ligne[2].strip() for ligne in lignes)
    dits = [nom for ligne in lignes for nom in re.findall(r"`(\w+)`", ligne[0])]
    ecrits = {gabarit.stem for gabarit in (settings.RACINE / "templates" / "courriels").glob("*.txt")} - {"pied"}
    assert sorted(dits) == sorted(ecrits), "each once"


def test_chaque_limite_a_sa_ligne() -> None:
    """Who writes a new counter says in docs/maison.md who could be hurt by it."""
    racine = settings.RACINE
    dites = set(
        re.findall(r"^\| `([\w.]+)` \|", (racine / "docs" / "maison.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    comptees = set()
    for application in ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro"):
        for fichier in (racine / application).rglob("*.py"):
            texte = fichier.read_text(encoding="utf-8")
            comptees |= set(
                re.findall(r"^(?:[A-Z_]+ = )?([A-Z_]+) = (?:debit\.)?(?:Bareme|Cadence)\(", texte, re.MULTILINE)
            )
            comptees |= set(re.findall(r"^((?:DEBIT|PLAFOND)_[A-Z_]+) = ", texte, re.MULTILINE))
    assert {nom for nom in comptees if not nom.endswith("_DUREE")} <= {nom.rpartition(".")[2] for nom in dites}
