"""What the journal takes can be read again: finite dates, addresses of one host, shallow details, blocks that follow one another.

Whoever has the application's role could otherwise write one line that stops the sealing and the check for ever, as nobody removes it.
"""

from django.db import migrations

CREER = """
ALTER TABLE accounts_evenement
    ADD CONSTRAINT evenement_quand_lisible CHECK (quand >= '2000-01-01 00:00+00' AND quand < '2200-01-01 00:00+00'),
    ADD CONSTRAINT evenement_adresse_d_un_hote
        CHECK (adresse_ip IS NULL OR masklen(adresse_ip) = CASE family(adresse_ip) WHEN 4 THEN 32 ELSE 128 END),
    ADD CONSTRAINT evenement_details_lisibles
        CHECK (jsonb_typeof(details) = 'object' AND NOT jsonb_path_exists(details, 'strict $.**{20}'));
ALTER TABLE accounts_blocscelle
    ADD CONSTRAINT bloc_date_lisible CHECK (scelle_le >= '2000-01-01 00:00+00' AND scelle_le < '2200-01-01 00:00+00'),
    ADD CONSTRAINT bloc_evenements_lisibles
        CHECK (coalesce(array_ndims(evenements), 1) = 1 AND array_position(evenements, NULL) IS NULL);
ALTER TABLE accounts_attestation
    ADD CONSTRAINT attestation_date_lisible CHECK (faite_le >= '2000-01-01 00:00+00' AND faite_le < '2200-01-01 00:00+00');
ALTER TABLE accounts_moisabandonne
    ADD CONSTRAINT abandon_dates_lisibles CHECK (
        mois >= '2000-01-01' AND mois < '2200-01-01' AND fait_le >= '2000-01-01 00:00+00' AND fait_le < '2200-01-01 00:00+00'
    );

CREATE FUNCTION journal_suit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    dernier bigint;
BEGIN
    EXECUTE format('SELECT max(numero) FROM %I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO dernier;
    IF NEW.numero <> coalesce(dernier, 0) + 1 THEN
        RAISE EXCEPTION 'Le numéro % ne suit pas le dernier de %', NEW.numero, TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chaine_suivie BEFORE INSERT ON accounts_blocscelle FOR EACH ROW EXECUTE FUNCTION journal_suit();
CREATE TRIGGER attestation_suivie BEFORE INSERT ON accounts_attestation FOR EACH ROW EXECUTE FUNCTION journal_suit();
"""
DEFAIRE = """
DROP TRIGGER attestation_suivie ON accounts_attestation;
DROP TRIGGER chaine_suivie ON accounts_blocscelle;
DROP FUNCTION journal_suit();
ALTER TABLE accounts_moisabandonne DROP CONSTRAINT abandon_dates_lisibles;
ALTER TABLE accounts_attestation DROP CONSTRAINT attestation_date_lisible;
ALTER TABLE accounts_blocscelle DROP CONSTRAINT bloc_evenements_lisibles, DROP CONSTRAINT bloc_date_lisible;
ALTER TABLE accounts_evenement DROP CONSTRAINT evenement_details_lisibles, DROP CONSTRAINT evenement_adresse_d_un_hote,
    DROP CONSTRAINT evenement_quand_lisible;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0027_attestations")]

    operations = [migrations.RunSQL(CREER, DEFAIRE)]
