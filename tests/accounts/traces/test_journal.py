"""The journal: append-only in the database, in the act's transaction, sealed by a chain that shows any change."""

import json
import re
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import actes
from accounts.actes import PURGE_FAITE
from accounts.models import BlocScelle, Espace, Evenement, EvenementASceller
from accounts.traces.journal import combien, consigner
from accounts.traces.sceau import nom_de_cle, temoin
from accounts.traces.scellement import sceller
from accounts.traces.verification import verifier
from tests.accounts.scenes import consigner_n, ecrire_lignes, resceller
from tests.factories import EspaceFactory
from tests.scenes import en_parallele


def falsifier(sql: str, *params: object) -> None:
    """Do what only somebody with the owner's rights on the table could: put the triggers aside and write."""
    with connection.cursor() as curseur:
        curseur.execute("ALTER TABLE accounts_evenement DISABLE TRIGGER USER")
        curseur.execute(sql, params)
        curseur.execute("ALTER TABLE accounts_evenement ENABLE TRIGGER USER")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "ordre",
    [
        lambda: Evenement.objects.update(acte="autre"),
        lambda: Evenement.objects.all().delete(),
        lambda: connection.cursor().execute("TRUNCATE accounts_evenement"),
        lambda: BlocScelle.objects.update(empreinte="0" * 64),
        lambda: BlocScelle.objects.all().delete(),
        lambda: connection.cursor().execute("TRUNCATE accounts_blocscelle"),
    ],
)
def test_ajout_seul(ordre) -> None:
    consigner_n(1)
    sceller()
    with pytest.raises(IntegrityError, match="ajout seul"), transaction.atomic():
        ordre()


@pytest.mark.django_db(transaction=True)
def test_hors_transaction_refuse(espace: Espace) -> None:
    with pytest.raises(RuntimeError):
        consigner(PURGE_FAITE, auteur=espace)


@pytest.mark.django_db
def test_chaine_intacte_puis_verifiee_par_la_commande() -> None:
    consigner_n(7)
    assert sceller() == 7
    assert sceller() == 0
    consigner_n(3)
    sortie = StringIO()
    call_command("verifier_journal", "--sceller", stdout=sortie)
    assert "10 événements dans 2 blocs" in sortie.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("lignes", [4, 2])
def test_ce_qu_un_test_atteste_n_accuse_pas_le_journal_du_suivant(lignes: int) -> None:
    consigner_n(lignes)
    call_command("verifier_journal", "--sceller", stdout=StringIO())
    call_command("attester_journal", "--maintenant", stdout=StringIO())
    assert list(settings.DOSSIER_ATTESTATIONS.glob("attestation-*.json"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sql", "mot"),
    [
        ("UPDATE accounts_evenement SET acte = 'faux' WHERE id = %s", "changé"),
        ("UPDATE accounts_evenement SET details = '{}' WHERE id = %s", "changé"),
        ("DELETE FROM accounts_evenement WHERE id = %s", "disparus"),
    ],
)
def test_alteration_vue(sql: str, mot: str) -> None:
    lignes = consigner_n(5)
    sceller()
    falsifier(sql, lignes[2].pk)
    assert any(mot in anomalie for anomalie in verifier().anomalies)
    with pytest.raises(CommandError):
        call_command("verifier_journal", stderr=StringIO())


@pytest.mark.django_db
def test_ligne_inseree_en_contournant_la_file_vue() -> None:
    consigner_n(2)
    sceller()
    falsifier(
        "INSERT INTO accounts_evenement (quand, acte, auteur, espace, siren, service, requete, details)"
        " VALUES (now(), 'faux', 'x', '', '', '', '', '{}')"
    )
    assert any("hors de la chaîne" in anomalie for anomalie in verifier().anomalies)


def noeuds(plan: dict) -> list[dict]:
    return [plan, *(noeud for enfant in plan.get("Plans", []) for noeud in noeuds(enfant))]


@pytest.mark.django_db
def test_la_verification_est_lineaire() -> None:
    """20 000 lines: none is compared with all the sealed ones (a SubPlan or an inner loop per line is quadratic)."""
    nombre = 20_000
    ecrire_lignes(nombre)
    while sceller():
        pass
    # A line outside the chain, the newest: the check reads all the others before it finds it.
    falsifier(
        "INSERT INTO accounts_evenement (quand, acte, auteur, espace, siren, service, requete, details)"
        " VALUES (now(), 'faux', 'x', '', '', '', '', '{}')"
    )
    debut = time.monotonic()
    with CaptureQueriesContext(connection) as requetes:
        resultat = verifier()
    assert time.monotonic() - debut < 20
    assert (resultat.blocs, resultat.evenements) == (20, nombre)
    assert len(resultat.anomalies) == 1
    assert str(Evenement.objects.latest("id").pk) in resultat.anomalies[0]
    assert len(requetes) <= 20 + 10, "one query per block"
    entieres = [r["sql"] for r in requetes.captured_queries if re.search(r"unnest|row_number|max\(quand\)", r["sql"])]
    assert len(entieres) == 3, "outside the chain, cut off, dated back"
    for sql in entieres:
        with connection.cursor() as curseur:
            curseur.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
            plan = curseur.fetchone()[0]
        trouves = noeuds((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])
        assert not [n for n in trouves if n.get("Subplan Name", "").startswith("SubPlan")]
        assert not [n for n in trouves if n["Actual Loops"] > 20], "nothing is read again for each line"


@pytest.mark.django_db
def test_ligne_qui_attend_n_est_pas_hors_de_la_chaine() -> None:
    consigner_n(3)
    sceller()
    consigner_n(2)
    assert verifier().anomalies == []


@pytest.mark.django_db
def test_bloc_retire_ou_reordonne_vu() -> None:
    for _ in range(3):
        consigner_n(2)
        sceller()
    with connection.cursor() as curseur:
        curseur.execute("ALTER TABLE accounts_blocscelle DISABLE TRIGGER USER")
        curseur.execute("DELETE FROM accounts_blocscelle WHERE numero = 2")
        curseur.execute("ALTER TABLE accounts_blocscelle ENABLE TRIGGER USER")
    assert any("rompue" in anomalie for anomalie in verifier().anomalies)


FAUX = (
    "INSERT INTO accounts_evenement (id, quand, acte, auteur, espace, siren, service, requete, details, sceau)"
    " SELECT {numero}, {quand}, 'faux', 'x', '', '', '', '', '{{}}', {sceau} FROM accounts_evenement WHERE id = %s"
)


@pytest.mark.django_db
@pytest.mark.parametrize("scelle", [True, False])
@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("UPDATE accounts_evenement SET auteur = 'autre' WHERE id = %s", id="modifiee"),
        pytest.param("UPDATE accounts_evenement SET details = '{\"nombre\": 9}' WHERE id = %s", id="details"),
        pytest.param("UPDATE accounts_evenement SET adresse_ip = '192.0.2.9' WHERE id = %s", id="adresse"),
        pytest.param("UPDATE accounts_evenement SET quand = quand - interval '1 day' WHERE id = %s", id="antidatee"),
        pytest.param("UPDATE accounts_evenement SET id = id + 1000000 WHERE id = %s", id="deplacee"),
        pytest.param("UPDATE accounts_evenement SET sceau = '' WHERE id = %s", id="sans_sceau"),
        pytest.param(FAUX.format(numero="id + 1000000", quand="quand", sceau="sceau"), id="inseree"),
        pytest.param(
            FAUX.format(numero="id - 1000000", quand="quand - interval '1 year'", sceau="sceau"), id="inseree_antidatee"
        ),
    ],
)
def test_chaque_alteration_est_vue_scellee_ou_non(sql: str, scelle: bool) -> None:
    """Whoever has the owner's rights and not the key: also where the queue is kept as it would be."""
    lignes = consigner_n(5)
    if scelle:
        sceller()
    assert verifier().anomalies == []
    falsifier(sql, lignes[2].pk)
    with connection.cursor() as curseur:
        curseur.execute(
            "INSERT INTO accounts_evenementasceller SELECT id FROM accounts_evenement"
            " WHERE id NOT IN (SELECT unnest(evenements) FROM accounts_blocscelle) ON CONFLICT DO NOTHING"
        )
    assert verifier().anomalies


LIGNE = "INSERT INTO accounts_evenement (quand, acte, auteur, espace, siren, service, requete, details, adresse_ip)"
BLOC_ETRANGER = (
    "INSERT INTO accounts_blocscelle (numero, evenements, empreinte_precedente, empreinte, scelle_le, sceau, version)"
)
DECLARATION = "INSERT INTO accounts_attestation (numero, contenu, signature, faite_le)"
MOIS = (
    "INSERT INTO accounts_moisabandonne (numero, premier_bloc, dernier_bloc, lignes, processus, sceau, mois, fait_le)"
)
PROFOND = "[" * 200 + "]" * 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        *(
            f"{LIGNE} VALUES ({q}, 'faux', 'x', '', '', '', '', '{{}}', NULL)"
            for q in ("'infinity'", "'0044-03-15 BC'")
        ),
        f"{LIGNE} VALUES (now(), 'faux', 'x', '', '', '', '', '{{}}', '10.0.0.0/8')",
        f"{LIGNE} VALUES (now(), 'faux', 'x', '', '', '', '', '{{\"a\": {PROFOND}}}', NULL)",
        f"{LIGNE} VALUES (now(), 'faux', 'x', '', '', '', '', '[]', NULL)",
        f"{BLOC_ETRANGER} VALUES (9223372036854775807, '{{1}}', '', '', now(), '', 2)",
        f"{BLOC_ETRANGER} VALUES (1, '{{1,NULL}}', '', '', now(), '', 2)",
        f"{BLOC_ETRANGER} VALUES (1, '{{{{1}},{{2}}}}', '', '', now(), '', 2)",
        f"{BLOC_ETRANGER} VALUES (1, '{{1}}', '', '', '-infinity', '', 2)",
        f"{DECLARATION} VALUES (9223372036854775807, '', '', now())",
        f"{DECLARATION} VALUES (1, '', '', 'infinity')",
        f"{MOIS} VALUES (1, 1, 1, 1, '{{}}', '', 'infinity', now())",
    ],
)
def test_la_base_refuse_ce_qui_ne_se_relirait_pas(sql: str) -> None:
    """Whoever has the application's role adds nothing that stops the sealing or the check."""
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as curseur:
        curseur.execute(sql)


@pytest.mark.django_db
@pytest.mark.parametrize("version", [1, 2])
def test_un_bloc_etranger_est_dit_et_n_arrete_rien(version: int) -> None:
    consigner_n(2)
    with connection.cursor() as curseur:
        curseur.execute(f"{BLOC_ETRANGER} VALUES (1, '{{1}}', 'é', 'é', now(), %s, %s)", [f"{nom_de_cle()}.é", version])
    assert sceller() == 2
    assert any("bloc 1" in anomalie for anomalie in verifier().anomalies)


@pytest.mark.django_db
def test_deux_lignes_echangees_sont_vues() -> None:
    un, deux = consigner_n(2)
    falsifier("UPDATE accounts_evenement SET id = -id WHERE id IN (%s, %s)", un.pk, deux.pk)
    falsifier("UPDATE accounts_evenement SET id = %s WHERE id = %s", deux.pk, -un.pk)
    falsifier("UPDATE accounts_evenement SET id = %s WHERE id = %s", un.pk, -deux.pk)
    assert verifier().nombre == 2


def couper(*numeros: int) -> None:
    falsifier("DELETE FROM accounts_evenement WHERE id = ANY(%s)", list(numeros))
    EvenementASceller.objects.filter(pk__in=numeros).delete()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("retirees", [slice(-1, None), slice(-3, None), slice(1, 2)])
def test_la_fin_non_scellee_coupee_est_vue_a_la_ligne_suivante(retirees: slice) -> None:
    """Lines removed with their place in the queue: nothing is left of them but what their process remembers."""
    lignes = [ligne for _ in range(5) for ligne in consigner_n(1)]
    couper(*[ligne.pk for ligne in lignes[retirees]])
    consigner_n(1)
    assert any("ont disparu" in anomalie for anomalie in verifier().anomalies)


@pytest.mark.django_db(transaction=True)
def test_un_numero_perdu_avec_sa_transaction_n_est_pas_une_coupure() -> None:
    def defaite(nombre: int) -> None:
        with transaction.atomic():
            consigner_n(nombre)
            transaction.set_rollback(True)

    for _ in range(3):
        consigner_n(1)
        defaite(2)
        with transaction.atomic():
            consigner_n(1)
            defaite(1)
    assert temoin.suivis == 6
    assert verifier().anomalies == []
    assert sceller() == 6
    assert verifier().anomalies == []


@pytest.mark.django_db(transaction=True)
def test_des_transactions_simultanees_ne_passent_pas_pour_une_coupure(tours: Callable[[int], int]) -> None:
    """Eight at once in one process, some undone: numbers are drawn in one order and committed in another."""

    def agir(rang: int) -> None:
        for tour in range(tours(200)):
            try:
                with transaction.atomic():
                    consigner_n(1 + (rang + tour) % 3)
                    if (rang + tour) % 4 == 0:
                        raise RuntimeError
            except RuntimeError:
                continue

    en_parallele(8, agir)
    assert temoin.suivis == Evenement.objects.count() > 8
    while sceller():
        assert verifier().anomalies == []
    consigner_n(1)
    assert verifier().anomalies == []
    couper(Evenement.objects.order_by("-id")[0].pk)
    consigner_n(1)
    assert verifier().nombre == 1


@pytest.mark.django_db
def test_la_cle_se_tourne(settings: Any) -> None:
    """The first key writes, the former ones read; without the one that wrote, what it wrote is nobody's."""
    anciennes = settings.CLES_JOURNAL
    consigner_n(2)
    sceller()
    settings.CLES_JOURNAL = ["n" * 40, *anciennes]
    (ligne,) = consigner_n(1)
    assert ligne.sceau.startswith(nom_de_cle())
    assert sceller() == 1
    assert verifier().anomalies == []
    settings.CLES_JOURNAL = ["n" * 40]
    assert verifier().nombre > 1


@pytest.mark.django_db
def test_un_bloc_d_avant_les_sceaux_se_verifie_encore() -> None:
    """A chain begun by the former version, its lines without seals, goes on; a line of today may not do without."""
    lignes = consigner_n(3)
    falsifier("UPDATE accounts_evenement SET sceau = ''")
    import_module("accounts.migrations.0024_sceau_des_lignes").sceller_ce_qui_attend(apps, None)
    consigner_n(2)
    sceller()
    assert verifier().anomalies == []
    assert verifier().evenements == 5
    falsifier("UPDATE accounts_evenement SET acte = 'faux' WHERE id = %s", lignes[1].pk)
    assert "le contenu a changé" in verifier().anomalies[0]


@pytest.mark.django_db
def test_ce_que_les_mesures_chargent_se_scelle_apres_coup() -> None:
    consigner_n(3)
    falsifier("UPDATE accounts_evenement SET sceau = ''")
    assert verifier().nombre == 3
    resceller()
    assert verifier().anomalies == []


@pytest.mark.django_db
def test_les_anomalies_dites_sont_bornees() -> None:
    consigner_n(150)
    falsifier("UPDATE accounts_evenement SET auteur = 'autre'")
    releve = verifier()
    assert releve.nombre == 150
    assert len(releve.anomalies) == 100


@pytest.mark.django_db(transaction=True)
def test_transaction_tardive_jamais_oubliee() -> None:
    """A line whose transaction commits after the seal of later lines is sealed by the next run."""
    ecrit, finir = threading.Event(), threading.Event()

    def tardive() -> None:
        try:
            with transaction.atomic():
                consigner(PURGE_FAITE, auteur="systeme:essai")
                ecrit.set()
                finir.wait(20)
        finally:
            connection.close()

    fil = threading.Thread(target=tardive)
    fil.start()
    assert ecrit.wait(20)
    consigner_n(3)
    assert sceller() == 3
    finir.set()
    fil.join()
    assert sceller() == 1
    assert not EvenementASceller.objects.exists()
    assert verifier().anomalies == []


@pytest.mark.django_db
def test_un_plafond_compte_dans_un_seul_index(espace: Espace) -> None:
    """However long the journal of an espace: what limits count is read by author, act and time."""
    with transaction.atomic():
        for _ in range(3):
            consigner(actes.RECTIFICATION_DEMANDEE, auteur=espace)
    with connection.cursor() as curseur:  # 800 other acts of his, the same act by 800 others, and the country
        curseur.execute(
            """INSERT INTO accounts_evenement (quand, acte, auteur, espace, siren, service, requete, details)
            SELECT now(), CASE WHEN n %% 10 = 1 THEN 'rectification.demandee' ELSE 'session.fermee' END,
                CASE WHEN n %% 10 = 0 THEN %s ELSE n::text END, '', '', '', '', '{}' FROM generate_series(1, 8000) n""",
            [espace.numero_abonne],
        )
        curseur.execute("ANALYZE accounts_evenement")
    depuis = timezone.now() - timedelta(hours=1)
    with CaptureQueriesContext(connection) as requetes:
        assert combien(actes.RECTIFICATION_DEMANDEE, auteur=espace, depuis=depuis) == 3
        assert combien(actes.RECTIFICATION_DEMANDEE, auteur=espace, depuis=timezone.now()) == 0
        assert combien(actes.RECTIFICATION_DEMANDEE, auteur=EspaceFactory(), depuis=depuis) == 0
    with connection.cursor() as curseur:
        curseur.execute("EXPLAIN " + requetes.captured_queries[0]["sql"])
        plan = "\n".join(ligne for (ligne,) in curseur.fetchall())
    assert "evenement_compte" in plan, plan


def test_rien_d_autre_ne_compte_dans_le_journal() -> None:
    """A limit that counted its own way would read the whole journal of who is limited."""
    ailleurs = [
        str(fichier.relative_to(settings.RACINE))
        for etage in ("accounts", "services", "habilitations", "activation", "surveillance", "espacepro")
        for fichier in (settings.RACINE / etage).rglob("*.py")
        if re.search(r"Evenement\.objects\.filter\([^\n]*\n?[^\n]*quand__g", fichier.read_text(encoding="utf-8"))
    ]
    surveillent = [  # what they look at is one person's, by the index of who wrote
        "surveillance/signaux/rafales.py",
        "surveillance/signaux/balayages.py",
        "espacepro/gestion/alertes.py",
    ]
    assert ailleurs == ["accounts/traces/journal.py", *surveillent]
