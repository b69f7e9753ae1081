"""Celery entry points of the register: each calls one act."""

from celery import shared_task

from accounts.envois.budget import epuiser

from .registre import suivi


@shared_task(name="services.suivre_registre")
def suivre_registre() -> None:
    epuiser(lambda: suivi.suivre_registre(nombre=suivi.EVENEMENTS_PAR_LOT).par_genre.total())
