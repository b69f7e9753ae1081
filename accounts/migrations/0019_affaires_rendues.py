"""What waits and goes to another office is claimed by nobody there: the claim is the former office's."""

from django.db import migrations

ATTENTE = """
CREATE OR REPLACE FUNCTION faire_attendre(
    une_file text, une_cle text, une_personne bigint, un_espace uuid, un_bureau bigint, un_depuis timestamptz
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO accounts_affaire (file, cle, personne, espace_id, service_gestionnaire_id, depuis)
    VALUES (une_file, une_cle, une_personne, un_espace, un_bureau, un_depuis)
    ON CONFLICT (file, cle) WHERE finie_le IS NULL
    DO UPDATE SET personne = EXCLUDED.personne, service_gestionnaire_id = EXCLUDED.service_gestionnaire_id%s
    WHERE (accounts_affaire.personne, accounts_affaire.service_gestionnaire_id)
        IS DISTINCT FROM (EXCLUDED.personne, EXCLUDED.service_gestionnaire_id);
$$;
"""
RENDUE = "".join(
    f""",
        {colonne} = CASE
            WHEN accounts_affaire.service_gestionnaire_id IS NOT DISTINCT FROM EXCLUDED.service_gestionnaire_id
            THEN accounts_affaire.{colonne}
        END"""
    for colonne in ("agent_id", "prise_le")
)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0018_recherche")]

    operations = [migrations.RunSQL(ATTENTE % RENDUE, ATTENTE % "")]
