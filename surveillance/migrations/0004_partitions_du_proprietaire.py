"""The partitions of the sign-ins are made and dropped by their owner, when the application asks: its own role owns nothing."""

from django.db import migrations

CREER = """
CREATE FUNCTION connexion_creer_partition(mois date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    nom text := 'surveillance_connexion_' || to_char(mois, 'YYYY_MM');
    debut timestamptz := date_trunc('month', mois)::timestamp AT TIME ZONE 'UTC';
    fin timestamptz := (date_trunc('month', mois)::timestamp + interval '1 month') AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass(nom) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- Whoever else creates it, or writes a sign-in of that month, waits here for some milliseconds.
    LOCK TABLE surveillance_connexion IN ACCESS EXCLUSIVE MODE;
    IF to_regclass(nom) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE surveillance_connexion INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', nom);
    EXECUTE format('INSERT INTO %I SELECT * FROM surveillance_connexion_reste WHERE quand >= %L AND quand < %L',
                   nom, debut, fin);
    DELETE FROM surveillance_connexion_reste WHERE quand >= debut AND quand < fin;
    EXECUTE format('ALTER TABLE surveillance_connexion ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                   nom, debut, fin);
    RETURN true;
END $$;

CREATE FUNCTION connexion_abandonner_partitions(limite timestamptz) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    nom text;
BEGIN
    FOR nom IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'surveillance_connexion'::regclass
                  AND c.relname ~ '^surveillance_connexion_\\d{4}_\\d{2}$'
                  AND c.relname < 'surveillance_connexion_' || to_char(limite AT TIME ZONE 'UTC', 'YYYY_MM')
                ORDER BY c.relname LOOP
        EXECUTE format('DROP TABLE %I', nom);
        RETURN NEXT nom;
    END LOOP;
    DELETE FROM surveillance_connexion_reste WHERE quand < limite;
END $$;
"""
DEFAIRE = "DROP FUNCTION connexion_creer_partition(date); DROP FUNCTION connexion_abandonner_partitions(timestamptz);"


class Migration(migrations.Migration):
    dependencies = [("surveillance", "0003_typographie")]

    operations = [migrations.RunSQL(CREER, DEFAIRE)]
