"""Reminders of a code that waits: 10, 45 and 55 days after the letter was made (design.md §6)."""

import uuid
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from accounts.envois import courriels
from accounts.envois.un_a_un import chacun
from accounts.models import Courriel
from accounts.saisies.dates import jour

from ..models import Courrier, Demande, Signalement

FENETRE_DES_RAPPELS = timedelta(days=5)
"""A reminder that could not leave within five days of its moment is not sent any more: it would say a wrong thing."""


def acte(palier: int, courrier: object) -> str:
    """Return what the mail of this reminder is about: one for each letter and each of the three moments."""
    return f"rappel-code-{palier}:{courrier}"


def rappeler_codes(*, maintenant: datetime | None = None, nombre: int = 500) -> int:
    """Mail the reminders that are due, at most `nombre` of each, and return how many were written now."""
    maintenant = maintenant or timezone.now()
    return sum(
        chacun("rappels_de_codes", _a_rappeler(palier, maintenant, nombre), partial(_rappeler, palier, maintenant))
        for palier in settings.RAPPELS_CODE
    )


def _a_rappeler(palier: int, maintenant: datetime, nombre: int) -> list[uuid.UUID]:
    """Return the live letters whose reminder of this moment is due and was not written."""
    suspendus = Signalement.objects.suspensifs(maintenant).filter(demande=OuterRef("demande"))
    deja = Courriel.objects.filter(acte=Concat(Value(acte(palier, "")), Cast(OuterRef("pk"), CharField())))
    return list(
        Courrier.objects.filter(
            ~Exists(deja),
            ~Exists(suspendus),
            etat__in=[Courrier.Etat.EDITE, Courrier.Etat.REMIS],
            edite_le__lte=maintenant - timedelta(days=palier),
            edite_le__gt=maintenant - timedelta(days=palier) - FENETRE_DES_RAPPELS,
            remplace_le=None,
            expire_le__gte=maintenant,
            demande__etat=Demande.Etat.CODE_ENVOYE,
            demande__espace__compte__isnull=False,
        )
        .order_by("edite_le")
        .values_list("pk", flat=True)[:nombre]
    )


def _rappeler(palier: int, maintenant: datetime, cle: uuid.UUID) -> bool:
    """Write one reminder, unless the code was entered meanwhile. The mail row is unique: twice writes one."""
    courrier = Courrier.objects.select_related("demande__espace__compte", "demande__personne").get(pk=cle)
    demande = Demande.objects.select_for_update(no_key=True).get(pk=courrier.demande_id)
    compte = courrier.demande.espace.compte
    if demande.etat != Demande.Etat.CODE_ENVOYE or courrier.expire_le is None or compte is None:
        return False
    restants = (timezone.localdate(courrier.expire_le) - timezone.localdate(maintenant)).days
    courriels.deposer(
        "rappel_code",
        destinataire=compte.email,
        acte=acte(palier, courrier.pk),
        espace=courrier.demande.espace,
        contexte={
            "reference": demande.reference,
            "denomination": courrier.demande.personne.denomination,
            "expire_le_jour": jour(courrier.expire_le),
            "jours_restants": restants,
            "premier": palier == settings.RAPPELS_CODE[0],
        },
    )
    return True
