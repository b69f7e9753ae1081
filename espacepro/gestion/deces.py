"""Deleting the espace of somebody who died: asked for by an agent with a proof, done by a second one (issue 14, item 4; CGU §4.c).

It is the holder's own deletion (`accounts.espace.suppression`), whatever kept it from being made: nobody is left to lift that.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import models, transaction
from django.db.models import Max
from django.utils import timezone

from accounts.envois import courriels
from accounts.espace.suppression import EspaceNonActif, supprimer_pour_deces
from accounts.gestion.contreseings import ActeGrave, demander_contreseing, inscrire
from accounts.models import Agent, Compte, Contreseing, Espace, ServiceGestionnaire
from accounts.saisies.dates import jour, jour_heure
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import relit_l_agent
from habilitations.arbre import avis
from habilitations.arbre.montrees import exiger_montrees
from habilitations.depart.tombees import cles_de, lignes_pour, tombent_avec
from habilitations.models import Habilitation, Role
from services.models import PersonneSirenisee
from surveillance.espaces.visibilite import espaces_visibles

GENRE: Final = "DECES"
PREUVE_LA_PLUS_ANCIENNE: Final = date(1990, 1, 1)


class Preuve(models.TextChoices):
    """What proves a death."""

    ACTE = "ACTE", "acte de décès"
    EXTRAIT = "EXTRAIT", "livret de famille portant la mention du décès"
    NOTORIETE = "NOTORIETE", "acte de notoriété"
    REGISTRE = "REGISTRE", "radiation pour décès au registre national des entreprises"


class EspaceHorsCompetence(RegleMetier):
    code = "espace_hors_competence"
    message = "Cet espace n’agit pour aucune entreprise que suit votre service gestionnaire."


class PreuveDeDecesRequise(RegleMetier):
    code = "preuve_de_deces_requise"
    message = "Dites quelle preuve vous avez vue, et sa date : elle ne peut pas être à venir."


class DetenteurConnecteDepuis(RegleMetier):
    code = "detenteur_connecte_depuis"
    message = (
        "Cet espace a servi le {quand}, après la date de la preuve ou après la demande : rien n’est supprimé. Appelez son détenteur, "
        "et signalez-le à la cellule de surveillance."
    )


def dernier_signe(espace: Espace) -> datetime | None:
    """Return when this espace was last signed in to, or used from a session that is still there."""
    if espace.compte_id is None:
        return None
    compte = Compte.objects.annotate(usage=Max("sessions__dernier_usage")).get(pk=espace.compte_id)
    return max((signe for signe in (compte.last_login, compte.usage) if signe is not None), default=None)


def _exiger_sans_signe(espace: Espace, preuve_le: date, demande_le: datetime | None = None) -> None:
    """Raises: DetenteurConnecteDepuis, for whoever gave a sign of life after the proof, or once the deletion was asked for."""
    signe = dernier_signe(espace)
    if signe is None:
        return
    if timezone.localdate(signe) > preuve_le or (demande_le is not None and signe > demande_le):
        raise DetenteurConnecteDepuis(quand=jour_heure(signe))


def _exiger_visible(acteur: Agent, espace: Espace) -> None:
    if not espaces_visibles(acteur, espaces=Espace.objects.filter(pk=espace.pk)).exists():
        raise EspaceHorsCompetence


@transaction.atomic
@relit_l_agent
def demander_suppression_pour_deces(
    *, acteur: Agent, espace: Espace, preuve: str, preuve_le: date, motif: str, maintenant: datetime | None = None
) -> Contreseing:
    """Ask for the deletion of the espace of somebody who died, and return what a second agent countersigns or refuses.

    The proof is recorded by its kind and its date, no copy of it. Raises: EspaceHorsCompetence, EspaceNonActif,
    PreuveDeDecesRequise, DetenteurConnecteDepuis, MotifDeContreseingRequis, ContreseingDejaDemande. The address of the espace
    is told, and the other offices concerned: who reads it is not dead, and has until the second look to say so.
    """
    maintenant = maintenant or timezone.now()
    if preuve not in Preuve.values or not PREUVE_LA_PLUS_ANCIENNE <= preuve_le <= timezone.localdate(maintenant):
        raise PreuveDeDecesRequise
    espace = Espace.objects.select_for_update(no_key=True, of=("self",)).get(pk=espace.pk)
    _exiger_visible(acteur, espace)
    if not deces_possible(espace):
        raise EspaceNonActif
    _exiger_sans_signe(espace, preuve_le)
    contreseing = demander_contreseing(
        acteur=acteur,
        genre=GENRE,
        cle=str(espace.pk),
        espace=espace,
        motif=motif,
        parametres={"preuve": preuve, "preuve_le": preuve_le.isoformat()},
        maintenant=maintenant,
    )
    _prevenir_de_la_demande(contreseing, acteur.service_gestionnaire)
    return contreseing


def _prevenir_de_la_demande(contreseing: Contreseing, service: ServiceGestionnaire) -> None:
    """Tell the address of the espace, and each other office whose companies lose a titulaire."""
    espace = Espace.objects.select_related("compte").get(pk=_espace(contreseing).pk)
    commun = {
        "nom": espace.nom_complet,
        "numero": espace.numero_lisible,
        "gestionnaire": service.nom,
        "telephone": service.telephone,
    }
    assert espace.compte is not None  # noqa: S101 - deces_possible has refused an espace without account
    courriels.deposer(
        "deces_demande",
        destinataire=espace.compte.email,
        acte=f"deces-demande:{contreseing.pk}",
        espace=espace,
        contexte=commun,
    )
    titulariats = tombent_avec(espace).filter(espace=espace, role=Role.TITULAIRE)
    avis.ecrire_aux_bureaux(
        "deces_demande_gestionnaire",
        titulariats.select_related("personne__service_gestionnaire", "service"),
        acte=f"deces-demande:{contreseing.pk}:bureau",
        sauf=service,
        **commun,
    )


def deces_possible(espace: Espace) -> bool:
    """Whether this espace is somebody's, active or disabled."""
    return espace.compte_id is not None and espace.etat in {Espace.Etat.ACTIF, Espace.Etat.DESACTIVE}


def _supprimer(
    *, acteur: Agent, contreseing: Contreseing, montrees: Collection[UUID] | None, maintenant: datetime
) -> None:
    """Delete, once a second agent has looked; tell companies and other offices what closes.

    Raises: EspaceHorsCompetence, EspaceNonActif, DetenteurConnecteDepuis, ApercuChange.
    """
    espace = _espace(contreseing)
    _exiger_visible(acteur, espace)
    nom = espace.nom_complet
    fermees: list[Habilitation] = []

    def exiger(verrouille: Espace) -> None:
        _exiger_sans_signe(verrouille, date.fromisoformat(contreseing.parametres["preuve_le"]), contreseing.demande_le)
        tombent = tombent_avec(verrouille)
        exiger_montrees(montrees, tombent.values_list("pk", flat=True))
        titulariats = tombent.filter(espace=verrouille, role=Role.TITULAIRE)
        fermees.extend(titulariats.select_related("personne__service_gestionnaire", "service"))

    supprimer_pour_deces(
        acteur=acteur,
        espace=espace,
        details={**contreseing.parametres, "reference": str(contreseing.pk)},
        exiger=exiger,
        maintenant=maintenant,
    )
    _prevenir(contreseing, nom, fermees)


def _prevenir(contreseing: Contreseing, nom: str, fermees: Collection[Habilitation]) -> None:
    """Tell each company whose services close, and each other office: one mail each."""
    service = contreseing.service_gestionnaire
    entreprises: dict[PersonneSirenisee, list[Habilitation]] = {}
    for habilitation in fermees:
        entreprises.setdefault(habilitation.personne, []).append(habilitation)
    commun = {"nom": nom, "gestionnaire": service.nom, "telephone": service.telephone}
    for personne, leurs in entreprises.items():
        if personne.courriel:
            courriels.deposer(
                "deces_entreprise",
                destinataire=personne.courriel,
                acte=f"deces:{contreseing.pk}:{personne.pk}",
                contexte={**commun, "denomination": personne.denomination, "lignes": avis.lignes_par_siren(leurs)},
            )
    avis.ecrire_aux_bureaux(
        "deces_gestionnaire", fermees, acte=f"deces:{contreseing.pk}:bureau", sauf=service, **commun
    )


def _espace(contreseing: Contreseing) -> Espace:
    espace = contreseing.espace
    assert espace is not None  # noqa: S101 - of this kind, each names its espace
    return espace


def _faits(agent: Agent, contreseing: Contreseing) -> list[tuple[str, str | models.Model]]:
    espace = _espace(contreseing)
    parametres = contreseing.parametres
    if not parametres:  # emptied: the espace is gone, or two years are over
        return []
    return [
        ("Espace", f"{espace.nom_complet}, {espace.numero_lisible}"),
        ("Preuve vue", Preuve(parametres["preuve"]).label),
        ("Date de la preuve", jour(date.fromisoformat(parametres["preuve_le"]))),
        ("Dernière connexion à cet espace", jour_heure(dernier_signe(espace)) or "aucune"),
    ]


SUITE: Final = (
    "L’espace est supprimé comme son détenteur l’aurait fait, sans retour possible : les adhésions dont il est titulaire sont "
    "fermées, y compris chez d’autres services gestionnaires, les accès ci-dessous prennent fin, ses demandes en cours sont "
    "annulées, ses coordonnées effacées. Chacun est prévenu, et l’adresse de l’espace aussi."
)


def inscrire_le_deces() -> None:
    """Declare the deletion after a death among the acts that two agents do."""
    inscrire(
        ActeGrave(
            code=GENRE,
            libelle="Suppression d’un espace après un décès",
            suite=SUITE,
            faire=_supprimer,
            faits=_faits,
            lignes=lambda agent, contreseing: lignes_pour(agent, tombent_avec(_espace(contreseing))),
            cles=lambda contreseing: cles_de(tombent_avec(_espace(contreseing))),
        )
    )
