"""The sign-ins of the last minutes are read by a plain index: a BRIN one reads whole what no vacuum has summarised yet."""

from django.db import migrations

CREER = """
DROP INDEX connexion_par_date;
CREATE INDEX connexion_par_date ON surveillance_connexion (quand DESC);
"""
DEFAIRE = """
DROP INDEX connexion_par_date;
CREATE INDEX connexion_par_date ON surveillance_connexion USING brin (quand) WITH (pages_per_range = 32, autosummarize = on);
"""


class Migration(migrations.Migration):
    dependencies = [("surveillance", "0013_balayages")]

    operations = [migrations.RunSQL(CREER, DEFAIRE)]
