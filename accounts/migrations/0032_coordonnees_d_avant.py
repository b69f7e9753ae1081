"""What the particulars of an espace were before each change: a disabling puts them back, a counter reads them (R15, R16)."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0031_index_du_bureau"),
    ]

    operations = [
        migrations.CreateModel(
            name="AnciennesCoordonnees",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("complement", models.CharField(blank=True, max_length=120, verbose_name="complément d’adresse")),
                ("voie", models.CharField(blank=True, max_length=120, verbose_name="numéro et voie")),
                ("distribution", models.CharField(blank=True, max_length=120, verbose_name="boîte postale, lieu-dit")),
                ("code_postal", models.CharField(blank=True, max_length=10, verbose_name="code postal")),
                ("commune", models.CharField(blank=True, max_length=120, verbose_name="commune")),
                ("pays", models.CharField(blank=True, max_length=80, verbose_name="pays")),
                ("changees_le", models.DateTimeField(default=django.utils.timezone.now, verbose_name="changées le")),
                (
                    "civilite",
                    models.CharField(
                        blank=True,
                        choices=[("MADAME", "Madame"), ("MONSIEUR", "Monsieur")],
                        max_length=8,
                        verbose_name="civilité",
                    ),
                ),
                ("nom", models.CharField(max_length=80, verbose_name="nom")),
                ("prenom", models.CharField(max_length=80, verbose_name="prénom")),
                ("telephone", models.CharField(blank=True, max_length=20, verbose_name="téléphone")),
                (
                    "siren_appartenance",
                    models.CharField(blank=True, max_length=9, verbose_name="SIREN de l’organisation d’appartenance"),
                ),
                (
                    "espace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="anciennes_coordonnees",
                        to="accounts.espace",
                    ),
                ),
            ],
            options={
                "verbose_name": "anciennes coordonnées",
                "verbose_name_plural": "anciennes coordonnées",
                "ordering": ["changees_le", "pk"],
                "indexes": [
                    models.Index(fields=["espace", "changees_le"], name="coordonnees_de_l_espace"),
                    models.Index(fields=["changees_le"], name="coordonnees_a_effacer"),
                    models.Index(
                        condition=models.Q(("siren_appartenance", ""), _negated=True),
                        fields=["siren_appartenance"],
                        name="coordonnees_d_appartenance",
                    ),
                ],
            },
        ),
    ]
