"""Recent grants that their beneficiary has not used: he may decline them, and they end first when he needs their place.

Whoever knows a number and a name may grant; without this he could fill somebody's perimeter (R11, R13; design.md §4).
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from accounts.models import Espace, TraceLecture
from accounts.saisies.regles import RegleMetier
from accounts.traces.actes import Acte
from services.models import PersonneSirenisee

from .. import actes
from ..droits.perimetre import PerimetreDepasse, personnes_tenues
from ..models import ORDRE, Habilitation
from . import avis
from .cascade import relire, terminer, verrouiller_adhesions

DELAI_DECLIN: Final = timedelta(days=15)
OBJET: Final = "habilitations.habilitation"  # in the traces of reading, by the key of the habilitation
HORS_USAGE: Final = "habilitations.lien"
"""The same page opened by another site: a reading that is no use, for whoever grants has others follow what link he likes."""


class PlusDeclinable(RegleMetier):
    code = "plus_declinable"
    message = "vous l’avez acceptée en l’utilisant, ou quinze jours ont passé : demandez à la quitter"


def a_l_essai(habilitation: Habilitation, *, maintenant: datetime) -> bool:
    """Whether this grant is of the last fifteen days: opening its service then leaves the trace that it is used."""
    return habilitation.accordee_par_id is not None and habilitation.accordee_le > maintenant - DELAI_DECLIN


def recente(maintenant: datetime) -> Q:
    """Return the same, asked of the database."""
    return Q(accordee_par__isnull=False, accordee_le__gt=maintenant - DELAI_DECLIN)


def non_utilisee(espace: Espace, *, maintenant: datetime) -> Q:
    """Return the condition that a live habilitation of this espace is a grant of the last fifteen days that it has not used.

    Used is: its service was opened, or something was granted from it.
    """
    ouvertures = TraceLecture.objects.filter(
        lecteur=espace.numero_abonne,
        objet=OBJET,
        cle=Cast(OuterRef("pk"), CharField()),
        nature=TraceLecture.Nature.CONSULTATION,
    )
    accordees = Habilitation.objects.filter(accordee_par=OuterRef("pk"))
    return recente(maintenant) & ~Q(Exists(accordees)) & ~Q(Exists(ouvertures))


def non_utilisees(espace: Espace, *, maintenant: datetime) -> QuerySet[Habilitation]:
    """Narrow to the grants of the last fifteen days that this espace has not used."""
    return Habilitation.objects.vivantes().filter(non_utilisee(espace, maintenant=maintenant), espace=espace)


def indecises(espace: Espace, *, maintenant: datetime) -> list[Habilitation]:
    """Return them with all that a page shows, newest first: one query."""
    return list(
        non_utilisees(espace, maintenant=maintenant)
        .select_related("espace", "personne", "service", "accordee_par__espace__compte")
        .order_by("-accordee_le", *ORDRE)
    )


def a_ceder(espace: Espace, personnes: Iterable[PersonneSirenisee], *, maintenant: datetime) -> list[Habilitation]:
    """Return what would end for these personnes to fit into the perimeter, newest first; nothing when they fit.

    A SIREN leaves when all that is held on it is undecided. For the holder's own acts alone: a grant by somebody else
    takes nobody's place. Four queries at most. Raises: PerimetreDepasse when even that is not enough.
    """
    demandees = {personne.pk for personne in personnes}
    tenues = personnes_tenues([espace])[espace]
    nouvelles = demandees - tenues
    manque = len(tenues) + len(nouvelles) - settings.PERIMETRE_SIREN
    if not nouvelles or manque <= 0:
        return []
    par_personne: dict[int, list[Habilitation]] = {}
    recentes = indecises(espace, maintenant=maintenant)
    for habilitation in recentes:
        if habilitation.personne_id not in demandees:
            par_personne.setdefault(habilitation.personne_id, []).append(habilitation)
    gardees = set(
        Habilitation.objects.vivantes()
        .filter(espace=espace, personne__in=par_personne)
        .exclude(pk__in=[habilitation.pk for habilitation in recentes])
        .values_list("personne_id", flat=True)
    )
    cedables = [siennes for personne, siennes in par_personne.items() if personne not in gardees]
    if len(cedables) < manque:
        raise PerimetreDepasse(actuel=len(tenues), limite=settings.PERIMETRE_SIREN)
    return [habilitation for siennes in cedables[:manque] for habilitation in siennes]


def faire_place(
    *,
    acteur: Espace,
    personnes: Collection[PersonneSirenisee],
    maintenant: datetime,
    adhesions: Iterable[int] = (),
) -> list[Habilitation]:
    """End the holder's undecided grants that these personnes need the place of; tell their grantors; return them.

    Locks their adhésions together with `adhesions`, those that the act itself changes; the caller has locked the espace.
    Raises: PerimetreDepasse, and nothing ends.
    """
    cedees = a_ceder(acteur, personnes, maintenant=maintenant)
    verrouiller_adhesions([*adhesions, *(habilitation.adhesion_id for habilitation in cedees)])
    if not cedees:
        return []
    return finir(
        cedees,
        acteur=acteur,
        acte=actes.HABILITATION_CEDEE,
        motif=Habilitation.MotifFin.PLACE,
        genre="habilitation_cedee",
        maintenant=maintenant,
    )


def finir(
    recentes: Sequence[Habilitation], *, acteur: Espace, acte: Acte, motif: str, genre: str, maintenant: datetime
) -> list[Habilitation]:
    """End these undecided grants of `acteur`, whose adhésions are locked, and tell each grantor once."""
    mandants = {habilitation.pk: habilitation.accordee_par for habilitation in recentes}
    vivantes = [habilitation for habilitation in relire(mandants) if habilitation.est_vivante]
    terminees = terminer(vivantes, auteur=acteur, acte=acte, motif=motif, maintenant=maintenant)
    par_mandant: dict[Espace, list[Habilitation]] = {}
    for habilitation in terminees:
        if mandant := mandants.get(habilitation.pk):
            par_mandant.setdefault(mandant.espace, []).append(habilitation)
    for mandant_espace, leurs in par_mandant.items():
        avis.ecrire(
            genre,
            espace=mandant_espace,
            de=acteur,
            acte=f"{genre}:{leurs[0].pk}",
            habilitations=leurs,
            beneficiaire=acteur.nom_complet,
        )
    return terminees
