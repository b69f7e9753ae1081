"""What the register's events set off on the floors above, each event once, in batches (design.md §8).

The import writes an event with the change that it tells of; nothing waits for those who listen. A floor says in
`AppConfig.ready` what it does at an event, and which personnes concern it: the events of the others, by far the most,
are only ticked off. The first run is dry: an operator reads what would happen, then starts it by hand; the job follows.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.envois.un_a_un import chacun
from accounts.models import Evenement
from accounts.saisies.regles import RegleMetier
from accounts.traces.journal import consigner

from .. import actes
from ..models import EvenementRegistre, PersonneSirenisee

Genre = EvenementRegistre.Genre
EVENEMENTS_PAR_LOT = 500
EVENEMENTS_PAR_LOT_AU_PLUS = 10_000

type Ecouteur = Callable[[EvenementRegistre, datetime], None]
type Concernees = Callable[[], QuerySet[PersonneSirenisee]]

_ECOUTEURS: dict[str, list[Ecouteur]] = {genre: [] for genre in Genre.values}
_CONCERNEES: list[Callable[[], Q]] = []


class EssaiRequis(RegleMetier):
    code = "essai_requis"
    message = "Le suivi du registre n’a jamais été essayé : lancez d’abord la commande avec --dry-run, et lisez ce qu’elle dit."


@dataclass
class BilanSuivi:
    """What a run told, or would tell, by kind of event; `sans_objet` concern nobody here; `reste` waits for the next run."""

    par_genre: Counter[str] = field(default_factory=Counter)
    par_service: Counter[str] = field(default_factory=Counter)
    sans_objet: int = 0
    anciennes: int = 0
    reste: int = 0


def ecouter(genre: str, ecouteur: Ecouteur) -> None:
    """Have `ecouteur` called, in the transaction that ticks it off, for each event of this kind."""
    _ECOUTEURS[genre].append(ecouteur)


def inscrire_concernees(concernees: Callable[[], Q]) -> None:
    """Add a condition on personnes: those that a floor above holds something of."""
    _CONCERNEES.append(concernees)


def _concernees() -> QuerySet[PersonneSirenisee]:
    """Return the personnes that concern anybody: none where nobody said so."""
    condition = Q(pk__in=[])
    for concerne in _CONCERNEES:
        condition |= concerne()
    return PersonneSirenisee.objects.filter(condition)


def _attendus(concerne: bool) -> QuerySet[EvenementRegistre]:
    objet = Exists(_concernees().filter(pk=OuterRef("personne")))
    return EvenementRegistre.objects.filter(objet if concerne else ~objet, traite_le=None)


def _closes_avant_le_suivi() -> QuerySet[PersonneSirenisee]:
    """Return the personnes that were closed before anybody listened, and that somebody still holds something of."""
    dites = EvenementRegistre.objects.filter(personne=OuterRef("pk"), genre=Genre.CESSATION)
    return _concernees().filter(~Exists(dites), active=False)


def essayer_le_suivi(*, acteur: str) -> BilanSuivi:
    """Return what a run would do, and write nothing but that it was tried."""
    bilan = BilanSuivi(anciennes=_closes_avant_le_suivi().count() if not suivi_commence() else 0)
    for genre, service in (
        _attendus(True).values_list("genre", "personne__service_gestionnaire__nom").iterator(chunk_size=2000)
    ):
        bilan.par_genre[genre] += 1
        bilan.par_service[service] += 1
    bilan.sans_objet = _attendus(False).count()
    with transaction.atomic():
        consigner(actes.REGISTRE_ESSAYE, auteur=acteur, details={"nombre": bilan.par_genre.total() + bilan.anciennes})
    return bilan


def suivi_commence() -> bool:
    """Whether an operator has started it once."""
    return Evenement.objects.filter(acte=actes.REGISTRE_SUIVI.code).exists()


def commencer_le_suivi(*, acteur: str, nombre: int | None = None, maintenant: datetime | None = None) -> BilanSuivi:
    """Start it by hand: what was closed before is told too; then, and each time after, tell what waits.

    Raises: EssaiRequis, before the first dry run.
    """
    anciennes = 0
    if not suivi_commence():
        with transaction.atomic():
            if not Evenement.objects.filter(acte=actes.REGISTRE_ESSAYE.code).exists():
                raise EssaiRequis
            cles = _closes_avant_le_suivi().values_list("pk", flat=True)
            for lot in _par_lots(cles):
                anciennes += len(
                    EvenementRegistre.objects.bulk_create(
                        EvenementRegistre(personne_id=cle, genre=Genre.CESSATION) for cle in lot
                    )
                )
            consigner(actes.REGISTRE_SUIVI, auteur=acteur, details={"nombre": anciennes})
    bilan = suivre_registre(nombre=nombre, maintenant=maintenant)
    bilan.anciennes = anciennes
    return bilan


def _par_lots(cles: QuerySet[PersonneSirenisee, int]) -> list[list[int]]:
    toutes = list(cles)
    return [toutes[debut : debut + EVENEMENTS_PAR_LOT] for debut in range(0, len(toutes), EVENEMENTS_PAR_LOT)]


def suivre_registre(*, nombre: int | None = None, maintenant: datetime | None = None) -> BilanSuivi:
    """Tell up to `nombre` events to those who listen, each in a transaction of its own; may run twice or beside itself.

    Nothing before an operator has started it (`commencer_le_suivi`).
    """
    bilan = BilanSuivi()
    if not suivi_commence():
        return bilan
    bilan.sans_objet = _attendus(False).update(traite_le=maintenant or timezone.now())

    def dire(cle: int) -> bool:
        evenement = _dire(cle, maintenant or timezone.now())
        if evenement is not None:
            bilan.par_genre[evenement.genre] += 1
            bilan.par_service[evenement.personne.service_gestionnaire.nom] += 1
        return evenement is not None

    chacun("evenements_du_registre", list(_attendus(True).order_by("pk").values_list("pk", flat=True)[:nombre]), dire)
    bilan.reste = _attendus(True).count()
    return bilan


def _dire(cle: int, maintenant: datetime) -> EvenementRegistre | None:
    """Tell one event, unless somebody else is telling it; return it.

    The personne first, as every act locks it. A closure that was undone meanwhile is nobody's business any longer.
    """
    evenement = (
        EvenementRegistre.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("personne__service_gestionnaire")
        .filter(pk=cle, traite_le=None)
        .first()
    )
    if evenement is None:
        return None
    PersonneSirenisee.objects.select_for_update(no_key=True).get(pk=evenement.personne_id)
    evenement.personne.refresh_from_db()
    for ecouteur in _ECOUTEURS[evenement.genre]:
        ecouteur(evenement, maintenant)
    evenement.traite_le = maintenant
    evenement.save(update_fields=["traite_le"])
    return evenement
