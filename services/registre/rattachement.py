"""Moving a personne to another office: what waits, and every right to read it, goes with it (issue 14, item 4; CGU §5)."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.envois import courriels
from accounts.models import Agent, ServiceGestionnaire
from accounts.saisies.regles import RegleMetier
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner

from .. import actes
from ..fichiers_insee import departement_de
from ..models import PersonneSirenisee
from .regles import exiger_competence

LONGUEUR_MOTIF: Final = 300


class DejaRattachee(RegleMetier):
    code = "deja_rattachee"
    message = "Cette personne relève déjà de ce service gestionnaire."


class BureauHorsDepartement(RegleMetier):
    code = "bureau_hors_departement"
    message = "Ce service ne suit pas le département {departement} : le prochain import du registre la rendrait à celui qui le suit."


class CodePostalInconnu(RegleMetier):
    code = "code_postal_inconnu"
    message = "Cette personne n’a pas de code postal au registre : on ne sait pas quel service suit son département."


class RattachementReserve(RegleMetier):
    code = "rattachement_reserve"
    message = (
        "Le chef du service gestionnaire, ou la cellule de surveillance, rattache une entreprise à un autre service."
    )


class RattachementDgeReserve(RegleMetier):
    code = "rattachement_dge_reserve"
    message = "La DGE, ou la cellule de surveillance, rattache une entreprise à la DGE."


class MotifDeRattachementRequis(RegleMetier):
    code = "motif_de_rattachement_requis"
    message = "Dites pourquoi, en 300 caractères au plus : le service qui la reçoit lira votre motif."


def bureaux_possibles(acteur: Agent, personne: PersonneSirenisee) -> list[ServiceGestionnaire]:
    """Return the offices to which this agent may give this personne: those of its département, and for some the DGE."""
    departement = departement_de(personne.code_postal)
    if not departement:
        return []
    autres = ServiceGestionnaire.objects.exclude(pk=personne.service_gestionnaire_id)
    dge = _peut_donner_a_la_dge(acteur)
    return [bureau for bureau in autres if (dge if _est_la_dge(bureau) else _suit(bureau, departement))]


def _est_la_dge(bureau: ServiceGestionnaire) -> bool:
    return bureau.type == bureau.Type.DGE


def _suit(bureau: ServiceGestionnaire, departement: str) -> bool:
    """Whether the import of the register would leave a personne of this département there (services/importation.py)."""
    return departement in bureau.departements.split()


def _peut_donner_a_la_dge(acteur: Agent) -> bool:
    return acteur.fonction == Agent.Fonction.SURVEILLANCE or _est_la_dge(acteur.service_gestionnaire)


def _exiger_de_pouvoir_rattacher(acteur: Agent, personne: PersonneSirenisee) -> None:
    """The head of the personne's own office, or the cell: one agent alone would get rid of a dossier, or of a late queue."""
    if acteur.fonction == Agent.Fonction.SURVEILLANCE:
        return
    exiger_competence(acteur, personne)
    if acteur.fonction != Agent.Fonction.CHEF:
        raise RattachementReserve


@transaction.atomic
@relit_l_agent
def rattacher_personne(
    *,
    acteur: Agent,
    personne: PersonneSirenisee,
    vers: ServiceGestionnaire,
    motif: str,
    maintenant: datetime | None = None,
) -> PersonneSirenisee:
    """Give this personne to another office, and return it: its queues, letters and pages are that office's from now on.

    So are its open exchanges, by a trigger, but those that were passed on to a third office (`services/migrations/0027`).

    Both offices are told by mail, and the company. Raises: MotifDeRattachementRequis, PersonneHorsCompetence,
    RattachementReserve, DejaRattachee, CodePostalInconnu, RattachementDgeReserve, BureauHorsDepartement.
    """
    maintenant = maintenant or timezone.now()
    motif = " ".join(motif.split())
    if not 0 < len(motif) <= LONGUEUR_MOTIF:
        raise MotifDeRattachementRequis
    fraiche = (
        PersonneSirenisee.objects.select_for_update(no_key=True, of=("self",))
        .select_related("service_gestionnaire")
        .get(pk=personne.pk)
    )
    _exiger_de_pouvoir_rattacher(acteur, fraiche)
    if vers.pk == fraiche.service_gestionnaire_id:
        raise DejaRattachee
    departement = departement_de(fraiche.code_postal)
    if not departement:
        raise CodePostalInconnu
    if _est_la_dge(vers):
        if not _peut_donner_a_la_dge(acteur):
            raise RattachementDgeReserve
    elif not _suit(vers, departement):
        raise BureauHorsDepartement(departement=departement)
    ancien = fraiche.service_gestionnaire
    fraiche.service_gestionnaire = vers
    fraiche.save(update_fields=["service_gestionnaire", "modifiee_le"])
    consigner(
        actes.PERSONNE_RATTACHEE,
        auteur=acteur,
        siren=fraiche.siren,
        details={"de": ancien.code, "vers": vers.code, "motif": motif},
    )
    contexte = {
        "denomination": fraiche.denomination,
        "siren": fraiche.siren_lisible,
        "ancien": ancien.nom,
        "nouveau": vers.nom,
        "telephone": vers.telephone,
    }
    acte = f"rattachement:{fraiche.pk}:{maintenant.isoformat()}"
    for bureau in (ancien, vers):
        courriels.deposer(
            "rattachement_gestionnaire",
            destinataire=bureau.courriel,
            acte=f"{acte}:{bureau.code}",
            contexte={**contexte, "motif": motif},
        )
    if fraiche.courriel:
        courriels.deposer(
            "rattachement_entreprise", destinataire=fraiche.courriel, acte=f"{acte}:entreprise", contexte=contexte
        )
    return fraiche
