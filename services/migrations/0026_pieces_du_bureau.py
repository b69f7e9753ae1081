"""An agent has a draft too, for the files of an answer; an answer that waits for its files knows whether it asks for a document."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0028_journal_lisible"),
        ("services", "0025_avis_de_message"),
    ]

    operations = [
        migrations.AddField("message", "demande_piece", models.BooleanField("demande une pièce", default=False)),
        migrations.AddConstraint(
            "message",
            models.CheckConstraint(
                condition=Q(demande_piece=False) | Q(agent__isnull=False, interne=False),
                name="message_demande_d_un_agent",
                violation_error_message="Seul un agent demande une pièce, à l’entreprise.",
            ),
        ),
        migrations.AlterField(
            "brouillon",
            "espace",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="brouillons",
                to="accounts.espace",
            ),
        ),
        migrations.AddField(
            "brouillon",
            "agent",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="brouillons",
                to="accounts.agent",
            ),
        ),
        migrations.RemoveConstraint("brouillon", "brouillon_un_seul"),
        migrations.AddConstraint(
            "brouillon",
            models.UniqueConstraint(
                fields=["espace", "agent", "personne", "echange"],
                nulls_distinct=False,
                name="brouillon_un_seul",
                violation_error_message="Vous avez déjà un brouillon pour cet échange.",
            ),
        ),
        migrations.AddConstraint(
            "brouillon",
            models.CheckConstraint(
                condition=Q(espace__isnull=False, agent__isnull=True)
                | Q(espace__isnull=True, agent__isnull=False, echange__isnull=False),
                name="brouillon_un_auteur",
                violation_error_message="Un brouillon a un seul auteur ; celui d’un agent répond à un échange.",
            ),
        ),
    ]
