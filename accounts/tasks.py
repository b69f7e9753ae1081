"""Celery entry points of the accounts: each calls one act."""

from celery import shared_task

from .compteurs import debit
from .donnees import attestation_quotidienne, retention
from .envois import courriels
from .envois.budget import epuiser
from .espace import conditions, dormants, inscription, oubli
from .gestion import contreseings
from .mots_de_passe import exigences, politique
from .sessions import ouvertures
from .traces import scellement


@shared_task(name=courriels.TACHE)
def envoyer_courriel(cle: str) -> None:
    courriels.envoyer(cle)


@shared_task(name=courriels.BALAYAGE)
def envoyer_courriels() -> None:
    courriels.envoyer_en_attente()


@shared_task(name="accounts.sceller_journal")
def sceller_journal() -> None:
    epuiser(scellement.sceller)


@shared_task(name="accounts.attester_journal")
def attester_journal() -> None:
    attestation_quotidienne.attester_le_journal()


@shared_task(name="accounts.effacer_inscriptions_perimees")
def effacer_inscriptions_perimees() -> None:
    epuiser(inscription.effacer_perimees)


@shared_task(name="accounts.effacer_sessions_perimees")
def effacer_sessions_perimees() -> None:
    ouvertures.effacer_perimees()
    debit.effacer_perimes()


@shared_task(name=oubli.TACHE)
def traiter_oubli(cle: str) -> None:
    oubli.traiter_demande(cle)


@shared_task(name="accounts.traiter_oublis")
def traiter_oublis() -> None:
    oubli.traiter_en_attente()


@shared_task(name="accounts.rappeler_mots_de_passe")
def rappeler_mots_de_passe() -> None:
    politique.rappeler_mots_de_passe()


@shared_task(name="accounts.exiger_renouvellement")
def exiger_renouvellement() -> None:
    politique.exiger_renouvellement()


@shared_task(name="accounts.signaler_espaces_dormants")
def signaler_espaces_dormants() -> None:
    epuiser(dormants.signaler_dormants)


@shared_task(name="accounts.annoncer_conditions")
def annoncer_conditions() -> None:
    epuiser(conditions.annoncer_conditions)


@shared_task(name="accounts.annoncer_politique")
def annoncer_politique() -> None:
    epuiser(exigences.annoncer_politique)


@shared_task(name="accounts.remonter_contreseings")
def remonter_contreseings() -> None:
    epuiser(contreseings.expirer_contreseings)
    epuiser(contreseings.remonter_contreseings)


@shared_task(name="accounts.purger")
def purger() -> None:
    retention.purger(duree=retention.DUREE_TACHE)
