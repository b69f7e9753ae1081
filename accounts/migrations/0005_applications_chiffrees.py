"""The seeds of the second factors leave django-otp's table, where they stood in clear, for an encrypted column of ours."""

import uuid
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.chiffrement import sceller


def chiffrer_les_graines(apps: Any, schema_editor: Any) -> None:
    """Copy each device with its seed encrypted, then drop the table in clear; a fresh database has none."""
    application = apps.get_model("accounts", "Application")
    with schema_editor.connection.cursor() as curseur:
        curseur.execute("SELECT to_regclass('otp_totp_totpdevice')")
        if curseur.fetchone()[0] is None:
            return
        curseur.execute(
            "SELECT user_id, name, confirmed, key, last_t, drift, created_at, last_used_at FROM otp_totp_totpdevice"
        )
        for compte, nom, confirmee, cle, dernier, derive, cree, utilise in curseur.fetchall():
            numero = uuid.uuid4()
            valeurs = {
                "user_id": compte,
                "name": nom,
                "confirmed": confirmee,
                "numero": numero,
                "graine_chiffree": sceller(bytes.fromhex(cle), ligne=f"accounts.application|{numero}|{compte}"),
                "dernier_pas": dernier,
                "derive": derive,
                "last_used_at": utilise,
            }
            neuve = application.objects.create(**valeurs)
            application.objects.filter(pk=neuve.pk).update(created_at=cree)
        curseur.execute("SET CONSTRAINTS ALL IMMEDIATE")
        curseur.execute("DROP TABLE otp_totp_totpdevice")
        curseur.execute("DELETE FROM django_migrations WHERE app = 'otp_totp'")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_trace_lecture"),
    ]

    operations = [
        migrations.CreateModel(
            name="Application",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(help_text="The human-readable name of this device.", max_length=64),
                ),
                ("confirmed", models.BooleanField(default=True, help_text="Is this device ready for use?")),
                (
                    "created_at",
                    models.DateTimeField(
                        auto_now_add=True,
                        blank=True,
                        help_text="The date and time when this device was initially created in the system.",
                        null=True,
                    ),
                ),
                (
                    "last_used_at",
                    models.DateTimeField(
                        blank=True, help_text="The most recent date and time this device was used.", null=True
                    ),
                ),
                ("numero", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "graine_chiffree",
                    models.CharField(editable=False, max_length=120, verbose_name="graine chiffrée"),
                ),
                ("dernier_pas", models.BigIntegerField(default=-1, verbose_name="dernier code accepté (rang)")),
                ("derive", models.SmallIntegerField(default=0, verbose_name="décalage d'horloge")),
                (
                    "user",
                    models.ForeignKey(
                        help_text="The user that this device belongs to.",
                        on_delete=django.db.models.deletion.CASCADE,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "application d'authentification",
                "verbose_name_plural": "applications d'authentification",
            },
        ),
        migrations.RunPython(chiffrer_les_graines, elidable=False),
    ]
