"""A habilitation en veille because the espace that granted it is disabled (R15): one more reason."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("habilitations", "0021_question_et_cle"),
    ]

    operations = [
        migrations.AlterField(
            model_name="habilitation",
            name="veille_motif",
            field=models.CharField(
                blank=True,
                choices=[
                    ("TITULAIRE", "décision du titulaire"),
                    ("SUBSTITUTION", "substitution"),
                    ("CESSATION", "cessation de la personne"),
                    ("COMPROMIS", "espace de qui l’a accordée désactivé"),
                ],
                max_length=12,
                verbose_name="motif de mise en veille",
            ),
        ),
    ]
