"""What an agent reads of one company, and of one espace: one function for each page, each thing asked once (issue 14, item 3).

Of an espace, what it holds elsewhere is counted, never named. No code, no password, no answer, no seed, no whole IBAN.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.envois.courriels import objet_du_genre
from accounts.gestion.affaires import en_attente
from accounts.gestion.bureau import est_prise
from accounts.gestion.files import File, catalogue
from accounts.gestion.fonctions import DU_PAYS
from accounts.models import Affaire, Agent, Courriel, Espace, Evenement, Rectification, Session
from accounts.saisies.numeros import numero_valide
from activation.models import Courrier, Demande
from habilitations.models import Adhesion, Cessation, Habilitation, Role
from services.adresses.envoi import AdresseEnvoi, adresse_du_courrier
from services.models import AdresseAttendue, AdresseSaisie, PersonneSirenisee, RepresentantLegal, Service
from surveillance.lectures import connexions_du_compte
from surveillance.models import Connexion

from ..donnees.declaration import auteur_en_mots
from ..journal.libelles import libelle_acte
from .adresses import adresse_de

DERNIERS: Final = 20
HABILITATIONS_MONTREES: Final = 300
CONNEXIONS_MONTREES: Final = 5
SANS_EFFET: Final = "n’ouvre rien tant que l’espace est désactivé"
"""What an active right of a disabled espace is: kept, and of no use to anybody (CGU §3.6.b)."""


@dataclass(frozen=True)
class Noeud:
    """Somebody in the tree of a sharing, and who holds it from them."""

    habilitation: Habilitation
    dessous: list["Noeud"]


@dataclass(frozen=True)
class Partage:
    """The services of a company that have the same tree: drawn once. `adhesions` are theirs, with their mandates."""

    adhesions: list[Adhesion]
    racine: Noeud


@dataclass(frozen=True)
class LigneJournal:
    """One line of the journal in words."""

    quand: datetime
    acte: str
    auteur: str
    service: str


@dataclass(frozen=True)
class Attendue:
    """What waits in a queue about this company or this espace, and where it is dealt with."""

    affaire: Affaire
    file: File
    adresse: str
    prise: bool


def _attendues(lignes: QuerySet[Affaire]) -> list[Attendue]:
    maintenant = timezone.now()
    return [
        Attendue(affaire, catalogue()[affaire.file], adresse_de(affaire), est_prise(affaire, maintenant))
        for affaire in lignes.select_related("agent", "espace")[:DERNIERS]
    ]


@dataclass
class DossierPersonne:
    """All that the page of a company shows."""

    personne: PersonneSirenisee
    envoi: AdresseEnvoi | None
    saisies: list[AdresseSaisie]
    representants: list[RepresentantLegal]
    partages: list[Partage]
    reste: int
    """How many rights more than are drawn."""
    demandes: list[Demande]
    cessation: Cessation | None
    journal: list[LigneJournal]
    attendues: list[Attendue]
    demandeurs: list[AdresseAttendue]
    """Who waits for its address."""
    courriel_le: datetime | None
    """Since when the company's e-mail is what it is, when the portal knows."""


def lire_personne(agent: Agent, personne: PersonneSirenisee) -> DossierPersonne:
    """Return the page of one company, for an agent who may see it: thirteen queries, whatever it holds."""
    partages, reste = _partages(personne)
    courriels = Demande.objects.filter(
        personne=personne, nature=Demande.Nature.COURRIEL_PERSONNE, etat=Demande.Etat.ACTIVEE
    )
    change = courriels.filter(nouvelle_adresse=personne.courriel).order_by("-terminee_le").first()
    return DossierPersonne(
        personne=personne,
        envoi=adresse_du_courrier(personne),
        saisies=list(personne.adresses_saisies.select_related("agent")[:DERNIERS]),
        representants=list(personne.representants.select_related("agent")[:DERNIERS]),
        partages=partages,
        reste=reste,
        demandes=_demandes(personne.demandes.all()),
        cessation=Cessation.objects.filter(personne=personne, terminee_le=None).first(),
        journal=_journal(Evenement.objects.filter(siren=personne.siren)),
        attendues=_attendues(en_attente(agent).filter(personne=personne.pk).exclude(file="ADRESSE")),
        demandeurs=_demandeurs(personne),
        courriel_le=change.terminee_le if change is not None and personne.courriel else None,
    )


def _demandeurs(personne: PersonneSirenisee) -> list[AdresseAttendue]:
    attendent = personne.adresses_attendues.filter(issue=AdresseAttendue.Issue.EN_ATTENTE)
    return list(attendent.select_related("espace").order_by("demandee_le", "pk")[:DERNIERS])


def _partages(personne: PersonneSirenisee) -> tuple[list[Partage], int]:
    """Return the trees of this company, those of services shared alike being one, and how many rights are not drawn."""
    adhesions = {
        adhesion.pk: adhesion
        for adhesion in Adhesion.objects.ouvertes()
        .pour_personne(personne)
        .select_related("service", "mandat")
        .order_by("service__ordre", "service__code")
    }
    vivantes = list(
        Habilitation.objects.vivantes()
        .filter(personne=personne)
        .select_related("espace")
        .order_by("accordee_le", "pk")[: HABILITATIONS_MONTREES + 1]
    )
    reste = 0
    if len(vivantes) > HABILITATIONS_MONTREES:
        reste = Habilitation.objects.vivantes().filter(personne=personne).count() - HABILITATIONS_MONTREES
        vivantes = vivantes[:HABILITATIONS_MONTREES]
    enfants: dict[UUID | None, list[Habilitation]] = {}
    for habilitation in vivantes:
        enfants.setdefault(habilitation.accordee_par_id, []).append(habilitation)
    partages: dict[Any, Partage] = {}
    for racine in enfants.get(None, []):
        adhesion = adhesions.get(racine.adhesion_id)
        if adhesion is None:
            continue
        noeud = _noeud(racine, enfants)
        partage = partages.setdefault(_forme(noeud), Partage([], noeud))
        partage.adhesions.append(adhesion)
    for partage in partages.values():
        partage.adhesions.sort(key=lambda adhesion: (adhesion.service.ordre, adhesion.service.code))
    return list(partages.values()), reste


def _noeud(habilitation: Habilitation, enfants: dict[UUID | None, list[Habilitation]]) -> Noeud:
    return Noeud(habilitation, [_noeud(enfant, enfants) for enfant in enfants.get(habilitation.pk, [])])


def _forme(noeud: Noeud) -> tuple[Any, ...]:
    """Return what two trees must have in common to be drawn as one: who, in which role, until when, and what hangs below."""
    h = noeud.habilitation
    dessous = tuple(sorted((_forme(enfant) for enfant in noeud.dessous), key=repr))
    return (h.espace_id, h.role, h.etat, h.expire_le, dessous)


def _demandes(demandes: QuerySet[Demande]) -> list[Demande]:
    """Return the last demandes with their letters and services: three queries."""
    return list(
        demandes.select_related("espace", "personne")
        .prefetch_related(
            Prefetch("courriers", Courrier.objects.order_by("numero")), Prefetch("services", Service.objects.all())
        )
        .order_by("-deposee_le")[:DERNIERS]
    )


AUTRUI: Final = "un autre usager"


def _journal(evenements: QuerySet[Evenement], tus_sans_siren: Espace | None = None) -> list[LigneJournal]:
    """Return the last lines in words: three queries, for the lines, the names of who acted and of the services.

    `tus_sans_siren`: of this espace's lines without SIREN, whoever else acted is not named: he may act for another office's
    companies alone. An agent never is.
    """
    lignes = list(evenements.order_by("-pk")[:DERNIERS])
    noms = {
        espace.numero_abonne: espace.nom_complet or espace.numero_lisible
        for espace in Espace.objects.filter(numero_abonne__in={ligne.auteur for ligne in lignes})
    }
    services = dict(Service.objects.filter(code__in={ligne.service for ligne in lignes}).values_list("code", "libelle"))
    return [
        LigneJournal(
            quand=ligne.quand,
            acte=libelle_acte(ligne.acte),
            auteur=AUTRUI if _est_tu(ligne, tus_sans_siren) else noms.get(ligne.auteur) or auteur_en_mots(ligne.auteur),
            service=services.get(ligne.service, ligne.service),
        )
        for ligne in lignes
    ]


def _est_tu(ligne: Evenement, espace: Espace | None) -> bool:
    """Whether this line is of no company, and of the act of another espace than this one."""
    return (
        espace is not None and not ligne.siren and numero_valide(ligne.auteur) and ligne.auteur != espace.numero_abonne
    )


@dataclass(frozen=True)
class Droit:
    """One service that an espace holds for a company: in which role, until when."""

    service: Service
    role: str
    etat: str
    expire_le: date | None
    est_titulaire: bool


@dataclass(frozen=True)
class Tenue:
    """What an espace holds for one company of this office."""

    personne: PersonneSirenisee
    droits: list[Droit]


@dataclass(frozen=True)
class Envoye:
    """One mail that was sent, by its subject, never by its words."""

    objet: str
    cree_le: datetime
    etat: str


@dataclass
class DossierEspace:
    """All that the page of an espace shows one office."""

    espace: Espace
    tenues: list[Tenue]
    finies: list[Habilitation]
    ailleurs: int
    """How many companies of other offices it acts for."""
    sessions: int
    connexions: list[Connexion]
    demandes: list[Demande]
    rectifications: list[Rectification]
    attendues: list[Attendue]
    courriels: list[Envoye]
    journal: list[LigneJournal] = field(default_factory=list)

    @property
    def titulaire(self) -> bool:
        """Whether it holds a service as titulaire with this office."""
        return any(droit.est_titulaire for tenue in self.tenues for droit in tenue.droits)

    @property
    def resume(self) -> str:
        """What it holds with this office, in one line: companies, services, in which roles."""
        droits = [droit for tenue in self.tenues for droit in tenue.droits]
        roles = dict.fromkeys(sorted(droit.role for droit in droits))
        services = len({droit.service.pk for droit in droits})
        return ", ".join([_combien(len(self.tenues), "entreprise"), _combien(services, "service"), *roles])

    @property
    def veut_partir(self) -> bool:
        """Whether its holder has asked for a deletion that something blocks here (CGU §4.c)."""
        return any(attendue.file.code == "SUPPRESSION" for attendue in self.attendues)

    @property
    def ecartes(self) -> int:
        """How many of the mails shown could not be delivered."""
        return sum(courriel.etat == ECARTE for courriel in self.courriels)


def _combien(nombre: int, quoi: str) -> str:
    return f"{nombre} {quoi}{'s' if nombre > 1 else ''}"


ECARTE: Final = "non remis"


def lire_espace(agent: Agent, espace: Espace) -> DossierEspace:
    """Return the page of one espace, for an agent whose office sees it: fourteen queries, whatever it holds."""
    du_bureau = _du_bureau(agent)
    tenues, ailleurs = _tenues(agent, espace)
    finies = list(
        Habilitation.objects.filter(du_bureau, espace=espace, fin_le__isnull=False)
        .select_related("personne", "service")
        .order_by("-fin_le")[:DERNIERS]
    )
    personnes = [*(tenue.personne for tenue in tenues), *(finie.personne for finie in finies)]
    compte = espace.compte
    maintenant = timezone.now()
    depuis = maintenant - timedelta(days=90)
    return DossierEspace(
        espace=espace,
        tenues=tenues,
        finies=finies,
        ailleurs=ailleurs,
        sessions=Session.objects.filter(compte=compte, expire_date__gt=maintenant).count() if compte else 0,
        connexions=list(connexions_du_compte(compte, depuis)[:CONNEXIONS_MONTREES]) if compte else [],
        demandes=_demandes(Demande.objects.filter(du_bureau, espace=espace)),
        rectifications=list(_rectifications(agent, espace)[:DERNIERS]),
        attendues=_attendues(en_attente(agent).filter(espace=espace)),
        courriels=[_envoye(courriel) for courriel in _courriels(espace)],
        journal=_journal(
            _evenements(agent, espace, personnes), tus_sans_siren=None if agent.fonction in DU_PAYS else espace
        ),
    )


def _tenues(agent: Agent, espace: Espace) -> tuple[list[Tenue], int]:
    """Return what this espace holds with this office, and for how many companies elsewhere: four queries.

    In the order of the index that answers « may he ? » (`habilitation_question`): at most a hundred companies (R13), then
    their services, without a row of the table being read.
    """
    vivantes = Habilitation.objects.vivantes().filter(espace=espace)
    cles = list(vivantes.order_by("personne").values_list("personne", flat=True).distinct())
    siennes = PersonneSirenisee.objects.filter(pk__in=cles)
    if agent.fonction not in DU_PAYS:
        siennes = siennes.filter(service_gestionnaire=agent.service_gestionnaire_id)
    tenues = {personne.pk: Tenue(personne, []) for personne in siennes.order_by("denomination", "siren")}
    services = Service.objects.in_bulk()
    colonnes = ("personne", "service", "role", "etat", "expire_le")
    for personne, service, role, etat, expire_le in vivantes.filter(personne__in=list(tenues)).values_list(*colonnes):
        sans_effet = etat == Habilitation.Etat.ACTIVE and espace.etat == Espace.Etat.DESACTIVE
        etat_lisible = SANS_EFFET if sans_effet else Habilitation.Etat(etat).label
        droit = Droit(services[service], Role(role).label, etat_lisible, expire_le, role == Role.TITULAIRE)
        tenues[personne].droits.append(droit)
    for tenue in tenues.values():
        tenue.droits.sort(key=lambda droit: (droit.service.ordre, droit.service.code))
    return list(tenues.values()), len(cles) - len(tenues)


def _du_bureau(agent: Agent) -> Q:
    if agent.fonction in DU_PAYS:
        return Q(personne__isnull=False)
    return Q(personne__service_gestionnaire=agent.service_gestionnaire_id)


def _rectifications(agent: Agent, espace: Espace) -> QuerySet[Rectification]:
    siennes = Rectification.objects.filter(espace=espace).exclude(etat=Rectification.Etat.DEPOSEE)  # which wait
    if agent.fonction in DU_PAYS:
        return siennes
    return siennes.filter(service_gestionnaire=agent.service_gestionnaire_id)


def _evenements(agent: Agent, espace: Espace, personnes: Iterable[PersonneSirenisee]) -> QuerySet[Evenement]:
    """Return the lines about this espace and a company of this office, or about the espace alone."""
    lignes = Evenement.objects.filter(espace=espace.numero_abonne)
    if agent.fonction in DU_PAYS:
        return lignes
    return lignes.filter(siren__in={"", *(personne.siren for personne in personnes)})


def _courriels(espace: Espace) -> QuerySet[Courriel]:
    siens = Courriel.objects.filter(espace=espace).exclude(genre__endswith="_gestionnaire")  # those are an office's
    return siens.only("genre", "cree_le", "traite_le", "ecarte_le").order_by("-cree_le")[:DERNIERS]


def _envoye(courriel: Courriel) -> Envoye:
    etat = ECARTE if courriel.ecarte_le else ("remis au serveur" if courriel.traite_le else "en attente")
    return Envoye(objet_du_genre(courriel.genre), courriel.cree_le, etat)
