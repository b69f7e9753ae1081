"""Rows that change often stay in their page (HOT updates): no index holds what changes, and each page keeps room.

That a mail waits stands in a queue of its own, as the journal's lines to seal do (0002).
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FILE = """
CREATE FUNCTION courriel_en_attente() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO accounts_courrielenattente (courriel_id, prochain_essai_le) VALUES (NEW.id, NEW.prochain_essai_le);
    ELSIF TG_OP = 'DELETE' OR NEW.traite_le IS NOT NULL OR NEW.ecarte_le IS NOT NULL THEN
        DELETE FROM accounts_courrielenattente WHERE courriel_id = OLD.id;
    ELSE
        INSERT INTO accounts_courrielenattente (courriel_id, prochain_essai_le) VALUES (NEW.id, NEW.prochain_essai_le)
            ON CONFLICT (courriel_id) DO UPDATE SET prochain_essai_le = EXCLUDED.prochain_essai_le;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER courriel_attend AFTER INSERT ON accounts_courriel
    FOR EACH ROW WHEN (NEW.traite_le IS NULL AND NEW.ecarte_le IS NULL) EXECUTE FUNCTION courriel_en_attente();
CREATE TRIGGER courriel_change AFTER UPDATE ON accounts_courriel
    FOR EACH ROW WHEN ((OLD.traite_le, OLD.ecarte_le, OLD.prochain_essai_le)
                       IS DISTINCT FROM (NEW.traite_le, NEW.ecarte_le, NEW.prochain_essai_le))
    EXECUTE FUNCTION courriel_en_attente();
CREATE TRIGGER courriel_parti AFTER DELETE ON accounts_courriel
    FOR EACH ROW WHEN (OLD.traite_le IS NULL AND OLD.ecarte_le IS NULL) EXECUTE FUNCTION courriel_en_attente();
INSERT INTO accounts_courrielenattente (courriel_id, prochain_essai_le)
    SELECT id, prochain_essai_le FROM accounts_courriel WHERE traite_le IS NULL AND ecarte_le IS NULL;
"""
SANS_FILE = """
DROP TRIGGER courriel_parti ON accounts_courriel;
DROP TRIGGER courriel_change ON accounts_courriel;
DROP TRIGGER courriel_attend ON accounts_courriel;
DROP FUNCTION courriel_en_attente();
"""

# A mail is updated twice (leased, delivered), a session at each page: room for that in the page. Queues empty as fast as
# they fill: vacuumed by the number of dead rows, not by a fifth of a table that is empty.
RANGEMENT = """
ALTER TABLE accounts_courriel SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE accounts_session SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE accounts_courrielenattente SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
ALTER TABLE accounts_evenementasceller SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
"""
RANGEMENT_DEFAUT = """
ALTER TABLE accounts_courriel RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor);
ALTER TABLE accounts_session RESET (fillfactor, autovacuum_vacuum_scale_factor);
ALTER TABLE accounts_evenementasceller RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
"""

# Django makes one of these beside each unique text, for LIKE 'x%': nothing asks that of them.
SANS_LIKE = """
DROP INDEX IF EXISTS accounts_session_session_key_b186966f_like;
DROP INDEX IF EXISTS accounts_codesecours_empreinte_dcd07bfb_like;
DROP INDEX IF EXISTS accounts_nomadmis_cle_9d8a8f95_like;
DROP INDEX IF EXISTS accounts_espace_numero_abonne_4fe37f6e_like;
"""
AVEC_LIKE = """
CREATE INDEX accounts_session_session_key_b186966f_like ON accounts_session (session_key varchar_pattern_ops);
CREATE INDEX accounts_codesecours_empreinte_dcd07bfb_like ON accounts_codesecours (empreinte varchar_pattern_ops);
CREATE INDEX accounts_nomadmis_cle_9d8a8f95_like ON accounts_nomadmis (cle varchar_pattern_ops);
CREATE INDEX accounts_espace_numero_abonne_4fe37f6e_like ON accounts_espace (numero_abonne varchar_pattern_ops);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_repliement"),
    ]

    operations = [
        migrations.CreateModel(
            name="CourrielEnAttente",
            fields=[
                (
                    "courriel",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="attente",
                        serialize=False,
                        to="accounts.courriel",
                    ),
                ),
                ("prochain_essai_le", models.DateTimeField()),
            ],
            options={
                "verbose_name": "courriel en attente",
                "verbose_name_plural": "courriels en attente",
            },
        ),
        migrations.RemoveIndex(
            model_name="courriel",
            name="courriel_a_envoyer",
        ),
        migrations.RemoveIndex(
            model_name="courriel",
            name="courriel_a_vider",
        ),
        migrations.RemoveIndex(
            model_name="navigateurconnu",
            name="accounts_na_compte__8b10e4_idx",
        ),
        migrations.RemoveIndex(
            model_name="session",
            name="accounts_se_compte__241258_idx",
        ),
        migrations.AlterField(
            model_name="ancienmotdepasse",
            name="compte",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="anciens_mots_de_passe",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="courriel",
            index=models.Index(
                condition=models.Q(("contexte", {}), _negated=True), fields=["cree_le"], name="courriel_a_vider"
            ),
        ),
        migrations.AddIndex(
            model_name="courriel",
            index=models.Index(
                condition=models.Q(("genre", "espace_supprime")), fields=["cree_le"], name="courriel_recu_a_effacer"
            ),
        ),
        migrations.AddIndex(
            model_name="courriel",
            index=models.Index(
                condition=models.Q(("ecarte_le__isnull", False)), fields=["cree_le"], name="courriel_ecarte"
            ),
        ),
        migrations.AddIndex(
            model_name="courrielenattente",
            index=models.Index(fields=["prochain_essai_le"], name="courriel_a_envoyer"),
        ),
        migrations.RunSQL(SANS_LIKE, AVEC_LIKE),
        migrations.RunSQL(RANGEMENT, RANGEMENT_DEFAUT),
        migrations.RunSQL(FILE, SANS_FILE),
    ]
