"""What the tables cost: no index that another covers, and rows that change often stay in their page (issue 12, item 9)."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.envois import courriels
from accounts.models import Courriel, CourrielEnAttente, Espace, Session
from accounts.models.sessions_base import DERNIERE_ACTIVITE

LIKE = "agents search by the first signs, whatever the collation of the database"
FILE = "the few rows that are still to be dealt with, found without the others"
DJANGO = "made by Django for the groups and permissions of its users: empty here"
ADMIS = {
    "adresse_attendue_a_relire": FILE,
    "courriel_a_vider": FILE,
    "courriel_ecarte": FILE,
    "courrier_ecarte": FILE,
    "demande_adresse_attendue": FILE,
    "mandat_a_vider": FILE,
    "courriel_recu_a_effacer": FILE,
    "evenement_registre_attendu": FILE,
    "espace_a_confirmer": FILE,
    "personne_provisoire": FILE,
    "signalement_a_vider": FILE,
    "services_personnesirenisee_siren_feea0213_like": LIKE,
    "services_service_code_2ec5ef92_like": LIKE,
    "accounts_servicegestionnaire_code_28a31d48_like": LIKE,
    "accounts_versioncgu_numero_91715974_like": "a dozen rows, one a version of the CGU",
    "activation_remise_reference_e9f8f026_like": "the number of the batch of the day",
    "accounts_compte_groups_compte_id_461db5a2": DJANGO,
    "accounts_compte_user_permissions_compte_id_813af4ae": DJANGO,
}

# Those whose columns another holds first, in the same order and of the same rows; a unique one is a rule and stays.
COUVERTS = """
SELECT petit.indexrelid::regclass::text, grand.indexrelid::regclass::text
FROM pg_index petit JOIN pg_index grand USING (indrelid) JOIN pg_class c ON c.oid = indrelid
WHERE petit.indexrelid <> grand.indexrelid AND c.relnamespace = 'public'::regnamespace
  AND c.relname ~ '^(accounts|services|habilitations|activation|surveillance)_'
  AND NOT petit.indisunique AND petit.indexprs IS NULL AND grand.indexprs IS NULL
  AND petit.indnkeyatts <= grand.indnkeyatts
  AND (petit.indkey::int2[])[0:petit.indnkeyatts - 1] = (grand.indkey::int2[])[0:petit.indnkeyatts - 1]
  AND (grand.indpred IS NULL OR pg_get_expr(grand.indpred, indrelid) = pg_get_expr(petit.indpred, indrelid))
"""


@pytest.mark.django_db
def test_aucun_index_n_est_couvert_par_un_autre() -> None:
    with connection.cursor() as curseur:
        curseur.execute(COUVERTS)
        couverts = dict(curseur.fetchall())
        assert {nom: par for nom, par in couverts.items() if nom not in ADMIS} == {}
        assert set(ADMIS) <= set(couverts), "admitted and no longer covered"
        curseur.execute("CREATE INDEX un_de_trop ON habilitations_habilitation (espace_id, personne_id)")
        curseur.execute("CREATE INDEX deux_de_trop ON habilitations_habilitation (espace_id, personne_id, service_id)")
        curseur.execute(COUVERTS)
        assert dict(curseur.fetchall())["un_de_trop"] == "deux_de_trop"


@pytest.mark.django_db
@pytest.mark.parametrize(("table", "nombre"), [("habilitations_habilitation", 12), ("habilitations_adhesion", 4)])
def test_les_index_de_l_arbre_sont_comptes(table: str, nombre: int) -> None:
    """One more is an insertion more for each row of the country: say which reading it serves before raising this."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT count(*) FROM pg_index WHERE indrelid = %s::regclass", [table])
        assert curseur.fetchone()[0] <= nombre


def mises_a_jour(table: str) -> tuple[int, int]:
    """Return how many rows were updated, and how many of them in their page, as PostgreSQL counts."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_stat_force_next_flush()")
        curseur.execute("SELECT pg_stat_clear_snapshot()")
        curseur.execute("SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = %s", [table])
        return curseur.fetchone()


@pytest.fixture
def quarante_courriels(transactional_db: None) -> list[Courriel]:
    return [
        courriels.deposer(
            "demande_annulee",
            destinataire=f"p{rang}@cabinet-dupont.fr",
            acte=f"essai:{rang}",
            contexte={"reference": "D-1", "denomination": "DANONE"},
        )
        for rang in range(40)
    ]


def test_un_courriel_part_sans_quitter_sa_page(quarante_courriels: list[Courriel]) -> None:
    """Nothing that its delivery writes stands in an index, and its page has room: PostgreSQL then rewrites it in place.

    How many it does rewrite so depends on what every other transaction of the server still sees: 78 to 91 % measured alone.
    """
    with CaptureQueriesContext(connection) as requetes:
        assert courriels.envoyer_en_attente() == 40
    ecritures = [re.match(r'UPDATE "accounts_courriel" (SET .*?) WHERE', q["sql"], re.S) for q in requetes]
    ecrites = {
        colonne
        for ecriture in ecritures
        if ecriture
        for colonne in re.findall(r'(?:SET|,) "(\w+)" = (?!NULL)', ecriture[1])
    }
    with connection.cursor() as curseur:
        curseur.execute(
            "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'accounts_courriel'::regclass"
        )
        indexes = [definition.partition(" USING ")[2] for (definition,) in curseur.fetchall()]
        curseur.execute("SELECT reloptions FROM pg_class WHERE oid = 'accounts_courriel'::regclass")
        assert "fillfactor=60" in curseur.fetchone()[0]
    assert {"bail_jusqu_a", "traite_le"} <= ecrites
    assert not [(colonne, index) for colonne in ecrites for index in indexes if re.search(rf"\b{colonne}\b", index)]
    assert not CourrielEnAttente.objects.exists()


def test_la_file_dit_ce_qui_attend(quarante_courriels: list[Courriel]) -> None:
    """Its triggers follow whatever is written, by an act or around it."""
    maintenant = timezone.now()
    un, deux, trois, quatre = quarante_courriels[:4]
    Courriel.objects.filter(pk=un.pk).update(traite_le=maintenant)
    Courriel.objects.filter(pk=deux.pk).update(ecarte_le=maintenant)
    Courriel.objects.filter(pk=trois.pk).update(prochain_essai_le=maintenant + timedelta(hours=1))
    Courriel.objects.filter(pk=quatre.pk).delete()
    assert Courriel.objects.en_attente().count() == CourrielEnAttente.objects.count() == 37
    assert trois not in Courriel.objects.a_prendre(timezone.now())
    assert trois in Courriel.objects.a_prendre(maintenant + timedelta(hours=2))
    Courriel.objects.filter(pk=deux.pk).update(ecarte_le=None)  # an operator puts it back
    assert deux in Courriel.objects.a_prendre(timezone.now())
    assert un not in Courriel.objects.a_prendre(timezone.now())


@pytest.mark.django_db(transaction=True)
def test_l_usage_d_une_session_reste_dans_sa_page(espace: Espace) -> None:
    navigateur = Client()
    navigateur.force_login(espace.compte, backend="accounts.portes.connexion.CompteBackend")
    avant = mises_a_jour("accounts_session")
    for rang in range(20):
        session = navigateur.session
        session[DERNIERE_ACTIVITE] = (timezone.now() + timedelta(seconds=rang)).timestamp()
        session.save()
    apres = mises_a_jour("accounts_session")
    assert Session.objects.count() == 1
    assert apres[0] - avant[0] == 20
    assert apres[1] - avant[1] >= 19
