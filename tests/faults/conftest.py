"""One company for all faults that do not change it, a sync of it without faults, and the table of outcomes."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fault_world import NAMES, Content, FaultyCompany, Place, faulty_company

from itpm_pipeline.warehouse.duckdb import working_path
from itpm_pipeline.warehouse.engine import open_warehouse

NewPlace = Callable[..., Place]
TABLE = pytest.StashKey[list[tuple[str, ...]]]()


@pytest.fixture(scope="session")
def faulty() -> Iterator[FaultyCompany]:
    """Shared: not to be changed."""
    company = faulty_company()
    with company.running:
        yield company


@pytest.fixture(scope="session")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory, faulty: FaultyCompany) -> Path:
    """A working file with all tables, to be copied."""
    url = faulty.place(tmp_path_factory.mktemp("empty")).settings.warehouse.url
    open_warehouse(url).prepare()
    return working_path(url)


@pytest.fixture(scope="session")
def new_place(tmp_path_factory: pytest.TempPathFactory, empty_warehouse: Path, faulty: FaultyCompany) -> NewPlace:
    """Makes places on the shared company, or on another one."""

    def make(*trackers: str, company: FaultyCompany = faulty, timeout_seconds: float = 20) -> Place:
        place = company.place(tmp_path_factory.mktemp("place"), *trackers, timeout_seconds=timeout_seconds)
        shutil.copyfile(empty_warehouse, working_path(place.settings.warehouse.url))
        return place

    return make


@pytest.fixture(scope="session")
def clean(new_place: NewPlace) -> Callable[[str], Place]:
    """The place of a sync without faults, one a tracker."""
    made: dict[str, Place] = {}

    def of(tracker: str) -> Place:
        if tracker not in made:
            place = new_place(tracker)
            report = place.sync()
            assert (report.failed, report.totals["retries"]) == ([], 0)
            made[tracker] = place
        return made[tracker]

    return of


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Notes a row of the table that the run ends with (``pytest -v tests/faults``)."""
    rows = request.config.stash.setdefault(TABLE, [])

    def note(fault: str, tracker: str, outcome: str, place: Place, fired: int) -> None:
        totals = place.reports[0].totals
        rows.append((fault, NAMES[tracker], outcome, str(fired), f"{totals['retries']:.0f}",
                     f"{totals['waited_seconds']:.1f}"))  # fmt: skip

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash.get(TABLE, [])
    if rows and config.get_verbosity() > 0:
        terminalreporter.section("faults")
        heading = ("fault", "tracker", "outcome", "fired", "retries", "waited s")
        for row in (heading, *sorted(rows)):
            terminalreporter.write_line(" | ".join(row))


@pytest.fixture(scope="session")
def assert_same() -> Callable[[Content, Content], None]:
    """Compares row for row; tells which tables differ, and the first rows of one that do."""

    def compare(found: Content, expected: Content) -> None:
        different = {
            name: (sorted(set(found[name]) - set(rows))[:3], sorted(set(rows) - set(found[name]))[:3])
            for name, rows in expected.items() if found[name] != rows
        }  # fmt: skip
        assert different == {}

    return compare
