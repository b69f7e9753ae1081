"""« Vos habilitations »: what an espace holds, what is suspended and what it lost, why and by whom (issue 10.9).

All starts from the espace's own habilitations, by index: at most 100 SIREN × 30 services live, and what it once held.
What it reads of others is a name and a role, as its mails and its journal tell them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import batched
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import Espace, Evenement, TraceLecture
from accounts.saisies.dates import jour
from accounts.saisies.identifiants import pour_chercher
from accounts.saisies.porte import lire_recherche
from accounts.saisies.repliement import replier
from accounts.traces.journal import consigner
from services.models import PersonneSirenisee, Service

from .. import actes
from ..arbre.recentes import OBJET
from ..arbre.substitutions import DELAI_DE_DECISION
from ..models import ORDRE, Habilitation, Mandat, Role
from ..tableurs.ecriture import en_xlsx, morceaux_csv
from .partage import etat_lisible

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
PAR_LECTURE: Final = 500
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


class Legere(NamedTuple):
    """One habilitation of the espace, as little of it as filters, counts and order need."""

    pk: UUID
    personne: int
    denomination: str
    siren: str
    service: str
    libelle: str
    ordre: int
    role: str
    etat: str
    accordee_le: datetime
    expire_le: date | None
    fin_le: datetime | None

    def situation(self, aujourd_hui: date) -> str:
        """Return under which tab it stands on that day."""
        if self.fin_le is not None or (self.expire_le is not None and self.expire_le < aujourd_hui):
            return PERDUES
        return ACTIVES if self.etat == Habilitation.Etat.ACTIVE else EN_VEILLE


def _legeres(espace: Espace) -> list[Legere]:
    return [
        Legere(*ligne)
        for ligne in Habilitation.objects.filter(espace=espace).values_list(
            "pk",
            "personne",
            "personne__denomination",
            "personne__siren",
            "service__code",
            "service__libelle",
            "service__ordre",
            "role",
            "etat",
            "accordee_le",
            "expire_le",
            "fin_le",
        )
    ]


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

    def garder(self, lignes: Iterable[Legere], aujourd_hui: date) -> list[Legere]:
        """Return those of this tab, role, service and search (company, SIREN or service, by the one folding)."""
        mots = [replier(mot) for mot in self.q.split() if replier(mot)]
        siren = pour_chercher(self.q) if self.q else ""
        replies: dict[str, str] = {}

        def trouve(ligne: Legere) -> bool:
            if siren and ligne.siren.startswith(siren):
                return True
            for texte in (ligne.denomination, ligne.libelle):
                replie = replies.setdefault(texte, replier(texte))
                if mots and all(mot in replie for mot in mots):
                    return True
            return False

        return [
            ligne
            for ligne in lignes
            if ligne.situation(aujourd_hui) == self.situation
            and (not self.role or ligne.role == self.role)
            and (not self.service or ligne.service == self.service)
            and (not self.q or trouve(ligne))
        ]

    def ranger(self, lignes: Iterable[Legere]) -> list[int]:
        """Return the keys of the personnes of these lines, each once, in the order asked."""
        par_personne: dict[int, list[Legere]] = defaultdict(list)
        for ligne in lignes:
            par_personne[ligne.personne].append(ligne)

        def cle(groupe: list[Legere]) -> tuple[Any, ...]:
            nom = (groupe[0].denomination, groupe[0].siren)
            if self.ordre == "recentes":
                return (-max(ligne.accordee_le for ligne in groupe).timestamp(), *nom)
            if self.ordre == "dernier_jour":
                return (min(ligne.expire_le or date.max for ligne in groupe), *nom)
            return nom

        return [groupe[0].personne for groupe in sorted(par_personne.values(), key=cle)]


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
        return f"{superieure.espace.nom_complet}, {superieure.get_role_display()}" if superieure else ""

    @property
    def mandat(self) -> Mandat:
        return self.habilitation.adhesion.mandat


@dataclass
class Ligne:
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
    def derniere_utilisation(self) -> datetime | None:
        return max((m.derniere_utilisation for m in self.miennes if m.derniere_utilisation), default=None)


@dataclass(frozen=True)
class VosHabilitations:
    """What the page shows."""

    page: Page[int]
    lignes: list[Ligne]
    comptes: dict[str, int]
    services: list[tuple[str, str]]
    roles: list[tuple[str, str]]

    @property
    def onglets(self) -> list[tuple[str, str, int]]:
        return [(code, libelle, self.comptes[code]) for code, libelle in SITUATIONS.items()]


def vos_habilitations(espace: Espace, filtres: FiltresMiennes, page: str) -> VosHabilitations:
    """Return one page of the companies of this tab: three queries, five when something was suspended or lost."""
    aujourd_hui = timezone.localdate()
    toutes = _legeres(espace)
    comptes = dict.fromkeys(SITUATIONS, 0)
    for ligne in toutes:
        comptes[ligne.situation(aujourd_hui)] += 1
    de_l_onglet = [ligne for ligne in toutes if ligne.situation(aujourd_hui) == filtres.situation]
    gardees = filtres.garder(toutes, aujourd_hui)
    courante = Paginator(filtres.ranger(gardees), filtres.par_page).get_page(page)
    rangs = {personne: rang for rang, personne in enumerate(courante)}
    miennes = dire(espace, [ligne.pk for ligne in gardees if ligne.personne in rangs])
    miennes.sort(key=lambda mienne: rangs[mienne.habilitation.personne_id])  # stable: the order within a company stays
    services = {(ligne.ordre, ligne.service): ligne.libelle for ligne in de_l_onglet}
    roles = {ligne.role for ligne in de_l_onglet}
    return VosHabilitations(
        page=courante,
        lignes=_grouper(miennes),
        comptes=comptes,
        services=[(code, libelle) for (_, code), libelle in sorted(services.items())],
        roles=[(role, libelle) for role, libelle in Role.choices if role in roles],
    )


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


def dire(espace: Espace, cles: Sequence[UUID]) -> list[Mienne]:
    """Return these habilitations of this espace with all that is told of them: two queries, four with what is not active."""
    habilitations = list(
        Habilitation.objects.filter(espace=espace, pk__in=cles)
        .select_related("personne", "service", "accordee_par__espace", "adhesion__mandat")
        .order_by(*ORDRE)
    )
    utilisees = dict(
        TraceLecture.objects.filter(
            lecteur=espace.numero_abonne,
            objet=OBJET,
            nature=TraceLecture.Nature.CONSULTATION,
            cle__in=[str(habilitation.pk) for habilitation in habilitations],
        )
        .values_list("cle")
        .annotate(Max("minute"))
    )
    aujourd_hui = timezone.localdate()
    auteurs = _auteurs(espace, [h for h in habilitations if not h.est_active(aujourd_hui)])
    return [_dire(h, utilisees.get(str(h.pk)), auteurs.get(h.pk, ""), aujourd_hui) for h in habilitations]


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
            f"{debut} : {qui} est devenu titulaire de ce service à la place de qui vous l’avait accordé.",
            f"Le nouveau titulaire décide avant le {fin} ; sans réponse, l’habilitation prend fin ce jour-là.",
        )
    if h.veille_motif == Habilitation.MotifVeille.CESSATION:
        return f"{debut} : l’entreprise a cessé son activité.", "Elle est rendue si la cessation est annulée."
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
    """Return what was suspended and what was lost last, for who has nothing active: a few lines; five queries."""
    aujourd_hui = timezone.localdate()
    toutes = _legeres(espace)
    veille = [ligne for ligne in toutes if ligne.situation(aujourd_hui) == EN_VEILLE]
    perdues = [ligne for ligne in toutes if ligne.situation(aujourd_hui) == PERDUES]
    perdues.sort(key=lambda ligne: ligne.fin_le or timezone.now(), reverse=True)
    if perdues:
        derniere = perdues[0]
        perdues = [ligne for ligne in perdues if ligne.personne == derniere.personne]
    return _grouper(dire(espace, [ligne.pk for ligne in (*veille, *perdues)][:PAR_LECTURE]))[:A_L_ACCUEIL]


def _rangees(espace: Espace, cles: Iterable[UUID]) -> Iterator[tuple[str, ...]]:
    """Yield one row per habilitation, in the order of COLONNES, some hundred read at a time."""
    for lot in batched(cles, PAR_LECTURE):
        for mienne in dire(espace, lot):
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
    gardees = filtres.garder(_legeres(acteur), timezone.localdate())
    gardees.sort(key=lambda ligne: (ligne.denomination, ligne.siren, ligne.ordre, ligne.service))
    consigner(
        actes.HABILITATIONS_EXPORTEES,
        auteur=acteur,
        details={"quoi": f"{NOM}-{filtres.situation}", "format": format_, "lignes": len(gardees)},
    )
    rangees = _rangees(acteur, [ligne.pk for ligne in gardees])
    if format_ == "xlsx":
        return iter([en_xlsx(TITRE, COLONNES, rangees)])
    return morceaux_csv(COLONNES, rangees)
