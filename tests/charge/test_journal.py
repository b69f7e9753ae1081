"""The journal of a million lines (`run.py test --long`; three thousand otherwise): each alteration found within a minute, in constant memory.

To say the figures: `ESSAIS_LONGS=1 pytest -s tests/charge/test_journal.py`.
"""

import os
import resource
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.donnees.attestation_quotidienne import attester_le_journal
from accounts.models import Evenement
from accounts.traces.scellement import sceller
from accounts.traces.verification import Verification, verifier
from tests.accounts.scenes import consigner_n, ecrire_lignes

LONG = os.environ.get("ESSAIS_LONGS") == "1"
NOMBRE = 1_000_000 if LONG else 3_000
SECONDES = 60
MEMOIRE = 60  # MB more than before, whatever the size

TABLES = ("evenement", "blocscelle", "attestation")


def falsifier(*ordres: str) -> None:
    with connection.cursor() as curseur:
        for table in TABLES:
            curseur.execute(f"ALTER TABLE accounts_{table} DISABLE TRIGGER USER")
        for ordre in ordres:
            curseur.execute(ordre)
        for table in TABLES:
            curseur.execute(f"ALTER TABLE accounts_{table} ENABLE TRIGGER USER")


def mesurer(quoi: str, dossier: Path) -> Verification:
    avant, debut = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    calcul = time.process_time()
    releve = verifier(dossier)
    duree, calcul = time.monotonic() - debut, time.process_time() - calcul
    de_plus = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - avant) / 1024
    print(
        f"{quoi}: {releve.evenements} lines in {duree:.1f} s ({calcul:.1f} s of its own), {de_plus:.0f} MB more, {releve.nombre} anomalies"
    )
    assert duree < SECONDES
    assert de_plus < MEMOIRE
    return releve


@pytest.mark.django_db(transaction=True)
def test_chaque_alteration_d_un_grand_journal_est_vue(tmp_path: Path, settings: Any) -> None:
    settings.DOSSIER_ATTESTATIONS = tmp_path
    ecrire_lignes(NOMBRE)
    while sceller():
        pass
    consigner_n(5)  # the tail, that no block holds
    with connection.cursor() as curseur:
        curseur.execute("VACUUM ANALYZE accounts_evenement")
        curseur.execute("VACUUM ANALYZE accounts_evenementasceller")
    assert mesurer("whole", tmp_path).anomalies == []
    milieu = Evenement.objects.order_by("id")[NOMBRE // 2].pk
    voisin = Evenement.objects.order_by("id")[NOMBRE // 2 + 1].pk
    ligne = f"(SELECT * FROM accounts_evenement WHERE id = {milieu})"
    for quoi, faire, defaire in (
        (
            "tampered",
            "UPDATE accounts_evenement SET auteur = 'x' || auteur WHERE id = {0}",
            "SET auteur = substr(auteur, 2)",
        ),
        (
            "dated back",
            "UPDATE accounts_evenement SET quand = quand - interval '1 day' WHERE id = {0}",
            "SET quand = quand + interval '1 day'",
        ),
    ):
        falsifier(faire.format(milieu))
        assert str(milieu) in mesurer(quoi, tmp_path).anomalies[0]
        falsifier(f"UPDATE accounts_evenement {defaire} WHERE id = {milieu}")
    echange = [f"UPDATE accounts_evenement SET id = -id WHERE id IN ({milieu}, {voisin})"]
    echange += [f"UPDATE accounts_evenement SET id = {voisin} WHERE id = -{milieu}"]
    echange += [f"UPDATE accounts_evenement SET id = {milieu} WHERE id = -{voisin}"]
    falsifier(*echange)
    assert mesurer("reordered", tmp_path).nombre >= 2
    falsifier(*echange)
    colonnes = "quand, acte, auteur, espace, siren, service, adresse_ip, requete, details, sceau"
    falsifier(f"INSERT INTO accounts_evenement (id, {colonnes}) SELECT -1, {colonnes} FROM {ligne} AS une")
    assert any("hors de la chaîne" in dite for dite in mesurer("inserted", tmp_path).anomalies)
    falsifier("DELETE FROM accounts_evenement WHERE id = -1")
    # The last line, that no block holds, goes with its place in the queue; its process writes again.
    dernier = Evenement.objects.latest("id").pk
    falsifier(
        f"DELETE FROM accounts_evenement WHERE id = {dernier}",
        f"DELETE FROM accounts_evenementasceller WHERE evenement_id = {dernier}",
    )
    consigner_n(1)
    assert any("ont disparu" in dite for dite in mesurer("cut, not sealed", tmp_path).anomalies)
    # The last blocks go with their lines and the statements of the database.
    attester_le_journal()
    falsifier(
        "DELETE FROM accounts_evenement WHERE id IN (SELECT unnest(evenements) FROM accounts_blocscelle ORDER BY 1 DESC LIMIT 6)",
        "DELETE FROM accounts_blocscelle WHERE numero = (SELECT max(numero) FROM accounts_blocscelle)",
        "DELETE FROM accounts_attestation",
    )
    assert any("le journal est coupé" in dite for dite in mesurer("cut, sealed", tmp_path).anomalies)
