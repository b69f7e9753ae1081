"""The requests to leave, to delete and the closures that wait for an agent stand in the queues of /gestion/."""

from django.db import migrations, models

DEPUIS = """
UPDATE habilitations_demanderetrait SET pour_suppression = true WHERE motif = 'Suppression de l''espace professionnel';
"""
AFFAIRES = """
CREATE FUNCTION affaire_de_retrait() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    laquelle text;
BEGIN
    IF TG_OP = 'DELETE' OR NEW.etat <> 'DEPOSEE' OR NEW.service_gestionnaire_id IS NULL THEN
        PERFORM ne_plus_attendre('RETRAIT', OLD.id::text), ne_plus_attendre('SUPPRESSION', OLD.id::text);
        RETURN NULL;
    END IF;
    laquelle := CASE WHEN NEW.pour_suppression THEN 'SUPPRESSION' ELSE 'RETRAIT' END;
    PERFORM faire_attendre(
        laquelle, NEW.id::text, p.id, NEW.demandeur_id, p.service_gestionnaire_id, NEW.deposee_le
    ) FROM habilitations_habilitation h JOIN services_personnesirenisee p ON p.id = h.personne_id
        WHERE h.id = NEW.habilitation_id;
    RETURN NULL;
END $$;
CREATE TRIGGER retrait_attend AFTER INSERT ON habilitations_demanderetrait
    FOR EACH ROW WHEN (NEW.etat = 'DEPOSEE' AND NEW.service_gestionnaire_id IS NOT NULL)
    EXECUTE FUNCTION affaire_de_retrait();
CREATE TRIGGER retrait_change AFTER UPDATE OF etat OR DELETE ON habilitations_demanderetrait
    FOR EACH ROW WHEN (OLD.etat = 'DEPOSEE' AND OLD.service_gestionnaire_id IS NOT NULL)
    EXECUTE FUNCTION affaire_de_retrait();
CREATE FUNCTION affaire_de_cessation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.etat <> 'A_DECIDER' THEN
        PERFORM ne_plus_attendre('CESSATION', OLD.id::text);
    ELSE
        PERFORM faire_attendre(
            'CESSATION', NEW.id::text, p.id, NULL, p.service_gestionnaire_id, NEW.constatee_le
        ) FROM services_personnesirenisee p WHERE p.id = NEW.personne_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER cessation_attend AFTER INSERT ON habilitations_cessation
    FOR EACH ROW WHEN (NEW.etat = 'A_DECIDER') EXECUTE FUNCTION affaire_de_cessation();
CREATE TRIGGER cessation_change AFTER UPDATE OF etat, personne_id OR DELETE ON habilitations_cessation
    FOR EACH ROW EXECUTE FUNCTION affaire_de_cessation();
INSERT INTO accounts_affaire (file, cle, personne, espace_id, service_gestionnaire_id, depuis)
    SELECT CASE WHEN r.pour_suppression THEN 'SUPPRESSION' ELSE 'RETRAIT' END, r.id::text, p.id, r.demandeur_id,
        p.service_gestionnaire_id, r.deposee_le
    FROM habilitations_demanderetrait r JOIN habilitations_habilitation h ON h.id = r.habilitation_id
        JOIN services_personnesirenisee p ON p.id = h.personne_id
    WHERE r.etat = 'DEPOSEE' AND r.service_gestionnaire_id IS NOT NULL;
INSERT INTO accounts_affaire (file, cle, personne, service_gestionnaire_id, depuis)
    SELECT 'CESSATION', c.id::text, p.id, p.service_gestionnaire_id, c.constatee_le
    FROM habilitations_cessation c JOIN services_personnesirenisee p ON p.id = c.personne_id WHERE c.etat = 'A_DECIDER';
"""
SANS_AFFAIRES = """
DROP TRIGGER cessation_change ON habilitations_cessation;
DROP TRIGGER cessation_attend ON habilitations_cessation;
DROP FUNCTION affaire_de_cessation();
DROP TRIGGER retrait_change ON habilitations_demanderetrait;
DROP TRIGGER retrait_attend ON habilitations_demanderetrait;
DROP FUNCTION affaire_de_retrait();
DELETE FROM accounts_affaire WHERE file IN ('RETRAIT', 'SUPPRESSION', 'CESSATION');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("habilitations", "0016_a_faire"),
        ("services", "0010_affaires"),
    ]

    operations = [
        migrations.AddField(
            model_name="demanderetrait",
            name="pour_suppression",
            field=models.BooleanField(default=False, verbose_name="pour supprimer l'espace"),
        ),
        migrations.RunSQL(DEPUIS, migrations.RunSQL.noop),
        migrations.RunSQL(AFFAIRES, SANS_AFFAIRES),
    ]
