"""One attachment as a download: for the usagers' page and the agents', each of which has asked who may read it (issue 15, item 8)."""

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header

from accounts.models import TraceLecture
from accounts.saisies.regles import RegleMetier
from accounts.traces.lecture import lire

from ..messagerie.pieces import jointes
from ..models import PieceJointe


def servir(
    request: HttpRequest, piece: PieceJointe, *, retour: str, libelle: str = "Revenir à la messagerie"
) -> HttpResponseBase:
    """Serve this file as a download and nothing else, segment by segment; who asks was asked before.

    `retour`: where the page leads that says why it is not served, in the words `libelle`.
    """
    try:
        morceaux = jointes.ouvrir(piece)
    except RegleMetier as regle:
        contexte = {"regle": regle, "retour": retour, "libelle": libelle}
        return render(request, "espacepro/messagerie/piece_refusee.html", contexte, status=regle.statut)
    lire(request, TraceLecture.Nature.CONSULTATION, "services.piecejointe", cle=str(piece.pk))
    return StreamingHttpResponse(
        morceaux,
        content_type="application/octet-stream" if piece.type_mime.startswith("text/") else piece.type_mime,
        headers={
            "Content-Disposition": content_disposition_header(as_attachment=True, filename=piece.nom) or "attachment",
            "Content-Length": str(piece.taille),
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )
