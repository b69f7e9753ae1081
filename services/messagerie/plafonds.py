"""How much one espace writes and joins in 24 hours: nobody floods an office, nobody fills the storage (issue 15, item 8).

Counted as guesses are (accounts/compteurs/debit.py), within the transaction of the act: what fails is not counted, what is refused is
counted apart and journalled (accounts/compteurs/refus.py). A file taken off, or a draft erased, stays counted. Who could be hurt, and what that person can still do: docs/maison.md.
"""

from datetime import timedelta
from typing import Final

from accounts.compteurs import debit
from accounts.compteurs.refus import PlafondAtteint, plafonne
from accounts.models import Agent, Espace

from ..models import PersonneSirenisee

MESSAGES_PAR_JOUR: Final = 400  # whatever the companies: four for each of the hundred that an espace may hold
MESSAGES_POUR_UNE_ENTREPRISE: Final = 50
FICHIERS_PAR_JOUR: Final = 1_000  # ten for each company
GROS_FICHIERS_PAR_JOUR: Final = 300  # so that a day of one espace is four gigabytes at most
GROS: Final = 1_000_000  # bytes
FICHIERS_REFUSES: Final = debit.Cadence(libres=20, intervalle=timedelta(minutes=1))
"""Files of one author that were examined and refused, or took `patience.LONGUE`: twenty at once in 24 hours, then one a minute.

Those of one request take `patience.PATIENCE` at most together."""


class TropDeMessages(PlafondAtteint):
    code = "trop_de_messages"
    plafond = "messages envoyés en 24 heures"
    statut = 429
    message = (
        "Vous avez déjà envoyé {limite} messages depuis 24 heures, le plus que le portail accepte : gardez celui-ci en brouillon, "
        "vous l’enverrez demain."
    )


class TropDeMessagesPourUneEntreprise(PlafondAtteint):
    code = "trop_de_messages_entreprise"
    plafond = "messages envoyés pour une entreprise en 24 heures"
    statut = 429
    message = (
        "Vous avez déjà envoyé {limite} messages pour {denomination} depuis 24 heures : gardez celui-ci en brouillon, vous "
        "l’enverrez demain. Si c’est urgent, téléphonez au service, ou demandez à une autre personne habilitée d’écrire."
    )


class TropDeFichiersJoints(PlafondAtteint):
    code = "trop_de_fichiers_joints"
    plafond = "fichiers joints en 24 heures"
    statut = 429
    message = (
        "« {nom} » n’a pas été joint : vous avez déjà joint {limite} fichiers{lourds} depuis 24 heures. Vous pouvez envoyer "
        "votre message sans lui, et le joindre demain."
    )


class TropDeFichiersRefuses(PlafondAtteint):
    code = "trop_de_fichiers_refuses"
    plafond = "fichiers refusés en 24 heures"
    statut = 429
    message = (
        "« {nom} » n’a pas été examiné : {limite} de vos fichiers ont été refusés, ou longs à examiner, depuis 24 heures. "
        "Attendez une minute, puis joignez-le de nouveau. Votre message peut aussi partir sans lui."
    )


def compter_message(acteur: Espace, personne: PersonneSirenisee) -> None:
    """Count one message of this espace, locked, for this personne. Raises: TropDeMessages, TropDeMessagesPourUneEntreprise."""
    if not _reserver("messages", str(acteur.pk), MESSAGES_PAR_JOUR):
        raise TropDeMessages(limite=MESSAGES_PAR_JOUR, personne=personne)
    if not _reserver("messages-entreprise", f"{acteur.pk}|{personne.pk}", MESSAGES_POUR_UNE_ENTREPRISE):
        raise TropDeMessagesPourUneEntreprise(
            limite=MESSAGES_POUR_UNE_ENTREPRISE, denomination=personne.denomination, personne=personne
        )


def compter_fichier(acteur: Espace | Agent, personne: PersonneSirenisee, *, nom: str, taille: int) -> None:
    """Count one file that this espace or this agent joins, whose name is shown, for this personne. Raises: TropDeFichiersJoints."""
    qui = f"agent|{acteur.pk}" if isinstance(acteur, Agent) else str(acteur.pk)
    if not _reserver("fichiers", qui, FICHIERS_PAR_JOUR):
        raise TropDeFichiersJoints(nom=nom, limite=FICHIERS_PAR_JOUR, lourds="", personne=personne)
    if taille > GROS and not _reserver("gros-fichiers", qui, GROS_FICHIERS_PAR_JOUR):
        raise TropDeFichiersJoints(nom=nom, limite=GROS_FICHIERS_PAR_JOUR, lourds=" de plus de 1 Mo", personne=personne)


@plafonne
def reserver_examen(*, acteur: Espace | Agent, personne: PersonneSirenisee, nom: str) -> int:
    """Count one file of this author, of this name, as refused before it is examined, in a transaction of its own; return the try.

    `debit.rendre` takes it back once it is taken, and was no long one: files sent together do not pass together, and one that stops its process stays counted.
    Raises: TropDeFichiersRefuses.
    """
    qui = f"agent|{acteur.pk}" if isinstance(acteur, Agent) else str(acteur.pk)
    essai = debit.reserver(debit.empreinte("messagerie-fichiers-refuses", qui), FICHIERS_REFUSES)
    if essai is None:
        raise TropDeFichiersRefuses(nom=nom, limite=FICHIERS_REFUSES.libres, personne=personne)
    return essai


def _reserver(quoi: str, qui: str, limite: int) -> bool:
    """Whether one more may be counted; by the clock read under the lock of the counter."""
    bareme = debit.Bareme(libres=limite, pas=1, limite=limite)
    return debit.reserver(debit.empreinte(f"messagerie-{quoi}", qui), bareme) is not None
