"""What the page of one company reads: what one holds there, who has access as far as one may see, what is not held.

All starts from the espace's own habilitations on this personne, one a service at most. The number of queries depends on
neither the services nor the persons.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Exists, Max, Q
from django.utils import timezone

from accounts.models import Espace, ServiceGestionnaire, TraceLecture
from services.catalogue.lectures import catalogue_et_dates
from services.models import Echeance, PersonneSirenisee, Service

from ..arbre.recentes import OBJET, a_l_essai
from ..droits.roles import (
    DELEGUER_ACTEUR,
    GERER_COURRIEL,
    GERER_SUPPLEANTS,
    LIRE_MESSAGERIE,
    RETIRER_SES_DELEGATIONS,
    UTILISER,
    VOIR_BANQUE,
    VOIR_HABILITATIONS,
    roles_pour,
)
from ..models import Habilitation, Preference, Role
from ..models.habilitation import HabilitationQuerySet
from ..partage.autorite import peut_changer
from .echeances import PROCHAINES

LUES_AU_PLUS: Final = 400  # habilitations of others on one page
LIGNES_PAR_PAGE: Final = 40  # of the trees
NOMS_EN_VUE: Final = 5
EN_TITRE: Final = 3
RANGS: Final = {role: rang for rang, role in enumerate(Role.values)}
ASCENDANTS: Final = ("accordee_par", "accordee_par__accordee_par", "accordee_par__accordee_par__accordee_par")
"""The roles leave a tree four levels: titulaire, suppléant, acteur délégant, acteur."""
COLONNES: Final = (
    "adhesion",
    "service",
    "espace",
    "role",
    "etat",
    "accordee_par",
    "accordee_le",
    "expire_le",
    "fin_le",
)


@dataclass(frozen=True)
class Entreprise:
    """One personne as one of its holders sees it: what every tab begins with."""

    personne: PersonneSirenisee
    miennes: list[Habilitation]
    aujourd_hui: date
    favorite: bool = False

    @cached_property
    def actives(self) -> list[Habilitation]:
        return [mienne for mienne in self.miennes if mienne.est_active(self.aujourd_hui)]

    @property
    def en_veille(self) -> int:
        return len(self.miennes) - len(self.actives)

    def donnent(self, permission: str) -> list[Habilitation]:
        """Return what the viewer holds here that gives this permission."""
        return [mienne for mienne in self.actives if mienne.role in roles_pour(permission)]

    @property
    def roles(self) -> list[tuple[str, int]]:
        """The roles of the viewer that give a right today, each with how many services."""
        comptes = [(role, sum(mienne.role == role for mienne in self.actives)) for role in Role]
        return [(str(role.label), nombre) for role, nombre in comptes if nombre]

    @cached_property
    def administre(self) -> bool:
        """Whether the viewer may see who holds what of some service here."""
        return bool(self.donnent(VOIR_HABILITATIONS))

    @property
    def peut_deleguer(self) -> bool:
        return bool(self.donnent(DELEGUER_ACTEUR)) and self.personne.admet_de_nouveaux_droits

    @property
    def peut_designer_suppleant(self) -> bool:
        return bool(self.donnent(GERER_SUPPLEANTS)) and self.personne.admet_de_nouveaux_droits

    @property
    def gere_le_courriel(self) -> bool:
        """Whether the viewer may have the company's e-mail changed (R21)."""
        return any(m.service.famille == Service.Famille.MESSAGERIE for m in self.donnent(GERER_COURRIEL))

    @property
    def lit_la_messagerie(self) -> bool:
        """Whether the viewer holds the Messagerie here, hence reads its mailbox."""
        return any(m.service.famille == Service.Famille.MESSAGERIE for m in self.donnent(LIRE_MESSAGERIE))

    @property
    def voit_les_comptes(self) -> bool:
        """Whether the viewer holds a paying service here, hence sees the accounts that it pays from (R20)."""
        return any(m.service.paiement for m in self.donnent(VOIR_BANQUE))

    @property
    def est_titulaire(self) -> bool:
        return any(mienne.role == Role.TITULAIRE for mienne in self.miennes)


def _tenues(espace: Espace, jour: date) -> HabilitationQuerySet:
    """Return what this espace holds, en veille too; what is past its last day is over, even before the job has ended it."""
    return (
        Habilitation.objects.vivantes().filter(Q(expire_le__isnull=True) | Q(expire_le__gte=jour)).de_l_espace(espace)
    )


def entreprise(espace: Espace, siren: str, *, jour: date | None = None) -> Entreprise | None:
    """Return this personne for who holds something there, None for anybody else as for an unknown SIREN: one query."""
    jour = jour or timezone.localdate()
    choisie = Preference.objects.filter(espace=espace, favoris__contains=[siren])
    miennes = list(
        _tenues(espace, jour)
        .filter(personne__siren=siren)
        .annotate(favorite=Exists(choisie))
        .select_related(
            "service", "espace", "personne__service_gestionnaire", *(f"{chemin}__espace" for chemin in ASCENDANTS)
        )
        .only(
            *_colonnes("", *ASCENDANTS),
            "veille_motif",
            *(f"service__{nom}" for nom in _DU_SERVICE),
            *(f"personne__{champ.name}" for champ in PersonneSirenisee._meta.concrete_fields),
            *(f"personne__service_gestionnaire__{nom}" for nom in _DU_GESTIONNAIRE),
        )
        .order_by("service__ordre", "service__code")
    )
    return Entreprise(miennes[0].personne, [*miennes], jour, favorite=miennes[0].favorite) if miennes else None


_DU_SERVICE: Final = ("code", "libelle", "famille", "besoins", "paiement", "ferme_le", "ordre")
_DU_GESTIONNAIRE: Final = tuple(champ.name for champ in ServiceGestionnaire._meta.concrete_fields)


def _colonnes(*chemins: str) -> Iterator[str]:
    """Yield what is read of the habilitations at the end of these paths, their holders' names included."""
    for chemin in chemins:
        debut = f"{chemin}__" if chemin else ""
        for nom in (*COLONNES, "espace__nom", "espace__prenom", "espace__numero_abonne"):
            yield f"{debut}{nom}"


# --- The services -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LigneService:
    """One service that is held; `partage` is how many others hold it, None for who may not see them, or when too many are."""

    habilitation: Habilitation
    partage: int | None
    recente: bool
    utilisable: bool
    delegable: bool


@dataclass(frozen=True)
class Personne:
    """Somebody who has access, in which roles to how many services."""

    nom: str
    moi: bool
    roles: list[tuple[str, int]]


@dataclass(frozen=True)
class ServicesDeLEntreprise:
    """The first tab: what is held by family, what is not, who has access, the next dates; `nombre` is 0 where there are too many to count."""

    familles: list[tuple[str, list[LigneService]]]
    absents: list[Service]
    personnes: list[Personne]
    nombre: int
    echeances: list[Echeance]


def services_de(vue: Entreprise, espace: Espace) -> ServicesDeLEntreprise:
    """Return what the first tab shows: two queries."""
    maintenant = timezone.now()
    autres = _autres(vue, espace)
    entieres = len(autres) < LUES_AU_PLUS
    voit = {m.adhesion_id for m in vue.actives if entieres and m.role in roles_pour(VOIR_HABILITATIONS)}
    expert = espace.mode == Espace.Mode.EXPERT and vue.personne.admet_de_nouveaux_droits
    delegables = {m.pk for m in vue.donnent(DELEGUER_ACTEUR)} if expert else set()
    nombres: dict[int, int] = defaultdict(int)
    for autre in autres:
        nombres[autre.adhesion_id] += 1
    familles: dict[str, list[LigneService]] = {}
    for mienne in vue.miennes:
        ligne = LigneService(
            mienne,
            nombres[mienne.adhesion_id] if mienne.adhesion_id in voit else None,
            a_l_essai(mienne, maintenant=maintenant),
            mienne.est_active(vue.aujourd_hui) and mienne.role in roles_pour(UTILISER),
            mienne.pk in delegables,
        )
        familles.setdefault(mienne.service.get_famille_display(), []).append(ligne)
    tenus = {mienne.service_id for mienne in vue.miennes}
    catalogue, dates = catalogue_et_dates(vue.aujourd_hui)
    absents = [s for s in catalogue if s.pk not in tenus and s.ferme_a(vue.personne) is None]
    utilisables = {
        ligne.habilitation.service_id for _, lignes in familles.items() for ligne in lignes if ligne.utilisable
    }
    echeances = [date for date in dates if date.service_id in utilisables][:PROCHAINES]
    personnes = _personnes([*vue.miennes, *_ascendants(vue.miennes), *autres], espace)
    return ServicesDeLEntreprise(
        list(familles.items()), absents, personnes[:NOMS_EN_VUE], len(personnes) if entieres else 0, echeances
    )


def _personnes(habilitations: Iterable[Habilitation], espace: Espace) -> list[Personne]:
    """Return who holds these, oneself first, then the highest role; each habilitation counts once."""
    par_espace: dict[UUID, dict[UUID, Habilitation]] = defaultdict(dict)
    for habilitation in habilitations:
        par_espace[habilitation.espace_id][habilitation.pk] = habilitation
    lues = []
    for cle, siennes in par_espace.items():
        roles = [(role, sum(h.role == role for h in siennes.values())) for role in Role]
        tenus = [(str(role.label), nombre) for role, nombre in roles if nombre]
        une = next(iter(siennes.values()))
        rang = min(RANGS[h.role] for h in siennes.values())
        lues.append(
            ((cle != espace.pk, rang, une.espace.nom), Personne(une.espace.nom_complet, cle == espace.pk, tenus))
        )
    return [personne for _, personne in sorted(lues, key=lambda lue: lue[0])]


# --- Who has access ---------------------------------------------------------------------------------------------------


def _ascendants(miennes: Iterable[Habilitation]) -> list[Habilitation]:
    """Return those above the viewer's own, up to the titulaire: his right hangs under them."""
    trouves = []
    for mienne in miennes:
        courante = mienne
        for _ in ASCENDANTS:
            if courante.accordee_par is None:
                break
            courante = courante.accordee_par
            trouves.append(courante)
    return trouves


def _autres(vue: Entreprise, espace: Espace, service: str = "") -> list[Habilitation]:
    """Return the others' habilitations that this espace may see (design.md §4), in the services' order: one query, or none."""
    actives = [m for m in vue.actives if not service or m.service.code == service]
    voit = [m.adhesion_id for m in actives if m.role in roles_pour(VOIR_HABILITATIONS)]
    delegantes = roles_pour(RETIRER_SES_DELEGATIONS) - roles_pour(VOIR_HABILITATIONS)
    accorde = [m for m in actives if m.role in delegantes]
    if not voit and not accorde:
        return []
    visibles = Habilitation.objects.vivantes().filter(adhesion__in=[*voit, *(m.adhesion_id for m in accorde)])
    if accorde:
        visibles = visibles.filter(Q(adhesion__in=voit) | Q(accordee_par__in=[m.pk for m in accorde]))
    return list(
        visibles.exclude(espace=espace)
        .select_related("espace", "service")
        .only(*_colonnes(""), *(f"service__{nom}" for nom in _DU_SERVICE))
        .order_by("service__ordre", "service__code", "pk")[:LUES_AU_PLUS]
    )


@dataclass
class Noeud:
    """One holder in a tree, and those under him."""

    habilitation: Habilitation
    moi: bool
    expiree: bool
    enfants: list["Noeud"] = field(default_factory=list)
    derniere_utilisation: datetime | None = None
    retirable: bool = False
    cles: list[UUID] = field(default_factory=list)  # his habilitation for each service of the sharing

    @property
    def retrait(self) -> str:
        """What the button that withdraws him posts: the action, then all that he holds in this sharing."""
        action = "retirer_suppleant" if self.habilitation.role == Role.SUPPLEANT else "retirer_delegation"
        return f"{action}:{','.join(map(str, self.cles))}"

    def parcourir(self) -> Iterator["Noeud"]:
        yield self
        for enfant in self.enfants:
            yield from enfant.parcourir()

    def forme(self) -> tuple[Any, ...]:
        """What two services must have in common to be drawn once."""
        h = self.habilitation
        siens = (h.espace_id, h.role, h.etat, h.expire_le, timezone.localdate(h.accordee_le))
        return (*siens, tuple(enfant.forme() for enfant in self.enfants))


@dataclass
class Partage:
    """Services whose tree is the same, that tree, and how many persons are not drawn; `tout`: the viewer sees all of it."""

    services: list[Service]
    racine: Noeud
    tout: bool
    cles: list[UUID] = field(default_factory=list)
    caches: int = 0

    @property
    def autres(self) -> list[Service]:
        """Those that its heading does not name."""
        return self.services[EN_TITRE:]


@dataclass(frozen=True)
class Acces:
    """The tab « Accès »: a page of trees; `tronque` when there was more than is read at once."""

    page: Page[list[Partage]]
    partages: list[Partage]
    personnes: int
    tronque: bool


def acces(vue: Entreprise, espace: Espace, *, service: str = "", page: str = "1") -> Acces:
    """Return the trees that this espace may see, services that have the same drawn once: two queries."""
    miennes = [m for m in vue.miennes if not service or m.service.code == service]
    autres = _autres(vue, espace, service)
    tronque = len(autres) == LUES_AU_PLUS
    if tronque and autres[0].adhesion_id != autres[-1].adhesion_id:
        # The last one may not be whole: it is shown when it is asked for alone.
        autres = [autre for autre in autres if autre.adhesion_id != autres[-1].adhesion_id]
    if tronque:
        lues = {autre.adhesion_id for autre in autres}
        miennes = [m for m in miennes if m.adhesion_id in lues]
    voit = {m.adhesion_id for m in vue.actives if m.role in roles_pour(VOIR_HABILITATIONS)}
    par_adhesion: dict[int, dict[UUID, Habilitation]] = {m.adhesion_id: {m.pk: m} for m in miennes}
    for habilitation in (*_ascendants(miennes), *autres):
        par_adhesion[habilitation.adhesion_id].setdefault(habilitation.pk, habilitation)
    partages: dict[tuple[Any, ...], Partage] = {}
    actives = {m.adhesion_id for m in vue.actives}
    for mienne in miennes:
        siennes = list(par_adhesion[mienne.adhesion_id].values())
        racine = _arbre(siennes, espace, vue.aujourd_hui)
        tout = mienne.adhesion_id in voit
        if mienne.adhesion_id in actives:
            for noeud in racine.parcourir():
                noeud.retirable = not noeud.moi and peut_changer(mienne, noeud.habilitation)
        partage = partages.setdefault((tout, racine.forme()), Partage([], racine, tout))
        for place, noeud in zip(partage.racine.parcourir(), racine.parcourir(), strict=True):
            place.cles.append(noeud.habilitation.pk)
        partage.services.append(mienne.service)
        partage.cles += [h.pk for h in siennes]
    personnes = {h.espace_id for arbre in par_adhesion.values() for h in arbre.values()}
    lue = Paginator(_pages(list(partages.values())), 1).get_page(page)
    montres = lue.object_list[0] if lue.object_list else []
    _dire_les_utilisations(montres)
    return Acces(lue, montres, len(personnes), tronque)


def _arbre(habilitations: Sequence[Habilitation], espace: Espace, jour: date) -> Noeud:
    """Return the tree of one adhésion from what may be seen of it: what is above the highest is not there."""
    noeuds = {
        h.pk: Noeud(h, h.espace_id == espace.pk, h.expire_le is not None and h.expire_le < jour) for h in habilitations
    }
    racines = []
    for noeud in sorted(
        noeuds.values(), key=lambda n: (RANGS[n.habilitation.role], n.habilitation.espace.nom, n.habilitation.pk)
    ):
        superieur = noeud.habilitation.accordee_par_id
        if superieur in noeuds:
            noeuds[superieur].enfants.append(noeud)
        else:
            racines.append(noeud)
    return racines[0]


def _pages(partages: list[Partage]) -> list[list[Partage]]:
    """Cut the trees into pages of about forty lines; a tree longer than that is cut, and says by how many."""
    pages: list[list[Partage]] = []
    reste = 0
    for partage in partages:
        noeuds = list(partage.racine.parcourir())
        if len(noeuds) > LIGNES_PAR_PAGE:
            partage.caches = len(noeuds) - LIGNES_PAR_PAGE
            _couper(partage.racine, {id(noeud) for noeud in noeuds[:LIGNES_PAR_PAGE]})
        if not pages or len(noeuds) > reste:
            pages.append([])
            reste = LIGNES_PAR_PAGE
        pages[-1].append(partage)
        reste -= min(len(noeuds), LIGNES_PAR_PAGE)
    return pages


def _couper(noeud: Noeud, gardes: set[int]) -> None:
    noeud.enfants = [enfant for enfant in noeud.enfants if id(enfant) in gardes]
    for enfant in noeud.enfants:
        _couper(enfant, gardes)


def _dire_les_utilisations(partages: Sequence[Partage]) -> None:
    """Write beside each holder when he last opened one of these services, where the viewer sees the whole tree: one query."""
    vus = [partage for partage in partages if partage.tout]
    cles = {str(cle) for partage in vus for cle in partage.cles}
    if not cles:
        return
    numeros = [n.habilitation.espace.numero_abonne for partage in vus for n in partage.racine.parcourir()]
    ouvertures = (
        TraceLecture.objects.filter(
            lecteur__in=numeros, objet=OBJET, nature=TraceLecture.Nature.CONSULTATION, cle__in=cles
        )
        .values_list("lecteur", "cle")
        .annotate(Max("minute"))
    )
    lues = {(lecteur, cle): minute for lecteur, cle, minute in ouvertures}
    for partage in vus:
        siennes = {str(cle) for cle in partage.cles}
        for noeud in partage.racine.parcourir():
            numero = noeud.habilitation.espace.numero_abonne
            minutes = [minute for (lecteur, cle), minute in lues.items() if lecteur == numero and cle in siennes]
            noeud.derniere_utilisation = max(minutes, default=None)
