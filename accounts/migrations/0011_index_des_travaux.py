"""The espaces that wait for their address, and those of an age: found by the jobs that clean up and advise."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_publications"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="espace",
            index=models.Index(
                condition=models.Q(("etat", "EN_ATTENTE_COURRIEL")), fields=["cree_le"], name="espace_a_confirmer"
            ),
        ),
        migrations.AddIndex(
            model_name="espace",
            index=models.Index(fields=["cree_le"], name="espace_age"),
        ),
    ]
