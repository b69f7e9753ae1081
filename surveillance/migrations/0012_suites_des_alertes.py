"""What the cell decides of an alert, and what its holder answers; an alert waits in the queue of its gravity."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

ATTENTE = """
CREATE FUNCTION file_d_alerte(une_gravite integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE une_gravite WHEN 3 THEN 'ALERTE_GRAVE' WHEN 2 THEN 'ALERTE_MOYENNE' ELSE 'ALERTE_INFO' END
$$;
CREATE FUNCTION affaire_d_alerte() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        IF TG_OP = 'DELETE' OR NEW.etat <> 'OUVERTE' OR NEW.gravite <> OLD.gravite THEN
            PERFORM ne_plus_attendre(file_d_alerte(OLD.gravite), OLD.id::text);
        END IF;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.etat = 'OUVERTE' THEN
        PERFORM faire_attendre(file_d_alerte(NEW.gravite), NEW.id::text, NULL,
            (SELECT e.id FROM accounts_espace e WHERE e.compte_id = NEW.compte_id), NULL, NEW.levee_le);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER alerte_attend AFTER INSERT ON surveillance_alerte
    FOR EACH ROW WHEN (NEW.etat = 'OUVERTE') EXECUTE FUNCTION affaire_d_alerte();
CREATE TRIGGER alerte_change AFTER UPDATE OF etat, gravite OR DELETE ON surveillance_alerte
    FOR EACH ROW EXECUTE FUNCTION affaire_d_alerte();
SELECT faire_attendre(file_d_alerte(a.gravite), a.id::text, NULL,
    (SELECT e.id FROM accounts_espace e WHERE e.compte_id = a.compte_id), NULL, a.levee_le)
FROM surveillance_alerte a WHERE a.etat = 'OUVERTE';
"""
A_FAIRE = """
CREATE FUNCTION a_faire_de_la_surveillance(un_espace uuid, un_moment timestamptz) RETURNS SETOF json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object('desactive_le', desactive_le) FROM surveillance_desactivation
    WHERE espace_id = un_espace AND retablie_le IS NOT NULL AND tranchee_le IS NULL
    UNION ALL
    SELECT json_build_object('alerte', s.alerte_id, 'fin', s.expire_le)
    FROM surveillance_suitealerte s JOIN surveillance_alerte a ON a.id = s.alerte_id
    WHERE s.espace_id = un_espace AND s.genre = 'QUESTION' AND s.repondue_le IS NULL
    AND s.expire_le >= un_moment AND a.etat = 'OUVERTE'
$$;
"""
SANS_A_FAIRE = "DROP FUNCTION a_faire_de_la_surveillance(uuid, timestamptz);"
SANS_ATTENTE = """
DROP TRIGGER alerte_change ON surveillance_alerte;
DROP TRIGGER alerte_attend ON surveillance_alerte;
DROP FUNCTION affaire_d_alerte();
DROP FUNCTION file_d_alerte(integer);
DELETE FROM accounts_affaire WHERE file IN ('ALERTE_GRAVE', 'ALERTE_MOYENNE', 'ALERTE_INFO');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0028_journal_lisible"),
        ("surveillance", "0011_verifications"),
    ]

    operations = [
        migrations.CreateModel(
            name="SuiteAlerte",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "genre",
                    models.CharField(
                        choices=[
                            ("QUESTION", "question posée au détenteur"),
                            ("SANS_SUITE", "classée sans suite"),
                            ("AVEREE", "avérée, déjà traitée"),
                        ],
                        max_length=10,
                        verbose_name="suite",
                    ),
                ),
                ("motif", models.CharField(blank=True, max_length=500, verbose_name="motif")),
                ("faite_le", models.DateTimeField(default=django.utils.timezone.now, verbose_name="faite le")),
                (
                    "expire_le",
                    models.DateTimeField(blank=True, null=True, verbose_name="réponse possible jusqu’au"),
                ),
                (
                    "reponse",
                    models.CharField(
                        blank=True,
                        choices=[("MOI", "c’était lui"), ("PAS_MOI", "ce n’était pas lui")],
                        max_length=7,
                        verbose_name="réponse du détenteur",
                    ),
                ),
                ("repondue_le", models.DateTimeField(blank=True, null=True, verbose_name="réponse donnée le")),
                (
                    "agent",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.agent",
                        verbose_name="décidée par",
                    ),
                ),
                (
                    "alerte",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="suites",
                        to="surveillance.alerte",
                    ),
                ),
                (
                    "espace",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.espace",
                    ),
                ),
                (
                    "second",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.agent",
                        verbose_name="contresignée par",
                    ),
                ),
            ],
            options={
                "verbose_name": "suite d’une alerte",
                "verbose_name_plural": "suites des alertes",
                "ordering": ["-faite_le", "-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("genre", "QUESTION"), ("repondue_le__isnull", True)),
                        fields=["espace"],
                        name="suite_question_attend",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("genre", "QUESTION")),
                        fields=("alerte",),
                        name="suite_une_question",
                        violation_error_message="Une question est déjà posée au détenteur pour cette alerte.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("expire_le__isnull", False), ("genre", "QUESTION")),
                            models.Q(
                                models.Q(("genre", "QUESTION"), _negated=True),
                                ("expire_le__isnull", True),
                                ("repondue_le__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="suite_question_datee",
                        violation_error_message="Une question a un délai de réponse ; une décision n’en a pas.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("repondue_le__isnull", True), ("reponse", "")),
                            models.Q(
                                models.Q(("reponse", ""), _negated=True),
                                ("repondue_le__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="suite_reponse_datee",
                        violation_error_message="Une réponse porte sa date.",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="alerte",
            index=models.Index(
                condition=models.Q(("etat", "OUVERTE")),
                fields=["-gravite", "levee_le", "id"],
                name="alerte_a_examiner",
            ),
        ),
        migrations.AddIndex(
            model_name="alerte",
            index=models.Index(
                condition=models.Q(("cause", ""), _negated=True),
                fields=["cause", "-levee_le"],
                name="alerte_de_cause",
            ),
        ),
        migrations.AddIndex(model_name="alerte", index=models.Index(fields=["levee_le"], name="alerte_par_date")),
        migrations.RunSQL(ATTENTE, SANS_ATTENTE),
        migrations.RunSQL(A_FAIRE, SANS_A_FAIRE),
    ]
