"""The signals, and what an alert says of those that it is made of: gravity, cause, how often (R15)."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0028_journal_lisible"),
        ("surveillance", "0009_orientations"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SignalVu",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("genre", models.CharField(max_length=60, verbose_name="genre")),
                ("cause", models.CharField(max_length=120, verbose_name="cause")),
                ("jour", models.DateField(verbose_name="jour")),
                ("vu_le", models.DateTimeField(default=django.utils.timezone.now, verbose_name="vu le")),
                ("details", models.JSONField(default=dict, verbose_name="détails")),
                ("session", models.UUIDField(blank=True, null=True, verbose_name="session")),
                ("connexion", models.UUIDField(blank=True, null=True, verbose_name="connexion")),
                (
                    "demandes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8),
                        blank=True,
                        default=list,
                        verbose_name="ce qui a été fait",
                    ),
                ),
            ],
            options={
                "verbose_name": "signal",
                "verbose_name_plural": "signaux",
                "ordering": ["-vu_le"],
            },
        ),
        migrations.AddField(
            model_name="alerte",
            name="cause",
            field=models.CharField(blank=True, max_length=120, verbose_name="cause"),
        ),
        migrations.AddField(
            model_name="alerte",
            name="derniere_le",
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name="vue en dernier le"),
        ),
        migrations.RunSQL("UPDATE surveillance_alerte SET derniere_le = levee_le", migrations.RunSQL.noop),
        migrations.AddField(
            model_name="alerte",
            name="gravite",
            field=models.PositiveSmallIntegerField(
                choices=[(1, "pour information"), (2, "moyenne"), (3, "grave")], default=2, verbose_name="gravité"
            ),
        ),
        migrations.AddField(
            model_name="alerte",
            name="nombre",
            field=models.PositiveIntegerField(default=1, verbose_name="fois"),
        ),
        migrations.AddConstraint(
            model_name="alerte",
            constraint=models.UniqueConstraint(
                condition=models.Q(("etat", "OUVERTE"), models.Q(("cause", ""), _negated=True)),
                fields=("compte", "motif", "cause"),
                name="alerte_ouverte_une_par_cause",
                violation_error_message="Une alerte de ce genre est déjà ouverte pour ce compte et cette cause.",
            ),
        ),
        migrations.AddField(
            model_name="signalvu",
            name="alerte",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="signaux",
                to="surveillance.alerte",
                verbose_name="alerte levée",
            ),
        ),
        migrations.AddField(
            model_name="signalvu",
            name="compte",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="signaux",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="signalvu",
            index=models.Index(fields=["compte", "-vu_le"], name="signal_du_compte"),
        ),
        migrations.AddIndex(
            model_name="signalvu",
            index=models.Index(fields=["vu_le"], name="signal_par_date"),
        ),
        migrations.AddConstraint(
            model_name="signalvu",
            constraint=models.UniqueConstraint(
                fields=("compte", "genre", "cause", "jour"),
                name="signal_un_par_jour",
                violation_error_message="Ce signal est déjà noté aujourd’hui pour ce compte et cette cause.",
            ),
        ),
    ]
