"""Each verification that was asked of a session (R15, CGU §3.6.a)."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("surveillance", "0010_signaux"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Verification",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("raison", models.CharField(max_length=200, verbose_name="raison")),
                ("demandee_le", models.DateTimeField(default=django.utils.timezone.now, verbose_name="demandée le")),
                ("envois", models.PositiveSmallIntegerField(default=0, verbose_name="codes envoyés")),
                ("envoye_le", models.DateTimeField(blank=True, null=True, verbose_name="dernier code envoyé le")),
                (
                    "navigateur",
                    models.CharField(
                        blank=True, max_length=64, verbose_name="empreinte du navigateur qui a demandé le code"
                    ),
                ),
                ("essais", models.PositiveSmallIntegerField(default=0, verbose_name="codes inexacts")),
                (
                    "preuve",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("COURRIEL", "code reçu par courriel"),
                            ("APPLICATION", "application d’authentification"),
                            ("CONNEXION", "second facteur de la connexion"),
                        ],
                        max_length=11,
                        verbose_name="vérifiée par",
                    ),
                ),
                ("reussie_le", models.DateTimeField(blank=True, null=True, verbose_name="vérifiée le")),
                ("manquee_le", models.DateTimeField(blank=True, null=True, verbose_name="session fermée le")),
                (
                    "compte",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="verifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "vérification",
                "verbose_name_plural": "vérifications",
                "ordering": ["-demandee_le"],
                "indexes": [
                    models.Index(fields=["compte", "-demandee_le"], name="verification_compte"),
                    models.Index(fields=["demandee_le"], name="verification_par_date"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reussie_le__isnull", True), ("manquee_le__isnull", True), _connector="OR"),
                        name="verification_reussie_ou_manquee",
                        violation_error_message="Une vérification est réussie ou manquée, pas les deux.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("essais__lte", 5)),
                        name="verification_cinq_essais",
                        violation_error_message="Cinq codes inexacts au plus pour une vérification.",
                    ),
                ],
            },
        ),
    ]
