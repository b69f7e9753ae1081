"""What several journeys do."""

import io
import re

from pypdf import PdfReader

from activation.courriers import edition
from activation.models import Courrier


def lire_code(courrier: Courrier) -> str:
    """Read the code off the printed letter, as the représentant légal does."""
    texte = "\n".join(p.extract_text() for p in PdfReader(io.BytesIO(edition.produire_pdf(courrier))).pages)
    trouve = re.search(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}\b", texte)
    assert trouve, texte
    return trouve[0]
