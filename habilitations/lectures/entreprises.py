"""« Vos entreprises »: the companies that an espace acts for, by company or by service (CGU §2.2, §3.5; issue 13.2).

A hundred SIREN at most (R13): they are read whole, in two queries, then searched, ordered and cut into pages here.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.contrib.postgres.aggregates import ArrayAgg
from django.core.paginator import Page, Paginator
from django.db.models import Case, CharField, Max, Q, Subquery, Value, When
from django.utils import timezone
from django.utils.http import urlencode

from accounts.models import Espace, TraceLecture
from accounts.saisies.identifiants import pour_chercher
from accounts.saisies.porte import lire_recherche
from accounts.saisies.repliement import replier
from services.models import PersonneSirenisee, Service

from ..arbre.recentes import OBJET
from ..droits.backends import donnant
from ..droits.roles import UTILISER, VOIR_HABILITATIONS, roles_pour
from ..models import Habilitation, Preference, Role
from ..models.habilitation import donne_un_droit
from .cessations import AvisDeCessation

PAR_PAGE: Final = 25
DENSE: Final = 4
"""Companies from which they are a list made for scanning; below, each opens its services at once."""
A_FILTRER: Final = 26
"""Companies from which a role, a service and what waits may be asked for; below, a name is enough."""
RECENTES: Final = 4
OUVERTURES_LUES: Final = 60
PAR_SERVICE: Final = "service"
SIGNES_D_UN_SIREN: Final = 3
VERBES: Final[dict[str, str]] = {
    famille: str(famille.label)
    for famille in (Service.Famille.CONSULTER, Service.Famille.DECLARER, Service.Famille.PAYER)
}


@dataclass(frozen=True)
class FiltresEntreprises:
    """What the list is narrowed to and how it is shown; all of it stands in the address. Unknown values count as none."""

    q: str = ""
    role: str = ""
    service: str = ""
    attente: bool = False
    vue: str = ""
    page: str = "1"

    @classmethod
    def depuis(cls, donnees: Mapping[str, str]) -> "FiltresEntreprises":
        """Read them in an address. Raises: TexteIllisible."""
        role, page = donnees.get("role", ""), donnees.get("page", "1")
        return cls(
            q=lire_recherche(donnees.get("q", "")),
            role=role if role in Role.values else "",
            service=lire_recherche(donnees.get("service", ""), 20),
            attente=donnees.get("attente") == "oui",
            vue=PAR_SERVICE if donnees.get("vue") == PAR_SERVICE else "",
            page=page if page.isascii() and page.isdecimal() else "1",
        )

    @property
    def poses(self) -> bool:
        """Whether they hide something."""
        return bool(self.q or self.role or self.attente or (self.service and not self.vue))

    @property
    def parametres(self) -> dict[str, str]:
        """What stands in the address: what differs from the plain list."""
        dits = {"vue": self.vue, "q": self.q, "role": self.role, "service": self.service}
        dits |= {"attente": "oui" if self.attente else "", "page": self.page if self.page != "1" else ""}
        return {nom: valeur for nom, valeur in dits.items() if valeur}

    @property
    def adresse(self) -> str:
        return urlencode(self.parametres)

    @property
    def par_entreprise(self) -> str:
        """The address of the same, by company."""
        return replace(self, page="1", vue="", service="").adresse

    @property
    def par_service(self) -> str:
        """The address of the same, by service."""
        return replace(self, page="1", vue=PAR_SERVICE, attente=False).adresse

    def garde(self, entreprise: "EntrepriseTenue") -> bool:
        """Whether this company answers: every word in its name, or its SIREN, whole or in part."""
        if self.q and not self._trouve(entreprise.personne):
            return False
        if self.role and self.role not in entreprise.roles:
            return False
        if self.service and self.service not in entreprise.services:
            return False
        return not self.attente or bool(entreprise.attend)

    def _trouve(self, personne: PersonneSirenisee) -> bool:
        siren = pour_chercher(self.q)
        if len(siren) >= SIGNES_D_UN_SIREN and siren in personne.siren:
            return True
        mots, nom = [replier(mot) for mot in self.q.split() if replier(mot)], replier(personne.denomination)
        return bool(mots) and all(mot in nom for mot in mots)


@dataclass(frozen=True)
class FamilleTenue:
    """The services of one family that are held for one company."""

    famille: str
    services: list[Service]

    @property
    def libelle(self) -> str:
        return str(Service.Famille(self.famille).label)


@dataclass
class EntrepriseTenue:
    """One company: the roles and the services that give a right today, by code in the catalogue's order, and what waits.

    Without any: what is held is suspended (`tenue`), or a code is still awaited.
    """

    personne: PersonneSirenisee
    favorite: bool
    tenue: bool = False
    roles: dict[str, int] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    role_du_service: dict[str, str] = field(default_factory=dict)
    role_choisi: str = ""
    # What the page adds of other floors: the line of « À faire », the closure, the last opening of the service chosen.
    attend: Any = None
    avis: AvisDeCessation | None = None
    ouverte_le: datetime | None = None

    @property
    def familles(self) -> list[FamilleTenue]:
        familles: dict[str, list[Service]] = {}
        for service in self.services.values():
            familles.setdefault(service.famille, []).append(service)
        return [FamilleTenue(famille, services) for famille, services in familles.items()]

    @property
    def dire_roles(self) -> str:
        """« Titulaire », or « Titulaire (9), acteur (2) » where they differ by service."""
        if not self.roles:
            return "En veille" if self.tenue else "Demande en cours"
        noms = [(role_court(role), self.roles[role]) for role in Role.values if role in self.roles]
        if len(noms) == 1:
            return noms[0][0].capitalize()
        return ", ".join(f"{nom} ({nombre})" for nom, nombre in noms).capitalize()


def role_court(role: str) -> str:
    """Return « titulaire », « suppléant »: who administers is understood in a list."""
    return str(Role(role).label).removeprefix("administrateur ") if role else ""


@dataclass(frozen=True)
class ServiceTenu:
    """One service of the menu « par service », and for how many companies it is held."""

    service: Service
    nombre: int

    @property
    def verbe(self) -> str:
        """What one does there, in a word."""
        return VERBES.get(self.service.famille, "Ouvrir")


def entreprises(espace: Espace, autres: Collection[int] = (), *, avec_favoris: bool = True) -> list[EntrepriseTenue]:
    """Return the companies of this espace, favourites first, then by name: two queries.

    `autres` are the keys of those of which it holds nothing yet. Without `avec_favoris` none is told from the others.
    """
    groupes = list(_groupes(espace))
    cles = {cle for groupe in groupes for cle in groupe.personnes} | set(autres)
    tenues = {
        personne.pk: EntrepriseTenue(personne, favorite and avec_favoris)
        for personne, favorite in _personnes(espace, cles)
    }
    for groupe in sorted(groupes, key=lambda groupe: (groupe.service.ordre, groupe.service.code)):
        for cle in groupe.personnes:
            tenue = tenues[cle]
            tenue.tenue = True
            if groupe.role:
                tenue.roles[groupe.role] = tenue.roles.get(groupe.role, 0) + 1
                tenue.services[groupe.service.code] = groupe.service
                tenue.role_du_service[groupe.service.code] = groupe.role
    return sorted(tenues.values(), key=lambda tenue: not tenue.favorite)  # stable: by name within each


class Groupe(NamedTuple):
    """The companies of which one service is held alike: in one role that gives a right today, or in none (`""`)."""

    service: Service
    role: str
    personnes: list[int]


def _groupes(espace: Espace) -> Iterator[Groupe]:
    """Yield a hundred rows where thousands are held: their keys come as arrays."""
    actif = Case(
        When(donne_un_droit(timezone.localdate()) & Q(role__in=roles_pour(UTILISER)), then="role"),
        default=Value(""),
        output_field=CharField(),
    )
    du_service = ("pk", "code", "libelle", "famille", "ordre", "ferme_le")
    lignes = (
        Habilitation.objects.vivantes()
        .filter(espace=espace)
        .order_by()
        .annotate(actif=actif)
        .values("actif", *(f"service__{nom}" for nom in du_service))
        .annotate(personnes=ArrayAgg("personne"))
    )
    for ligne in lignes:
        service = Service(**{nom: ligne[f"service__{nom}"] for nom in du_service})
        yield Groupe(service, ligne["actif"], ligne["personnes"])


def _personnes(espace: Espace, cles: Collection[int]) -> Iterator[tuple[PersonneSirenisee, bool]]:
    """Yield these personnes by name, each with whether it is a favourite."""
    favoris = Preference.objects.filter(espace=espace).values("favoris")
    for personne in (
        PersonneSirenisee.objects.filter(pk__in=cles)
        .annotate(favoris=Subquery(favoris))
        .select_related("service_gestionnaire")
        .order_by("denomination", "siren")
    ):
        yield personne, personne.siren in (personne.favoris or ())


@dataclass(frozen=True)
class VosEntreprises:
    """What the home page shows of them."""

    page: Page[EntrepriseTenue]
    filtres: FiltresEntreprises
    total: int
    menu: list[tuple[str, list[ServiceTenu]]] = field(default_factory=list)
    choisi: ServiceTenu | None = None
    roles: list[tuple[str, str]] = field(default_factory=list)

    @property
    def seule(self) -> EntrepriseTenue | None:
        """The one company, where there is but one, and it is shown."""
        return self.page[0] if self.total == 1 and len(self.page) and not self.dense else None

    @property
    def dense(self) -> bool:
        return self.total >= DENSE or self.filtres.poses or bool(self.filtres.vue)

    @property
    def trouvee(self) -> EntrepriseTenue | None:
        """The one company that answers what was looked for and has a page of its own."""
        seule = self.page[0] if self.filtres.q and self.page.paginator.count == 1 else None
        return seule if seule and seule.tenue else None

    @property
    def a_filtrer(self) -> bool:
        return self.total >= A_FILTRER

    @property
    def favorites(self) -> int:
        """How many rows of this page are favourites, which come first: the last of them is underlined."""
        return sum(tenue.favorite for tenue in self.page)


def vos_entreprises(
    tenues: Sequence[EntrepriseTenue], filtres: FiltresEntreprises, *, total: int | None = None
) -> VosEntreprises:
    """Return the page that is asked for of these companies, and what it can be narrowed to. Nothing is read.

    `total`: how many there are in all, where not all of them are shown.
    """
    menu, nombres = _menu(tenues)
    if filtres.vue and filtres.service not in nombres:
        filtres = replace(filtres, service=next(iter(nombres), ""), vue=filtres.vue if nombres else "")
    gardees = [tenue for tenue in tenues if filtres.garde(tenue)]
    presents = {role for tenue in tenues for role in tenue.roles}
    page = Paginator(gardees, PAR_PAGE).get_page(filtres.page)
    for tenue in page:
        tenue.role_choisi = role_court(tenue.role_du_service.get(filtres.service, "")).capitalize()
    return VosEntreprises(
        page=page,
        filtres=replace(filtres, page=str(page.number)),
        total=len(tenues) if total is None else total,
        menu=menu,
        choisi=nombres.get(filtres.service),
        roles=[(role, role_court(role).capitalize()) for role in Role.values if role in presents],
    )


def _menu(tenues: Iterable[EntrepriseTenue]) -> tuple[list[tuple[str, list[ServiceTenu]]], dict[str, ServiceTenu]]:
    """Return the services held by family, in the catalogue's order, and the same by code."""
    trouves: dict[str, Service] = {}
    comptes: dict[str, int] = defaultdict(int)
    for tenue in tenues:
        for code, service in tenue.services.items():
            trouves[code] = service
            comptes[code] += 1
    par_famille: dict[str, list[ServiceTenu]] = {}
    par_code: dict[str, ServiceTenu] = {}
    for service in sorted(trouves.values(), key=lambda service: (service.ordre, service.code)):
        par_code[service.code] = ServiceTenu(service, comptes[service.code])
        par_famille.setdefault(str(Service.Famille(service.famille).label), []).append(par_code[service.code])
    return list(par_famille.items()), par_code


def nombre_d_autres(espace: Espace, personne: PersonneSirenisee) -> int:
    """Return how many others have access where this espace administers, en veille included: one query."""
    administrees = donnant(VOIR_HABILITATIONS, espace).filter(personne=personne).values("adhesion")
    autres = Habilitation.objects.vivantes().filter(adhesion__in=administrees).exclude(espace=espace)
    return autres.values("espace").distinct().count()


def ouvertes_recemment(espace: Espace, tenues: Iterable[EntrepriseTenue]) -> list[EntrepriseTenue]:
    """Return the companies whose services this espace opened last, as its readings tell: one query."""
    sirens = (
        TraceLecture.objects.filter(lecteur=espace.numero_abonne, objet=OBJET, nature=TraceLecture.Nature.CONSULTATION)
        .order_by("-minute")
        .values_list("details__siren", flat=True)[:OUVERTURES_LUES]
    )
    par_siren = {tenue.personne.siren: tenue for tenue in tenues if tenue.services}
    return [par_siren[siren] for siren in dict.fromkeys(sirens) if siren in par_siren][:RECENTES]


def dernieres_ouvertures(espace: Espace, service: Service, personnes: Collection[int]) -> dict[int, datetime]:
    """Return when this espace last opened this service for each of these personnes, by key: two queries."""
    cles = {
        str(cle): personne
        for cle, personne in Habilitation.objects.vivantes()
        .filter(espace=espace, service=service, personne__in=personnes)
        .values_list("pk", "personne")
    }
    quand = (
        TraceLecture.objects.filter(
            lecteur=espace.numero_abonne, objet=OBJET, nature=TraceLecture.Nature.CONSULTATION, cle__in=cles
        )
        .order_by()
        .values_list("cle")
        .annotate(Max("minute"))
    )
    return {cles[cle]: minute for cle, minute in quand}
