"""What a company writes waits in the queue of the office that has the exchange, until somebody answers."""

from django.db import migrations

ATTENDRE = """
CREATE FUNCTION affaire_d_echange() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE' AND NEW.attend_le IS NOT NULL THEN
        PERFORM faire_attendre(
            'MESSAGERIE', NEW.id::text, NEW.personne_id, NULL, NEW.service_gestionnaire_id, NEW.attend_le
        );
        IF TG_OP = 'UPDATE' AND OLD.service_gestionnaire_id <> NEW.service_gestionnaire_id THEN
            UPDATE accounts_affaire SET agent_id = NULL, prise_le = NULL
                WHERE file = 'MESSAGERIE' AND cle = NEW.id::text AND finie_le IS NULL;
        END IF;
    ELSE
        PERFORM ne_plus_attendre('MESSAGERIE', OLD.id::text);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER echange_attend AFTER INSERT ON services_echange
    FOR EACH ROW WHEN (NEW.attend_le IS NOT NULL) EXECUTE FUNCTION affaire_d_echange();
CREATE TRIGGER echange_change AFTER UPDATE OF attend_le, service_gestionnaire_id, personne_id OR DELETE ON services_echange
    FOR EACH ROW EXECUTE FUNCTION affaire_d_echange();
SELECT faire_attendre('MESSAGERIE', id::text, personne_id, NULL, service_gestionnaire_id, attend_le)
    FROM services_echange WHERE attend_le IS NOT NULL;

-- Whatever moves a company (an agent, an import of the register) takes its open exchanges with it, as all that waits about it.
CREATE FUNCTION echanges_du_bureau() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE services_echange SET service_gestionnaire_id = NEW.service_gestionnaire_id
        WHERE personne_id = NEW.id AND clos_le IS NULL AND service_gestionnaire_id <> NEW.service_gestionnaire_id;
    RETURN NULL;
END $$;
CREATE TRIGGER personne_emporte_ses_echanges AFTER UPDATE OF service_gestionnaire_id ON services_personnesirenisee
    FOR EACH ROW WHEN (OLD.service_gestionnaire_id IS DISTINCT FROM NEW.service_gestionnaire_id)
    EXECUTE FUNCTION echanges_du_bureau();
"""
LAISSER = """
DROP TRIGGER personne_emporte_ses_echanges ON services_personnesirenisee;
DROP FUNCTION echanges_du_bureau();
DROP TRIGGER echange_change ON services_echange;
DROP TRIGGER echange_attend ON services_echange;
DROP FUNCTION affaire_d_echange();
DELETE FROM accounts_affaire WHERE file = 'MESSAGERIE';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("services", "0020_preference_messagerie"),
        ("accounts", "0023_index_du_bureau"),
    ]

    operations = [migrations.RunSQL(ATTENDRE, LAISSER)]
