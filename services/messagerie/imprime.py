"""A whole exchange as one tagged PDF, with the list of its files: what the company keeps of it (issue 15, 7)."""

from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import timezone

from accounts.documents.typst import composer_pdf, date_longue, siren_lisible
from accounts.models import Espace
from accounts.saisies.dates import jour_heure

from ..models import Echange
from .lectures import MessageLu, visibles_de
from .themes import theme_de

MODELE: Final = Path(__file__).resolve().parent.parent / "gabarits" / "echange.typ"
MESSAGES_AU_PLUS: Final = 1_000
"""Beyond, the document says that the oldest are left out."""


def imprimer(espace: Espace, echange: Echange, maintenant: datetime | None = None) -> bytes:
    """Return this exchange as a PDF, as this espace sees it: a reading, which changes nothing."""
    le = timezone.localdate(maintenant or timezone.now())
    messages = list(visibles_de(espace, echange).prefetch_related("pieces_jointes").reverse()[: MESSAGES_AU_PLUS + 1])[
        ::-1
    ]
    lus = [MessageLu(message, espace, list(message.pieces_jointes.all())) for message in messages[-MESSAGES_AU_PLUS:]]
    personne = echange.personne
    return composer_pdf(
        MODELE,
        {
            "titre": f"Échange {echange.reference}",
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
            "coupe": len(messages) > MESSAGES_AU_PLUS,
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
