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

    dependencies = [("activation", "0015_lettres")]

    operations = [
        *poser("demande", models.Index(fields=["-deposee_le", "id"], name="demande_par_date")),
        *poser("demande", models.Index(fields=["etat", "-deposee_le", "id"], name="demande_par_etat")),
        *poser("courrier", models.Index(fields=["-cree_le", "id"], name="courrier_par_date")),
        *poser("courrier", models.Index(fields=["etat", "-cree_le", "id"], name="courrier_par_etat")),
        *poser(
            "courrier",
            models.Index(fields=["service_gestionnaire", "-cree_le", "id"], name="courrier_du_bureau_par_date"),
        ),
        *poser("signalement", models.Index(fields=["-decide_le", "recu_le", "id"], name="signalement_liste")),
    ]
