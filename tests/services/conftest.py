"""What the tests of the register share."""

import pytest

from services.catalogue.chargement import charger_services_gestionnaires


@pytest.fixture
def services_gestionnaires(db: None) -> None:
    charger_services_gestionnaires()
