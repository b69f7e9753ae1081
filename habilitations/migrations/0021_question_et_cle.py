"""The index of the question holds the key too: what hangs under one's own is found without reading their rows (issue 12.3)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("habilitations", "0020_favoris")]

    operations = [
        migrations.RemoveIndex(model_name="habilitation", name="habilitation_question"),
        migrations.AddIndex(
            model_name="habilitation",
            index=models.Index(
                condition=models.Q(("fin_le__isnull", True)),
                fields=["espace", "personne", "service"],
                include=["role", "etat", "expire_le", "adhesion", "id"],
                name="habilitation_question",
            ),
        ),
    ]
