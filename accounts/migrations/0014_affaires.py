"""What waits for an agent, in one table, and the requests to correct data, which were only mails."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

# Called by the triggers of every table whose rows wait for an agent: here, and in the migrations « affaires » of each floor.
ATTENTE = """
CREATE FUNCTION faire_attendre(
    une_file text, une_cle text, une_personne bigint, un_espace uuid, un_bureau bigint, un_depuis timestamptz
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO accounts_affaire (file, cle, personne, espace_id, service_gestionnaire_id, depuis)
    VALUES (une_file, une_cle, une_personne, un_espace, un_bureau, un_depuis)
    ON CONFLICT (file, cle) WHERE finie_le IS NULL
    DO UPDATE SET personne = EXCLUDED.personne, service_gestionnaire_id = EXCLUDED.service_gestionnaire_id
    WHERE (accounts_affaire.personne, accounts_affaire.service_gestionnaire_id)
        IS DISTINCT FROM (EXCLUDED.personne, EXCLUDED.service_gestionnaire_id);
$$;
CREATE FUNCTION ne_plus_attendre(une_file text, une_cle text) RETURNS void LANGUAGE sql AS $$
    UPDATE accounts_affaire SET finie_le = greatest(now(), depuis)
    WHERE file = une_file AND cle = une_cle AND finie_le IS NULL;
$$;
CREATE FUNCTION affaire_de_rectification() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE' AND NEW.etat = 'DEPOSEE' THEN
        PERFORM faire_attendre(
            'RECTIFICATION', NEW.id::text, NULL, NEW.espace_id, NEW.service_gestionnaire_id, NEW.deposee_le
        );
    ELSE
        PERFORM ne_plus_attendre('RECTIFICATION', OLD.id::text);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER rectification_attend AFTER INSERT ON accounts_rectification
    FOR EACH ROW WHEN (NEW.etat = 'DEPOSEE') EXECUTE FUNCTION affaire_de_rectification();
CREATE TRIGGER rectification_change AFTER UPDATE OF etat, service_gestionnaire_id OR DELETE ON accounts_rectification
    FOR EACH ROW EXECUTE FUNCTION affaire_de_rectification();
"""
SANS_ATTENTE = """
DROP TRIGGER rectification_change ON accounts_rectification;
DROP TRIGGER rectification_attend ON accounts_rectification;
DROP FUNCTION affaire_de_rectification();
DROP FUNCTION ne_plus_attendre(text, text);
DROP FUNCTION faire_attendre(text, text, bigint, uuid, bigint, timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_horaires"),
    ]

    operations = [
        migrations.CreateModel(
            name="Affaire",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "file",
                    models.CharField(
                        help_text="Code de la file, déclarée par son application", max_length=20, verbose_name="file"
                    ),
                ),
                ("cle", models.CharField(max_length=40, verbose_name="clé de ce qui attend")),
                ("personne", models.BigIntegerField(blank=True, null=True, verbose_name="personne sirénisée")),
                ("depuis", models.DateTimeField(verbose_name="attend depuis le")),
                ("prise_le", models.DateTimeField(blank=True, null=True, verbose_name="prise le")),
                ("finie_le", models.DateTimeField(blank=True, null=True, verbose_name="finie le")),
                (
                    "agent",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="affaires",
                        to="accounts.agent",
                        verbose_name="prise par",
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
                    "service_gestionnaire",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.servicegestionnaire",
                    ),
                ),
            ],
            options={
                "verbose_name": "affaire à traiter",
                "verbose_name_plural": "affaires à traiter",
                "ordering": ["depuis", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("finie_le__isnull", True)),
                        fields=["service_gestionnaire", "file", "depuis"],
                        name="affaire_en_attente",
                    ),
                    models.Index(
                        condition=models.Q(("finie_le__isnull", False)),
                        fields=["service_gestionnaire", "finie_le"],
                        name="affaire_finie",
                    ),
                    models.Index(
                        condition=models.Q(("finie_le__isnull", True), ("personne__isnull", False)),
                        fields=["personne"],
                        name="affaire_de_personne",
                    ),
                    models.Index(
                        condition=models.Q(("espace__isnull", False)), fields=["espace"], name="affaire_d_espace"
                    ),
                    models.Index(
                        condition=models.Q(("finie_le__isnull", False)), fields=["finie_le"], name="affaire_a_effacer"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finie_le__isnull", True)),
                        fields=("file", "cle"),
                        name="affaire_attend_une_fois",
                        violation_error_message="Cette affaire attend déjà.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("agent__isnull", True), ("prise_le__isnull", True)),
                            models.Q(("agent__isnull", False), ("prise_le__isnull", False)),
                            _connector="OR",
                        ),
                        name="affaire_prise_avec_date",
                        violation_error_message="Une affaire prise porte sa date.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Rectification",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "objet",
                    models.CharField(
                        choices=[
                            ("NUMERO_ABONNE", "votre numéro d'abonné ou les dates de votre espace"),
                            ("HABILITATIONS", "vos habilitations, vos demandes ou vos mandats"),
                            ("ENTREPRISE", "la dénomination, l'adresse ou le représentant légal d'une personne"),
                            ("CONNEXIONS", "une connexion ou un acte que je ne reconnais pas"),
                            ("AUTRE", "autre chose"),
                        ],
                        max_length=14,
                        verbose_name="ce qui est à corriger",
                    ),
                ),
                ("texte", models.CharField(blank=True, max_length=1000, verbose_name="demande")),
                (
                    "etat",
                    models.CharField(
                        choices=[("DEPOSEE", "déposée"), ("FAITE", "rectification faite"), ("REFUSEE", "refusée")],
                        default="DEPOSEE",
                        max_length=8,
                        verbose_name="état",
                    ),
                ),
                ("deposee_le", models.DateTimeField(default=django.utils.timezone.now, verbose_name="déposée le")),
                ("traitee_le", models.DateTimeField(blank=True, null=True, verbose_name="répondue le")),
                ("reponse", models.CharField(blank=True, max_length=1000, verbose_name="réponse")),
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
                        related_name="rectifications",
                        to="accounts.espace",
                    ),
                ),
                (
                    "service_gestionnaire",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rectifications",
                        to="accounts.servicegestionnaire",
                        verbose_name="service gestionnaire",
                    ),
                ),
            ],
            options={
                "verbose_name": "demande de rectification",
                "verbose_name_plural": "demandes de rectification",
                "ordering": ["-deposee_le"],
                "indexes": [
                    models.Index(fields=["espace", "-deposee_le"], name="rectification_de_l_espace"),
                    models.Index(
                        condition=models.Q(("reponse", ""), ("texte", ""), _negated=True),
                        fields=["traitee_le"],
                        name="rectification_a_vider",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("agent__isnull", True), ("etat", "DEPOSEE"), ("traitee_le__isnull", True)),
                            models.Q(
                                models.Q(("etat", "DEPOSEE"), _negated=True),
                                ("agent__isnull", False),
                                ("traitee_le__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="rectification_repondue",
                        violation_error_message="Une demande répondue porte la date et l'agent, une autre n'en porte pas.",
                    )
                ],
            },
        ),
        migrations.RunSQL(ATTENTE, SANS_ATTENTE),
    ]
