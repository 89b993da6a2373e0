"""One synced and built company for all tests here, a small and a larger one."""

from collections.abc import Callable, Iterator

import pytest
from whole_pipeline import Published, run_pipeline

SIZES = [
    pytest.param("small", marks=[pytest.mark.xdist_group("truth-small"), pytest.mark.slow]),
    pytest.param("larger", marks=[pytest.mark.xdist_group("truth-larger"), pytest.mark.slow]),
]
ISSUES, NIGHTLY_ISSUES = 5_000, 20_000
"""Of the larger company: many pages of everything; at night of as much as the company ``medium`` has."""


@pytest.fixture(scope="session", params=SIZES)
def published(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, examples: Callable[..., int]
) -> Iterator[Published]:
    """Tests only read it."""
    size = "small" if request.param == "small" else examples(ISSUES, nightly=NIGHTLY_ISSUES)
    yield from run_pipeline(size, tmp_path_factory.mktemp(f"truth-{request.param}"))
