"""The personnes that wait for their SIREN, by office: few among millions."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0020_contreseings"),
        ("services", "0012_comptes_bancaires"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="personnesirenisee",
            index=models.Index(
                condition=models.Q(("provisoire", True)), fields=["service_gestionnaire"], name="personne_provisoire"
            ),
        ),
    ]
