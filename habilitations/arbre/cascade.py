"""The tree of authority of an adhésion: what hangs below, ending a branch, taking it over (R10–R12)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from accounts.models import Agent, Espace
from accounts.traces.actes import Acte
from accounts.traces.journal import consigner
from services.messagerie.brouillons import oublier
from services.models import PersonneSirenisee, Service

from .. import actes
from ..droits.cles import CLES_AU_PLUS, nommees
from ..models import ORDRE, Adhesion, DemandeRetrait, Habilitation, Role

# UNION, not UNION ALL: it would end even on a cycle, which nothing makes.
_DESSOUS = """
WITH RECURSIVE dessous (id) AS (
    SELECT h.id FROM habilitations_habilitation h
    WHERE h.accordee_par_id = ANY(%s) AND h.fin_le IS NULL AND h.id <> ALL(%s)
    UNION
    SELECT h.id FROM habilitations_habilitation h JOIN dessous d ON h.accordee_par_id = d.id
    WHERE h.fin_le IS NULL AND h.id <> ALL(%s)
)
SELECT id FROM dessous
"""

_DESSOUS_DE = """
WITH RECURSIVE dessous (id) AS (
    SELECT h.id FROM habilitations_habilitation h WHERE h.fin_le IS NULL AND h.accordee_par_id = ANY (ARRAY ({racines}))
    UNION
    SELECT h.id FROM habilitations_habilitation h JOIN dessous d ON h.accordee_par_id = d.id WHERE h.fin_le IS NULL
)
SELECT id FROM dessous
"""


def dessous(cles: Collection[UUID], *, sauf: Collection[UUID] = ()) -> set[UUID]:
    """Return the keys of all that hangs, live, under these habilitations, without themselves: one query.

    Without those of `sauf` either, nor what hangs under them.
    """
    exclues = list(sauf)
    with connection.cursor() as curseur:
        curseur.execute(_DESSOUS, [list(cles), exclues, exclues])
        return {ligne[0] for ligne in curseur.fetchall()} - set(cles)


def dessous_de(racines: QuerySet[Habilitation]) -> QuerySet[Habilitation]:
    """Return all that hangs, live, under these habilitations, without themselves: a part of one query, no key is sent."""
    sql, parametres = racines.order_by().values("pk").query.sql_with_params()
    dessous = RawSQL(_DESSOUS_DE.format(racines=sql), [*parametres])  # noqa: S611  # nosec B611 - the ORM's own SQL
    return Habilitation.objects.filter(pk__in=dessous).exclude(pk__in=racines.order_by().values("pk"))


def ce_qui_tombe(*habilitations: Habilitation, gardees: Collection[Habilitation] = ()) -> list[Habilitation]:
    """Return what would fall with these habilitations, in the order in which a page shows it: two queries, five for thousands.

    What is kept by the same act does not fall (`reprendre_gardees`), nor does what hangs under it.
    """
    cles = dessous([h.pk for h in habilitations], sauf=[gardee.pk for gardee in gardees])
    tombent = Habilitation.objects.filter(pk__in=cles)
    if len(cles) > CLES_AU_PLUS:
        return nommees(tombent)
    return list(tombent.select_related("espace", "personne", "service").order_by(*ORDRE))


def arbre_de(adhesion: Adhesion) -> list[Habilitation]:
    """Return all that is live on this adhésion, the titulaire first: what a page shows before it closes; three queries."""
    racines = list(
        Habilitation.objects.vivantes()
        .filter(adhesion=adhesion, role=Role.TITULAIRE)
        .select_related("espace", "personne", "service")
        .order_by("accordee_le", "pk")
    )
    return [*racines, *ce_qui_tombe(*racines)] if racines else []


def verrouiller_personnes(adhesions: Iterable[int]) -> None:
    """Lock the personnes of these adhésions, in the order of their keys: who is granted something while the register closes
    one is told of it, or the grant is refused. Before `verrouiller_adhesions`, as everywhere.
    """
    leurs = Adhesion.objects.filter(pk__in=set(adhesions)).values("personne")
    personnes = PersonneSirenisee.objects.select_for_update(no_key=True).filter(pk__in=leurs)
    list(personnes.order_by("pk").values_list("pk"))


def verrouiller_adhesions(cles: Iterable[int]) -> dict[int, Adhesion]:
    """Lock these adhésions, in the order of their keys, and return them: a tree changes under its adhésion's lock."""
    return {
        adhesion.pk: adhesion
        for adhesion in Adhesion.objects.select_for_update(no_key=True, of=("self",))
        .select_related("personne", "service")
        .filter(pk__in=set(cles))
        .order_by("pk")
    }


def relire(cles: Iterable[UUID]) -> list[Habilitation]:
    """Lock these habilitations and return them as they are now; their adhésions are locked by the caller."""
    return list(
        Habilitation.objects.select_for_update(no_key=True, of=("self",))
        .select_related("espace__compte", "personne", "service")
        .filter(pk__in=set(cles))
        .order_by("pk")
    )


def terminer(
    racines: Sequence[Habilitation],
    *,
    auteur: Espace | Agent | str,
    acte: Acte,
    motif: str,
    maintenant: datetime,
    motif_dessous: str = Habilitation.MotifFin.CASCADE,
    details: dict[str, Any] | None = None,
) -> list[Habilitation]:
    """End these habilitations and all that hangs under them; journal each; return what ended, the roots first.

    A request to leave that waited for an answer is granted by the end of what it was about; a message begun in a mailbox that
    one reads no more is erased. The adhésions must be
    locked by the caller.
    """
    cles = {racine.pk for racine in racines}
    tombees = relire(dessous(cles))
    for groupe, raison in ((racines, motif), (tombees, motif_dessous)):
        Habilitation.objects.filter(pk__in=[h.pk for h in groupe]).update(fin_le=maintenant, fin_motif=raison)
        for habilitation in groupe:
            habilitation.fin_le, habilitation.fin_motif = maintenant, raison
    terminees = [*racines, *tombees]
    DemandeRetrait.objects.filter(habilitation__in=terminees, etat=DemandeRetrait.Etat.DEPOSEE).update(
        etat=DemandeRetrait.Etat.ACCEPTEE, traitee_le=maintenant
    )
    oublier(_boites_perdues(terminees))
    for habilitation in terminees:
        consigner(
            acte if habilitation.pk in cles else actes.HABILITATION_TOMBEE,
            auteur=auteur,
            espace=habilitation.espace,
            siren=habilitation.personne.siren,
            service=habilitation.service.code,
            details={"role": habilitation.role, "motif": habilitation.fin_motif, **(details or {})},
        )
    return terminees


def _boites_perdues(terminees: Sequence[Habilitation]) -> set[tuple[UUID, int]]:
    """Return the espaces and personnes whose mailbox these ends close: not who holds it still by another habilitation."""
    boites = {(h.espace_id, h.personne_id) for h in terminees if h.service.famille == Service.Famille.MESSAGERIE}
    if not boites:
        return boites
    restantes = Habilitation.objects.vivantes().filter(
        service__famille=Service.Famille.MESSAGERIE,
        espace__in={espace for espace, _ in boites},
        personne__in={personne for _, personne in boites},
    )
    return boites - set(restantes.values_list("espace_id", "personne_id"))


def rattacher(racines: Sequence[Habilitation], *, repreneurs: dict[int, Habilitation]) -> list[Habilitation]:
    """Hang what is directly under these habilitations under the taker's own, one per adhésion; return it.

    What is itself among `racines` is left to them. The journal is the caller's, and so are the adhésions' locks.
    """
    cles = {racine.pk for racine in racines}
    directes = Habilitation.objects.vivantes().filter(accordee_par__in=cles).exclude(pk__in=cles)
    return _accrocher(directes.values_list("pk", flat=True), repreneurs)


def _accrocher(cles: Iterable[UUID], repreneurs: dict[int, Habilitation]) -> list[Habilitation]:
    habilitations = relire(cles)
    for habilitation in habilitations:
        habilitation.accordee_par = repreneurs[habilitation.adhesion_id]
    Habilitation.objects.bulk_update(habilitations, ["accordee_par"])
    return habilitations


def reprendre(racines: Sequence[Habilitation], *, repreneurs: dict[int, Habilitation], auteur: Espace | str) -> int:
    """Have the taker take over what is directly under these habilitations (`rattacher`); journal each; return how many."""
    return _consigner_reprises(rattacher(racines, repreneurs=repreneurs), auteur)


def reprendre_gardees(
    racines: Sequence[Habilitation],
    gardees: Collection[Habilitation],
    *,
    repreneurs: dict[int, Habilitation],
    auteur: Espace | str,
) -> int:
    """Have the taker take over what the same act keeps under what it ends, with all that hangs there; return how many."""
    fins, sauves = {racine.pk for racine in racines}, {gardee.pk for gardee in gardees}
    tombent = fins | dessous(fins, sauf=sauves)
    orphelines = Habilitation.objects.vivantes().filter(pk__in=sauves - fins, accordee_par__in=tombent)
    return _consigner_reprises(_accrocher(orphelines.values_list("pk", flat=True), repreneurs), auteur)


def _consigner_reprises(reprises: Sequence[Habilitation], auteur: Espace | str) -> int:
    for habilitation in reprises:
        consigner(
            actes.HABILITATION_REPRISE,
            auteur=auteur,
            espace=habilitation.espace,
            siren=habilitation.personne.siren,
            service=habilitation.service.code,
            details={"role": habilitation.role},
        )
    return len(reprises)
