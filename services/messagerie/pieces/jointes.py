"""Joining files to a draft, taking them off, opening them.

Keeping a draft is no act of the journal; a file is named there once it is put into quarantine (`analyse.py`).
"""

import uuid
from collections.abc import Callable, Iterator
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet, Sum
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
from .natures import NATURES, PieceLue, examiner
from .noms import extension_de, nettoyer_nom
from .patience import LONGUE, Patience
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


def joindre(
    *, acteur: Espace, brouillon: Brouillon, nom: str, contenu: bytes, patience: Patience | None = None
) -> PieceJointe:
    """Join this file to one's draft; return it, cleaned, encrypted, to be scanned. `patience`: one for the files of a request.

    Raises: a FichierRefuse, PiecesTropNombreuses, PiecesTropLourdes, TropDeFichiersJoints, TropDeFichiersRefuses, StockageIndisponible,
    BrouillonEfface, MessagerieNonDetenue, MessagerieEnConsultation: then nothing is kept of it.
    """
    return _examiner_puis(
        lambda lue: _joindre(acteur=acteur, brouillon=brouillon, lue=lue),
        acteur=acteur,
        personne=brouillon.personne,
        autres=PieceJointe.objects.filter(brouillon=brouillon),
        nom=nom,
        contenu=contenu,
        patience=patience or Patience(),
    )


@plafonne
def _joindre(*, acteur: Espace, brouillon: Brouillon, lue: PieceLue) -> PieceJointe:
    """Keep what was examined. Raises: what `joindre` raises, but a FichierRefuse."""
    exiger_ecriture(acteur, brouillon.personne)
    return _poser(acteur, brouillon, lue)


def joindre_du_bureau(
    *, acteur: Agent, echange: Echange, nom: str, contenu: bytes, patience: Patience | None = None
) -> PieceJointe:
    """Join this file to what an agent answers to this exchange; return it, as `joindre` does.

    Raises: a FichierRefuse, PiecesTropNombreuses, PiecesTropLourdes, TropDeFichiersJoints, TropDeFichiersRefuses, StockageIndisponible,
    EchangeHorsService, EchangeDuPortail: then nothing is kept of it.
    """
    return _examiner_puis(
        lambda lue: _joindre_du_bureau(acteur=acteur, echange=echange, lue=lue),
        acteur=acteur,
        personne=echange.personne,
        autres=PieceJointe.objects.filter(brouillon__agent=acteur, brouillon__echange=echange),
        nom=nom,
        contenu=contenu,
        patience=patience or Patience(),
    )


@plafonne
@relit_l_agent
def _joindre_du_bureau(*, acteur: Agent, echange: Echange, lue: PieceLue) -> PieceJointe:
    """Keep what was examined. Raises: what `joindre_du_bureau` raises, but a FichierRefuse."""
    echange = verrouiller_du_bureau(acteur, echange)
    brouillon, _ = Brouillon.objects.get_or_create(agent=acteur, personne=echange.personne, echange=echange)
    return _poser(acteur, brouillon, lue)


def _examiner_puis(
    garder: Callable[[PieceLue], PieceJointe],
    *,
    acteur: Espace | Agent,
    personne: PersonneSirenisee,
    autres: QuerySet[PieceJointe],
    nom: str,
    contenu: bytes,
    patience: Patience,
) -> PieceJointe:
    """Examine this file before any lock, then keep it; what is refused counts, whatever refuses it, and so does what took long.

    Not examined: what is there already, and what `patience` or a full draft refuses anyhow. `autres`: the files of the draft.
    Raises: a FichierRefuse, PiecesTropNombreuses, TropDeFichiersRefuses, and what `garder` raises.
    """
    propre = nettoyer_nom(nom)
    deja = _exiger_une_place(acteur=acteur, personne=personne, autres=autres, nom=propre, contenu=contenu)
    if deja is not None:
        return garder(deja)
    patience.exiger(propre)
    essai = reserver_examen(acteur=acteur, personne=personne, nom=propre)
    piece = garder(examiner(nom, contenu, patience))
    if patience.derniere < LONGUE:
        debit.rendre(essai)
    return piece


@plafonne
def _exiger_une_place(
    *, acteur: Espace | Agent, personne: PersonneSirenisee, autres: QuerySet[PieceJointe], nom: str, contenu: bytes
) -> PieceLue | None:
    """Return this file where it was examined before, one of its name saying exactly that. Raises: PiecesTropNombreuses, unread.

    A photo is kept cleaned: one of a name that is there already is examined, to say whether it is the same.
    """
    debut = nom if extension_de(nom) else f"{nom}."
    homonymes = [piece for piece in autres.filter(nom__startswith=debut) if piece.nom == nom or not extension_de(nom)]
    for piece in homonymes:
        nature = next((nature for nature in NATURES if nature.type_mime == piece.type_mime), None)
        if nature is not None and dit(piece, contenu):
            return PieceLue(piece.nom, nature, contenu)
    if not homonymes and autres.count() >= PIECES_D_UN_MESSAGE:
        raise PiecesTropNombreuses(limite=PIECES_D_UN_MESSAGE, nom=nom, personne=personne)
    return None


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
