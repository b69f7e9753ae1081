"""The disablings of espaces (R15): who decided, what was set aside, how each ended."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0023_index_du_bureau"),
        ("surveillance", "0004_partitions_du_proprietaire"),
    ]

    operations = [
        migrations.CreateModel(
            name="Desactivation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "voie",
                    models.CharField(
                        choices=[
                            ("AGENT", "décidée par un agent de la cellule de surveillance"),
                            ("COMMANDE", "décidée par l’exploitation"),
                            ("AUTOMATIQUE", "automatique, sur deux signaux indépendants"),
                        ],
                        max_length=11,
                        verbose_name="décision",
                    ),
                ),
                (
                    "raison",
                    models.CharField(
                        choices=[
                            (
                                "INHABITUEL",
                                "votre espace a été utilisé d’une façon inhabituelle, qui laisse penser qu’une autre personne s’en sert",
                            ),
                            (
                                "SIGNALEMENT",
                                "vous, ou une personne concernée, avez signalé un usage que vous ne reconnaissez pas",
                            ),
                            ("PARTAGE", "votre mot de passe semble connu d’une autre personne"),
                            ("AUTOMATE", "un automate semble se servir de votre espace à votre place"),
                        ],
                        max_length=11,
                        verbose_name="raison donnée au détenteur",
                    ),
                ),
                ("motif", models.CharField(blank=True, max_length=500, verbose_name="motif")),
                (
                    "alertes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), blank=True, default=list, verbose_name="alertes"
                    ),
                ),
                ("depuis", models.DateTimeField(verbose_name="premier acte suspect")),
                ("desactive_le", models.DateTimeField(default=django.utils.timezone.now, verbose_name="désactivé le")),
                (
                    "etat_avant",
                    models.CharField(
                        choices=[
                            ("EN_ATTENTE_COURRIEL", "en attente de confirmation de l’adresse"),
                            ("EN_ATTENTE_CODE", "en attente du code d’activation"),
                            ("ACTIF", "actif"),
                            ("DESACTIVE", "désactivé"),
                            ("SUPPRIME", "supprimé"),
                        ],
                        max_length=19,
                        verbose_name="état d’avant",
                    ),
                ),
                ("secrets", models.TextField(blank=True, editable=False, verbose_name="empreintes mises de côté")),
                (
                    "memoire",
                    models.JSONField(blank=True, default=dict, editable=False, verbose_name="ce qui a été arrêté"),
                ),
                ("annulee_le", models.DateTimeField(blank=True, null=True, verbose_name="annulée le")),
                ("retablie_le", models.DateTimeField(blank=True, null=True, verbose_name="accès rétabli le")),
                ("tranchee_le", models.DateTimeField(blank=True, null=True, verbose_name="changements examinés le")),
                (
                    "agent",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.agent",
                        verbose_name="décidée par",
                    ),
                ),
                (
                    "annulee_par",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.agent",
                        verbose_name="annulée par",
                    ),
                ),
                (
                    "espace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="desactivations", to="accounts.espace"
                    ),
                ),
            ],
            options={
                "verbose_name": "désactivation",
                "ordering": ["-desactive_le"],
                "indexes": [
                    models.Index(fields=["-desactive_le"], name="desactivation_recente"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("annulee_le__isnull", True), ("retablie_le__isnull", True)),
                        fields=("espace",),
                        name="desactivation_une_en_cours",
                        violation_error_message="Cet espace est déjà désactivé.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("annulee_le__isnull", True),
                            models.Q(("retablie_le__isnull", True), ("secrets", "")),
                            _connector="OR",
                        ),
                        name="desactivation_annulee_ou_retablie",
                        violation_error_message="Une désactivation est annulée ou l’accès est rétabli, et rien ne reste alors de côté.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("retablie_le__isnull", True), ("tranchee_le__isnull", True)),
                            models.Q(("retablie_le__isnull", False), ("secrets", "")),
                            _connector="OR",
                        ),
                        name="desactivation_tranchee_retablie",
                        violation_error_message="Les changements s’examinent une fois l’accès rétabli.",
                    ),
                ],
            },
        ),
    ]
