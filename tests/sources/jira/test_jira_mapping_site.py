"""Projects, statuses, boards, sprints and releases to rows."""

from datetime import UTC, date, datetime

import pytest

P = "jira:acme-jira:"


def test_project(desk):
    rows = desk.map("projects", {
        "id": "10001", "key": "PAY", "name": "Payments", "self": "https://a.net/jira/rest/api/3/project/10001",
        "lead": {"accountId": "5b10a"}, "projectCategory": {"name": "Money"}, "archived": True, "description": "",
    })  # fmt: skip
    (row,) = rows.tables["project"]
    assert (row["project_id"], row["container_type"]) == (P + "project:10001", "jira_project")
    assert (row["project_key"], row["name"], row["description"]) == ("PAY", "Payments", None)
    assert (row["lead_person_id"], row["category"], row["is_archived"]) == (P + "user:5b10a", "Money", True)
    assert row["url"] == "https://a.net/jira/browse/PAY"


@pytest.mark.parametrize(
    ("key", "category"),
    [("new", "todo"), ("indeterminate", "in_progress"), ("done", "done"), ("undefined", "unmapped")],
)
def test_status_categories(desk, key, category):
    rows = desk.map("statuses", {"id": "3", "name": "x", "statusCategory": {"key": key}})
    assert rows.tables["status"] == [{"status_id": P + "status:3", "name": "x", "category": category}]


CONFIGURATION = {
    "id": 4, "name": "PAY board", "filter": {"id": "1004"},
    "columnConfig": {"constraintType": "issueCount", "columns": [
        {"name": "To Do", "statuses": [{"id": "1"}, {"id": "2"}]},
        {"name": "Doing", "statuses": []},
        {"name": "Done", "statuses": [{"id": "9"}]},
    ]},
    "estimation": {"type": "field", "field": {"fieldId": "customfield_10034", "displayName": "Story Points"}},
}  # fmt: skip


def refer_board(desk, support="supported", kind="scrum"):
    board = {"id": 4, "name": "PAY board", "type": kind, "self": "https://a.net/rest/agile/1.0/board/4",
             "location": {"projectId": 10001, "projectKey": "PAY"}}  # fmt: skip
    desk.refer("boards", 4, board)
    desk.refer("board_configurations", 4, CONFIGURATION)
    sprints = {"boardId": 4, "sprintIds": [37, 38, 37], "support": support}
    desk.refer("board_sprints", 4, sprints)
    return board, sprints


def test_a_board_has_the_same_row_whichever_of_its_records_is_mapped(desk):
    board, sprints = refer_board(desk)
    mapped = [
        desk.map(stream, payload).tables["board"]
        for stream, payload in (("boards", board), ("board_configurations", CONFIGURATION), ("board_sprints", sprints))
    ]
    assert mapped[0] == mapped[1] == mapped[2]
    (row,) = mapped[0]
    assert row == {
        "board_id": P + "board:4", "name": "PAY board", "type": "scrum", "project_id": P + "project:10001",
        "filter": "1004", "estimation_field_id": "customfield_10034", "estimation_field_name": "Story Points",
        "column_constraint": "issueCount", "sprint_support": "supported",
        "url": "https://a.net/secure/RapidBoard.jspa?rapidView=4",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "support", "expected"),
    [("simple", "supported", "scrum"), ("simple", "unsupported", "kanban"), ("kanban", "unsupported", "kanban"),
     ("scrum", "denied", "scrum")],
)  # fmt: skip
def test_types_of_boards(desk, kind, support, expected):
    board, _ = refer_board(desk, support, kind)
    assert desk.map("boards", board).tables["board"][0]["type"] == expected


def test_columns_are_observed(desk):
    refer_board(desk)
    rows = desk.map("board_configurations", CONFIGURATION)
    told = [
        (row["status_id"], row["column_name"], row["column_ordinal"], row["column_count"], row["is_done_column"])
        for row in rows.tables["board_column_status"]
    ]
    assert told == [
        (P + "status:1", "To Do", 0, 3, False),
        (P + "status:2", "To Do", 0, 3, False),
        (P + "status:9", "Done", 2, 3, True),
    ]
    assert [(row["field"], row["value"]) for row in rows.tables["field_observation"]] == [
        ("estimation_field_id", "customfield_10034"),
    ]


def test_projects_and_sprints_of_a_board(desk):
    _, sprints = refer_board(desk)
    rows = desk.map("board_projects", {"boardId": 4, "projects": [{"id": "10001"}, {"id": "10001"}]})
    assert rows.tables["board_project"] == [{"board_id": P + "board:4", "project_id": P + "project:10001"}]
    rows = desk.map("board_sprints", sprints)
    assert [row["sprint_id"] for row in rows.tables["board_sprint"]] == [P + "sprint:37", P + "sprint:38"]
    assert rows.replaced["board_sprint"] == [P + "board:4"]


def test_a_denied_list_of_sprints_forgets_nothing_and_an_unsupported_one_is_empty(desk):
    refused = {"boardId": 4, "sprintIds": [], "reason": "HTTP 403"}
    assert not desk.map("board_sprints", refused | {"support": "denied"}).replaced["board_sprint"]
    assert desk.map("board_sprints", refused | {"support": "unsupported"}).replaced["board_sprint"] == [P + "board:4"]


def test_sprint_of_data_center_and_cloud(desk):
    rows = desk.map("sprints", {
        "id": 37, "state": "CLOSED", "name": "S1", "goal": "win", "originBoardId": 4,
        "startDate": "2026-03-02T09:00:00.000+01:00", "activatedDate": "2026-03-02T09:05:00.000+01:00",
        "endDate": "2026-03-16T09:00:00.000+01:00", "completeDate": "2026-03-17T09:00:00.000+01:00",
        "createdDate": "2026-02-01T00:00:00.000Z",
    })  # fmt: skip
    (row,) = rows.tables["sprint"]
    assert (row["kind"], row["state"], row["board_id"]) == ("jira_sprint", "closed", P + "board:4")
    assert row["activated_at"] == datetime(2026, 3, 2, 8, 5, tzinfo=UTC)
    assert row["duration_days"] == 14
    assert {r["field"]: r["value"] for r in rows.tables["field_observation"]} == {
        "state": "closed", "start_at": "2026-03-02T08:00:00+00:00", "planned_end_at": "2026-03-16T08:00:00+00:00",
        "completed_at": "2026-03-17T08:00:00+00:00",
    }  # fmt: skip


def test_a_future_sprint_without_dates_and_board(desk):
    (row,) = desk.map("sprints", {"id": 38, "state": "future", "name": "S2"}).tables["sprint"]
    assert (row["board_id"], row["start_at"], row["duration_days"], row["completed_at"]) == (None, None, None, None)


def test_release(desk):
    rows = desk.map("versions", {
        "id": "7", "name": "1.0", "projectId": 10001, "releaseDate": "2026-04-01", "startDate": "2026-03-01",
        "released": False, "archived": False, "self": "https://a.net/rest/api/3/version/7",
    })  # fmt: skip
    (row,) = rows.tables["release_version"]
    assert (row["version_id"], row["project_id"], row["kind"]) == (P + "version:7", P + "project:10001", "jira_version")
    assert (row["release_date"], row["released"], row["released_at"]) == (date(2026, 4, 1), False, None)
    assert row["url"] == "https://a.net/projects/PAY/versions/7"
    assert {r["field"]: r["value"] for r in rows.tables["field_observation"]} == {
        "release_date": "2026-04-01", "released": "false", "start_date": "2026-03-01",
    }


@pytest.mark.parametrize("stream", ["server_info", "fields", "issue_types", "priorities", "resolutions", "link_types"])
def test_records_landed_for_reference_have_no_rows(desk, stream):
    assert not desk.map(stream, {"id": "1"}).tables
