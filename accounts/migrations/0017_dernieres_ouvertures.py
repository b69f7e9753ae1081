"""What an espace opened last, for its home page (issue 13.2)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0016_typographie"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="tracelecture",
            index=models.Index(fields=["lecteur", "-minute"], name="trace_derniere"),
        ),
    ]
