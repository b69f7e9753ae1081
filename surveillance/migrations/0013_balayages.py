"""How far the sweep of the signals has read, and the two indexes by which it reads the sign-ins: by date, and of a network."""

import django.utils.timezone
from django.db import migrations, models

CREER = """
CREATE INDEX connexion_par_date ON surveillance_connexion USING brin (quand) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX connexion_du_reseau ON surveillance_connexion (reseau, quand DESC);
"""
DEFAIRE = "DROP INDEX connexion_par_date; DROP INDEX connexion_du_reseau;"


class Migration(migrations.Migration):
    dependencies = [
        ("surveillance", "0012_suites_des_alertes"),
    ]

    operations = [
        migrations.CreateModel(
            name="Balayage",
            fields=[
                ("numero", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("vu_jusqu_a", models.DateTimeField(verbose_name="connexions lues jusqu’à")),
                ("ligne", models.BigIntegerField(default=0, verbose_name="ligne du journal lue")),
                ("ligne_recente", models.BigIntegerField(default=0, verbose_name="dernière ligne du journal")),
                ("recente_le", models.DateTimeField(default=django.utils.timezone.now, verbose_name="vue le")),
            ],
            options={
                "verbose_name": "balayage",
            },
        ),
        migrations.RunSQL(CREER, DEFAIRE),
    ]
