"""Celery entry points of the habilitations: each calls one act."""

from celery import shared_task

from accounts.envois.budget import epuiser

from .arbre import confirmations, expirations
from .lectures import exports, rappels
from .partage import demandes, revue, temoins
from .registre import cessations, services_retires


@shared_task(name="habilitations.expirer_habilitations")
def expirer_habilitations() -> None:
    expirations.expirer_habilitations()


@shared_task(name="habilitations.ecarter_non_confirmees")
def ecarter_non_confirmees() -> None:
    confirmations.ecarter_non_confirmees()


@shared_task(name="habilitations.revoir_delegations")
def revoir_delegations() -> None:
    revue.revoir_delegations()


@shared_task(name="habilitations.resumer_accords")
def resumer_accords() -> None:
    epuiser(temoins.resumer_accords)


@shared_task(name="habilitations.suivre_cessations")
def suivre_cessations() -> None:
    epuiser(cessations.suivre_cessations)


@shared_task(name=exports.TACHE)
def fabriquer_export(cle: str) -> None:
    exports.fabriquer(cle)


@shared_task(name="habilitations.fabriquer_exports")
def fabriquer_exports() -> None:
    exports.fabriquer_en_attente()


@shared_task(name="habilitations.annoncer_services_retires")
def annoncer_services_retires() -> None:
    epuiser(services_retires.annoncer_services_retires)


@shared_task(name="habilitations.fermer_services_retires")
def fermer_services_retires() -> None:
    epuiser(services_retires.fermer_services_retires)


@shared_task(name="habilitations.rappeler_echeances")
def rappeler_echeances() -> None:
    epuiser(rappels.rappeler_echeances)


@shared_task(name="habilitations.annoncer_demandes_habilitation")
def annoncer_demandes_habilitation() -> None:
    epuiser(demandes.annoncer_demandes_habilitation)


@shared_task(name="habilitations.rappeler_demandes_habilitation")
def rappeler_demandes_habilitation() -> None:
    epuiser(demandes.rappeler_demandes_habilitation)


@shared_task(name="habilitations.eteindre_demandes_habilitation")
def eteindre_demandes_habilitation() -> None:
    epuiser(demandes.eteindre_demandes_habilitation)
