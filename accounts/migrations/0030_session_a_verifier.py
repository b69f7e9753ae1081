"""A session may wait for a verification: written by who watches, read with its row (R15)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0029_lien_ce_n_est_pas_moi"),
    ]

    operations = [
        migrations.AddField(
            model_name="compte",
            name="verification_due_le",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="Écrit par surveillance/verification/ ; lu avec le compte à chaque connexion.",
                null=True,
                verbose_name="vérification restée sans réponse le",
            ),
        ),
        migrations.AddField(
            model_name="session",
            name="verification",
            field=models.UUIDField(editable=False, null=True, verbose_name="vérification attendue"),
        ),
        migrations.AddField(
            model_name="session",
            name="verifiee_le",
            field=models.DateTimeField(editable=False, null=True, verbose_name="vérifiée le"),
        ),
    ]
