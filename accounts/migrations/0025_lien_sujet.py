"""Several links of one purpose may live, about several things: the new addresses of the companies of one espace (R21)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0024_sceau_des_lignes"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="lien",
            name="lien_un_seul_vivant",
        ),
        migrations.AddField(
            model_name="lien",
            name="sujet",
            field=models.UUIDField(
                blank=True,
                help_text="La demande dont il s’agit, là où un espace en a plusieurs de même objet.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="lien",
            name="objet",
            field=models.CharField(
                choices=[
                    ("CONFIRMATION_EXPERT", "confirmation de l’adresse (mode expert)"),
                    ("CONFIRMATION_ENTREPRISE", "confirmation de l’adresse de l’entreprise"),
                    ("CONFIRMATION_CONNEXION", "confirmation de l’adresse de connexion (mode simplifié)"),
                    ("CHANGEMENT_ADRESSE", "changement d’adresse de connexion"),
                    ("ANNULATION_ADRESSE", "annulation d’un changement d’adresse"),
                    ("MOT_DE_PASSE_OUBLIE", "mot de passe oublié"),
                    ("COURRIEL_ENTREPRISE", "changement de l’adresse de l’entreprise"),
                ],
                max_length=23,
            ),
        ),
        migrations.AddConstraint(
            model_name="lien",
            constraint=models.UniqueConstraint(
                condition=models.Q(("consomme_le__isnull", True), ("revoque_le__isnull", True)),
                fields=("espace", "objet", "sujet"),
                name="lien_un_seul_vivant",
                nulls_distinct=False,
                violation_error_message="Un lien plus récent remplace celui-ci.",
            ),
        ),
    ]
