"""A company that moves takes the exchanges of the office it leaves, not those that were passed on to a third one.

What agents have begun to answer dies wherever an exchange changes office, however it does: nobody there may send it any more.
"""

from django.db import migrations

DE_SON_BUREAU = """
CREATE OR REPLACE FUNCTION echanges_du_bureau() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE services_echange SET service_gestionnaire_id = NEW.service_gestionnaire_id
        WHERE personne_id = NEW.id AND clos_le IS NULL AND service_gestionnaire_id = OLD.service_gestionnaire_id;
    RETURN NULL;
END $$;
-- An exchange that waits is where its exchange is: at a third office, it stays there with who has taken it.
CREATE OR REPLACE FUNCTION affaires_du_bureau() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE accounts_affaire SET service_gestionnaire_id = NEW.service_gestionnaire_id, agent_id = NULL, prise_le = NULL
        WHERE personne = NEW.id AND finie_le IS NULL
        AND (file <> 'MESSAGERIE' OR service_gestionnaire_id = OLD.service_gestionnaire_id);
    RETURN NULL;
END $$;
CREATE FUNCTION oublier_les_reponses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Who is joining a file is waited for; the files in the storage are of nobody then (services/messagerie/pieces/balayage.py).
    PERFORM 1 FROM services_brouillon WHERE echange_id = NEW.id AND agent_id IS NOT NULL ORDER BY id FOR UPDATE;
    DELETE FROM services_piecejointe USING services_brouillon b
        WHERE brouillon_id = b.id AND b.echange_id = NEW.id AND b.agent_id IS NOT NULL;
    DELETE FROM services_brouillon WHERE echange_id = NEW.id AND agent_id IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER echange_oublie_les_reponses AFTER UPDATE OF service_gestionnaire_id ON services_echange
    FOR EACH ROW WHEN (OLD.service_gestionnaire_id IS DISTINCT FROM NEW.service_gestionnaire_id)
    EXECUTE FUNCTION oublier_les_reponses();
DELETE FROM services_piecejointe USING services_brouillon b, services_echange e, accounts_agent a
    WHERE brouillon_id = b.id AND e.id = b.echange_id AND a.id = b.agent_id
    AND a.service_gestionnaire_id IS DISTINCT FROM e.service_gestionnaire_id;
DELETE FROM services_brouillon b USING services_echange e, accounts_agent a
    WHERE e.id = b.echange_id AND a.id = b.agent_id
    AND a.service_gestionnaire_id IS DISTINCT FROM e.service_gestionnaire_id;
"""
DE_TOUS = """
DROP TRIGGER echange_oublie_les_reponses ON services_echange;
DROP FUNCTION oublier_les_reponses();
CREATE OR REPLACE FUNCTION affaires_du_bureau() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE accounts_affaire SET service_gestionnaire_id = NEW.service_gestionnaire_id, agent_id = NULL, prise_le = NULL
        WHERE personne = NEW.id AND finie_le IS NULL;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION echanges_du_bureau() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE services_echange SET service_gestionnaire_id = NEW.service_gestionnaire_id
        WHERE personne_id = NEW.id AND clos_le IS NULL AND service_gestionnaire_id <> NEW.service_gestionnaire_id;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("services", "0026_pieces_du_bureau"),
    ]

    operations = [migrations.RunSQL(DE_SON_BUREAU, DE_TOUS)]
