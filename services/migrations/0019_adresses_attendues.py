"""Who waits for the address of a company, and the queue of /gestion/ where its office finds it: one affaire a company."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

AFFAIRES = """
CREATE FUNCTION affaire_d_adresse(une_personne bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    premiere timestamptz;
BEGIN
    SELECT min(demandee_le) INTO premiere FROM services_adresseattendue
        WHERE personne_id = une_personne AND issue = 'EN_ATTENTE';
    IF premiere IS NULL THEN
        PERFORM ne_plus_attendre('ADRESSE', une_personne::text);
    ELSE
        PERFORM faire_attendre('ADRESSE', p.id::text, p.id, NULL, p.service_gestionnaire_id, premiere)
            FROM services_personnesirenisee p WHERE p.id = une_personne;
    END IF;
END $$;
CREATE FUNCTION affaire_d_adresse_attendue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM affaire_d_adresse(OLD.personne_id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM affaire_d_adresse(NEW.personne_id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER adresse_attend AFTER INSERT OR DELETE OR UPDATE OF issue, personne_id ON services_adresseattendue
    FOR EACH ROW EXECUTE FUNCTION affaire_d_adresse_attendue();
"""
SANS_AFFAIRES = """
DROP TRIGGER adresse_attend ON services_adresseattendue;
DROP FUNCTION affaire_d_adresse_attendue();
DROP FUNCTION affaire_d_adresse(bigint);
DELETE FROM accounts_affaire WHERE file = 'ADRESSE';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0025_lien_sujet"),
        ("services", "0018_signalements_bancaires"),
    ]

    operations = [
        migrations.CreateModel(
            name="AdresseAttendue",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("demandee_le", models.DateTimeField(default=django.utils.timezone.now, verbose_name="demandée le")),
                ("registre_le", models.DateTimeField(editable=False)),
                (
                    "issue",
                    models.CharField(
                        choices=[
                            ("EN_ATTENTE", "en attente"),
                            ("CONNUE", "adresse enregistrée"),
                            ("SANS_SUITE", "sans suite"),
                        ],
                        default="EN_ATTENTE",
                        max_length=10,
                        verbose_name="issue",
                    ),
                ),
                ("motif", models.CharField(blank=True, max_length=300, verbose_name="réponse du service gestionnaire")),
                ("finie_le", models.DateTimeField(blank=True, null=True, verbose_name="finie le")),
                (
                    "agent",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.agent",
                    ),
                ),
                (
                    "espace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="adresses_attendues",
                        to="accounts.espace",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="adresses_attendues",
                        to="services.personnesirenisee",
                    ),
                ),
            ],
            options={
                "verbose_name": "adresse attendue",
                "verbose_name_plural": "adresses attendues",
                "ordering": ["-demandee_le", "pk"],
                "indexes": [
                    models.Index(fields=["espace", "-demandee_le"], name="adresse_attendue_par"),
                    models.Index(
                        condition=models.Q(("finie_le__isnull", False)),
                        fields=["finie_le"],
                        name="adresse_attendue_a_effacer",
                    ),
                    models.Index(
                        condition=models.Q(("issue", "EN_ATTENTE")), fields=["id"], name="adresse_attendue_a_relire"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("issue", "EN_ATTENTE")),
                        fields=("espace", "personne"),
                        name="adresse_attendue_une_fois",
                        violation_error_message="Cette adresse est déjà attendue.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finie_le__isnull", True), ("issue", "EN_ATTENTE")),
                            models.Q(models.Q(("issue", "EN_ATTENTE"), _negated=True), ("finie_le__isnull", False)),
                            _connector="OR",
                        ),
                        name="adresse_attendue_finie",
                        violation_error_message="Une attente finie porte sa date.",
                    ),
                ],
            },
        ),
        migrations.RunSQL(AFFAIRES, SANS_AFFAIRES),
    ]
