"""The link « ce n'est pas moi » of the mails of security (R15)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0028_journal_lisible"),
    ]

    operations = [
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
                    ("CE_N_EST_PAS_MOI", "«\xa0ce n’est pas moi\xa0»"),
                ],
                max_length=23,
            ),
        ),
    ]
