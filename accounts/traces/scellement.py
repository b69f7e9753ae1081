"""Seals the journal: a chain of keyed hashes over its lines (design.md §3, `Evenement`)."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from ..models import BlocScelle, Evenement, EvenementASceller

TAILLE_BLOC = 1_000
GENESE = "0" * 64
_VERROU = 0x5CE11E  # advisory lock: one sealer at a time


def _empreinte(precedente: str, evenements: Iterable[Evenement]) -> str:
    """Return the HMAC-SHA256 (hex) of the block before and of every column of these lines, in order."""
    mac = hmac.new(settings.CLE_JOURNAL.encode(), precedente.encode(), hashlib.sha256)
    for e in evenements:
        ligne = [e.pk, e.quand.isoformat(), e.acte, e.auteur, e.espace, e.siren, e.service]
        ligne += [str(e.adresse_ip or ""), e.requete, e.details]
        mac.update(json.dumps(ligne, sort_keys=True, ensure_ascii=False).encode() + b"\n")
    return mac.hexdigest()


@transaction.atomic
def sceller() -> int:
    """Seal the lines that wait, at most one block of 1 000, and return how many. Safe to run twice or at once."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_advisory_xact_lock(%s)", [_VERROU])
    ids = list(
        EvenementASceller.objects.select_for_update(no_key=True, skip_locked=True)
        .order_by("evenement_id")
        .values_list("evenement_id", flat=True)[:TAILLE_BLOC]
    )
    if not ids:
        return 0
    dernier = BlocScelle.objects.order_by("-numero").first()
    precedente = dernier.empreinte if dernier else GENESE
    BlocScelle.objects.create(
        numero=dernier.numero + 1 if dernier else 1,
        evenements=ids,
        empreinte_precedente=precedente,
        empreinte=_empreinte(precedente, Evenement.objects.filter(pk__in=ids).order_by("pk")),
    )
    EvenementASceller.objects.filter(evenement_id__in=ids).delete()
    return len(ids)


@dataclass(frozen=True)
class Verification:
    """What a check of the chain found: counts, and one French sentence per anomaly."""

    blocs: int
    evenements: int
    anomalies: list[str]


def _anomalies_bloc(bloc: BlocScelle, numero: int, precedente: str) -> Iterator[str]:
    if bloc.numero != numero or bloc.empreinte_precedente != precedente:
        yield f"bloc {bloc.numero} : la chaîne est rompue avant lui"
    lignes = list(Evenement.objects.filter(pk__in=bloc.evenements).order_by("pk"))
    manquants = set(bloc.evenements) - {ligne.pk for ligne in lignes}
    if manquants:
        yield f"bloc {bloc.numero} : événements disparus {sorted(manquants)}"
    if _empreinte(bloc.empreinte_precedente, lignes) != bloc.empreinte:
        yield f"bloc {bloc.numero} : le contenu a changé"


def verifier() -> Verification:
    """Recompute the whole chain, block by block, and return what it found. A changed, removed or inserted line shows.

    Time grows with the lines, memory does not: one block is held at a time, and the lines outside the chain are found
    by sorting the identifiers, on disk when they are many, never by comparing each with all the others.
    """
    anomalies: list[str] = []
    precedente, numero, total = GENESE, 0, 0
    for bloc in BlocScelle.objects.order_by("numero").iterator(chunk_size=50):
        numero += 1
        anomalies += _anomalies_bloc(bloc, numero, precedente)
        precedente, numero, total = bloc.empreinte, bloc.numero, total + len(bloc.evenements)
    with connection.cursor() as curseur:
        curseur.execute(
            """SELECT id FROM (SELECT id, true AS ecrit FROM accounts_evenement
                   UNION ALL SELECT evenement_id, false FROM accounts_evenementasceller
                   UNION ALL SELECT unnest(evenements), false FROM accounts_blocscelle) AS vus
               GROUP BY id HAVING bool_and(ecrit) ORDER BY id LIMIT 100"""
        )
        inseres = [ligne[0] for ligne in curseur.fetchall()]
    if inseres:
        anomalies.append(f"événements hors de la chaîne : {inseres}")
    return Verification(blocs=numero, evenements=total, anomalies=anomalies)
