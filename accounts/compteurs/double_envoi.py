"""The same button pressed twice, without JavaScript to hold it: the second press leads where the first one did."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest

FENETRE_DU_DOUBLE_ENVOI = timedelta(
    minutes=1
)  # after that, it is no second press but a new request, and the rules answer


def annoncer_une_fois(request: HttpRequest, texte: str) -> None:
    """Show this success on the next page, unless the first press has left it there already."""
    deja: Any = messages.get_messages(request)
    connu = any(str(message) == texte for message in deja)
    deja.used = False  # reading them does not show them
    if not connu:
        messages.success(request, texte)
