"""Four eyes: a grave act is asked for by one agent and done by another's countersignature (issue 14, item 6).

Each app inscribes its grave acts (`inscrire`) in `AppConfig.ready`; their pages are `accounts/views/contreseings.py`. The act
itself runs in the transaction of the countersignature, under its own locks, and compares what the second agent was shown.
The second look is another agent's of the same office; where there is none, or none has looked within a working day, the
surveillance cell's. What the cell itself asks for (`ActeGrave.de_la_cellule`) is another agent's of the cell. Whoever changed the access of who asks, or had it changed by the same hand, is no second look
(`acteurs.agents_lies`). What waits outlives neither fifteen days, nor the function of who asked, nor its object.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Protocol
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Model, Q, QuerySet
from django.utils import timezone

from .. import actes
from ..envois import courriels
from ..envois.un_a_un import chacun
from ..espace import arrets, suppression
from ..espace.arrets import Arret, Effet, Memoire
from ..models import Agent, Contreseing, Espace
from ..saisies.dates import jour_heure
from ..saisies.jours_ouvres import apres_jours_ouvres
from ..saisies.regles import RegleMetier
from ..traces.actes import Acte
from ..traces.agents_relus import exiger_inchange, relit_l_agent, verrouiller_agents
from ..traces.journal import consigner
from .acteurs import agents_lies
from .fonctions import BUREAU, SURVEILLANCE

DELAI_OUVRE: Final = 1  # working days
LONGUEUR_DU_MOTIF: Final = 500
ATTENTE_MAX: Final = timedelta(days=15)
SUIVI: Final = timedelta(days=7)
"""How long whoever asked is shown what was decided."""
SUIVIS: Final = 6
REMONTEE: Final = "systeme:remonter_contreseings"
EXPIRATION: Final = "systeme:expirer_contreseings"
TROP_VIEUX: Final = (
    f"aucun second regard en {ATTENTE_MAX.days} jours : demandez-le de nouveau s’il est toujours à faire"
)
VISE: Final = "agent"
"""In `parametres`, the key of the agent whom the act is about: he is locked with the others, and no second look at himself."""
SANS_OBJET: Final = "l’espace est supprimé"
ESPACE_DESACTIVE: Final = "l’espace est désactivé : demandez-le de nouveau s’il est toujours à faire"
SANS_AUTEUR: Final = "l’agent qui le demandait n’exerce plus dans ce service"


class Faire(Protocol):
    """What a grave act does, in the transaction of its countersignature; the espace it is about, if any, is locked."""

    def __call__(
        self, *, acteur: Agent, contreseing: Contreseing, montrees: Collection[UUID] | None, maintenant: datetime
    ) -> object: ...


@dataclass(frozen=True)
class Reste:
    """What is left to do of a countersigned act: its words, and its page."""

    libelle: str
    page: str


@dataclass(frozen=True, kw_only=True)
class ActeGrave:
    """One kind of act that two agents do: its words, what its pages show, and what is done."""

    code: str
    libelle: str
    suite: str
    """What happens once it is countersigned, for the second agent."""
    faire: Faire
    faits: Callable[[Agent, Contreseing], list[tuple[str, str | Model]]]
    lignes: Callable[[Agent, Contreseing], list[list[str]]] = lambda agent, contreseing: []
    cles: Callable[[Contreseing], list[UUID]] = lambda contreseing: []
    reste: Callable[[Collection[Contreseing]], Mapping[UUID, Reste]] = lambda contreseings: {}
    """What whoever asked has still to do of those that were countersigned, by the key of each: one query at most."""
    de_la_cellule: bool = False
    """Whether the surveillance cell asks for it: the second look is then another agent's of the cell, and no office reads it."""


class ContreseingDejaDemande(RegleMetier):
    code = "contreseing_deja_demande"
    message = "Cet acte est déjà demandé : il attend le second regard d’un autre agent."


class MotifDeContreseingRequis(RegleMetier):
    code = "motif_de_contreseing_requis"
    message = "Dites pourquoi, en 500 caractères au plus : l’agent qui contresigne lit votre motif."


class ContreseingDejaDecide(RegleMetier):
    code = "contreseing_deja_decide"
    message = "Cet acte n’attend plus de second regard ({etat})."


class ContreseingParUnAutre(RegleMetier):
    code = "contreseing_par_un_autre_agent"
    message = "Vous avez demandé cet acte : c’est un autre agent qui le contresigne ou le refuse."


class ContreseingHorsCompetence(RegleMetier):
    code = "contreseing_hors_competence"
    message = "Cet acte attend le second regard d’un agent du service qui l’a demandé."


class ContreseingParUneMainLiee(RegleMetier):
    code = "contreseing_par_une_main_liee"
    message = (
        "Votre accès ou votre fonction, ou ceux de l’agent qui demande cet acte, ont été changés il y a moins de 15 jours par l’un "
        "de vous deux, ou de proche en proche : le second regard est celui d’un autre agent ou, passé le délai, de la cellule."
    )


class ContreseingQuiLeVise(RegleMetier):
    code = "contreseing_qui_le_vise"
    message = "Cet acte porte sur vous : c’est un autre agent qui le contresigne ou le refuse."


class ContreseingExpire(RegleMetier):
    code = "contreseing_expire"
    message = "Cet acte ne peut plus être contresigné : {raison}."


class ContreseingPasLeVotre(RegleMetier):
    code = "contreseing_pas_le_votre"
    message = "Seul l’agent qui a demandé cet acte peut l’abandonner."


_ACTES: dict[str, ActeGrave] = {}


class ActeGraveDejaDeclare(ValueError):
    """Two grave acts bear the same code."""


def inscrire(*graves: ActeGrave) -> None:
    """Add kinds of grave acts; twice the same changes nothing. Raises: ActeGraveDejaDeclare."""
    for grave in graves:
        if _ACTES.setdefault(grave.code, grave) != grave:
            raise ActeGraveDejaDeclare(grave.code)


def actes_graves() -> Mapping[str, ActeGrave]:
    """Return every kind of grave act by its code."""
    return MappingProxyType(_ACTES)


def genres_de_la_cellule() -> list[str]:
    """Return the kinds of grave acts that the surveillance cell asks for and countersigns, by code."""
    return [grave.code for grave in _ACTES.values() if grave.de_la_cellule]


def seconds_possibles(agent: Agent, maintenant: datetime | None = None, *, vise: int | None = None) -> int:
    """Return how many other agents of this agent's office, less who it is about, may countersign: at none, the cell does."""
    autres = Agent.objects.filter(service_gestionnaire=agent.service_gestionnaire_id, fonction__in=BUREAU)
    exclus = agents_lies(agent, maintenant) | ({vise} if vise is not None else set())
    return autres.filter(compte__is_active=True).exclude(pk__in=exclus).count()


@dataclass(frozen=True)
class Suivi:
    """A second look that an agent asked for, as his own page of work says it."""

    contreseing: Contreseing
    libelle: str
    reste: Reste | None


def suivis_de(agent: Agent, *, maintenant: datetime | None = None) -> list[Suivi]:
    """Return the second looks that this agent asked for: what he has still to do first, then the last decided, then what waits.

    One query, and one for each kind that leaves him something to do.
    """
    maintenant = maintenant or timezone.now()
    demandes = Contreseing.objects.filter(demandeur=agent, demande_le__gt=maintenant - ATTENTE_MAX - SUIVI)
    suivis = demandes.filter(Q(etat=Contreseing.Etat.DEMANDE) | Q(decide_le__gt=maintenant - SUIVI))
    lus = list(
        suivis.exclude(etat=Contreseing.Etat.ABANDONNE)
        .select_related("agent", "espace")
        .order_by(F("decide_le").desc(nulls_last=True), "-demande_le")
    )
    restes: dict[UUID, Reste] = {}
    for genre in {lu.genre for lu in lus if lu.etat == Contreseing.Etat.CONTRESIGNE}:
        faits = [lu for lu in lus if lu.genre == genre and lu.etat == Contreseing.Etat.CONTRESIGNE]
        restes |= actes_graves()[genre].reste(faits)
    dits = [Suivi(lu, actes_graves()[lu.genre].libelle, restes.get(lu.pk)) for lu in lus]
    return sorted(dits, key=lambda suivi: suivi.reste is None)[:SUIVIS]


@transaction.atomic
@relit_l_agent
def demander_contreseing(
    *,
    acteur: Agent,
    genre: str,
    cle: str,
    motif: str,
    espace: Espace | None = None,
    parametres: dict[str, Any] | None = None,
    maintenant: datetime | None = None,
) -> Contreseing:
    """Ask for a grave act, and return what now waits for another agent: nothing is done before.

    The caller has checked that the act is this agent's to ask. `parametres`: what was seen as proof, in words and dates.
    Raises: FonctionChangee, MotifDeContreseingRequis, ContreseingDejaDemande.
    """
    maintenant = maintenant or timezone.now()
    motif = _texte(motif, MotifDeContreseingRequis)
    grave = actes_graves()[genre]
    a_la_cellule = grave.de_la_cellule or not seconds_possibles(acteur, maintenant, vise=(parametres or {}).get(VISE))
    try:
        with transaction.atomic():
            contreseing = Contreseing.objects.create(
                genre=grave.code,
                cle=cle,
                espace=espace,
                service_gestionnaire=acteur.service_gestionnaire,
                motif=motif,
                parametres=parametres or {},
                demandeur=acteur,
                demande_le=maintenant,
                avant_le=apres_jours_ouvres(maintenant, DELAI_OUVRE),
                a_la_cellule=a_la_cellule,
            )
    except IntegrityError as erreur:
        if "contreseing_attend_une_fois" not in str(erreur):
            raise
        raise ContreseingDejaDemande from erreur
    _consigner(actes.CONTRESEING_DEMANDE, contreseing, acteur)
    if not contreseing.a_la_cellule:
        courriels.deposer(
            "contreseing_demande",
            destinataire=acteur.service_gestionnaire.courriel,
            acte=f"contreseing:{contreseing.pk}",
            contexte={
                "libelle": grave.libelle,
                "demandeur": str(acteur),
                "avant_le": jour_heure(contreseing.avant_le),
            },
        )
    return contreseing


@transaction.atomic
def contresigner(
    *,
    acteur: Agent,
    contreseing: Contreseing,
    montrees: Collection[UUID] | None = None,
    maintenant: datetime | None = None,
) -> Contreseing:
    """Do the act that another agent asked for, and return what was countersigned; who asked is told.

    `montrees`: the keys of what its page showed to end. Raises: FonctionChangee, ContreseingDejaDecide, ContreseingParUnAutre,
    ContreseingHorsCompetence, ContreseingQuiLeVise, ContreseingParUneMainLiee, ContreseingExpire, and what the act itself refuses.
    """
    maintenant = maintenant or timezone.now()
    acteur, frais = _verrouiller(acteur, contreseing)
    _exiger_second(acteur, frais, maintenant)
    if raison := _fin_d_attente(frais, maintenant):
        raise ContreseingExpire(raison=raison)
    _decider(frais, Contreseing.Etat.CONTRESIGNE, acteur, maintenant)
    _consigner(actes.CONTRESEING_DONNE, frais, acteur)
    actes_graves()[frais.genre].faire(acteur=acteur, contreseing=frais, montrees=montrees, maintenant=maintenant)
    _prevenir(frais)
    return frais


@transaction.atomic
def refuser_contreseing(
    *, acteur: Agent, contreseing: Contreseing, reponse: str, maintenant: datetime | None = None
) -> Contreseing:
    """Refuse an act that another agent asked for, saying why, and return it: nothing is done, who asked is told.

    Raises: FonctionChangee, MotifDeContreseingRequis, ContreseingDejaDecide, ContreseingParUnAutre, ContreseingHorsCompetence,
    ContreseingQuiLeVise, ContreseingParUneMainLiee.
    """
    maintenant = maintenant or timezone.now()
    reponse = _texte(reponse, MotifDeContreseingRequis)
    acteur, frais = _verrouiller(acteur, contreseing)
    _exiger_second(acteur, frais, maintenant)
    _decider(frais, Contreseing.Etat.REFUSE, acteur, maintenant, reponse)
    _consigner(actes.CONTRESEING_REFUSE, frais, acteur)
    _prevenir(frais)
    return frais


@transaction.atomic
def abandonner_contreseing(
    *, acteur: Agent, contreseing: Contreseing, maintenant: datetime | None = None
) -> Contreseing:
    """Take back an act that one has asked for, and return it.

    Raises: FonctionChangee, ContreseingDejaDecide, ContreseingPasLeVotre.
    """
    acteur, frais = _verrouiller(acteur, contreseing)
    if frais.demandeur_id != acteur.pk:
        raise ContreseingPasLeVotre
    _decider(frais, Contreseing.Etat.ABANDONNE, acteur, maintenant or timezone.now())
    _consigner(actes.CONTRESEING_ABANDONNE, frais, acteur)
    return frais


def remonter_contreseings(*, acteur: str = REMONTEE, maintenant: datetime | None = None, nombre: int = 100) -> int:
    """Hand to the surveillance cell what no agent of the office has looked at within a working day; return how many."""
    maintenant = maintenant or timezone.now()
    dus = Contreseing.objects.filter(etat=Contreseing.Etat.DEMANDE, a_la_cellule=False, avant_le__lt=maintenant)
    return chacun("remonter", dus.order_by("avant_le", "pk")[:nombre], lambda du: _remonter(du, acteur))


@transaction.atomic
def _remonter(contreseing: Contreseing, acteur: str) -> bool:
    frais = Contreseing.objects.select_for_update(no_key=True, of=("self",)).get(pk=contreseing.pk)
    if frais.etat != Contreseing.Etat.DEMANDE or frais.a_la_cellule:
        return False
    frais.a_la_cellule = True
    frais.save(update_fields=["a_la_cellule"])
    _consigner(actes.CONTRESEING_REMONTE, frais, acteur)
    return True


def expirer_contreseings(*, acteur: str = EXPIRATION, maintenant: datetime | None = None, nombre: int = 100) -> int:
    """End what waited too long, and what outlives the function of who asked; return how many. Who asked is told."""
    maintenant = maintenant or timezone.now()
    de_la_cellule = Q(genre__in=genres_de_la_cellule())
    finis = Contreseing.objects.filter(etat=Contreseing.Etat.DEMANDE).filter(
        Q(demande_le__lt=maintenant - ATTENTE_MAX)
        | (~de_la_cellule & ~Q(demandeur__fonction__in=BUREAU))
        | (~de_la_cellule & ~Q(demandeur__service_gestionnaire=F("service_gestionnaire")))
        | (de_la_cellule & ~Q(demandeur__fonction__in=SURVEILLANCE))
        | Q(demandeur__compte__is_active=False)
    )
    finis = finis.order_by("demande_le", "pk")[:nombre]
    return chacun("expirer", finis, lambda fini: _expirer(fini, acteur, maintenant))


@transaction.atomic
def _expirer(contreseing: Contreseing, acteur: str, maintenant: datetime) -> bool:
    verrouiller_agents(contreseing.demandeur_id)
    try:
        frais = _verrouiller_la_demande(contreseing)
    except ContreseingDejaDecide:
        return False
    raison = _fin_d_attente(frais, maintenant)
    if raison is None:
        return False
    _decider(frais, Contreseing.Etat.EXPIRE, None, maintenant, raison)
    _consigner(actes.CONTRESEING_EXPIRE, frais, acteur)
    _prevenir(frais)
    return True


def _fin_d_attente(contreseing: Contreseing, maintenant: datetime) -> str | None:
    """Return why this one waits no more, None while it does."""
    demandeur = contreseing.demandeur
    if contreseing.demande_le < maintenant - ATTENTE_MAX:
        return TROP_VIEUX
    if actes_graves()[contreseing.genre].de_la_cellule:
        en_exercice = demandeur.fonction in SURVEILLANCE
    else:
        du_service = demandeur.service_gestionnaire_id == contreseing.service_gestionnaire_id
        en_exercice = demandeur.fonction in BUREAU and du_service
    return None if en_exercice and demandeur.compte.is_active else SANS_AUTEUR


def _des_demandes(espace: Espace) -> QuerySet[Contreseing]:
    attendent = Contreseing.objects.filter(espace=espace, etat=Contreseing.Etat.DEMANDE)
    return attendent.select_related("demandeur__compte", "service_gestionnaire", "espace").order_by("pk")


def _finir_sans_objet(
    espace: Espace, maintenant: datetime, auteur: Espace | Agent | str, raison: str = SANS_OBJET
) -> None:
    """End what waited about an espace that is deleted, or disabled: it says nothing of its holder any more, and who asked is told."""
    for contreseing in _des_demandes(espace):
        contreseing.motif, contreseing.parametres = "", {}
        contreseing.save(update_fields=["motif", "parametres"])
        _decider(contreseing, Contreseing.Etat.EXPIRE, None, maintenant, raison)
        _consigner(actes.CONTRESEING_EXPIRE, contreseing, auteur)
        _prevenir(contreseing)


def inscrire_la_suppression() -> None:
    """Give the deletion of an espace what waits for a second look about it."""
    suppression.inscrire(
        suppression.Volet(
            nom="contreseings",
            verrouiller=lambda espace: list(_des_demandes(espace).select_for_update(no_key=True, of=("self",))),
            bloquants=lambda espace: [],
            chutes=lambda espace: [],
            faire_tomber=_finir_sans_objet,
        )
    )


def _arreter(arret: Arret) -> Memoire:
    _finir_sans_objet(arret.espace, arret.maintenant, arret.auteur, ESPACE_DESACTIVE)
    return {}


def _prevoir(espace: Espace, depuis: datetime) -> list[Effet]:
    attendent = tuple(actes_graves()[attendu.genre].libelle for attendu in _des_demandes(espace))
    return [Effet(titre="Second regard attendu, arrêté", lignes=attendent)]


def inscrire_l_arret() -> None:
    """Give the disabling of an espace what waits for a second look about it."""
    arrets.inscrire(
        arrets.Volet(
            nom="contreseings",
            verrouiller=lambda espace: list(_des_demandes(espace).select_for_update(no_key=True, of=("self",))),
            prevoir=_prevoir,
            arreter=_arreter,
        )
    )


def refus_de_decider(acteur: Agent, contreseing: Contreseing) -> RegleMetier | None:
    """Return why the second look may not be this agent's, None when it may: for the pages, the acts decide."""
    try:
        _exiger_second(acteur, contreseing, timezone.now())
    except RegleMetier as regle:
        return regle
    return None


def _exiger_second(acteur: Agent, contreseing: Contreseing, maintenant: datetime) -> None:
    if contreseing.demandeur_id == acteur.pk:
        raise ContreseingParUnAutre
    if contreseing.parametres.get(VISE) == acteur.pk:
        raise ContreseingQuiLeVise
    du_bureau = acteur.fonction in BUREAU and acteur.service_gestionnaire_id == contreseing.service_gestionnaire_id
    du_bureau = du_bureau and not actes_graves()[contreseing.genre].de_la_cellule
    if not du_bureau and not (acteur.fonction in SURVEILLANCE and contreseing.a_la_cellule):
        raise ContreseingHorsCompetence
    if contreseing.demandeur_id in agents_lies(acteur, maintenant):
        raise ContreseingParUneMainLiee


def _texte(texte: str, regle: type[RegleMetier]) -> str:
    propre = " ".join(texte.split())
    if not 0 < len(propre) <= LONGUEUR_DU_MOTIF:
        raise regle
    return propre


def _verrouiller(acteur: Agent, contreseing: Contreseing) -> tuple[Agent, Contreseing]:
    """Lock who acts with who asked, the espace that it is about, then the request; return who acts and it as they are now.

    Raises: FonctionChangee, ContreseingDejaDecide.
    """
    lus = verrouiller_agents(contreseing.demandeur_id, acteur.pk, contreseing.parametres.get(VISE) or acteur.pk)
    lu = exiger_inchange(acteur, lus[acteur.pk])
    return lu, _verrouiller_la_demande(contreseing)


def _verrouiller_la_demande(contreseing: Contreseing) -> Contreseing:
    if contreseing.espace_id is not None:
        Espace.objects.select_for_update(no_key=True, of=("self",)).get(pk=contreseing.espace_id)
    frais = (
        Contreseing.objects.select_for_update(no_key=True, of=("self",))
        .select_related("demandeur__compte", "service_gestionnaire", "espace__compte")
        .get(pk=contreseing.pk)
    )
    if frais.etat != Contreseing.Etat.DEMANDE:
        raise ContreseingDejaDecide(etat=frais.get_etat_display())
    return frais


def _decider(contreseing: Contreseing, etat: str, agent: Agent | None, maintenant: datetime, reponse: str = "") -> None:
    contreseing.etat, contreseing.agent, contreseing.decide_le = etat, agent, maintenant
    contreseing.reponse = reponse
    contreseing.save(update_fields=["etat", "agent", "decide_le", "reponse"])


def _consigner(acte: Acte, contreseing: Contreseing, auteur: Espace | Agent | str) -> None:
    consigner(
        acte,
        auteur=auteur,
        espace=contreseing.espace,
        details={
            "acte": actes_graves()[contreseing.genre].libelle,
            "reference": str(contreseing.pk),
            "service": contreseing.service_gestionnaire.code,
        },
    )


def _prevenir(contreseing: Contreseing) -> None:
    """Tell who asked what was decided."""
    courriels.deposer(
        "contreseing_decide",
        destinataire=contreseing.demandeur.compte.email,
        acte=f"contreseing-decide:{contreseing.pk}",
        contexte={
            "libelle": actes_graves()[contreseing.genre].libelle,
            "etat": contreseing.get_etat_display(),
            "par": str(contreseing.agent or ""),
            "reponse": contreseing.reponse,
        },
    )
