"""Builds the real models over an event log in an in-memory DuckDB."""

from collections.abc import Iterator

import pytest
from built_models import PROJECT, Build, building

from itpm_pipeline.modeling.project import Project


@pytest.fixture(scope="session")
def project() -> Project:
    return PROJECT


@pytest.fixture(scope="module")
def build_models() -> Iterator[Build]:
    """A function from an event log to all tables; its databases close with the module."""
    with building() as build:
        yield build
