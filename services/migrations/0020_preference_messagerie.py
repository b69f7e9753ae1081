"""How soon an espace is told of the messages of each mailbox (issue 15.10)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0025_lien_sujet"),
        ("services", "0019_adresses_attendues"),
    ]

    operations = [
        migrations.CreateModel(
            name="PreferenceMessagerie",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "rythme",
                    models.CharField(
                        choices=[
                            ("IMMEDIAT", "Aussitôt, un courriel par message"),
                            ("QUOTIDIEN", "Une fois par jour, le matin, en un seul courriel"),
                        ],
                        max_length=9,
                        verbose_name="rythme des avis",
                    ),
                ),
                (
                    "espace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="preferences_messagerie",
                        to="accounts.espace",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="services.personnesirenisee",
                    ),
                ),
            ],
            options={
                "verbose_name": "préférence d’avis de messagerie",
                "verbose_name_plural": "préférences d’avis de messagerie",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("espace", "personne"),
                        name="preference_messagerie_unique",
                        nulls_distinct=False,
                        violation_error_message="Ce choix est déjà fait pour cette messagerie.",
                    )
                ],
            },
        ),
    ]
