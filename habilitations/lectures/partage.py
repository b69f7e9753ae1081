"""What the pages of the sharing read: who holds what under one's authority, what one holds, what one may share.

The number of queries does not depend on the number of SIREN. A list starts from the espace's own habilitations (at most
100 SIREN × 30 services), so that what is read is found by index from there.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.core.paginator import Page, Paginator
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.identifiants import compacter, pour_chercher
from accounts.saisies.porte import lire_recherche
from services.models import PersonneSirenisee, Service

from ..arbre.expirations import PREAVIS
from ..droits.backends import donnant
from ..droits.cles import CLES_AU_PLUS, parmi, textes_de
from ..models import ORDRE, Adhesion, DemandeRetrait, Habilitation, Role
from .recherche import contient, nomme

PAR_PAGE: Final = 25
SIREN_PAR_PAGE: Final = 6  # × 30 services: what a page may hold of boxes
RETRAITS_AU_PLUS: Final = 50
UN_AN: Final = timedelta(days=365)
# As it reads in a list: whatever its state, what is past its last day gives no right, even before the job has ended it.
EXPIREE: Final = "EXPIREE"
BIENTOT: Final = "BIENTOT"
ETATS: Final = (
    *Habilitation.Etat.choices,
    (BIENTOT, f"se termine dans les {PREAVIS.days} jours"),
    (EXPIREE, "expirée"),
)
PAR_VOUS: Final = "vous"


def expirees(habilitations: Iterable[Habilitation], jour: date | None = None) -> set[UUID]:
    """Return the keys of those whose last day is past on that day (today by default)."""
    jour = jour or timezone.localdate()
    return {h.pk for h in habilitations if h.expire_le is not None and h.expire_le < jour}


def etat_lisible(habilitation: Habilitation, jour: date | None = None) -> str:
    """Return its state as a list shows it on that day (today by default)."""
    return dict(ETATS)[EXPIREE] if expirees([habilitation], jour) else habilitation.get_etat_display()


def fin_prochaine(aujourd_hui: date) -> Q:
    """Return the condition that a habilitation ends within the fifteen days of the notice (R11)."""
    return Q(expire_le__range=(aujourd_hui, aujourd_hui + PREAVIS))


@dataclass(frozen=True)
class Filtres:
    """What a list is narrowed to. Unknown values count as none."""

    q: str = ""
    service: str = ""
    role: str = ""
    etat: str = ""
    par: str = ""
    siren: str = ""

    @classmethod
    def depuis(cls, donnees: Mapping[str, str]) -> "Filtres":
        """Read the filters of an address or of a form. Raises: TexteIllisible."""
        role, etat = donnees.get("role", ""), donnees.get("etat", "")
        return cls(
            q=lire_recherche(donnees.get("q", "")),
            service=lire_recherche(donnees.get("service", ""), 20),
            role=role if role in Role.values else "",
            etat=etat if etat in dict(ETATS) else "",
            siren=lire_recherche(donnees.get("siren", ""), 9),
            par=PAR_VOUS if donnees.get("par") == PAR_VOUS else "",
        )

    @property
    def dits(self) -> dict[str, str]:
        """Return what an address says of them."""
        return {nom: valeur for nom, valeur in vars(self).items() if valeur}

    @property
    def poses(self) -> bool:
        return bool(self.dits)

    def appliquer(
        self, habilitations: QuerySet[Habilitation], *, espace: Espace, noms: bool = True
    ) -> QuerySet[Habilitation]:
        """Narrow by SIREN or dénomination (or the holder's name, with `noms`), service, role, state, one company, who granted it.

        The words are looked for in the personnes that `espace` holds, 100 at most (R13), never in the whole country.
        """
        if self.q:
            trouve = Q(parmi("personne", personnes_trouvees(espace, self.q).values("pk")))
            if noms:  # looked for among whoever holds some of these, each once, not line by line
                tenues = habilitations.select_related(None).order_by().values("espace").distinct()
                nommes = Espace.objects.filter(parmi("pk", tenues))
                nommes = nommes.filter(nomme(self.q) | Q(numero_abonne=compacter(self.q)))
                trouve |= Q(parmi("espace", nommes.values("pk")))
            habilitations = habilitations.filter(trouve)
        if self.service:
            habilitations = habilitations.filter(service__code=self.service)
        if self.role:
            habilitations = habilitations.filter(role=self.role)
        if self.siren:
            habilitations = habilitations.filter(personne__siren=self.siren)
        if self.par:
            habilitations = habilitations.filter(accordee_par__espace=espace)
        if self.etat == BIENTOT:
            habilitations = habilitations.filter(fin_prochaine(timezone.localdate()))
        elif self.etat:
            passees = Q(expire_le__isnull=False, expire_le__lt=timezone.localdate())
            habilitations = habilitations.filter(
                passees if self.etat == EXPIREE else Q(etat=self.etat) & (Q(expire_le__isnull=True) | ~passees)
            )
        return habilitations


def personnes_trouvees(espace: Espace, recherche: str) -> QuerySet[PersonneSirenisee]:
    """Return the personnes held by this espace, 100 at most, whose SIREN or dénomination answers."""
    tenues = Habilitation.objects.vivantes().filter(espace=espace).values("personne").distinct()
    return PersonneSirenisee.objects.filter(
        parmi("pk", tenues),
        contient("denomination", recherche) | Q(siren__startswith=pour_chercher(recherche) or "-"),
    )


def mes_habilitations(espace: Espace) -> QuerySet[Habilitation]:
    """Return all that this espace holds, live, with who granted it and whether it asked to leave (`a_quitter`)."""
    demandes = DemandeRetrait.objects.filter(habilitation=OuterRef("pk"), etat=DemandeRetrait.Etat.DEPOSEE)
    return (
        Habilitation.objects.vivantes()
        .filter(espace=espace)
        .annotate(a_quitter=Exists(demandes))
        .select_related("espace", "personne", "service", "accordee_par__espace")
        .order_by(*ORDRE)
    )


def nombres_par_personne(habilitations: QuerySet[Habilitation]) -> list[tuple[int, int, list[int]]]:
    """Return the key of each personne of this list, by name, how many habilitations it has of it, on which services: one query.

    The names are looked up once they are grouped: one look-up a personne, not one a habilitation. What is counted stands in the
    index of the question.
    """
    groupes = (
        habilitations.select_related(None)
        .order_by()
        .values("personne")
        .annotate(nombre=Count("adhesion"), services=ArrayAgg("service", distinct=True))
    )
    nommes = groupes.annotate(dite=textes_de(PersonneSirenisee, "personne", "denomination", "siren"))
    return list(nommes.order_by("dite").values_list("personne", "nombre", "services"))


class ParPersonne(Paginator):
    """Pages of habilitations in ORDRE, which begins with the personne: counted by personne, of which an espace has 100 at most.

    A page then reads its own one or two personnes, however far it is in the list.
    """

    object_list: Any

    @cached_property
    def _nombres(self) -> list[tuple[int, int, list[int]]]:
        return nombres_par_personne(self.object_list)

    @cached_property
    def count(self) -> int:
        return sum(nombre for _, nombre, _ in self._nombres)

    @property
    def services(self) -> set[int]:
        """The keys of the services of this list."""
        return {service for *_, services in self._nombres for service in services}

    def page(self, number: int | str) -> Page[Habilitation]:
        number = self.validate_number(number)
        debut = (number - 1) * self.per_page
        personnes, avant, passees = [], 0, 0
        for cle, nombre, _ in self._nombres:
            if avant + nombre <= debut:
                passees += nombre
            elif avant < debut + self.per_page:
                personnes.append(cle)
            avant += nombre
        de_la_page = self.object_list.filter(personne__in=personnes)[debut - passees : debut - passees + self.per_page]
        return Page(list(de_la_page), number, self)


# What a list says of each line, and what decides on it.
A_MONTRER: Final = (
    "adhesion",
    "role",
    "etat",
    "accordee_le",
    "expire_le",
    "fin_le",
    "veille_motif",
    "espace__prenom",
    "espace__nom",
    "espace__numero_abonne",
    "personne__denomination",
    "personne__siren",
    "service__libelle",
    "accordee_par__role",
    "accordee_par__accordee_le",
    "accordee_par__espace__prenom",
    "accordee_par__espace__nom",
)


def page_de(habilitations: QuerySet[Habilitation], numero: str, etat: str = "") -> Page[Habilitation]:
    """Return one page of a list that is in ORDRE, or of what ends soon, the nearest last day first: two queries."""
    lues = habilitations.only(*A_MONTRER)
    if etat == BIENTOT:
        return Paginator(lues.order_by("expire_le", *ORDRE), PAR_PAGE).get_page(numero)
    return ParPersonne(lues, PAR_PAGE).get_page(numero)


def services_de_la_page(page: Page[Habilitation]) -> list[tuple[str, str]]:
    """Return the services of the whole list of this page as choices of its filter, in the catalogue's order: one query."""
    assert isinstance(page.paginator, ParPersonne)  # noqa: S101 - made by page_de
    presents = Service.objects.filter(pk__in=page.paginator.services)
    return list(presents.order_by("ordre", "code").values_list("code", "libelle"))


def partageables(espace: Espace, permission: str) -> QuerySet[Habilitation]:
    """Return this espace's own habilitations that let it share, with this permission."""
    return donnant(permission, espace)


def _parmi(habilitations: QuerySet[Habilitation], adhesions: Collection[int]) -> QuerySet[Habilitation]:
    """Narrow to these adhésions where they are few: thousands of keys are not sent, all that is held is read instead."""
    return habilitations.filter(adhesion__in=adhesions) if len(adhesions) <= CLES_AU_PLUS else habilitations


@dataclass(frozen=True, slots=True)
class Retenue:
    """One of the habilitations of `espace` that let it share, as the pages of a designation read it.

    `adhesion` has its personne and its service, and is open: what is under a closed one has ended (trigger of habilitations/0002).
    """

    espace: Espace
    adhesion: Adhesion
    role: str
    expire_le: date | None

    @property
    def adhesion_id(self) -> int:
        return self.adhesion.pk

    @property
    def espace_id(self) -> UUID:
        return self.espace.pk

    @property
    def personne(self) -> PersonneSirenisee:
        return self.adhesion.personne

    @property
    def personne_id(self) -> int:
        return self.adhesion.personne_id

    @property
    def service(self) -> Service:
        return self.adhesion.service

    @property
    def service_id(self) -> int:
        return self.adhesion.service_id


# What the pages of a designation say of a personne and of a service; the rest of them is read if it is asked for.
_DE_LA_PERSONNE: Final = ("id", "siren", "denomination", "active", "cessation_contestee_le")
_DU_SERVICE: Final = ("id", "code", "libelle", "famille", "ordre")


def retenues(espace: Espace, permission: str, adhesions: Collection[int]) -> list[Retenue]:
    """Return this espace's own habilitations on these adhésions, as far as they still let it share: one query.

    What is read of thousands stands in the index of the question: neither their rows nor their adhésions are.
    """
    voulues = set(adhesions)
    lues = _parmi(partageables(espace, permission), voulues).order_by(
        *(cle for cle in ORDRE if not cle.startswith(("espace", "pk")))  # of one espace, no two are alike in these
    )
    siennes, des_personnes = ("adhesion", "role", "expire_le"), [f"personne__{nom}" for nom in _DE_LA_PERSONNE]
    personnes: dict[int, PersonneSirenisee] = {}
    services: dict[int, Service] = {}
    gardees = []
    for ligne in lues.values_list(*siennes, *des_personnes, *(f"service__{nom}" for nom in _DU_SERVICE)):
        cle, role, expire_le = ligne[:3]
        if cle not in voulues:
            continue
        personne, service = ligne[3 : 3 + len(_DE_LA_PERSONNE)], ligne[3 + len(_DE_LA_PERSONNE) :]
        if personne[0] not in personnes:
            personnes[personne[0]] = PersonneSirenisee.from_db(DEFAULT_DB_ALIAS, _DE_LA_PERSONNE, personne)
        if service[0] not in services:
            services[service[0]] = Service.from_db(DEFAULT_DB_ALIAS, _DU_SERVICE, service)
        adhesion = Adhesion.from_db(
            DEFAULT_DB_ALIAS, ("id", "personne_id", "service_id", "fermee_le"), (cle, personne[0], service[0], None)
        )
        adhesion.personne, adhesion.service = personnes[personne[0]], services[service[0]]
        gardees.append(Retenue(espace, adhesion, role, expire_le))
    return gardees


@dataclass(frozen=True)
class PersonneAPartager:
    """One personne and what may be shared of it: the key of each adhésion, as a form posts it, and its service."""

    personne: PersonneSirenisee
    services: list[tuple[str, str]]


def personnes_a_partager(
    habilitations: QuerySet[Habilitation], numero: str
) -> tuple[Page[int], Sequence[PersonneAPartager], int]:
    """Return one page of SIREN, each with its services that may be shared, and how many services in all: three queries."""
    nombres = nombres_par_personne(habilitations)
    page = Paginator([cle for cle, *_ in nombres], SIREN_PAR_PAGE).get_page(numero)
    personnes = PersonneSirenisee.objects.only("denomination", "siren").in_bulk(list(page))
    lues = {cle: PersonneAPartager(personnes[cle], []) for cle in page}
    for cle, adhesion, libelle in (
        habilitations.filter(personne__in=list(lues))
        .order_by("service__ordre", "service__code")
        .values_list("personne", "adhesion", "service__libelle")
    ):
        lues[cle].services.append((str(adhesion), libelle))
    return page, list(lues.values()), sum(nombre for _, nombre, _ in nombres)


def services_du_filtre(habilitations: QuerySet[Habilitation]) -> list[tuple[str, str]]:
    """Return the services of this list as choices of its filter, in the catalogue's order: one query."""
    presents = Service.objects.filter(pk__in=habilitations.order_by().values("service"))
    return list(presents.order_by("ordre", "code").values_list("code", "libelle"))


def codes_du_catalogue() -> list[tuple[str, str]]:
    """Return what a file may write in its column of the services: one query."""
    return list(Service.objects.values_list("code", "libelle"))


# --- Requests to leave ------------------------------------------------------------------------------------------------


def _retraits() -> QuerySet[DemandeRetrait]:
    return DemandeRetrait.objects.select_related(
        "demandeur",
        "service_gestionnaire",
        "habilitation__personne",
        "habilitation__service",
        "habilitation__adhesion",
        "habilitation__espace",
    )


def mes_retraits(espace: Espace) -> QuerySet[DemandeRetrait]:
    """Return the requests to leave that this espace made, newest first."""
    return _retraits().filter(demandeur=espace).order_by("-deposee_le", "pk")


def retraits_a_traiter(espace: Espace) -> QuerySet[DemandeRetrait]:
    """Return the requests that wait for this espace's answer, as titulaire of today."""
    titulaires = Habilitation.objects.actives(timezone.localdate()).filter(espace=espace, role=Role.TITULAIRE)
    return (
        _retraits()
        .filter(
            etat=DemandeRetrait.Etat.DEPOSEE,
            service_gestionnaire=None,
            habilitation__adhesion__in=titulaires.values("adhesion"),
        )
        .order_by("deposee_le", "pk")
    )


def retraits_pour(espace: Espace, miennes: Iterable[Habilitation], personne: PersonneSirenisee) -> list[DemandeRetrait]:
    """Return the requests to leave of this personne that this espace made, or has to answer as titulaire: one query.

    Those that are over for the year only, the newest fifty.
    """
    titulaire = [m.adhesion_id for m in miennes if m.role == Role.TITULAIRE]
    a_traiter = Q(etat=DemandeRetrait.Etat.DEPOSEE, service_gestionnaire=None, habilitation__adhesion__in=titulaire)
    recentes = Q(demandeur=espace, deposee_le__gt=timezone.now() - UN_AN)
    return list(
        _retraits()
        .filter(recentes | a_traiter, habilitation__personne=personne)
        .order_by("-deposee_le", "pk")[:RETRAITS_AU_PLUS]
    )
