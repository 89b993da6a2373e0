"""Issues that changed without saying so, and histories longer than a page."""

from datetime import UTC, datetime
from itertools import chain

import orjson
import pytest
from github_nodes import column, event, issue_node, item_node, labelled, listed, project_node, pull_request_node, value

from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.extract.records import ProjectRef
from itpm_pipeline.extract.source import Cursor
from itpm_pipeline.sources.github.selections import PROJECT_EVENTS

CHECKOUT = ProjectRef("acme-gh", "acme/checkout", "R_1", "checkout")
LONG_AGO, LATER = "2026-03-02T09:00:00Z", "2026-11-16T09:00:00Z"


def consume(reading):
    """Native ids by stream."""
    streams: dict[str, list[str]] = {}
    for record in chain(reading.references or (), reading.records):
        streams.setdefault(record.stream, []).append(record.native_id)
    return streams


@pytest.fixture
def project(organisation):
    """Three items of one project, read once."""
    organisation.projects = [project_node(1)]
    organisation.items = {"PVT_1": [item_node(number) for number in (1, 2, 3)]}
    organisation.issues = [issue_node(number) for number in (1, 2, 3)]
    return organisation


def touch(organisation, number: int) -> None:
    """An item of the project gets another status: its issue's updatedAt stands still."""
    organisation.projects[0]["updatedAt"] = LATER
    changed = value("SingleSelect", "PVTSSF_1", LATER, optionId="b2", name="Building")
    organisation.items["PVT_1"][number - 1]["fieldValues"] = listed(changed)
    moved = column(LATER, "Ideas", "Building")
    organisation.issues[number - 1]["timelineItems"] = listed(moved)


def test_the_issue_of_a_changed_item_is_read_with_it(fake, source, project):
    first = source.read_site(None)
    assert "issues" not in consume(first), "a first scan: all issues are read with their repositories"
    touch(project, 2)
    second = source.read_site(first.cursor)
    assert {name: ids for name, ids in consume(second).items() if name in ("project_items", "issues")} == {
        "project_items": ["PVTI_2"], "issues": ["I_2"],
    }  # fmt: skip
    assert fake.count()["Issues"] == 1
    (outcome,) = [one for one in second.outcomes if one.stream == "issues"]
    assert (outcome.project, outcome.fetched, outcome.requests) == ("_site", 1, 1)


def test_many_touched_issues_are_asked_for_in_halves_when_github_cannot_answer(fake, source, project):
    first = source.read_site(None)
    consume(first)
    for number in (1, 2, 3):
        touch(project, number)
    answer = fake.operations["Issues"]
    fake.operations["Issues"] = lambda asked: (
        (502, {"Date": "Mon, 16 Nov 2026 08:00:00 GMT"}, {"message": "bad gateway"})
        if len(asked.variables["ids"]) > 1 else answer(asked)
    )  # fmt: skip
    assert consume(source.read_site(first.cursor))["issues"] == ["I_1", "I_2", "I_3"]


def test_items_of_repositories_that_are_not_synced_touch_nothing(fake, source, project):
    first = source.read_site(None)
    consume(first)
    touch(project, 2)
    project.items["PVT_1"][1]["content"]["repository"] = {"id": "R_9", "nameWithOwner": "other/secret"}
    assert "issues" not in consume(source.read_site(first.cursor))
    assert "Issues" not in fake.count()


def test_a_reconcile_scans_projects_that_did_not_move(fake, source, project):
    first = source.read_site(None)
    consume(first)
    fake.asked.clear()
    assert "project_items" not in consume(source.read_site(first.cursor))
    assert consume(source.read_site(first.cursor, reconcile=True))["project_items"] == ["PVTI_1", "PVTI_2", "PVTI_3"]


def test_a_pull_request_that_ends_touches_the_issue_it_would_have_closed(fake, source, organisation):
    reference = {"__typename": "Issue", "id": "I_2", "repository": {"nameWithOwner": "acme/checkout"}}
    elsewhere = {"__typename": "Issue", "id": "I_9", "repository": {"nameWithOwner": "acme/other"}}
    organisation.issues = [issue_node(1), issue_node(2)]
    pull = pull_request_node(50, closingIssuesReferences=listed(reference, elsewhere))
    organisation.pull_requests = [pull]
    first = source.read_project(CHECKOUT, None)
    consume(first)
    assert "Issues" not in fake.count(), "a full reading has them all"
    pull |= {"state": "CLOSED", "closedAt": LATER, "updatedAt": LATER}
    assert consume(source.read_project(CHECKOUT, first.cursor))["issues"] == ["I_2"]


def test_a_reconcile_finds_what_happened_in_projects(fake, source, organisation):
    """Taken out of a project, an issue has no item any more that could tell."""
    events = [{"name": name} for name in PROJECT_EVENTS]
    fake.operations["Features"] = lambda _: {"t0": {"name": "IssueTimelineItemsItemType", "enumValues": events}}
    organisation.issues = [issue_node(number) for number in range(1, 251)]
    first = source.read_project(CHECKOUT, None)
    consume(first)
    organisation.issues[120]["timelineItems"] = listed(
        event("AddedToProjectV2Event", LONG_AGO, project={"id": "PVT_1"}),
        event("RemovedFromProjectV2Event", LATER, project={"id": "PVT_1"}),
    )
    organisation.issues[7]["timelineItems"] = listed(event("AddedToProjectV2Event", LONG_AGO))
    assert "issues" not in consume(source.read_project(CHECKOUT, first.cursor))
    fake.asked.clear()
    assert consume(source.read_project(CHECKOUT, first.cursor, reconcile=True))["issues"] == ["I_121"]
    assert fake.count() == {"Repository": 1 + 3, "Issues": 1}


def test_a_reconcile_goes_back_to_the_one_before(source, organisation):
    """A change that a replica showed only after the look-back: the hourly readings have missed it."""
    organisation.issues = [issue_node(1), issue_node(2)]
    first = source.read_project(CHECKOUT, None)
    consume(first)
    reconciled = first.cursor.state["reconciled"]
    assert reconciled == "2026-11-16T08:00:00+00:00"
    hourly = Cursor(datetime(2026, 11, 16, 20, tzinfo=UTC), first.cursor.state)
    organisation.issues[1]["updatedAt"] = "2026-11-16T12:00:00Z"
    late = source.read_project(CHECKOUT, hourly)
    assert "issues" not in consume(late)
    assert late.cursor.state["reconciled"] == reconciled
    nightly = source.read_project(CHECKOUT, hourly, reconcile=True)
    assert consume(nightly)["issues"] == ["I_2"]


def test_a_cursor_that_knows_no_reconcile_reconciles_everything(source, organisation):
    organisation.issues = [issue_node(1), issue_node(2)]
    old = Cursor(datetime(2026, 11, 16, 20, tzinfo=UTC), {"running_deployments": []})
    assert consume(source.read_project(CHECKOUT, old, reconcile=True))["issues"] == ["I_1", "I_2"]


def test_timelines_of_many_pages_arrive_whole_and_are_counted(fake, source, organisation):
    """1,250 entries of one issue: 50 with the issue, the rest in pages of 100."""
    entries = [labelled(f"2026-03-{1 + n // 1440:02}T{n // 60 % 24:02}:{n % 60:02}:00Z", f"l{n}") for n in range(1250)]
    first = listed(*entries[:50], more="50")
    organisation.issues = [issue_node(1, timelineItems={**first, "totalCount": 1250}), issue_node(2)]
    cursor = "50"
    for start in range(50, 1250, 100):
        organisation.rest_of["I_1", cursor] = entries[start : start + 100]
        cursor += "+"
    reading = source.read_project(CHECKOUT, None)
    records = {record.native_id: record for record in reading.records if record.stream == "issues"}
    assert len(orjson.loads(records["I_1"].payload)["timelineItems"]["nodes"]) == 1250
    assert fake.count()["Continued"] == 12
    rows = CanonicalRows()
    for record in records.values():
        source.map_record(record, source.mapping_context([]), rows)
    told = {row["issue_id"].rpartition(":")[2]: row for row in rows.tables["issue_history"]}
    assert [(told[one]["history_count"], told[one]["reported_count"], told[one]["is_complete"]) for one in
            ("I_1", "I_2")] == [(1250, 1250, True), (0, 0, True)]  # fmt: skip
    assert len({row["source_event_id"] for row in rows.tables["issue_field_event"]}) == 1250
