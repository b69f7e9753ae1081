"""The sign-ins are partitioned by month: old months are dropped whole (retention, CNIL 2021-122)."""

from django.db import migrations

CREER = """
ALTER TABLE surveillance_connexion RENAME TO surveillance_connexion_simple;
CREATE TABLE surveillance_connexion (LIKE surveillance_connexion_simple INCLUDING DEFAULTS)
    PARTITION BY RANGE (quand);
DROP TABLE surveillance_connexion_simple;
ALTER TABLE surveillance_connexion ADD PRIMARY KEY (id, quand);
ALTER TABLE surveillance_connexion ADD FOREIGN KEY (compte_id)
    REFERENCES accounts_compte (id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX connexion_du_compte ON surveillance_connexion (compte_id, quand DESC);
CREATE INDEX connexion_de_l_adresse ON surveillance_connexion (adresse_ip, quand DESC);
CREATE TABLE surveillance_connexion_reste PARTITION OF surveillance_connexion DEFAULT;
"""

DEFAIRE = """
CREATE TABLE surveillance_connexion_simple (LIKE surveillance_connexion INCLUDING DEFAULTS);
DROP TABLE surveillance_connexion;
ALTER TABLE surveillance_connexion_simple RENAME TO surveillance_connexion;
ALTER TABLE surveillance_connexion ADD PRIMARY KEY (id, quand);
"""


class Migration(migrations.Migration):
    dependencies = [("surveillance", "0001_modeles")]

    operations = [migrations.RunSQL(CREER, DEFAIRE)]
