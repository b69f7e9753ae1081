"""What the desk asks of the journal is few among all its lines: what an office gave away, who held the access of whom."""

import django.db.models.fields.json
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0022_contreseing_expire"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="evenement",
            index=models.Index(
                django.db.models.fields.json.KeyTextTransform("de", "details"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("details__has_key", "de")),
                name="evenement_cession",
            ),
        ),
        migrations.AddIndex(
            model_name="evenement",
            index=models.Index(
                condition=models.Q(("details__has_key", "agent")),
                fields=["quand"],
                name="evenement_acces_agent",
            ),
        ),
    ]
