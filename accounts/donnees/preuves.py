"""One line of the journal proved to somebody who sees no other; an extract of it, sealed.

A proof is a file: the line, the path from its leaf to the root of its block, the headings of the blocks from that one to the
first that was signed, and that statement. `docs/exploitation/verifier_preuve.py` checks it with nothing of ours but the public key.
"""

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from typing import IO, Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from .. import actes
from ..models import Attestation, BlocScelle, Evenement
from ..saisies.regles import RegleMetier
from ..traces.attestations import Declaration, cles_publiques, lire_declaration, pem, signer
from ..traces.journal import consigner
from ..traces.sceau import COLONNES, chemin, feuille, texte_de_ligne
from ..traces.scellement import VERSION, entete

FORMAT: Final = "preuve d’une ligne du journal, 1"


class LigneSansPreuve(RegleMetier):
    code = "ligne_sans_preuve"
    message = "Cette ligne du journal n’existe pas, ou plus."


class LignePasAttestee(RegleMetier):
    code = "ligne_pas_attestee"
    message = "Cette ligne n’est pas encore couverte par une attestation : lancez « manage.py attester_journal --maintenant »."


class LigneTropAncienne(RegleMetier):
    code = "ligne_trop_ancienne"
    message = "Cette ligne date d’avant les sceaux par ligne : seule la vérification entière du journal établit ce qu’elle dit."


@transaction.atomic
def prouver_ligne(*, acteur: str, numero: int, motif: str) -> dict[str, Any]:
    """Return the proof of one line and journal that it was made, and why.

    Raises: LigneSansPreuve, LignePasAttestee, LigneTropAncienne.
    """
    ligne = Evenement.objects.filter(pk=numero).values_list(*COLONNES).first()
    if ligne is None:
        raise LigneSansPreuve
    # A line is sealed after it is dated.
    bloc = BlocScelle.objects.filter(evenements__contains=[numero], scelle_le__gte=ligne[1]).order_by("numero").first()
    if bloc is None:
        raise LignePasAttestee
    if bloc.version != VERSION:
        raise LigneTropAncienne
    declaration = _premiere_declaration(bloc.numero)
    lignes = list(Evenement.objects.filter(pk__in=bloc.evenements).order_by("pk").values_list(*COLONNES))
    suite = BlocScelle.objects.filter(numero__gte=bloc.numero, numero__lte=declaration.bloc).order_by("numero")
    preuve = {
        "format": FORMAT,
        "ligne": json.loads(texte_de_ligne(ligne)),
        "colonnes": COLONNES[:-1],
        "texte": texte_de_ligne(ligne).decode(),
        "sceau": ligne[10],
        "chemin": chemin(
            [feuille(texte_de_ligne(lue), lue[10]) for lue in lignes], [lue[0] for lue in lignes].index(numero)
        ),
        "blocs": [entete(b) for b in suite.iterator(chunk_size=200)],
        "attestation": {"texte": declaration.texte, "signature": declaration.signature},
        "cles": {nom: pem(cle) for nom, cle in cles_publiques().items()},
    }
    consigner(actes.JOURNAL_PROUVE, auteur=acteur, details={"numero": numero, "motif": motif})
    return preuve


def _premiere_declaration(bloc: int) -> Declaration:
    """Return the first statement that covers this block. Raises: LignePasAttestee."""
    for attestation in Attestation.objects.order_by("numero").iterator(chunk_size=200):
        declaration = lire_declaration(attestation.contenu, attestation.signature)
        if declaration.bloc >= bloc:
            return declaration
    raise LignePasAttestee


# --- An extract


EN_TETE: Final = ("numero", *COLONNES[1:])


@transaction.atomic
def exporter_journal(
    *,
    acteur: str,
    lignes: "QuerySet[Evenement]",
    filtres: Mapping[str, str],
    forme: str,
    sortie: IO[str],
    motif: str,
) -> dict[str, Any]:
    """Write these lines as CSV or JSON, whatever their number, and return the seal of the file: its hash and what was asked, signed.

    The journal says that it was made, and why. Each line bears its own seal too.
    """
    empreinte, nombre = hashlib.sha256(), 0
    valeurs = lignes.order_by("pk").values_list(*COLONNES).iterator(chunk_size=1000)
    for morceau in (_en_csv if forme == "csv" else _en_json)(valeurs):
        empreinte.update(morceau.encode())
        sortie.write(morceau)
        nombre += 1
    nombre -= 1 if forme == "csv" else 2  # the heading; the two brackets
    dit = {
        "fichier": empreinte.hexdigest(),
        "lignes": nombre,
        "filtres": dict(filtres),
        "fait_le": timezone.now().astimezone(UTC).isoformat(timespec="seconds"),
    }
    texte = json.dumps(dit, ensure_ascii=False, separators=(",", ":"))
    cle, signature = signer(texte.encode())
    details = {"format": forme, "nombre": nombre, "empreinte": dit["fichier"], "motif": motif}
    consigner(actes.JOURNAL_EXPORTE, auteur=acteur, details=details)
    return {"texte": texte, "signature": signature, "cle": cle}


def _texte(valeur: Any) -> Any:
    if hasattr(valeur, "isoformat"):
        return valeur.astimezone(UTC).isoformat(timespec="microseconds")
    return "" if valeur is None else valeur


class _Ligne:
    """Where the csv module writes: the last line."""

    def __init__(self) -> None:
        self.texte = ""

    def write(self, texte: str) -> None:
        self.texte = texte


def _en_csv(lignes: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    """Yield the heading, then each line; what a spreadsheet would compute is kept from it by an apostrophe."""
    tampon = _Ligne()
    ecrivain = csv.writer(tampon, delimiter=";")
    ecrivain.writerow(EN_TETE)
    yield tampon.texte
    for ligne in lignes:
        cellules = [
            json.dumps(v, ensure_ascii=False, sort_keys=True) if isinstance(v, dict) else _texte(v) for v in ligne
        ]
        ecrivain.writerow([f"'{c}" if isinstance(c, str) and c[:1] in "=+-@\t\r" and c else c for c in cellules])
        yield tampon.texte


def _en_json(lignes: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    yield "["
    virgule = ""
    for ligne in lignes:
        objet = dict(zip(EN_TETE, map(_texte, ligne), strict=True))
        yield f"{virgule}\n{json.dumps(objet, ensure_ascii=False, sort_keys=True)}"
        virgule = ","
    yield "\n]\n"
