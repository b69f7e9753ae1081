"""Each line of the journal is sealed as it is written. What waited under the former seal is sealed by it first.

Stop web and workers before: a line that an older process writes afterwards has no seal, and shows as one that nobody of ours wrote.
"""

import hashlib
import hmac
import json
from typing import Any

from django.conf import settings
from django.db import migrations, models

TAILLE = 1_000


def sceller_ce_qui_attend(apps: Any, schema_editor: Any) -> None:
    """As `accounts.traces.scellement.sceller` did until this version."""
    evenement, file = apps.get_model("accounts", "Evenement"), apps.get_model("accounts", "EvenementASceller")
    bloc = apps.get_model("accounts", "BlocScelle")
    while ids := list(file.objects.order_by("evenement_id").values_list("evenement_id", flat=True)[:TAILLE]):
        dernier = bloc.objects.order_by("-numero").first()
        precedente = dernier.empreinte if dernier else "0" * 64
        mac = hmac.new(settings.CLES_JOURNAL[0].encode(), precedente.encode(), hashlib.sha256)
        for e in evenement.objects.filter(pk__in=ids).order_by("pk"):
            ligne = [e.pk, e.quand.isoformat(), e.acte, e.auteur, e.espace, e.siren, e.service]
            ligne += [str(e.adresse_ip or ""), e.requete, e.details]
            mac.update(json.dumps(ligne, sort_keys=True, ensure_ascii=False).encode() + b"\n")
        bloc.objects.create(
            numero=dernier.numero + 1 if dernier else 1,
            evenements=ids,
            empreinte_precedente=precedente,
            empreinte=mac.hexdigest(),
        )
        file.objects.filter(evenement_id__in=ids).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0023_index_du_bureau")]

    operations = [
        migrations.RunPython(sceller_ce_qui_attend, migrations.RunPython.noop),
        migrations.AddField(
            model_name="evenement",
            name="sceau",
            field=models.CharField(db_default="", editable=False, max_length=100, verbose_name="sceau"),
        ),
        migrations.AddField(
            model_name="blocscelle", name="version", field=models.PositiveSmallIntegerField(db_default=1)
        ),
        migrations.AddField(
            model_name="blocscelle", name="racine", field=models.CharField(blank=True, db_default="", max_length=64)
        ),
        migrations.AddField(
            model_name="blocscelle", name="sceau", field=models.CharField(blank=True, db_default="", max_length=80)
        ),
    ]
