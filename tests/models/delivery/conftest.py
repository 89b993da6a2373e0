"""Builds no more than a module of tests needs."""

from collections.abc import Iterator

import pytest
from built_models import Build, building

DIMENSIONS = ("+dim_issue", "+dim_project", "+dim_program", "+dim_team")
"""Checks look into them."""


@pytest.fixture(scope="module")
def build_models(request: pytest.FixtureRequest) -> Iterator[Build]:
    """A function from an event log to the tables that the module names in ``WANTED``."""
    with building(*request.module.WANTED, *DIMENSIONS) as build:
        yield build
