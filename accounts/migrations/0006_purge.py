"""Indexes of the purge, and of all that was written to one address."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_reponse_remise")]

    operations = [
        migrations.AddIndex(
            "courriel", models.Index(fields=["traite_le"], condition=~Q(contexte={}), name="courriel_a_vider")
        ),
        migrations.AddIndex("courriel", models.Index(fields=["cree_le"], name="courriel_age")),
        migrations.AddIndex("courriel", models.Index(fields=["destinataire"], name="courriel_de_l_adresse")),
    ]
