"""What changes office, however it does, is « pris en charge » by nobody there: it waits since it waited, and may be taken."""

from django.db import migrations

A_PRENDRE = """
CREATE FUNCTION echange_a_prendre() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.etat := 'ENVOYE';
    RETURN NEW;
END $$;
CREATE TRIGGER echange_change_de_bureau BEFORE UPDATE OF service_gestionnaire_id ON services_echange
    FOR EACH ROW WHEN (OLD.service_gestionnaire_id IS DISTINCT FROM NEW.service_gestionnaire_id AND NEW.etat = 'PRIS_EN_CHARGE')
    EXECUTE FUNCTION echange_a_prendre();
UPDATE services_echange e SET etat = 'ENVOYE' WHERE etat = 'PRIS_EN_CHARGE' AND EXISTS (SELECT 1 FROM accounts_affaire a
    WHERE a.file = 'MESSAGERIE' AND a.cle = e.id::text AND a.finie_le IS NULL AND a.agent_id IS NULL);
"""
COMME_AVANT = """
DROP TRIGGER echange_change_de_bureau ON services_echange;
DROP FUNCTION echange_a_prendre();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("services", "0029_listes_du_bureau"),
    ]

    operations = [migrations.RunSQL(A_PRENDRE, COMME_AVANT)]
