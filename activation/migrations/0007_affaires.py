"""The letters that came back and the demandes that a company does not recognise stand in the queues of /gestion/."""

from django.db import migrations

AFFAIRES = """
CREATE FUNCTION affaire_de_courrier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.etat <> 'NPAI' OR NEW.remplace_le IS NOT NULL THEN
        PERFORM ne_plus_attendre('NPAI', OLD.id::text);
    ELSE
        PERFORM faire_attendre('NPAI', NEW.id::text, p.id, d.espace_id, p.service_gestionnaire_id, now())
            FROM activation_demande d JOIN services_personnesirenisee p ON p.id = d.personne_id
            WHERE d.id = NEW.demande_id AND d.etat IN ('DEPOSEE', 'CODE_ENVOYE');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER courrier_revient AFTER INSERT ON activation_courrier
    FOR EACH ROW WHEN (NEW.etat = 'NPAI' AND NEW.remplace_le IS NULL) EXECUTE FUNCTION affaire_de_courrier();
CREATE TRIGGER courrier_revenu_change AFTER UPDATE OF etat, remplace_le ON activation_courrier
    FOR EACH ROW WHEN (
        (OLD.etat = 'NPAI' OR NEW.etat = 'NPAI')
        AND (OLD.etat, OLD.remplace_le) IS DISTINCT FROM (NEW.etat, NEW.remplace_le)
    ) EXECUTE FUNCTION affaire_de_courrier();
CREATE TRIGGER courrier_revenu_efface AFTER DELETE ON activation_courrier
    FOR EACH ROW WHEN (OLD.etat = 'NPAI') EXECUTE FUNCTION affaire_de_courrier();
CREATE FUNCTION affaires_de_la_demande() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ne_plus_attendre('NPAI', c.id::text) FROM activation_courrier c
        WHERE c.demande_id = NEW.id AND c.etat = 'NPAI';
    RETURN NULL;
END $$;
CREATE TRIGGER demande_finit AFTER UPDATE OF etat ON activation_demande
    FOR EACH ROW WHEN (OLD.etat IN ('DEPOSEE', 'CODE_ENVOYE') AND NEW.etat NOT IN ('DEPOSEE', 'CODE_ENVOYE'))
    EXECUTE FUNCTION affaires_de_la_demande();
CREATE FUNCTION affaire_de_signalement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.decision <> 'EN_ATTENTE' THEN
        PERFORM ne_plus_attendre('SIGNALEMENT', OLD.id::text);
    ELSE
        PERFORM faire_attendre('SIGNALEMENT', NEW.id::text, p.id, d.espace_id, p.service_gestionnaire_id, NEW.recu_le)
            FROM activation_demande d JOIN services_personnesirenisee p ON p.id = d.personne_id
            WHERE d.id = NEW.demande_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER signalement_attend AFTER INSERT ON activation_signalement
    FOR EACH ROW WHEN (NEW.decision = 'EN_ATTENTE') EXECUTE FUNCTION affaire_de_signalement();
CREATE TRIGGER signalement_change AFTER UPDATE OF decision OR DELETE ON activation_signalement
    FOR EACH ROW WHEN (OLD.decision = 'EN_ATTENTE') EXECUTE FUNCTION affaire_de_signalement();
INSERT INTO accounts_affaire (file, cle, personne, espace_id, service_gestionnaire_id, depuis)
    SELECT 'NPAI', c.id::text, p.id, d.espace_id, p.service_gestionnaire_id, now()
    FROM activation_courrier c JOIN activation_demande d ON d.id = c.demande_id
        JOIN services_personnesirenisee p ON p.id = d.personne_id
    WHERE c.etat = 'NPAI' AND c.remplace_le IS NULL AND d.etat IN ('DEPOSEE', 'CODE_ENVOYE');
INSERT INTO accounts_affaire (file, cle, personne, espace_id, service_gestionnaire_id, depuis)
    SELECT 'SIGNALEMENT', s.id::text, p.id, d.espace_id, p.service_gestionnaire_id, s.recu_le
    FROM activation_signalement s JOIN activation_demande d ON d.id = s.demande_id
        JOIN services_personnesirenisee p ON p.id = d.personne_id
    WHERE s.decision = 'EN_ATTENTE';
"""
SANS_AFFAIRES = """
DROP TRIGGER signalement_change ON activation_signalement;
DROP TRIGGER signalement_attend ON activation_signalement;
DROP FUNCTION affaire_de_signalement();
DROP TRIGGER demande_finit ON activation_demande;
DROP FUNCTION affaires_de_la_demande();
DROP TRIGGER courrier_revenu_efface ON activation_courrier;
DROP TRIGGER courrier_revenu_change ON activation_courrier;
DROP TRIGGER courrier_revient ON activation_courrier;
DROP FUNCTION affaire_de_courrier();
DELETE FROM accounts_affaire WHERE file IN ('NPAI', 'SIGNALEMENT');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("activation", "0006_index_des_travaux"),
        ("habilitations", "0017_affaires"),
    ]

    operations = [migrations.RunSQL(AFFAIRES, SANS_AFFAIRES)]
