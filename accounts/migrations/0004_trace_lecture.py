"""The traces of reading: written once, never changed; they leave by the purge (R24)."""

from django.db import migrations, models

CREER = """
CREATE TRIGGER trace_immuable BEFORE UPDATE ON accounts_tracelecture
    FOR EACH ROW EXECUTE FUNCTION journal_immuable();
"""
DEFAIRE = "DROP TRIGGER trace_immuable ON accounts_tracelecture;"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_reponse_precedente"),
    ]

    operations = [
        migrations.CreateModel(
            name="TraceLecture",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("minute", models.DateTimeField(help_text="À la minute", verbose_name="quand")),
                (
                    "lecteur",
                    models.CharField(
                        help_text="Numéro d'abonné, « agent:… » ou « anonyme »", max_length=80, verbose_name="lecteur"
                    ),
                ),
                ("bureau", models.CharField(blank=True, max_length=20, verbose_name="service gestionnaire du lecteur")),
                (
                    "nature",
                    models.CharField(
                        choices=[
                            ("CONSULTATION", "Page consultée"),
                            ("LISTE", "Liste ou recherche"),
                            ("HISTORIQUE", "Historique consulté"),
                        ],
                        max_length=12,
                        verbose_name="nature",
                    ),
                ),
                ("objet", models.CharField(help_text="Modèle ou page", max_length=80, verbose_name="ce qui a été lu")),
                ("cle", models.CharField(blank=True, max_length=80, verbose_name="clé")),
                (
                    "details",
                    models.JSONField(
                        default=dict, help_text="Page, filtres, empreinte de la recherche", verbose_name="détails"
                    ),
                ),
                ("adresse_ip", models.GenericIPAddressField(blank=True, null=True, verbose_name="adresse IP")),
            ],
            options={
                "verbose_name": "trace de lecture",
                "verbose_name_plural": "traces de lecture",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["minute"], name="accounts_tr_minute_2dae72_idx"),
                    models.Index(fields=["bureau", "-id"], name="accounts_tr_bureau_f281bb_idx"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("lecteur", "objet", "cle", "nature", "minute"), name="trace_une_par_minute"
                    )
                ],
            },
        ),
        migrations.RunSQL(CREER, DEFAIRE),
    ]
