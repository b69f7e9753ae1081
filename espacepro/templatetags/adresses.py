"""`{% url %}`: Django's own tag, that finds the address of a page without arguments once (a built-in of the engine).

Every page names sixty to ninety of them in its frame, its menus and its footer, always the same: finding each again at
each request took a fifth of the processor of a page (docs/echelle.md).
"""

from functools import lru_cache
from typing import Any, Final

from django import template
from django.conf import settings
from django.template.base import Parser, Token
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as url_de_django
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.html import escape
from django.utils.safestring import SafeString

register = template.Library()
ADRESSES_AU_PLUS: Final = 2_048
"""Of one process: every page without arguments, a few times over. A name that a template computes cannot fill the memory."""


@lru_cache(maxsize=ADRESSES_AU_PLUS)
def _adresse(nom: Any, application: str | None, table: Any, prefixe: str) -> SafeString:
    """Return the address of this page, as HTML writes it. Raises: NoReverseMatch, which is not kept."""
    return escape(reverse(nom, current_app=application))


class NoeudAdresse(URLNode):
    """Django's node; what names a page without arguments, and says it where it stands, is answered from memory."""

    def render(self, context: Any) -> SafeString | str:
        if self.args or self.kwargs or self.asvar or not context.autoescape:
            return super().render(context)
        try:
            application = context.request.current_app
        except AttributeError:
            trouve = getattr(getattr(context, "request", None), "resolver_match", None)
            application = trouve.namespace if trouve is not None else None
        return _adresse(
            self.view_name.resolve(context), application, get_urlconf() or settings.ROOT_URLCONF, get_script_prefix()
        )


@register.tag
def url(parser: Parser, token: Token) -> NoeudAdresse:
    """Read `{% url %}` as Django does. Raises: TemplateSyntaxError."""
    lu = url_de_django(parser, token)
    return NoeudAdresse(lu.view_name, lu.args, lu.kwargs, lu.asvar)
