"""Grave acts that a second agent countersigns, and their queue: the office's, or the surveillance cell's."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

ATTENTE = """
CREATE FUNCTION affaire_de_contreseing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE' AND NEW.etat = 'DEMANDE' THEN
        PERFORM faire_attendre(
            'CONTRESEING', NEW.id::text, NULL, NEW.espace_id,
            CASE WHEN NEW.a_la_cellule THEN NULL ELSE NEW.service_gestionnaire_id END, NEW.demande_le
        );
    ELSE
        PERFORM ne_plus_attendre('CONTRESEING', OLD.id::text);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER contreseing_attend AFTER INSERT ON accounts_contreseing
    FOR EACH ROW WHEN (NEW.etat = 'DEMANDE') EXECUTE FUNCTION affaire_de_contreseing();
CREATE TRIGGER contreseing_change AFTER UPDATE OF etat, a_la_cellule OR DELETE ON accounts_contreseing
    FOR EACH ROW EXECUTE FUNCTION affaire_de_contreseing();
"""
SANS_ATTENTE = """
DROP TRIGGER contreseing_change ON accounts_contreseing;
DROP TRIGGER contreseing_attend ON accounts_contreseing;
DROP FUNCTION affaire_de_contreseing();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0019_affaires_rendues"),
    ]

    operations = [
        migrations.CreateModel(
            name="Contreseing",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("genre", models.CharField(max_length=20, verbose_name="acte")),
                ("cle", models.CharField(max_length=40, verbose_name="clé de ce qu’il vise")),
                ("motif", models.CharField(blank=True, max_length=500, verbose_name="motif")),
                ("parametres", models.JSONField(blank=True, default=dict, verbose_name="précisions")),
                ("demande_le", models.DateTimeField(default=django.utils.timezone.now, verbose_name="demandé le")),
                ("avant_le", models.DateTimeField(verbose_name="second regard attendu avant le")),
                ("a_la_cellule", models.BooleanField(default=False, verbose_name="revient à la cellule")),
                (
                    "etat",
                    models.CharField(
                        choices=[
                            ("DEMANDE", "à contresigner"),
                            ("CONTRESIGNE", "contresigné"),
                            ("REFUSE", "refusé"),
                            ("ABANDONNE", "abandonné"),
                        ],
                        default="DEMANDE",
                        max_length=11,
                        verbose_name="état",
                    ),
                ),
                ("decide_le", models.DateTimeField(blank=True, null=True, verbose_name="décidé le")),
                ("reponse", models.CharField(blank=True, max_length=500, verbose_name="réponse")),
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
                    "demandeur",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.agent",
                        verbose_name="demandé par",
                    ),
                ),
                (
                    "espace",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contreseings",
                        to="accounts.espace",
                    ),
                ),
                (
                    "service_gestionnaire",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contreseings",
                        to="accounts.servicegestionnaire",
                        verbose_name="service gestionnaire",
                    ),
                ),
            ],
            options={
                "verbose_name": "acte à contresigner",
                "verbose_name_plural": "actes à contresigner",
                "ordering": ["-demande_le"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("a_la_cellule", False), ("etat", "DEMANDE")),
                        fields=["avant_le"],
                        name="contreseing_du",
                    ),
                    models.Index(
                        condition=models.Q(("motif", ""), ("parametres", {}), ("reponse", ""), _negated=True),
                        fields=["decide_le"],
                        name="contreseing_a_vider",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("etat", "DEMANDE")),
                        fields=("genre", "cle"),
                        name="contreseing_attend_une_fois",
                        violation_error_message="Cet acte attend déjà un second regard.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("agent__isnull", True), ("decide_le__isnull", True), ("etat", "DEMANDE")),
                            models.Q(models.Q(("etat", "DEMANDE"), _negated=True), ("decide_le__isnull", False)),
                            _connector="OR",
                        ),
                        name="contreseing_decide",
                        violation_error_message="Un acte décidé porte la date de la décision, un autre n’en porte pas.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat", "CONTRESIGNE"), _negated=True),
                            models.Q(
                                ("agent__isnull", False), models.Q(("agent", models.F("demandeur")), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="contreseing_par_un_autre",
                        violation_error_message="Un acte grave est contresigné par un autre agent que celui qui le demande.",
                    ),
                ],
            },
        ),
        migrations.RunSQL(ATTENTE, SANS_ATTENTE),
    ]
