"""A head of office and an auditor: two functions more."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_affaires"),
    ]

    operations = [
        migrations.AlterField(
            model_name="agent",
            name="fonction",
            field=models.CharField(
                choices=[
                    ("GESTIONNAIRE", "gestionnaire"),
                    ("CHEF", "chef de service"),
                    ("SURVEILLANCE", "cellule de surveillance"),
                    ("AUDITEUR", "auditeur"),
                ],
                default="GESTIONNAIRE",
                max_length=12,
                verbose_name="fonction",
            ),
        ),
    ]
