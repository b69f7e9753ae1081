"""Companies that come first in one's lists (issue 13.2)."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("habilitations", "0019_demande_habilitation"),
    ]

    operations = [
        migrations.AddField(
            model_name="preference",
            name="favoris",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=9, verbose_name="SIREN ou IDSP"),
                blank=True,
                default=list,
                verbose_name="entreprises favorites",
            ),
        ),
    ]
