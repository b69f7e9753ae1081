"""The représentants légaux that the personnes bore without a source."""

from django.db import migrations

# A représentant légal rests on a source from now on. The entrepreneurs individuels have INSEE's; of any other name
# nobody knows who said it, so no letter and no rule goes by it any longer.
REPRENDRE = """
UPDATE services_personnesirenisee SET representant_source = 'INSEE'
    WHERE representant_legal <> '' AND categorie_juridique LIKE '1%';
UPDATE services_personnesirenisee SET representant_legal = ''
    WHERE representant_legal <> '' AND representant_source = '';
INSERT INTO services_representantlegal (personne_id, nom, prenoms, qualite, source, etabli_le, preuve)
    SELECT id, representant_legal, '', 'entrepreneur individuel', 'INSEE', now(), ''
    FROM services_personnesirenisee WHERE representant_source = 'INSEE';
"""


class Migration(migrations.Migration):
    dependencies = [("services", "0002_registre")]

    operations = [migrations.RunSQL(REPRENDRE, migrations.RunSQL.noop)]
