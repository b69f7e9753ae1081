"""A signal names the verification of the session that it was seen of: once passed, it counts against nobody (R15)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("surveillance", "0018_alerte_d_un_reseau")]

    operations = [
        migrations.AddField(
            model_name="signalvu",
            name="verification",
            field=models.UUIDField(blank=True, null=True, verbose_name="vérification de sa session"),
        ),
    ]
