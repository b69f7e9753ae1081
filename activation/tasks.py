"""Celery entry points of the activation: each calls one act."""

from celery import shared_task

from . import courriers, demandes


@shared_task(name=courriers.TACHE)
def editer_courrier(cle: str) -> None:
    courriers.editer(cle)


@shared_task(name="activation.editer_courriers")
def editer_courriers() -> None:
    courriers.editer_en_attente()


@shared_task(name="activation.expirer_demandes")
def expirer_demandes() -> None:
    demandes.expirer_demandes()
