"""What becomes of a demande before its code: cancelled, a new letter, out of date (R7, R9)."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.envois.un_a_un import chacun
from accounts.models import Agent, Espace
from accounts.saisies.regles import RegleMetier
from accounts.traces.actes import Acte
from accounts.traces.agents_relus import relit_l_agent
from accounts.traces.journal import consigner
from services.adresses.envoi import adresse_du_courrier

from .. import actes
from ..courriers.edition import deposer_courrier
from ..models import Courrier, Demande
from .attente import (
    PlusDeCourrier,
    exiger_adresse_confirmee,
    exiger_courrier,
    exiger_en_cours,
    exiger_non_suspendue,
    exiger_nouveau_courrier,
)
from .depot import prevenir, terminer, verrouiller
from .plafonds import depart_du_courrier
from .retours import exiger_competence, exiger_motif


class LettreEnPreparation(RegleMetier):
    code = "lettre_en_preparation"
    message = "La dernière lettre de cette demande n’est pas encore partie : laissez-la partir, ou attendez sa date."


@transaction.atomic
def annuler_demande(*, acteur: Espace, demande: Demande, maintenant: datetime | None = None) -> Demande:
    """Cancel one's own demande: its code dies, and an espace that waited for it falls. Raises DemandeTerminee."""
    maintenant = maintenant or timezone.now()
    demande = verrouiller(demande)
    exiger_en_cours(demande)
    consigner(
        actes.DEMANDE_ANNULEE,
        auteur=acteur,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "nature": demande.nature},
    )
    prevenir(demande, "demande_annulee", "annulee")
    terminer(demande, Demande.Etat.ANNULEE, maintenant)
    return demande


def examiner_nouveau_courrier(demande: Demande) -> None:
    """Check that another letter may be asked for now, before its page is shown.

    Raises: DemandeTerminee, AdresseNonConfirmee, CodeSuspendu, TropTotPourUnCourrier, PlusDeCourrier.
    """
    exiger_en_cours(demande)
    exiger_adresse_confirmee(demande)
    dernier = demande.courriers.get(remplace_le=None)
    exiger_nouveau_courrier(demande, dernier, adresse_du_courrier(demande.personne), timezone.now())


@transaction.atomic
def demander_nouveau_courrier(*, acteur: Espace, demande: Demande, maintenant: datetime | None = None) -> Courrier:
    """Ask for another letter: after 15 days, twice at most; the older code dies (R9).

    At once where the last one came back, or went to an address that has been put right since.
    Raises: DemandeTerminee, AdresseNonConfirmee, CodeSuspendu, AdresseInconnue, TropTotPourUnCourrier, PlusDeCourrier.
    """
    maintenant = maintenant or timezone.now()
    demande = verrouiller(demande)
    exiger_en_cours(demande)
    dernier = exiger_courrier(demande)
    exiger_nouveau_courrier(demande, dernier, adresse_du_courrier(demande.personne), maintenant)
    return _remplacer(demande, dernier, actes.COURRIER_REDEMANDE, acteur, maintenant)


@transaction.atomic
@relit_l_agent
def renvoyer_courrier(*, acteur: Agent, demande: Demande, motif: str, maintenant: datetime | None = None) -> Courrier:
    """Send, as an agent of its office, another letter for a demande that waits: the requester's own act, whatever its delay.

    For a letter that was lost, or went to an address corrected since; the older code dies, the caps of letters still date it
    (`laisser_partir` lets it leave). Raises: MotifRequis, AgentNonCompetent, DemandeTerminee, CodeSuspendu, AdresseNonConfirmee,
    LettreEnPreparation, PlusDeCourrier, AdresseInconnue.
    """
    maintenant = maintenant or timezone.now()
    motif = exiger_motif(motif)
    demande = verrouiller(demande)
    exiger_competence(acteur, demande.personne)
    exiger_en_cours(demande)
    exiger_non_suspendue(demande, maintenant)
    exiger_adresse_confirmee(demande)
    dernier = exiger_courrier(demande)
    if dernier.edite_le is None:
        raise LettreEnPreparation
    if not lettre_possible(dernier):
        raise PlusDeCourrier
    courrier = _remplacer(demande, dernier, actes.COURRIER_RENVOYE, acteur, maintenant, motif=motif)
    prevenir(
        demande,
        "courrier_renvoye",
        f"courrier-renvoye-{courrier.numero}",
        motif=motif,
        gestionnaire=demande.personne.service_gestionnaire.nom,
    )
    return courrier


def lettre_possible(dernier: Courrier) -> bool:
    """Whether another letter may follow this one: three for a demande (R9)."""
    return dernier.numero <= settings.CODE_NOUVEAUX_COURRIERS


def _remplacer(
    demande: Demande, dernier: Courrier, acte: Acte, auteur: Espace | Agent, maintenant: datetime, **details: str
) -> Courrier:
    """Put another letter in the place of the last one; both are locked, and whoever asks may."""
    tour, depart = depart_du_courrier(demande.espace, demande.personne, maintenant=maintenant)
    dernier.remplace_le = maintenant
    dernier.save(update_fields=["remplace_le"])
    courrier = deposer_courrier(demande, numero=dernier.numero + 1, maintenant=maintenant, tour=tour, depart=depart)
    demande.etat = Demande.Etat.DEPOSEE
    demande.save(update_fields=["etat"])
    consigner(
        acte,
        auteur=auteur,
        espace=demande.espace if isinstance(auteur, Agent) else None,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "numero": courrier.numero, **details},
    )
    return courrier


def expirer_demandes(
    *, acteur: str = "systeme:expirer_demandes", maintenant: datetime | None = None, nombre: int = 500
) -> int:
    """Close the demandes whose last code is out of date, at most `nombre` a run, and return how many."""
    maintenant = maintenant or timezone.now()
    cles = list(
        Courrier.objects.filter(
            remplace_le=None, expire_le__lt=maintenant, demande__etat__in=Demande.ETATS_EN_COURS
        ).values_list("demande_id", flat=True)[:nombre]
    )
    return chacun("demandes_expirees", cles, lambda cle: _expirer(cle, maintenant, acteur))


def _expirer(cle: uuid.UUID, maintenant: datetime, auteur: str) -> bool:
    demande = verrouiller(Demande.objects.get(pk=cle))
    courrier = demande.courriers.get(remplace_le=None)
    if not demande.est_en_cours or not courrier.est_expire(maintenant):
        return False
    consigner(
        actes.DEMANDE_EXPIREE,
        auteur=auteur,
        espace=demande.espace,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "nature": demande.nature},
    )
    prevenir(demande, "demande_expiree", "expiree")
    terminer(demande, Demande.Etat.EXPIREE, maintenant)
    return True
