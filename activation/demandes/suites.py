"""What becomes of a demande before its code: cancelled, a new letter, out of date (R7, R9)."""

import uuid
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import Espace
from accounts.traces.journal import consigner
from services.adresses.envoi import adresse_du_courrier

from .. import actes
from ..courriers.edition import deposer_courrier
from ..models import Courrier, Demande
from .attente import exiger_en_cours, exiger_nouveau_courrier
from .depot import prevenir, terminer, verrouiller
from .plafonds import depart_du_courrier


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

    Raises: DemandeTerminee, CodeSuspendu, TropTotPourUnCourrier, PlusDeCourrier.
    """
    exiger_en_cours(demande)
    dernier = demande.courriers.get(remplace_le=None)
    exiger_nouveau_courrier(demande, dernier, adresse_du_courrier(demande.personne), timezone.now())


@transaction.atomic
def demander_nouveau_courrier(*, acteur: Espace, demande: Demande, maintenant: datetime | None = None) -> Courrier:
    """Ask for another letter: after 15 days, twice at most; the older code dies (R9).

    At once where the last one came back, or went to an address that has been put right since.
    Raises: DemandeTerminee, CodeSuspendu, AdresseInconnue, TropTotPourUnCourrier, PlusDeCourrier.
    """
    maintenant = maintenant or timezone.now()
    demande = verrouiller(demande)
    exiger_en_cours(demande)
    dernier = demande.courriers.select_for_update(no_key=True).get(remplace_le=None)
    exiger_nouveau_courrier(demande, dernier, adresse_du_courrier(demande.personne), maintenant)
    tour, depart = depart_du_courrier(demande.espace, demande.personne, maintenant=maintenant)
    dernier.remplace_le = maintenant
    dernier.save(update_fields=["remplace_le"])
    courrier = deposer_courrier(demande, numero=dernier.numero + 1, maintenant=maintenant, tour=tour, depart=depart)
    demande.etat = Demande.Etat.DEPOSEE
    demande.save(update_fields=["etat"])
    consigner(
        actes.COURRIER_REDEMANDE,
        auteur=acteur,
        siren=demande.personne.siren,
        details={"demande": demande.reference, "numero": courrier.numero},
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
    return sum(_expirer(cle, maintenant, acteur) for cle in cles)


@transaction.atomic
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
