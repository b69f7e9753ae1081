"""Who reads the rows of the whole country sorts and searches by what has its index: no list reads a table whole (issue 12.1)."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agent, Evenement
from accounts.traces.journal import consigner
from accounts.traces.par_date import premiere_ligne_depuis
from activation.actes import DEMANDE_DEPOSEE
from activation.models import Signalement
from tests.espacepro.scenes import client_verifie, dossier
from tests.factories import AgentFactory

pytestmark = pytest.mark.django_db
JOURNAL = "admin:accounts_evenement_changelist"


@pytest.mark.parametrize("fonction", [Agent.Fonction.SURVEILLANCE, Agent.Fonction.AUDITEUR])
@pytest.mark.parametrize(
    ("tri", "ordre"),
    [
        ("0", '"id" ASC'),
        ("-0", '"id" DESC'),
        ("1", '"acte" ASC, "id" DESC'),
        ("-1", '"acte" DESC, "id" ASC'),
        ("4.1", '"siren" ASC, "id" DESC'),
    ],
)
def test_le_journal_du_pays_se_trie_par_un_index(fonction: str, tri: str, ordre: str) -> None:
    client = client_verifie(AgentFactory(fonction=fonction))
    with CaptureQueriesContext(connection) as requetes:
        assert client.get(reverse(JOURNAL), {"o": tri}).status_code == 200
    lues = [r["sql"].replace('"accounts_evenement".', "") for r in requetes if 'FROM "accounts_evenement"' in r["sql"]]
    assert any(lue.endswith(f"ORDER BY {ordre}") for lue in lues), lues


def test_une_colonne_sans_index_n_y_trie_rien() -> None:
    client = client_verifie(AgentFactory(fonction=Agent.Fonction.SURVEILLANCE))
    assert client.get(reverse(JOURNAL), {"o": "5"}).status_code == 400
    demandes = client.get(reverse("admin:activation_demande_changelist")).context["cl"]
    assert demandes.sortable_by == ("reference", "deposee_le"), "they alone have their index"
    assert client.get(reverse("admin:activation_demande_changelist"), {"o": "2"}).status_code == 400
    assert client.get(reverse("admin:services_service_changelist"), {"o": "2"}).status_code == 200, "few rows"


def test_un_filtre_sans_index_n_est_offert_qu_a_un_bureau() -> None:
    demandes = reverse("admin:activation_demande_changelist")
    for fonction, offerts in (
        (Agent.Fonction.SURVEILLANCE, {"etat", "deposee_le"}),
        (Agent.Fonction.GESTIONNAIRE, {"etat", "nature", "deposee_le"}),
    ):
        client = client_verifie(AgentFactory(fonction=fonction))
        filtres = client.get(demandes).context["cl"].filter_specs
        assert {filtre.field_path for filtre in filtres} == offerts
        attendu = 200 if "nature" in offerts else 400
        assert client.get(demandes, {"nature__exact": "ADHESION"}).status_code == attendu
        assert client.get(demandes, {"etat__exact": "REFUSEE"}).status_code == 200


def test_le_journal_d_un_jour_commence_a_sa_premiere_ligne() -> None:
    """Wherever the day falls among the lines, and where it has none: none of its lines is left out."""
    with transaction.atomic():
        lignes = [
            consigner(DEMANDE_DEPOSEE, auteur="systeme:essai", siren="552032534", service="TVA") for _ in range(9)
        ]
    debut = lignes[0].quand
    with connection.cursor() as curseur:
        curseur.execute("SET LOCAL session_replication_role = replica")  # the journal is never changed
        for rang, ligne in enumerate(lignes):
            le = debut + timedelta(days=rang)
            curseur.execute("UPDATE accounts_evenement SET quand = %s WHERE id = %s", [le, ligne.pk])
    for rang in range(-1, 10):
        depuis = debut + timedelta(days=rang) - timedelta(minutes=5)
        siennes = list(
            Evenement.objects.filter(pk__gte=premiere_ligne_depuis(depuis), quand__gte=depuis).order_by("pk")
        )
        assert siennes == lignes[max(rang, 0) :]
    assert premiere_ligne_depuis(debut + timedelta(days=20)) == lignes[-1].pk + 1


def test_le_journal_vide_n_a_pas_de_premiere_ligne() -> None:
    assert premiere_ligne_depuis(timezone.now()) == 0


def test_les_signalements_qui_attendent_viennent_d_abord() -> None:
    """The queue of the demandes that a company does not recognise: a decided one never stands before one that waits."""
    agent = AgentFactory(fonction=Agent.Fonction.GESTIONNAIRE)
    attend, decide = (dossier(agent, rang)["activation_signalement"] for rang in range(2))
    Signalement.objects.filter(pk=decide.pk).update(decision="ECARTE", decide_le=timezone.now())
    for fonction in (Agent.Fonction.GESTIONNAIRE, Agent.Fonction.SURVEILLANCE):
        lecteur = AgentFactory(fonction=fonction, service_gestionnaire=agent.service_gestionnaire)
        liste = client_verifie(lecteur).get(reverse("admin:activation_signalement_changelist")).context["cl"]
        assert list(liste.result_list) == [attend, decide]


@pytest.mark.parametrize("recherche", ["{}", "d 2026 {}", "D-2026-{}", "d2026{}"])
def test_une_demande_se_trouve_par_sa_reference(recherche: str) -> None:
    """However it is typed, in each list that has it; by nothing else, for an office and for the cell."""
    agent = AgentFactory(fonction=Agent.Fonction.GESTIONNAIRE)
    sien = dossier(agent, 424242)
    texte = recherche.format("424242")
    for table in ("activation_demande", "activation_courrier", "activation_signalement"):
        for fonction in (Agent.Fonction.GESTIONNAIRE, Agent.Fonction.SURVEILLANCE):
            lecteur = AgentFactory(fonction=fonction, service_gestionnaire=agent.service_gestionnaire)
            liste = client_verifie(lecteur).get(reverse(f"admin:{table}_changelist"), {"q": texte}).context["cl"]
            assert list(liste.result_list) == ([sien[table]] if recherche != "{}" else [])


@pytest.mark.parametrize("recherche", ["zzz", "99999999999999", "D-2026-00000001"])
def test_ce_que_le_journal_cherche_est_une_cle_entiere(recherche: str) -> None:
    client = client_verifie(AgentFactory(fonction=Agent.Fonction.SURVEILLANCE))
    with CaptureQueriesContext(connection) as requetes:
        assert client.get(reverse(JOURNAL), {"q": recherche}).status_code == 200
    lues = [r["sql"] for r in requetes if 'FROM "accounts_evenement"' in r["sql"] and recherche in r["sql"]]
    assert lues
    assert not [lue for lue in lues if "LIKE" in lue.upper()]
