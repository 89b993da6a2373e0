"""One small company for all tests here: it never changes."""

import pytest

from itpm_pipeline.sandbox.company.model import Company
from itpm_pipeline.sandbox.company.simulation import build_company


@pytest.fixture(scope="session")
def company() -> Company:
    """The demo company. Tests only read it."""
    return build_company("small")
