"""« Vos habilitations »: what an espace holds, what is suspended and what it lost, why and by whom (issue 10.9).

All starts from the espace's own habilitations, by index: at most 100 SIREN × 30 services live, and what it once held.
What it reads of others is a name and a role, as its mails and its journal tell them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import batched
from typing import Any, Final
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.db.models import (
    BooleanField,
    CharField,
    Count,
    DateTimeField,
    ExpressionWrapper,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Cast, TruncDate
from django.utils import timezone

from accounts.models import Espace, Evenement, TraceLecture
from accounts.saisies.dates import jour
from accounts.saisies.elisions import de
from accounts.saisies.identifiants import pour_chercher
from accounts.saisies.porte import lire_recherche
from accounts.traces.journal import consigner
from services.models import PersonneSirenisee, Service

from .. import actes
from ..arbre.recentes import OBJET
from ..arbre.substitutions import DELAI_DE_DECISION
from ..droits.cles import parmi, textes_de
from ..models import ORDRE, Habilitation, Mandat, Role
from ..tableurs.ecriture import en_xlsx, morceaux_csv
from .partage import etat_lisible
from .recherche import contient

ACTIVES: Final = "actives"
EN_VEILLE: Final = "en-veille"
PERDUES: Final = "perdues"
SITUATIONS: Final = {ACTIVES: "Actives", EN_VEILLE: "En veille", PERDUES: "Perdues"}
TAILLES: Final = (25, 50, 100)  # companies
ORDRES: Final = {
    "entreprise": "par nom d’entreprise",
    "recentes": "les plus récentes d’abord",
    "dernier_jour": "par dernier jour",
}
NOM: Final = "vos-habilitations"
TITRE: Final = "Vos habilitations"
PAR_LECTURE: Final = 100  # habilitations, of which the home page tells the first lines
SERVICES_EN_LIGNE: Final = 6
ENTREPRISES_PAR_LECTURE: Final = 20  # of a file
A_L_ACCUEIL: Final = 3  # lines that the home page tells
COLONNES: Final = (
    "SIREN",
    "Dénomination",
    "Code du service",
    "Service",
    "Rôle",
    "État",
    "Depuis le",
    "Accordée par",
    "Mandat",
    "Dernier jour",
    "Dernière utilisation connue",
    "Ce qui s’est passé",
    "Ensuite",
)
FINS: Final = frozenset(
    acte.code
    for acte in (
        actes.TITULAIRE_REMPLACE,
        actes.HABILITATION_PROMUE,
        actes.HABILITATION_TOMBEE,
        actes.HABILITATION_EXPIREE,
        actes.HABILITATION_DECLINEE,
        actes.HABILITATION_CEDEE,
        actes.HABILITATION_ECARTEE,
        actes.HABILITATION_FERMEE,
        actes.HABILITATION_SUPPRIMEE,
        actes.SUPPLEANCE_RETIREE,
        actes.DELEGATION_RETIREE,
        actes.RETRAIT_ACCEPTE,
    )
)
VEILLES: Final = frozenset(
    acte.code
    for acte in (actes.SUPPLEANCE_MISE_EN_VEILLE, actes.HABILITATION_A_CONFIRMER, actes.HABILITATION_SUSPENDUE)
)


def _conditions(aujourd_hui: date) -> dict[str, Q]:
    """Return the condition of each tab on that day: a habilitation stands under one of them."""
    passee = Q(expire_le__isnull=False, expire_le__lt=aujourd_hui)
    tenue = Q(fin_le__isnull=True) & ~passee
    return {
        ACTIVES: tenue & Q(etat=Habilitation.Etat.ACTIVE),
        EN_VEILLE: tenue & ~Q(etat=Habilitation.Etat.ACTIVE),
        PERDUES: Q(fin_le__isnull=False) | passee,
    }


@dataclass(frozen=True)
class FiltresMiennes:
    """Which tab, what it is narrowed to, its order and size; all of it stands in the address. Unknown values count as none."""

    situation: str = ACTIVES
    q: str = ""
    service: str = ""
    role: str = ""
    ordre: str = "entreprise"
    par_page: int = TAILLES[0]

    @classmethod
    def depuis(cls, donnees: Mapping[str, str]) -> "FiltresMiennes":
        """Read the filters of an address or of a form. Raises: TexteIllisible."""
        situation, role, taille = donnees.get("situation", ""), donnees.get("role", ""), donnees.get("par_page", "")
        return cls(
            situation=situation if situation in SITUATIONS else ACTIVES,
            q=lire_recherche(donnees.get("q", "")),
            service=lire_recherche(donnees.get("service", ""), 20),
            role=role if role in Role.values else "",
            ordre=donnees.get("ordre", "") if donnees.get("ordre", "") in ORDRES else "entreprise",
            par_page=int(taille) if taille in map(str, TAILLES) else TAILLES[0],
        )

    @property
    def poses(self) -> bool:
        return bool(self.q or self.service or self.role)

    def garder(self, espace: Espace, aujourd_hui: date) -> QuerySet[Habilitation]:
        """Return those of this espace under this tab, of this role, service and search (company, SIREN or service)."""
        gardees = Habilitation.objects.filter(_conditions(aujourd_hui)[self.situation], espace=espace)
        if self.role:
            gardees = gardees.filter(role=self.role)
        if self.service:
            gardees = gardees.filter(service__code=self.service)
        if self.q:
            siennes = Habilitation.objects.filter(espace=espace).values("personne").distinct()
            personnes = PersonneSirenisee.objects.filter(
                parmi("pk", siennes),
                contient("denomination", self.q) | Q(siren__startswith=pour_chercher(self.q) or "-"),
            )
            services = Service.objects.filter(contient("libelle", self.q))
            gardees = gardees.filter(
                Q(parmi("personne", personnes.values("pk"))) | Q(service__in=services.values("pk"))
            )
        return gardees

    def ranger(self, habilitations: QuerySet[Habilitation]) -> list[PersonneSirenisee]:
        """Return the personnes of these habilitations, each once, in the order asked: one query, one row a personne."""
        rangees = (
            habilitations.order_by()
            .values("personne")
            .annotate(recente=Max("accordee_le"), fin=Min("expire_le"))
            .annotate(dite=textes_de(PersonneSirenisee, "personne", "denomination", "siren"))
            .values_list("personne", "dite", "recente", "fin")
        )

        def cle(rangee: tuple[Any, ...]) -> tuple[Any, ...]:
            _, nom, recente, fin = rangee
            if self.ordre == "recentes":
                return (-recente.timestamp(), *nom)
            if self.ordre == "dernier_jour":
                return (fin or date.max, *nom)
            return tuple(nom)

        return [
            PersonneSirenisee(pk=personne, denomination=denomination, siren=siren)
            for personne, (denomination, siren), *_ in sorted(rangees, key=cle)
        ]


@dataclass(frozen=True)
class Mienne:
    """One habilitation with all that is told of it."""

    habilitation: Habilitation
    situation: str
    derniere_utilisation: datetime | None
    evenement: str = ""
    ensuite: str = ""

    @property
    def accordee_par(self) -> str:
        """Who granted it, with his role; nobody for a titulaire, who holds it by the mandate."""
        superieure = self.habilitation.accordee_par
        return f"{self.habilitation.accordee_par_qui}, {superieure.get_role_display()}" if superieure else ""

    @property
    def mandat(self) -> Mandat:
        return self.habilitation.adhesion.mandat


class Groupee:
    """Services of one company that are told in one line: all by name, folded where they are many."""

    @property
    def services(self) -> list[Service]:
        raise NotImplementedError

    @property
    def noms(self) -> str:
        return ", ".join(service.libelle for service in self.services)

    @property
    def plies(self) -> str:
        """How many they are, when they are too many for a line."""
        return str(len(self.services)) if len(self.services) > SERVICES_EN_LIGNE else ""


@dataclass
class Ligne(Groupee):
    """The services of one company that one holds alike: role, since when, by whom, by which mandate, until when."""

    premiere: Mienne
    miennes: list[Mienne] = field(default_factory=list)

    @property
    def personne(self) -> PersonneSirenisee:
        return self.premiere.habilitation.personne

    @property
    def services(self) -> list[Service]:
        return [mienne.habilitation.service for mienne in self.miennes]

    @property
    def role(self) -> str:
        return self.premiere.habilitation.get_role_display()

    @property
    def accordee_le(self) -> date:
        return timezone.localdate(self.premiere.habilitation.accordee_le)

    @property
    def accordee_par(self) -> str:
        return self.premiere.accordee_par

    @property
    def mandat(self) -> Mandat:
        return self.premiere.mandat

    @property
    def expire_le(self) -> date | None:
        return self.premiere.habilitation.expire_le

    @property
    def evenement(self) -> str:
        return self.premiere.evenement

    @property
    def ensuite(self) -> str:
        return self.premiere.ensuite


@dataclass(frozen=True, kw_only=True)
class LigneActive(Groupee):
    """The same of what is active, as PostgreSQL has grouped it: 3,000 habilitations are a hundred rows."""

    personne: PersonneSirenisee
    siens: list[Service]
    role: str
    accordee_le: date
    accordee_par: str
    mandat: Mandat
    expire_le: date | None
    derniere_utilisation: datetime | None

    @property
    def services(self) -> list[Service]:
        return self.siens


@dataclass(frozen=True)
class VosHabilitations:
    """What the page shows."""

    page: Page[PersonneSirenisee]
    lignes: Sequence[Ligne | LigneActive]
    comptes: dict[str, int]
    services: list[tuple[str, str]]
    roles: list[tuple[str, str]]

    @property
    def onglets(self) -> list[tuple[str, str, int]]:
        return [(code, libelle, self.comptes[code]) for code, libelle in SITUATIONS.items()]


def vos_habilitations(espace: Espace, filtres: FiltresMiennes, page: str) -> VosHabilitations:
    """Return one page of the companies of this tab: four queries, six when something was suspended or lost."""
    aujourd_hui = timezone.localdate()
    conditions = _conditions(aujourd_hui)
    de_l_onglet = conditions[filtres.situation]
    tout = Habilitation.objects.filter(espace=espace).aggregate(
        **{f"n_{rang}": Count("pk", filter=conditions[code]) for rang, code in enumerate(SITUATIONS)},
        roles=ArrayAgg("role", distinct=True, filter=de_l_onglet, default=[]),
        services=ArrayAgg("service", distinct=True, filter=de_l_onglet, default=[]),
    )
    catalogue = {service.pk: service for service in Service.objects.order_by("ordre", "code").only("code", "libelle")}
    gardees = filtres.garder(espace, aujourd_hui)
    courante = Paginator(filtres.ranger(gardees), filtres.par_page).get_page(page)
    de_la_page = gardees.filter(personne__in=[personne.pk for personne in courante])
    presents = set(tout["services"])
    return VosHabilitations(
        page=courante,
        lignes=(
            _actives(espace, de_la_page, list(courante), catalogue)
            if filtres.situation == ACTIVES
            else _grouper(_ranger(dire(espace, de_la_page), list(courante)))
        ),
        comptes={code: tout[f"n_{rang}"] for rang, code in enumerate(SITUATIONS)},
        services=[(service.code, service.libelle) for cle, service in catalogue.items() if cle in presents],
        roles=[(role, libelle) for role, libelle in Role.choices if role in tout["roles"]],
    )


def _derniere_utilisation(espace: Espace) -> Subquery:
    """Return when this espace last opened the service of a habilitation, by the traces of its readings."""
    traces = TraceLecture.objects.filter(
        lecteur=espace.numero_abonne,
        objet=OBJET,
        nature=TraceLecture.Nature.CONSULTATION,
        cle=Cast(OuterRef("pk"), CharField()),
    )
    return Subquery(traces.order_by("-minute").values("minute")[:1], output_field=DateTimeField())


def _de_qui(nom: str, role: str, *, avant: bool) -> str:
    """Return who granted, with the role of what it hangs under; `avant`: it was his predecessor."""
    return f"{f'le prédécesseur {de(nom)}' if avant else nom}, {Role(role).label}"


def _actives(
    espace: Espace,
    habilitations: QuerySet[Habilitation],
    personnes: Sequence[PersonneSirenisee],
    catalogue: Mapping[int, Service],
) -> list[LigneActive]:
    """Return these, grouped by PostgreSQL, company by company in this order, then by service: one query."""
    groupes = (
        habilitations.order_by()
        .annotate(
            jour=TruncDate("accordee_le"),
            utilisee=_derniere_utilisation(espace),
            d_un_predecesseur=ExpressionWrapper(
                Q(accordee_par__accordee_le__gt=F("accordee_le")), output_field=BooleanField()
            ),
        )
        .values_list(
            "personne",
            "role",
            "jour",
            "expire_le",
            "accordee_par__espace__prenom",
            "accordee_par__espace__nom",
            "accordee_par__role",
            "d_un_predecesseur",
            "adhesion__mandat",
            "adhesion__mandat__demande",
            "adhesion__mandat__mandataire",
        )
        .annotate(services=ArrayAgg("service"), derniere=Max("utilisee"))
    )
    rangs_services = {cle: rang for rang, cle in enumerate(catalogue)}
    rangs = {personne.pk: rang for rang, personne in enumerate(personnes)}
    lignes = []
    for cle, role, le, fin, prenom, nom, role_de, avant, mandat, demande, mandataire, cles, derniere in groupes:
        tries = sorted(cles, key=rangs_services.__getitem__)
        ligne = LigneActive(
            personne=personnes[rangs[cle]],
            siens=[catalogue[service] for service in tries],
            role=Role(role).label,
            accordee_le=le,
            accordee_par=_de_qui(f"{prenom} {nom}".strip(), role_de, avant=avant) if role_de else "",
            mandat=Mandat(pk=mandat, demande=demande, mandataire_id=mandataire),
            expire_le=fin,
            derniere_utilisation=derniere,
        )
        lignes.append(((rangs[cle], rangs_services[tries[0]]), ligne))
    return [ligne for _, ligne in sorted(lignes, key=lambda paire: paire[0])]


def _ranger(miennes: Sequence[Mienne], personnes: Sequence[PersonneSirenisee]) -> list[Mienne]:
    """Return these, company by company in this order; stable: the order within a company stays."""
    rangs = {personne.pk: rang for rang, personne in enumerate(personnes)}
    return sorted(miennes, key=lambda mienne: rangs[mienne.habilitation.personne_id])


def _grouper(miennes: Iterable[Mienne]) -> list[Ligne]:
    lignes: dict[tuple[Any, ...], Ligne] = {}
    for mienne in miennes:
        h = mienne.habilitation
        cle = (
            h.personne_id,
            h.role,
            timezone.localdate(h.accordee_le),
            mienne.accordee_par,
            mienne.mandat.pk,
            h.expire_le,
            mienne.evenement,
            mienne.ensuite,
        )
        lignes.setdefault(cle, Ligne(mienne)).miennes.append(mienne)
    return list(lignes.values())


def dire(espace: Espace, lesquelles: QuerySet[Habilitation], *, au_plus: int | None = None) -> list[Mienne]:
    """Return these habilitations of this espace with all that is told of them: one query, three with what is not active."""
    habilitations = list(
        lesquelles.select_related("personne", "service", "accordee_par__espace", "adhesion__mandat")
        .annotate(utilisee=_derniere_utilisation(espace))
        .order_by(*ORDRE)[:au_plus]
    )
    aujourd_hui = timezone.localdate()
    auteurs = _auteurs(espace, [h for h in habilitations if not h.est_active(aujourd_hui)])
    return [_dire(h, h.utilisee, auteurs.get(h.pk, ""), aujourd_hui) for h in habilitations]


def _auteurs(espace: Espace, habilitations: Sequence[Habilitation]) -> dict[UUID, str]:
    """Return who ended or suspended each of these, as the journal of the espace names it: two queries, or none."""
    if not habilitations:
        return {}
    evenements: dict[tuple[str, str, bool], list[Evenement]] = defaultdict(list)
    for evenement in Evenement.objects.filter(
        espace=espace.numero_abonne,
        acte__in=FINS | VEILLES,
        siren__in={h.personne.siren for h in habilitations},
        service__in={h.service.code for h in habilitations},
    ).only("quand", "acte", "auteur", "siren", "service"):
        evenements[evenement.siren, evenement.service, evenement.acte in FINS].append(evenement)
    trouves: dict[UUID, str] = {}
    for h in habilitations:
        moment = h.fin_le or h.veille_depuis
        possibles = evenements[h.personne.siren, h.service.code, h.fin_le is not None]
        if moment is not None and possibles:
            trouves[h.pk] = min(possibles, key=lambda e: abs(e.quand - moment)).auteur
    noms = {
        e.numero_abonne: e.nom_complet
        for e in Espace.objects.filter(numero_abonne__in=set(trouves.values())).only("numero_abonne", "prenom", "nom")
    }
    return {cle: _nommer(auteur, noms, espace) for cle, auteur in trouves.items()}


def _nommer(auteur: str, noms: Mapping[str, str], espace: Espace) -> str:
    if auteur == espace.numero_abonne:
        return "vous"
    if auteur.startswith("agent:"):
        return "un agent du service gestionnaire"
    if auteur.startswith("systeme:"):
        return ""
    return noms.get(auteur) or "le détenteur d’un espace supprimé"


def _dire(h: Habilitation, utilisee: datetime | None, par: str, aujourd_hui: date) -> Mienne:
    if h.fin_le is not None:
        return Mienne(h, PERDUES, utilisee, _perdue(h, par))
    if h.expire_le is not None and h.expire_le < aujourd_hui:
        return Mienne(h, PERDUES, utilisee, f"Dernier jour passé le {jour(h.expire_le)}.")
    if h.etat == Habilitation.Etat.EN_VEILLE:
        return Mienne(h, EN_VEILLE, utilisee, *_en_veille(h, par))
    return Mienne(h, ACTIVES, utilisee)


def _en_veille(h: Habilitation, par: str) -> tuple[str, str]:
    """Return what happened and what comes next."""
    debut = f"En veille depuis le {jour(h.veille_depuis)}"
    if h.veille_motif == Habilitation.MotifVeille.SUBSTITUTION and h.veille_depuis is not None:
        fin = jour(h.veille_depuis + DELAI_DE_DECISION)
        qui = par or "un nouveau titulaire"
        return (
            f"{debut} : {qui} remplace désormais le titulaire qui vous l’avait accordé.",
            f"Le nouveau titulaire décide avant le {fin} ; sans réponse, l’habilitation prend fin ce jour-là.",
        )
    if h.veille_motif == Habilitation.MotifVeille.CESSATION:
        return f"{debut} : l’entreprise a cessé son activité.", "Elle est rendue si la cessation est annulée."
    if h.veille_motif == Habilitation.MotifVeille.COMPROMIS:
        return f"{debut}, par mesure de sécurité.", "La personne qui vous l’a accordée doit la confirmer."
    return f"{debut}, par {par or 'le titulaire'}.", "Le titulaire peut la réactiver ou la retirer."


def _perdue(h: Habilitation, par: str) -> str:
    """Return what happened, and by whom."""
    motif, le = Habilitation.MotifFin, f"le {jour(h.fin_le)}"
    de = f" par {par}" if par else ""
    superieur = h.accordee_par.espace.nom_complet if h.accordee_par else ""
    if h.fin_motif == motif.CASCADE:
        return f"Tombée {le} : {superieur}, qui vous l’avait accordée, a perdu son propre droit" + (
            f", retiré{de}." if par and par != superieur else "."
        )
    phrases = {
        motif.RETRAIT: f"Retirée {le}{de}.",
        motif.SUBSTITUTION: f"{par or 'Un autre titulaire'} vous a remplacé {le} comme titulaire, par le code du représentant légal.",
        motif.PROMOTION: f"Remplacée {le} par un autre rôle sur le même service.",
        motif.EXPIRATION: f"Arrivée à son dernier jour, {jour(h.expire_le)}.",
        motif.NON_CONFIRMEE: f"Non conservée {le} après la substitution{de}.",
        motif.FERMETURE: f"Service fermé {le}{de}.",
        motif.SUPPRESSION_ESPACE: f"Terminée {le} avec la suppression d’un espace.",
        motif.REUNION: f"Réunie {le} à celle que vous teniez déjà pour ce SIREN.",
        motif.DECLINEE: f"Déclinée {le} par vous.",
        motif.PLACE: f"Terminée {le} pour faire place à un autre SIREN : vous ne l’aviez pas utilisée.",
    }
    return phrases.get(Habilitation.MotifFin(h.fin_motif), f"Terminée {le}{de}.")


def a_dire_a_l_accueil(espace: Espace) -> list[Ligne]:
    """Return what was suspended and what was lost last, for who has nothing active: a few lines; three queries."""
    conditions = _conditions(timezone.localdate())
    siennes = Habilitation.objects.filter(espace=espace)
    derniere = siennes.filter(conditions[PERDUES]).order_by(F("fin_le").desc(nulls_first=True)).values("personne")[:1]
    perdues = conditions[PERDUES] & Q(personne__in=Subquery(derniere))
    return _grouper(dire(espace, siennes.filter(conditions[EN_VEILLE] | perdues), au_plus=PAR_LECTURE))[:A_L_ACCUEIL]


def _rangees(espace: Espace, filtres: FiltresMiennes, gardees: QuerySet[Habilitation]) -> Iterator[tuple[str, ...]]:
    """Yield one row per habilitation, in the order of COLONNES, company by company, some hundred read at a time."""
    for lot in batched(filtres.ranger(gardees), ENTREPRISES_PAR_LECTURE):
        de_ce_lot = dire(espace, gardees.filter(personne__in=[personne.pk for personne in lot]))
        for mienne in _ranger(de_ce_lot, lot):
            h = mienne.habilitation
            yield (
                h.personne.siren,
                h.personne.denomination,
                h.service.code,
                h.service.libelle,
                h.get_role_display(),
                "terminée" if h.fin_le else etat_lisible(h),
                jour(h.accordee_le),
                mienne.accordee_par,
                mienne.mandat.demande,
                jour(h.expire_le),
                jour(mienne.derniere_utilisation),
                mienne.evenement,
                mienne.ensuite,
            )


@transaction.atomic
def exporter_miennes(*, acteur: Espace, filtres: FiltresMiennes, format_: str) -> Iterator[bytes]:
    """Return the file of what this tab shows with its filters, piece by piece, and journal that it left the portal."""
    par_nom = replace(filtres, ordre="entreprise")
    gardees = par_nom.garder(acteur, timezone.localdate())
    consigner(
        actes.HABILITATIONS_EXPORTEES,
        auteur=acteur,
        details={"quoi": f"{NOM}-{filtres.situation}", "format": format_, "lignes": gardees.count()},
    )
    rangees = _rangees(acteur, par_nom, gardees)
    if format_ == "xlsx":
        return iter([en_xlsx(TITRE, COLONNES, rangees)])
    return morceaux_csv(COLONNES, rangees)
