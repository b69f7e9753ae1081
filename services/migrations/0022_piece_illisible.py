"""A file that gets no verdict for a day is set aside as unreadable: since when it has none."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("services", "0021_messages_du_bureau"),
    ]

    operations = [
        migrations.AddField(
            model_name="piecejointe",
            name="muette_depuis",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="sans verdict depuis"),
        ),
        migrations.AlterField(
            model_name="piecejointe",
            name="analyse",
            field=models.CharField(
                choices=[
                    ("A_FAIRE", "contrôle en cours"),
                    ("SAINE", "contrôlée"),
                    ("NON_ANALYSEE", "non analysée"),
                    ("QUARANTAINE", "refusée"),
                    ("ILLISIBLE", "illisible"),
                ],
                default="A_FAIRE",
                max_length=12,
                verbose_name="analyse",
            ),
        ),
    ]
