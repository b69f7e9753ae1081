"""« Sécurité de votre espace »: what protects an account, and the acts that change it (CGU §3.3, issue 3 items 5 and 6)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Concat, Trim
from django.utils import timezone
from django_otp_webauthn.models import WebAuthnCredential

from .. import actes
from ..models import Application, CodeSecours, Compte, Espace, Evenement, NavigateurConnu, Session
from ..saisies.regles import RegleMetier
from ..sessions.ouvertures import lister
from ..traces.actes import catalogue
from ..traces.journal import consigner
from ..traces.visibilite import est_de_son_journal
from .second_facteur import (
    annoncer_changement,
    appareil_confirme,
    codes_restants,
    oublier_second_facteur,
    verrouiller_prouve,
)

CONNEXIONS_DUREE = timedelta(days=90)
NOM_CLE_LONGUEUR = 64
ACTES_MONTRES = 5
ACTES_LUS = 40  # lines: one press may leave several, and some are shown to nobody

# The sign-ins are known to a floor above: it gives its read here (design.md §2).
LecteurConnexions = Callable[[Compte, datetime], QuerySet[Any]]
_lecteurs: list[LecteurConnexions] = []
_lecteurs_des_verifications: list[LecteurConnexions] = []
LecteurSignaux = Callable[[Compte, datetime], list[Any]]
_lecteurs_des_signaux: list[LecteurSignaux] = []


class FacteurInconnu(RegleMetier):
    code = "facteur_inconnu"
    message = "Ce second facteur est déjà retiré."


@dataclass(frozen=True)
class Facteurs:
    """The second factors of an account."""

    application: Application | None
    cles: list[WebAuthnCredential]
    codes: int

    @property
    def actif(self) -> bool:
        return self.application is not None or bool(self.cles)


@dataclass(frozen=True)
class ActeRecent:
    """What one request of the holder did by one act to one person for one company, however many lines it left."""

    quand: datetime
    acte: str
    siren: str
    a_qui: str
    """The other person whom it is about, "" for none or where the act keeps who it is."""
    services: int
    service: str
    """The code of the service where it is one, "" for none or several."""
    adresse_ip: str | None


@dataclass(frozen=True)
class Securite:
    """What the page shows."""

    sessions: list[Session]
    navigateurs: list[NavigateurConnu]
    facteurs: Facteurs
    connexions: list[Any]
    actes: list["ActeRecent"]


def fournir_connexions(lecteur: LecteurConnexions) -> None:
    """Register the read of the sign-ins of an account since a date (called once, in AppConfig.ready)."""
    if lecteur not in _lecteurs:
        _lecteurs.append(lecteur)


def fournir_verifications(lecteur: LecteurConnexions) -> None:
    """Register the read of the verifications asked of an account since a date (called once, in AppConfig.ready)."""
    if lecteur not in _lecteurs_des_verifications:
        _lecteurs_des_verifications.append(lecteur)


def fournir_signaux(lecteur: LecteurSignaux) -> None:
    """Register the read of what was seen unusual of an account since a date (called once, in AppConfig.ready)."""
    if lecteur not in _lecteurs_des_signaux:
        _lecteurs_des_signaux.append(lecteur)


def signaux(compte: Compte, maintenant: datetime | None = None) -> list[Any]:
    """Return what was seen unusual in the last 90 days, the newest first, twenty at most."""
    return _lecteurs_des_signaux[0](compte, (maintenant or timezone.now()) - CONNEXIONS_DUREE)[:20]


def verifications(compte: Compte, maintenant: datetime | None = None) -> list[Any]:
    """Return the verifications of the last 90 days, the newest first, twenty at most."""
    depuis = (maintenant or timezone.now()) - CONNEXIONS_DUREE
    return list(_lecteurs_des_verifications[0](compte, depuis)[:20])


def connexions(compte: Compte, maintenant: datetime | None = None) -> QuerySet[Any]:
    """Return the sign-ins of the last 90 days, the newest first. The floor above is always there: see fournir_connexions."""
    return _lecteurs[0](compte, (maintenant or timezone.now()) - CONNEXIONS_DUREE)


def facteurs(compte: Compte) -> Facteurs:
    """Return the second factors of this account."""
    return Facteurs(
        application=appareil_confirme(compte),
        cles=list(WebAuthnCredential.objects.filter(user=compte, confirmed=True).order_by("created_at")),
        codes=codes_restants(compte),
    )


@dataclass(frozen=True)
class Protection:
    """How an account is protected, in numbers: second factors, recovery codes that are left, open sessions."""

    applications: int
    cles: int
    codes: int
    sessions: int

    @property
    def active(self) -> bool:
        return bool(self.applications or self.cles)


def protection_de(compte: Compte, maintenant: datetime | None = None) -> Protection:
    """Return the numbers of what protects this account, in one query."""

    def nombre(lignes: QuerySet[Any], du: str) -> Coalesce:
        comptees = lignes.order_by().values(du).annotate(nombre=Count("pk")).values("nombre")
        return Coalesce(Subquery(comptees), 0)

    restants = CodeSecours.objects.filter(compte=compte, utilise_le__isnull=True)
    lus = Compte.objects.values_list(
        nombre(Application.objects.filter(user=compte, confirmed=True), "user"),
        nombre(WebAuthnCredential.objects.filter(user=compte, confirmed=True), "user"),
        nombre(restants, "compte"),
        nombre(Session.objects.vivantes(compte, maintenant), "compte"),
    ).get(pk=compte.pk)
    return Protection(*lus)


def lire_securite(espace: Espace, compte: Compte) -> Securite:
    """Return all that the page shows, in a fixed number of queries."""
    return Securite(
        sessions=lister(compte),
        navigateurs=list(NavigateurConnu.objects.filter(compte=compte).order_by("-dernier_usage")),
        facteurs=facteurs(compte),
        connexions=list(connexions(compte)[:5]),
        actes=actes_recents(espace),
    )


def actes_recents(espace: Espace) -> list[ActeRecent]:
    """Return what its holder did last, the newest first, each with to whom and for which company: one query."""
    nom = Trim(Concat("prenom", Value(" "), "nom"))
    autres = Espace.objects.filter(numero_abonne=OuterRef("espace")).exclude(pk=espace.pk).values(dit=nom)
    siens = Evenement.objects.filter(auteur=espace.numero_abonne).annotate(a_qui=Subquery(autres))
    lus = [lu for lu in siens.order_by("-id")[:ACTES_LUS] if est_de_son_journal(lu, espace.numero_abonne)]
    groupes = groupby(lus, key=lambda lu: (lu.requete or lu.pk, lu.acte, lu.espace, lu.siren))
    lignes = [list(groupe) for _, groupe in groupes]
    return [
        ActeRecent(
            quand=une.quand,
            acte=une.acte,
            siren=une.siren,
            a_qui="" if _tait(une) else une.a_qui or "",
            services=len(services := {ligne.service for ligne in groupe if ligne.service}),
            service=services.pop() if len(services) == 1 else "",
            adresse_ip=une.adresse_ip,
        )
        for groupe in lignes[:ACTES_MONTRES]
        for une in groupe[:1]
    ]


def _tait(evenement: Evenement) -> bool:
    declare = catalogue().get(evenement.acte)
    return declare is None or declare.cas(evenement.details.get("nature", "")).anonyme


@transaction.atomic
def retirer_application(*, acteur: Compte, garder: str) -> None:
    """Remove the actor's application; with the last factor go the recovery codes. Raises: CompteModifie, FacteurInconnu.

    `garder` is the key of the session that stays open; every other one is closed, and a mail tells of it.
    """
    acteur = verrouiller_prouve(acteur)
    if appareil_confirme(acteur) is None:  # one that waits for its first code protects nothing yet
        raise FacteurInconnu
    Application.objects.filter(user=acteur).delete()
    _apres_retrait(acteur, "application_retiree", garder)


@transaction.atomic
def retirer_cle(*, acteur: Compte, cle: int, garder: str) -> None:
    """Remove one passkey of the actor's own; as `retirer_application`. Raises: CompteModifie, FacteurInconnu."""
    acteur = verrouiller_prouve(acteur)
    retires, _ = WebAuthnCredential.objects.filter(user=acteur, pk=cle).delete()
    if not retires:
        raise FacteurInconnu
    _apres_retrait(acteur, "cle_retiree", garder)


def _apres_retrait(compte: Compte, changement: str, garder: str) -> None:
    if not facteurs(compte).actif:
        oublier_second_facteur(acteur=compte)
    espace = getattr(compte, "espace", None)
    evenement = consigner(actes.SECOND_FACTEUR_RETIRE, auteur=compte, espace=espace, details={"changement": changement})
    annoncer_changement(compte, evenement, changement, garder)
