"""A bank account that waits because the espace that added it is disabled (R15): one more reason."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("services", "0015_messagerie"),
    ]

    operations = [
        migrations.AlterField(
            model_name="referencebancaire",
            name="attente",
            field=models.CharField(
                blank=True,
                choices=[
                    ("CONNEXION", "une connexion inhabituelle"),
                    ("ADRESSE", "un changement d’adresse de connexion"),
                    ("MOT_DE_PASSE", "un changement de mot de passe"),
                    ("SECOND_FACTEUR", "un changement de second facteur"),
                    ("DESIGNATION", "une désignation faite par un espace qui venait de changer"),
                    ("DESACTIVATION", "la désactivation de l’espace qui l’a ajouté"),
                ],
                max_length=14,
                verbose_name="ce qui fait attendre",
            ),
        ),
    ]
