"""Giving an access back at the counter of the service gestionnaire (R16; CGU §3.6.b): two agents, a proof, a sealed slip.

One agent recognises the holder and records what he saw; another one countersigns (accounts/gestion/contreseings.py). The espace is
then open under an answer that only a printed slip tells: no agent sees a password, and no screen ever shows the answer. The holder
chooses the password with it within 72 hours, then looks at what was changed meanwhile, and has it undone in one press.
"""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone

from accounts.envois import courriels
from accounts.espace import arrets
from accounts.espace.arrets import Arret, Changement
from accounts.espace.changement_adresse import AdresseDejaPrise, proposer_au_guichet
from accounts.espace.coordonnees_d_avant import avant
from accounts.espace.desarmement import REMISE_VALABLE, remettre_la_reponse, reponse_de_personne, rouvrir
from accounts.gestion.contreseings import ActeGrave, Reste, demander_contreseing, inscrire
from accounts.gestion.fonctions import BUREAU
from accounts.models import Agent, Compte, Contreseing, Espace
from accounts.portes.connexion import a_un_second_facteur
from accounts.saisies.adresses import normaliser_adresse
from accounts.saisies.apercu import empreinte
from accounts.saisies.dates import jour_heure
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner

from .. import actes
from ..models import Desactivation, Retablissement
from ..signaux.suites import clore_au_guichet
from . import pli
from .appartenance import faits_de_l_identite
from .bureau import bureau_de
from .desactivation import OUVERTS, desactivation_en_cours
from .visibilite import est_competent

GENRE: Final = "RETABLISSEMENT"
PLIS_AU_PLUS: Final = 3
CAS: Final = Retablissement.Cas
_DERNIERS: Final = re.compile(r"[0-9A-Z]{4}")


class GuichetHorsCompetence(RegleMetier):
    code = "guichet_hors_competence"
    message = (
        "Cet espace n’agit pour aucune entreprise que suit {service}, ou depuis trop peu de temps pour que cela prouve quoi que ce soit : une "
        "organisation déclarée depuis moins de 30 jours ne compte pas encore. Son détenteur s’adresse {ou}."
    )

    def __init__(self, agent: Agent, espace: Espace) -> None:
        bureau = bureau_de(espace)
        super().__init__(
            service=agent.service_gestionnaire.nom,
            ou="à la cellule de surveillance, qui lui choisit un service"
            if bureau is None
            else f"au service qui le suivait ({bureau.nom}, {bureau.telephone}) ou, s’il ne peut s’y présenter, à la cellule de "
            "surveillance, qui lui en choisit un autre",
        )


class CoordonneesChangeesDepuis(RegleMetier):
    code = "coordonnees_changees_depuis"
    message = (
        "Les coordonnées de cet espace ont changé depuis que son détenteur a été reconnu : rien n’est rouvert. Refusez cette "
        "demande ; le détenteur est à reconnaître de nouveau."
    )


class RienARetablir(RegleMetier):
    code = "rien_a_retablir"
    message = "L’accès à cet espace n’est pas à rétablir au guichet : son détenteur peut encore s’y connecter."


class PreuveDIdentiteRequise(RegleMetier):
    code = "preuve_d_identite_requise"
    message = "Dites quelle pièce vous avez vue, et ses quatre derniers caractères (chiffres et lettres) : aucune copie n’est gardée."


class PreuveDeLegitimiteRequise(RegleMetier):
    code = "preuve_de_legitimite_requise"
    message = "Dites ce qui montre que cet espace est bien celui de la personne, et qu’elle agit pour l’entreprise."


class PliImpossible(RegleMetier):
    code = "pli_impossible"
    message = "Aucun pli n’est à imprimer : il a déjà servi, ses 72 heures sont passées, ou trois ont été imprimés. Recommencez le rétablissement."


class PliParUnAutre(RegleMetier):
    code = "pli_par_un_autre_agent"
    message = (
        "Seul l’agent qui a reconnu le détenteur, ou celui qui a contresigné, imprime ce pli : {qui}. En leur absence, reconnaissez "
        "le détenteur vous-même et demandez un nouveau rétablissement."
    )


class RienAExaminer(RegleMetier):
    code = "rien_a_examiner"
    message = "Il n’y a plus rien à examiner : vous l’avez déjà fait."


class ChangementsAutres(RegleMetier):
    code = "changements_autres"
    message = "Rien n’est fait : ce que cette page montrait a changé. Relisez-la, puis confirmez."


_SANS_FACTEUR: Final = frozenset({CAS.SECOND_FACTEUR, CAS.MOT_DE_PASSE})
"""Where none of the second factors is left: lost, or perhaps somebody else's."""


def cas_de(espace: Espace) -> Retablissement.Cas | None:
    """Return why this espace would be given back at the counter, None where its holder needs nobody."""
    if espace.compte is None:
        return None
    if espace.etat == Espace.Etat.DESACTIVE:
        return CAS.DESACTIVE
    if espace.etat not in OUVERTS:
        return None
    if espace.reponse_expire_le is not None:
        return CAS.PLI_PERIME
    if not espace.compte.has_usable_password():
        return CAS.MOT_DE_PASSE
    return CAS.SECOND_FACTEUR if a_un_second_facteur(espace.compte) else None


def _exiger_competence(acteur: Agent, espace: Espace, maintenant: datetime) -> None:
    if not est_competent(acteur, espace, maintenant):
        raise GuichetHorsCompetence(acteur, espace)


def _verrouiller(espace: Espace) -> Espace:
    frais = Espace.objects.select_for_update(no_key=True, of=("self",)).get(pk=espace.pk)
    if frais.compte_id is not None:
        frais.compte = Compte.objects.select_for_update(no_key=True).get(pk=frais.compte_id)
    return frais


@transaction.atomic
@relit_l_agent
def demander_retablissement(
    *,
    acteur: Agent,
    espace: Espace,
    piece: str,
    piece_derniers: str,
    legitimite: str,
    motif: str,
    nouvelle_adresse: str = "",
    maintenant: datetime | None = None,
) -> Contreseing:
    """Record which proof was seen, and ask a second agent to confirm: return what now waits; nothing is done before.

    Raises: FonctionChangee, GuichetHorsCompetence, RienARetablir, PreuveDIdentiteRequise, PreuveDeLegitimiteRequise,
    AdresseInvalide, AdresseTropLongue, AdresseJetable, AdresseDejaPrise, MotifDeContreseingRequis, ContreseingDejaDemande.
    """
    maintenant = maintenant or timezone.now()
    derniers = piece_derniers.strip().upper()
    if piece not in Retablissement.Piece.values or not _DERNIERS.fullmatch(derniers):
        raise PreuveDIdentiteRequise
    if legitimite not in Retablissement.Legitimite.values:
        raise PreuveDeLegitimiteRequise
    adresse = normaliser_adresse(nouvelle_adresse) if nouvelle_adresse else ""
    espace = _verrouiller(espace)
    _exiger_competence(acteur, espace, maintenant)
    cas = cas_de(espace)
    if cas is None or espace.compte is None:
        raise RienARetablir
    if adresse == espace.compte.email:
        adresse = ""
    if adresse and Compte.objects.d_adresse(adresse).exists():
        raise AdresseDejaPrise
    return demander_contreseing(
        acteur=acteur,
        genre=GENRE,
        cle=str(espace.pk),
        espace=espace,
        motif=motif,
        parametres={
            "cas": cas.value,
            "piece": piece,
            "piece_derniers": derniers,
            "legitimite": legitimite,
            "adresse": adresse,
        },
        maintenant=maintenant,
    )


def _retablir(
    *, acteur: Agent, contreseing: Contreseing, montrees: Collection[UUID] | None, maintenant: datetime
) -> Retablissement:
    """Open the espace again, once a second agent has looked; its open alerts are said to be dealt with by these two.

    Raises: RienARetablir, GuichetHorsCompetence, CoordonneesChangeesDepuis, AdresseDejaPrise.
    """
    sans_reponse = reponse_de_personne()
    espace = _verrouiller(_espace(contreseing))
    parametres = contreseing.parametres
    cas = cas_de(espace)
    if espace.compte is None or cas is None or cas != parametres["cas"]:
        raise RienARetablir
    _exiger_competence(
        contreseing.demandeur, espace, maintenant
    )  # the company may have moved since, or the cell chosen another
    if avant(espace, contreseing.demande_le) is not None:
        raise CoordonneesChangeesDepuis
    en_cours = desactivation_en_cours(espace)
    if en_cours is not None:
        en_cours = Desactivation.objects.select_for_update(no_key=True, of=("self",)).get(pk=en_cours.pk)
    rouvrir(
        auteur=acteur,
        espace=espace,
        compte=espace.compte,
        etat=en_cours.etat_avant if en_cours else espace.etat,
        empreinte=sans_reponse,
        facteurs_depuis=en_cours.depuis if en_cours else None if cas in _SANS_FACTEUR else maintenant,
        maintenant=maintenant,
    )
    examiner = False
    if en_cours is not None:
        examiner = bool(arrets.changements(espace, en_cours.depuis, en_cours.memoire))
        en_cours.retablie_le, en_cours.secrets = maintenant, ""
        en_cours.tranchee_le = None if examiner else maintenant
        en_cours.save(update_fields=["retablie_le", "secrets", "tranchee_le"])
    retablissement = Retablissement.objects.create(
        espace=espace,
        desactivation=en_cours,
        cas=cas,
        piece=parametres["piece"],
        piece_derniers=parametres["piece_derniers"],
        legitimite=parametres["legitimite"],
        service_gestionnaire=contreseing.service_gestionnaire,
        demandeur=contreseing.demandeur,
        second=acteur,
        adresse_donnee=bool(parametres["adresse"]),
        accorde_le=maintenant,
    )
    consigner(
        actes.ESPACE_RETABLI,
        auteur=acteur,
        espace=espace,
        details={
            "cas": cas.value,
            "piece": parametres["piece"],
            "legitimite": parametres["legitimite"],
            "reference": str(retablissement.pk),
            "adresse_donnee": retablissement.adresse_donnee,
        },
    )
    clore_au_guichet(espace=espace, demandeur=contreseing.demandeur, second=acteur, maintenant=maintenant)
    if parametres["adresse"]:
        proposer_au_guichet(espace=espace, adresse=parametres["adresse"], maintenant=maintenant)
    courriels.deposer(
        "acces_retabli",
        destinataire=espace.compte.email,
        acte=f"retablissement:{retablissement.pk}",
        espace=espace,
        contexte={
            "gestionnaire": contreseing.service_gestionnaire.nom,
            "telephone": contreseing.service_gestionnaire.telephone,
            "le": jour_heure(maintenant),
            "heures": int(REMISE_VALABLE.total_seconds() // 3600),
            "adresse_donnee": retablissement.adresse_donnee,
            "examiner": examiner,
        },
    )
    return retablissement


def pli_a_imprimer(espace: Espace, maintenant: datetime | None = None) -> Retablissement | None:
    """Return the restoring whose slip may be printed now: its answer has not served, 72 hours at most, three times at most."""
    if espace.etat not in OUVERTS or espace.reponse_expire_le is None:
        return None
    dernier = Retablissement.objects.filter(espace=espace).order_by("-accorde_le").first()
    if dernier is None or dernier.plis >= PLIS_AU_PLUS:
        return None
    return dernier if (maintenant or timezone.now()) <= dernier.accorde_le + REMISE_VALABLE else None


def _plis_a_imprimer(contreseings: Collection[Contreseing]) -> dict[UUID, Reste]:
    """Return the slips that nobody has printed yet of these restorings, each by its countersigned act: one query."""
    attendent = Retablissement.objects.filter(
        espace__in=[contreseing.espace_id for contreseing in contreseings],
        espace__etat__in=OUVERTS,
        espace__reponse_expire_le__isnull=False,
        plis=0,
        accorde_le__gte=timezone.now() - REMISE_VALABLE,
    )
    accordes = set(attendent.values_list("espace", "accorde_le"))
    return {
        contreseing.pk: Reste("Pli à imprimer", reverse("admin:espace_pli", args=[contreseing.espace_id]))
        for contreseing in contreseings
        if (contreseing.espace_id, contreseing.decide_le) in accordes
    }


def qui_imprime(retablissement: Retablissement) -> str:
    """Return who may print this slip, in words: who recognised the holder, and who countersigned where he is of the office."""
    agents = [retablissement.demandeur, retablissement.second]
    return " ou ".join(str(agent) for agent in agents if agent.fonction in BUREAU)


@transaction.atomic
@relit_l_agent
def imprimer_pli(*, acteur: Agent, espace: Espace, maintenant: datetime | None = None) -> bytes:
    """Draw a fresh answer and return the slip that tells it, as a PDF to be printed, folded and handed over at once.

    The answer stands in it and nowhere else; another print makes the one before useless.
    Who prints could read it: only the two who answer for having recognised the holder do, never any agent of the office.
    Raises: FonctionChangee, GuichetHorsCompetence, PliImpossible, PliParUnAutre.
    """
    maintenant = maintenant or timezone.now()
    espace = _verrouiller(espace)
    _exiger_competence(acteur, espace, maintenant)
    retablissement = pli_a_imprimer(espace, maintenant)
    if retablissement is None or retablissement.service_gestionnaire_id != acteur.service_gestionnaire_id:
        raise PliImpossible
    if acteur.pk not in (retablissement.demandeur_id, retablissement.second_id):
        raise PliParUnAutre(qui=qui_imprime(retablissement))
    retablissement.plis += 1
    retablissement.pli_le = maintenant
    retablissement.save(update_fields=["plis", "pli_le"])
    reponse = remettre_la_reponse(acteur=acteur, espace=espace, maintenant=maintenant)
    return pli.composer(
        espace=espace,
        bureau=acteur.service_gestionnaire,
        reponse=reponse,
        examiner=a_examiner(espace) is not None,
        maintenant=maintenant,
    )


# --- What the holder then looks at ------------------------------------------------------------------------------------


def a_examiner(espace: Espace) -> Desactivation | None:
    """Return the disabling whose changes this holder has not looked at yet, None when there is none."""
    attendent = Desactivation.objects.filter(espace=espace, retablie_le__isnull=False, tranchee_le=None)
    return attendent.select_related("espace__compte").first()


def changements_de(desactivation: Desactivation) -> list[Changement]:
    """Return what was changed between the first suspect act and the disabling, and that the holder may still decide."""
    return arrets.changements(desactivation.espace, desactivation.depuis, desactivation.memoire)


def apercu_des_changements(changements: Collection[Changement]) -> str:
    """Return the print of what the page shows."""
    return empreinte([(change.cle, change.precision) for change in changements])


@transaction.atomic
def trancher_changements(
    *, acteur: Espace, defaire: Collection[str], montre: str | None = None, maintenant: datetime | None = None
) -> Desactivation:
    """Undo these changes, keep the others, whose rights come back; return the disabling that is thus over.

    `montre` is the print of what the page showed. Raises: RienAExaminer, ChangementsAutres.
    """
    maintenant = maintenant or timezone.now()
    espace = _verrouiller(acteur)
    desactivation = (
        Desactivation.objects.select_for_update(no_key=True, of=("self",))
        .filter(espace=espace, retablie_le__isnull=False, tranchee_le=None)
        .first()
    )
    if desactivation is None or not espace.est_actif:
        raise RienAExaminer
    arrets.verrouiller(espace, desactivation.memoire)
    changements = arrets.changements(espace, desactivation.depuis, desactivation.memoire)
    if montre is not None and montre != apercu_des_changements(changements):
        raise ChangementsAutres
    defaisables = {change.cle for change in changements if change.defaisable}
    voulus = defaisables & set(defaire)
    arrets.trancher(
        Arret(espace=espace, depuis=desactivation.depuis, maintenant=maintenant, auteur=espace),
        desactivation.memoire,
        voulus,
    )
    desactivation.tranchee_le = maintenant
    desactivation.save(update_fields=["tranchee_le"])
    consigner(
        actes.CHANGEMENTS_EXAMINES,
        auteur=espace,
        details={
            "defaits": len(voulus),
            "gardes": len(defaisables - voulus),
            "reference": str(desactivation.pk),
        },
    )
    return desactivation


# --- The second look --------------------------------------------------------------------------------------------------


def _espace(contreseing: Contreseing) -> Espace:
    espace = contreseing.espace
    assert espace is not None  # noqa: S101 - of this kind, each names its espace
    return espace


def _faits(agent: Agent, contreseing: Contreseing) -> list[tuple[str, str | Model]]:
    espace, parametres = _espace(contreseing), contreseing.parametres
    if not parametres:  # emptied: it ended, or two years are over
        return []
    faits: list[tuple[str, str | Model]] = [
        ("Espace", f"{espace.nom_complet}, {espace.numero_lisible}"),
        *faits_de_l_identite(espace),
        ("Cas", CAS(parametres["cas"]).label),
        (
            "Pièce d’identité vue",
            f"{Retablissement.Piece(parametres['piece']).label}, se terminant par {parametres['piece_derniers']}",
        ),
        ("Preuve de légitimité vue", Retablissement.Legitimite(parametres["legitimite"]).label),
    ]
    if parametres["adresse"]:
        faits.append(("Nouvelle adresse donnée", parametres["adresse"]))
    return faits


SUITE: Final = (
    "L’espace est rouvert, son mot de passe reste inutilisable, les seconds facteurs ajoutés depuis le premier acte suspect sont "
    "retirés (tous, s’ils sont perdus). L’un des deux agents, s’il est du service, et aucun autre, imprime un pli qui porte une réponse de confiance : le détenteur choisit "
    "avec elle un nouveau mot de passe, dans les 72 heures. Il est prévenu par courriel."
)


def inscrire_le_retablissement() -> None:
    """Declare the restoring of an access among the acts that two agents do."""
    inscrire(
        ActeGrave(
            code=GENRE,
            libelle="Rétablissement d’un accès au guichet",
            suite=SUITE,
            faire=_retablir,
            faits=_faits,
            reste=_plis_a_imprimer,
        )
    )
