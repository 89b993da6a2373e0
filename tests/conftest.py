"""Fixtures that every test may use."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]
NIGHTLY = "nightly"

# pytest --hypothesis-profile=nightly: random tests that take the fixture "examples" run for hours.
hypothesis.settings.register_profile(NIGHTLY, max_examples=3000, deadline=None)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with real data and official specifications; tests that need it are marked ``realdata``."""
    folder = ROOT.parent / "shared"
    if not (folder / "realdata").is_dir():
        pytest.skip("needs the folder ../shared with real data and official API specifications")
    return folder


@pytest.fixture(scope="session")
def examples() -> Callable[[int], int]:
    """How many examples of a random test to run: as few as it says, or as many as the nightly profile has."""

    def count(few: int, *, nightly: int | None = None) -> int:
        if hypothesis.settings.get_current_profile_name() != NIGHTLY:
            return few
        return nightly or hypothesis.settings().max_examples

    return count


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A PostgreSQL server of our own (``postgres_server.Server``); tests that start it are ``slow``."""
    pytest.importorskip("psycopg", reason="needs the extra postgres")
    from postgres_server import running_server

    with running_server() as server:
        yield server
