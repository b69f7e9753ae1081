"""For which services an account was chosen last: it is proposed again at the next payment (CGU §4.d)."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("services", "0027_bureau_des_echanges")]

    operations = [
        migrations.AddField(
            "referencebancaire",
            "choisie_pour",
            django.contrib.postgres.fields.ArrayField(
                models.CharField(max_length=20),
                blank=True,
                default=list,
                editable=False,
                verbose_name="choisie en dernier pour les services",
            ),
        ),
    ]
