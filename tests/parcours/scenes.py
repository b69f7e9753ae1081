"""What several journeys do."""

import io
import re

from pypdf import PdfReader

from activation.courriers import edition
from activation.courriers.codes import deriver_code, presenter
from activation.models import Courrier, Demande


def lire_code(courrier: Courrier) -> str:
    """Read the code off the printed letter, as the représentant légal does."""
    texte = "\n".join(p.extract_text() for p in PdfReader(io.BytesIO(edition.produire_pdf(courrier))).pages)
    trouve = re.search(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}\b", texte)
    assert trouve, texte
    return trouve[0]


def code_attendu(demande: Demande) -> str:
    """Make the letter of this demande and return its code as it is printed."""
    courrier = demande.courriers.get(remplace_le=None)
    assert edition.editer(str(courrier.pk))
    return presenter(deriver_code(demande=demande.pk, numero=courrier.numero))
