"""The files of a message: joined to a draft and taken off it, downloaded by who may read the message (issue 15, item 8).

What was typed is kept in the draft before a file is looked at: whatever is refused, nothing of it is lost.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.forms.base import FormulairePortail
from accounts.models import Espace
from accounts.portes.acces import espace_requis
from accounts.saisies.porte import TexteIllisible
from accounts.saisies.regles import RegleMetier
from services.messagerie import brouillons
from services.messagerie.brouillons import BrouillonGardeAilleurs
from services.messagerie.droits import peut_lire
from services.messagerie.echanges import MessageTropLong, ObjetTropLong
from services.messagerie.montres import BrouillonMontre, lire_montre
from services.messagerie.pieces import jointes
from services.messagerie.pieces.jointes import TAILLE_D_UN_ENVOI
from services.messagerie.pieces.natures import EXTENSIONS
from services.messagerie.pieces.patience import Patience
from services.messagerie.pieces.regles import SANS_FICHIER, BrouillonEfface
from services.models import Brouillon, Echange, PersonneSirenisee, PieceJointe
from services.views.pieces import servir

TEXTE: Final = 100_000
"""Bytes that the text of a message may take beside its files, whatever its letters."""
SANS_BROUILLON: Final[dict[str, Any]] = {
    "pieces": (),
    "extensions": ",".join(EXTENSIONS),
    "octets": TAILLE_D_UN_ENVOI - TEXTE,
}
"""What a page of writing shows of files before any is joined."""


GARDE_PAR: Final = "brouillon_garde_par"
"""What the session keeps of the page that kept a draft last: its company, its exchange, its key."""


class Suite(Enum):
    """What a form does once its files were looked at."""

    CONTINUER = "what was asked"
    REVENIR = "its page, from the draft"
    REFUSER = "its page, with what was typed: it cannot be kept as it is"
    JOINDRE = "the page of its files, which holds nothing that was typed"


A_PART: Final = "fichiers"
"""What the address of a page of writing says where it shows the files alone: without script, a sending too heavy takes no text with it."""


def du_brouillon(espace: Espace, personne: PersonneSirenisee, echange: Echange | None = None) -> dict[str, Any]:
    """Return what a page of writing shows of files: those of one's draft, and what may be chosen."""
    pieces = PieceJointe.objects.filter(
        brouillon__espace=espace, brouillon__personne=personne, brouillon__echange=echange
    )
    return SANS_BROUILLON | {"pieces": list(pieces)}


def montre_de(request: HttpRequest, personne: PersonneSirenisee, echange: Echange | None) -> BrouillonMontre | None:
    """Return what the page of this form had shown of the draft; None where that page itself kept what there is, one gone back to above all."""
    if request.session.get(GARDE_PAR) == _page(request, personne, echange) or "montre" not in request.POST:
        return None
    return lire_montre(request.POST["montre"])


def garder(request: HttpRequest, du_message: Mapping[str, Any], *, meme_vide: bool = False) -> Brouillon | None:
    """Keep the words of this form, unless others are kept that its page has neither shown nor written. Raises: what the act raises."""
    personne, echange = du_message["personne"], du_message["echange"]
    garde = brouillons.garder(
        **du_message,
        objet=request.POST.get("objet", ""),
        texte=request.POST.get("texte", ""),
        meme_vide=meme_vide,
        montre=montre_de(request, personne, echange),
    )
    request.session[GARDE_PAR] = _page(request, personne, echange)
    return garde


LONGUEUR_DE_LA_CLE: Final = 36  # a UUID as the page writes it: no more of it is kept in a session


def _page(request: HttpRequest, personne: PersonneSirenisee, echange: Echange | None) -> list[str]:
    """Return what tells the page of this form from the same page opened again."""
    return [
        str(personne.pk),
        str(echange.pk) if echange is not None else "",
        request.POST.get("envoi", "")[:LONGUEUR_DE_LA_CLE],
    ]


def recevoir_pieces(
    request: HttpRequest,
    formulaire: FormulairePortail,
    espace: Espace,
    personne: PersonneSirenisee,
    *,
    theme: str = "",
    echange: Echange | None = None,
) -> tuple[Suite, BrouillonMontre]:
    """Join the files that came with this form, or take one off, what was typed being kept first.

    With what its page showed of the draft, and the files that it joins now. Words that are refused keep no file away: each is joined to the draft by itself.
    """
    fichiers = request.FILES.getlist("fichiers")
    demande = "joindre" in request.POST or "oter" in request.POST
    du_message: dict[str, Any] = {"acteur": espace, "personne": personne, "echange": echange, "theme": theme}
    montre = lire_montre(request.POST.get("montre", ""))
    if "ailleurs" in request.POST:
        return _garder_d_abord(request, formulaire, du_message), montre
    if not (demande or fichiers):
        return Suite.CONTINUER, montre
    refuse = False
    try:
        try:
            brouillon = garder(request, du_message, meme_vide=True)
        except (TexteIllisible, ObjetTropLong, MessageTropLong, BrouillonGardeAilleurs) as regle:
            # The words are for the page to show again; the browser forgets the files that were chosen: they are joined now.
            formulaire.errors.clear()
            formulaire.refuser(regle)
            refuse = True
            brouillon = brouillons.tenir_pour_les_fichiers(**du_message)
        if brouillon is None:
            raise BrouillonEfface
        if (otee := _cle(request.POST.get("oter", ""))) is not None:
            jointes.oter(acteur=espace, brouillon=brouillon, piece=otee)
    except RegleMetier as regle:
        formulaire.errors.clear()
        formulaire.refuser(regle)
        return Suite.REFUSER, montre
    jointes_la, refus = _joindre(espace, brouillon, fichiers)
    montre = replace(montre, pieces=montre.pieces | {piece.pk for piece in jointes_la})
    if "joindre" in request.POST and not fichiers:
        refus.append(SANS_FICHIER)
    if refus and not (demande or refuse):
        envoye = "envoyer" in request.POST
        refus.append(f"Votre message {'n’est pas parti : il ' if envoye else ''}est gardé en brouillon.")
    reste = demande or refuse or bool(refus)
    _dire(request, refus, len(jointes_la) if reste else 0)
    if refuse:
        return Suite.REFUSER, montre
    return Suite.REVENIR if reste else Suite.CONTINUER, montre


def _garder_d_abord(request: HttpRequest, formulaire: FormulairePortail, du_message: dict[str, Any]) -> Suite:
    """Keep what was typed, before the page of its files."""
    try:
        garder(request, du_message)
    except RegleMetier as regle:
        formulaire.errors.clear()
        formulaire.refuser(regle)
        return Suite.REFUSER
    return Suite.JOINDRE


def recevoir_a_part(
    request: HttpRequest,
    espace: Espace,
    personne: PersonneSirenisee,
    *,
    theme: str = "",
    echange: Echange | None = None,
) -> None:
    """Join files, or take one off, for the page that shows them alone; say what became of them. The text is left as it is."""
    fichiers = request.FILES.getlist("fichiers")
    try:
        brouillon = brouillons.tenir_pour_les_fichiers(acteur=espace, personne=personne, echange=echange, theme=theme)
        if (otee := _cle(request.POST.get("oter", ""))) is not None:
            jointes.oter(acteur=espace, brouillon=brouillon, piece=otee)
    except RegleMetier as regle:
        messages.error(request, str(regle))
        return
    jointes_la, refus = _joindre(espace, brouillon, fichiers)
    if not fichiers and "oter" not in request.POST:
        refus.append(SANS_FICHIER)
    _dire(request, refus, len(jointes_la))


def _dire(request: HttpRequest, refus: list[str], joints: int) -> None:
    """Say why some files were not joined, all in one box, and how many were."""
    if refus:
        messages.error(request, " ".join(refus))
    if joints:
        messages.success(
            request, "1 fichier joint au brouillon." if joints == 1 else f"{joints} fichiers joints au brouillon."
        )


def _cle(saisie: str) -> UUID | None:
    try:
        return UUID(saisie)
    except ValueError:
        return None


def _joindre(espace: Espace, brouillon: Brouillon, fichiers: list[UploadedFile]) -> tuple[list[PieceJointe], list[str]]:
    """Join these files, each by itself; return those that were, and why the others were not."""
    posees, refus, patience = [], [], Patience()
    for fichier in fichiers:
        try:
            nom, contenu = fichier.name or "", fichier.read()
            posees.append(
                jointes.joindre(acteur=espace, brouillon=brouillon, nom=nom, contenu=contenu, patience=patience)
            )
        except RegleMetier as regle:
            refus.append(str(regle))
    return posees, refus


@espace_requis
@require_GET
def telecharger(request: HttpRequest, espace: Espace, cle: UUID) -> HttpResponseBase:
    """One file, for who may read its message, or wrote its draft. Each download leaves a trace."""
    piece = get_object_or_404(
        PieceJointe.objects.select_related("message__echange__personne", "brouillon__personne"), pk=cle
    )
    if not _la_lit(espace, piece):
        raise Http404
    return servir(request, piece, retour=reverse("messagerie"))


def _la_lit(espace: Espace, piece: PieceJointe) -> bool:
    """Whether this espace reads this file today: the right is asked again at each download."""
    if piece.brouillon is not None:
        return piece.brouillon.espace_id == espace.pk and peut_lire(espace, piece.brouillon.personne)
    message = piece.message
    if message is None or message.interne or (message.pret_le is None and message.espace_id != espace.pk):
        return False
    return peut_lire(espace, message.echange.personne)
