"""Letter economy: nobody can have a company flooded with letters, nor run up the postage, nor keep anybody out by it.

Caps count the letters that leave. Beyond one a demande is accepted all the same, and its letter dated: it leaves on
that day. Who may be served before whom is decided when the letter is asked for: who holds a live habilitation on the
personne, then who bears the name of its représentant légal in the register, then everybody else. Each of the three has
places of its own, so that strangers never take those of the company's own people (design.md §8).
"""

from bisect import insort
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Case, F, Q, QuerySet, When

from accounts.models import Espace
from habilitations.models import Habilitation
from services.models import PersonneSirenisee

from ..courriers.messagerie import porte_le_nom_du_registre
from ..models import Courrier, Demande

TACHE_AVANCEMENT = "activation.avancer_courriers"


@dataclass(frozen=True)
class Plafond:
    """At most `limite` letters leave in any `duree`; `departs` are those that left or are dated, in order."""

    limite: int
    duree: timedelta
    departs: Sequence[datetime]

    def permet(self, depart: datetime) -> bool:
        """Whether one more may leave at this moment."""
        avec = list(self.departs)
        insort(avec, depart)
        return all(dernier - premier >= self.duree for premier, dernier in zip(avec, avec[self.limite :], strict=False))


def premier_depart(plafonds: Sequence[Plafond], maintenant: datetime) -> datetime:
    """Return the first moment at which all these caps let one more letter leave."""
    moments = [maintenant]
    for plafond in plafonds:
        moments += [depart + plafond.duree for depart in plafond.departs if depart + plafond.duree > maintenant]
    return next(moment for moment in sorted(moments) if all(plafond.permet(moment) for plafond in plafonds))


def priorites(espace: Espace, personnes: Collection[PersonneSirenisee]) -> dict[int, Courrier.Priorite]:
    """Return the turn in which letters about each of these personnes are served to this espace, by key: two queries."""
    cles = [personne.pk for personne in personnes]
    tenues = set(
        Habilitation.objects.vivantes()
        .filter(espace=espace, personne__in=cles)
        .order_by()
        .values_list("personne_id", flat=True)
    )
    siennes = porte_le_nom_du_registre(espace, [personne for personne in personnes if personne.pk not in tenues])
    tours = dict.fromkeys(cles, Courrier.Priorite.AUTRE)
    tours |= dict.fromkeys(siennes, Courrier.Priorite.REPRESENTANT)
    return tours | dict.fromkeys(tenues, Courrier.Priorite.HABILITE)


def priorite(espace: Espace, personne: PersonneSirenisee) -> Courrier.Priorite:
    """Return the turn in which letters about this personne are served to this espace."""
    return priorites(espace, [personne])[personne.pk]


def part_du_tour(tour: Courrier.Priorite) -> int:
    """Return how many letters about one personne may leave in this turn: strangers have no part of its own people's."""
    return {
        Courrier.Priorite.HABILITE: settings.PLAFOND_COURRIERS_SIREN_HABILITE,
        Courrier.Priorite.REPRESENTANT: settings.PLAFOND_COURRIERS_SIREN_REPRESENTANT,
        Courrier.Priorite.AUTRE: settings.PLAFOND_COURRIERS_SIREN_AUTRE,
    }[tour]


def depart_du_courrier(
    espace: Espace, personne: PersonneSirenisee, *, maintenant: datetime, sauf: Courrier | None = None
) -> tuple[Courrier.Priorite, datetime]:
    """Return the turn and the moment of one more letter about this personne, asked by this espace; both are locked."""
    return departs_des_courriers(espace, [personne], maintenant=maintenant, sauf=sauf)[personne.pk]


def departs_des_courriers(
    espace: Espace, personnes: Collection[PersonneSirenisee], *, maintenant: datetime, sauf: Courrier | None = None
) -> dict[int, tuple[Courrier.Priorite, datetime]]:
    """Return the turn and the moment of one more letter about each of these, asked by this espace one after the other.

    In the order of their keys, as a batch is deposited. `sauf` is a letter that already waits and is dated again: it takes no
    place from itself. Four queries in all.
    """
    tours = priorites(espace, personnes)
    duree, jour = settings.PLAFOND_COURRIERS_SIREN_DUREE, settings.PLAFOND_COURRIERS_ESPACE_DUREE
    autres = Courrier.objects.exclude(pk=sauf.pk) if sauf is not None else Courrier.objects.all()
    vers: dict[int, list[tuple[datetime, int, UUID]]] = {cle: [] for cle in tours}
    for depart, tour, qui, cle in _comptes(autres.filter(demande__personne__in=tours), maintenant - duree):
        vers[cle].append((depart, tour, qui))
    siennes = autres.filter(demande__espace=espace)
    de_l_espace = [depart for depart, _, _, _ in _comptes(siennes, maintenant - jour)]
    departs = {}
    for cle in sorted(tours):
        tour = tours[cle]
        plafonds = [
            Plafond(part_du_tour(tour), duree, [depart for depart, t, _ in vers[cle] if t == tour]),
            Plafond(
                settings.PLAFOND_COURRIERS_ESPACE_SIREN,
                duree,
                [depart for depart, _, qui in vers[cle] if qui == espace.pk],
            ),
            Plafond(settings.PLAFOND_COURRIERS_ESPACE, jour, de_l_espace),
        ]
        depart = premier_depart(plafonds, maintenant)
        insort(de_l_espace, depart)
        departs[cle] = (tour, depart)
    return departs


def _comptes(lettres: QuerySet[Courrier], depuis: datetime) -> list[tuple[datetime, int, UUID, int]]:
    """Return, of these letters, those that left since or will leave: when, in which turn, at whose request, about whom.

    One that was dropped before it was made has cost nothing and reached nobody; a demande that ends gives its day back.
    """
    a_partir = Q(
        edite_le=None,
        traite_le=None,
        ecarte_le=None,
        remplace_le=None,
        demande__etat__in=Demande.ETATS_EN_COURS,
    )
    # When it leaves, or left: Courrier.part_le.
    departs = lettres.annotate(depart=Case(When(pas_avant__isnull=False, then=F("pas_avant")), default=F("cree_le")))
    return list(
        departs.filter(Q(edite_le__isnull=False) | a_partir, depart__gt=depuis)
        .order_by("depart")
        .values_list("depart", "priorite", "demande__espace", "demande__personne")
    )
