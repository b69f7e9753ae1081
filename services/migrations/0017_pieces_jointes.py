"""Attachments: each has a key of its own, sealed in its row; what waits for the scan is found by index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0024_sceau_des_lignes"),
        ("services", "0016_attente_desactivation"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="piecejointe",
            name="piece_a_analyser",
        ),
        migrations.AddField(
            model_name="piecejointe",
            name="essai_le",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="analyse essayée le"),
        ),
        migrations.AlterField(
            model_name="piecejointe",
            name="cle",
            field=models.CharField(editable=False, max_length=160, verbose_name="clé de chiffrement"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("pret_le__isnull", True)), fields=["envoye_le", "id"], name="message_attend"
            ),
        ),
        migrations.AddIndex(
            model_name="piecejointe",
            index=models.Index(
                condition=models.Q(("analyse__in", ["A_FAIRE", "NON_ANALYSEE"])),
                fields=["analyse", "posee_le"],
                name="piece_a_analyser",
            ),
        ),
        migrations.AddConstraint(
            model_name="piecejointe",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cle__regex", "^[0-9a-f]{8}[.][-_=0-9A-Za-z]{80}$"), ("empreinte__regex", "^[0-9a-f]{64}$")
                ),
                name="piece_chiffree",
                violation_error_message="Cette pièce n’est pas gardée chiffrée.",
            ),
        ),
        migrations.RemoveField(
            model_name="piecejointe",
            name="nonce",
        ),
    ]
