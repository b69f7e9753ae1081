"""The perimeter of an espace: at most 100 SIREN (R13, CGU §3.5).

The acts check it under the lock of the espace; a trigger of the database (migration 0003) holds it against all writers.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings

from accounts.models import Espace
from accounts.regles import RegleMetier
from services.models import PersonneSirenisee

from .models import Habilitation
from .roles import DELEGUER_ACTEUR, roles_pour


class PerimetreDepasse(RegleMetier):
    code = "perimetre_depasse"
    message = (
        "Cet espace gère déjà {actuel} SIREN : il ne peut pas dépasser {limite}. Créez un autre espace expert et "
        "répartissez les SIREN entre vos espaces, par substitution ou par délégation."
    )


def compter_siren(espace: Espace) -> int:
    """Return how many SIREN this espace holds, ACTIVE and EN_VEILLE alike (design.md §8)."""
    return Habilitation.objects.vivantes().filter(espace=espace).values("personne").distinct().count()


def exiger_place(espace: Espace, personnes: Iterable[PersonneSirenisee]) -> None:
    """Check that these personnes fit into the perimeter. The espace's row must be locked by the caller.

    Raises: PerimetreDepasse. An espace above 100 (imported) may still receive a SIREN that it already holds.
    """
    tenues = set(Habilitation.objects.vivantes().filter(espace=espace).values_list("personne_id", flat=True).distinct())
    nouvelles = {personne.pk for personne in personnes} - tenues
    if nouvelles and len(tenues) + len(nouvelles) > settings.PERIMETRE_SIREN:
        raise PerimetreDepasse(actuel=len(tenues), limite=settings.PERIMETRE_SIREN)


class Critere(StrEnum):
    """How SIREN are put together before they are shared out between espaces."""

    GESTIONNAIRE = "gestionnaire"
    USAGE = "usage"


@dataclass(frozen=True)
class Groupe:
    """SIREN that would move together. `delegables` are those that the holder may share by delegation."""

    intitule: str
    personnes: list[PersonneSirenisee]
    delegables: int
    propose: bool = False


@dataclass(frozen=True)
class Repartition:
    """How full the espace is, how many SIREN should leave, and which groups are proposed for it (R13)."""

    siren: int
    limite: int
    a_deplacer: int
    groupes: list[Groupe]

    @property
    def places(self) -> int:
        return max(0, self.limite - self.siren)


def repartition(espace: Espace, critere: Critere) -> Repartition:
    """Return the groups of SIREN of this espace and which of them to move to get down to 80: one query.

    By service gestionnaire, or by use: the SIREN for which the same services are held. No group exceeds 80 SIREN.
    """
    habilitations = (
        Habilitation.objects.vivantes()
        .filter(espace=espace)
        .select_related("personne__service_gestionnaire", "service")
        .order_by("personne__denomination", "personne__siren", "service__ordre", "service__code")
    )
    usages: dict[PersonneSirenisee, list[Habilitation]] = defaultdict(list)
    for habilitation in habilitations:
        usages[habilitation.personne].append(habilitation)
    ensembles: dict[str, list[PersonneSirenisee]] = defaultdict(list)
    for personne, siennes in usages.items():
        ensembles[_intitule(personne, siennes, critere)].append(personne)
    delegables = Counter(
        personne.pk
        for personne, siennes in usages.items()
        if any(h.role in roles_pour(DELEGUER_ACTEUR) for h in siennes)
    )
    morceaux = [
        (intitule, morceau)
        for intitule, personnes in sorted(ensembles.items(), key=lambda paire: (-len(paire[1]), paire[0]))
        for morceau in _couper(personnes)
    ]
    a_deplacer = max(0, len(usages) - settings.PERIMETRE_ALERTE)
    proposes = _choisir([len(personnes) for _, personnes in morceaux], a_deplacer)
    groupes = [
        Groupe(intitule, personnes, sum(delegables[p.pk] for p in personnes), rang in proposes)
        for rang, (intitule, personnes) in enumerate(morceaux)
    ]
    return Repartition(len(usages), settings.PERIMETRE_SIREN, a_deplacer, groupes)


def _intitule(personne: PersonneSirenisee, siennes: list[Habilitation], critere: Critere) -> str:
    if critere is Critere.GESTIONNAIRE:
        return personne.service_gestionnaire.nom
    return ", ".join(habilitation.service.libelle for habilitation in siennes)


def _couper(personnes: list[PersonneSirenisee]) -> list[list[PersonneSirenisee]]:
    """Cut a group too big for another espace into pieces that fit with room to spare."""
    taille = settings.PERIMETRE_ALERTE
    return [personnes[debut : debut + taille] for debut in range(0, len(personnes), taille)]


def _choisir(tailles: list[int], a_deplacer: int) -> set[int]:
    """Return the ranks of whole groups that move at least that many SIREN: the smallest one that suffices, else the
    biggest ones together."""
    suffisants = [rang for rang, taille in enumerate(tailles) if taille >= a_deplacer]
    if not a_deplacer:
        return set()
    if suffisants:
        return {min(suffisants, key=lambda rang: tailles[rang])}
    choisis: set[int] = set()
    for rang in sorted(range(len(tailles)), key=lambda rang: -tailles[rang]):
        choisis.add(rang)
        a_deplacer -= tailles[rang]
        if a_deplacer <= 0:
            break
    return choisis
