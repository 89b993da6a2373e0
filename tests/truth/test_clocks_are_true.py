"""When work began and ended, and how often it was taken up again, for every issue of both trackers (METRICS.md 3.1)."""

from datetime import datetime
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


@pytest.mark.parametrize("tracker", ["jira", "github"])
def test_lead_and_cycle_time(published: Published, tracker: str) -> None:
    """Whole seconds between the instants of the truth, for every issue that is finished; nothing for the others."""
    visible = published.jira_issues if tracker == "jira" else published.github_issues
    truth = published.company.truth
    started, finished = (
        {published.issue_id(key): at for key, at in notes.items()} for notes in (truth.started_at, truth.finished_at)
    )
    rows = published.rows("select issue_id, lead_time_s, cycle_time_s from mart.fct_issue_cycle_time")
    told = {row["issue_id"]: (row["lead_time_s"], row["cycle_time_s"]) for row in rows}
    expected = {
        issue_id: (seconds(issue.created_at, finished.get(issue_id)),
                   seconds(started.get(issue_id), finished.get(issue_id)))
        for issue_id, issue in visible.items()
    }
    assert {issue_id: (told[issue_id], both) for issue_id, both in expected.items() if told[issue_id] != both} == {}
    assert sum(both != (None, None) for both in expected.values()) > 100


def seconds(start: datetime | None, end: datetime | None) -> int | None:
    """Boundaries of seconds that lie between, as SQL counts them; parts of a second do not add up to one."""
    return None if start is None or end is None else int(end.timestamp()) - int(start.timestamp())


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
