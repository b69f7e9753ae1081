"""The outbox of the notices: one row a message, from which the worker writes to whoever reads the mailbox."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("services", "0024_liste_du_bureau"),
    ]

    operations = [
        migrations.CreateModel(
            name="AvisDeMessage",
            fields=[
                ("tentatives", models.PositiveSmallIntegerField(default=0, verbose_name="tentatives")),
                (
                    "prochain_essai_le",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="prochain essai le"),
                ),
                (
                    "bail_jusqu_a",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="bail jusqu’à"),
                ),
                ("traite_le", models.DateTimeField(blank=True, null=True, verbose_name="traité le")),
                ("ecarte_le", models.DateTimeField(blank=True, null=True, verbose_name="mis de côté le")),
                ("derniere_reponse", models.TextField(blank=True, verbose_name="dernière réponse")),
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="avis",
                        serialize=False,
                        to="services.message",
                    ),
                ),
            ],
            options={
                "verbose_name": "avis de message",
                "verbose_name_plural": "avis de message",
                "indexes": [
                    models.Index(
                        condition=models.Q(("ecarte_le__isnull", True), ("traite_le__isnull", True)),
                        fields=["prochain_essai_le"],
                        name="avis_message_a_ecrire",
                    ),
                    models.Index(fields=["traite_le"], name="avis_message_traite"),
                ],
            },
        ),
    ]
