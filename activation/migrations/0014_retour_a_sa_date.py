"""A letter that came back waits since it was recorded as such, by the clock of the act, and not since the statement was run."""

from django.db import migrations

FONCTION = """
CREATE OR REPLACE FUNCTION affaire_de_courrier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.etat <> 'NPAI' OR NEW.remplace_le IS NOT NULL THEN
        PERFORM ne_plus_attendre('NPAI', OLD.id::text);
    ELSE
        PERFORM faire_attendre('NPAI', NEW.id::text, p.id, d.espace_id, p.service_gestionnaire_id, %s)
            FROM activation_demande d JOIN services_personnesirenisee p ON p.id = d.personne_id
            WHERE d.id = NEW.demande_id AND d.etat IN ('DEPOSEE', 'CODE_ENVOYE');
    END IF;
    RETURN NULL;
END $$;
"""
A_SA_DATE = FONCTION % "coalesce(NEW.revenu_le, now())"
MAINTENANT = FONCTION % "now()"


class Migration(migrations.Migration):
    dependencies = [
        ("activation", "0013_courriels_de_cote"),
    ]

    operations = [migrations.RunSQL(A_SA_DATE, MAINTENANT)]
