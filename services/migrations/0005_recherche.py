"""Agents find a personne by any part of its name among millions: what the search compares is what is indexed."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("services", "0004_adresse_saisie"), ("accounts", "0008_repliement")]

    operations = [
        TrigramExtension(),
        migrations.RunSQL(
            "CREATE INDEX personne_denomination_repliee ON services_personnesirenisee "
            "USING gin (replier(denomination) gin_trgm_ops)",
            "DROP INDEX personne_denomination_repliee",
        ),
    ]
