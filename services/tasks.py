"""Celery entry points of the register: each calls one act."""

from celery import shared_task

from .registre import suivi


@shared_task(name="services.suivre_registre")
def suivre_registre() -> None:
    suivi.suivre_registre(nombre=suivi.LOT)
