"""What the purge and the metrics look for among the letters and the reports."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_index_des_travaux"),
        ("activation", "0005_feuillets"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="courrier",
            index=models.Index(
                condition=models.Q(("ecarte_le__isnull", False)), fields=["cree_le"], name="courrier_ecarte"
            ),
        ),
        migrations.AddIndex(
            model_name="signalement",
            index=models.Index(
                condition=models.Q(("texte", ""), _negated=True), fields=["demande"], name="signalement_a_vider"
            ),
        ),
    ]
