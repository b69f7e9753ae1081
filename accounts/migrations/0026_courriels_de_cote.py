"""The mails that were set aside, by the offices that see their espace: each reads its own by index, not the country's."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0025_lien_sujet"),
    ]

    operations = [
        migrations.CreateModel(
            name="CourrielDeCote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cree_le", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "courriel",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="bureaux",
                        to="accounts.courriel",
                    ),
                ),
                (
                    "service_gestionnaire",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.servicegestionnaire",
                    ),
                ),
            ],
            options={
                "verbose_name": "courriel mis de côté, d’un service",
                "verbose_name_plural": "courriels mis de côté, par service",
                "indexes": [
                    models.Index(
                        fields=["service_gestionnaire", "-cree_le", "courriel"], name="courriel_de_cote_du_bureau"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("courriel", "service_gestionnaire"),
                        name="courriel_de_cote_une_fois",
                        violation_error_message="Ce courriel est déjà parmi ceux du service.",
                    )
                ],
            },
        ),
    ]
