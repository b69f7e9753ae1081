"""Lists of the desk that stand in the order of an index: who reads the whole country sorts no table.

Each is built while the table goes on being written, one after another: what a build that was stopped left is taken away first.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


def poser(modele: str, index: models.Index) -> list[migrations.RunSQL | AddIndexConcurrently]:
    """Return what builds this index again where it was left unfinished, without a lock that stops the writings."""
    return [
        migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}", migrations.RunSQL.noop),
        AddIndexConcurrently(modele, index),
    ]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("services", "0028_comptes_choisis")]

    operations = [
        *poser("personnesirenisee", models.Index(fields=["denomination", "siren"], name="personne_par_nom")),
        *poser("referencebancaire", models.Index(fields=["-ajoutee_le", "id"], name="reference_bancaire_par_date")),
        *poser(
            "signalementbancaire",
            models.Index(fields=["-decide_le", "depose_le", "id"], name="signalement_bancaire_liste"),
        ),
    ]
