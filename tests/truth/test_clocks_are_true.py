"""When work began and ended, and how often it was taken up again, for every issue of both trackers (METRICS.md 3.1)."""

from typing import Any

import pytest
from whole_pipeline import Published

CLOCKS: dict[str, Any] = {"started_at": None, "finished_at": None, "reopen_count": 0}
"""Column, and its value where the truth says nothing."""


def test_every_issue_is_there_once(published: Published) -> None:
    rows = published.rows("select issue_id from mart.fct_issue_cycle_time")
    assert sorted(row["issue_id"] for row in rows) == sorted(published.jira_issues | published.github_issues)


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("tracker", ["jira", "github"])
def test_clock(published: Published, tracker: str, clock: str) -> None:
    visible = published.jira_issues if tracker == "jira" else published.github_issues
    notes = {published.issue_id(key): value for key, value in getattr(published.company.truth, clock).items()}
    told = {row["issue_id"]: row[clock] for row in published.rows("select * from mart.fct_issue_cycle_time")}
    expected = {issue_id: notes.get(issue_id, CLOCKS[clock]) for issue_id in visible}
    wrong = {issue_id: (told[issue_id], value) for issue_id, value in expected.items() if told[issue_id] != value}
    assert wrong == {}
    assert notes.keys() <= (published.jira_issues | published.github_issues).keys()
    assert sum(value != CLOCKS[clock] for value in expected.values()) > 10


def test_every_issue_resolves_by_its_key_and_by_those_it_had(published: Published) -> None:
    rows = published.rows("select * from core.issue_key_alias")
    current = {row["issue_id"]: row["issue_key"] for row in rows if row["is_current"]}
    expected = {issue_id: issue.key for issue_id, issue in published.jira_issues.items()} | {
        issue_id: f"{published.company.organization}/{issue.repo}#{issue.number}"
        for issue_id, issue in published.github_issues.items()
    }
    assert current == expected
    former = {row["issue_key"]: row["issue_id"] for row in rows if not row["is_current"]}
    assert former == {key: issue_id for issue_id, issue in published.jira_issues.items() for key in issue.old_keys}
    assert former
