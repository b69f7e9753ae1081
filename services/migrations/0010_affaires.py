"""What waits for an agent follows its personne to another office: nobody there has claimed it yet."""

from django.db import migrations

SUIVRE = """
CREATE FUNCTION affaires_du_bureau() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE accounts_affaire SET service_gestionnaire_id = NEW.service_gestionnaire_id, agent_id = NULL, prise_le = NULL
        WHERE personne = NEW.id AND finie_le IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER personne_change_de_bureau AFTER UPDATE OF service_gestionnaire_id ON services_personnesirenisee
    FOR EACH ROW WHEN (OLD.service_gestionnaire_id IS DISTINCT FROM NEW.service_gestionnaire_id)
    EXECUTE FUNCTION affaires_du_bureau();
"""
LAISSER = """
DROP TRIGGER personne_change_de_bureau ON services_personnesirenisee;
DROP FUNCTION affaires_du_bureau();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("services", "0009_index_des_travaux"),
        ("accounts", "0014_affaires"),
    ]

    operations = [migrations.RunSQL(SUIVRE, LAISSER)]
