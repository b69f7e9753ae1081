"""What somebody has begun to write: kept from page to page and across sessions, his alone, and gone with his right.

Keeping a draft is no act of the journal: nobody but its author ever sees it.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Espace
from accounts.saisies.porte import lire_phrase, lire_texte
from accounts.saisies.regles import RegleMetier

from ..models import Brouillon, Echange, PersonneSirenisee, PieceJointe
from ..models.messagerie import LONGUEUR_OBJET, LONGUEUR_TEXTE
from .droits import personnes_de, peut_ecrire
from .echanges import MessageTropLong, ObjetTropLong, verrouiller, verrouiller_echange
from .montres import BrouillonMontre, change_ailleurs, montrer
from .themes import themes


class BrouillonGardeAilleurs(RegleMetier):
    code = "brouillon_garde_ailleurs"
    message = (
        "Un autre texte a été gardé en brouillon depuis que cette page l’a montré, dans un autre onglet peut-être : il est affiché "
        "plus bas. Rien n’est perdu de ce que vous écrivez ici ; recommencez si votre texte doit le remplacer."
    )


@transaction.atomic
def garder(
    *,
    acteur: Espace,
    personne: PersonneSirenisee,
    echange: Echange | None = None,
    theme: str = "",
    objet: str = "",
    texte: str = "",
    meme_vide: bool = False,
    montre: BrouillonMontre | None = None,
    maintenant: datetime | None = None,
) -> Brouillon | None:
    """Keep what this espace has begun to write, in the place of what it had; return it, None where nothing is left.

    `meme_vide`: a file comes with it. `montre` is what its page had shown of the draft, None where that page itself kept what
    there is: other words stay. What is not whole yet is kept as it is. Raises: MessagerieNonDetenue, MessagerieEnConsultation, EchangeDeplace,
    TexteIllisible, ObjetTropLong, MessageTropLong, BrouillonGardeAilleurs.
    """
    maintenant = maintenant or timezone.now()
    acteur, personne, echange = _verrouiller(acteur, personne, echange)
    objet, texte = lire_phrase(objet), lire_texte(texte)
    if len(objet) > LONGUEUR_OBJET:
        raise ObjetTropLong(longueur=len(objet), limite=LONGUEUR_OBJET)
    if len(texte) > LONGUEUR_TEXTE:
        raise MessageTropLong(longueur=len(texte), limite=LONGUEUR_TEXTE, exces=len(texte) - LONGUEUR_TEXTE)
    connu = Brouillon.objects.filter(espace=acteur, personne=personne, echange=echange).first()
    if montre is not None and change_ailleurs(connu, montre, texte, objet):
        raise BrouillonGardeAilleurs
    theme = theme if theme in themes() else ""
    if not (theme or objet or texte or meme_vide) and (connu is None or not connu.pieces_jointes.exists()):
        if connu is not None:
            _effacer(Brouillon.objects.filter(pk=connu.pk))
        return None
    brouillon = connu or Brouillon(espace=acteur, personne=personne, echange=echange)
    brouillon.theme, brouillon.objet, brouillon.texte, brouillon.modifie_le = theme, objet, texte, maintenant
    brouillon.save()
    return brouillon


@transaction.atomic
def tenir_pour_les_fichiers(
    *,
    acteur: Espace,
    personne: PersonneSirenisee,
    echange: Echange | None = None,
    theme: str = "",
    maintenant: datetime | None = None,
) -> Brouillon:
    """Return the draft that takes the files of a form whose words are refused: the one there is, untouched, or an empty one.

    Raises: MessagerieNonDetenue, MessagerieEnConsultation, EchangeDeplace.
    """
    acteur, personne, echange = _verrouiller(acteur, personne, echange)
    connu = Brouillon.objects.filter(espace=acteur, personne=personne, echange=echange).first()
    return connu or Brouillon.objects.create(
        espace=acteur,
        personne=personne,
        echange=echange,
        theme=theme if theme in themes() else "",
        modifie_le=maintenant or timezone.now(),
    )


def _verrouiller(
    acteur: Espace, personne: PersonneSirenisee, echange: Echange | None
) -> tuple[Espace, PersonneSirenisee, Echange | None]:
    """Lock what a draft hangs on, and return it fresh. Raises: MessagerieNonDetenue, MessagerieEnConsultation, EchangeDeplace."""
    if echange is None:
        return *verrouiller(acteur, personne), None
    acteur, echange = verrouiller_echange(acteur, echange)
    return acteur, echange.personne, echange


@transaction.atomic
def effacer(*, acteur: Espace, brouillon: Brouillon) -> None:
    """Erase this draft of one's own, right or not; what is erased already stays so. Its files go with it."""
    Espace.objects.select_for_update(no_key=True, of=("self",)).get(pk=acteur.pk)
    _effacer(Brouillon.objects.filter(pk=brouillon.pk, espace=acteur))


def brouillon_de(espace: Espace, personne: PersonneSirenisee, echange: Echange | None = None) -> Brouillon | None:
    """Return what this espace has begun to write there, as long as it may write: one query, rights apart."""
    if not peut_ecrire(espace, personne):
        return None
    return Brouillon.objects.filter(espace=espace, personne=personne, echange=echange).first()


def cle_d_envoi(brouillon: Brouillon, pieces: Iterable[PieceJointe]) -> UUID:
    """Return the key of the message that this draft becomes as it is: its page opened twice sends it once, another text or file is another."""
    return uuid5(brouillon.pk, str(montrer(brouillon, pieces)))


def brouillons_de(espace: Espace) -> list[Brouillon]:
    """Return the drafts of this espace for the mailboxes that it reads today, the latest first: two queries."""
    return list(
        Brouillon.objects.filter(espace=espace, personne__in=personnes_de(espace)).select_related("personne", "echange")
    )


def oublier(couples: Collection[tuple[UUID, int]]) -> None:
    """Erase what these espaces had begun to write for these personnes: their right ends, within the caller's transaction."""
    for espace, personne in sorted(couples):
        _effacer(Brouillon.objects.filter(espace=espace, personne=personne))


def _effacer(brouillons: QuerySet[Brouillon]) -> None:
    """Erase these drafts with their files, once nobody is joining one: Django reads the files before it erases the drafts."""
    list(brouillons.select_for_update(of=("self",)).order_by("pk"))
    brouillons.delete()
