"""Moving a personne to another office: what waits, and every right to read it, goes with it (issue 14, item 4; CGU §5)."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.envois import courriels
from accounts.models import Agent, ServiceGestionnaire
from accounts.saisies.regles import RegleMetier
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


class MotifDeRattachementRequis(RegleMetier):
    code = "motif_de_rattachement_requis"
    message = "Dites pourquoi, en 300 caractères au plus : le service qui la reçoit lira votre motif."


def bureaux_possibles(personne: PersonneSirenisee) -> list[ServiceGestionnaire]:
    """Return the offices that may follow this personne: those of its département, and the DGE; not its own."""
    departement = departement_de(personne.code_postal)
    autres = ServiceGestionnaire.objects.exclude(pk=personne.service_gestionnaire_id)
    return [bureau for bureau in autres if _peut_suivre(bureau, departement)]


def _peut_suivre(bureau: ServiceGestionnaire, departement: str) -> bool:
    """Whether the import of the register would leave a personne of this département there (services/importation.py)."""
    return bureau.type == bureau.Type.DGE or not departement or departement in bureau.departements.split()


@transaction.atomic
def rattacher_personne(
    *,
    acteur: Agent,
    personne: PersonneSirenisee,
    vers: ServiceGestionnaire,
    motif: str,
    maintenant: datetime | None = None,
) -> PersonneSirenisee:
    """Give this personne to another office, and return it: its queues, letters and pages are that office's from now on.

    Both offices are told by mail, and the company. Raises: MotifDeRattachementRequis, PersonneHorsCompetence, DejaRattachee,
    BureauHorsDepartement.
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
    exiger_competence(acteur, fraiche)
    if vers.pk == fraiche.service_gestionnaire_id:
        raise DejaRattachee
    departement = departement_de(fraiche.code_postal)
    if not _peut_suivre(vers, departement):
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
