"""What « À faire » asks of all that hangs on some adhésions is answered by the index of the constraint alone (issue 13.1)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_journal_compte"),
        ("habilitations", "0015_rappel_hebdomadaire"),
        ("services", "0009_index_des_travaux"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="habilitation",
            name="habilitation_une_par_espace",
        ),
        migrations.AddConstraint(
            model_name="habilitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("fin_le__isnull", True)),
                fields=("adhesion", "espace"),
                include=(
                    "personne",
                    "role",
                    "accordee_par",
                    "veille_motif",
                    "veille_depuis",
                    "expire_le",
                    "revue_le",
                    "accordee_le",
                    "revue_demandee_le",
                ),
                name="habilitation_une_par_espace",
                violation_error_message="Cet espace est déjà habilité à ce service pour cette personne.",
            ),
        ),
    ]
