from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_journal_compte"),
    ]

    operations = [
        migrations.AddField(
            model_name="servicegestionnaire",
            name="horaires",
            field=models.CharField(blank=True, max_length=200, verbose_name="horaires d’ouverture"),
        ),
    ]
