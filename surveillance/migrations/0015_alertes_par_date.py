"""The list of alerts is read in its own order, and what is examined leaves by its date: each by an index."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("surveillance", "0014_connexions_par_date")]

    operations = [
        migrations.RemoveIndex(model_name="alerte", name="alerte_par_date"),
        migrations.AddIndex(model_name="alerte", index=models.Index(fields=["levee_le", "id"], name="alerte_par_date")),
        migrations.AddIndex(
            model_name="alerte",
            index=models.Index(condition=Q(examinee_le__isnull=False), fields=["examinee_le"], name="alerte_examinee"),
        ),
    ]
