"""What the retirement of a service does to rights: who holds it is told, then it closes once its last day is over.

Until that day every right goes on as it was, and may be shared; no new adhésion is opened (activation). A run that dies has
told or closed whole batches, and nobody is written to twice.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.envois.annonces import PERSONNES_PAR_LOT, lot_suivant
from accounts.models import Courriel, Espace
from accounts.saisies.dates import jour
from accounts.traces.journal import consigner
from services.models import RetraitService

from .. import actes
from ..arbre import avis
from ..arbre.cascade import relire, terminer, verrouiller_adhesions
from ..models import Adhesion, Habilitation, Role

AUTEUR: Final = "systeme:fermer_services_retires"
ADHESIONS_PAR_LOT: Final = 50


def _acte(retrait: RetraitService) -> str:
    return f"service-retire:{retrait.pk}"


def _destinataires(retrait: RetraitService) -> QuerySet[Espace]:
    """Return who holds the service; where its retirement was undone, who had been told of it."""
    siennes = Habilitation.objects.vivantes().filter(service=retrait.service_id, espace=OuterRef("pk"))
    espaces = Espace.objects.filter(Exists(siennes), compte__isnull=False).select_related("compte")
    if retrait.annule_le is not None:
        espaces = espaces.filter(Exists(Courriel.objects.filter(espace=OuterRef("pk"), acte=_acte(retrait))))
    return espaces


@transaction.atomic
def annoncer_services_retires(*, maintenant: datetime | None = None) -> int:
    """Tell the next batch of those who hold a service that will close, or that stays after all; return how many."""
    retrait = (
        RetraitService.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("service")
        .filter(annonce_le=None)
        .order_by("decide_le", "pk")
        .first()
    )
    if retrait is None:
        return _rattraper(maintenant or timezone.now())
    lot = lot_suivant(
        retrait, _destinataires(retrait), jusqu_a="annonce_jusqu_a", termine="annonce_le", maintenant=maintenant
    )
    _ecrire(retrait, lot)
    return len(lot)


def _rattraper(maintenant: datetime) -> int:
    """Write to a batch of those who were granted a service that will close since it was told, each once; return how many."""
    ecrits = 0
    annonces = RetraitService.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).filter(
        annule_le=None, execute_le=None, annonce_le__isnull=False, ferme_le__gte=timezone.localdate(maintenant)
    )
    for retrait in annonces.select_related("service").order_by("decide_le", "pk"):
        recentes = Habilitation.objects.vivantes().filter(
            service=retrait.service_id, espace=OuterRef("pk"), accordee_le__gte=retrait.decide_le
        )
        oublies = _destinataires(retrait).filter(
            Exists(recentes), ~Exists(Courriel.objects.filter(espace=OuterRef("pk"), acte=_acte(retrait)))
        )
        lot = list(oublies.order_by("pk")[:PERSONNES_PAR_LOT])
        _ecrire(retrait, lot)
        ecrits += len(lot)
    return ecrits


def _ecrire(retrait: RetraitService, lot: Sequence[Espace]) -> None:
    """Tell each of these what they hold of the service."""
    tenues = avis.par_espace(
        Habilitation.objects.vivantes()
        .filter(service=retrait.service_id, espace__in=lot)
        .select_related("espace", "personne", "service")
    )
    annule = retrait.annule_le is not None
    for espace in lot:
        avis.ecrire(
            "service_retabli" if annule else "service_retire",
            espace=espace,
            acte=f"service-retabli:{retrait.pk}" if annule else _acte(retrait),
            habilitations=tenues.get(espace, ()),
            service=retrait.service.libelle,
            dernier_jour=jour(retrait.ferme_le),
        )


@transaction.atomic
def fermer_services_retires(*, acteur: str = AUTEUR, maintenant: datetime | None = None) -> int:
    """Close the next batch of adhésions of a service whose last day is over; return how many were looked at.

    Only once all were told of that day. Each holder is told once that it is done. It is executed once nothing of it is
    open: a batch of which somebody closed some meanwhile says nothing of those that remain.
    """
    maintenant = maintenant or timezone.now()
    retrait = (
        RetraitService.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("service")
        .filter(annule_le=None, execute_le=None, annonce_le__isnull=False, ferme_le__lt=timezone.localdate(maintenant))
        .order_by("ferme_le", "pk")
        .first()
    )
    if retrait is None:
        return 0
    ouvertes = Adhesion.objects.ouvertes().filter(service=retrait.service_id).order_by("pk")
    lot = verrouiller_adhesions(ouvertes.values_list("pk", flat=True)[:ADHESIONS_PAR_LOT])
    adhesions = [adhesion for adhesion in lot.values() if adhesion.est_ouverte]
    for adhesion in adhesions:
        adhesion.fermee_le, adhesion.fermee_motif = maintenant, Adhesion.Motif.RETRAIT_CATALOGUE
        adhesion.save(update_fields=["fermee_le", "fermee_motif"])
        consigner(
            actes.ADHESION_RETIREE_DU_CATALOGUE,
            auteur=acteur,
            siren=adhesion.personne.siren,
            service=retrait.service.code,
        )
    racines = Habilitation.objects.vivantes().filter(adhesion__in=adhesions, role=Role.TITULAIRE)
    terminees = terminer(
        relire(racines.values_list("pk", flat=True)),
        auteur=acteur,
        acte=actes.HABILITATION_FERMEE,
        motif=Habilitation.MotifFin.FERMETURE,
        motif_dessous=Habilitation.MotifFin.FERMETURE,
        maintenant=maintenant,
    )
    for espace in avis.par_espace(terminees):
        avis.ecrire(
            "service_ferme",
            espace=espace,
            acte=f"service-ferme:{retrait.pk}",
            service=retrait.service.libelle,
            dernier_jour=jour(retrait.ferme_le),
        )
    if not ouvertes.exists():
        retrait.execute_le = maintenant
        retrait.save(update_fields=["execute_le"])
    return len(lot)
