"""A foreign key's own index goes where a constraint or a list already begins with it."""

import django.db.models.deletion
from django.db import migrations, models

SANS_LIKE = """
DROP INDEX IF EXISTS activation_courrier_empreinte_code_7296851a_like;
DROP INDEX IF EXISTS activation_demande_reference_194162bc_like;
"""
AVEC_LIKE = """
CREATE INDEX activation_courrier_empreinte_code_7296851a_like ON activation_courrier (empreinte_code varchar_pattern_ops);
CREATE INDEX activation_demande_reference_194162bc_like ON activation_demande (reference varchar_pattern_ops);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_envois_en_place"),
        ("activation", "0003_courriers_dates"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="demande", name="demande_en_cours"),
        # By name: AlterField would drop the partial unique constraint of the same column too.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX activation_courrier_demande_id_6f6e3654",
                    "CREATE INDEX activation_courrier_demande_id_6f6e3654 ON activation_courrier (demande_id)",
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="courrier",
                    name="demande",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="courriers",
                        to="activation.demande",
                    ),
                ),
            ],
        ),
        migrations.AlterField(
            model_name="courrier",
            name="remise",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="courriers",
                to="activation.remise",
            ),
        ),
        migrations.AlterField(
            model_name="demande",
            name="espace",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="demandes",
                to="accounts.espace",
            ),
        ),
        migrations.AlterField(
            model_name="lignedemande",
            name="demande",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="lignes",
                to="activation.demande",
            ),
        ),
        migrations.RunSQL(SANS_LIKE, AVEC_LIKE),
    ]
