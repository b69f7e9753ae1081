"""An office looks for a name among its own, who gave one of its companies as his organisation too; an agent finds the second looks he asked for."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0030_session_a_verifier"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="espace",
            index=models.Index(
                condition=~Q(siren_appartenance=""),
                fields=["siren_appartenance"],
                name="espace_d_appartenance",
            ),
        ),
        migrations.AddIndex(
            model_name="contreseing",
            index=models.Index(fields=["demandeur", "-demande_le"], name="contreseing_de_l_agent"),
        ),
    ]
