"""What the journal of the company shows: who did what on the services that one administers (issue 4 item 9).

Titulaire and suppléants only, for each SIREN and service apart. Persons by their name; never their numéro d'abonné,
never an IP address.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date

from accounts.models import Espace, Evenement
from activation.lectures import personnes_administrees
from activation.models import Demande
from habilitations.backends import donnant
from habilitations.lectures_partage import nomme
from habilitations.models import Habilitation, Role
from habilitations.roles import VOIR_HABILITATIONS
from services.models import PersonneSirenisee, Service

from .libelles import LIBELLES, libelle_acte

COLONNES = ("Quand", "Quoi", "SIREN", "Dénomination", "Service", "Par", "Concerne", "Rôle")
EXPORT_MAX = 10_000
# What these acts say when they are about the e-mail of the personne.
ADRESSE_ENTREPRISE = {
    "demande.deposee": "Changement de l'adresse électronique de l'entreprise demandé",
    "demande.activee": "Adresse électronique de l'entreprise changée",
}


@dataclass(frozen=True)
class Perimetre:
    """The SIREN and services whose journal this espace may read."""

    personnes: list[PersonneSirenisee]
    services: list[Service]


def administres(espace: Espace) -> QuerySet[Habilitation]:
    """Return the habilitations that let this espace see who holds what today: the permission backend decides."""
    return donnant(VOIR_HABILITATIONS, espace)


def perimetre(espace: Espace) -> Perimetre:
    """Return what the filters propose: two queries."""
    miennes = administres(espace)
    return Perimetre(
        list(PersonneSirenisee.objects.filter(pk__in=miennes.values("personne")).order_by("denomination", "siren")),
        list(Service.objects.filter(pk__in=miennes.values("service")).order_by("ordre", "code")),
    )


@dataclass(frozen=True)
class Filtres:
    """What the journal is narrowed to. Unknown values count as none."""

    q: str = ""
    siren: str = ""
    service: str = ""
    acte: str = ""
    du: date | None = None
    au: date | None = None

    @classmethod
    def depuis(cls, donnees: Mapping[str, str]) -> "Filtres":
        """Read the filters of an address or of a form."""

        def texte(nom: str, longueur: int) -> str:
            return donnees.get(nom, "").replace("\x00", "").strip()[:longueur]

        return cls(
            q=texte("q", 100),
            siren=texte("siren", 9),
            service=texte("service", 20),
            acte=texte("acte", 60) if texte("acte", 60) in LIBELLES else "",
            du=_jour(texte("du", 10)),
            au=_jour(texte("au", 10)),
        )

    @property
    def poses(self) -> bool:
        return self != Filtres()


def _jour(texte: str) -> date | None:
    try:
        return parse_date(texte)
    except ValueError:
        return None


def _minuit(jour: date) -> datetime:
    return timezone.make_aware(datetime.combine(jour, time.min))


def evenements(espace: Espace, perimetre: Perimetre, filtres: Filtres) -> QuerySet[Evenement]:
    """Return the events of the services that this espace administers, newest first.

    The e-mail of a personne belongs to no service: its changes are shown to who administers the Messagerie (R21).
    """
    sirens = [personne.siren for personne in perimetre.personnes]
    permis = administres(espace).filter(personne__siren=OuterRef("siren"), service__code=OuterRef("service"))
    messageries = personnes_administrees(espace).filter(siren=OuterRef("siren"))
    adresse = Q(acte__in=ADRESSE_ENTREPRISE, details__nature=Demande.Nature.COURRIEL_PERSONNE)
    trouves = Evenement.objects.filter(Exists(permis) | adresse & Exists(messageries), siren__in=sirens)
    if filtres.siren:
        trouves = trouves.filter(siren=filtres.siren)
    if filtres.service:
        trouves = trouves.filter(service=filtres.service)
    if filtres.acte:
        trouves = trouves.filter(acte=filtres.acte)
    if filtres.du:
        trouves = trouves.filter(quand__gte=_minuit(filtres.du))
    if filtres.au and filtres.au < date.max:
        trouves = trouves.filter(quand__lt=_minuit(filtres.au + timedelta(days=1)))
    if filtres.q:
        trouves = trouves.filter(_recherche(perimetre, filtres.q))
    return trouves.order_by("-id")


def _recherche(perimetre: Perimetre, q: str) -> Q:
    """By SIREN or dénomination, or by the name of somebody who holds or held something there."""
    chiffres = "".join(signe for signe in q if signe.isalnum())
    sirens = [
        personne.siren
        for personne in perimetre.personnes
        if q.casefold() in personne.denomination.casefold() or personne.siren.startswith(chiffres or "-")
    ]
    nommes = Habilitation.objects.filter(nomme(q, "espace__"), personne__in=perimetre.personnes)
    numeros = list(nommes.order_by().values_list("espace__numero_abonne", flat=True).distinct())
    return Q(siren__in=sirens) | Q(auteur__in=numeros) | Q(espace__in=numeros)


@dataclass(frozen=True)
class Ligne:
    """One event as it is read."""

    quand: datetime
    acte: str
    siren: str
    denomination: str
    service: str
    auteur: str
    concerne: str
    role: str

    def cellules(self) -> tuple[str, ...]:
        """Return the cells of the exported file, in the order of COLONNES."""
        return (
            f"{timezone.localtime(self.quand):%d/%m/%Y %H:%M}",
            self.acte,
            self.siren,
            self.denomination,
            self.service,
            self.auteur,
            self.concerne,
            self.role,
        )


def lignes(espace: Espace, perimetre: Perimetre, evenements: Iterable[Evenement], *, moi: str = "vous") -> list[Ligne]:
    """Return these events in words, the reader called `moi`; one query for the names of all persons."""
    evenements = list(evenements)
    numeros = {numero for evenement in evenements for numero in (evenement.auteur, evenement.espace)}
    noms = {e.numero_abonne: e.nom_complet for e in Espace.objects.filter(numero_abonne__in=numeros)}
    noms[espace.numero_abonne] = moi
    denominations = {personne.siren: personne.denomination for personne in perimetre.personnes}
    services = {service.code: service.libelle for service in perimetre.services}
    return [
        Ligne(
            quand=evenement.quand,
            acte=ADRESSE_ENTREPRISE.get(evenement.acte) or libelle_acte(evenement.acte),
            siren=evenement.siren,
            denomination=denominations.get(evenement.siren, ""),
            service=services.get(evenement.service, evenement.service),
            auteur=_auteur(evenement.auteur, noms),
            concerne=noms.get(evenement.espace, "") if evenement.espace != evenement.auteur else "",
            role=_role(evenement),
        )
        for evenement in evenements
    ]


def _auteur(auteur: str, noms: dict[str, str]) -> str:
    if auteur.startswith("systeme:"):
        return "le portail"
    if auteur.startswith("agent:"):
        return "un agent"
    return noms.get(auteur) or "un espace supprimé"


def _role(evenement: Evenement) -> str:
    role = evenement.details.get("role", "")
    return Role(role).label if role in Role.values else ""
