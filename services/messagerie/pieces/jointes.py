"""Joining files to a draft, taking them off, opening them.

Keeping a draft is no act of the journal; a file is named there once it is put into quarantine (`analyse.py`).
"""

import uuid
from collections.abc import Iterator
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from accounts.compteurs import debit
from accounts.compteurs.refus import plafonne
from accounts.envois.reveil import reveiller
from accounts.models import Agent, Espace
from accounts.traces.agents_relus import relit_l_agent

from ...models import Brouillon, Echange, PersonneSirenisee, PieceJointe
from ..bureau import verrouiller_du_bureau
from ..droits import exiger_ecriture
from ..plafonds import compter_fichier, reserver_examen
from . import antivirus, chiffrement, stockage
from .chiffrement import PieceIllisible
from .contenu import dit, lire
from .natures import PieceLue, examiner
from .noms import nettoyer_nom
from .regles import (
    BrouillonEfface,
    PieceEcartee,
    PieceIndisponible,
    PieceNonServie,
    PiecesTropLourdes,
    PiecesTropNombreuses,
)

TAILLE_D_UN_ENVOI: Final = 12_000_000
"""Bytes that a page of the mailbox takes at a time: a file of 10 MB with a text, or a little more, so that its refusal is said there."""
TAILLE_D_UN_MESSAGE: Final = 25_000_000  # bytes of the files of one message
PIECES_D_UN_MESSAGE: Final = 10
TACHE: Final = "services.analyser_piece"
log = structlog.get_logger(__name__)


def joindre(*, acteur: Espace, brouillon: Brouillon, nom: str, contenu: bytes) -> PieceJointe:
    """Join this file to one's draft; return it, cleaned, encrypted, to be scanned.

    Raises: a FichierRefuse, PiecesTropNombreuses, PiecesTropLourdes, TropDeFichiersJoints, TropDeFichiersRefuses, StockageIndisponible,
    BrouillonEfface, MessagerieNonDetenue, MessagerieEnConsultation: then nothing is kept of it.
    """
    lue = _examiner(acteur, brouillon.personne, nom, contenu)
    return _joindre(acteur=acteur, brouillon=brouillon, lue=lue)


@plafonne
def _joindre(*, acteur: Espace, brouillon: Brouillon, lue: PieceLue) -> PieceJointe:
    """Keep what was examined. Raises: what `joindre` raises, but a FichierRefuse."""
    exiger_ecriture(acteur, brouillon.personne)
    return _poser(acteur, brouillon, lue)


def joindre_du_bureau(*, acteur: Agent, echange: Echange, nom: str, contenu: bytes) -> PieceJointe:
    """Join this file to what an agent answers to this exchange; return it, as `joindre` does.

    Raises: a FichierRefuse, PiecesTropNombreuses, PiecesTropLourdes, TropDeFichiersJoints, TropDeFichiersRefuses, StockageIndisponible,
    EchangeHorsService, EchangeDuPortail: then nothing is kept of it.
    """
    lue = _examiner(acteur, echange.personne, nom, contenu)
    return _joindre_du_bureau(acteur=acteur, echange=echange, lue=lue)


@plafonne
@relit_l_agent
def _joindre_du_bureau(*, acteur: Agent, echange: Echange, lue: PieceLue) -> PieceJointe:
    """Keep what was examined. Raises: what `joindre_du_bureau` raises, but a FichierRefuse."""
    echange = verrouiller_du_bureau(acteur, echange)
    brouillon, _ = Brouillon.objects.get_or_create(agent=acteur, personne=echange.personne, echange=echange)
    return _poser(acteur, brouillon, lue)


def _examiner(acteur: Espace | Agent, personne: PersonneSirenisee, nom: str, contenu: bytes) -> PieceLue:
    """Say what this file is, cleaned, before any lock; one that is refused counts. Raises: a FichierRefuse, TropDeFichiersRefuses."""
    essai = reserver_examen(acteur=acteur, personne=personne, nom=nettoyer_nom(nom))
    lue = examiner(nom, contenu)
    debit.rendre(essai)
    return lue


def _poser(acteur: Espace | Agent, brouillon: Brouillon, lue: PieceLue) -> PieceJointe:
    """Keep this file with this draft of one's own, encrypted, under the lock of the draft; the scan is woken.

    One that is there already, by its name and what it says, is returned as it is: a browser that goes back posts its files again.
    Raises: BrouillonEfface, PiecesTropNombreuses, PiecesTropLourdes, TropDeFichiersJoints, StockageIndisponible.
    """
    _verrouiller(acteur, brouillon)
    autres = PieceJointe.objects.filter(brouillon=brouillon)
    for deja in autres.filter(nom=lue.nom):
        if dit(deja, lue.contenu):
            return deja
    if autres.count() >= PIECES_D_UN_MESSAGE:
        raise PiecesTropNombreuses(limite=PIECES_D_UN_MESSAGE, nom=lue.nom, personne=brouillon.personne)
    if (autres.aggregate(somme=Sum("taille"))["somme"] or 0) + len(lue.contenu) > TAILLE_D_UN_MESSAGE:
        raise PiecesTropLourdes(nom=lue.nom, personne=brouillon.personne)
    compter_fichier(acteur, brouillon.personne, nom=lue.nom, taille=len(lue.contenu))
    piece = PieceJointe(
        pk=uuid.uuid4(), brouillon=brouillon, nom=lue.nom, type_mime=lue.nature.type_mime, taille=len(lue.contenu)
    )
    cle = chiffrement.nouvelle_cle()
    piece.sceller_cle(cle)
    piece.fichier = stockage.nom_de(piece.pk)
    piece.empreinte = stockage.deposer(piece.pk, chiffrement.chiffrer([lue.contenu], cle=cle, ligne=piece.ligne))
    if not antivirus.actif():
        piece.analyse, piece.analysee_le = PieceJointe.Analyse.NON_ANALYSEE, timezone.now()
    piece.save(force_insert=True)
    if antivirus.actif():
        reveiller(TACHE, piece.pk)
    return piece


@transaction.atomic
@relit_l_agent
def oter(*, acteur: Espace | Agent, brouillon: Brouillon, piece: uuid.UUID) -> None:
    """Take this file off one's draft; what is off already stays so. Raises: BrouillonEfface."""
    _verrouiller(acteur, brouillon)
    otee = PieceJointe.objects.filter(brouillon=brouillon, pk=piece).first()
    if otee is not None:
        otee.delete()
        transaction.on_commit(lambda: stockage.retirer(otee.fichier))


def _verrouiller(acteur: Espace | Agent, brouillon: Brouillon) -> None:
    """Raises: BrouillonEfface, when it was sent or erased meanwhile."""
    siens = Q(agent=acteur) if isinstance(acteur, Agent) else Q(espace=acteur)
    if not Brouillon.objects.select_for_update(no_key=True, of=("self",)).filter(siens, pk=brouillon.pk).exists():
        raise BrouillonEfface


def ouvrir(piece: PieceJointe) -> Iterator[bytes]:
    """Return what this file says, segment by segment, the first one proved already; who asks was asked before.

    Raises: PieceNonServie, PieceEcartee, PieceIndisponible; PieceIllisible on the way, when what follows was changed.
    """
    if piece.analyse in PieceJointe.ECARTEES:
        raise PieceEcartee(nom=piece.nom)
    if not piece.se_telecharge:
        raise PieceNonServie(nom=piece.nom)
    morceaux = lire(piece)
    try:
        premier = next(morceaux)
    except PieceIllisible as erreur:
        log.exception("piece_illisible", piece=str(piece.pk), erreur=type(erreur).__name__)
        raise PieceIndisponible from erreur
    return _a_la_suite(premier, morceaux)


def _a_la_suite(premier: bytes, morceaux: Iterator[bytes]) -> Iterator[bytes]:
    yield premier
    yield from morceaux
