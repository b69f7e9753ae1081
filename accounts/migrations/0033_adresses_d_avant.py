"""The login address before each change, and how it was changed: a disabling gives it back (R15)."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0032_coordonnees_d_avant"),
    ]

    operations = [
        migrations.CreateModel(
            name="AncienneAdresse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("adresse", models.EmailField(max_length=254, verbose_name="adresse d’avant")),
                (
                    "voie",
                    models.CharField(
                        choices=[
                            ("DETENTEUR", "par le lien envoyé à la nouvelle adresse"),
                            ("GUICHET", "donnée au guichet, devant deux agents"),
                            ("ANNULATION", "annulée depuis l’adresse d’avant"),
                            ("DESACTIVATION", "remise par une désactivation, ou par son annulation"),
                        ],
                        max_length=13,
                        verbose_name="changée",
                    ),
                ),
                ("changee_le", models.DateTimeField(default=django.utils.timezone.now, verbose_name="changée le")),
                (
                    "espace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="anciennes_adresses",
                        to="accounts.espace",
                    ),
                ),
            ],
            options={
                "verbose_name": "ancienne adresse de connexion",
                "verbose_name_plural": "anciennes adresses de connexion",
                "ordering": ["changee_le", "pk"],
                "indexes": [
                    models.Index(fields=["espace", "changee_le"], name="adresses_de_l_espace"),
                    models.Index(fields=["changee_le"], name="adresses_a_effacer"),
                ],
            },
        ),
    ]
