"""Celery entry points of the surveillance: each calls one act."""

from celery import shared_task

from . import balayage, partitions


@shared_task(name="surveillance.creer_partitions")
def creer_partitions() -> None:
    partitions.creer_partitions()


@shared_task(name="surveillance.abandonner_partitions")
def abandonner_partitions() -> None:
    partitions.abandonner_partitions()


@shared_task(name="surveillance.balayer")
def balayer() -> None:
    balayage.balayer()
