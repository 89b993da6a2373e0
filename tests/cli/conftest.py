"""A small company served on loopback, and folders in which commands are run against it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_line import EMAIL, GITHUB_TOKEN, JIRA_TOKEN, Place
from hostile_texts import plant

from itpm_pipeline.sandbox.company.program_yaml import write_program
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.serve import Running, serve


@pytest.fixture(scope="session")
def trackers() -> Iterator[Running]:
    company = build_company(200)
    plant(company)
    with serve(
        company, jira_email=EMAIL, jira_token=JIRA_TOKEN, github_token=GITHUB_TOKEN, elapsed=lambda: 0.0
    ) as running:
        yield running


@pytest.fixture
def place(trackers: Running, tmp_path: Path) -> Place:
    """Nothing synced yet."""
    write_program(trackers.company, tmp_path, trackers.jira_url, trackers.github_url)
    return Place(tmp_path)


@pytest.fixture(scope="session")
def built(trackers: Running, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Synced and built once; only to be read."""
    folder = tmp_path_factory.mktemp("built")
    write_program(trackers.company, folder, trackers.jira_url, trackers.github_url)
    place = Place(folder)
    place.ok("sync")
    place.ok("build")
    return place


@pytest.fixture
def errors(place: Place) -> Callable[..., list[str]]:
    """Lines on standard error of a command that must fail with an exit code, and must not show a traceback."""

    def run(*arguments: str, exit_code: int, in_place: Place = place, **changes: str | None) -> list[str]:
        answer = in_place.run(*arguments, **changes)
        assert answer.returncode == exit_code, answer.stdout + answer.stderr
        assert "Traceback" not in answer.stderr
        return answer.stderr.splitlines()

    return run
