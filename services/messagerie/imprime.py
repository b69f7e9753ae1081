"""A whole exchange as one tagged PDF, with the list of its files: what the company keeps of it (issue 15, 7)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db.models.functions import Length
from django.utils import timezone

from accounts.documents.typst import composer_pdf, date_longue, siren_lisible
from accounts.models import Espace
from accounts.saisies.dates import jour_heure
from accounts.saisies.regles import RegleMetier

from ..models import Echange
from .lectures import MessageLu, visibles_de
from .themes import theme_de

MODELE: Final = Path(__file__).resolve().parent.parent / "gabarits" / "echange.typ"
SIGNES_D_UNE_PARTIE: Final = 150_000
"""A document is composed within a request: a second and a half and a hundred megabytes at most (a message has 20,000 signs)."""
MESSAGES_D_UNE_PARTIE: Final = 300


class PartieInconnue(RegleMetier):
    code = "partie_inconnue"
    statut = 404
    message = "Cet échange n’a pas cette partie : il a peut-être été lu depuis une page ancienne."


@dataclass(frozen=True, slots=True)
class Partie:
    """A part of an exchange that is one document. `premier`, `dernier`: the ranks of its messages, from 1."""

    numero: int
    premier: int
    dernier: int
    du: datetime
    au: datetime


def parties(espace: Espace, echange: Echange) -> list[Partie]:
    """Return the documents that this exchange is printed in, as this espace sees it, the oldest first; one, but for a very long one.

    What has arrived stays where it is: a message more lengthens the last part, or begins another. One query.
    """
    seuls = visibles_de(espace, echange).select_related(None).prefetch_related(None)
    mesures = seuls.annotate(signes=Length("texte")).values_list("envoye_le", "signes")
    trouvees: list[Partie] = []
    signes = 0
    for rang, (envoye_le, longueur) in enumerate(mesures, start=1):
        signes += longueur
        derniere = trouvees[-1] if trouvees else None
        if derniere is None or signes > SIGNES_D_UNE_PARTIE or rang - derniere.premier >= MESSAGES_D_UNE_PARTIE:
            trouvees.append(Partie(len(trouvees) + 1, rang, rang, envoye_le, envoye_le))
            signes = longueur
        else:
            trouvees[-1] = replace(derniere, dernier=rang, au=envoye_le)
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
    messages = visibles_de(espace, echange).prefetch_related("pieces_jointes")[partie.premier - 1 : partie.dernier]
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
            "etat": str(echange.get_etat_display()),
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


def taille_lisible(octets: int) -> str:
    """Return a size as people read it: `212 ko`, `1,9 Mo`."""
    if octets < 1_000_000:
        return f"{max(1, round(octets / 1_000))} ko"
    return f"{octets / 1_000_000:.1f} Mo".replace(".", ",")
