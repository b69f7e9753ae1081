"""The calls of a page lie in one block of memory, however deep the server called (CPython gh-142183)."""

import resource
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Espace
from tests.factories import EspaceFactory

PROFONDEURS = range(0, 60, 3)  # calls of the server above the portal's own: what a block of 16 KB holds, and more
FAUTES_AU_PLUS = (
    30  # pages of memory that one request is given: six to ten in one block; forty to seventy where a loop ends one
)


def _plus_bas(appels: int, faire: Callable[[], object]) -> object:
    return _plus_bas(appels - 1, faire) if appels else faire()


def _fautes() -> int:
    return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt


@pytest.mark.django_db
def test_aucune_page_ne_rend_et_ne_redemande_sa_memoire(client_de: Callable[[Espace], Client]) -> None:
    navigateur, adresse = client_de(EspaceFactory()), reverse("plan")
    for _ in range(5):
        navigateur.get(adresse)
    fautes = {}
    for profondeur in PROFONDEURS:
        mesures = []
        for _ in range(3):  # what the machine does besides is once, not thrice
            avant = _fautes()
            _plus_bas(profondeur, lambda: navigateur.get(adresse))
            mesures.append(_fautes() - avant)
        fautes[profondeur] = min(mesures)
    assert max(fautes.values()) < FAUTES_AU_PLUS, fautes
