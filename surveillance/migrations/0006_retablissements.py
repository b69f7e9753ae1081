"""Accesses given back at the counter, by two agents (R16)."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0023_index_du_bureau"),
        ("surveillance", "0005_desactivations"),
    ]

    operations = [
        migrations.CreateModel(
            name="Retablissement",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "cas",
                    models.CharField(
                        choices=[
                            ("DESACTIVE", "espace désactivé par sécurité"),
                            ("SECOND_FACTEUR", "second facteur et codes de secours perdus"),
                            ("PLI_PERIME", "pli perdu, ou périmé avant d’avoir servi"),
                        ],
                        max_length=14,
                        verbose_name="cas",
                    ),
                ),
                (
                    "piece",
                    models.CharField(
                        choices=[
                            ("CARTE", "carte nationale d’identité"),
                            ("PASSEPORT", "passeport"),
                            ("SEJOUR", "titre de séjour"),
                            ("PERMIS", "permis de conduire"),
                        ],
                        max_length=9,
                        verbose_name="pièce d’identité vue",
                    ),
                ),
                ("piece_derniers", models.CharField(max_length=4, verbose_name="derniers caractères de la pièce")),
                (
                    "legitimite",
                    models.CharField(
                        choices=[
                            ("KBIS", "extrait Kbis ou avis de situation à son nom"),
                            ("MANDAT", "mandat ou pouvoir signé du représentant légal"),
                            ("CONTRAT", "contrat de travail ou attestation de l’employeur"),
                            ("RECAPITULATIF", "récapitulatif d’inscription de l’espace"),
                        ],
                        max_length=13,
                        verbose_name="preuve de légitimité vue",
                    ),
                ),
                (
                    "adresse_donnee",
                    models.BooleanField(default=False, verbose_name="une autre adresse de connexion a été donnée"),
                ),
                ("accorde_le", models.DateTimeField(default=django.utils.timezone.now, verbose_name="accordé le")),
                ("plis", models.PositiveSmallIntegerField(default=0, verbose_name="plis imprimés")),
                ("pli_le", models.DateTimeField(blank=True, null=True, verbose_name="dernier pli imprimé le")),
                (
                    "demandeur",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.agent",
                        verbose_name="reçu par",
                    ),
                ),
                (
                    "desactivation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="retablissements",
                        to="surveillance.desactivation",
                    ),
                ),
                (
                    "espace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="retablissements",
                        to="accounts.espace",
                    ),
                ),
                (
                    "second",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.agent",
                        verbose_name="contresigné par",
                    ),
                ),
                (
                    "service_gestionnaire",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.servicegestionnaire",
                        verbose_name="service gestionnaire",
                    ),
                ),
            ],
            options={
                "verbose_name": "rétablissement d’un accès",
                "verbose_name_plural": "rétablissements d’accès",
                "ordering": ["-accorde_le"],
                "indexes": [
                    models.Index(fields=["service_gestionnaire", "-accorde_le"], name="retablissement_du_bureau")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("demandeur", models.F("second")), _negated=True),
                        name="retablissement_par_deux_agents",
                        violation_error_message="Un accès est rétabli par deux agents.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("pli_le__isnull", True), ("plis", 0)),
                            models.Q(("pli_le__isnull", False), ("plis__gte", 1), ("plis__lte", 3)),
                            _connector="OR",
                        ),
                        name="retablissement_trois_plis",
                        violation_error_message="Trois plis au plus par rétablissement.",
                    ),
                ],
            },
        ),
    ]
