"""A whole exchange as one tagged PDF, with the list of its files: what the company keeps of it (issue 15, 7)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Length, Replace
from django.utils import timezone

from accounts.documents.typst import composer_pdf, date_longue, siren_lisible
from accounts.models import Espace
from accounts.saisies.dates import jour, jour_heure
from accounts.saisies.regles import RegleMetier
from accounts.saisies.tailles import taille_lisible

from ..models import Echange, PieceJointe
from .lectures import MessageLu, visibles_de
from .themes import theme_de

MODELE: Final = Path(__file__).resolve().parent.parent / "gabarits" / "echange.typ"
SIGNES_D_UNE_PARTIE: Final = 80_000
"""A document is composed within a request (a message has 20,000 signs). Measured on 30 November 2026, one part, in processor time and
the most that the process held, which holds 40 MB after its first document: 80,000 signs in words, 0.1 s and 60 MB; as unbroken
signs, 1.5 s and 130 MB, twice that time where a pair of signs cannot be drawn; a message of 10,000 lines, 0.5 s and 145 MB."""
SIGNES_D_UNE_LIGNE: Final = 10  # a line, however short, costs what so many signs do
SIGNES_D_UN_FICHIER: Final = 60  # beside its name
MESSAGES_D_UNE_PARTIE: Final = 300
"""Measured as above: 300 messages of 80 signs (27 pages), 0.6 s and 95 MB; the first part of 3,000 such messages, the same."""


class PartieInconnue(RegleMetier):
    code = "partie_inconnue"
    statut = 404
    message = "Cet échange n’a pas cette partie : il a peut-être été lu depuis une page ancienne."


@dataclass(frozen=True, slots=True)
class Partie:
    """A part of an exchange that is one document. `premier`, `dernier`: the ranks of its messages, from 1; `cles`: theirs."""

    numero: int
    premier: int
    dernier: int
    du: datetime
    au: datetime
    cles: tuple[UUID, ...]


def parties(espace: Espace, echange: Echange) -> list[Partie]:
    """Return the documents that this exchange is printed in, as this espace sees it, the oldest first; one, but for a very long one.

    A message more lengthens the last part, or begins another; one that is analysed late takes its place among the older ones. Of
    the messages it reads when, how long (in lines and files too) and which: one query.
    """
    seuls = visibles_de(espace, echange).select_related(None).prefetch_related(None)
    lignes = Length("texte") - Length(Replace("texte", Value("\n"))) + 1
    fichiers = PieceJointe.objects.filter(message=OuterRef("pk")).order_by().values("message")
    des_fichiers = fichiers.annotate(signes=Sum(Length("nom") + SIGNES_D_UN_FICHIER)).values("signes")
    mesures = seuls.annotate(
        signes=Length("texte") + SIGNES_D_UNE_LIGNE * lignes + Coalesce(Subquery(des_fichiers), 0)
    ).values_list("pk", "envoye_le", "signes")
    trouvees: list[Partie] = []
    signes = 0
    for rang, (cle, envoye_le, longueur) in enumerate(mesures, start=1):
        signes += longueur
        derniere = trouvees[-1] if trouvees else None
        if derniere is None or signes > SIGNES_D_UNE_PARTIE or rang - derniere.premier >= MESSAGES_D_UNE_PARTIE:
            trouvees.append(Partie(len(trouvees) + 1, rang, rang, envoye_le, envoye_le, (cle,)))
            signes = longueur
        else:
            trouvees[-1] = replace(derniere, dernier=rang, au=envoye_le, cles=(*derniere.cles, cle))
    return trouvees


def imprimer(
    espace: Espace,
    echange: Echange,
    numero: int = 1,
    *,
    toutes: Sequence[Partie] | None = None,
    maintenant: datetime | None = None,
) -> bytes:
    """Return this part of the exchange as a PDF, as this espace sees it: a reading, which changes nothing. Raises: PartieInconnue.

    `toutes`: what `parties` returned, where it was asked already.
    """
    le = timezone.localdate(maintenant or timezone.now())
    toutes = parties(espace, echange) if toutes is None else toutes
    partie = next((partie for partie in toutes if partie.numero == numero), None)
    if partie is None:
        raise PartieInconnue
    # By their keys: what has come since the parts were made shifts none of them.
    messages = visibles_de(espace, echange).prefetch_related(None).prefetch_related("pieces_jointes")
    messages = messages.filter(pk__in=partie.cles)
    lus = [MessageLu(message, espace, list(message.pieces_jointes.all())) for message in messages]
    personne = echange.personne
    return composer_pdf(
        MODELE,
        {
            "titre": f"Échange {echange.reference}" + (f", partie {numero}" if len(toutes) > 1 else ""),
            "date_document": le,
            "edite_le": date_longue(le),
            "demonstration": settings.DEMONSTRATION,
            "marque_etat": settings.MARQUE_ETAT,
            "reference": echange.reference,
            "objet": echange.objet,
            "theme": theme_de(echange.theme).libelle,
            "etat": dire_etat(echange),
            "denomination": personne.denomination,
            "identifiant": "IDSP" if personne.provisoire else "SIREN",
            "siren": siren_lisible(personne.siren),
            "gestionnaire": echange.service_gestionnaire.nom,
            "partie": f"{numero} sur {len(toutes)}" if len(toutes) > 1 else "",
            "messages": [_message(lu) for lu in lus],
        },
    )


def _message(lu: MessageLu) -> dict[str, object]:
    auteur = lu.message.espace
    return {
        "par": auteur.nom_complet if auteur is not None else " ".join(filter(None, [lu.par, lu.precision])),
        "de_nous": lu.de_nous,
        "le": jour_heure(lu.message.envoye_le),
        "paragraphes": lu.message.texte.split("\n"),
        "pieces": [f"{piece.nom} ({taille_lisible(piece.taille)})" for piece in lu.pieces],
    }


def dire_etat(echange: Echange) -> str:
    """Return the state of an exchange; of a closed one, when it was closed and by whom, as its page says it."""
    if echange.clos_le is None:
        return str(echange.get_etat_display())
    par = "l’entreprise" if echange.clos_par_usager else "le service"
    return f"clos le {jour(echange.clos_le)}, par {par}"
