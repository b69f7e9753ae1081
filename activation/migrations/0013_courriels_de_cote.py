"""A mail that is set aside is written down for each office that sees its espace (espacepro/gestion/visibilite.py), by the database.

What the office may see is asked again when it is read: a company that went to another office takes nothing back, it adds.
"""

from django.db import migrations

SUIVRE = r"""
CREATE FUNCTION bureaux_de_l_espace(un_espace uuid) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    SELECT p.service_gestionnaire_id FROM services_personnesirenisee p WHERE p.id IN (
        SELECT personne_id FROM habilitations_habilitation WHERE espace_id = un_espace
        UNION SELECT personne_id FROM activation_demande WHERE espace_id = un_espace
        UNION SELECT personne_id FROM activation_creationsimplifiee WHERE espace_id = un_espace
    )
    UNION
    SELECT p.service_gestionnaire_id FROM services_personnesirenisee p
        JOIN accounts_espace e ON e.siren_appartenance = p.siren WHERE e.id = un_espace;
$$;
CREATE FUNCTION courriel_de_cote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE' AND NEW.ecarte_le IS NOT NULL THEN
        INSERT INTO accounts_courrieldecote (courriel_id, service_gestionnaire_id, cree_le)
            SELECT NEW.id, bureau, NEW.cree_le FROM bureaux_de_l_espace(NEW.espace_id) AS bureau
            ON CONFLICT (courriel_id, service_gestionnaire_id) DO NOTHING;
    ELSE
        DELETE FROM accounts_courrieldecote WHERE courriel_id = OLD.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER courriel_ecarte AFTER UPDATE OF ecarte_le ON accounts_courriel
    FOR EACH ROW WHEN ((OLD.ecarte_le IS NULL) <> (NEW.ecarte_le IS NULL) AND NEW.genre NOT LIKE '%\_gestionnaire')
    EXECUTE FUNCTION courriel_de_cote();
CREATE TRIGGER courriel_ecarte_efface AFTER DELETE ON accounts_courriel
    FOR EACH ROW WHEN (OLD.ecarte_le IS NOT NULL) EXECUTE FUNCTION courriel_de_cote();

CREATE FUNCTION courriels_de_la_personne() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_courrieldecote (courriel_id, service_gestionnaire_id, cree_le)
        SELECT c.id, NEW.service_gestionnaire_id, c.cree_le FROM accounts_courriel c
        WHERE c.ecarte_le IS NOT NULL AND c.genre NOT LIKE '%\_gestionnaire' AND c.espace_id IN (
            SELECT espace_id FROM habilitations_habilitation WHERE personne_id = NEW.id
            UNION SELECT espace_id FROM activation_demande WHERE personne_id = NEW.id
            UNION SELECT espace_id FROM activation_creationsimplifiee WHERE personne_id = NEW.id
        )
        ON CONFLICT (courriel_id, service_gestionnaire_id) DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER personne_emporte_ses_courriels AFTER UPDATE OF service_gestionnaire_id ON services_personnesirenisee
    FOR EACH ROW WHEN (OLD.service_gestionnaire_id IS DISTINCT FROM NEW.service_gestionnaire_id)
    EXECUTE FUNCTION courriels_de_la_personne();

INSERT INTO accounts_courrieldecote (courriel_id, service_gestionnaire_id, cree_le)
    SELECT c.id, bureau, c.cree_le FROM accounts_courriel c, bureaux_de_l_espace(c.espace_id) AS bureau
    WHERE c.ecarte_le IS NOT NULL AND c.genre NOT LIKE '%\_gestionnaire';
"""
LAISSER = """
DROP TRIGGER personne_emporte_ses_courriels ON services_personnesirenisee;
DROP FUNCTION courriels_de_la_personne();
DROP TRIGGER courriel_ecarte_efface ON accounts_courriel;
DROP TRIGGER courriel_ecarte ON accounts_courriel;
DROP FUNCTION courriel_de_cote();
DROP FUNCTION bureaux_de_l_espace(uuid);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0026_courriels_de_cote"),
        ("activation", "0012_avis_postaux"),
        ("habilitations", "0022_veille_compromis"),
    ]

    operations = [migrations.RunSQL(SUIVRE, LAISSER)]
