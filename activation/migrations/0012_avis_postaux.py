"""Letters without a code, to the holder of an espace, in the batches of the print shop (R15)."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0023_index_du_bureau"),
        ("activation", "0011_adresse_confirmee"),
    ]

    operations = [
        migrations.CreateModel(
            name="AvisPostal",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("reference", models.CharField(max_length=15, verbose_name="référence")),
                ("contenu", models.JSONField(default=dict, editable=False, verbose_name="contenu")),
                ("cree_le", models.DateTimeField(default=django.utils.timezone.now, verbose_name="créé le")),
                ("rang", models.PositiveIntegerField(blank=True, null=True, verbose_name="rang dans la remise")),
                ("remis_le", models.DateTimeField(blank=True, null=True, verbose_name="remis le")),
                (
                    "espace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="avis_postaux", to="accounts.espace"
                    ),
                ),
                (
                    "remise",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="avis_postaux",
                        to="activation.remise",
                    ),
                ),
            ],
            options={
                "verbose_name": "avis postal",
                "verbose_name_plural": "avis postaux",
                "ordering": ["-cree_le"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("remise__isnull", True)), fields=["cree_le"], name="avis_postal_a_remettre"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reference",),
                        name="avis_postal_reference_unique",
                        violation_error_message="Cette référence est déjà donnée.",
                    ),
                    models.UniqueConstraint(
                        fields=("remise", "rang"),
                        name="avis_postal_rang_unique",
                        violation_error_message="Ce rang est déjà pris dans la remise.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("remis_le__isnull", True), ("remise__isnull", False), _connector="OR"),
                        name="avis_postal_remis_dans_un_lot",
                        violation_error_message="Un avis remis l’est dans un lot.",
                    ),
                ],
            },
        ),
    ]
