"""Celery entry points of the habilitations: each calls one act."""

from celery import shared_task

from accounts.envois.budget import epuiser

from .arbre import confirmations, expirations
from .partage import revue
from .registre import cessations


@shared_task(name="habilitations.expirer_habilitations")
def expirer_habilitations() -> None:
    expirations.expirer_habilitations()


@shared_task(name="habilitations.ecarter_non_confirmees")
def ecarter_non_confirmees() -> None:
    confirmations.ecarter_non_confirmees()


@shared_task(name="habilitations.revoir_delegations")
def revoir_delegations() -> None:
    revue.revoir_delegations()


@shared_task(name="habilitations.suivre_cessations")
def suivre_cessations() -> None:
    epuiser(cessations.suivre_cessations)
