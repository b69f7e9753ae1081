"""A company's new address is confirmed by a link before its letter leaves (R21)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0025_lien_sujet"),
        ("activation", "0010_bureau_du_courrier"),
        ("services", "0015_messagerie"),
    ]

    operations = [
        migrations.AddField(
            model_name="demande",
            name="adresse_confirmee_le",
            field=models.DateTimeField(blank=True, null=True, verbose_name="nouvelle adresse confirmée le"),
        ),
        migrations.AddIndex(
            model_name="demande",
            index=models.Index(
                condition=models.Q(
                    ("adresse_confirmee_le__isnull", True),
                    ("nature", "COURRIEL_PERSONNE"),
                    ("terminee_le__isnull", True),
                ),
                fields=["deposee_le"],
                name="demande_adresse_attendue",
            ),
        ),
        migrations.AddConstraint(
            model_name="demande",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("nature", "COURRIEL_PERSONNE"), ("adresse_confirmee_le__isnull", True), _connector="OR"
                ),
                name="demande_adresse_confirmee",
                violation_error_message="Seule la nouvelle adresse d’une entreprise est confirmée par un lien.",
            ),
        ),
    ]
