"""What the journal of the company shows: who did what on the services that one administers (issue 4 item 9).

Titulaire and suppléants only, for each SIREN and service apart. Persons by their name; never their numéro d'abonné,
never an IP address.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.dateparse import parse_date

from accounts.models import Espace, Evenement
from accounts.saisies.dates import horodatage_de_tableur
from accounts.saisies.identifiants import pour_chercher
from accounts.saisies.porte import lire_recherche
from accounts.saisies.repliement import replier
from accounts.traces.actes import ADMINISTRATEURS, Acte, Lecteur, catalogue
from accounts.traces.journal import consigner
from accounts.traces.visibilite import anonymes, montres
from activation.models import LigneDemande
from habilitations.droits.backends import donnant
from habilitations.droits.cles import parmi
from habilitations.droits.roles import GERER_BANQUE, GERER_COURRIEL, VOIR_HABILITATIONS
from habilitations.lectures.recherche import nomme
from habilitations.models import Habilitation, Role
from habilitations.tableurs.ecriture import en_csv, en_xlsx
from services.models import PersonneSirenisee, Service

from .. import actes
from .libelles import objet_de

COLONNES = ("Quand", "Quoi", "SIREN", "Dénomination", "Service", "Par", "Concerne", "Rôle")
EXPORT_MAX = 10_000
REFERENCE: Final = KT("details__demande")
INCONNU: Final = "une autre personne"


def actes_filtrables() -> dict[str, str]:
    """Return what the filter proposes: the acts that administrators are shown, and `act:nature` where words differ."""
    proposes: dict[str, str] = {}
    for acte in catalogue().values():
        for nature in ("", *_natures_a_part(acte)):
            cas = acte.cas(nature)
            if cas.lecteurs & ADMINISTRATEURS:
                proposes[f"{acte.code}:{nature}" if nature else acte.code] = cas.libelle
    return proposes


def _natures_a_part(acte: Acte) -> list[str]:
    """Return the natures for which this act has words of its own, and so an entry of its own in the filter."""
    return [nature for nature in acte.natures if acte.cas(nature).libelle != acte.libelle]


@dataclass(frozen=True)
class Etendue:
    """The SIREN and services whose journal this espace may read."""

    personnes: list[PersonneSirenisee]
    services: list[Service]


def administres(espace: Espace) -> QuerySet[Habilitation]:
    """Return the habilitations that let this espace see who holds what today: the permission backend decides."""
    return donnant(VOIR_HABILITATIONS, espace)


def etendue(espace: Espace) -> Etendue:
    """Return what the filters propose: two queries."""
    miennes = administres(espace)
    return Etendue(
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
        """Read the filters of an address or of a form. Raises: TexteIllisible."""

        def texte(nom: str, longueur: int) -> str:
            return lire_recherche(donnees.get(nom, ""), longueur)

        return cls(
            q=texte("q", 100),
            siren=pour_chercher(texte("siren", 40)),
            service=texte("service", 20),
            acte=texte("acte", 80) if texte("acte", 80) in actes_filtrables() else "",
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


def evenements(espace: Espace, etendue: Etendue, filtres: Filtres) -> QuerySet[Evenement]:
    """Return the events of the services that this espace administers, newest first.

    Each has `anonyme`: whether it is about a demande whose requester this espace may not learn.
    """
    return avec_anonymat(espace, visibles(espace, etendue, filtres))


def visibles(espace: Espace, etendue: Etendue, filtres: Filtres) -> QuerySet[Evenement]:
    """Return the same as lines to be grouped and counted, without what is to be known of each."""
    # Found by index from the SIREN held, at most a hundred: `_visible` says which of their lines are read.
    tenues = Habilitation.objects.vivantes().filter(espace=espace).values("personne__siren").distinct()
    les_leurs = Q(siren=filtres.siren) if filtres.siren else Q(parmi("siren", tenues))
    siennes = Evenement.objects.filter(les_leurs).alias(
        nature=Coalesce(KT("details__nature"), Value(""), output_field=TextField())
    )
    trouves: QuerySet[Any] = siennes.alias(reference=REFERENCE).filter(_visible(espace, filtres.service))
    if filtres.acte:
        code, _, nature = filtres.acte.partition(":")
        trouves = trouves.filter(acte=code)
        trouves = (
            trouves.filter(nature=nature) if nature else trouves.exclude(nature__in=_natures_a_part(catalogue()[code]))
        )
    if filtres.du:
        trouves = trouves.filter(quand__gte=_minuit(filtres.du))
    if filtres.au and filtres.au < date.max:
        trouves = trouves.filter(quand__lt=_minuit(filtres.au + timedelta(days=1)))
    if filtres.q:
        trouves = avec_anonymat(espace, trouves).filter(_recherche(etendue, filtres.q))
    return trouves.order_by("-id")


def avec_anonymat(espace: Espace, evenements: QuerySet[Evenement]) -> QuerySet[Evenement]:
    """Give each event its `anonyme`: whether it names a requester whom this espace may not learn."""
    return evenements.alias(reference=REFERENCE).annotate(
        anonyme=ExpressionWrapper(_anonyme(espace), output_field=BooleanField())
    )


def _visible(espace: Espace, service: str) -> Q:
    """Return the condition that an event is about a service that this espace administers, `service` if one is given.

    And that its act is declared as shown so: to who administers the service of the line, a service of its demande's
    lines, the Messagerie, for whoever may ask to change the e-mail of the personne (R21), or a paying service, for whoever
    manages its accounts (R20).
    """
    miennes = administres(espace)
    messageries = donnant(GERER_COURRIEL, espace).filter(service__famille=Service.Famille.MESSAGERIE)
    paiements = donnant(GERER_BANQUE, espace).filter(service__paiement=True)
    if service:
        miennes, messageries = miennes.filter(service__code=service), messageries.filter(service__code=service)
        paiements = paiements.filter(service__code=service)
    directs = miennes.filter(personne__siren=OuterRef("siren"), service__code=OuterRef("service"))
    demandes = _lignes_de_demandes(miennes).filter(demande__reference=OuterRef("reference"))
    adresses = messageries.filter(personne__siren=OuterRef("siren"))
    comptes = paiements.filter(personne__siren=OuterRef("siren"))
    return (
        montres(Lecteur.ADMINISTRATEURS) & Q(Exists(directs))
        | montres(Lecteur.ADMINISTRATEURS_DEMANDE) & Q(Exists(demandes))
        | montres(Lecteur.ADMINISTRATEURS_MESSAGERIE) & Q(Exists(adresses))
        | montres(Lecteur.ADMINISTRATEURS_PAIEMENT) & Q(Exists(comptes))
    )


def _lignes_de_demandes(miennes: QuerySet[Habilitation]) -> QuerySet[LigneDemande]:
    """Return the services asked for that are among these, whoever asked."""
    permises = miennes.filter(personne=OuterRef("demande__personne"), service=OuterRef("service"))
    return LigneDemande.objects.filter(Exists(permises))


def _anonyme(espace: Espace) -> Q:
    """Return the condition that an event names somebody whom its declaration keeps back from administrators.

    Not from himself, nor once his demande gave him a service of this espace: until then he is a stranger to it.
    """
    obtenues = _lignes_de_demandes(administres(espace)).filter(
        demande__reference=OuterRef("reference"), resultat=LigneDemande.Resultat.OUVERT
    )
    sien = Q(auteur=espace.numero_abonne) | Q(espace=espace.numero_abonne)
    return anonymes() & ~sien & ~Q(Exists(obtenues))


def _recherche(etendue: Etendue, q: str) -> Q:
    """By SIREN or dénomination, or by the name of somebody who holds or held something there, unless it is not told."""
    siren, mots = pour_chercher(q), [replier(mot) for mot in q.split() if replier(mot)]
    sirens = [
        personne.siren
        for personne in etendue.personnes
        if (mots and all(mot in replier(personne.denomination) for mot in mots))
        or personne.siren.startswith(siren or "-")
    ]
    nommes = Habilitation.objects.filter(nomme(q, "espace__"), personne__in=etendue.personnes)
    numeros = list(nommes.order_by().values_list("espace__numero_abonne", flat=True).distinct())
    return Q(siren__in=sirens) | (Q(auteur__in=numeros) | Q(espace__in=numeros)) & Q(anonyme=False)


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
    objet: str = ""

    def cellules(self) -> tuple[str, ...]:
        """Return the cells of the exported file, in the order of COLONNES."""
        return (
            horodatage_de_tableur(self.quand),
            f"{self.acte} : {self.objet}" if self.objet else self.acte,
            self.siren,
            self.denomination,
            self.service,
            self.auteur,
            self.concerne,
            self.role,
        )


def lignes(espace: Espace, etendue: Etendue, evenements: Iterable[Evenement], *, moi: str = "vous") -> list[Ligne]:
    """Return these events in words, the reader called `moi`; a query for the names of all persons, one for the demandes."""
    evenements = list(evenements)
    if not evenements:
        return []
    demandes = {evenement.details.get("demande") for evenement in evenements if not evenement.service}
    demandes_services: dict[str, list[str]] = defaultdict(list)
    for reference, libelle in (
        _lignes_de_demandes(administres(espace))
        .filter(demande__reference__in=demandes)
        .order_by("service__ordre", "service__code")
        .values_list("demande__reference", "service__libelle")
    ):
        demandes_services[reference].append(libelle)
    numeros = {numero for evenement in evenements for numero in (evenement.auteur, evenement.espace)}
    noms = {e.numero_abonne: e.nom_complet for e in Espace.objects.filter(numero_abonne__in=numeros)}
    noms[espace.numero_abonne] = moi
    denominations = {personne.siren: personne.denomination for personne in etendue.personnes}
    services = {service.code: service.libelle for service in etendue.services}
    return [
        Ligne(
            quand=evenement.quand,
            acte=_acte(evenement),
            siren=evenement.siren,
            denomination=denominations.get(evenement.siren, ""),
            service=services.get(evenement.service, evenement.service)
            or ", ".join(demandes_services[evenement.details.get("demande", "")]),
            auteur=_auteur(evenement, noms),
            concerne=_concerne(evenement, noms),
            role=_role(evenement),
            objet=objet_de(evenement),
        )
        for evenement in evenements
    ]


@transaction.atomic
def exporter_journal(*, acteur: Espace, etendue: Etendue, filtres: Filtres, format_: str) -> bytes:
    """Return as a file what the page shows of this etendue, all pages together, EXPORT_MAX lines at most.

    `format_` in FORMATS. Leaves a line in the journal.
    """
    rangees = lignes(acteur, etendue, evenements(acteur, etendue, filtres)[:EXPORT_MAX], moi=acteur.nom_complet)
    details = {"format": format_, "lignes": len(rangees)}
    consigner(actes.JOURNAL_ENTREPRISE_EXPORTE, auteur=acteur, details=details)
    cellules = (ligne.cellules() for ligne in rangees)
    return en_csv(COLONNES, cellules) if format_ == "csv" else en_xlsx("Journal", COLONNES, cellules)


def _acte(evenement: Evenement) -> str:
    declare = catalogue().get(evenement.acte)
    return declare.cas(evenement.details.get("nature", "")).libelle if declare else evenement.acte


def _auteur(evenement: Evenement, noms: dict[str, str]) -> str:
    if evenement.auteur.startswith("systeme:"):
        return "le portail"
    if evenement.auteur.startswith("agent:"):
        return "un agent"
    return INCONNU if _tait(evenement) else noms.get(evenement.auteur) or "un espace supprimé"


def _concerne(evenement: Evenement, noms: dict[str, str]) -> str:
    if evenement.espace == evenement.auteur:
        return ""
    return INCONNU if _tait(evenement) else noms.get(evenement.espace, "")


def _tait(evenement: Evenement) -> bool:
    """Whether the requester is not named: `evenements` has said so of each."""
    return bool(evenement.anonyme)  # type: ignore[attr-defined]  # annotated


def _role(evenement: Evenement) -> str:
    role = evenement.details.get("role", "")
    return Role(role).label if role in Role.values else ""
