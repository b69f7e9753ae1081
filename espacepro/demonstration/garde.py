"""What keeps a production from ever opening the demonstration, beside its mode: a check of the installation."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.urls import NoReverseMatch, reverse


def verifier_la_production(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """Refuse a production that says it is a demonstration, or whose addresses lead to its pages."""
    if not settings.PRODUCTION:
        return []
    fautes: list[CheckMessage] = []
    if settings.DEMONSTRATION:
        fautes.append(
            Error("a production is no demonstration: DEMONSTRATION is set by ESPACEPRO_MODE alone", id="espacepro.E001")
        )
    try:
        reverse("demonstration:accueil")
    except NoReverseMatch:
        return fautes
    return [*fautes, Error("a production routes the demonstration's pages, which sign anybody in", id="espacepro.E002")]
