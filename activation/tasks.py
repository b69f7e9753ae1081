"""Celery entry points of the activation: each calls one act."""

from celery import shared_task

from . import courriers, creation_simplifiee, demandes, rappels


@shared_task(name=courriers.TACHE)
def editer_courrier(cle: str) -> None:
    courriers.editer(cle)


@shared_task(name="activation.editer_courriers")
def editer_courriers() -> None:
    courriers.editer_en_attente()


@shared_task(name="activation.expirer_demandes")
def expirer_demandes() -> None:
    demandes.expirer_demandes()


@shared_task(name="activation.effacer_creations_perimees")
def effacer_creations_perimees() -> None:
    creation_simplifiee.effacer_perimees()


@shared_task(name="activation.rappeler_codes")
def rappeler_codes() -> None:
    rappels.rappeler_codes()
