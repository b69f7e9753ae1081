"""What the tests of the accounts share."""

import pytest

from .scenes import Entreprise, monter


@pytest.fixture
def entreprise(db: None) -> Entreprise:
    return monter()
