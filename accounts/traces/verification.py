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
from datetime import UTC, timedelta
from itertools import batched
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from ..models import Attestation, BlocScelle, Evenement, EvenementASceller, MoisAbandonne
from .attestations import AttestationIllisible, Declaration, declarations_du_dossier, est_signe, lire_declaration
from .horodatage import DELAI_DU_JETON, AutoriteInjoignable, JetonInvalide, lire_autorites, verifier_jeton
from .sceau import COLONNES, FORME, est_scelle, feuille, ligne_authentique, racine, texte_authentique, texte_de_ligne
from .scellement import BLOC, GENESE, VERSION, empreinte, entete

ANOMALIES_DITES = 100
ABANDON: Final = "abandon"  # what the seal of a dropped month is the seal of
ECART_D_HORLOGE = timedelta(minutes=5)  # between two machines that write


@dataclass
class Verification:
    """What a check of the journal found: counts, and one French sentence for each of the first anomalies."""

    blocs: int = 0
    evenements: int = 0
    nombre: int = 0
    anomalies: list[str] = field(default_factory=list)
    attestations: int = 0
    derniere_empreinte: str = GENESE
    abandonnes: int = 0
    """The last block whose lines were dropped at the end of their time."""
    processus: dict[str, int] = field(default_factory=dict)
    """How many lines of a process were dropped so."""

    def noter(self, anomalie: str) -> None:
        """Count an anomaly, and keep its sentence while there are few."""
        self.nombre += 1
        if len(self.anomalies) < ANOMALIES_DITES:
            self.anomalies.append(anomalie)


def verifier(dossier: Path | None = None) -> Verification:
    """Check every line, every block and what binds them, as they are at one moment, and return what was found.

    They are compared with the daily statements, those of the database and those of `dossier`, which left it.
    """
    releve = Verification()
    with _photographie():
        _lire_les_abandons(releve)
        for bloc in BlocScelle.objects.order_by("numero").iterator(chunk_size=50):
            _verifier_bloc(bloc, releve)
        _verifier_ce_qui_attend(releve)
        _verifier_les_numeros(releve)
        _verifier_les_suites(releve)
        if not settings.DEMONSTRATION:  # whose world invents its past
            _verifier_les_dates(releve)
        _verifier_les_attestations(releve, dossier)
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
    if bloc.numero <= releve.abandonnes:
        _verifier_abandonne(bloc, releve)
    else:
        lus = _verifier_lignes(bloc, releve) if bloc.version == VERSION else _verifier_ancien(bloc, releve)
        if manquants := sorted(set(bloc.evenements) - lus):
            releve.noter(f"bloc {bloc.numero} : événements disparus {manquants[:20]}")
        releve.evenements += len(bloc.evenements)
    releve.blocs, releve.derniere_empreinte = bloc.numero, bloc.empreinte


def _verifier_lignes(bloc: BlocScelle, releve: Verification) -> set[int]:
    """Check the lines of a block, its tree, its hash and its seal; return the numbers that were read."""
    lignes = list(Evenement.objects.filter(pk__in=bloc.evenements).order_by("pk").values_list(*COLONNES))
    feuilles = []
    for ligne in lignes:
        texte = texte_de_ligne(ligne)
        feuilles.append(feuille(texte, ligne[10]))
        if not texte_authentique(texte, ligne[10]):
            releve.noter(f"bloc {bloc.numero} : événement {ligne[0]} changé, inséré, déplacé ou antidaté")
    if racine(feuilles or [b""]) != bloc.racine:
        releve.noter(f"bloc {bloc.numero} : le contenu a changé")
    _verifier_sceau(bloc, releve)
    return {ligne[0] for ligne in lignes}


def _verifier_sceau(bloc: BlocScelle, releve: Verification) -> None:
    if empreinte(entete(bloc)) != bloc.empreinte or not est_scelle(BLOC, bloc.empreinte.encode(), bloc.sceau):
        releve.noter(f"bloc {bloc.numero} : son sceau n’est pas le nôtre")


def _verifier_abandonne(bloc: BlocScelle, releve: Verification) -> None:
    """Check what stays of a block whose lines are gone: its hash and seal, and that no line goes by one of its numbers."""
    if bloc.version == VERSION:
        _verifier_sceau(bloc, releve)
    if revenus := list(
        Evenement.objects.filter(pk__in=bloc.evenements).order_by("pk").values_list("pk", flat=True)[:20]
    ):
        releve.noter(f"bloc {bloc.numero} : événements revenus après la fin de leur durée {revenus}")


def texte_d_abandon(abandon: MoisAbandonne) -> bytes:
    """Return what the seal of what was dropped covers."""
    bornes = [abandon.numero, f"{abandon.mois:%Y-%m}", abandon.premier_bloc, abandon.dernier_bloc, abandon.lignes]
    fait_le = abandon.fait_le.astimezone(UTC).isoformat(timespec="microseconds")
    return json.dumps([*bornes, abandon.processus, fait_le], sort_keys=True).encode()


def _lire_les_abandons(releve: Verification) -> None:
    """Take what was dropped at the end of its time for what it is, where our key has sealed it and each follows the one before."""
    for abandon in MoisAbandonne.objects.order_by("numero"):
        if not est_scelle(ABANDON, texte_d_abandon(abandon), abandon.sceau):
            releve.noter(f"abandon du mois {abandon.mois:%Y-%m} : son sceau n’est pas le nôtre")
        elif abandon.premier_bloc != releve.abandonnes + 1:
            releve.noter(f"abandon du mois {abandon.mois:%Y-%m} : il ne suit pas le précédent")
        else:
            releve.abandonnes = abandon.dernier_bloc
            for processus, nombre in abandon.processus.items():
                releve.processus[processus] = releve.processus.get(processus, 0) + nombre


def _verifier_ancien(bloc: BlocScelle, releve: Verification) -> set[int]:
    """Check a block of the first version, whose lines have no seal of their own: one keyed hash of all."""
    lignes = list(Evenement.objects.filter(pk__in=bloc.evenements).order_by("pk"))
    texte = bloc.empreinte_precedente.encode()
    for e in lignes:
        colonnes = [e.pk, e.quand.isoformat(), e.acte, e.auteur, e.espace, e.siren, e.service]
        colonnes += [str(e.adresse_ip or ""), e.requete, e.details]
        texte += json.dumps(colonnes, sort_keys=True, ensure_ascii=False).encode() + b"\n"
    if not any(
        hmac.compare_digest(hmac.new(cle.encode(), texte, hashlib.sha256).hexdigest().encode(), bloc.empreinte.encode())
        for cle in settings.CLES_JOURNAL
    ):
        releve.noter(f"bloc {bloc.numero} : le contenu a changé")
    return {ligne.pk for ligne in lignes}


# --- Lines


def _verifier_ce_qui_attend(releve: Verification) -> None:
    """Check the lines that no block holds yet, a thousand at a time: never by a join with a queue whose size nobody knows."""
    file = EvenementASceller.objects.order_by("pk").values_list("pk", flat=True)
    for numeros in batched(file.iterator(chunk_size=1000), 1000):
        lignes = list(Evenement.objects.filter(pk__in=numeros).order_by("pk").values_list(*COLONNES))
        for ligne in lignes:
            if not ligne_authentique(ligne):
                releve.noter(f"événement {ligne[0]}, non scellé : changé, inséré, déplacé ou antidaté")
        if disparus := sorted(set(numeros) - {ligne[0] for ligne in lignes}):
            releve.noter(f"événements disparus avant d’être scellés : {disparus[:20]}")


_HORS_DE_LA_CHAINE = """
SELECT id FROM (SELECT id, true AS ecrit FROM accounts_evenement
    UNION ALL SELECT evenement_id, false FROM accounts_evenementasceller
    UNION ALL SELECT unnest(evenements), false FROM accounts_blocscelle) AS vus
GROUP BY id HAVING bool_and(ecrit) ORDER BY id LIMIT 100
"""
_SUITES = """
SELECT processus, min(id), max(suivis - avant) FROM (
    SELECT id, split_part(sceau, '.', 2) AS processus, split_part(sceau, '.', 3)::bigint AS suivis,
           row_number() OVER (PARTITION BY split_part(sceau, '.', 2) ORDER BY id) - 1
               + coalesce((%s::jsonb ->> split_part(sceau, '.', 2))::bigint, 0) AS avant
      FROM accounts_evenement WHERE sceau ~ %s) AS lignes
 WHERE avant < suivis GROUP BY processus ORDER BY min(id) LIMIT 100
"""
_DATES = """
SELECT id FROM (SELECT id, quand, max(quand) OVER (ORDER BY id) AS dernier FROM accounts_evenement) AS lignes
 WHERE dernier - quand > make_interval(secs => %s) ORDER BY id LIMIT 100
"""


def _verifier_les_numeros(releve: Verification) -> None:
    """Look for the lines that went round the queue."""
    with connection.cursor() as curseur:
        curseur.execute(_HORS_DE_LA_CHAINE)
        if inseres := [numero for (numero,) in curseur.fetchall()]:
            releve.noter(f"événements hors de la chaîne : {inseres}")


def _verifier_les_suites(releve: Verification) -> None:
    """Look for the lines that follow more lines of their own process than the journal holds: some were removed."""
    with connection.cursor() as curseur:
        curseur.execute(_SUITES, [json.dumps(releve.processus), FORME])
        for _processus, numero, combien in curseur.fetchall():
            releve.noter(f"avant l’événement {numero} : {combien} ligne(s) du même processus ont disparu")


def _verifier_les_dates(releve: Verification) -> None:
    """Look for the lines dated well before a line of a smaller number: numbers are drawn as lines are dated."""
    with connection.cursor() as curseur:
        curseur.execute(_DATES, [ECART_D_HORLOGE.total_seconds()])
        if antidates := [numero for (numero,) in curseur.fetchall()]:
            releve.noter(f"événements antidatés, ou horloge déréglée : {antidates}")


# --- What has left the database


def _verifier_les_attestations(releve: Verification, dossier: Path | None) -> None:
    """Compare the journal with what was signed of it day after day."""
    precedente, textes = "", dict[int, str]()
    dernier = Evenement.objects.order_by("-id").values_list("id", flat=True).first() or 0
    for attestation in Attestation.objects.order_by("numero").iterator(chunk_size=500):
        try:
            dite = lire_declaration(attestation.contenu, attestation.signature)
        except AttestationIllisible:
            releve.noter(f"attestation {attestation.numero} : illisible")
            continue
        if dite.numero != releve.attestations + 1 or dite.precedente != precedente:
            releve.noter(f"attestation {dite.numero} : elle ne suit pas la précédente")
        _verifier_attestation(dite, dernier, releve)
        releve.attestations, precedente = dite.numero, dite.empreinte_du_texte
        textes[dite.numero] = dite.texte
    if dossier is not None and dossier.is_dir():
        _verifier_le_dossier(dossier, textes, dernier, releve)
        if settings.HORODATAGE_CERTIFICATS:
            _verifier_les_jetons(dossier, releve)


def _verifier_le_dossier(dossier: Path, textes: dict[int, str], dernier: int, releve: Verification) -> None:
    try:
        for dite in declarations_du_dossier(dossier):
            if dite.numero not in textes:
                releve.noter(f"attestation {dite.numero} du dossier : la base ne l’a plus")
            if textes.get(dite.numero) != dite.texte:
                _verifier_attestation(dite, dernier, releve)
            elif not est_signe(dite.texte.encode(), dite.signature):
                releve.noter(f"attestation {dite.numero} du dossier : sa signature n’est pas la nôtre")
    except AttestationIllisible as erreur:
        releve.noter(f"une attestation du dossier est illisible : {erreur}")


def _verifier_attestation(dite: Declaration, dernier: int, releve: Verification) -> None:
    if not est_signe(dite.texte.encode(), dite.signature):
        releve.noter(f"attestation {dite.numero} : sa signature n’est pas la nôtre")
    bloc = BlocScelle.objects.filter(numero=dite.bloc).values_list("empreinte", flat=True).first()
    if bloc is None:
        releve.noter(
            f"attestation {dite.numero} : le bloc {dite.bloc} qu’elle nomme n’est plus là, le journal est coupé"
        )
    elif bloc != dite.empreinte:
        releve.noter(f"attestation {dite.numero} : le bloc {dite.bloc} n’a plus l’empreinte qu’elle lui donne")
    if dite.dernier_evenement > dernier:
        releve.noter(
            f"attestation {dite.numero} : l’événement {dite.dernier_evenement} qu’elle nomme est le dernier connu, et plus rien ne"
            f" va au-delà de {dernier}"
        )


def _verifier_les_jetons(dossier: Path, releve: Verification) -> None:
    """Check the time stamps of the folder, each against the statement that it stands beside, and its hour against the statement's:
    whoever holds our keys dates a statement back, not its stamp.
    """
    autorites = lire_autorites(settings.HORODATAGE_CERTIFICATS)
    for jeton in sorted(dossier.glob("attestation-*.tsr")):
        attestation = jeton.with_suffix(".json")
        texte = attestation.read_bytes() if attestation.exists() else b""
        try:
            quand = verifier_jeton(jeton.read_bytes(), texte, autorites)
            apres = quand - lire_declaration(texte.decode(), "").faite_le
        except (JetonInvalide, AutoriteInjoignable, AttestationIllisible, UnicodeDecodeError) as erreur:
            releve.noter(f"horodatage de l’{jeton.stem} : {erreur}")
            continue
        if not -ECART_D_HORLOGE <= apres <= DELAI_DU_JETON + ECART_D_HORLOGE:
            releve.noter(
                f"horodatage de l’{jeton.stem} : son heure n’est pas celle qu’elle dit, elle est antidatée ou postdatée"
            )
