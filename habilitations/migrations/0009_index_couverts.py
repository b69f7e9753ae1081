"""The tree's indexes without those that another covers: of sixteen on the habilitations twelve stay, of seven on the adhésions four.

The unique keys that the composite foreign keys point at (0002) begin with the column that is looked up, so they serve
both. Nothing deletes a service: a habilitation is found by its personne, its espace or its adhésion.
"""

import django.db.models.deletion
from django.db import migrations, models

# A foreign key may point at the columns of a unique constraint in any order.
CLES = """
ALTER TABLE habilitations_habilitation DROP CONSTRAINT habilitation_meme_adhesion;
ALTER TABLE habilitations_habilitation DROP CONSTRAINT habilitation_id_adhesion;
ALTER TABLE habilitations_habilitation ADD CONSTRAINT habilitation_id_adhesion UNIQUE (%(habilitation)s);
ALTER TABLE habilitations_habilitation
    ADD CONSTRAINT habilitation_meme_adhesion FOREIGN KEY (accordee_par_id, adhesion_id)
    REFERENCES habilitations_habilitation (id, adhesion_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE habilitations_habilitation DROP CONSTRAINT habilitation_de_son_adhesion;
ALTER TABLE habilitations_adhesion DROP CONSTRAINT adhesion_triplet;
ALTER TABLE habilitations_adhesion ADD CONSTRAINT adhesion_triplet UNIQUE (%(adhesion)s);
ALTER TABLE habilitations_habilitation
    ADD CONSTRAINT habilitation_de_son_adhesion FOREIGN KEY (adhesion_id, personne_id, service_id)
    REFERENCES habilitations_adhesion (id, personne_id, service_id) DEFERRABLE INITIALLY DEFERRED;
"""
# Every change of a habilitation changes an index (its end, its state, its dates are each looked up), so no room in the
# page would make it HOT. Vacuumed at one row in a hundred: the question is answered from the index alone (visibility map).
RANGEMENT = """
ALTER TABLE habilitations_habilitation SET (autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.01);
DROP INDEX IF EXISTS habilitations_mandat_demande_29c64b82_like;
"""
RANGEMENT_DEFAUT = """
ALTER TABLE habilitations_habilitation RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor,
    autovacuum_analyze_scale_factor);
CREATE INDEX habilitations_mandat_demande_29c64b82_like ON habilitations_mandat (demande varchar_pattern_ops);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_envois_en_place"),
        ("habilitations", "0008_declinees"),
        ("services", "0006_index_couverts"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="adhesion",
            name="habilitatio_personn_89e303_idx",
        ),
        migrations.RemoveIndex(
            model_name="habilitation",
            name="habilitation_sous",
        ),
        migrations.RemoveIndex(
            model_name="habilitation",
            name="habilitation_paire",
        ),
        migrations.AlterField(
            model_name="adhesion",
            name="personne",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="adhesions",
                to="services.personnesirenisee",
            ),
        ),
        migrations.AlterField(
            model_name="adhesion",
            name="service",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="adhesions",
                to="services.service",
            ),
        ),
        migrations.AlterField(
            model_name="export",
            name="espace",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="exports",
                to="accounts.espace",
            ),
        ),
        # By name: AlterField would drop the partial unique constraint of the same column too.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX habilitations_habilitation_adhesion_id_349b2a13",
                    "CREATE INDEX habilitations_habilitation_adhesion_id_349b2a13 ON habilitations_habilitation (adhesion_id)",
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="habilitation",
                    name="adhesion",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="habilitations",
                        to="habilitations.adhesion",
                    ),
                ),
            ],
        ),
        migrations.AlterField(
            model_name="habilitation",
            name="personne",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="habilitations",
                to="services.personnesirenisee",
            ),
        ),
        migrations.AlterField(
            model_name="habilitation",
            name="service",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="habilitations",
                to="services.service",
            ),
        ),
        migrations.AddIndex(
            model_name="habilitation",
            index=models.Index(fields=["personne", "service"], name="habilitation_paire"),
        ),
        migrations.RunSQL(
            CLES % {"habilitation": "adhesion_id, id", "adhesion": "personne_id, service_id, id"},
            CLES % {"habilitation": "id, adhesion_id", "adhesion": "id, personne_id, service_id"},
        ),
        migrations.RunSQL(RANGEMENT, RANGEMENT_DEFAUT),
    ]
