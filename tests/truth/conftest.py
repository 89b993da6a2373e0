"""One synced and built company for all tests here, a small and a medium one."""

from collections.abc import Iterator

import pytest
from whole_pipeline import Published, run_pipeline

SIZES = [
    pytest.param("small", marks=[pytest.mark.xdist_group("truth-small"), pytest.mark.slow]),
    pytest.param("medium", marks=[pytest.mark.xdist_group("truth-medium"), pytest.mark.slow]),
]


@pytest.fixture(scope="session", params=SIZES)
def published(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """Tests only read it."""
    yield from run_pipeline(request.param, tmp_path_factory.mktemp(f"truth-{request.param}"))
