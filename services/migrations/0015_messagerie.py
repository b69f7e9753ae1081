"""The secure mailbox whole: themes, states with their dates, drafts, what is unread, files kept outside the database."""

import uuid
from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import services.models.messagerie

LU = """
CREATE FUNCTION services_message_lu() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM services_messagenonlu WHERE message_id = NEW.message_id AND lecteur_id = NEW.lecteur_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER message_lu AFTER INSERT ON services_lecturemessage
    FOR EACH ROW EXECUTE FUNCTION services_message_lu();
"""
DELU = "DROP TRIGGER message_lu ON services_lecturemessage; DROP FUNCTION services_message_lu();"


def reprendre_les_echanges(apps: Any, schema_editor: Any) -> None:
    """Until here the portal alone wrote, codes of activation: each exchange gets a reference, its office and its dates."""
    echanges = apps.get_model("services", "Echange").objects
    for echange in echanges.select_related("personne"):
        echange.reference = services.models.messagerie.nouvelle_reference()
        echange.service_gestionnaire_id = echange.personne.service_gestionnaire_id
        dernier = echange.messages.order_by("-envoye_le").first()
        echange.dernier_le = dernier.envoye_le if dernier is not None else echange.ouvert_le
        if echange.etat in {"ENVOYE", "PRIS_EN_CHARGE"}:
            echange.attend_le = echange.dernier_le
        if echange.etat == "CLOS":
            echange.clos_le = echange.dernier_le
        echange.save()
    apps.get_model("services", "Message").objects.update(pret_le=models.F("envoye_le"))
    with schema_editor.connection.cursor() as curseur:
        curseur.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0023_index_du_bureau"),
        ("services", "0014_designation_recente"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Brouillon",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("theme", models.CharField(blank=True, max_length=30, verbose_name="thème")),
                ("objet", models.CharField(blank=True, max_length=160, verbose_name="objet")),
                ("texte", models.TextField(blank=True, max_length=20000, verbose_name="texte")),
                ("modifie_le", models.DateTimeField(default=django.utils.timezone.now, verbose_name="modifié le")),
            ],
            options={
                "verbose_name": "brouillon",
                "ordering": ["-modifie_le", "pk"],
            },
        ),
        migrations.CreateModel(
            name="MessageNonLu",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
            options={
                "verbose_name": "message non lu",
                "verbose_name_plural": "messages non lus",
            },
        ),
        migrations.CreateModel(
            name="ModeleDeReponse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("theme", models.CharField(blank=True, max_length=30, verbose_name="thème")),
                ("titre", models.CharField(max_length=80, verbose_name="titre")),
                ("texte", models.TextField(max_length=20000, verbose_name="texte")),
            ],
            options={
                "verbose_name": "modèle de réponse",
                "verbose_name_plural": "modèles de réponse",
                "ordering": ["titre", "pk"],
            },
        ),
        migrations.AlterModelOptions(
            name="echange",
            options={"ordering": ["-dernier_le", "-pk"], "verbose_name": "échange"},
        ),
        migrations.AlterModelOptions(
            name="message",
            options={"ordering": ["envoye_le", "pk"], "verbose_name": "message"},
        ),
        migrations.AlterModelOptions(
            name="piecejointe",
            options={
                "ordering": ["posee_le", "pk"],
                "verbose_name": "pièce jointe",
                "verbose_name_plural": "pièces jointes",
            },
        ),
        migrations.RemoveIndex(
            model_name="echange",
            name="services_ec_personn_cde735_idx",
        ),
        migrations.RemoveField(
            model_name="piecejointe",
            name="contenu",
        ),
        migrations.AddField(
            model_name="echange",
            name="attend_le",
            field=models.DateTimeField(blank=True, null=True, verbose_name="attend une réponse depuis le"),
        ),
        migrations.AddField(
            model_name="echange",
            name="clos_le",
            field=models.DateTimeField(blank=True, null=True, verbose_name="clos le"),
        ),
        migrations.AddField(
            model_name="echange",
            name="clos_par_usager",
            field=models.BooleanField(default=False, verbose_name="clos par l’usager"),
        ),
        migrations.AddField(
            model_name="echange",
            name="dernier_le",
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name="dernier message le"),
        ),
        migrations.AddField(
            model_name="echange",
            name="reference",
            field=models.CharField(
                default=services.models.messagerie.nouvelle_reference,
                editable=False,
                max_length=20,
                verbose_name="référence",
            ),
        ),
        migrations.AddField(
            model_name="echange",
            name="service_gestionnaire",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="echanges",
                to="accounts.servicegestionnaire",
                verbose_name="service gestionnaire",
            ),
        ),
        migrations.AddField(
            model_name="echange",
            name="theme",
            field=models.CharField(default="CODE_ACTIVATION", max_length=30, verbose_name="thème"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="message",
            name="interne",
            field=models.BooleanField(default=False, verbose_name="note interne"),
        ),
        migrations.AddField(
            model_name="message",
            name="pret_le",
            field=models.DateTimeField(
                blank=True, default=django.utils.timezone.now, null=True, verbose_name="remis le"
            ),
        ),
        migrations.AddField(
            model_name="piecejointe",
            name="analyse",
            field=models.CharField(
                choices=[
                    ("A_FAIRE", "contrôle en cours"),
                    ("SAINE", "contrôlée"),
                    ("NON_ANALYSEE", "non analysée"),
                    ("QUARANTAINE", "refusée"),
                ],
                default="A_FAIRE",
                max_length=12,
                verbose_name="analyse",
            ),
        ),
        migrations.AddField(
            model_name="piecejointe",
            name="analysee_le",
            field=models.DateTimeField(blank=True, null=True, verbose_name="analysée le"),
        ),
        migrations.AddField(
            model_name="piecejointe",
            name="cle",
            field=models.CharField(default="", editable=False, max_length=8, verbose_name="clé de chiffrement"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="piecejointe",
            name="empreinte",
            field=models.CharField(
                default="", editable=False, max_length=64, verbose_name="empreinte de ce qui est gardé"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="piecejointe",
            name="fichier",
            field=models.CharField(default="", editable=False, max_length=120, verbose_name="nom dans le dépôt"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="piecejointe",
            name="nonce",
            field=models.CharField(default="", editable=False, max_length=24, verbose_name="nonce"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="piecejointe",
            name="posee_le",
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name="jointe le"),
        ),
        migrations.AddField(
            model_name="piecejointe",
            name="taille",
            field=models.PositiveIntegerField(default=0, verbose_name="taille, en octets"),
            preserve_default=False,
        ),
        migrations.RunPython(reprendre_les_echanges, migrations.RunPython.noop, elidable=False),
        migrations.AlterField(
            model_name="echange",
            name="service_gestionnaire",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="echanges",
                to="accounts.servicegestionnaire",
                verbose_name="service gestionnaire",
            ),
        ),
        migrations.AlterField(
            model_name="echange",
            name="etat",
            field=models.CharField(
                choices=[
                    ("ENVOYE", "envoyé"),
                    ("PRIS_EN_CHARGE", "pris en charge"),
                    ("REPONDU", "répondu"),
                    ("PIECE_DEMANDEE", "pièce demandée"),
                    ("CLOS", "clos"),
                ],
                default="ENVOYE",
                max_length=14,
                verbose_name="état",
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="echange",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="messages",
                to="services.echange",
            ),
        ),
        migrations.AlterField(
            model_name="piecejointe",
            name="message",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="pieces_jointes",
                to="services.message",
            ),
        ),
        migrations.AddIndex(
            model_name="echange",
            index=models.Index(fields=["personne", "-dernier_le", "-id"], name="echange_boite"),
        ),
        migrations.AddIndex(
            model_name="echange",
            index=models.Index(fields=["personne", "etat", "-dernier_le"], name="echange_boite_etat"),
        ),
        migrations.AddIndex(
            model_name="echange",
            index=models.Index(fields=["personne", "theme", "-dernier_le"], name="echange_boite_theme"),
        ),
        migrations.AddIndex(
            model_name="echange",
            index=models.Index(
                condition=models.Q(("attend_le__isnull", False)),
                fields=["service_gestionnaire", "attend_le"],
                name="echange_attend",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["echange", "envoye_le", "id"], name="message_fil"),
        ),
        migrations.AddConstraint(
            model_name="echange",
            constraint=models.UniqueConstraint(
                fields=("reference",),
                name="echange_reference",
                violation_error_message="Cette référence est déjà celle d’un échange.",
            ),
        ),
        migrations.AddConstraint(
            model_name="echange",
            constraint=models.CheckConstraint(
                condition=models.Q(("theme__regex", "^[A-Z][A-Z0-9_]*$")),
                name="echange_theme_forme",
                violation_error_message="Un thème s’écrit en capitales, chiffres et tirets bas.",
            ),
        ),
        migrations.AddConstraint(
            model_name="echange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("clos_le__isnull", False), ("etat", "CLOS")),
                    models.Q(
                        models.Q(("etat", "CLOS"), _negated=True), ("clos_le__isnull", True), ("clos_par_usager", False)
                    ),
                    _connector="OR",
                ),
                name="echange_clos_avec_date",
                violation_error_message="Un échange clos dit quand.",
            ),
        ),
        migrations.AddConstraint(
            model_name="echange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("attend_le__isnull", False), ("etat__in", ["ENVOYE", "PRIS_EN_CHARGE"])),
                    models.Q(
                        models.Q(("etat__in", ["ENVOYE", "PRIS_EN_CHARGE"]), _negated=True), ("attend_le__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="echange_attend_avec_date",
                violation_error_message="Un échange qui attend une réponse dit depuis quand.",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("interne", False), ("agent__isnull", False), _connector="OR"),
                name="message_interne_d_un_agent",
                violation_error_message="Une note interne est d’un agent.",
            ),
        ),
        migrations.AddField(
            model_name="brouillon",
            name="echange",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="brouillons",
                to="services.echange",
            ),
        ),
        migrations.AddField(
            model_name="brouillon",
            name="espace",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="brouillons",
                to="accounts.espace",
            ),
        ),
        migrations.AddField(
            model_name="brouillon",
            name="personne",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="brouillons", to="services.personnesirenisee"
            ),
        ),
        migrations.AddField(
            model_name="piecejointe",
            name="brouillon",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="pieces_jointes",
                to="services.brouillon",
            ),
        ),
        migrations.AddIndex(
            model_name="piecejointe",
            index=models.Index(
                condition=models.Q(("analyse", "A_FAIRE")), fields=["posee_le"], name="piece_a_analyser"
            ),
        ),
        migrations.AddConstraint(
            model_name="piecejointe",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("brouillon__isnull", True), ("message__isnull", False)),
                    models.Q(("brouillon__isnull", False), ("message__isnull", True)),
                    _connector="OR",
                ),
                name="piece_d_un_seul",
                violation_error_message="Une pièce est d’un brouillon ou d’un message.",
            ),
        ),
        migrations.AddConstraint(
            model_name="piecejointe",
            constraint=models.CheckConstraint(
                condition=models.Q(("taille__gt", 0)),
                name="piece_non_vide",
                violation_error_message="Un fichier vide n’est pas gardé.",
            ),
        ),
        migrations.AddConstraint(
            model_name="piecejointe",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("analyse", "A_FAIRE"), ("analysee_le__isnull", True)),
                    models.Q(models.Q(("analyse", "A_FAIRE"), _negated=True), ("analysee_le__isnull", False)),
                    _connector="OR",
                ),
                name="piece_analysee_avec_date",
                violation_error_message="Une pièce analysée dit quand.",
            ),
        ),
        migrations.AddField(
            model_name="messagenonlu",
            name="lecteur",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="messagenonlu",
            name="message",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="non_lus",
                to="services.message",
            ),
        ),
        migrations.AddField(
            model_name="modeledereponse",
            name="service_gestionnaire",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="modeles_de_reponse",
                to="accounts.servicegestionnaire",
                verbose_name="service gestionnaire",
            ),
        ),
        migrations.AddConstraint(
            model_name="brouillon",
            constraint=models.UniqueConstraint(
                fields=("espace", "personne", "echange"),
                name="brouillon_un_seul",
                nulls_distinct=False,
                violation_error_message="Vous avez déjà un brouillon pour cet échange.",
            ),
        ),
        migrations.AddConstraint(
            model_name="messagenonlu",
            constraint=models.UniqueConstraint(
                fields=("message", "lecteur"),
                name="non_lu_unique",
                violation_error_message="Ce message attend déjà d’être lu.",
            ),
        ),
        migrations.RunSQL(
            "CREATE INDEX echange_objet_replie ON services_echange USING gin (replier(objet) gin_trgm_ops)",
            "DROP INDEX echange_objet_replie",
        ),
        migrations.RunSQL(LU, DELU),
    ]
