"""The sweep of each minute reads the alerts that were seen since the last one by an index: not all that wait (R15)."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("surveillance", "0015_alertes_par_date")]

    operations = [
        migrations.AddIndex(
            model_name="alerte",
            index=models.Index(condition=Q(etat="OUVERTE"), fields=["derniere_le"], name="alerte_vue"),
        ),
    ]
