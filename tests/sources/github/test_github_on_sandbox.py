"""The source against the simulated GitHub: cost of a sync, and what is mapped against what the company did."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.canonical.schema import metadata
from itpm_pipeline.canonical.shape import COMMON, Merge
from itpm_pipeline.config import GithubTracker
from itpm_pipeline.extract.records import OutcomeStatus, RawRecord, StreamOutcome
from itpm_pipeline.extract.source import Cursor
from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.company.model import Company
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.github.app import create_app
from itpm_pipeline.sandbox.serve import serve_app
from itpm_pipeline.sources.github.source import GithubSource

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("github-sandbox")]

PREFIX = "github:acme-gh:"
COMMON_COLUMNS = {name for name, _, _ in COMMON}


@dataclass
class Synced:
    """All records of one full sync, their rows, and the cost."""

    source: GithubSource
    company: Company
    records: list[RawRecord] = field(default_factory=list)
    outcomes: list[StreamOutcome] = field(default_factory=list)
    cursors: dict[str, Cursor | None] = field(default_factory=dict)
    rows: CanonicalRows = field(default_factory=CanonicalRows)

    def sync(self) -> list[StreamOutcome]:
        """Read everything from the cursors on; returns the outcomes."""
        outcomes = []
        site = self.source.read_site(self.cursors.get(""))
        readings = [("", site)] + [
            (project.key, self.source.read_project(project, self.cursors.get(project.key)))
            for project in self.source.discover()
        ]
        for key, reading in readings:
            self.records += [*(reading.references or ()), *reading.records]
            outcomes += reading.outcomes
            self.cursors[key] = reading.cursor
        return outcomes


@pytest.fixture(scope="module")
def synced() -> Iterator[Synced]:
    company = build_company("small")
    served = serve_app(create_app(company, Clock(company.now, lambda: 0.0), token="t", hourly_points=None))
    tracker = GithubTracker(
        name="acme-gh", kind="github", url=served.url, token="t", organizations=(company.organization,)
    )
    one = Synced(GithubSource(tracker), company)
    one.outcomes = one.sync()
    context = one.source.mapping_context([record for record in one.records if record.stream == "projects_v2"])
    for record in one.records:
        one.source.map_record(record, context, one.rows)
    yield one
    one.source.close()
    served.stop()


def issues_of(company):
    return {
        issue.node_id: issue
        for repository in company.repositories.values() if repository.issues_enabled
        for issue in repository.issues if issue.deleted_at is None
    }  # fmt: skip


def test_a_full_sync_stays_within_budget(synced):
    """At most 25 requests and 120 points per 1,000 issues and pull requests; repositories and projects come on top.

    Six repositories and two projects alone cost a request or two each, whatever is in them.
    """
    count = Counter(record.stream for record in synced.records)
    thousands = (count["issues"] + count["pull_requests"]) / 1000
    fixed = len(synced.company.repositories) + len(synced.company.github_projects) + 4
    assert sum(one.requests for one in synced.outcomes) <= 25 * thousands + fixed
    assert sum(one.points for one in synced.outcomes) <= 120 * thousands
    assert not sum(one.retries for one in synced.outcomes)


def test_a_sync_without_changes_costs_one_request_a_repository(synced):
    outcomes = synced.sync()
    repositories, projects = len(synced.company.repositories), len(synced.company.github_projects)
    assert sum(one.requests for one in outcomes) <= repositories + projects + 2
    fetched = {one.stream: one.fetched for one in outcomes if one.fetched}
    assert not set(fetched) & {"issues", "pull_requests", "project_items", "projects_v2"}


def test_every_stream_of_every_project_has_an_outcome(synced):
    streams = Counter(one.stream for one in synced.outcomes)
    repositories = len(synced.company.repositories)
    expected = {one.name: 1 if one.scope == "site" else repositories for one in synced.source.streams}
    assert streams == expected
    skipped = {(one.project, one.stream) for one in synced.outcomes if one.status is not OutcomeStatus.OK}
    assert skipped == {
        (f"{synced.company.organization}/{repository.name}", "issues")
        for repository in synced.company.repositories.values() if not repository.issues_enabled
    }  # fmt: skip


def test_issues_are_those_of_the_company(synced):
    truth, mapped = issues_of(synced.company), {row["issue_id"]: row for row in synced.rows.tables["issue"]}
    assert set(mapped) == {PREFIX + node_id for node_id in truth}
    for node_id, issue in truth.items():
        row = mapped[PREFIX + node_id]
        assert row["status_id"].endswith(":closed") == (issue.state == "CLOSED"), issue
        assert row["resolved_at"] == issue.closed_at if issue.state == "CLOSED" else row["resolved_at"] is None
        assert row["parent_issue_id"] == (PREFIX + issue.parent if issue.parent else None)
        assert row["issue_key"] == f"{synced.company.organization}/{issue.repo}#{issue.number}"


def test_histories_are_complete_and_end_in_the_state_of_today(synced):
    histories = {row["issue_id"]: row for row in synced.rows.tables["issue_history"]}
    assert all(row["is_complete"] for row in histories.values())
    for node_id, issue in issues_of(synced.company).items():
        assert histories[PREFIX + node_id]["history_count"] <= len(issue.timeline)
    last: dict[tuple[str, str], str | None] = {}
    for event in sorted(synced.rows.tables["issue_field_event"], key=lambda row: row["occurred_at"]):
        last[event["issue_id"], event["field"]] = event["to_raw"]
    for row in synced.rows.tables["issue"]:
        for name, column in (("status", "status_id"), ("assignee", "assignee_person_id"),
                             ("resolution", "resolution_raw")):  # fmt: skip
            assert last.get((row["issue_id"], name), row[column]) == row[column], (name, row)
    milestones = {row["issue_id"]: row["sprint_id"] for row in synced.rows.tables["issue_sprint"]}
    ended = {issue_id: value for (issue_id, name), value in last.items() if name == "sprint" and value is not None}
    assert ended.items() <= milestones.items()


def test_dependencies_are_seen_from_both_ends_in_one_direction(synced):
    seen = defaultdict(set)
    for row in synced.rows.tables["issue_link"]:
        if row["provenance"] == "gh_dependency" and row["edge_type"] == "blocks":
            seen[row["blocker_issue_id"], row["blocked_issue_id"]].add(row["seen_from_id"])
    truth = {
        (PREFIX + blocker, PREFIX + issue.node_id)
        for issue in issues_of(synced.company).values() for blocker in issue.blocked_by
    }  # fmt: skip
    assert truth, "the company has dependencies"
    assert set(seen) == truth
    assert all(ends == set(edge) for edge, ends in seen.items())


def test_iterations_and_points_are_those_of_the_boards(synced):
    observed = {
        (row["entity_id"], row["field"]): row["value"] for row in synced.rows.tables["field_observation"]
        if row["entity_kind"] == "issue"
    }  # fmt: skip
    for project in synced.company.github_projects:
        field = project.iteration_field_id
        for item in project.items:
            sprint = f"{PREFIX}iteration:{field}:{item.iteration_id}" if item.iteration_id else None
            assert observed[PREFIX + item.issue, "sprint"] == sprint
            points = None if item.estimate is None else str(float(item.estimate))
            assert observed[PREFIX + item.issue, "estimate_points"] == points
    sprints = {row["sprint_id"] for row in synced.rows.tables["sprint"]}
    assert {value for (_, name), value in observed.items() if name == "sprint" and value} <= sprints


def test_every_status_and_person_that_rows_name_has_a_row(synced):
    tables = synced.rows.tables
    statuses = {row["status_id"] for row in tables["status"]}
    named = {row["status_id"] for row in tables["issue"]}
    named |= {row[end] for row in tables["issue_field_event"] if row["field"] == "status" for end in
              ("from_raw", "to_raw")}  # fmt: skip
    assert named <= statuses
    people = {row["person_id"] for row in tables["person"]}
    assert {row["actor_person_id"] for row in tables["issue_field_event"]} - {None} <= people
    assert {row["assignee_person_id"] for row in tables["issue"]} - {None} <= people


def test_rows_fit_the_core_schema(synced):
    """Known tables and columns, no null in a key, no key twice in a table whose rows have one owner."""
    for name, rows in synced.rows.tables.items():
        table = metadata.tables[f"core.{name}"]
        columns, key = set(table.columns.keys()), set(table.info["key"]) - COMMON_COLUMNS
        for row in rows:
            assert set(row) <= columns, name
            assert all(row.get(column) is not None for column in key), (name, row)
        if table.info["merge"] in (Merge.REPLACE, Merge.APPEND):
            keys = Counter(tuple(row[column] for column in key) for row in rows)
            assert not [one for one, times in keys.items() if times > 1], name
        if table.info["merge"] is Merge.REPLACE:
            scopes = {row[table.info["replace_by"]] for row in rows}
            assert scopes <= set(synced.rows.replaced[name]), name
