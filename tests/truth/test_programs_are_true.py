"""The one-page state of each program, counted again in plain Python from the company itself."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from whole_pipeline import GITHUB, JIRA, Published

from itpm_pipeline.sandbox.company.model import GithubIssue, JiraIssue

NO_PROGRAM = "(unassigned)"
JIRA_LEVELS = {"Epic": 1, "Sub-task": -1, "Subtask": -1}


def is_story_level(published: Published, issue: JiraIssue | GithubIssue) -> bool:
    if isinstance(issue, JiraIssue):
        return issue.type not in JIRA_LEVELS
    parent = issue.parent and published.github_issues.get(published.issue_id(issue.parent))
    return issue.issue_type != "Epic" and (not parent or parent.issue_type == "Epic")


def jira_project_of(published: Published, issue: JiraIssue, moment: datetime | None) -> str:
    """Key of the project it was in at a moment; None: the one it is in."""
    moves = [
        (entry.at, str(item.from_id)) for entry in issue.history for item in entry.items if item.field == "project"
    ]
    later = [origin for at, origin in moves if moment is not None and at > moment]
    return published.company.jira_projects[later[0] if later else issue.project_id].key


@pytest.fixture(scope="module")
def counts(published: Published) -> dict[str, Counter[str]]:
    """Counts by program, as a person with all records at hand would make them."""
    company, truth = published.company, published.company.truth
    finished = {published.issue_id(key): at for key, at in truth.finished_at.items()}
    owner = {
        f"{JIRA}:{key}" if tracker == "jira" else f"{GITHUB}:{key}": program
        for program in company.programs for tracker, key in program.projects
    }
    issues: dict[str, JiraIssue | GithubIssue] = {**published.jira_issues, **published.github_issues}
    waiting = {
        published.issue_id(blocked) for blocker, blocked in truth.hard_edges | truth.text_edges
        if published.issue_id(blocker) not in finished
    } | {
        # Whom nobody can find is never finished: test_dependencies_are_true shows that these are named in the text.
        row["blocked_issue_id"]
        for row in published.rows("select * from int.int_dependency_edge where is_counted and blocker_is_placeholder")
    }
    found: dict[str, Counter[str]] = {program.key: Counter() for program in company.programs} | {NO_PROGRAM: Counter()}
    for issue_id, issue in issues.items():
        if not is_story_level(published, issue):
            continue
        if isinstance(issue, JiraIssue):
            project = f"{JIRA}:{jira_project_of(published, issue, finished.get(issue_id))}"
            is_flagged, due = issue.is_flagged, issue.due_date
        else:
            project = f"{GITHUB}:{company.organization}/{issue.repo}"
            is_flagged, due = "blocked" in issue.labels, None
        program = owner.get(project)
        zone = ZoneInfo(program.timezone if program else "UTC")
        counter = found[program.key if program else NO_PROGRAM]
        counter["issue_count"] += 1
        if issue_id in finished:
            counter["done_count"] += 1
            continue
        counter["open_count"] += 1
        counter["blocked_count"] += is_flagged or issue_id in waiting
        if due is not None:
            deadline = datetime.combine(due + timedelta(days=1), time.min, zone).astimezone(UTC)
            counter["overdue_count"] += deadline <= company.now
    return found


@pytest.mark.parametrize("column", ["issue_count", "open_count", "done_count", "blocked_count", "overdue_count"])
def test_counts(published: Published, counts: dict[str, Counter[str]], column: str) -> None:
    told = {row["program_key"]: row[column] for row in published.rows("select * from mart.mart_program_status")}
    assert told == {program: counter[column] for program, counter in counts.items()}
    assert sum(told.values()) > 0


def test_status_is_as_fresh_as_the_last_reading(published: Published) -> None:
    """One sync was done: every project that could be read was read in it, and the program tells the oldest one."""
    readings = published.rows(
        "select tracker || ':' || project as project, min(started_at) as started_at from ops.sync_log "
        "group by all having bool_or(status = 'ok')"
    )
    read_at = {row["project"]: row["started_at"] for row in readings}
    projects = published.rows("select * from mart.dim_project where container_type <> 'gh_project_v2'")
    assert {row["project_ref"]: row["last_read_at"] for row in projects if row["last_read_at"]} == {
        row["project_ref"]: read_at[row["project_ref"]] for row in projects if row["project_ref"] in read_at
    }
    never = {row["project_key"] for row in projects if row["last_read_at"] is None}
    assert never == {"LEG", "SEC"}, "the archived one and the one that is closed to us"
    for row in published.rows("select * from mart.mart_program_status"):
        if row["program_key"] != NO_PROGRAM:
            own = [one["last_read_at"] for one in projects if one["program_id"] == row["program_id"]]
            assert row["last_synced_at"] == min(at for at in own if at)


def test_reliability_is_taken_from_sprints_that_are_known(published: Published) -> None:
    rows = published.rows("select * from int.int_program_sprint_summary")
    assert any(row["approximate_sprint_count"] for row in rows), "a program works in iterations"
    assert all(row["sprint_count"] > 0 for row in rows)
