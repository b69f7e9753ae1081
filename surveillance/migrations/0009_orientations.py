"""An espace that no office follows is directed to one by the surveillance cell (R16)."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0028_journal_lisible"),
        ("surveillance", "0008_motif_de_l_annulation"),
    ]

    operations = [
        migrations.CreateModel(
            name="Orientation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("motif", models.CharField(blank=True, max_length=500, verbose_name="motif")),
                ("orientee_le", models.DateTimeField(default=django.utils.timezone.now, verbose_name="dirigé le")),
                (
                    "agent",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.agent",
                        verbose_name="dirigé par",
                    ),
                ),
                (
                    "espace",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="orientation", to="accounts.espace"
                    ),
                ),
                (
                    "service_gestionnaire",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.servicegestionnaire",
                        verbose_name="service gestionnaire",
                    ),
                ),
            ],
            options={
                "verbose_name": "orientation vers un guichet",
                "verbose_name_plural": "orientations vers un guichet",
                "ordering": ["-orientee_le"],
            },
        ),
    ]
