"""Looking up a company on which one has no right: counted, traced, and told no more than the procedure needs (issue 9, item 10)."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.documents.typst import siren_lisible
from accounts.models import Agent, Espace, TraceLecture
from activation.models import Demande
from habilitations.models import Role
from services.adresses.saisie import Saisie, saisir_adresse
from tests.activation import scenes
from tests.espacepro.scenes import client_verifie
from tests.factories import AgentFactory, EspaceFactory, PersonneFactory, ServiceFactory, accorder, habiliter
from tests.scenes import en_parallele

pytestmark = pytest.mark.django_db
SUBSTITUTION = "/espace/gerer-les-services/substitution/"
ADHERER = "/espace/gerer-les-services/adherer/"
DEPART = timezone.now().replace(microsecond=0)


def sirens(debut: int, nombre: int) -> list[str]:
    """Return so many SIREN that the Luhn key holds."""
    trouves: list[str] = []
    racine = 10_000_000 + debut * 1_000
    while len(trouves) < nombre:
        chiffres = [int(c) for c in str(racine)]
        somme = sum(sum(divmod(c * 2, 10)) if rang % 2 else c for rang, c in enumerate(chiffres))
        trouves.append(f"{racine}{-somme % 10}")
        racine += 1
    return trouves


def chercher(client: Client, liste: list[str]) -> Any:
    return client.get(SUBSTITUTION, {"sirens": ",".join(liste)})


def deposer(client: Client, adresse: str, saisie: dict[str, Any], *, follow: bool = False) -> Any:
    """Post the form, then what its page of the letters showed, where it is shown."""
    reponse = client.post(adresse, saisie)
    montre = re.search(r'name="apercu" value="([^"]+)"', reponse.content.decode())
    if not montre:
        return reponse
    suivre = {"follow": True} if follow else {}
    return client.post(adresse, {**saisie, "apercu": montre[1]}, **suivre)


@pytest.fixture
def horloge() -> Any:
    with time_machine.travel(DEPART, tick=False) as voyageur:
        yield voyageur


# --- Counted -------------------------------------------------------------------------------------------------------------


def test_une_liste_de_cent_passe_mais_pas_cent_soixante(client_de: Callable[[Espace], Client], horloge: Any) -> None:
    client = client_de(EspaceFactory())
    premiere = sirens(0, 100)
    assert chercher(client, premiere).status_code == 200
    for _ in range(5):
        horloge.shift(timedelta(minutes=1))
        assert chercher(client, premiere).status_code == 200, "the same hundred, corrected and looked at again"
    statuts = [chercher(client, sirens(rang, 100)).status_code for rang in range(1, 20)]
    assert statuts.count(200) * 100 + 100 <= settings.PLAFOND_CONSULTATIONS_JOUR
    assert statuts[-1] == 429
    assert chercher(client, premiere).status_code == 200, "what was told already is told again"
    assert client.get(ADHERER, {"siren": sirens(30, 1)[0]}).status_code == 429, "one budget for every page"
    horloge.shift(timedelta(days=1, minutes=1))
    assert chercher(client_de(EspaceFactory()), sirens(40, 100)).status_code == 200


def test_le_lendemain_s_ouvre_et_le_mois_a_sa_limite(client_de: Callable[[Espace], Client], horloge: Any) -> None:
    espace, dites = EspaceFactory(), 0
    for jour in range(20):
        client = client_de(espace)
        statuts = [chercher(client, sirens(jour * 10 + rang, 100)).status_code for rang in range(4)]
        dites += 100 * statuts.count(200)
        assert jour or statuts[0] == 200
        if jour == 1:
            assert statuts[0] == 200, "the next day"
        horloge.shift(timedelta(days=1, minutes=1))
    assert dites == settings.PLAFOND_CONSULTATIONS_MOIS
    horloge.shift(timedelta(days=30))
    assert chercher(client_de(espace), sirens(900, 100)).status_code == 200


def test_ce_que_l_on_tient_ou_demande_ne_compte_pas(client_de: Callable[[Espace], Client], monkeypatch: Any) -> None:
    monkeypatch.setattr(settings, "PLAFOND_CONSULTATIONS_JOUR", 1)
    espace = EspaceFactory()
    client, sienne = client_de(espace), habiliter(espace)
    demande = scenes.adhesion(espace, PersonneFactory())
    assert chercher(client, sirens(0, 1)).status_code == 200
    assert chercher(client, [sienne.personne.siren, demande.personne.siren]).status_code == 200
    assert chercher(client, sirens(1, 1)).status_code == 429


def test_une_consultation_refusee_n_allonge_pas_l_attente(
    client_de: Callable[[Espace], Client], monkeypatch: Any, horloge: Any
) -> None:
    monkeypatch.setattr(settings, "PLAFOND_CONSULTATIONS_JOUR", 2)
    espace = EspaceFactory()
    assert chercher(client_de(espace), sirens(0, 2)).status_code == 200
    for _ in range(6):
        horloge.shift(timedelta(hours=3, minutes=50))
        assert chercher(client_de(espace), sirens(1, 2)).status_code == 429
    horloge.shift(timedelta(hours=1, minutes=1))
    assert chercher(client_de(espace), sirens(1, 2)).status_code == 200


def test_le_depot_aussi_est_compte(client_de: Callable[[Espace], Client], monkeypatch: Any) -> None:
    monkeypatch.setattr(settings, "PLAFOND_CONSULTATIONS_JOUR", 1)
    client, tenues = client_de(EspaceFactory()), [habiliter(EspaceFactory()) for _ in range(2)]
    for tenue, attendu in zip(tenues, (302, 429), strict=True):
        siren = tenue.personne.siren
        saisie = {"qualite": "MANDATAIRE", "services": f"{siren}:{tenue.service.code}"}
        assert deposer(client, f"{SUBSTITUTION}?sirens={siren}", saisie).status_code == attendu
    saisie = {"qualite": "MANDATAIRE", "services": [ServiceFactory().code]}
    assert deposer(client, f"{ADHERER}?siren={PersonneFactory().siren}", saisie).status_code == 429
    assert Demande.objects.count() == 1


# --- Traced --------------------------------------------------------------------------------------------------------------


def test_qui_a_lu_quoi_est_lisible_par_la_surveillance(client_de: Callable[[Espace], Client]) -> None:
    espace, personne = EspaceFactory(), PersonneFactory()
    client = client_de(espace)
    client.get(ADHERER, {"siren": personne.siren})
    chercher(client, [personne.siren, "732829320"])
    traces = TraceLecture.objects.filter(lecteur=espace.numero_abonne).values_list("cle", flat=True)
    assert set(traces) == {personne.siren, "732829320"}
    surveillant: Agent = AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)
    page = client_verifie(surveillant).get(
        reverse("admin:accounts_tracelecture_changelist"), {"q": espace.numero_abonne}
    )
    assert siren_lisible(personne.siren) in page.content.decode()


def test_une_page_preparee_par_le_navigateur_ne_dit_rien(client_de: Callable[[Espace], Client]) -> None:
    personne = PersonneFactory(denomination="CHOCOLATERIE DES HALLES")
    client = client_de(EspaceFactory())
    page = client.get(ADHERER, {"siren": personne.siren}, headers={"Sec-Purpose": "prefetch"})
    assert page.status_code == 503
    assert "CHOCOLATERIE" not in page.content.decode()


def test_le_siren_qu_un_visiteur_consulte_laisse_une_trace() -> None:
    personne = PersonneFactory()
    Client(REMOTE_ADDR="198.51.100.4").post(reverse("inscription_simplifiee"), {"siren": personne.siren})
    trace = TraceLecture.objects.get()
    assert (trace.lecteur, trace.adresse_ip) == ("anonyme", "198.51.100.4")
    assert personne.siren in trace.cle


# --- Told no more than the procedure needs -----------------------------------------------------------------------------


def sans_jeton(page: Any) -> str:
    """Return the page without its hidden fields, which differ from one request to the next."""
    return re.sub(r'<input type="hidden"[^>]*>|nonce="[^"]*"', "", page.content.decode())


@pytest.mark.parametrize("adresse", [SUBSTITUTION, "adherer"])
def test_les_pages_ne_disent_pas_ce_qui_est_tenu(client_de: Callable[[Espace], Client], adresse: str) -> None:
    """The same page, byte for byte, before and after somebody holds every service of the company."""
    services = [ServiceFactory() for _ in range(3)]
    personne = PersonneFactory()
    client = client_de(EspaceFactory())
    page = adresse if adresse == SUBSTITUTION else ADHERER
    requete = {"sirens" if adresse == SUBSTITUTION else "siren": personne.siren}
    avant = client.get(page, requete)
    depuis = timezone.now() - timedelta(days=400)
    for service in services:
        habiliter(EspaceFactory(), personne=personne, service=service, accordee_le=depuis)
    apres = client.get(page, requete)
    assert sans_jeton(avant) == sans_jeton(apres)
    assert all(service.libelle in apres.content.decode() for service in services)


def test_l_adhesion_dit_au_depot_ce_qui_est_a_remplacer(client_de: Callable[[Espace], Client]) -> None:
    personne, libre = PersonneFactory(), ServiceFactory()
    tenus = [habiliter(EspaceFactory(), personne=personne) for _ in range(2)]
    adresse = f"{ADHERER}?siren={personne.siren}"
    client = client_de(EspaceFactory())
    codes = [tenus[0].service.code, libre.code, tenus[1].service.code]
    refus = deposer(client, adresse, {"qualite": "MANDATAIRE", "services": codes}).content.decode()
    assert tenus[0].service.libelle in refus
    assert "ne sont pas disponibles" in refus
    assert "en est déjà l’administrateur titulaire" in refus
    assert f"{reverse('demander_habilitation')}?siren={personne.siren}" in refus
    assert f"{reverse('substitution')}?sirens={personne.siren}" in refus
    assert not Demande.objects.exists()
    assert deposer(client, adresse, {"qualite": "MANDATAIRE", "services": [libre.code]}).status_code == 302


def test_la_substitution_garde_ce_qui_est_a_remplacer(client_de: Callable[[Espace], Client]) -> None:
    """Who does not know what the predecessor held ticks all; the rest is said to be asked for by an adhésion."""
    personne, libre = PersonneFactory(), ServiceFactory()
    tenu = habiliter(EspaceFactory(), personne=personne)
    valeurs = [f"{personne.siren}:{service.code}" for service in (tenu.service, libre)]
    client = client_de(EspaceFactory())
    adresse = f"{SUBSTITUTION}?sirens={personne.siren}"
    suite = deposer(client, adresse, {"qualite": "MANDATAIRE", "services": valeurs}, follow=True).content.decode()
    assert list(Demande.objects.get().services.all()) == [tenu.service]
    assert "à adhérer" in suite
    assert libre.libelle in suite


def test_un_lot_nomme_les_siren_a_ecarter_et_repart_sans_eux(client_de: Callable[[Espace], Client]) -> None:
    service = ServiceFactory()
    tenues = [habiliter(EspaceFactory(), service=service) for _ in range(2)]
    libres = [PersonneFactory(denomination=f"SOCIETE LIBRE {rang}") for rang in range(5)]
    liste = [t.personne.siren for t in tenues] + [p.siren for p in libres]
    client = client_de(EspaceFactory())
    saisie = {"qualite": "MANDATAIRE", "services": [f"{siren}:{service.code}" for siren in liste]}
    refus = deposer(client, f"{SUBSTITUTION}?sirens={','.join(liste)}", saisie)
    texte = refus.content.decode()
    assert not Demande.objects.exists()
    assert all(personne.denomination in texte for personne in libres), "every one, not three"
    suite = refus.context["suite"]
    assert all(personne.siren not in suite for personne in libres)
    assert deposer(client, suite, saisie).status_code == 302
    assert Demande.objects.count() == 2


def test_les_depots_refuses_ne_sont_pas_un_oracle(client_de: Callable[[Espace], Client]) -> None:
    """Ticking one service after the other tells little: refusals that tell of others' services are counted."""
    personne = PersonneFactory()
    tenus = [habiliter(EspaceFactory(), personne=personne).service for _ in range(12)]
    client = client_de(EspaceFactory())
    adresse = f"{ADHERER}?siren={personne.siren}"
    dits = 0
    for service in tenus:
        refus = deposer(client, adresse, {"qualite": "MANDATAIRE", "services": [service.code]})
        dits += "en est déjà l’administrateur titulaire" in refus.content.decode()
    assert dits < 8
    autre = habiliter(EspaceFactory())
    ailleurs = deposer(
        client, f"{ADHERER}?siren={autre.personne.siren}", {"qualite": "MANDATAIRE", "services": [autre.service.code]}
    )
    assert "en est déjà l’administrateur titulaire" in ailleurs.content.decode(), (
        "each company of a hundred may be refused"
    )
    libre = deposer(
        client, f"{ADHERER}?siren={PersonneFactory().siren}", {"qualite": "MANDATAIRE", "services": [tenus[0].code]}
    )
    assert libre.status_code == 302


def test_ses_propres_services_sont_dits(client_de: Callable[[Espace], Client]) -> None:
    espace = EspaceFactory()
    sien = habiliter(espace)
    partage = habiliter(EspaceFactory(), personne=sien.personne)
    accorder(partage, espace, Role.ACTEUR)
    client = client_de(espace)
    page = client.get(ADHERER, {"siren": sien.personne.siren}).content.decode()
    assert "vous en êtes déjà l’administrateur titulaire" in page
    assert "vous y avez déjà une habilitation" in page
    page = chercher(client, [sien.personne.siren]).content.decode()
    assert "Vous y avez déjà une habilitation" in page
    assert f'value="{sien.personne.siren}:{sien.service.code}"' not in page


@pytest.mark.parametrize("porte", ["adherer", "substitution"])
def test_l_adresse_entree_par_un_agent_n_est_pas_donnee(client_de: Callable[[Espace], Client], porte: str) -> None:
    """The company's own is masked in the register: who asks is not told where it is."""
    personne = PersonneFactory(voie="", code_postal="", commune="")
    saisir_adresse(
        acteur=AgentFactory(service_gestionnaire=personne.service_gestionnaire),
        personne=personne,
        saisie=Saisie(voie="3 quai des Brumes", code_postal="44510", commune="LE POULIGUEN"),
        motif="Siège masqué.",
        justificatif="Kbis",
    )
    reponse = client_de(EspaceFactory()).get(reverse(porte), {"siren": personne.siren, "sirens": personne.siren})
    texte = reponse.content.decode()
    assert personne.denomination in texte
    assert "Brumes" not in texte
    if porte == "adherer":  # the substitution says it once its services are chosen
        assert "connue de son service gestionnaire" in texte


@pytest.mark.django_db(transaction=True)
def test_des_pages_demandees_ensemble_ne_passent_pas_la_limite(
    client_de: Callable[[Espace], Client], monkeypatch: Any
) -> None:
    monkeypatch.setattr(settings, "PLAFOND_CONSULTATIONS_JOUR", 20)
    espace = EspaceFactory()
    clients = [client_de(espace) for _ in range(8)]
    statuts = en_parallele(8, lambda rang: chercher(clients[rang], sirens(rang, 10)).status_code)
    assert statuts.count(200) == 2
    assert statuts.count(429) == 6
    assert TraceLecture.objects.count() == 20


@pytest.mark.parametrize("taille", [1, 100])
def test_le_nombre_de_requetes_ne_depend_pas_de_ce_qui_est_tenu(
    client_de: Callable[[Espace], Client], taille: int
) -> None:
    service = ServiceFactory()
    personnes = [PersonneFactory() for _ in range(taille)]
    with CaptureQueriesContext(connection) as avant:
        assert chercher(client_de(EspaceFactory()), [personne.siren for personne in personnes]).status_code == 200
    for personne in personnes[:20]:
        habiliter(EspaceFactory(), personne=personne, service=service)
    with CaptureQueriesContext(connection) as apres:
        assert chercher(client_de(EspaceFactory()), [personne.siren for personne in personnes]).status_code == 200
    assert len(avant) == len(apres)
