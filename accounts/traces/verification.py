"""Checks the whole journal against its seals: what was changed, removed, inserted, moved, dated back, cut off.

Time grows with the lines, memory does not: one block is held at a time, what compares lines with one another is sorted by the
database, on disk when they are many, and only the first anomalies are told.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction

from ..models import BlocScelle, Evenement, EvenementASceller
from .sceau import COLONNES, FORME, est_scelle, feuille, ligne_authentique, racine
from .scellement import BLOC, GENESE, VERSION, empreinte, entete

ANOMALIES_DITES = 100
ECART_D_HORLOGE = timedelta(minutes=5)  # between two machines that write


@dataclass
class Verification:
    """What a check of the journal found: counts, and one French sentence for each of the first anomalies."""

    blocs: int = 0
    evenements: int = 0
    nombre: int = 0
    anomalies: list[str] = field(default_factory=list)
    derniere_empreinte: str = GENESE

    def noter(self, anomalie: str) -> None:
        """Count an anomaly, and keep its sentence while there are few."""
        self.nombre += 1
        if len(self.anomalies) < ANOMALIES_DITES:
            self.anomalies.append(anomalie)


def verifier() -> Verification:
    """Check every line, every block and what binds them, as they are at one moment, and return what was found."""
    releve = Verification()
    with _photographie():
        for bloc in BlocScelle.objects.order_by("numero").iterator(chunk_size=50):
            _verifier_bloc(bloc, releve)
        _verifier_ce_qui_attend(releve)
        _verifier_les_numeros(releve)
        _verifier_les_suites(releve)
        if not settings.DEMONSTRATION:  # whose world invents its past
            _verifier_les_dates(releve)
    return releve


@contextmanager
def _photographie() -> Iterator[None]:
    """Read all that follows at one moment, whatever is written meanwhile; within a transaction, as that one reads."""
    dehors = not connection.in_atomic_block
    with transaction.atomic():
        if dehors:
            with connection.cursor() as curseur:
                curseur.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


# --- Blocks


def _verifier_bloc(bloc: BlocScelle, releve: Verification) -> None:
    if bloc.numero != releve.blocs + 1 or bloc.empreinte_precedente != releve.derniere_empreinte:
        releve.noter(f"bloc {bloc.numero} : la chaîne est rompue avant lui")
    lus = _verifier_lignes(bloc, releve) if bloc.version == VERSION else _verifier_ancien(bloc, releve)
    if manquants := sorted(set(bloc.evenements) - lus):
        releve.noter(f"bloc {bloc.numero} : événements disparus {manquants[:20]}")
    releve.blocs, releve.derniere_empreinte = bloc.numero, bloc.empreinte
    releve.evenements += len(bloc.evenements)


def _verifier_lignes(bloc: BlocScelle, releve: Verification) -> set[int]:
    """Check the lines of a block, its tree, its hash and its seal; return the numbers that were read."""
    lignes = list(Evenement.objects.filter(pk__in=bloc.evenements).order_by("pk").values_list(*COLONNES))
    for ligne in lignes:
        if not ligne_authentique(ligne):
            releve.noter(f"bloc {bloc.numero} : événement {ligne[0]} changé, inséré, déplacé ou antidaté")
    if racine([feuille(ligne) for ligne in lignes] or [b""]) != bloc.racine:
        releve.noter(f"bloc {bloc.numero} : le contenu a changé")
    if empreinte(entete(bloc)) != bloc.empreinte or not est_scelle(BLOC, bloc.empreinte.encode(), bloc.sceau):
        releve.noter(f"bloc {bloc.numero} : son sceau n’est pas le nôtre")
    return {ligne[0] for ligne in lignes}


def _verifier_ancien(bloc: BlocScelle, releve: Verification) -> set[int]:
    """Check a block of the first version, whose lines have no seal of their own: one keyed hash of all."""
    lignes = list(Evenement.objects.filter(pk__in=bloc.evenements).order_by("pk"))
    texte = bloc.empreinte_precedente.encode()
    for e in lignes:
        colonnes = [e.pk, e.quand.isoformat(), e.acte, e.auteur, e.espace, e.siren, e.service]
        colonnes += [str(e.adresse_ip or ""), e.requete, e.details]
        texte += json.dumps(colonnes, sort_keys=True, ensure_ascii=False).encode() + b"\n"
    if not any(
        hmac.compare_digest(hmac.new(cle.encode(), texte, hashlib.sha256).hexdigest(), bloc.empreinte)
        for cle in settings.CLES_JOURNAL
    ):
        releve.noter(f"bloc {bloc.numero} : le contenu a changé")
    return {ligne.pk for ligne in lignes}


# --- Lines


def _verifier_ce_qui_attend(releve: Verification) -> None:
    """Check the lines that no block holds yet."""
    attendues = Evenement.objects.filter(pk__in=EvenementASceller.objects.values("evenement_id"))
    for ligne in attendues.order_by("pk").values_list(*COLONNES).iterator(chunk_size=1000):
        if not ligne_authentique(ligne):
            releve.noter(f"événement {ligne[0]}, non scellé : changé, inséré, déplacé ou antidaté")


_HORS_DE_LA_CHAINE = """
SELECT id FROM (SELECT id, true AS ecrit FROM accounts_evenement
    UNION ALL SELECT evenement_id, false FROM accounts_evenementasceller
    UNION ALL SELECT unnest(evenements), false FROM accounts_blocscelle) AS vus
GROUP BY id HAVING bool_and(ecrit) ORDER BY id LIMIT 100
"""
_DISPARUS_AVANT_LE_SCEAU = """
SELECT evenement_id FROM accounts_evenementasceller a
 WHERE NOT EXISTS (SELECT 1 FROM accounts_evenement e WHERE e.id = a.evenement_id) ORDER BY evenement_id LIMIT 100
"""
_SUITES = """
SELECT processus, min(id), max(suivis - avant) FROM (
    SELECT id, split_part(sceau, '.', 2) AS processus, split_part(sceau, '.', 3)::bigint AS suivis,
           row_number() OVER (PARTITION BY split_part(sceau, '.', 2) ORDER BY id) - 1 AS avant
      FROM accounts_evenement WHERE sceau ~ %s) AS lignes
 WHERE avant < suivis GROUP BY processus ORDER BY min(id) LIMIT 100
"""
_DATES = """
SELECT id FROM (SELECT id, quand, max(quand) OVER (ORDER BY id) AS dernier FROM accounts_evenement) AS lignes
 WHERE dernier - quand > make_interval(secs => %s) ORDER BY id LIMIT 100
"""


def _verifier_les_numeros(releve: Verification) -> None:
    """Look for the lines that went round the queue, and for what waits in it and is no more."""
    with connection.cursor() as curseur:
        curseur.execute(_HORS_DE_LA_CHAINE)
        if inseres := [numero for (numero,) in curseur.fetchall()]:
            releve.noter(f"événements hors de la chaîne : {inseres}")
        curseur.execute(_DISPARUS_AVANT_LE_SCEAU)
        if disparus := [numero for (numero,) in curseur.fetchall()]:
            releve.noter(f"événements disparus avant d’être scellés : {disparus}")


def _verifier_les_suites(releve: Verification) -> None:
    """Look for the lines that follow more lines of their own process than the journal holds: some were removed."""
    with connection.cursor() as curseur:
        curseur.execute(_SUITES, [FORME])
        for _processus, numero, combien in curseur.fetchall():
            releve.noter(f"avant l’événement {numero} : {combien} ligne(s) du même processus ont disparu")


def _verifier_les_dates(releve: Verification) -> None:
    """Look for the lines dated well before a line of a smaller number: numbers are drawn as lines are dated."""
    with connection.cursor() as curseur:
        curseur.execute(_DATES, [ECART_D_HORLOGE.total_seconds()])
        if antidates := [numero for (numero,) in curseur.fetchall()]:
            releve.noter(f"événements antidatés, ou horloge déréglée : {antidates}")
