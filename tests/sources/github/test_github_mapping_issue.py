from datetime import UTC, date, datetime

import orjson
import pytest
from github_nodes import (
    ANNA,
    BEN,
    CHECKOUT,
    ROBOT,
    column,
    event,
    issue_node,
    labelled,
    listed,
    project_node,
    unlabelled,
)

from itpm_pipeline.canonical.rows import CanonicalRows, MappingError
from itpm_pipeline.config import GithubTracker
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.github.context import GithubContext
from itpm_pipeline.sources.github.mapping import map_record

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
PREFIX = "github:acme-gh:"
OPEN, STARTED, CLOSED = (f"{PREFIX}status:{name}" for name in ("open", "in_progress", "closed"))
IDEAS, BUILDING, LIVE = (f"{PREFIX}status:PVTSSF_1:{option}" for option in ("a1", "b2", "c3"))
API_EVENT = "api_event"


def record(stream, node):
    return RawRecord(stream, "acme/checkout", node["id"], orjson.dumps(node), NOW)


@pytest.fixture(scope="module")
def context():
    tracker = GithubTracker(name="acme-gh", kind="github", url="https://api.github.com", token="t",
                            in_progress_labels=("doing",), blocked_labels=("Blocked",))  # fmt: skip
    return GithubContext.build(tracker, [record("projects_v2", project_node(1))])


@pytest.fixture
def mapped(context):
    def mapped(node, stream="issues"):
        rows = CanonicalRows()
        map_record(record(stream, node), context, rows)
        return rows

    return mapped


def events(rows, field):
    return [
        (row["from_raw"], row["to_raw"], f"{row['occurred_at']:%dT%H}")
        for row in rows.tables["issue_field_event"]
        if row["field"] == field
    ]


def only(rows, table):
    (row,) = rows.tables[table]
    return row


def closed(at="10T09", reason="COMPLETED"):
    return event("ClosedEvent", at, stateReason=reason)


CLOSED_NOW = {"state": "CLOSED", "closedAt": "2026-03-10T09:00:00Z", "stateReason": "COMPLETED"}


def test_an_issue_with_everything(mapped):
    rows = mapped(issue_node(
        7, title="Take <b>cards</b>", body="## Why\n**Because** <!-- hidden --> [docs](https://x.example/y)",
        labels=listed({"name": "zeta"}, {"name": "bug"}, {"name": "blocked"}), assignees=listed(BEN),
        milestone={"id": "MI_1", "number": 1, "title": "M1"},
    ))  # fmt: skip
    assert only(rows, "issue") == {
        "issue_id": PREFIX + "I_7", "issue_key": "acme/checkout#7", "project_id": PREFIX + "R_1", "type_raw": "bug",
        "type": "bug", "hierarchy_level": 0, "parent_issue_id": None, "summary": "Take <b>cards</b>",
        "description_text": "Why\nBecause  docs", "status_id": STARTED, "resolution_raw": None, "outcome": None,
        "priority": None, "assignee_person_id": PREFIX + "U_ben", "reporter_person_id": PREFIX + "U_anna",
        "created_at": datetime(2026, 3, 1, 9, tzinfo=UTC), "updated_at": datetime(2026, 3, 2, 9, tzinfo=UTC),
        "resolved_at": None, "start_date": None, "due_date": None, "estimate_points": None, "estimate_field_id": None,
        "is_flagged": True, "labels": '["blocked","bug","zeta"]', "components": "[]",
        "url": "https://github.com/acme/checkout/issues/7", "comment_count": 2, "history_reported": 0,
        "is_deleted": False,
    }  # fmt: skip
    assert only(rows, "issue_sprint") == {"issue_id": PREFIX + "I_7", "sprint_id": PREFIX + "MI_1"}
    assert only(rows, "issue_version") == {"issue_id": PREFIX + "I_7", "version_id": PREFIX + "MI_1"}
    assert only(rows, "issue_key_alias")["issue_key"] == "acme/checkout#7"
    assert {row["person_id"]: row["display_name"] for row in rows.tables["person"]} == {
        PREFIX + "U_anna": "Anna", PREFIX + "U_ben": "ben"
    }  # fmt: skip


def test_children_are_replaced_under_the_issue_alone(mapped):
    rows = mapped(issue_node(7))
    assert dict(rows.replaced) == {
        table: [PREFIX + "I_7"]
        for table in ("issue_field_event", "issue_sprint", "issue_version", "issue_link", "issue_key_alias")
    }
    assert rows.tables["issue_sprint"] == []


# --- Status ------------------------------------------------------------------------------------------------------


def test_without_a_project_work_starts_with_an_assignee_or_a_label_and_ends_with_closing(mapped):
    rows = mapped(issue_node(
        1, event("AssignedEvent", "03T09", assignee=BEN), event("UnassignedEvent", "04T09", assignee=BEN),
        labelled("05T09", "Doing"), closed(), event("ReopenedEvent", "11T09"), closed("12T09"),
        labels=listed({"name": "Doing"}), **CLOSED_NOW,
    ))  # fmt: skip
    assert events(rows, "status") == [
        (OPEN, STARTED, "03T09"), (STARTED, OPEN, "04T09"), (OPEN, STARTED, "05T09"), (STARTED, CLOSED, "10T09"),
        (CLOSED, STARTED, "11T09"), (STARTED, CLOSED, "12T09"),
    ]  # fmt: skip
    assert only(rows, "issue")["status_id"] == CLOSED
    assert events(rows, "resolution") == [
        (None, "COMPLETED", "10T09"), ("COMPLETED", None, "11T09"), (None, "COMPLETED", "12T09"),
    ]  # fmt: skip


def test_who_left_github_had_begun_the_work_all_the_same(mapped):
    rows = mapped(issue_node(
        1, event("AssignedEvent", "03T09", assignee=None), event("UnassignedEvent", "04T09", assignee=None),
        event("UnassignedEvent", "04T10", assignee=None), event("AssignedEvent", "05T09", assignee=None),
        closed(), event("ReopenedEvent", "11T09"),
    ))  # fmt: skip
    assert events(rows, "status") == [
        (OPEN, STARTED, "03T09"), (STARTED, OPEN, "04T09"), (OPEN, STARTED, "05T09"), (STARTED, CLOSED, "10T09"),
        (CLOSED, STARTED, "11T09"),
    ]  # fmt: skip
    issue = only(rows, "issue")
    assert issue["status_id"] == STARTED, "the issue and its history tell the same"
    assert issue["assignee_person_id"] is None
    assert events(rows, "assignee") == []


def test_a_linked_pull_request_is_work_while_it_is_open(mapped):
    rows = mapped(issue_node(1, closedByPullRequestsReferences=listed(
        {"id": "PR_1", "createdAt": "2026-02-01T00:00:00Z", "closedAt": "2026-03-04T09:00:00Z"},
        {"id": "PR_2", "createdAt": "2026-03-05T09:00:00Z", "closedAt": None},
    )))  # fmt: skip
    assert events(rows, "status") == [(OPEN, STARTED, "01T09"), (STARTED, OPEN, "04T09"), (OPEN, STARTED, "05T09")]
    assert only(rows, "issue_history")["history_count"] == 0, "these are not events of GitHub's"


def test_in_a_project_the_column_is_the_status_until_the_issue_is_closed(mapped):
    rows = mapped(issue_node(
        1, event("AddedToProjectV2Event", "02T09", project={"id": "PVT_1"}), column("03T09", "Ideas 💡", "Building"),
        event("AssignedEvent", "04T09", assignee=BEN), closed(), column("10T10", "Building", "Live"),
        assignees=listed(BEN), **CLOSED_NOW,
    ))  # fmt: skip
    assert events(rows, "status") == [
        (OPEN, IDEAS, "02T09"), (IDEAS, BUILDING, "03T09"), (BUILDING, CLOSED, "10T09"),
    ]  # fmt: skip


def test_reopened_work_is_not_done_although_its_card_still_lies_in_the_done_column(mapped):
    rows = mapped(issue_node(
        1, column("03T09", "", "Live"), closed(), event("ReopenedEvent", "11T09"), column("12T09", "Live", "Building")
    ))  # fmt: skip
    assert events(rows, "status") == [
        (OPEN, LIVE, "03T09"), (LIVE, CLOSED, "10T09"), (CLOSED, OPEN, "11T09"), (OPEN, BUILDING, "12T09"),
    ]  # fmt: skip


def test_leaving_a_project_ends_its_column_and_its_iteration(mapped):
    rows = mapped(issue_node(
        1, column("03T09", "", "Building"), event("RemovedFromProjectV2Event", "05T09", project={"id": "PVT_1"})
    ))  # fmt: skip
    assert events(rows, "status") == [(OPEN, BUILDING, "03T09"), (BUILDING, OPEN, "05T09")]
    left = datetime(2026, 3, 5, 9, tzinfo=UTC)
    assert only(rows, "field_observation") == {
        "entity_kind": "issue", "entity_id": PREFIX + "I_1", "field": "sprint", "scope": "PVTIF_1",
        "observed_at": left, "value": None, "source_updated_at": left,
    }  # fmt: skip


def test_columns_that_were_renamed_or_that_we_cannot_see_keep_a_status_of_their_own(mapped):
    rows = mapped(issue_node(
        1, column("03T09", "", "In review"), column("04T09", "", "Whatever", project=None)
    ))  # fmt: skip
    renamed, unseen = f"{PREFIX}status:PVTSSF_1:name:In review", f"{PREFIX}status:unseen:name:Whatever"
    assert events(rows, "status") == [(OPEN, renamed, "03T09"), (renamed, unseen, "04T09")]
    assert rows.tables["status"] == [
        {"status_id": renamed, "name": "In review", "category": "in_progress"},
        {"status_id": unseen, "name": "Whatever", "category": "unmapped"},
    ]


def test_changes_within_one_second_are_one_change(mapped):
    rows = mapped(issue_node(
        1, column("10T09", "", "Building"), column("10T09", "Building", "Live"), closed("10T09"), **CLOSED_NOW
    ))  # fmt: skip
    assert events(rows, "status") == [(OPEN, CLOSED, "10T09")]
    back = mapped(issue_node(1, labelled("10T09", "x"), unlabelled("10T09", "x")))
    assert events(back, "labels") == []


def test_an_issue_closed_without_an_event_is_closed(mapped):
    rows = mapped(issue_node(1, timelineItems={"totalCount": 3, "nodes": []}, **CLOSED_NOW))
    assert only(rows, "issue")["status_id"] == CLOSED
    assert only(rows, "issue_history") == {
        "issue_id": PREFIX + "I_1", "history_count": 0, "reported_count": 3, "is_complete": False, "read_at": NOW
    }  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "raw", "outcome"),
    [("COMPLETED", "COMPLETED", "delivered"), (None, "COMPLETED", "delivered"),
     ("NOT_PLANNED", "NOT_PLANNED", "not_delivered"), ("DUPLICATE", "DUPLICATE", "not_delivered")],
)  # fmt: skip
def test_outcome_follows_the_reason(mapped, reason, raw, outcome):
    issue = only(mapped(issue_node(1, **{**CLOSED_NOW, "stateReason": reason})), "issue")
    assert (issue["resolution_raw"], issue["outcome"]) == (raw, outcome)
    assert issue["resolved_at"] == datetime(2026, 3, 10, 9, tzinfo=UTC)


def test_a_reopened_issue_has_no_resolution(mapped):
    issue = only(mapped(issue_node(1, stateReason="REOPENED", closedAt="2026-03-10T09:00:00Z")), "issue")
    assert (issue["resolution_raw"], issue["outcome"], issue["resolved_at"]) == (None, None, None)


# --- Labels, people, milestones ----------------------------------------------------------------------------------


def test_labels_are_told_as_whole_sets_beginning_with_those_at_creation(mapped):
    rows = mapped(issue_node(
        1, labelled("03T09", "b"), unlabelled("04T09", "a"), labels=listed({"name": "b"}, {"name": "kept"})
    ))  # fmt: skip
    assert events(rows, "labels") == [
        ('["a","kept"]', '["a","b","kept"]', "03T09"), ('["a","b","kept"]', '["b","kept"]', "04T09"),
    ]  # fmt: skip


def test_a_blocked_label_is_an_impediment_flag(mapped):
    rows = mapped(issue_node(1, labelled("03T09", "BLOCKED"), unlabelled("05T09", "BLOCKED")))
    assert events(rows, "flagged") == [(None, "Blocked", "03T09"), ("Blocked", None, "05T09")]
    assert only(rows, "issue")["is_flagged"] is False


def test_of_several_assignees_the_one_assigned_longest_counts(mapped):
    rows = mapped(issue_node(
        1, event("AssignedEvent", "03T09", assignee=ANNA), event("AssignedEvent", "04T09", assignee=BEN),
        event("UnassignedEvent", "05T09", assignee=ANNA), assignees=listed(BEN),
    ))  # fmt: skip
    anna, ben = PREFIX + "U_anna", PREFIX + "U_ben"
    assert events(rows, "assignee") == [(None, anna, "03T09"), (anna, ben, "05T09")]
    assert only(rows, "issue")["assignee_person_id"] == ben


def test_ghosts_and_bots(mapped):
    rows = mapped(issue_node(
        1, {**closed(), "actor": None}, event("AssignedEvent", "03T09", assignee=None), author=None,
        assignees=listed(ROBOT), **CLOSED_NOW,
    ))  # fmt: skip
    assert only(rows, "issue")["reporter_person_id"] is None
    assert [row["actor_person_id"] for row in rows.tables["issue_field_event"] if row["field"] == "status"] == [None]
    assert next(row for row in rows.tables["person"] if row["account_ref"] == "dependabot")["is_bot"] is True


def milestoned(at, title):
    return event("MilestonedEvent", at, milestoneTitle=title)


def demilestoned(at, title):
    return event("DemilestonedEvent", at, milestoneTitle=title)


def test_milestones_may_be_set_removed_and_set_again(mapped):
    rows = mapped(issue_node(
        1, milestoned("03T09", "M1"), demilestoned("04T09", "M1"), milestoned("05T09", "M1"),
        demilestoned("06T09", "M1"), milestoned("06T09", "M2"), milestone={"id": "MI_2", "title": "M2"},
    ))  # fmt: skip
    two = PREFIX + "MI_2"
    expected = [
        (None, "title:M1", "03T09"), ("title:M1", None, "04T09"), (None, "title:M1", "05T09"),
        ("title:M1", two, "06T09"),
    ]  # fmt: skip
    assert events(rows, "sprint") == expected
    assert events(rows, "fix_version") == expected
    words = [row["to_text"] for row in rows.tables["issue_field_event"] if row["field"] == "sprint"]
    assert words == ["M1", None, "M1", "M2"]


def test_a_milestone_that_was_renamed_since_is_recognised_while_the_issue_is_in_it(mapped):
    rows = mapped(issue_node(
        1, milestoned("03T09", "Old"), demilestoned("04T09", "Old"), milestoned("05T09", "Old"),
        milestone={"id": "MI_1", "title": "New"},
    ))  # fmt: skip
    one = PREFIX + "MI_1"
    assert events(rows, "sprint") == [(None, one, "03T09"), (one, None, "04T09"), (None, one, "05T09")]


def test_history_that_lacks_its_beginning_still_makes_sense(mapped):
    rows = mapped(issue_node(1, demilestoned("04T09", "M1"), event("ReopenedEvent", "05T09")))
    assert events(rows, "sprint") == [("title:M1", None, "04T09")]
    assert events(rows, "resolution") == []


def test_unknown_events_and_null_nodes_are_tolerated(mapped):
    rows = mapped(issue_node(
        1, event("HoverboardedEvent", "03T09"), None, {"__typename": "NoTimeEvent", "id": "x"}, closed(), **CLOSED_NOW
    ))  # fmt: skip
    assert events(rows, "status") == [(OPEN, CLOSED, "10T09")]
    assert only(rows, "issue_history")["is_complete"] is True


# --- Types and hierarchy -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "type_raw", "kind", "level"),
    [
        ({}, None, "task", 0),
        ({"issueType": {"id": "IT", "name": "Feature"}}, "Feature", "story", 0),
        ({"issueType": {"id": "IT", "name": "Epic"}, "labels": listed({"name": "bug"})}, "Epic", "epic", 1),
        ({"issueType": {"id": "IT", "name": "Spike"}}, "Spike", "other", 0),
        ({"labels": listed({"name": "Bug"})}, "Bug", "bug", 0),
        ({"labels": listed({"name": "epic"})}, "epic", "epic", 1),
        ({"parent": {"id": "I_9", "number": 9, "labels": listed({"name": "epic"})}}, None, "task", 0),
        ({"parent": {"id": "I_9", "number": 9, "issueType": {"name": "Task"}}}, None, "subtask", -1),
        ({"parent": {"id": "I_9", "number": 9}, "labels": listed({"name": "bug"})}, "bug", "bug", -1),
    ],
)
def test_type_and_level(mapped, changed, type_raw, kind, level):
    issue = only(mapped(issue_node(1, **changed)), "issue")
    assert (issue["type_raw"], issue["type"], issue["hierarchy_level"]) == (type_raw, kind, level)


def test_incidents_have_a_row_of_their_own(mapped):
    rows = mapped(issue_node(1, labels=listed({"name": "incident"}), **CLOSED_NOW))
    assert only(rows, "incident") == {
        "issue_id": PREFIX + "I_1", "opened_at": datetime(2026, 3, 1, 9, tzinfo=UTC),
        "resolved_at": datetime(2026, 3, 10, 9, tzinfo=UTC),
    }  # fmt: skip


def test_types_parents_and_transfers_have_history(mapped):
    feature, bug = {"id": "IT_1", "name": "Feature"}, {"id": "IT_2", "name": "Bug"}
    rows = mapped(issue_node(
        1, event("IssueTypeAddedEvent", "02T09", issueType=feature),
        event("IssueTypeChangedEvent", "03T09", issueType=bug, prevIssueType=feature),
        event("IssueTypeRemovedEvent", "04T09", issueType=bug),
        event("ParentIssueAddedEvent", "05T09", parent={"id": "I_9", "number": 9, "repository": CHECKOUT}),
        event("ParentIssueRemovedEvent", "06T09", parent={"id": "I_9", "number": 9, "repository": CHECKOUT}),
        event("TransferredEvent", "07T09", fromRepository={"id": "R_0", "nameWithOwner": "acme/old"}),
    ))  # fmt: skip
    assert events(rows, "type") == [
        (None, "Feature", "02T09"), ("Feature", "Bug", "03T09"), ("Bug", None, "04T09"),
    ]  # fmt: skip
    assert events(rows, "parent") == [(None, PREFIX + "I_9", "05T09"), (PREFIX + "I_9", None, "06T09")]
    assert events(rows, "project") == [(PREFIX + "R_0", PREFIX + "R_1", "07T09")]


def test_organisation_fields_hold_points_dates_and_priority(mapped):
    def field(named, **content):
        return {"field": {"id": f"IF_{named}", "name": named}, **content}

    rows = mapped(issue_node(
        1, event("IssueFieldAddedEvent", "03T09", issueField={"id": "IF", "name": "Estimate"}, value="3"),
        event("IssueFieldChangedEvent", "04T09", issueField={"id": "IF", "name": "Estimate"}, previousValue="3",
              newValue="5"),
        event("IssueFieldRemovedEvent", "05T09", issueField={"id": "IF", "name": "Colour"}),
        issueFieldValues=listed(
            field("Points", number=8.0), field("Estimate", number=5.0), field("Start date", date="2026-03-05"),
            field("Target date", date="2026-04-01"), field("Priority", name="High"), field("Size", name="XL"),
            {"__typename": "IssueFieldNewKind"},
        ),
    ))  # fmt: skip
    issue = only(rows, "issue")
    assert (issue["estimate_points"], issue["estimate_field_id"]) == (5.0, "IF_Estimate")
    assert (issue["start_date"], issue["due_date"]) == (date(2026, 3, 5), date(2026, 4, 1))
    assert issue["priority"] == "High"
    assert events(rows, "estimate_points") == [(None, "3", "03T09"), ("3", "5", "04T09")]


# --- Links -------------------------------------------------------------------------------------------------------


def links(rows):
    return {
        row["link_ref"]: (row["blocker_issue_id"] or row["blocker_ref"], row["blocked_issue_id"] or row["blocked_ref"],
                          row["edge_type"], row["provenance"], row["confidence"])
        for row in rows.tables["issue_link"]
    }  # fmt: skip


def test_dependencies_sub_issues_parent_and_duplicates_are_directed(mapped):
    def other(number):
        return {"id": f"I_{number}", "number": number, "repository": CHECKOUT}

    rows = mapped(issue_node(
        1, blockedBy=listed(other(2), None), blocking=listed(other(3)), subIssues=listed(other(4)), parent=other(5),
        duplicateOf=other(6),
    ))  # fmt: skip
    this = PREFIX + "I_1"
    assert links(rows) == {
        "blocked_by:I_2": (PREFIX + "I_2", this, "blocks", "gh_dependency", 1.0),
        "blocking:I_3": (this, PREFIX + "I_3", "blocks", "gh_dependency", 1.0),
        "sub_issue:I_4": (PREFIX + "I_4", this, "parent_child", "gh_sub_issue", 1.0),
        "parent:I_5": (this, PREFIX + "I_5", "parent_child", "gh_sub_issue", 1.0),
        "duplicate_of:I_6": (PREFIX + "I_6", this, "duplicates", "gh_dependency", 1.0),
    }
    assert only(rows, "issue")["parent_issue_id"] == PREFIX + "I_5"


def test_phrases_and_mentions_in_the_text_are_links_by_key(mapped):
    rows = mapped(issue_node(
        1, title="Waiting for PAY-12", body="Blocks acme/web#8, see #3.\n> blocked by #99\n`depends on #98` and #1"
    ))  # fmt: skip
    this = PREFIX + "I_1"
    assert links(rows) == {
        "text:blocked_by:PAY-12": ("PAY-12", this, "blocks", "text_phrase", 0.7),
        "text:blocks:acme/web#8": (this, "acme/web#8", "blocks", "text_phrase", 0.7),
        "text:mentions:acme/checkout#3": ("acme/checkout#3", this, "mentions", "text_phrase", 0.2),
    }


def test_links_have_history_by_the_other_issue(mapped):
    other = {"id": "I_2", "number": 2, "repository": CHECKOUT}
    rows = mapped(issue_node(
        1, event("BlockedByAddedEvent", "03T09", blockingIssue=other),
        event("BlockingAddedEvent", "03T09", blockedIssue=other),
        event("BlockedByRemovedEvent", "04T09", blockingIssue=other),
        event("SubIssueAddedEvent", "05T09", subIssue=other), event("BlockedByAddedEvent", "06T09", blockingIssue=None),
    ))  # fmt: skip
    two = PREFIX + "I_2"
    assert events(rows, "link") == [(None, two, "03T09"), (None, two, "03T09"), (two, None, "04T09"),
                                    (None, two, "05T09")]  # fmt: skip
    texts = [row["to_text"] or row["from_text"] for row in rows.tables["issue_field_event"]]
    assert texts == ["blocked by acme/checkout#2", "blocks acme/checkout#2", "blocked by acme/checkout#2",
                     "parent of acme/checkout#2"]  # fmt: skip


# --- Rejections and purity ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["id", "createdAt", "state", "repository"])
def test_an_issue_that_lacks_what_it_cannot_do_without_is_rejected_whole(context, name):
    node = issue_node(1)
    raw = RawRecord("issues", "acme/checkout", "I_1", orjson.dumps({**node, name: None}), NOW)
    rows = CanonicalRows()
    with pytest.raises(MappingError):
        map_record(raw, context, rows)
    assert not rows.tables
    assert not rows.replaced


@pytest.mark.parametrize("payload", [b"[]", b"12", b"{", b'{"id": "I_1", "timelineItems": 3}'])
def test_a_payload_of_another_shape_is_rejected(context, payload):
    with pytest.raises(MappingError):
        map_record(RawRecord("issues", "acme/checkout", "I_1", payload, NOW), context, CanonicalRows())


def test_mapping_twice_gives_the_same_rows_and_event_keys_are_unique(mapped):
    node = issue_node(
        1, column("03T09", "", "Building"), labelled("04T09", "blocked"), milestoned("05T09", "M1"), closed(),
        **CLOSED_NOW,
    )  # fmt: skip
    once, twice = mapped(node), mapped(node)
    assert once.tables == twice.tables
    keys = [(row["source_event_id"], row["item_ordinal"]) for row in once.tables["issue_field_event"]]
    assert len(keys) == len(set(keys))
    assert {row["provenance"] for row in once.tables["issue_field_event"]} == {API_EVENT}
