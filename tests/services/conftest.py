"""What the tests of this floor share."""

from pathlib import Path

import pytest
from pytest_django import Settings

from services.catalogue.chargement import charger_services_gestionnaires


@pytest.fixture
def services_gestionnaires(db: None) -> None:
    charger_services_gestionnaires()


@pytest.fixture
def depot(settings: Settings, tmp_path: Path) -> Path:
    """A storage of this test's own."""
    dossier = tmp_path / "pieces"
    pieces = settings.STORAGES["pieces"]
    settings.STORAGES = settings.STORAGES | {"pieces": pieces | {"OPTIONS": pieces["OPTIONS"] | {"location": dossier}}}
    return dossier
