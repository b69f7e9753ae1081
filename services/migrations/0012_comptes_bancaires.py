"""The IBAN of the bank references, in clear until here, are kept encrypted; what the acts, the mandate and the bank say of each (R20)."""

from typing import Any

from django.db import migrations, models

from accounts.chiffrement import empreinte, sceller

ETATS = [("SAISI", "en attente de la banque"), ("VALIDE", "valide"), ("REFUSE", "refusé")]
MOTIF = "^([A-Z]{2}[0-9]{2})?$"


def chiffrer_les_iban(apps: Any, schema_editor: Any) -> None:
    """Encrypt each IBAN for its row and give each reference the number of its mandate; a fresh database has none."""
    for reference in apps.get_model("services", "ReferenceBancaire").objects.all():
        iban = reference.iban
        reference.iban_chiffre = sceller(iban.encode(), ligne=f"services.referencebancaire|{reference.pk}")
        reference.empreinte = empreinte(iban, usage="services.iban")
        reference.pays, reference.derniers = iban[:2], iban[-4:]
        reference.save(update_fields=["iban_chiffre", "empreinte", "pays", "derniers"])
    mandats = apps.get_model("services", "MandatSepa")
    with schema_editor.connection.cursor() as curseur:
        for reference in apps.get_model("services", "ReferenceBancaire").objects.select_related("personne"):
            curseur.execute("SELECT nextval('services_rum')")
            rum = f"01DGFIP{reference.ajoutee_le:%Y}{reference.personne.siren}{curseur.fetchone()[0]:08d}"
            mandats.objects.update_or_create(reference=reference, defaults={"rum": rum})
        curseur.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [("services", "0011_typographie")]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE services_rum AS bigint", "DROP SEQUENCE services_rum"),
        migrations.RemoveConstraint("referencebancaire", "reference_iban_unique"),
        migrations.RemoveConstraint("referencebancaire", "reference_iban_forme"),
        *(
            migrations.AddField(
                "referencebancaire",
                nom,
                models.CharField(default="", editable=False, max_length=longueur, verbose_name=libelle),
                preserve_default=False,
            )
            for nom, longueur, libelle in (
                ("iban_chiffre", 160, "IBAN chiffré"),
                ("empreinte", 64, "empreinte de l’IBAN"),
                ("pays", 2, "pays"),
                ("derniers", 4, "quatre derniers caractères"),
            )
        ),
        migrations.AddField(
            "referencebancaire",
            "banque",
            models.CharField(blank=True, default="", max_length=100, verbose_name="banque"),
            preserve_default=False,
        ),
        *(
            operation
            for genre, libelle in (("core", "CORE"), ("b2b", "interentreprises"))
            for operation in (
                migrations.AlterField(
                    "referencebancaire",
                    f"etat_{genre}",
                    models.CharField(
                        choices=ETATS, default="SAISI", max_length=6, verbose_name=f"prélèvement {libelle}"
                    ),
                ),
                migrations.AddField(
                    "referencebancaire",
                    f"{genre}_le",
                    models.DateField(blank=True, null=True, verbose_name=f"réponse de la banque, {libelle}"),
                ),
                migrations.AddField(
                    "referencebancaire",
                    f"{genre}_motif",
                    models.CharField(
                        blank=True, default="", max_length=4, verbose_name=f"motif de la banque, {libelle}"
                    ),
                    preserve_default=False,
                ),
            )
        ),
        migrations.AddField(
            "referencebancaire",
            "utilisable_le",
            models.DateTimeField(blank=True, null=True, verbose_name="utilisable le"),
        ),
        migrations.AddField(
            "referencebancaire",
            "attente",
            models.CharField(
                blank=True,
                choices=[
                    ("CONNEXION", "une connexion inhabituelle"),
                    ("ADRESSE", "un changement d’adresse de connexion"),
                    ("MOT_DE_PASSE", "un changement de mot de passe"),
                    ("SECOND_FACTEUR", "un changement de second facteur"),
                ],
                default="",
                max_length=14,
                verbose_name="ce qui fait attendre",
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            "mandatsepa", "edite_le", models.DateTimeField(blank=True, null=True, verbose_name="édité le")
        ),
        migrations.AddField(
            "mandatsepa", "remis_le", models.DateField(blank=True, null=True, verbose_name="remis à la banque le")
        ),
        migrations.AlterField(
            "mandatsepa",
            "reference",
            models.OneToOneField(on_delete=models.CASCADE, related_name="mandat", to="services.referencebancaire"),
        ),
        migrations.RunPython(chiffrer_les_iban, elidable=False),
        migrations.RemoveField("referencebancaire", "iban"),
        migrations.AddConstraint(
            "referencebancaire",
            models.UniqueConstraint(
                condition=models.Q(("supprimee_le__isnull", True)),
                fields=("personne", "empreinte"),
                name="reference_iban_unique",
                violation_error_message="Ce compte est déjà enregistré pour cette personne.",
            ),
        ),
        migrations.AddConstraint(
            "referencebancaire",
            models.CheckConstraint(
                condition=models.Q(
                    ("derniers__regex", "^[0-9A-Z]{4}$"),
                    ("empreinte__regex", "^[0-9a-f]{64}$"),
                    ("iban_chiffre__regex", "^[0-9a-f]{8}[.][-_=0-9A-Za-z]{40,}$"),
                    ("pays__regex", "^[A-Z]{2}$"),
                ),
                name="reference_iban_forme",
                violation_error_message="Cet IBAN n’est pas gardé chiffré.",
            ),
        ),
        migrations.AddConstraint(
            "referencebancaire",
            models.CheckConstraint(
                condition=models.Q(("b2b_motif__regex", MOTIF), ("core_motif__regex", MOTIF)),
                name="reference_motif_forme",
                violation_error_message="Un motif de la banque est un code ISO 20022, comme MD01.",
            ),
        ),
        migrations.AddConstraint(
            "referencebancaire",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("attente", ""), ("utilisable_le__isnull", True)),
                    models.Q(("utilisable_le__isnull", False), models.Q(("attente", ""), _negated=True)),
                    _connector="OR",
                ),
                name="reference_attente_avec_motif",
                violation_error_message="Un compte qui attend dit pourquoi et jusqu’à quand.",
            ),
        ),
        migrations.AddConstraint(
            "mandatsepa",
            models.CheckConstraint(
                condition=models.Q(("rum__regex", "^[0-9]{2}DGFIP[0-9A-Z]{1,28}$")),
                name="mandat_rum_forme",
                violation_error_message="Cette référence de mandat n’a pas la forme attendue.",
            ),
        ),
    ]
