"""What the journal was each day, signed; what was dropped of it at the end of its time. Append-only both, as the journal itself.

Lines older than the longest time go by the owner of the table alone, in a transaction that says so (accounts/donnees/abandon.py).
"""

import django.utils.timezone
from django.db import migrations, models

CREER = """
CREATE OR REPLACE FUNCTION journal_immuable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'accounts_evenement'
       AND current_setting('espacepro.abandon', true) = 'oui'
       AND pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
        IF OLD.quand < now() - interval '3653 days' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'Le journal est en ajout seul : % refusé sur %', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER attestation_immuable BEFORE UPDATE OR DELETE ON accounts_attestation
    FOR EACH ROW EXECUTE FUNCTION journal_immuable();
CREATE TRIGGER attestation_intronquable BEFORE TRUNCATE ON accounts_attestation
    FOR EACH STATEMENT EXECUTE FUNCTION journal_immuable();
CREATE TRIGGER abandon_immuable BEFORE UPDATE OR DELETE ON accounts_moisabandonne
    FOR EACH ROW EXECUTE FUNCTION journal_immuable();
CREATE TRIGGER abandon_intronquable BEFORE TRUNCATE ON accounts_moisabandonne
    FOR EACH STATEMENT EXECUTE FUNCTION journal_immuable();
"""
DEFAIRE = """
DROP TRIGGER abandon_intronquable ON accounts_moisabandonne;
DROP TRIGGER abandon_immuable ON accounts_moisabandonne;
DROP TRIGGER attestation_intronquable ON accounts_attestation;
DROP TRIGGER attestation_immuable ON accounts_attestation;
CREATE OR REPLACE FUNCTION journal_immuable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Le journal est en ajout seul : % refusé sur %', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0026_courriels_de_cote")]

    operations = [
        migrations.CreateModel(
            name="Attestation",
            fields=[
                ("numero", models.BigIntegerField(primary_key=True, serialize=False)),
                ("faite_le", models.DateTimeField(default=django.utils.timezone.now)),
                ("contenu", models.TextField()),
                ("signature", models.CharField(max_length=128)),
            ],
            options={
                "verbose_name": "attestation du journal",
                "verbose_name_plural": "attestations du journal",
                "ordering": ["numero"],
            },
        ),
        migrations.CreateModel(
            name="MoisAbandonne",
            fields=[
                ("numero", models.BigIntegerField(primary_key=True, serialize=False)),
                ("mois", models.DateField()),
                ("premier_bloc", models.BigIntegerField()),
                ("dernier_bloc", models.BigIntegerField()),
                ("lignes", models.BigIntegerField()),
                ("processus", models.JSONField(default=dict)),
                ("fait_le", models.DateTimeField(default=django.utils.timezone.now)),
                ("sceau", models.CharField(max_length=80)),
            ],
            options={
                "verbose_name": "mois abandonné du journal",
                "verbose_name_plural": "mois abandonnés du journal",
                "ordering": ["numero"],
            },
        ),
        migrations.RunSQL(CREER, DEFAIRE),
    ]
