"""The list of the exchanges of an office has its order in an index, and its rows are counted in another."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0025_lien_sujet"),
        ("services", "0023_non_lus_par_personne"),
    ]

    operations = [
        migrations.AddIndex(
            "echange",
            models.Index(fields=["service_gestionnaire", "attend_le", "-dernier_le"], name="echange_liste"),
        ),
        migrations.AddIndex(
            "echange", models.Index(fields=["service_gestionnaire", "etat"], name="echange_liste_etat")
        ),
        migrations.RemoveIndex("echange", "echange_attend"),
        migrations.AlterField(
            "echange",
            "service_gestionnaire",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="echanges",
                to="accounts.servicegestionnaire",
                verbose_name="service gestionnaire",
            ),
        ),
    ]
