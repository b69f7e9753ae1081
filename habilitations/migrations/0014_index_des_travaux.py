"""The mandates and the requests to leave that still say something, which the purge looks for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_index_des_travaux"),
        ("habilitations", "0013_mot_substitution"),
        ("services", "0009_index_des_travaux"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="demanderetrait",
            index=models.Index(
                condition=models.Q(("motif", ""), ("reponse", ""), _negated=True),
                fields=["traitee_le"],
                name="retrait_a_vider",
            ),
        ),
        migrations.AddIndex(
            model_name="mandat",
            index=models.Index(
                condition=models.Q(("adresse_du_courrier", []), ("representant_legal", ""), _negated=True),
                fields=["code_saisi_le"],
                name="mandat_a_vider",
            ),
        ),
    ]
