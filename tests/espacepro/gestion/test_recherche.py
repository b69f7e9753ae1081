"""Who is on the telephone: what the one box finds, what it tells of another office, and the trace that it leaves."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from stdnum import luhn

from accounts.models import Agent, Espace, TraceLecture
from activation.models import CreationSimplifiee, Demande
from espacepro.gestion import recherche
from espacepro.gestion.recherche import CANDIDATS, MONTRES, RechercheTropCourte, _nomme, chercher
from habilitations.lectures.recherche import nomme
from habilitations.models import Adhesion, Habilitation
from services.models import IdentifiantRemplace, PersonneSirenisee
from surveillance.espaces.visibilite import espaces_du_bureau, espaces_visibles
from surveillance.models import Orientation
from tests.espacepro.scenes import client_verifie, deposer
from tests.factories import (
    AgentFactory,
    EspaceFactory,
    MandatFactory,
    PersonneFactory,
    ServiceFactory,
    ServiceGestionnaireFactory,
    compte_bancaire,
    habiliter,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> Agent:
    return AgentFactory()


@pytest.fixture
def personne(agent: Agent) -> PersonneSirenisee:
    return PersonneFactory(
        service_gestionnaire=agent.service_gestionnaire, denomination="CHÂTEAU-BŒUF & FILS", siren="552032534"
    )


@pytest.fixture
def karine(personne: PersonneSirenisee) -> Espace:
    espace: Espace = EspaceFactory(prenom="Karine", nom="Le Gall-Dœuff", siren_appartenance="")
    with transaction.atomic():
        habiliter(espace, personne=personne)
    return espace


def siret(siren: str) -> str:
    corps = f"{siren}0001"
    return corps + luhn.calc_check_digit(corps)


@pytest.mark.parametrize(
    "saisie",
    ["château bœuf", "CHATEAU-BOEUF", "chateauboeuf fils", " teau-bo ", "552 032 534", "55203253400016", "FILS"],
)
def test_une_entreprise_se_trouve_comme_on_la_dit(agent: Agent, personne: PersonneSirenisee, saisie: str) -> None:
    saisie = siret(personne.siren) if saisie.startswith("55203253400") else saisie
    assert chercher(agent, saisie).entreprises == [personne]


@pytest.mark.parametrize("saisie", ["karine", "LE GALL", "legall doeuff", "Karine Le Gall-Dœuff", "doeuff karine"])
def test_une_personne_se_trouve_par_son_nom(agent: Agent, karine: Espace, saisie: str) -> None:
    assert chercher(agent, saisie).espaces == [karine]


def test_une_personne_se_trouve_par_son_adresse_ou_son_numero(agent: Agent, karine: Espace) -> None:
    assert karine.compte is not None
    for saisie in (karine.compte.email.upper(), karine.numero_abonne, karine.numero_lisible):
        assert chercher(agent, saisie).espaces == [karine]
    assert chercher(agent, "inconnue@exemple.fr").espaces == []


def test_le_siren_amene_qui_tient_quelque_chose(agent: Agent, personne: PersonneSirenisee, karine: Espace) -> None:
    trouves = chercher(agent, "552 032 534")
    assert (trouves.entreprises, trouves.espaces, trouves.seul) == ([personne], [karine], None)


def test_le_siren_amene_aussi_qui_attend_une_reponse(agent: Agent, personne: PersonneSirenisee, karine: Espace) -> None:
    demandeur = EspaceFactory(prenom="Zoé", nom="Zola")
    demande = deposer(personne, demandeur, 5).demande
    assert chercher(agent, personne.siren).espaces == [karine, demandeur]
    Demande.objects.filter(pk=demande.pk).update(etat=Demande.Etat.ANNULEE, terminee_le=timezone.now())
    assert chercher(agent, personne.siren).espaces == [karine]


def test_un_idsp_remplace_mene_au_siren(agent: Agent, personne: PersonneSirenisee) -> None:
    IdentifiantRemplace.objects.create(identifiant="12A456789", personne=personne)
    assert chercher(agent, "12a 456 789").entreprises == [personne]


def test_une_demande_et_sa_lettre_se_trouvent_par_leur_reference(agent: Agent, personne: PersonneSirenisee) -> None:
    courrier = deposer(personne, EspaceFactory(), 1)
    courrier.demande.reference = "D-2026-7E8SRTU2"
    courrier.demande.save()
    assert chercher(agent, "d 2026 7e8srtu2").demandes == [courrier.demande]
    assert chercher(agent, "D-2026-7E8SRTU2-1").courriers == [courrier]


def test_un_mandat_se_trouve_par_la_reference_que_les_pages_en_montrent(
    agent: Agent, personne: PersonneSirenisee
) -> None:
    """Its demande may be there no more; that of SEPA (its RUM) leads to its company (walker 6: 14)."""
    mandat = MandatFactory(personne=personne, demande="D-DEMO-552032534-001")
    ancien = MandatFactory(personne=personne, demande="D-2026-7E8SRTU2")
    sepa = compte_bancaire(personne).mandat
    ailleurs = AgentFactory(service_gestionnaire=ServiceGestionnaireFactory())
    for saisie, trouves in (
        ("d-demo-552032534-001", [mandat]),
        ("D\u2010DEMO\u2010552032534\u2010001", [mandat]),
        ("D 2026 7E8SRTU2", [ancien]),
    ):
        assert chercher(agent, saisie).mandats == trouves, saisie
        assert chercher(ailleurs, saisie).ailleurs == [personne.service_gestionnaire]
        assert not chercher(ailleurs, saisie).mandats
    for saisie in (sepa.rum, f"{sepa.rum[:4]} {sepa.rum[4:].lower()}"):
        assert chercher(agent, saisie).entreprises == [personne]
        assert chercher(ailleurs, saisie).ailleurs == [personne.service_gestionnaire]
    client = client_verifie(agent)
    seul = client.get(reverse("admin:chercher"), {"q": mandat.demande})
    assert seul["Location"] == reverse("admin:habilitations_mandat_change", args=[mandat.pk])
    assert client.get(seul["Location"]).status_code == 200


def test_d_un_autre_bureau_la_recherche_ne_dit_que_son_nom_et_son_telephone(
    personne: PersonneSirenisee, karine: Espace
) -> None:
    ailleurs = AgentFactory(service_gestionnaire=ServiceGestionnaireFactory(telephone="05 61 00 00 00"))
    courrier = deposer(personne, karine, 1)
    courrier.demande.reference = "D-2026-7E8SRTU2"
    courrier.demande.save()
    client = client_verifie(ailleurs)
    bureau = personne.service_gestionnaire
    for saisie in ("552032534", "chateau boeuf & fils", "D-2026-7E8SRTU2", "D-2026-7E8SRTU2-1"):
        texte = client.get(reverse("admin:chercher"), {"q": saisie}).content.decode()
        assert f"relève de <strong>{bureau.nom}</strong>, {bureau.telephone}" in texte, saisie
        assert "CHÂTEAU" not in texte, saisie
        assert "Gall" not in texte, saisie
    assert karine.compte is not None
    for saisie in ("karine", karine.numero_abonne, karine.compte.email):
        texte = client.get(reverse("admin:chercher"), {"q": saisie}).content.decode()
        assert "Gall" not in texte, saisie
        assert "relève" not in texte, saisie
    assert client.get(reverse("admin:espace", args=[karine.pk])).status_code == 404


def test_un_bureau_voit_ce_qui_touche_a_ses_siren_et_rien_d_autre(agent: Agent, personne: PersonneSirenisee) -> None:
    autre = PersonneFactory()
    tient, demande, finie, rattache, attend, dirige, etranger = (EspaceFactory(siren_appartenance="") for _ in range(7))
    with transaction.atomic():
        habiliter(tient, personne=personne)
        ancienne = habiliter(finie, personne=personne)
        habiliter(etranger, personne=autre)
    with transaction.atomic():
        fin = timezone.now()
        Habilitation.objects.filter(pk=ancienne.pk).update(fin_le=fin, fin_motif="FERMETURE")
        Adhesion.objects.filter(pk=ancienne.adhesion_id).update(fermee_le=fin, fermee_motif="CESSATION")
    deposer(personne, demande, 1)
    deposer(autre, etranger, 2)
    Espace.objects.filter(pk=rattache.pk).update(siren_appartenance=personne.siren)
    CreationSimplifiee.objects.create(espace=attend, personne=personne, courriel="a@exemple.fr", qualite="MANDATAIRE")
    cellule = AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)
    Orientation.objects.create(espace=dirige, service_gestionnaire=agent.service_gestionnaire, agent=cellule)
    vus = {tient, demande, finie, rattache, attend, dirige}
    assert set(espaces_visibles(agent)) == vus
    du_bureau = list(espaces_du_bureau(agent.service_gestionnaire_id))
    assert len(du_bureau) == len(vus), "each once"
    assert set(du_bureau) == vus, "the same, found from the companies"
    chef = AgentFactory(service_gestionnaire=agent.service_gestionnaire, fonction=Agent.Fonction.CHEF)
    assert set(espaces_visibles(chef)) == vus
    assert etranger in espaces_visibles(cellule)
    assert not espaces_visibles(AgentFactory(fonction=Agent.Fonction.AUDITEUR)).exists()


def test_une_seule_reponse_s_ouvre_aussitot(agent: Agent, personne: PersonneSirenisee) -> None:
    client = client_verifie(agent)
    page = reverse("admin:services_personnesirenisee_change", args=[personne.pk])
    assert client.get(reverse("admin:chercher"), {"q": "chateau"})["Location"] == page
    assert client.get(page).status_code == 200
    PersonneFactory(service_gestionnaire=agent.service_gestionnaire, denomination="CHATEAU D'EAU")
    assert client.get(reverse("admin:chercher"), {"q": "chateau"}).status_code == 200


@pytest.mark.parametrize("saisie", ["a", "le", "l'a", "é è", "-- &", "%", "_ _ _"])
def test_jamais_sous_trois_lettres(agent: Agent, personne: PersonneSirenisee, saisie: str) -> None:
    with pytest.raises(RechercheTropCourte):
        chercher(agent, saisie)
    texte = client_verifie(agent).get(reverse("admin:chercher"), {"q": saisie}).content.decode()
    assert "trois lettres" in texte
    assert "CHÂTEAU" not in texte


def test_toute_saisie_se_supporte(agent: Agent, personne: PersonneSirenisee) -> None:
    client = client_verifie(agent)
    for saisie in ('"', "'or 1=1--", "\\\\\\\\", "%%%", "9" * 100, "-1", "a@", "@@@", "é\u0301" * 20, "D-", "   "):
        assert client.get(reverse("admin:chercher"), {"q": saisie}).status_code == 200, saisie
    adresse = reverse("admin:chercher")
    for suite in ("?q=a&q=b", "?siren=1", f"?{urlencode({'q': 'a' * 101})}", "?q=%00"):
        assert client.get(adresse + suite).status_code == 400, suite


def test_trop_de_personnes_du_meme_nom_se_disent(agent: Agent, karine: Espace) -> None:
    durand = EspaceFactory.create_batch(CANDIDATS + 1, nom="Durand", siren_appartenance="")
    assert chercher(AgentFactory(fonction=Agent.Fonction.SURVEILLANCE), "durand").suite_espaces
    assert not chercher(agent, "durand").suite_espaces, "none of them is the office's"
    with transaction.atomic():
        for espace in durand[: MONTRES + 1]:
            habiliter(espace, personne=PersonneFactory(service_gestionnaire=agent.service_gestionnaire))
    trouves = chercher(agent, "durand")
    assert (len(trouves.espaces), trouves.suite_espaces) == (MONTRES, True)
    assert "et le SIREN d" in client_verifie(agent).get(reverse("admin:chercher"), {"q": "durand"}).content.decode()
    for _ in range(MONTRES + 1):
        PersonneFactory(service_gestionnaire=agent.service_gestionnaire, denomination="BOULANGERIE")
    trouves = chercher(agent, "boulangerie")
    assert (len(trouves.entreprises), trouves.suite_entreprises) == (MONTRES, True)


@pytest.mark.parametrize(
    "saisie",
    ["martin", "jean martin", "martin jean", "Jéan  MÀRTIN", "d'oc", "docmartin", "tin jea", "martin0jean", "martin0", "0martin", "tin 0", "martin -"],
)  # fmt: skip
def test_un_nom_commun_se_cherche_comme_un_nom_rare(
    agent: Agent, personne: PersonneSirenisee, saisie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    noms = [("Martin", "Jean"), ("Jean", "Martin"), ("D’Oc-Martin", "Anne"), ("Martin 0", "Jean"), ("Petit", "Léa")]
    for nom, prenom in noms:
        EspaceFactory(nom=nom, prenom=prenom, siren_appartenance=personne.siren)
    rare = set(chercher(agent, saisie).espaces)
    monkeypatch.setattr(recherche, "CANDIDATS", -1)
    assert set(chercher(agent, saisie).espaces) == rare


@pytest.mark.parametrize("saisie", ["durand 552 032 534", "552032534 Jean Durand", "durand 55203253400016"])
def test_un_nom_commun_se_trouve_avec_le_siren(agent: Agent, personne: PersonneSirenisee, saisie: str) -> None:
    EspaceFactory.create_batch(CANDIDATS + 1, nom="Durand", prenom="Jean", siren_appartenance="")
    notre, demandeur, autre = (EspaceFactory(nom=nom, prenom="Jean") for nom in ("Durand", "Durand", "Colin"))
    with transaction.atomic():
        habiliter(notre, personne=personne)
        habiliter(autre, personne=personne, service=ServiceFactory())
    deposer(personne, demandeur, 1)
    assert set(chercher(agent, "jean durand").espaces) == {notre, demandeur}, (
        "and without the SIREN, those of the office"
    )
    saisie = saisie.replace("55203253400016", siret(personne.siren))
    trouves = chercher(agent, saisie)
    assert (set(trouves.espaces), trouves.entreprises) == ({notre, demandeur}, [personne])
    assert not trouves.suite_espaces
    ailleurs = chercher(AgentFactory(service_gestionnaire=ServiceGestionnaireFactory()), saisie)
    assert (ailleurs.espaces, ailleurs.entreprises) == ([], [])
    assert ailleurs.ailleurs == [personne.service_gestionnaire]


def remplir_le_pays(espace: Espace, nombre: int) -> None:
    """Have so many other persons of this name, each with an account, none of whom touches a company."""
    with connection.cursor() as curseur:
        curseur.execute(
            """
            WITH neufs AS (
              INSERT INTO accounts_compte SELECT (jsonb_populate_record(c, jsonb_build_object(
                       'id', gen_random_uuid(), 'email', 'pays' || n || '@exemple.fr'))).*
                FROM accounts_compte c, generate_series(1, %s) n WHERE c.id = %s RETURNING id)
            INSERT INTO accounts_espace SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid(),
                       'compte_id', n.id, 'numero_abonne', (90000000000000 + n.rang)::text))).*
              FROM accounts_espace e, (SELECT id, row_number() OVER () AS rang FROM neufs) n WHERE e.id = %s
            """,
            [nombre, espace.compte_id, espace.pk],
        )
        curseur.execute("ANALYZE accounts_espace, services_personnesirenisee, habilitations_habilitation")


def blocs_lus(requetes: CaptureQueriesContext) -> int:
    """Return how many blocks these readings touch, by their own plans."""
    total = 0
    for requete in list(requetes):
        with connection.cursor() as curseur:
            curseur.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {requete['sql']}")
            plan = curseur.fetchone()[0][0]["Plan"]
        total += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return total


def test_un_nom_que_dix_mille_portent_se_trouve_dans_son_bureau(agent: Agent, personne: PersonneSirenisee) -> None:
    """Those of the office are all found, whatever the country bears, and what it costs follows the office."""
    martins = {
        EspaceFactory(nom="Martin", prenom=prenom, siren_appartenance="") for prenom in ("Zoé", "Yann", "Xavier")
    }
    zoe, yann, xavier = sorted(martins, key=lambda espace: espace.prenom, reverse=True)
    with transaction.atomic():
        habiliter(zoe, personne=personne)
    deposer(personne, yann, 1)
    Espace.objects.filter(pk=xavier.pk).update(siren_appartenance=personne.siren)
    with CaptureQueriesContext(connection) as requetes:
        assert set(chercher(agent, "martin").espaces) == martins
    peu = blocs_lus(requetes)
    autre = EspaceFactory(nom="Martin", prenom="Anne", siren_appartenance="")
    remplir_le_pays(autre, 10_000)
    with CaptureQueriesContext(connection) as requetes:
        trouves = chercher(agent, "martin")
    assert (set(trouves.espaces), trouves.suite_espaces) == (martins, False)
    assert blocs_lus(requetes) <= peu + 300
    ailleurs = chercher(AgentFactory(service_gestionnaire=ServiceGestionnaireFactory()), "martin")
    assert (ailleurs.espaces, ailleurs.suite_espaces) == ([], False)


def test_les_questions_ne_grandissent_pas(agent: Agent, personne: PersonneSirenisee, karine: Espace) -> None:
    def nombre(saisie: str) -> int:
        with CaptureQueriesContext(connection) as requetes:
            chercher(agent, saisie)
        return len(requetes)

    avant = nombre("atelier")
    for _ in range(15):
        with transaction.atomic():
            habiliter(
                EspaceFactory(nom="Atelier"),
                personne=PersonneFactory(denomination="ATELIER", service_gestionnaire=agent.service_gestionnaire),
            )
    assert nombre("atelier") <= avant + 2  # what is found is then asked for
    assert nombre("atelier") <= 5


def test_les_listes_comparent_par_le_seul_repliement() -> None:
    """Django's icontains and iexact compare UPPER(): « lebœuf » does not find « LE BOEUF », and no index of ours serves them."""
    admises = {"exact", "startswith", "replie", "replie_contient"}
    champs = {champ for page in admin.site._registry.values() for champ in page.search_fields}
    assert champs
    assert {champ for champ in champs if champ.rpartition("__")[2] not in admises} == set()


@pytest.mark.parametrize("mots", ["jean martin", "Martin  JEAN", "jean-paul le martin", "paul jean le martin roux"])
def test_les_mots_se_repartissent_comme_dans_la_question_simple(db: None, mots: str) -> None:
    """What the faster question finds is what the plain one finds, whichever name each word is in, whatever their number."""
    for nom in ("Martin", "Le Martin", "Martin-Roux", "Le Martin Roux", "Jean"):
        for prenom in ("Jean", "Jean-Paul", "Paul", "Martine", "Jeanne Martin"):
            EspaceFactory(nom=nom, prenom=prenom)
    cles = {filtre: set(Espace.objects.filter(filtre(mots)).values_list("pk", flat=True)) for filtre in (_nomme, nomme)}
    assert cles[_nomme] == cles[nomme]
    assert cles[nomme]


def test_la_cellule_voit_ses_entreprises_dans_l_ordre_sans_trier_le_pays(db: None) -> None:
    cellule = AgentFactory(fonction=Agent.Fonction.SURVEILLANCE)
    for denomination in ("GARAGE C", "GARAGE A", "GARAGE B"):
        PersonneFactory(denomination=denomination)
    with CaptureQueriesContext(connection) as requetes:
        trouvees = chercher(cellule, "garage").entreprises
    assert [personne.denomination for personne in trouvees] == ["GARAGE A", "GARAGE B", "GARAGE C"]
    assert "ORDER BY" not in next(r["sql"] for r in requetes if "services_personnesirenisee" in r["sql"])


# --- The trace


def lues(client: Client, **parametres: Any) -> str:
    return client.get(reverse("admin:accounts_tracelecture_changelist"), parametres).content.decode()


def test_chaque_recherche_et_chaque_page_laissent_une_trace_que_le_chef_de_service_lit(
    agent: Agent, personne: PersonneSirenisee, karine: Espace
) -> None:
    client = client_verifie(agent)
    client.get(reverse("admin:chercher"), {"q": "karine le gall"})
    client.get(reverse("admin:espace", args=[karine.pk]))
    client.get(reverse("admin:services_personnesirenisee_change", args=[personne.pk]))
    traces = {trace.objet: trace for trace in TraceLecture.objects.filter(lecteur=f"agent:{agent.pk}")}
    assert traces["accounts.espace"].cle == karine.numero_abonne
    assert traces["services.personnesirenisee"].cle == str(personne.pk)
    assert traces["gestion.recherche"].details["espaces"] == 1
    assert "gall" not in str(traces["gestion.recherche"].details)
    bureau = {"service_gestionnaire": agent.service_gestionnaire}
    for lecteur, lit in (
        (AgentFactory(fonction=Agent.Fonction.CHEF, **bureau), True),
        (AgentFactory(fonction=Agent.Fonction.AUDITEUR), True),
        (AgentFactory(fonction=Agent.Fonction.SURVEILLANCE), True),
        (AgentFactory(fonction=Agent.Fonction.CHEF), False),
    ):
        texte = lues(client_verifie(lecteur), q=f"agent:{agent.pk}")
        assert (karine.numero_lisible in texte) is lit
    collegue = client_verifie(AgentFactory(**bureau))
    assert collegue.get(reverse("admin:accounts_tracelecture_changelist")).status_code == 403


def test_un_auditeur_n_ouvre_aucun_dossier(personne: PersonneSirenisee, karine: Espace) -> None:
    client = client_verifie(AgentFactory(fonction=Agent.Fonction.AUDITEUR))
    assert client.get(reverse("admin:chercher"), {"q": "karine"}).status_code == 404
    assert client.get(reverse("admin:espace", args=[karine.pk])).status_code == 404
    assert client.get(reverse("admin:services_personnesirenisee_change", args=[personne.pk])).status_code == 403
    assert client.get(reverse("admin:accounts_evenement_changelist")).status_code == 200
