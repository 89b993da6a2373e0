"""Real data: a whole archived site over HTTP, and real changelogs."""

import json
import subprocess
import sys
from collections import Counter

import orjson
import pytest

from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.canonical.schema import arrow_schema, core_table
from itpm_pipeline.extract.records import OutcomeStatus
from itpm_pipeline.sources.jira.source import JiraSource

pytestmark = [pytest.mark.realdata, pytest.mark.slow]


@pytest.fixture(scope="module")
def archive(shared):
    """Address of a Data Center site that serves a real archive."""
    server = subprocess.Popen(
        [sys.executable, str(shared / "replay" / "jira_archive.py"), "--port", "0", "--token", "t0ken"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with server:
        try:
            yield server.stdout.readline().split()[1]
        finally:
            server.terminate()


def test_the_archive_is_read_and_mapped_whole(archive, make_tracker, record_property):
    source = JiraSource(make_tracker(archive, name="tidev", email=None, token="t0ken", page_size=100))
    reads = [source.read_site(None), *(source.read_project(project, None) for project in source.discover())]
    records = [record for read in reads for record in read.records]
    outcomes = [outcome for read in reads for outcome in read.outcomes]
    assert {outcome.status for outcome in outcomes} == {OutcomeStatus.OK}
    reference = {stream.name for stream in source.streams if stream.is_reference}
    context = source.mapping_context(record for record in records if record.stream in reference)
    rows = CanonicalRows()
    for record in records:
        source.map_record(record, context, rows)
    source.close()
    tables = rows.tables
    issues = {row["issue_id"]: row for row in tables["issue"]}
    assert len(issues) == len(tables["issue"]) == 7608
    assert sum(row["estimate_points"] is not None for row in issues.values()) == 2687
    assert len({row["sprint_id"] for row in tables["sprint"]}) == len(tables["sprint"]) == 377
    assert sum(row["board_id"] is None for row in tables["sprint"]) == 22
    assert len({(row["issue_id"], row["sprint_id"]) for row in tables["issue_sprint"]}) == 9264
    links = [row for row in tables["issue_link"] if row["provenance"] == "jira_link"]
    assert len({row["link_ref"] for row in links}) == 5091
    assert len(links) == 3302 * 2 + 1789, "links to issues that are not served are seen from one end"
    by_link: dict[str, set] = {}
    for row in links:
        by_link.setdefault(row["link_ref"], set()).add((row["blocker_ref"], row["blocked_ref"], row["edge_type"]))
    assert all(len(edges) == 1 for edges in by_link.values()), "both ends tell the same edge"
    assert Counter(row["state"] for row in tables["sprint"]) == {"closed": 374, "active": 1, "future": 2}
    assert not Counter(row["type"] for row in issues.values())["other"]
    requests = sum(outcome.requests for outcome in outcomes)
    per_thousand = sum(outcome.requests for outcome in outcomes if outcome.project != "_site") / 7.608
    record_property("requests", requests)
    record_property("requests_per_thousand_issues_without_the_sites_own", round(per_thousand, 1))
    assert per_thousand <= 16
    for name, found in tables.items():
        schema = arrow_schema(core_table(name))
        assert all(row.keys() <= set(schema.names) for row in found)


def _real_issues(shared):
    files = sorted((shared / "realdata" / "jirametrics").rglob("SP-*.json"))
    assert len(files) == 12
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def test_real_changelogs_are_mapped_with_nothing_rejected(shared, desk):
    kinds: Counter = Counter()
    told: Counter = Counter()
    for issue in _real_issues(shared):
        histories = issue["changelog"]["histories"]
        payload = {"issueId": issue["id"], "changeHistories": histories, "total": issue["changelog"]["total"]}
        desk.refer("fields", "customfield_10036", {
            "id": "customfield_10036", "name": "Story Points", "schema": {"type": "number", "custom": "x:float"},
        })  # fmt: skip
        rows = desk.map("changelogs", payload)
        assert rows.tables["issue_history"][0]["is_complete"] is True
        kinds.update(row["field"].value for row in rows.tables["issue_field_event"])
        told.update(item["field"] for entry in histories for item in entry["items"])
    kept = {"status": "status", "Sprint": "sprint", "Story Points": "estimate_points", "Flagged": "flagged",
            "Link": "link", "priority": "priority", "resolution": "resolution", "assignee": "assignee"}  # fmt: skip
    assert kinds == {kept[name]: count for name, count in told.items() if name in kept}
    assert {"status", "Sprint", "Story Points", "Flagged", "Link", "resolution"} <= set(told)
    assert sum(kinds.values()) == 52
    assert set(told) - set(kept) <= {"Rank", "description", "summary"}, "fields that no metric needs"


def test_real_issues_are_mapped_with_nothing_rejected(shared, desk):
    for issue in _real_issues(shared):
        row = desk.map("issues", issue).tables["issue"][0]
        assert row["summary"]
        assert row["history_reported"] == issue["changelog"]["total"]


def test_real_boards_and_statuses_are_mapped(shared, desk):
    folder = shared / "realdata" / "jirametrics" / "spec"
    statuses = [
        status for file in sorted(folder.rglob("sample_statuses.json")) for status in json.loads(file.read_bytes())
    ]
    assert len(statuses) == 12
    mapped = [desk.map("statuses", status).tables["status"][0] for status in statuses]
    told = {"new": "todo", "indeterminate": "in_progress", "done": "done"}
    assert [row["category"] for row in mapped] == [told[status["statusCategory"]["key"]] for status in statuses]
    boards = sorted(folder.rglob("sample_board_1_configuration.json"))
    assert len(boards) == 2
    for file in boards:
        configuration = orjson.loads(file.read_bytes())
        desk.refer("board_configurations", 1, configuration)
        columns = desk.map("board_configurations", configuration).tables["board_column_status"]
        assert {row["column_name"] for row in columns if row["is_done_column"]} == {"Done"}
