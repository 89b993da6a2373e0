"""Builds the real models over an event log in an in-memory DuckDB."""

from collections.abc import Iterator

import pytest
from built_models import PROJECT, Build, building

from itpm_pipeline.modeling.project import Project


@pytest.fixture(scope="session")
def project() -> Project:
    return PROJECT


DIMENSIONS = ("+dim_issue", "+dim_project", "+dim_program", "+dim_team")
"""Checks look into them."""


@pytest.fixture(scope="module")
def build_models(request: pytest.FixtureRequest) -> Iterator[Build]:
    """A function from an event log to the tables that the module names in ``WANTED``, or to all that there are.

    Its databases close with the module.
    """
    wanted = getattr(request.module, "WANTED", ())
    with building(*wanted, *(DIMENSIONS if wanted else ())) as build:
        yield build
