"""Celery entry points of the register and of the mailbox: each calls one act."""

from uuid import UUID

from celery import shared_task

from accounts.envois.budget import DUREE_BALAYAGE, epuiser

from .adresses import attendues
from .messagerie import avis
from .messagerie.pieces import analyse, balayage
from .registre import suivi


@shared_task(name="services.suivre_registre")
def suivre_registre() -> None:
    epuiser(lambda: suivi.suivre_registre(nombre=suivi.EVENEMENTS_PAR_LOT).par_genre.total())


@shared_task(name=avis.TACHE)
def ecrire_avis(cle: str) -> None:
    avis.ecrire_avis(cle)


@shared_task(name="services.ecrire_les_avis")
def ecrire_les_avis() -> None:
    avis.ecrire_les_avis()


@shared_task(name="services.analyser_piece")
def analyser_piece(cle: str) -> None:
    analyse.analyser_piece(cle=UUID(cle))


@shared_task(name="services.analyser_pieces")
def analyser_pieces() -> None:
    epuiser(analyse.analyser_pieces, duree=DUREE_BALAYAGE)


@shared_task(name="services.balayer_pieces")
def balayer_pieces() -> None:
    balayage.balayer_pieces(acteur="systeme:balayer_pieces")


@shared_task(name="services.constater_adresses")
def constater_adresses() -> None:
    epuiser(attendues.constater_adresses)
