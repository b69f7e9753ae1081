"""Links of what the portal itself writes in a mailbox: to its own pages, each by what it does (R8)."""

from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.urls import Resolver404, resolve
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()
LIBELLES = {"code_recu": "Lire le code de cette demande", "signaler": "Je ne reconnais pas cette demande"}


@register.filter
def avec_ses_liens(texte: str) -> SafeString:
    """Return this text in paragraphs, each line that is the address of a page named above as a link to it; all else escaped."""
    paragraphes = [bloc.splitlines() for bloc in texte.replace("\r\n", "\n").split("\n\n")]
    return format_html_join(
        "",
        "<p>{}</p>",
        ((format_html_join("", "{}<br>", ((_ligne(ligne),) for ligne in lignes)),) for lignes in paragraphes if lignes),
    )


def _ligne(ligne: str) -> str:
    adresse = ligne.strip()
    if not adresse.startswith(f"{settings.SITE_URL}/"):
        return ligne
    morceaux = urlsplit(adresse)
    try:
        nom = resolve(morceaux.path).url_name
    except Resolver404:
        return ligne
    if nom not in LIBELLES:
        return ligne
    suite = f"{morceaux.path}?{morceaux.query}" if morceaux.query else morceaux.path
    return format_html('<a class="fr-link" href="{}">{}</a>', suite, LIBELLES[nom])
