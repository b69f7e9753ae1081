"""What the database holds of the tree of authority: columns that agree, and one titulaire per open adhésion."""

from django.db import migrations

CREER = """
-- personne_id and service_id of a habilitation are those of its adhésion.
ALTER TABLE habilitations_adhesion
    ADD CONSTRAINT adhesion_triplet UNIQUE (id, personne_id, service_id);
ALTER TABLE habilitations_habilitation
    ADD CONSTRAINT habilitation_de_son_adhesion FOREIGN KEY (adhesion_id, personne_id, service_id)
    REFERENCES habilitations_adhesion (id, personne_id, service_id) DEFERRABLE INITIALLY DEFERRED;

-- What is granted rests on a habilitation of the same adhésion.
ALTER TABLE habilitations_habilitation
    ADD CONSTRAINT habilitation_id_adhesion UNIQUE (id, adhesion_id);
ALTER TABLE habilitations_habilitation
    ADD CONSTRAINT habilitation_meme_adhesion FOREIGN KEY (accordee_par_id, adhesion_id)
    REFERENCES habilitations_habilitation (id, adhesion_id) DEFERRABLE INITIALLY DEFERRED;

-- At commit: an open adhésion has exactly one live titulaire, a closed one has no live habilitation, and nothing
-- live hangs under something ended.
CREATE FUNCTION habilitation_coherente() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    cle bigint := CASE WHEN TG_TABLE_NAME = 'habilitations_adhesion' THEN (to_jsonb(NEW)->>'id')::bigint
                       ELSE (to_jsonb(NEW)->>'adhesion_id')::bigint END;
    ouverte boolean;
    titulaires integer;
    vivantes integer;
BEGIN
    SELECT fermee_le IS NULL INTO ouverte FROM habilitations_adhesion WHERE id = cle;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT count(*) FILTER (WHERE role = 'TITULAIRE'), count(*) INTO titulaires, vivantes
        FROM habilitations_habilitation WHERE adhesion_id = cle AND fin_le IS NULL;
    IF ouverte AND titulaires <> 1 THEN
        RAISE EXCEPTION 'adhésion % ouverte avec % titulaire(s)', cle, titulaires
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'adhesion_un_titulaire';
    END IF;
    IF NOT ouverte AND vivantes > 0 THEN
        RAISE EXCEPTION 'adhésion % fermée avec % habilitation(s) vivante(s)', cle, vivantes
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'adhesion_fermee_vide';
    END IF;
    IF EXISTS (
        SELECT 1 FROM habilitations_habilitation h JOIN habilitations_habilitation p ON p.id = h.accordee_par_id
        WHERE h.adhesion_id = cle AND h.fin_le IS NULL AND p.fin_le IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'adhésion % : une habilitation vivante dépend d''une habilitation terminée', cle
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'habilitation_chemin_vivant';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER adhesion_coherente AFTER INSERT OR UPDATE ON habilitations_adhesion
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION habilitation_coherente();
CREATE CONSTRAINT TRIGGER habilitation_coherente AFTER INSERT OR UPDATE ON habilitations_habilitation
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION habilitation_coherente();
"""

DEFAIRE = """
DROP TRIGGER habilitation_coherente ON habilitations_habilitation;
DROP TRIGGER adhesion_coherente ON habilitations_adhesion;
DROP FUNCTION habilitation_coherente();
ALTER TABLE habilitations_habilitation DROP CONSTRAINT habilitation_meme_adhesion;
ALTER TABLE habilitations_habilitation DROP CONSTRAINT habilitation_id_adhesion;
ALTER TABLE habilitations_habilitation DROP CONSTRAINT habilitation_de_son_adhesion;
ALTER TABLE habilitations_adhesion DROP CONSTRAINT adhesion_triplet;
"""


class Migration(migrations.Migration):
    dependencies = [("habilitations", "0001_modeles")]

    operations = [migrations.RunSQL(CREER, DEFAIRE)]
