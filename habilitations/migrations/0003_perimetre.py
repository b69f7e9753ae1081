"""The database refuses the 101st SIREN of an espace (R13, CGU §3.5.a), whatever writes it."""

from django.db import migrations

CREER = """
-- Takes the lock of the espace's row itself, as the acts do before it: two writers that race are counted one after the
-- other, and an act that already holds the lock does not wait. An espace above 100 (imported with this trigger
-- disabled) keeps what it has, may receive services of a SIREN that it holds, and no other SIREN.
CREATE FUNCTION habilitation_perimetre() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    tenues integer;
BEGIN
    PERFORM 1 FROM accounts_espace WHERE id = NEW.espace_id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT 1 FROM habilitations_habilitation
        WHERE espace_id = NEW.espace_id AND personne_id = NEW.personne_id AND fin_le IS NULL AND id <> NEW.id
    ) THEN
        RETURN NEW;
    END IF;
    SELECT count(DISTINCT personne_id) INTO tenues FROM habilitations_habilitation
        WHERE espace_id = NEW.espace_id AND fin_le IS NULL AND id <> NEW.id;
    IF tenues >= 100 THEN
        RAISE EXCEPTION 'espace % : % SIREN, le périmètre est de 100 au plus', NEW.espace_id, tenues
            USING ERRCODE = 'check_violation', CONSTRAINT = 'habilitation_perimetre';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER habilitation_perimetre_ajout BEFORE INSERT ON habilitations_habilitation
    FOR EACH ROW WHEN (NEW.fin_le IS NULL) EXECUTE FUNCTION habilitation_perimetre();
CREATE TRIGGER habilitation_perimetre_reprise BEFORE UPDATE ON habilitations_habilitation
    FOR EACH ROW WHEN (
        NEW.fin_le IS NULL
        AND (OLD.fin_le IS NOT NULL OR OLD.espace_id <> NEW.espace_id OR OLD.personne_id <> NEW.personne_id)
    ) EXECUTE FUNCTION habilitation_perimetre();
"""

DEFAIRE = """
DROP TRIGGER habilitation_perimetre_reprise ON habilitations_habilitation;
DROP TRIGGER habilitation_perimetre_ajout ON habilitations_habilitation;
DROP FUNCTION habilitation_perimetre();
"""


class Migration(migrations.Migration):
    dependencies = [("habilitations", "0002_arbre"), ("accounts", "0001_modeles")]

    operations = [migrations.RunSQL(CREER, DEFAIRE)]
