"""The file of the représentants légaux of sociétés: SIREN, nom, prénoms, qualité, depuis le (docs/exploitation.md).

It says one représentant per SIREN. An agent's finding stands until the file names somebody appointed after it.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from accounts.saisies.regles import RegleMetier
from accounts.saisies.sirens import normaliser_siren
from accounts.traces.journal import consigner

from .. import actes
from ..fichiers_insee import Rejet
from ..models import PersonneSirenisee, RepresentantLegal
from .fichiers import lire_date, lire_enregistrements
from .representants import Identite, Source, etablir

PERSONNES_PAR_LOT = 500
COLONNES: Final = {
    "siren": ("siren", "numéro siren", "identifiant"),
    "nom": ("nom", "nom du représentant", "nom de famille"),
    "prenoms": ("prénoms", "prénom", "prénom(s)"),
    "qualite": ("qualité", "fonction"),
    "depuis_le": ("depuis le", "depuis", "date de prise de fonction", "date"),
}
TABLE = """
CREATE TEMP TABLE import_representant (
    ligne bigint, siren text, nom text, prenoms text, qualite text, depuis_le date
)
"""
EN_TROP = """
SELECT ligne, siren, premiere
FROM (SELECT ligne, siren, min(ligne) OVER (PARTITION BY siren) AS premiere FROM import_representant) lus
WHERE ligne > premiere
ORDER BY ligne
"""
INCONNUS = """
SELECT min(r.ligne), r.siren FROM import_representant r
WHERE NOT EXISTS (SELECT FROM services_personnesirenisee p WHERE p.siren = r.siren)
GROUP BY r.siren ORDER BY 1
"""
SUITE = """
SELECT DISTINCT ON (siren) siren, nom, prenoms, qualite, depuis_le FROM import_representant
WHERE siren > %s ORDER BY siren, ligne LIMIT %s
"""


@dataclass
class BilanRepresentants:
    """What a run did, in numbers of SIREN; `conserves` are those that an agent established since. `rejetees` are lines."""

    etablis: int = 0
    changes: int = 0
    inchanges: int = 0
    conserves: int = 0
    rejetees: int = 0


def importer_representants(
    *,
    acteur: str,
    fichier: Path,
    sur_rejet: Callable[[Rejet], None],
    a_blanc: bool = False,
    maintenant: datetime | None = None,
) -> BilanRepresentants:
    """Put on record the représentants légaux of this file; a SIREN that it does not name keeps its own.

    The file is first read whole into a temporary table, then written by batches of SIREN, each in its transaction: an
    interrupted run is simply started again. With `a_blanc`, only counts.
    Raises: FichierInsee.
    """
    maintenant = maintenant or timezone.now()
    bilan = BilanRepresentants()

    def rejeter(rejet: Rejet) -> None:
        bilan.rejetees += 1
        sur_rejet(rejet)

    with connection.cursor() as curseur:
        curseur.execute(TABLE)
    try:
        with (
            transaction.atomic(),
            connection.cursor() as curseur,
            curseur.copy("COPY import_representant FROM STDIN") as copie,
        ):
            for ligne in _lire(fichier, rejeter, timezone.localdate(maintenant)):
                copie.write_row(ligne)
        _rejeter_en_bloc(fichier, rejeter)
        for lot in _lots():
            _traiter(acteur, lot, bilan, a_blanc, maintenant)
        if not a_blanc:
            with transaction.atomic():
                consigner(
                    actes.REPRESENTANTS_IMPORTES, auteur=acteur, details=asdict(bilan) | {"fichiers": [fichier.name]}
                )
    finally:
        with connection.cursor() as curseur:
            curseur.execute("DROP TABLE import_representant")
    return bilan


def _lire(
    fichier: Path, rejeter: Callable[[Rejet], None], jour: date
) -> Iterator[tuple[int, str, str, str, str, date | None]]:
    """Yield each line that can be taken, and hand the others over with the reason."""
    for numero, cellules in lire_enregistrements(
        fichier, colonnes=COLONNES, requises={"siren", "nom", "prenoms"}, sur_rejet=rejeter
    ):
        siren = ""
        try:
            siren = normaliser_siren(cellules["siren"])
            lue = Identite.lire(
                nom=cellules["nom"],
                prenoms=cellules["prenoms"],
                qualite=cellules["qualite"],
                depuis_le=lire_date(cellules["depuis_le"]),
                jour=jour,
            )
        except RegleMetier as regle:
            rejeter(Rejet(fichier.name, numero, siren, str(regle)))
            continue
        yield numero, siren, lue.nom, lue.prenoms, lue.qualite, lue.depuis_le


def _rejeter_en_bloc(fichier: Path, rejeter: Callable[[Rejet], None]) -> None:
    with connection.connection.cursor() as curseur:
        for ligne, siren, premiere in curseur.stream(EN_TROP):
            rejeter(Rejet(fichier.name, ligne, siren, f"SIREN déjà lu à la ligne {premiere} : un seul représentant"))
    with connection.connection.cursor() as curseur:
        for ligne, siren in curseur.stream(INCONNUS):
            rejeter(Rejet(fichier.name, ligne, siren, "ce SIREN n'est pas connu"))


def _lots() -> Iterator[list[tuple[str, Identite]]]:
    precedent = ""
    while True:
        with connection.cursor() as curseur:
            curseur.execute(SUITE, [precedent, PERSONNES_PAR_LOT])
            lot = [(siren, Identite(*reste)) for siren, *reste in curseur.fetchall()]
        if not lot:
            return
        yield lot
        precedent = lot[-1][0]


@transaction.atomic
def _traiter(
    acteur: str, lot: list[tuple[str, Identite]], bilan: BilanRepresentants, a_blanc: bool, maintenant: datetime
) -> None:
    """Compare one batch with what is on record, under the lock of the personnes, and write what differs."""
    dits = dict(lot)
    personnes = PersonneSirenisee.objects.filter(siren__in=dits).order_by("pk")
    if not a_blanc:
        personnes = personnes.select_for_update(no_key=True)
    verrouillees = list(personnes)  # before what is on record is read: an agent may just be writing it
    actuels = {
        representant.personne_id: representant
        for representant in RepresentantLegal.objects.filter(personne__siren__in=dits, fin_le=None)
    }
    for personne in verrouillees:
        identite, actuel = dits[personne.siren], actuels.get(personne.pk)
        if actuel is None:
            bilan.etablis += 1
        elif identite.dit_la_meme_chose_que(actuel) and actuel.source != Source.INSEE:
            bilan.inchanges += 1
            continue
        elif actuel.source == Source.AGENT and not _nomme_depuis(identite, actuel):
            bilan.conserves += 1
            continue
        elif identite.est(actuel):
            bilan.inchanges += 1
        else:
            bilan.changes += 1
        if not a_blanc:
            etablir(personne, identite, actuel, source=Source.FICHIER, auteur=acteur, maintenant=maintenant)


def _nomme_depuis(identite: Identite, actuel: RepresentantLegal) -> bool:
    """Whether the file names somebody who took office after an agent saw that it was another one."""
    return identite.depuis_le is not None and identite.depuis_le > timezone.localdate(actuel.etabli_le)
