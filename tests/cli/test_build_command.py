"""``itpm build``."""

from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Place

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cli")]

Errors = Callable[..., list[str]]


def value(place: Place, query: str) -> str:
    """The one value of a query."""
    return place.ok("sql", query, "--format", "csv").splitlines()[1]


def test_as_of(built: Place, tmp_path: Path) -> None:
    place = built.copy(tmp_path)
    # One model tells; that all of them follow the instant is tested where they are.
    out = place.ok("build", "--as-of", "2026-06-30T22:00:00+02:00", "--select", "mart_program_status")
    assert "as of 2026-06-30 20:00 UTC" in out
    assert value(place, "select distinct strftime(as_of, '%Y-%m-%d %H:%M') from mart.mart_program_status") == (
        "2026-06-30 20:00"
    )


def test_select(built: Place, tmp_path: Path) -> None:
    place = built.copy(tmp_path)
    out = place.ok("build", "--select", "dim_project")
    assert out.startswith("1 models, ")
    assert f"published {place.published}" in out


WRONG = {
    "no instant": (("--as-of", "tomorrow"), "--as-of 'tomorrow' is no instant"),
    "no time zone": (("--as-of", "2026-06-30T22:00:00"), "has no time zone; write for example 2026-06-30T22:00:00Z"),
    "no such model": (("--select", "mart_nonsense"), "mart_nonsense"),
}


@pytest.mark.parametrize(("arguments", "expected"), WRONG.values(), ids=WRONG.keys())
def test_wrong_arguments(place: Place, errors: Errors, arguments: tuple[str, ...], expected: str) -> None:
    (line,) = errors("build", *arguments, exit_code=2)
    assert expected in line
    assert not place.working.exists()
