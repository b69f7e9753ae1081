"""Celery entry points of the accounts: each calls one act."""

from celery import shared_task

from . import courriels, inscription, scellement


@shared_task(name=courriels.TACHE)
def envoyer_courriel(cle: str) -> None:
    courriels.envoyer(cle)


@shared_task(name="accounts.envoyer_courriels")
def envoyer_courriels() -> None:
    courriels.envoyer_en_attente()


@shared_task(name="accounts.sceller_journal")
def sceller_journal() -> None:
    scellement.sceller()


@shared_task(name="accounts.effacer_inscriptions_perimees")
def effacer_inscriptions_perimees() -> None:
    inscription.effacer_perimees()
