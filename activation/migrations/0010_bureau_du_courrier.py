"""A letter knows the office that follows its company, so that an office's letters are read by index, and when it came back."""

import django.db.models.deletion
from django.db import migrations, models

SUIVRE = """
CREATE FUNCTION bureau_du_courrier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT p.service_gestionnaire_id INTO NEW.service_gestionnaire_id
        FROM activation_demande d JOIN services_personnesirenisee p ON p.id = d.personne_id WHERE d.id = NEW.demande_id;
    RETURN NEW;
END $$;
CREATE TRIGGER courrier_bureau BEFORE INSERT OR UPDATE OF service_gestionnaire_id ON activation_courrier
    FOR EACH ROW EXECUTE FUNCTION bureau_du_courrier();

CREATE FUNCTION courriers_de_la_personne() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE activation_courrier c SET service_gestionnaire_id = NULL
        FROM activation_demande d WHERE d.personne_id = NEW.id AND c.demande_id = d.id;
    RETURN NULL;
END $$;
CREATE TRIGGER personne_emporte_ses_courriers AFTER UPDATE OF service_gestionnaire_id ON services_personnesirenisee
    FOR EACH ROW WHEN (OLD.service_gestionnaire_id IS DISTINCT FROM NEW.service_gestionnaire_id)
    EXECUTE FUNCTION courriers_de_la_personne();

CREATE FUNCTION courriers_de_la_demande() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE activation_courrier SET service_gestionnaire_id = NULL WHERE demande_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER demande_emporte_ses_courriers AFTER UPDATE OF personne_id ON activation_demande
    FOR EACH ROW WHEN (OLD.personne_id IS DISTINCT FROM NEW.personne_id)
    EXECUTE FUNCTION courriers_de_la_demande();

UPDATE activation_courrier SET service_gestionnaire_id = NULL;
"""
LAISSER = """
DROP TRIGGER demande_emporte_ses_courriers ON activation_demande;
DROP FUNCTION courriers_de_la_demande();
DROP TRIGGER personne_emporte_ses_courriers ON services_personnesirenisee;
DROP FUNCTION courriers_de_la_personne();
DROP TRIGGER courrier_bureau ON activation_courrier;
DROP FUNCTION bureau_du_courrier();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0019_affaires_rendues"),
        ("activation", "0009_signalements_differes"),
        ("services", "0012_comptes_bancaires"),
    ]

    operations = [
        migrations.AddField(
            model_name="courrier",
            name="revenu_le",
            field=models.DateTimeField(blank=True, null=True, verbose_name="revenu le"),
        ),
        migrations.AddField(
            model_name="courrier",
            name="service_gestionnaire",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                help_text="Celui de la personne, que la base tient à jour.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.servicegestionnaire",
                verbose_name="service gestionnaire",
            ),
        ),
        migrations.RunSQL(SUIVRE, LAISSER),
        migrations.AddIndex(
            model_name="courrier",
            index=models.Index(fields=["service_gestionnaire", "etat", "cree_le"], name="courrier_du_bureau"),
        ),
        migrations.AddIndex(
            model_name="courrier",
            index=models.Index(fields=["service_gestionnaire", "edite_le"], name="courrier_de_la_semaine"),
        ),
    ]
