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

    dependencies = [("habilitations", "0023_espaces_d_une_paire")]

    operations = [
        *poser("mandat", models.Index(fields=["-code_saisi_le", "id"], name="mandat_par_date")),
        *poser("cessation", models.Index(fields=["-terminee_le", "constatee_le", "id"], name="cessation_liste")),
        *poser(
            "demanderetrait",
            models.Index(
                fields=["-traitee_le", "deposee_le", "id"],
                condition=models.Q(service_gestionnaire__isnull=False),
                name="retrait_liste",
            ),
        ),
    ]
