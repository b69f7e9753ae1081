"""The yearly review: whoever granted délégations confirms or withdraws them (R14, CGU §3.4.d).

A délégation is due a year after it was granted or last confirmed, or at once when the représentant légal has changed. Its grantor is reminded once a month while something
is due; what he leaves unanswered for sixty days is shown to the titulaire, who may answer in his place.
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final, Protocol
from uuid import UUID

from django.db import transaction
from django.db.models import CharField, Count, DateTimeField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual
from django.utils import timezone

from accounts.envois.un_a_un import chacun
from accounts.models import Courriel, Espace
from accounts.saisies.regles import RegleMetier
from accounts.traces.journal import consigner
from services.models import PersonneSirenisee

from .. import actes
from ..arbre import avis
from ..arbre.cascade import relire, verrouiller_adhesions
from ..arbre.lots import AucuneLigne, DroitInsuffisant, LigneRefusee, LignesRefusees, siennes, verrouiller_acteur
from ..arbre.retrait import HabilitationTerminee
from ..droits.cles import accordees_sous, parmi
from ..models import ORDRE, Habilitation, Role
from .delegations import ROLES_DELEGUES, retirer_delegation, retrait_permis

PERIODE: Final = timedelta(days=365)
SANS_REPONSE: Final = timedelta(days=60)


VU_LE: Final = Coalesce("revue_le", "accordee_le", output_field=DateTimeField())


def _delegations() -> QuerySet[Habilitation]:
    """Live délégations with `vue_le`, when somebody last answered for them."""
    return Habilitation.objects.vivantes().filter(role__in=ROLES_DELEGUES).annotate(vue_le=VU_LE)


def dues(maintenant: datetime, depuis: timedelta = timedelta()) -> Q:
    """Return the condition that a live habilitation is a délégation due for that long: unseen for a year, or of which a review was asked for."""
    return Q(role__in=ROLES_DELEGUES) & (
        Q(LessThanOrEqual(VU_LE, maintenant - PERIODE - depuis)) | Q(revue_demandee_le__lte=maintenant - depuis)
    )


def _dues(maintenant: datetime, depuis: timedelta = timedelta()) -> QuerySet[Habilitation]:
    """Those due for that long."""
    return _delegations().filter(dues(maintenant, depuis))


def est_due(delegation: Habilitation, maintenant: datetime) -> bool:
    """Whether this délégation, read with its `vue_le`, is due."""
    vue_le = delegation.revue_le or delegation.accordee_le
    return delegation.revue_demandee_le is not None or vue_le <= maintenant - PERIODE


def _pour_page(delegations: QuerySet[Habilitation]) -> QuerySet[Habilitation]:
    return delegations.select_related("espace", "personne", "service", "accordee_par__espace").order_by(
        VU_LE.asc(), *ORDRE
    )


def accordees_par(espace: Espace, *, personnes: Collection[int] | None = None) -> QuerySet[Habilitation]:
    """Return the délégations that this espace granted (of these personnes alone, where given), those longest unseen first."""
    return _pour_page(accordees_sous(_delegations(), espace, personnes=personnes))


def a_revoir(
    espace: Espace, maintenant: datetime, *, personnes: Collection[int] | None = None
) -> QuerySet[Habilitation]:
    """Return the délégations of this grantor that are due."""
    return _pour_page(accordees_sous(_dues(maintenant), espace, personnes=personnes))


def sans_reponse(
    espace: Espace, maintenant: datetime, *, personnes: Collection[int] | None = None
) -> QuerySet[Habilitation]:
    """Return what others granted under this titulaire and left unanswered for sixty days."""
    siennes = Habilitation.objects.vivantes().filter(espace=espace, role=Role.TITULAIRE).order_by()
    if personnes is not None:
        siennes = siennes.filter(personne__in=personnes)
    oubliees = _dues(maintenant, SANS_REPONSE).filter(parmi("adhesion", siennes.values("adhesion")))
    return _pour_page(oubliees.exclude(accordee_par__in=siennes.values("pk")))


class Lecture(Protocol):
    """One of the lists above, of some personnes or of all."""

    def __call__(self, *, personnes: Collection[int] | None = None) -> QuerySet[Habilitation]: ...


class ParAnciennete(Sequence[Habilitation]):
    """One of the lists above, turned page by page: counted by moment seen and personne by the index alone, then a page is read.

    Two queries for the length and the order, one for a page, whatever is held.
    """

    def __init__(self, lire: Lecture, *champs: str) -> None:
        self.lire, self.champs = lire, champs

    @cached_property
    def _groupes(self) -> list[tuple[datetime, int, int]]:
        """When they were seen, the personne, how many: in the order of the list."""
        groupes = list(
            self.lire()
            .select_related(None)
            .order_by()
            .values_list(VU_LE, "personne")
            .annotate(nombre=Count("adhesion"))
        )
        personnes = {personne for _, personne, _ in groupes}
        par_nom = PersonneSirenisee.objects.filter(pk__in=personnes).order_by("denomination", "siren")
        rangs = {cle: rang for rang, cle in enumerate(par_nom.values_list("pk", flat=True))} if personnes else {}
        return sorted(groupes, key=lambda groupe: (groupe[0], rangs[groupe[1]]))

    def __len__(self) -> int:
        return sum(nombre for *_, nombre in self._groupes)

    def __getitem__(self, rangs: Any) -> Any:
        voulus, avant, passees = set(), 0, 0
        for vue_le, personne, nombre in self._groupes:
            if avant + nombre <= rangs.start:
                passees += nombre
            elif avant < rangs.stop:
                voulus.add((vue_le, personne))
            avant += nombre
        if not voulus:
            return []
        moments, personnes = [vue_le for vue_le, _ in voulus], {personne for _, personne in voulus}
        lues = self.lire(personnes=personnes).filter(
            GreaterThanOrEqual(VU_LE, min(moments)), LessThanOrEqual(VU_LE, max(moments))
        )
        gardees = [
            une for une in lues.only(*self.champs) if ((une.revue_le or une.accordee_le), une.personne_id) in voulus
        ]
        return gardees[rangs.start - passees : rangs.stop - passees]


@transaction.atomic
def revoir(
    *,
    acteur: Espace,
    confirmees: Collection[Habilitation] = (),
    retirees: Collection[Habilitation] = (),
    reprendre: bool = False,
    montrees: Collection[UUID] | None = None,
    maintenant: datetime | None = None,
) -> list[Habilitation]:
    """Confirm some délégations for a year and withdraw others, all or nothing; journal each; return what ended.

    Who may withdraw one may confirm it. What hangs under a withdrawn one falls, or is taken over (`reprendre`), as is
    what is confirmed.
    Raises: AucuneLigne, ActeurNonActif, LignesRefusees (DroitInsuffisant, HabilitationTerminee, PasUneDelegation), ApercuChange.
    """
    maintenant = maintenant or timezone.now()
    if not confirmees and not retirees:
        raise AucuneLigne
    acteur = verrouiller_acteur(acteur)
    # All the locks at once, in their order, before either half takes its own.
    verrouiller_adhesions(habilitation.adhesion_id for habilitation in (*confirmees, *retirees))
    if confirmees:
        _confirmer(acteur, confirmees, maintenant)
    if not retirees:
        return []
    return retirer_delegation(
        acteur=acteur,
        delegations=retirees,
        reprendre=reprendre,
        gardees=confirmees,
        montrees=montrees,
        maintenant=maintenant,
    )


def _confirmer(acteur: Espace, delegations: Collection[Habilitation], maintenant: datetime) -> None:
    fraiches = relire(delegation.pk for delegation in delegations)
    miennes = siennes(acteur, {h.adhesion_id for h in fraiches}, jour=timezone.localdate(maintenant))
    refusees = []
    for delegation in fraiches:
        mienne = miennes.get(delegation.adhesion_id)
        regle: RegleMetier | None = HabilitationTerminee()
        if mienne is None:
            regle = DroitInsuffisant()
        elif delegation.est_vivante:
            regle = retrait_permis(mienne, delegation)
        if regle is not None:
            refusees.append(LigneRefusee(delegation.personne, delegation.service, regle))
    if refusees:
        raise LignesRefusees(refusees)
    for delegation in fraiches:
        consigner(
            actes.DELEGATION_CONFIRMEE,
            auteur=acteur,
            espace=delegation.espace,
            siren=delegation.personne.siren,
            service=delegation.service.code,
            details={"role": delegation.role},
        )
    Habilitation.objects.filter(pk__in=[delegation.pk for delegation in fraiches]).update(
        revue_le=maintenant, revue_demandee_le=None
    )


def revoir_delegations(*, maintenant: datetime | None = None) -> int:
    """Remind each grantor of what is due and each titulaire of what stays unanswered, once a month at most.

    May run twice: a mail is unique per espace and month. Returns how many espaces were written to now.
    """
    maintenant = maintenant or timezone.now()
    mandants = (
        _dues(maintenant)
        .filter(_pas_encore_ecrit("revue_delegations", "accordee_par__espace", maintenant))
        .order_by("accordee_par__espace")
        .values_list("accordee_par__espace", flat=True)
        .distinct()
    )
    ecrits = chacun("revues", mandants.iterator(), lambda cle: _rappeler(cle, "revue_delegations", maintenant))
    oubliees = _dues(maintenant, SANS_REPONSE).exclude(accordee_par__role=Role.TITULAIRE)
    titulaires = (
        Habilitation.objects.vivantes()
        .filter(role=Role.TITULAIRE, adhesion__in=oubliees.values("adhesion"))
        .filter(_pas_encore_ecrit("revue_sans_reponse", "espace", maintenant))
        .order_by("espace")
        .values_list("espace", flat=True)
        .distinct()
    )
    return ecrits + chacun(
        "revues_sans_reponse", titulaires.iterator(), lambda cle: _rappeler(cle, "revue_sans_reponse", maintenant)
    )


def _acte(genre: str, cle: str, maintenant: datetime) -> str:
    return f"{genre}:{cle}:{timezone.localdate(maintenant):%Y-%m}"


def _pas_encore_ecrit(genre: str, qui: str, maintenant: datetime) -> Q:
    """Whether this month's mail to that espace is still to be written."""
    debut, fin = _acte(genre, "|", maintenant).split("|")
    acte = Concat(Value(debut), Cast(OuterRef(qui), CharField()), Value(fin))
    return ~Q(Exists(Courriel.objects.filter(acte=acte)))


def _rappeler(cle: uuid.UUID, genre: str, maintenant: datetime) -> int:
    espace = Espace.objects.select_related("compte").get(pk=cle)
    lignes = a_revoir(espace, maintenant) if genre == "revue_delegations" else sans_reponse(espace, maintenant)
    if not espace.est_actif or not lignes:  # withdrawn or confirmed since the list was read
        return 0
    avis.ecrire(
        genre,
        espace=espace,
        acte=_acte(genre, str(cle), maintenant),
        habilitations=lignes,
        beneficiaires=sorted({ligne.espace.nom_complet for ligne in lignes}),
    )
    return 1
