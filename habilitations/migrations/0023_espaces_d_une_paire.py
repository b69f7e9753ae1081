"""Who holds something of a company is read from its index alone: an office looks for a name among its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("habilitations", "0022_veille_compromis"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="habilitation", name="habilitation_paire"),
        migrations.AddIndex(
            model_name="habilitation",
            index=models.Index(fields=["personne", "service"], include=("espace",), name="habilitation_paire"),
        ),
    ]
