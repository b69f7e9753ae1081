"""The journal refuses UPDATE, DELETE and TRUNCATE, whoever asks; each new line joins the queue of the sealing job."""

from django.db import migrations

CREER = """
CREATE FUNCTION journal_immuable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Le journal est en ajout seul : % refusé sur %', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER journal_immuable BEFORE UPDATE OR DELETE ON accounts_evenement
    FOR EACH ROW EXECUTE FUNCTION journal_immuable();
CREATE TRIGGER journal_intronquable BEFORE TRUNCATE ON accounts_evenement
    FOR EACH STATEMENT EXECUTE FUNCTION journal_immuable();
CREATE TRIGGER chaine_immuable BEFORE UPDATE OR DELETE ON accounts_blocscelle
    FOR EACH ROW EXECUTE FUNCTION journal_immuable();
CREATE TRIGGER chaine_intronquable BEFORE TRUNCATE ON accounts_blocscelle
    FOR EACH STATEMENT EXECUTE FUNCTION journal_immuable();

CREATE FUNCTION journal_a_sceller() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_evenementasceller (evenement_id) VALUES (NEW.id);
    RETURN NULL;
END $$;

CREATE TRIGGER journal_a_sceller AFTER INSERT ON accounts_evenement
    FOR EACH ROW EXECUTE FUNCTION journal_a_sceller();
"""

DEFAIRE = """
DROP TRIGGER journal_a_sceller ON accounts_evenement;
DROP TRIGGER chaine_intronquable ON accounts_blocscelle;
DROP TRIGGER chaine_immuable ON accounts_blocscelle;
DROP TRIGGER journal_intronquable ON accounts_evenement;
DROP TRIGGER journal_immuable ON accounts_evenement;
DROP FUNCTION journal_a_sceller();
DROP FUNCTION journal_immuable();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_modeles")]

    operations = [migrations.RunSQL(CREER, DEFAIRE)]
