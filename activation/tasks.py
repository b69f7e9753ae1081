"""Celery entry points of the activation: each calls one act."""

from celery import shared_task

from accounts.envois.budget import epuiser

from .courriers import edition, rappels
from .demandes import avancement, confirmation_adresse, creation_simplifiee, devancees, signalements, suites
from .demandes.activation import TACHE_DEVANCEES
from .demandes.plafonds import TACHE_AVANCEMENT


@shared_task(name=edition.TACHE)
def editer_courrier(cle: str) -> None:
    edition.editer(cle)


@shared_task(name="activation.editer_courriers")
def editer_courriers() -> None:
    edition.editer_en_attente()


@shared_task(name="activation.expirer_demandes")
def expirer_demandes() -> None:
    epuiser(suites.expirer_demandes)
    epuiser(confirmation_adresse.expirer_non_confirmees)


@shared_task(name=TACHE_DEVANCEES)
def ecarter_devancees(personne: str | None = None) -> None:
    devancees.ecarter_devancees(personne=int(personne) if personne is not None else None)


@shared_task(name=TACHE_AVANCEMENT)
def avancer_courriers(demande: str | None = None) -> None:
    epuiser(lambda: avancement.avancer_courriers(demande=demande))


@shared_task(name="activation.effacer_creations_perimees")
def effacer_creations_perimees() -> None:
    epuiser(creation_simplifiee.effacer_perimees)


@shared_task(name="activation.reprendre_codes")
def reprendre_codes() -> None:
    epuiser(signalements.reprendre_codes)


@shared_task(name="activation.examiner_signalements")
def examiner_signalements() -> None:
    epuiser(signalements.examiner_signalements)


@shared_task(name="activation.rappeler_codes")
def rappeler_codes() -> None:
    epuiser(rappels.rappeler_codes)
