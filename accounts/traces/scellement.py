"""Seals the journal in blocks: a chain of hashes over its lines, each block under a key (design.md §3, `Evenement`).

The hash of a block is anybody's to compute from the hashes of its lines, so that one line can be proved to a third party; its seal is
not. `accounts/traces/verification.py` checks the whole.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC
from typing import Final

import structlog
from django.db import connection, transaction
from django.utils import timezone

from ..models import BlocScelle, Evenement, EvenementASceller
from .sceau import COLONNES, feuille, ligne_authentique, racine, sceller_texte, texte_de_ligne

log = structlog.get_logger("espacepro.journal")
TAILLE_BLOC = 1_000
GENESE = "0" * 64
VERSION: Final = 2
BLOC: Final = "bloc"  # what its seal is the seal of
_VERROU = 0x5CE11E  # advisory lock: one sealer at a time


def entete(bloc: BlocScelle) -> list[object]:
    """Return what the hash of a block covers: with it, and nothing secret, anybody computes that hash."""
    numeros = hashlib.sha256(",".join(map(str, bloc.evenements)).encode()).hexdigest()
    date = bloc.scelle_le.astimezone(UTC).isoformat(timespec="microseconds")
    return [VERSION, bloc.numero, bloc.empreinte_precedente, bloc.racine, numeros, len(bloc.evenements), date]


def empreinte(entete: Sequence[object]) -> str:
    """Return the hash (hex) of a block of this heading."""
    return hashlib.sha256(json.dumps(entete, separators=(",", ":")).encode()).hexdigest()


@transaction.atomic
def sceller() -> int:
    """Seal the lines that wait, at most one block of 1 000, and return how many. Safe to run twice or at once.

    A line that none of our keys has sealed is sealed as it is, and logged: `verifier_journal` goes on saying so.
    """
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_advisory_xact_lock(%s)", [_VERROU])
    ids = list(
        EvenementASceller.objects.select_for_update(no_key=True, skip_locked=True)
        .order_by("evenement_id")
        .values_list("evenement_id", flat=True)[:TAILLE_BLOC]
    )
    if not ids:
        return 0
    lignes = list(Evenement.objects.filter(pk__in=ids).order_by("pk").values_list(*COLONNES))
    if fausses := [ligne[0] for ligne in lignes if not ligne_authentique(ligne)]:
        log.error("lignes_du_journal_sans_sceau", numeros=fausses[:20], nombre=len(fausses))
    if disparues := sorted(set(ids) - {ligne[0] for ligne in lignes}):
        log.error("lignes_du_journal_disparues", numeros=disparues[:20], nombre=len(disparues))
    dernier = BlocScelle.objects.order_by("-numero").first()
    bloc = BlocScelle(
        numero=dernier.numero + 1 if dernier else 1,
        evenements=ids,
        empreinte_precedente=dernier.empreinte if dernier else GENESE,
        scelle_le=timezone.now(),
        version=VERSION,
        racine=racine([feuille(texte_de_ligne(ligne), ligne[10]) for ligne in lignes] or [b""]),
    )
    bloc.empreinte = empreinte(entete(bloc))
    bloc.sceau = sceller_texte(BLOC, bloc.empreinte.encode())
    bloc.save(force_insert=True)
    EvenementASceller.objects.filter(evenement_id__in=ids).delete()
    return len(ids)
