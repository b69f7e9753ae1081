"""An IDSP that becomes a SIREN takes no new place in the perimeter (R13): its rows go over one by one."""

import importlib

from django.db import migrations

AVANT = """
    SELECT count(DISTINCT personne_id) INTO tenues FROM habilitations_habilitation
        WHERE espace_id = NEW.espace_id AND fin_le IS NULL AND id <> NEW.id;
"""
APRES = """
    -- The IDSP's other rows follow in the same statement: it is not counted beside the SIREN that it becomes.
    SELECT count(DISTINCT personne_id) INTO tenues FROM habilitations_habilitation h
        WHERE espace_id = NEW.espace_id AND fin_le IS NULL AND id <> NEW.id
            AND NOT (TG_OP = 'UPDATE' AND h.personne_id = OLD.personne_id AND EXISTS (
                SELECT 1 FROM services_personnesirenisee p WHERE p.id = OLD.personne_id AND p.provisoire));
"""
precedente = importlib.import_module("habilitations.migrations.0003_perimetre")
FONCTION = precedente.CREER[
    precedente.CREER.index("CREATE FUNCTION") : precedente.CREER.index("CREATE TRIGGER")
].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("habilitations", "0005_registre"), ("services", "0002_registre")]

    operations = [migrations.RunSQL(FONCTION.replace(AVANT.lstrip("\n"), APRES.lstrip("\n")), FONCTION)]
