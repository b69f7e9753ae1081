"""The letters of the demonstration: made, handed over to the post and entered at their days, by the acts that everybody calls."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.utils import timezone

from activation.courriers.codes import deriver_code
from activation.courriers.edition import editer
from activation.courriers.remise import dossier_des_remises, remettre
from activation.demandes.activation import activer
from activation.models import Courrier, Demande
from activation.models.demande import DemandeQuerySet

from .recit import Scene


def editer_a_sa_date(demande: Demande) -> Courrier:
    """Have the letter of this demande made, and return it: a worker that was quicker has made it by today's clock, and it is dated back."""
    courrier = demande.courriers.get(remplace_le=None)
    editer(str(courrier.pk))
    courrier.refresh_from_db()
    retard = courrier.edite_le - timezone.now() if courrier.edite_le is not None else timedelta()
    if retard > timedelta(hours=1) and courrier.edite_le is not None and courrier.expire_le is not None:
        courrier.edite_le -= retard
        courrier.expire_le -= retard
        courrier.save(update_fields=["edite_le", "expire_le"])
    return courrier


def lettre_recue(demandes: DemandeQuerySet, *, remise: float, code: float | None = None) -> Iterator[Scene]:
    """Yield what becomes of the first letter of this demande: handed over, then its code entered, so many days ago."""
    lettres = Courrier.objects.filter(demande__in=demandes, numero=1)
    yield Scene(
        remise,
        # The oldest that waits is this one: what others wait for was made later.
        lambda: remettre(dossier=dossier_des_remises(), taille=1),
        faite=lambda: not lettres.filter(etat=Courrier.Etat.EDITE, demande__in=demandes.en_cours()).exists(),
        a_l_ecran=False,
    )
    if code is not None:
        yield Scene(code, partial(_entrer_le_code, demandes), faite=lambda: not demandes.en_cours().exists())


def _entrer_le_code(demandes: DemandeQuerySet) -> None:
    demande = demandes.select_related("espace").get()
    courrier = demande.courriers.get(remplace_le=None)
    activer(acteur=demande.espace, demande=demande, saisie=deriver_code(demande=demande.pk, numero=courrier.numero))
