"""Who said « ce n'est pas moi » and has lost the answer comes back by the counter, as the page promises (R16)."""

from django.db import migrations, models

CAS = [
    ("DESACTIVE", "espace désactivé par sécurité"),
    ("SECOND_FACTEUR", "second facteur et codes de secours perdus"),
    ("PLI_PERIME", "pli perdu, ou périmé avant d’avoir servi"),
    ("MOT_DE_PASSE", "mot de passe bloqué, son détenteur ayant dit «\xa0ce n’est pas moi\xa0»"),
]


class Migration(migrations.Migration):
    dependencies = [("surveillance", "0016_alertes_vues")]

    operations = [
        migrations.AlterField(
            model_name="retablissement",
            name="cas",
            field=models.CharField(choices=CAS, max_length=14, verbose_name="cas"),
        ),
    ]
