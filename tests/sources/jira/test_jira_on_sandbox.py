"""The source against the simulated Jira Cloud site: what is mapped against what the company did."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC

import pytest

from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.config import JiraTracker
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.extract.records import OutcomeStatus, RawRecord, StreamOutcome
from itpm_pipeline.extract.source import Cursor
from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.company.model import Company, JiraIssue
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.jira.app import create_app
from itpm_pipeline.sandbox.serve import serve_app
from itpm_pipeline.sources.jira.source import JiraSource

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("jira-sandbox")]

P = "jira:acme-jira:"


@dataclass
class Synced:
    """All records of one full sync, their rows, and the cost."""

    source: JiraSource
    company: Company
    records: list[RawRecord] = field(default_factory=list)
    outcomes: list[StreamOutcome] = field(default_factory=list)
    cursors: dict[str, Cursor | None] = field(default_factory=dict)
    rows: CanonicalRows = field(default_factory=CanonicalRows)

    def sync(self) -> tuple[list[RawRecord], list[StreamOutcome]]:
        """Read everything from the cursors on."""
        records: list[RawRecord] = []
        outcomes: list[StreamOutcome] = []
        readings = [("", self.source.read_site(self.cursors.get("")))] + [
            (project.key, self.source.read_project(project, self.cursors.get(project.key)))
            for project in self.source.discover()
        ]
        for key, reading in readings:
            records += reading.records
            outcomes += reading.outcomes
            self.cursors[key] = reading.cursor
        return records, outcomes

    @property
    def visible(self) -> dict[str, JiraIssue]:
        """Issues our account may see, by canonical id."""
        readable = {one.id for one in self.company.jira_projects.values() if one.readable and not one.archived}
        return {
            P + one.id: one for one in self.company.jira_issues.values()
            if one.project_id in readable and one.deleted_at is None
        }  # fmt: skip

    def table(self, name: str, column: str) -> dict[str, dict]:
        return {row[column]: row for row in self.rows.tables[name]}


@pytest.fixture(scope="module")
def synced() -> Iterator[Synced]:
    company = build_company(size="small", seed=3)
    served = serve_app(create_app(company, Clock(company.now, lambda: 0.0), token="t0ken", email="a@b.example"))
    tracker = {"kind": "jira", "name": "acme-jira", "url": served.url, "email": "a@b.example", "token": "t0ken"}
    one = Synced(JiraSource(JiraTracker.model_validate(tracker)), company)
    try:
        one.records, one.outcomes = one.sync()
        reference = {stream.name for stream in one.source.streams if stream.is_reference}
        context = one.source.mapping_context(record for record in one.records if record.stream in reference)
        for record in one.records:
            one.source.map_record(record, context, one.rows)
        yield one
    finally:
        one.source.close()
        served.stop()


def test_cost_and_outcomes(synced):
    issues = sum(record.stream == "issues" for record in synced.records)
    boards = sum(record.stream == "boards" for record in synced.records)
    projects = len(synced.company.jira_projects)
    site = sum(outcome.requests for outcome in synced.outcomes if outcome.project == "_site")
    remote = sum(outcome.requests for outcome in synced.outcomes if outcome.stream == "remote_links")
    rest = sum(outcome.requests for outcome in synced.outcomes) - site - remote
    assert site <= 4 * boards + 10
    assert rest <= 16 * issues / 1000 + 6 * projects
    skipped = {outcome.project for outcome in synced.outcomes if outcome.status is OutcomeStatus.SKIPPED}
    hidden = {one.key for one in synced.company.jira_projects.values() if one.archived or not one.readable}
    assert skipped == hidden
    assert not [outcome for outcome in synced.outcomes if outcome.status is OutcomeStatus.FAILED]


def test_a_second_sync_reads_next_to_nothing(synced):
    records, outcomes = synced.sync()
    by_project = Counter[str]()
    for outcome in outcomes:
        by_project[outcome.project] += outcome.requests
    recent = {
        one.id for one in synced.visible.values()
        if (synced.company.now - one.updated_at).total_seconds() <= 660
    }  # fmt: skip
    assert {record.native_id for record in records if record.stream == "issues"} <= recent
    assert max(count for project, count in by_project.items() if project != "_site") <= 4 + len(recent)


def test_every_visible_issue_is_mapped_as_it_is(synced):
    mapped = synced.table("issue", "issue_id")
    assert mapped.keys() == synced.visible.keys()
    statuses = synced.company.statuses
    for issue_id, issue in synced.visible.items():
        row = mapped[issue_id]
        told = {
            "issue_key": issue.key, "project_id": f"{P}project:{issue.project_id}", "summary": issue.summary,
            "status_id": f"{P}status:{issue.status_id}", "resolution_raw": issue.resolution,
            "estimate_points": issue.points, "due_date": issue.due_date, "start_date": issue.start_date,
            "is_flagged": issue.is_flagged, "estimate_seconds": issue.original_seconds,
            "parent_issue_id": P + issue.parent_id if issue.parent_id else None, "type_raw": issue.type,
        }  # fmt: skip
        assert {name: row[name] for name in told} == told, issue.key
        assert abs((row["created_at"] - issue.created_at.astimezone(UTC)).total_seconds()) < 0.002
        is_over = issue.resolution is not None or statuses[issue.status_id].category == "done"
        assert (row["outcome"] is not None) == is_over
    sprints = defaultdict(set)
    for row in synced.rows.tables["issue_sprint"]:
        sprints[row["issue_id"]].add(row["sprint_id"])
    assert sprints == {
        issue_id: {f"{P}sprint:{one}" for one in issue.sprint_ids}
        for issue_id, issue in synced.visible.items() if issue.sprint_ids
    }  # fmt: skip


def test_histories_are_complete(synced):
    histories = synced.table("issue_history", "issue_id")
    for issue_id, issue in synced.visible.items():
        assert histories[issue_id]["history_count"] == len(issue.history), issue.key
        assert histories[issue_id]["is_complete"] is True
    changes = Counter(row["field"].value for row in synced.rows.tables["issue_field_event"])
    told = Counter(item.field for issue in synced.visible.values() for entry in issue.history for item in entry.items)
    assert changes["status"] == told["status"]
    assert changes["sprint"] == told["Sprint"]
    assert changes["fix_version"] == told["Fix Version"]
    assert changes["flagged"] == told["Flagged"]
    assert changes["key"] == told["Key"]
    assert changes["link"] == told["Link"]
    assert changes["parent"] == sum(told[name] for name in ("IssueParentAssociation", "Parent", "Epic Link"))
    assert changes["estimate_points"] == told["Story Points"] + told["Story point estimate"]


def test_replaying_the_points_gives_todays_points(synced):
    """The last change of points, if there was one, led to the value of today."""
    last: dict[str, tuple] = {}
    for row in synced.rows.tables["issue_field_event"]:
        if row["field"] == "estimate_points":
            last[row["issue_id"]] = max(last.get(row["issue_id"], ()), (row["occurred_at"], row["to_raw"]))
    assert last
    for issue_id, (_, to_raw) in last.items():
        assert (None if to_raw is None else float(to_raw)) == synced.visible[issue_id].points


def test_old_keys_resolve(synced):
    aliases = {row["issue_key"]: row["issue_id"] for row in synced.rows.tables["issue_key_alias"]}
    moved = {key: issue_id for issue_id, issue in synced.visible.items() for key in issue.old_keys}
    assert moved, "the company moves issues"
    assert moved.items() <= aliases.items()
    rows = synced.rows.tables["issue_key_alias"]
    current = [(row["issue_key"], row["issue_id"]) for row in rows if row["is_current"]]
    assert sorted(current) == sorted((issue.key, issue_id) for issue_id, issue in synced.visible.items())


def test_sprints_and_boards(synced):
    mapped = synced.table("sprint", "sprint_id")
    shown = {one.id: one for one in synced.company.sprints.values()}
    assert mapped.keys() <= {f"{P}sprint:{one}" for one in shown}
    mentioned = {f"{P}sprint:{one}" for issue in synced.visible.values() for one in issue.sprint_ids}
    assert mentioned <= mapped.keys(), "no issue is in a sprint we do not know"
    for sprint_id, row in mapped.items():
        sprint = shown[int(sprint_id.rpartition(":")[2])]
        assert (row["name"], row["state"]) == (sprint.name, sprint.state)
        assert (row["completed_at"] is None) == (sprint.completed_at is None)
    boards = synced.table("board", "board_id")
    for number, board in synced.company.boards.items():
        row = boards[f"{P}board:{number}"]
        assert (row["type"], row["estimation_field_id"]) == (board.type, board.estimation_field)


def test_work_logs_are_whole(synced):
    logged = Counter(row["issue_id"] for row in synced.rows.tables["worklog"])
    assert logged == {issue_id: len(one.worklogs) for issue_id, one in synced.visible.items() if one.worklogs}
    assert max(logged.values()) > 20, "more than a search embeds"


def test_links_run_as_the_company_means_them(synced):
    blocking = {
        (row["blocker_issue_id"], row["blocked_issue_id"])
        for row in synced.rows.tables["issue_link"]
        if row["edge_type"] == "blocks" and row["provenance"] == "jira_link"
    }
    expected = set()
    for link in synced.company.links.values():
        source, target = P + link.source_id, P + link.target_id
        ends = (source, target) if link.type == "Blocks" else (target, source) if link.type == "Depends" else None
        if ends and {source, target} & synced.visible.keys():
            expected.add(ends)
    vanished = {P + one.id for one in synced.company.jira_issues.values() if one.deleted_at is not None}
    assert blocking == {ends for ends in expected if not set(ends) & vanished}
    links = synced.rows.tables["issue_link"]
    remote = {row["seen_from_id"] for row in links if row["provenance"] == "jira_remote_link"}
    assert remote == {issue_id for issue_id, one in synced.visible.items() if one.remote_links}


def test_ids_for_a_census(synced):
    for project in synced.source.discover():
        if project.key in {outcome.project for outcome in synced.outcomes if outcome.status is OutcomeStatus.SKIPPED}:
            continue
        expected = {one.id for one in synced.visible.values() if one.project_id == project.native_id}
        assert set(synced.source.issue_ids(project, Traffic())) == expected
