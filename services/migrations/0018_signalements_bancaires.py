"""Who changed what of an account, and what the company does not recognise of it, which waits for its office (R20, CGU §4.d)."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

# An account that is older than this table was added by somebody whom the journal names.
REPRISE = """
INSERT INTO services_changementbancaire (id, reference_id, genre, espace_id, titulaire_avant, titulaire_apres, fait_le)
    SELECT gen_random_uuid(), r.id, 'AJOUT', NULL, '', '', r.ajoutee_le FROM services_referencebancaire r;
SET CONSTRAINTS ALL IMMEDIATE;
"""
ATTENTE = """
CREATE FUNCTION affaire_de_changement_bancaire() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.etat <> 'DEPOSE' THEN
        PERFORM ne_plus_attendre('COMPTE_BANCAIRE', OLD.id::text);
    ELSE
        PERFORM faire_attendre(
            'COMPTE_BANCAIRE', NEW.id::text, p.id, NEW.espace_id, p.service_gestionnaire_id, NEW.depose_le
        ) FROM services_changementbancaire c JOIN services_referencebancaire r ON r.id = c.reference_id
            JOIN services_personnesirenisee p ON p.id = r.personne_id WHERE c.id = NEW.changement_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER changement_bancaire_attend AFTER INSERT ON services_signalementbancaire
    FOR EACH ROW WHEN (NEW.etat = 'DEPOSE') EXECUTE FUNCTION affaire_de_changement_bancaire();
CREATE TRIGGER changement_bancaire_decide AFTER UPDATE OF etat OR DELETE ON services_signalementbancaire
    FOR EACH ROW EXECUTE FUNCTION affaire_de_changement_bancaire();
"""
SANS_ATTENTE = """
DROP TRIGGER changement_bancaire_decide ON services_signalementbancaire;
DROP TRIGGER changement_bancaire_attend ON services_signalementbancaire;
DROP FUNCTION affaire_de_changement_bancaire();
DELETE FROM accounts_affaire WHERE file = 'COMPTE_BANCAIRE';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0023_index_du_bureau"),
        ("services", "0017_pieces_jointes"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="referencebancaire",
            options={"verbose_name": "compte bancaire", "verbose_name_plural": "comptes bancaires"},
        ),
        migrations.AddField(
            model_name="referencebancaire",
            name="cloture_levee_le",
            field=models.DateTimeField(blank=True, null=True, verbose_name="clôture levée le"),
        ),
        migrations.AlterField(
            model_name="referencebancaire",
            name="ajoutee_le",
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name="ajoutée le"),
        ),
        migrations.AlterField(
            model_name="referencebancaire",
            name="attente",
            field=models.CharField(
                blank=True,
                choices=[
                    ("CONNEXION", "une connexion inhabituelle"),
                    ("ADRESSE", "un changement d’adresse de connexion"),
                    ("MOT_DE_PASSE", "un changement de mot de passe"),
                    ("SECOND_FACTEUR", "un changement de second facteur"),
                    ("DESIGNATION", "une désignation faite par un espace qui venait de changer"),
                    ("DESACTIVATION", "la désactivation de l’espace qui l’a ajouté"),
                    ("ECARTE", "la décision du service gestionnaire d’écarter ce même compte"),
                ],
                max_length=14,
                verbose_name="ce qui fait attendre",
            ),
        ),
        migrations.AlterField(
            model_name="referencebancaire",
            name="supprimee_le",
            field=models.DateTimeField(blank=True, null=True, verbose_name="supprimée le"),
        ),
        migrations.CreateModel(
            name="ChangementBancaire",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "genre",
                    models.CharField(
                        choices=[
                            ("AJOUT", "compte ajouté"),
                            ("RENOMMAGE", "titulaire renommé"),
                            ("SUPPRESSION", "compte supprimé"),
                        ],
                        max_length=11,
                        verbose_name="changement",
                    ),
                ),
                ("titulaire_avant", models.CharField(blank=True, max_length=160, verbose_name="titulaire d’avant")),
                ("titulaire_apres", models.CharField(blank=True, max_length=160, verbose_name="titulaire d’après")),
                ("fait_le", models.DateTimeField(default=django.utils.timezone.now, verbose_name="fait le")),
                (
                    "espace",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changements_bancaires",
                        to="accounts.espace",
                        verbose_name="fait par",
                    ),
                ),
                (
                    "reference",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changements",
                        to="services.referencebancaire",
                    ),
                ),
            ],
            options={
                "verbose_name": "changement d’un compte bancaire",
                "verbose_name_plural": "changements des comptes bancaires",
                "ordering": ["-fait_le"],
            },
        ),
        migrations.CreateModel(
            name="SignalementBancaire",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("preuve", models.CharField(blank=True, max_length=500, verbose_name="comment l’entreprise l’a dit")),
                ("depose_le", models.DateTimeField(default=django.utils.timezone.now, verbose_name="signalé le")),
                (
                    "etat",
                    models.CharField(
                        choices=[
                            ("DEPOSE", "à examiner"),
                            ("REPRIS", "repris par qui l’avait signalé"),
                            ("MAINTENU", "changement maintenu"),
                            ("ANNULE", "changement annulé"),
                        ],
                        default="DEPOSE",
                        max_length=8,
                        verbose_name="état",
                    ),
                ),
                ("decide_le", models.DateTimeField(blank=True, null=True, verbose_name="décidé le")),
                ("reponse", models.CharField(blank=True, max_length=300, verbose_name="motif de la décision")),
                (
                    "agent",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.agent",
                        verbose_name="décidé par",
                    ),
                ),
                (
                    "changement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="signalements",
                        to="services.changementbancaire",
                    ),
                ),
                (
                    "espace",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signalements_bancaires",
                        to="accounts.espace",
                        verbose_name="signalé par",
                    ),
                ),
                (
                    "recueilli_par",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.agent",
                        verbose_name="recueilli par",
                    ),
                ),
            ],
            options={
                "verbose_name": "changement bancaire non reconnu",
                "verbose_name_plural": "changements bancaires non reconnus",
                "ordering": ["-depose_le"],
            },
        ),
        migrations.AddConstraint(
            model_name="changementbancaire",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("genre", "RENOMMAGE"),
                        models.Q(("titulaire_avant", ""), _negated=True),
                        models.Q(("titulaire_apres", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("genre", "RENOMMAGE"), _negated=True),
                        ("titulaire_apres", ""),
                        ("titulaire_avant", ""),
                    ),
                    _connector="OR",
                ),
                name="changement_bancaire_noms",
                violation_error_message="Un titulaire renommé a le nom d’avant et celui d’après, un autre changement aucun.",
            ),
        ),
        migrations.AddConstraint(
            model_name="signalementbancaire",
            constraint=models.UniqueConstraint(
                condition=models.Q(("etat", "DEPOSE")),
                fields=("changement",),
                name="signalement_bancaire_un_en_attente",
                violation_error_message="Ce changement est déjà signalé.",
            ),
        ),
        migrations.AddConstraint(
            model_name="signalementbancaire",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("espace__isnull", False), ("preuve", ""), ("recueilli_par__isnull", True)),
                    models.Q(
                        ("espace__isnull", True),
                        ("recueilli_par__isnull", False),
                        models.Q(("preuve", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="signalement_bancaire_par_un_seul",
                violation_error_message="Un signalement vient d’un espace, ou d’un agent qui dit comment il l’a reçu.",
            ),
        ),
        migrations.AddConstraint(
            model_name="signalementbancaire",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("agent__isnull", True), ("decide_le__isnull", True), ("etat", "DEPOSE"), ("reponse", "")),
                    models.Q(
                        ("agent__isnull", True), ("decide_le__isnull", False), ("etat", "REPRIS"), ("reponse", "")
                    ),
                    models.Q(
                        ("agent__isnull", False),
                        ("decide_le__isnull", False),
                        ("etat__in", ["MAINTENU", "ANNULE"]),
                        models.Q(("reponse", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="signalement_bancaire_decide",
                violation_error_message="Un signalement décidé porte la date, l’agent et le motif.",
            ),
        ),
        migrations.RunSQL(REPRISE, migrations.RunSQL.noop),
        migrations.RunSQL(ATTENTE, SANS_ATTENTE),
    ]
