"""An address blocked for the fourth time is an alert of its network, which is of no account (R17)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("surveillance", "0017_cas_du_guichet")]

    operations = [
        migrations.AlterField(
            model_name="alerte",
            name="compte",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="alertes",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RemoveConstraint(model_name="alerte", name="alerte_ouverte_une_par_cause"),
        migrations.AddConstraint(
            model_name="alerte",
            constraint=models.UniqueConstraint(
                condition=models.Q(("etat", "OUVERTE"), models.Q(("cause", ""), _negated=True)),
                fields=("compte", "motif", "cause"),
                name="alerte_ouverte_une_par_cause",
                nulls_distinct=False,
                violation_error_message="Une alerte de ce genre est déjà ouverte pour ce compte et cette cause.",
            ),
        ),
    ]
