"""Change histories: both shapes of items, lists of sprints, points in words, moves, completeness."""

from datetime import UTC, datetime

import pytest

from itpm_pipeline.canonical.rows import MappingError

P = "jira:acme-jira:"


def entry(number, *items, created="2026-03-02T09:00:00.000+0000", author=None):
    return {"id": str(number), "created": created, "author": author or {"accountId": "5b10a"}, "items": list(items)}


def item(field, before=(None, None), after=(None, None), field_id=None, kind="jira"):
    told = {"field": field, "fieldtype": kind, "from": before[0], "fromString": before[1], "to": after[0],
            "toString": after[1]}  # fmt: skip
    return told | ({"fieldId": field_id} if field_id else {})


def changelog(*entries, **envelope):
    return {"issueId": "10042", "changeHistories": list(entries), **envelope}


def values(rows):
    return [(row["field"], row["from_raw"], row["to_raw"]) for row in rows.tables["issue_field_event"]]


@pytest.mark.parametrize("has_ids", [True, False], ids=["fieldId", "field only"])
def test_items_with_and_without_field_ids(desk, has_ids):
    def one(field, field_id, before, after, kind="jira"):
        return item(field, before, after, field_id if has_ids else None, kind)

    rows = desk.map("changelogs", changelog(entry(
        1,
        one("status", "status", ("3", "Doing"), ("10002", "Done")),
        one("Sprint", "customfield_10020", ("225", "S5"), ("225, 229", "S5, S6"), "custom"),
        one("Story point estimate", "customfield_10016", (None, "3"), (None, "5.0"), "custom"),
        one("assignee", "assignee", (None, None), ("5b10b", "Bo")),
        one("duedate", "duedate", (None, None), ("2026-04-01", "2026-04-01 00:00:00.0")),
        one("Start date", "customfield_10015", ("2026-03-01", "x"), ("2026-03-02", "y"), "custom"),
        one("Fix Version", "fixVersions", (None, None), ("7", "1.0")),
        one("Markiert", "customfield_10021", ("[10019]", "Impediment"), ("", ""), "custom"),
        one("Epic Link", "customfield_10014", ("10007", "PAY-1"), ("", ""), "custom"),
        one("resolution", "resolution", (None, None), ("1", "Done")),
        one("priority", "priority", ("3", "Medium"), ("2", "High")),
        one("issuetype", "issuetype", ("1", "Story"), ("2", "Bug")),
        one("timeoriginalestimate", "timeoriginalestimate", (None, None), ("3600", "3600")),
        one("labels", "labels", (None, ""), (None, "a b")),
        one("Team", "customfield_10001", (None, None), ("a-b", "Payments"), "custom"),
        one("description", "description", (None, "x"), (None, "y")),
        one("Rank", "customfield_10019", ("", ""), ("", "Ranked higher"), "custom"),
    )))  # fmt: skip
    assert values(rows) == [
        ("status", P + "status:3", P + "status:10002"),
        ("sprint", P + "sprint:225", f"{P}sprint:225, {P}sprint:229"),
        ("estimate_points", "3", "5"),
        ("assignee", None, P + "user:5b10b"),
        ("due_date", None, "2026-04-01"),
        ("start_date", "2026-03-01", "2026-03-02"),
        ("fix_version", None, P + "version:7"),
        ("flagged", "true", None),
        ("parent", P + "10007", None),
        ("resolution", None, "1"),
        ("priority", "3", "2"),
        ("type", "1", "2"),
        ("estimate_seconds", None, "3600"),
        ("labels", None, "a b"),
        ("team", None, P + "team:a-b"),
    ]
    ordinals = [row["item_ordinal"] for row in rows.tables["issue_field_event"]]
    assert ordinals == list(range(15)), "the position in the entry, whatever else is left out"
    event = rows.tables["issue_field_event"][0]
    assert event["issue_id"] == P + "10042"
    assert event["source_event_id"] == "1"
    assert event["occurred_at"] == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert event["actor_person_id"] == P + "user:5b10a"
    assert (event["from_text"], event["to_text"], event["provenance"]) == ("Doing", "Done", "api_event")


def test_items_that_never_have_field_ids(desk):
    rows = desk.map("changelogs", changelog(entry(
        1,
        item("Key", (None, "IMP-88"), (None, "PROMO-1")),
        item("project", ("10001", "IMP"), ("10002", "PROMO")),
        item("IssueParentAssociation", ("10007", "IMP-1"), (None, None)),
        item("Link", (None, None), ("SP-14", "This issue is blocked by SP-14")),
        item("Epic Child", (None, None), ("10009", "IMP-9")),
        item("Workflow", ("1", "a"), ("2", "b")),
        item("RemoteIssueLink", (None, None), ("1", "x")),
    )))  # fmt: skip
    assert values(rows) == [
        ("key", "IMP-88", "PROMO-1"),
        ("project", P + "project:10001", P + "project:10002"),
        ("parent", P + "10007", None),
        ("link", None, "SP-14"),
    ]


def test_a_custom_field_with_the_name_of_a_system_field_is_not_taken_for_it(desk):
    rows = desk.map("changelogs", changelog(
        entry(1, item("Status", (None, "a"), (None, "b"), kind="custom"), item("status", ("1", "a"), ("2", "b"))),
        entry(2, item("status", (None, "a"), (None, "b"), field_id="customfield_10777", kind="custom")),
    ))  # fmt: skip
    assert values(rows) == [("status", P + "status:1", P + "status:2")]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("76, 80", f"{P}sprint:76, {P}sprint:80"), ("76,80", f"{P}sprint:76, {P}sprint:80"),
        ("76", f"{P}sprint:76"), ("", None), (None, None), (" , ", None),
    ],
)  # fmt: skip
def test_lists_of_sprints(desk, raw, expected):
    rows = desk.map("changelogs", changelog(entry(1, item("Sprint", (raw, "x"), ("1", "y"), "customfield_10020"))))
    assert values(rows)[0][1] == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [("5", "5"), ("5.0", "5"), ("0", "0"), ("0.5", "0.5"), ("", None), (None, None), ("XL", None)],
)
def test_points_are_only_in_words(desk, words, expected):
    rows = desk.map(
        "changelogs", changelog(entry(1, item("Story Points", (None, None), (None, words), "customfield_10034")))
    )
    assert values(rows) == [("estimate_points", None, expected)]


def test_of_two_points_fields_the_one_of_the_projects_board_counts(desk):
    desk.board(4, "customfield_10034", (10001, "PAY"))
    desk.board(5, "customfield_10016", (10002, "WEB"))
    both = changelog(entry(
        1, item("Story point estimate", (None, None), (None, "8"), "customfield_10016", "custom"),
        item("Story Points", (None, "1"), (None, "2"), "customfield_10034", "custom"),
    ))  # fmt: skip
    assert values(desk.map("changelogs", both)) == [("estimate_points", "1", "2")]
    assert values(desk.map("changelogs", both, project="WEB")) == [("estimate_points", None, "8")]
    del both["changeHistories"][0]["items"][1]
    assert values(desk.map("changelogs", both)) == [("estimate_points", None, "8")], "it alone changed"


def test_moves_leave_aliases(desk):
    rows = desk.map("changelogs", changelog(
        entry(2, item("Key", (None, "B-2"), (None, "C-3")), created="2026-03-03T00:00:00.000+0000"),
        entry(1, item("Key", (None, "A-1"), (None, "B-2"))),
    ))  # fmt: skip
    assert rows.tables["issue_key_alias"] == [
        {"issue_key": "A-1", "issue_id": P + "10042", "is_current": False},
        {"issue_key": "B-2", "issue_id": P + "10042", "is_current": False},
    ], "C-3 is told by the issue's own record"
    back = desk.map("changelogs", changelog(
        entry(1, item("Key", (None, "A-1"), (None, "B-2"))),
        entry(2, item("Key", (None, "B-2"), (None, "A-1")), created="2026-03-03T00:00:00.000+0000"),
    ))  # fmt: skip
    assert [row["issue_key"] for row in back.tables["issue_key_alias"]] == ["B-2"]


@pytest.mark.parametrize(("total", "complete"), [(None, True), (2, True), (1, True), (3, False)])
def test_completeness(desk, total, complete):
    entries = (entry(1, item("status", ("1", "a"), ("2", "b"))), entry(2, item("description")))
    rows = desk.map("changelogs", changelog(*entries, **({} if total is None else {"total": total})))
    history = rows.tables["issue_history"][0]
    assert (history["history_count"], history["is_complete"]) == (2, complete)


def test_an_entry_that_came_twice_counts_once(desk):
    twice = entry(1, item("status", ("1", "a"), ("2", "b")))
    rows = desk.map("changelogs", changelog(twice, twice))
    assert len(values(rows)) == 1
    assert rows.tables["issue_history"][0]["history_count"] == 1


def test_an_issue_without_changes_has_a_complete_history(desk):
    rows = desk.map("changelogs", changelog())
    assert rows.tables["issue_history"][0]["is_complete"] is True
    assert rows.replaced["issue_field_event"] == rows.replaced["issue_key_alias"] == [P + "10042"]


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        (1772442000123, datetime(2026, 3, 2, 9, 0, 0, 123000, tzinfo=UTC)),
        (1492070429, datetime(2017, 4, 13, 8, 0, 29, tzinfo=UTC)),
        ("2026-03-02T17:00:00.000+0800", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("2026-03-02T09:00:00.000Z", datetime(2026, 3, 2, 9, tzinfo=UTC)),
    ],
)
def test_instants(desk, created, expected):
    rows = desk.map("changelogs", changelog(entry(1, item("status", ("1", "a"), ("2", "b")), created=created)))
    assert rows.tables["issue_field_event"][0]["occurred_at"] == expected


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (entry(1, created=None), "has no time"),
        (entry(1, created="2026-03-02 09:00"), "no time zone"),
        (entry(1, created=10**18), "no instant"),
        (entry("", item("status")), "has no id"),
    ],
)
def test_broken_entries_reject_the_record(desk, broken, complaint):
    with pytest.raises(MappingError, match=complaint):
        desk.map("changelogs", changelog(broken))


def test_nobody_did_it(desk):
    silent = entry(1, item("status", ("1", "a"), ("2", "b"))) | {"author": None}
    rows = desk.map("changelogs", changelog(silent))
    assert rows.tables["issue_field_event"][0]["actor_person_id"] is None
    assert not rows.tables["person"]


def test_work_log(desk):
    rows = desk.map("worklogs", {"issueId": "10042", "total": 1, "worklogs": [{
        "id": "77", "author": {"accountId": "5b10a"}, "started": "2026-03-02T09:00:00.000+0100",
        "updated": "2026-03-02T10:00:00.000+0100", "timeSpentSeconds": 3600,
    }]})  # fmt: skip
    assert rows.tables["worklog"] == [{
        "worklog_id": P + "worklog:77", "issue_id": P + "10042", "person_id": P + "user:5b10a", "seconds": 3600,
        "started_at": datetime(2026, 3, 2, 8, tzinfo=UTC), "updated_at": datetime(2026, 3, 2, 9, tzinfo=UTC),
        "is_deleted": False,
    }]  # fmt: skip
    empty = desk.map("worklogs", {"issueId": "10042", "worklogs": [], "total": 0})
    assert empty.replaced["worklog"] == [P + "10042"]
    assert not empty.tables["worklog"]
