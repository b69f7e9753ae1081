"""Agents find a person by any part of the name among millions: what the search compares is what is indexed."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0017_dernieres_ouvertures")]

    operations = [
        TrigramExtension(),
        migrations.RunSQL(
            "CREATE INDEX espace_nom_replie ON accounts_espace "
            "USING gin (replier(nom) gin_trgm_ops, replier(prenom) gin_trgm_ops)",
            "DROP INDEX espace_nom_replie",
        ),
    ]
