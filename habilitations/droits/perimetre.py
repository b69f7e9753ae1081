"""The perimeter of an espace: at most 100 SIREN (R13, CGU §3.5).

The acts check it under the lock of the espace; a trigger of the database (migration 0003) holds it against all writers.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.regles import RegleMetier
from services.models import PersonneSirenisee

from ..models import Habilitation, Role
from .cles import parmi
from .roles import DELEGUER_ACTEUR, roles_pour

PLUS_QU_UNE_POIGNEE: Final = 20  # SIREN


class PerimetreDepasse(RegleMetier):
    code = "perimetre_depasse"
    message = (
        "Cet espace gère déjà {actuel} SIREN : il ne peut pas dépasser {limite}. Créez un autre espace expert et "
        "répartissez les SIREN entre vos espaces, par substitution ou par délégation."
    )


def compter_siren(espace: Espace) -> int:
    """Return how many SIREN this espace holds, ACTIVE and EN_VEILLE alike (design.md §8)."""
    return Habilitation.objects.vivantes().filter(espace=espace).values("personne").distinct().count()


def personnes_tenues(espaces: Collection[Espace]) -> dict[Espace, set[int]]:
    """Return the keys of the personnes that each of these espaces holds: one query."""
    par_cle: dict[UUID, set[int]] = {espace.pk: set() for espace in espaces}
    paires = Habilitation.objects.vivantes().filter(espace__in=par_cle).values_list("espace_id", "personne_id")
    for espace, personne in paires.distinct():
        par_cle[espace].add(personne)
    return {espace: par_cle[espace.pk] for espace in espaces}


def exiger_place(
    espace: Espace, personnes: Iterable[PersonneSirenisee], *, tenues: Collection[int] | None = None
) -> None:
    """Check that these personnes fit into the perimeter. The espace's row must be locked by the caller.

    `tenues` are the keys of those it holds, where the caller has read them.
    Raises: PerimetreDepasse. An espace above 100 (imported) may still receive a SIREN that it already holds.
    """
    tenues = set(personnes_tenues([espace])[espace] if tenues is None else tenues)
    nouvelles = {personne.pk for personne in personnes} - tenues
    if nouvelles and len(tenues) + len(nouvelles) > settings.PERIMETRE_SIREN:
        raise PerimetreDepasse(actuel=len(tenues), limite=settings.PERIMETRE_SIREN)


class Critere(StrEnum):
    """How SIREN are put together before they are shared out between espaces."""

    GESTIONNAIRE = "gestionnaire"
    USAGE = "usage"


@dataclass(frozen=True)
class Groupe:
    """SIREN that would move together.

    `delegables` are those of which the espace may grant something today, `substituables` those of which it is titulaire
    of something, so that the other espace may ask to replace it. The rest cannot move.
    """

    intitule: str
    personnes: list[PersonneSirenisee]
    delegables: list[PersonneSirenisee]
    substituables: list[PersonneSirenisee]
    propose: bool = False


@dataclass(frozen=True)
class Repartition:
    """How full the espace is, how many SIREN should leave, and which groups are proposed for it (R13)."""

    siren: int
    limite: int
    alerte: int
    a_deplacer: int
    groupes: list[Groupe]

    @property
    def places(self) -> int:
        return max(0, self.limite - self.siren)


def repartition(espace: Espace, critere: Critere) -> Repartition:
    """Return the groups of SIREN of this espace, those to move to get down to 80 first: two queries.

    By service gestionnaire, or by use: the SIREN for which the same services are held. No group exceeds 80 SIREN nor is
    all that the espace holds, and none is proposed for SIREN that cannot move.
    """
    usages = _usages(espace)
    ensembles: dict[str, list[PersonneSirenisee]] = defaultdict(list)
    for personne, usage in usages.items():
        par_bureau = critere is Critere.GESTIONNAIRE
        intitule = personne.service_gestionnaire.nom if par_bureau else ", ".join(usage.services)
        ensembles[intitule].append(personne)
    mobiles = {personne for personne, usage in usages.items() if usage.delegable}
    tenues = {personne for personne, usage in usages.items() if usage.titulaire}
    morceaux: list[tuple[str, list[PersonneSirenisee]]] = []
    entiers: list[int] = []  # of which whole each of them is a part
    for rang_entier, (intitule, personnes) in enumerate(
        sorted(ensembles.items(), key=lambda paire: (-len(paire[1]), paire[0]))
    ):
        parties = _couper(intitule, personnes, tout=len(personnes) == len(usages))
        morceaux += parties
        entiers += [rang_entier] * len(parties)
    a_deplacer = max(0, len(usages) - settings.PERIMETRE_ALERTE)
    proposes = _choisir([len(mobiles.intersection(personnes)) for _, personnes in morceaux], a_deplacer)
    groupes = [
        Groupe(
            intitule,
            personnes,
            delegables=[p for p in personnes if p in mobiles],
            substituables=[p for p in personnes if p in tenues],
            propose=rang in proposes,
        )
        for rang, (intitule, personnes) in enumerate(morceaux)
    ]
    avec = {entiers[rang] for rang in proposes}
    # Those to move first, and the parts of a same whole in their order.
    ranges = [groupe for _, groupe in sorted(enumerate(groupes), key=lambda paire: entiers[paire[0]] not in avec)]
    return Repartition(len(usages), settings.PERIMETRE_SIREN, settings.PERIMETRE_ALERTE, a_deplacer, ranges)


@dataclass
class _Usage:
    """What an espace holds of one personne: its services in order, and whether something of it may move."""

    services: list[str] = field(default_factory=list)
    delegable: bool = False
    titulaire: bool = False


def _usages(espace: Espace) -> dict[PersonneSirenisee, _Usage]:
    """Return what this espace holds of each personne, by name. Thousands of rows are read, a hundred objects are made."""
    jour, delegants = timezone.localdate(), roles_pour(DELEGUER_ACTEUR)
    siennes = Habilitation.objects.vivantes().filter(espace=espace)
    par_cle: dict[int, _Usage] = defaultdict(_Usage)
    for cle, libelle, role, etat, expire_le in siennes.order_by("service__ordre", "service__code", "pk").values_list(
        "personne", "service__libelle", "role", "etat", "expire_le"
    ):
        usage = par_cle[cle]
        usage.services.append(libelle)
        active = etat == Habilitation.Etat.ACTIVE and (expire_le is None or expire_le >= jour)
        usage.delegable |= active and role in delegants
        usage.titulaire |= role == Role.TITULAIRE
    personnes = PersonneSirenisee.objects.filter(parmi("pk", siennes.values("personne").distinct()))
    par_nom = personnes.select_related("service_gestionnaire").order_by("denomination", "siren")
    return {personne: par_cle[personne.pk] for personne in par_nom}


def _couper(
    intitule: str, personnes: list[PersonneSirenisee], *, tout: bool
) -> list[tuple[str, list[PersonneSirenisee]]]:
    """Cut a group too big for another espace into pieces that fit with room to spare, and in two one that is `tout`.

    To move all that one holds shares nothing out; a handful stays together.
    """
    taille = settings.PERIMETRE_ALERTE
    if tout and PLUS_QU_UNE_POIGNEE <= len(personnes) <= taille:
        taille = (len(personnes) + 1) // 2
    morceaux = [personnes[debut : debut + taille] for debut in range(0, len(personnes), taille)]
    if len(morceaux) == 1:
        return [(intitule, personnes)]
    return [(f"{intitule}, partie {rang} sur {len(morceaux)}", m) for rang, m in enumerate(morceaux, start=1)]


def _choisir(tailles: list[int], a_deplacer: int) -> set[int]:
    """Return the ranks of whole groups that move at least that many SIREN: the smallest one that suffices, else the
    biggest ones together."""
    if not a_deplacer:
        return set()
    suffisants = [rang for rang, taille in enumerate(tailles) if taille >= a_deplacer]
    if suffisants:
        return {min(suffisants, key=lambda rang: tailles[rang])}
    choisis: set[int] = set()
    for rang in sorted(range(len(tailles)), key=lambda rang: -tailles[rang]):
        if a_deplacer <= 0 or not tailles[rang]:
            break
        choisis.add(rang)
        a_deplacer -= tailles[rang]
    return choisis
