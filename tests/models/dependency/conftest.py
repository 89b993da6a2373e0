"""Builds no more than dependencies need."""

from collections.abc import Iterator

import pytest
from built_models import Build, building


@pytest.fixture(scope="module")
def build_models() -> Iterator[Build]:
    """Dependencies, and the dimensions their checks look into."""
    with building("+dependency", "+dim_program", "+dim_project") as build:
        yield build
