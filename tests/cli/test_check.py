"""``itpm check``: what is wrong is told in one line; what is right, in a table that fits the terminal."""

from collections.abc import Callable

import pytest
from command_line import Place

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cli")]

Errors = Callable[..., list[str]]


def test_wrong_token(errors: Errors) -> None:
    (line,) = errors("check", exit_code=2, ITPM_DEMO_GITHUB_TOKEN="wrong-one")
    assert line.startswith("itpm: acme-gh: ")
    assert "401" in line
    assert "wrong-one" not in line


def test_unset_variable(errors: Errors) -> None:
    (line,) = errors("check", exit_code=2, ITPM_DEMO_JIRA_TOKEN=None)
    assert "program.yaml:" in line
    assert "trackers[0].token: environment variable ITPM_DEMO_JIRA_TOKEN is not set" in line


def test_literal_token(place: Place, errors: Errors) -> None:
    place.replace("${ITPM_DEMO_GITHUB_TOKEN}", "ghp_written_here")
    (line,) = errors("check", exit_code=2)
    assert "trackers[1].token: a secret must not stand in this file" in line
    assert "ghp_written_here" not in line


def test_unknown_key(place: Place, errors: Errors) -> None:
    place.replace("  organizations:", "  organisations:")
    (line,) = errors("check", exit_code=2)
    assert "trackers[1].organisations: unknown key; did you mean organizations?" in line


def test_unreachable_host(place: Place, errors: Errors, trackers) -> None:
    place.replace(trackers.jira_url, "http://127.0.0.1:1")  # Nothing listens on this port.
    (line,) = errors("check", exit_code=2)
    assert line.startswith("itpm: acme-jira: ")
    assert "Connection refused" in line


def test_all_trackers_are_asked_before_errors_are_told(errors: Errors) -> None:
    lines = errors("check", exit_code=2, ITPM_DEMO_JIRA_TOKEN="wrong", ITPM_DEMO_GITHUB_TOKEN="wrong")
    assert [line.split(":")[1].strip() for line in lines] == ["acme-jira", "acme-gh"]


def test_no_program_file(place: Place, errors: Errors) -> None:
    place.config.unlink()
    (line,) = errors("check", exit_code=2)
    assert "write one with `itpm init`" in line


@pytest.mark.parametrize("columns", [80, 120])
def test_findings_as_a_table(place: Place, columns: int) -> None:
    lines = place.ok("check", COLUMNS=str(columns)).splitlines()
    assert max(map(len, lines)) <= columns
    text = " ".join(" ".join(line.strip("│ ").replace("│", " ").split()) for line in lines)
    assert "account Anna Albrecht" in text
    assert "projects to sync 9: DATA, IDM, INF, OPS, PAY, PORT, SEC, SHOP, WEB" in text
    assert "skipped: LEG archived" in text
    assert "skipped: acme/infra-live issues are disabled in this repository" in text
    assert text.count("issues are disabled") == 1
    assert "sprint field sprint (customfield_10020)" in text
    assert "board 1 (Payments board) points are in Story Points (customfield_10034)" in text
    assert "Payments modernisation acme-jira:IDM, acme-jira:LEG, acme-jira:PAY" in text
    assert "(unassigned)" in text


def test_a_program_without_its_project(place: Place) -> None:
    place.replace("acme-jira:PAY", "acme-jira:GONE")
    assert "not visible: acme-jira:GONE" in place.ok("check", COLUMNS="200")
