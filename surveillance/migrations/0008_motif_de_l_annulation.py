"""Why a disabling was undone is kept beside why it was done, each whole."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("surveillance", "0007_blocage_par_qui")]

    operations = [
        migrations.AlterField(
            model_name="desactivation",
            name="motif",
            field=models.CharField(blank=True, max_length=1020, verbose_name="motif"),
        ),
    ]
