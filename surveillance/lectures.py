"""Reads of the surveillance floor that pages below ask for."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Compte, Espace, NavigateurConnu

from .models import Alerte, Connexion, SignalVu, Verification
from .signaux.mots import FAIT
from .signaux.registre import EXTERIEURS, nom_de


def connexions_du_compte(compte: Compte, depuis: datetime) -> QuerySet[Connexion]:
    """Return the sign-ins of this account since `depuis`, tried or made, the newest first (for « Sécurité »)."""
    return Connexion.objects.filter(compte=compte, quand__gte=depuis).order_by("-quand")


def verifications_du_compte(compte: Compte, depuis: datetime) -> QuerySet[Verification]:
    """Return the verifications asked of this account since `depuis`, the newest first (for « Sécurité »)."""
    return Verification.objects.filter(compte=compte, demandee_le__gte=depuis).order_by("-demandee_le")


@dataclass(frozen=True)
class SignalLu:
    """A signal as its holder reads it: when, what was seen, what was done; never what only the cell weighs."""

    vu_le: datetime
    nom: str
    fait: str


def signaux_du_compte(compte: Compte, depuis: datetime) -> list[SignalLu]:
    """Return what was seen unusual of this account since `depuis`, the newest first, fifty at most (for « Sécurité »)."""
    vus = SignalVu.objects.filter(compte=compte, vu_le__gte=depuis).order_by("-vu_le")[:50]
    return [SignalLu(vu.vu_le, nom_de(vu.genre), _fait(vu.demandes)) for vu in vus]


def _fait(demandes: list[str]) -> str:
    dits = ", ".join(FAIT[demande] for demande in demandes)
    return f"{dits[:1].upper()}{dits[1:]}." if dits else ""


def a_ete_signale(espace: Espace, depuis: datetime) -> bool:
    """Whether an unusual use of this espace was seen since then: an alert that no agent has set aside, or a new place.

    Seen again on an alert that is still open, it counts anew. What a stranger can cause without being inside (`EXTERIEURS`) is none.

    A place is new when a browser unknown until then signed in, and from a country and network where this account had never.
    """
    compte = espace.compte
    if compte is None:
        return False
    alertes = Alerte.objects.filter(compte=compte, derniere_le__gt=depuis).exclude(etat=Alerte.Etat.ECARTEE)
    alertes = alertes.exclude(motif__in=EXTERIEURS)
    return alertes.exists() or _d_un_lieu_inconnu(compte, depuis)


def _d_un_lieu_inconnu(compte: Compte, depuis: datetime) -> bool:
    if not NavigateurConnu.objects.filter(compte=compte, connu_depuis__gt=depuis).exists():
        return False
    reussies = Connexion.objects.filter(compte=compte, resultat=Connexion.Resultat.REUSSIE).order_by()
    avant = set(reussies.filter(quand__lte=depuis).values_list("pays", "reseau").distinct())
    if not avant:
        return False  # its first days: nothing is usual yet
    return any(lieu not in avant for lieu in reussies.filter(quand__gt=depuis).values_list("pays", "reseau").distinct())
