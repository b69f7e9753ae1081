"""Deciding an alert: nothing in it, or true and dealt with (R15; CGU §3.6). One alert, or all that one cause raised at once.

A grave one is set aside by two agents of the cell (accounts/gestion/contreseings.py). Disabling is `espaces/desactivation.py`'s.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from accounts.gestion.contreseings import ActeGrave, demander_contreseing, inscrire
from accounts.gestion.fonctions import SURVEILLANCE
from accounts.models import Agent, Compte, Contreseing
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import relit_l_agent

from ..models import Alerte, Gravite, SuiteAlerte
from ..signaux.registre import nom_de
from ..signaux.suites import GENRES, decider

GENRE: Final = "CLASSEMENT"
LONGUEUR_DU_MOTIF: Final = 500
ENSEMBLE_AU_PLUS: Final = 200
"""How many alerts one decision takes at most."""


class DecisionDeLaCellule(RegleMetier):
    code = "decision_de_la_cellule"
    message = "Seule la cellule de surveillance décide d’une alerte."


class MotifDAlerteRequis(RegleMetier):
    code = "motif_d_alerte_requis"
    message = "Dites pourquoi, en 500 caractères au plus : qui rouvrira ce dossier lira votre motif."


class AlerteDejaDecidee(RegleMetier):
    code = "alerte_deja_decidee"
    message = "Rien n’est fait : une alerte au moins n’est plus à examiner. Relisez la page."


class AlerteVueDeNouveau(RegleMetier):
    code = "alerte_vue_de_nouveau"
    message = (
        "Rien n’est fait : depuis que ce classement a été demandé, ou que cette page a été affichée, une alerte a été vue de nouveau "
        "ou son détenteur a répondu. Relisez-la. Refusez ce classement s’il n’est plus fondé : il se redemande sur ce qui est vu maintenant."
    )


class AlertesTropNombreuses(RegleMetier):
    code = "alertes_trop_nombreuses"
    message = f"Une décision porte sur {ENSEMBLE_AU_PLUS} alertes au plus : décidez-les en plusieurs fois."


@transaction.atomic
@relit_l_agent
def classer_alertes(
    *, acteur: Agent, alertes: Collection[Alerte], motif: str, maintenant: datetime | None = None
) -> Contreseing | None:
    """Set these alerts aside: nothing was wrong. One of them grave: return what now waits for another agent, None else.

    What its agent did not see, counted on them since, is not set aside with the rest. Raises: FonctionChangee, DecisionDeLaCellule,
    MotifDAlerteRequis, AlertesTropNombreuses, AlerteDejaDecidee, AlerteVueDeNouveau, ContreseingDejaDemande.
    """
    maintenant = maintenant or timezone.now()
    motif = _motif(acteur, motif)
    _attendre_le_second([alerte.pk for alerte in alertes])
    ouvertes = verrouiller([alerte.pk for alerte in alertes])
    if {(vue.pk, vue.nombre, vue.gravite) for vue in alertes} != {(o.pk, o.nombre, o.gravite) for o in ouvertes}:
        raise AlerteVueDeNouveau
    if all(alerte.gravite != Gravite.GRAVE for alerte in ouvertes):
        decider(acteur, ouvertes, GENRES.SANS_SUITE, motif, maintenant)
        return None
    cles = sorted(str(alerte.pk) for alerte in ouvertes)
    comptes = [alerte.compte for alerte in ouvertes if alerte.compte is not None]
    espaces = {compte.espace for compte in comptes if hasattr(compte, "espace")}
    return demander_contreseing(
        acteur=acteur,
        genre=GENRE,
        cle=cles[0],
        espace=espaces.pop() if len(espaces) == 1 else None,
        motif=motif,
        parametres={"alertes": cles, "vues": _vues(ouvertes)},
        maintenant=maintenant,
    )


@transaction.atomic
@relit_l_agent
def confirmer_alertes(
    *, acteur: Agent, alertes: Collection[Alerte], motif: str, maintenant: datetime | None = None
) -> list[Alerte]:
    """Say that these alerts were true, and dealt with otherwise than by disabling; return them.

    Raises: FonctionChangee, DecisionDeLaCellule, MotifDAlerteRequis, AlertesTropNombreuses, AlerteDejaDecidee.
    """
    motif = _motif(acteur, motif)
    ouvertes = verrouiller([alerte.pk for alerte in alertes])
    decider(acteur, ouvertes, GENRES.AVEREE, motif, maintenant or timezone.now())
    return ouvertes


def exiger_la_cellule(acteur: Agent) -> None:
    """Raises: DecisionDeLaCellule."""
    if acteur.fonction not in SURVEILLANCE:
        raise DecisionDeLaCellule


def _motif(acteur: Agent, motif: str) -> str:
    exiger_la_cellule(acteur)
    propre = " ".join(motif.split())
    if not 0 < len(propre) <= LONGUEUR_DU_MOTIF:
        raise MotifDAlerteRequis
    return propre


def verrouiller_comptes(cles: Collection[UUID | str]) -> None:
    """Lock the accounts of these alerts, before the alerts: the order of whoever raises or decides one, so nobody waits in a ring."""
    comptes = Alerte.objects.filter(pk__in=cles).order_by().values("compte")
    verrous = Compte.objects.select_for_update(no_key=True).filter(pk__in=comptes).order_by("pk")
    list(verrous.values_list("pk", flat=True))


def verrouiller(cles: Collection[UUID | str]) -> list[Alerte]:
    """Return these open alerts, locked with their accounts in the order of their keys.

    Raises: AlertesTropNombreuses, AlerteDejaDecidee.
    """
    if len(cles) > ENSEMBLE_AU_PLUS:
        raise AlertesTropNombreuses
    verrouiller_comptes(cles)
    lues = list(
        Alerte.objects.select_for_update(no_key=True, of=("self",))
        .select_related("compte__espace")
        .filter(pk__in=cles)
        .order_by("pk")
    )
    if not lues or any(alerte.etat != Alerte.Etat.OUVERTE for alerte in lues) or len(lues) != len(set(cles)):
        raise AlerteDejaDecidee
    return lues


def _attendre_le_second(cles: Collection[UUID]) -> None:
    """Lock what waits of these alerts for a second look, before them, as who countersigns does: of two at once, one goes first."""
    cle = min(map(str, cles), default="")
    attend = Contreseing.objects.filter(genre=GENRE, cle=cle, etat=Contreseing.Etat.DEMANDE)
    list(attend.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))


def _vues(alertes: Collection[Alerte]) -> dict[str, list[str | int]]:
    """Return what there is to judge of each of these alerts: how often it was seen, how grave it is, what its holder answered."""
    questions = SuiteAlerte.objects.filter(alerte__in=alertes, genre=SuiteAlerte.Genre.QUESTION)
    reponses = dict(questions.values_list("alerte", "reponse"))
    return {str(une.pk): [une.nombre, int(une.gravite), reponses.get(une.pk, "")] for une in alertes}


# --- The second look at a grave one -----------------------------------------------------------------------------------


def _classer(
    *, acteur: Agent, contreseing: Contreseing, montrees: Collection[UUID] | None, maintenant: datetime
) -> list[Alerte]:
    """Set aside what was asked for, once a second agent has looked: what the first one judged, and no more.

    Raises: AlerteDejaDecidee, AlerteVueDeNouveau.
    """
    ouvertes = verrouiller(contreseing.parametres["alertes"])
    if _vues(ouvertes) != contreseing.parametres.get(
        "vues", _vues(ouvertes)
    ):  # asked for before this was kept: as it was
        raise AlerteVueDeNouveau
    decider(contreseing.demandeur, ouvertes, GENRES.SANS_SUITE, contreseing.motif, maintenant, second=acteur)
    return ouvertes


def _faits(agent: Agent, contreseing: Contreseing) -> list[tuple[str, str | Model]]:
    cles = contreseing.parametres.get("alertes", [])
    lues = (
        Alerte.objects.filter(pk__in=cles).select_related("compte__espace", "compte__agent").order_by("levee_le", "pk")
    )
    return [(nom_de(alerte.motif), dire(alerte)) for alerte in lues]


def dire(alerte: Alerte) -> str:
    """Return of whom this alert is, or of which network, as a line of a list says it."""
    if alerte.compte_id is None:
        return f"réseau {alerte.details.get('reseau', '')}"
    espace, agent = getattr(alerte.compte, "espace", None), getattr(alerte.compte, "agent", None)
    if espace is not None:
        return f"{espace.nom_complet}, {espace.numero_lisible}"
    return f"agent {agent}" if agent is not None else "compte sans espace"


def inscrire_le_classement() -> None:
    """Declare the setting aside of a grave alert among the acts that two agents do."""
    inscrire(
        ActeGrave(
            code=GENRE,
            libelle="Classement d’une alerte grave",
            suite="Ces alertes sont classées sans suite : elles quittent la file, et ne comptent plus contre l’espace.",
            faire=_classer,
            faits=_faits,
            de_la_cellule=True,
        )
    )
