import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0016_typographie"),
        ("habilitations", "0018_typographie"),
    ]

    operations = [
        migrations.CreateModel(
            name="DemandeHabilitation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("siren", models.CharField(max_length=9, verbose_name="SIREN")),
                ("motif", models.CharField(max_length=300, verbose_name="motif")),
                (
                    "etat",
                    models.CharField(
                        choices=[
                            ("DEPOSEE", "envoyée"),
                            ("ACCEPTEE", "acceptée"),
                            ("REFUSEE", "refusée"),
                            ("ANNULEE", "annulée"),
                            ("EXPIREE", "restée sans réponse"),
                        ],
                        default="DEPOSEE",
                        max_length=8,
                        verbose_name="état",
                    ),
                ),
                ("deposee_le", models.DateTimeField(default=django.utils.timezone.now, verbose_name="envoyée le")),
                ("annoncee_le", models.DateTimeField(blank=True, null=True, verbose_name="examinée le")),
                ("rappelee_le", models.DateTimeField(blank=True, null=True, verbose_name="examinée de nouveau le")),
                ("traitee_le", models.DateTimeField(blank=True, null=True, verbose_name="terminée le")),
                ("reponse", models.CharField(blank=True, max_length=300, verbose_name="réponse")),
                (
                    "demandeur",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="demandes_habilitation",
                        to="accounts.espace",
                        verbose_name="demandeur",
                    ),
                ),
                (
                    "traitee_par",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.espace",
                        verbose_name="réponse de",
                    ),
                ),
            ],
            options={
                "verbose_name": "demande d’habilitation",
                "verbose_name_plural": "demandes d’habilitation",
                "ordering": ["-deposee_le", "pk"],
                "indexes": [
                    models.Index(fields=["demandeur", "-deposee_le"], name="demande_habilitation_demandeur"),
                    models.Index(
                        condition=models.Q(("etat", "DEPOSEE")), fields=["siren"], name="demande_habilitation_siren_vu"
                    ),
                    models.Index(
                        condition=models.Q(("annoncee_le__isnull", True), ("etat", "DEPOSEE")),
                        fields=["deposee_le"],
                        name="demande_habilitation_annonce",
                    ),
                    models.Index(
                        condition=models.Q(("annoncee_le__isnull", False), ("etat", "DEPOSEE")),
                        fields=["deposee_le"],
                        name="demande_habilitation_suivi",
                    ),
                    models.Index(
                        condition=models.Q(("traitee_le__isnull", False)),
                        fields=["traitee_le"],
                        name="demande_habilitation_purge",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("etat", "DEPOSEE")),
                        fields=("demandeur", "siren"),
                        name="demande_habilitation_une_en_cours",
                        violation_error_message="Une demande d’habilitation est déjà en cours pour ce SIREN.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("siren__regex", "^[0-9]{9}$")),
                        name="demande_habilitation_siren",
                        violation_error_message="Un SIREN compte neuf chiffres.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat", "DEPOSEE"), ("traitee_le__isnull", True)),
                            models.Q(models.Q(("etat", "DEPOSEE"), _negated=True), ("traitee_le__isnull", False)),
                            _connector="OR",
                        ),
                        name="demande_habilitation_terminee",
                        violation_error_message="Une demande terminée porte une date, une demande en cours n’en porte pas.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat__in", ["ACCEPTEE", "REFUSEE"]), ("traitee_par__isnull", False)),
                            models.Q(
                                models.Q(("etat__in", ["ACCEPTEE", "REFUSEE"]), _negated=True),
                                ("traitee_par__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="demande_habilitation_repondue",
                        violation_error_message="Seule une demande acceptée ou refusée porte qui a répondu.",
                    ),
                ],
            },
        ),
    ]
