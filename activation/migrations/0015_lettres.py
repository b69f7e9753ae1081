"""What an agent reads is called a letter, as its desk calls it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("activation", "0014_retour_a_sa_date"),
    ]

    operations = [
        migrations.AlterModelOptions(name="courrier", options={"ordering": ["-cree_le"], "verbose_name": "lettre"}),
    ]
