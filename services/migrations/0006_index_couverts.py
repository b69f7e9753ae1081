"""A foreign key's own index goes where a constraint or a list already begins with it."""

import django.db.models.deletion
from django.db import migrations, models

SANS_LIKE = """
DROP INDEX IF EXISTS services_identifiantremplace_identifiant_322005de_like;
DROP INDEX IF EXISTS services_mandatsepa_rum_31799712_like;
"""
AVEC_LIKE = """
CREATE INDEX services_identifiantremplace_identifiant_322005de_like
    ON services_identifiantremplace (identifiant varchar_pattern_ops);
CREATE INDEX services_mandatsepa_rum_31799712_like ON services_mandatsepa (rum varchar_pattern_ops);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_envois_en_place"),
        ("services", "0005_recherche"),
    ]

    operations = [
        migrations.AlterField(
            model_name="echange",
            name="personne",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="echanges",
                to="services.personnesirenisee",
            ),
        ),
        migrations.AlterField(
            model_name="lecturemessage",
            name="message",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="lectures",
                to="services.message",
            ),
        ),
        migrations.AlterField(
            model_name="personnesirenisee",
            name="service_gestionnaire",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="personnes",
                to="accounts.servicegestionnaire",
                verbose_name="service gestionnaire",
            ),
        ),
        migrations.RunSQL(SANS_LIKE, AVEC_LIKE),
    ]
