"""The représentants that were replaced, which the purge looks for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_index_des_travaux"),
        ("services", "0008_echeances"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="representantlegal",
            index=models.Index(
                condition=models.Q(("fin_le__isnull", False)), fields=["fin_le"], name="representant_a_effacer"
            ),
        ),
    ]
