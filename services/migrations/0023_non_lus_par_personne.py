"""What is unread says of which personne and of which exchange: counted for each company without reading messages or exchanges."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

REPRENDRE = """
UPDATE services_messagenonlu n SET echange_id = e.id, personne_id = e.personne_id
    FROM services_message m JOIN services_echange e ON e.id = m.echange_id WHERE m.id = n.message_id;
SET CONSTRAINTS ALL IMMEDIATE;
"""
# An exchange that changes of personne meanwhile (an IDSP becomes a SIREN) is waited for, or waits.
SUIVRE = """
CREATE FUNCTION services_non_lu_de_qui() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT e.id, e.personne_id INTO NEW.echange_id, NEW.personne_id
        FROM services_message m JOIN services_echange e ON e.id = m.echange_id WHERE m.id = NEW.message_id FOR SHARE OF e;
    RETURN NEW;
END $$;
CREATE TRIGGER non_lu_de_qui BEFORE INSERT ON services_messagenonlu
    FOR EACH ROW EXECUTE FUNCTION services_non_lu_de_qui();

CREATE FUNCTION services_non_lus_emportes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE services_messagenonlu SET personne_id = NEW.personne_id
        WHERE message_id IN (SELECT id FROM services_message WHERE echange_id = NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER echange_emporte_ses_non_lus AFTER UPDATE OF personne_id ON services_echange
    FOR EACH ROW WHEN (OLD.personne_id <> NEW.personne_id) EXECUTE FUNCTION services_non_lus_emportes();
"""
NE_PLUS_SUIVRE = """
DROP TRIGGER echange_emporte_ses_non_lus ON services_echange;
DROP FUNCTION services_non_lus_emportes();
DROP TRIGGER non_lu_de_qui ON services_messagenonlu;
DROP FUNCTION services_non_lu_de_qui();
"""


def champ(vers: str, *, null: bool) -> "models.ForeignKey[models.Model]":
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        editable=False,
        null=null,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to=vers,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("services", "0022_piece_illisible"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("messagenonlu", "echange", champ("services.echange", null=True)),
        migrations.AddField("messagenonlu", "personne", champ("services.personnesirenisee", null=True)),
        migrations.RunSQL(REPRENDRE, migrations.RunSQL.noop),
        migrations.AlterField("messagenonlu", "echange", champ("services.echange", null=False)),
        migrations.AlterField("messagenonlu", "personne", champ("services.personnesirenisee", null=False)),
        migrations.AlterField(
            "messagenonlu",
            "lecteur",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            "messagenonlu", models.Index(fields=["lecteur", "personne", "echange"], name="non_lu_par_personne")
        ),
        migrations.RunSQL(SUIVRE, NE_PLUS_SUIVRE),
    ]
