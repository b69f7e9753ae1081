from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_cles_de_l_espace")]

    operations = [
        migrations.AddField(
            model_name="espace",
            name="reponse_expire_le",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="réponse remise par un agent, valable jusqu'au"
            ),
        ),
    ]
