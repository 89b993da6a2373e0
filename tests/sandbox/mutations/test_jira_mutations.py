"""What the Jira server shows after each change; also an example of how to make it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from jira_server_company import NOW

from itpm_pipeline.sandbox.mutations.editing import MutationError


def updated(edit) -> list[str]:
    return [issue.key for issue in edit.company.jira_issues.values() if issue.updated_at >= NOW]


def test_an_update_shows_in_the_issue_its_history_and_in_searches(jira):
    assert jira.changed_since_start() == []
    jira.edit.update("PAY-30", summary="Other words", status="Done", points=13)
    shown = jira.issue("PAY-30")["fields"]
    assert (shown["summary"], shown["customfield_10034"]) == ("Other words", 13)
    assert (shown["status"]["name"], shown["resolution"]["name"]) == ("Done", "Done")
    assert datetime.fromisoformat(shown["updated"]) == datetime.fromisoformat(shown["resolutiondate"]) == jira.time
    assert jira.time == NOW + timedelta(seconds=1)
    told = {item["field"]: (item["fromString"], item["toString"]) for item in jira.history("PAY-30")}
    assert told == {
        "summary": ("Issue 29", "Other words"), "status": ("To Do", "Done"), "resolution": (None, "Done"),
        "Story Points": ("5", "13"),
    }  # fmt: skip
    assert jira.changed_since_start() == ["PAY-30"]
    jira.edit.update("PAY-30", status="In Progress")
    assert jira.issue("PAY-30")["fields"]["resolution"] is None


def test_mutations_follow_each_other_in_time(jira):
    for number in (40, 41, 42):
        jira.edit.update(f"PAY-{number}", points=21)
    updates = [datetime.fromisoformat(jira.issue(f"PAY-{n}")["fields"]["updated"]) for n in (40, 41, 42)]
    assert updates == [NOW + timedelta(seconds=n) for n in (1, 2, 3)]
    assert jira.time == updates[-1]


def test_setting_what_is_set_changes_nothing(jira):
    jira.edit.update("PAY-30", summary="Issue 29")
    assert jira.changed_since_start() == []


def test_a_new_issue_is_found(jira):
    made = jira.edit.create("PAY", "New", points=5, sprint=60)
    shown = jira.issue(made.key)["fields"]
    assert (shown["status"]["name"], shown["customfield_10034"]) == ("To Do", 5)
    assert [sprint["id"] for sprint in shown["customfield_10020"]] == [60]
    assert jira.changed_since_start() == [made.key]


def test_a_deleted_issue_is_gone_with_its_worklogs(jira):
    logged = jira.issue("PAY-4")["fields"]["worklog"]["total"]
    jira.edit.delete("PAY-4")
    jira.ask.get("/rest/api/3/issue/PAY-4", expect=404)
    assert "PAY-4" not in jira.keys("project = PAY")
    jira.edit.clock.advance(timedelta(minutes=2))
    gone = jira.ask.get("/rest/api/3/worklog/deleted")["values"]
    assert len(gone) == logged > 20


def test_a_moved_issue_keeps_its_id_and_answers_to_both_keys(jira):
    before = jira.issue("PAY-30")
    moved = jira.edit.move("PAY-30", "DATA")
    assert moved.key.startswith("DATA-")
    after = jira.issue("PAY-30")
    assert (after["id"], after["key"]) == (before["id"], moved.key)
    assert after["fields"]["status"]["id"] == "10101", "the project has statuses of its own"
    entries = jira.ask.get(f"/rest/api/3/issue/{moved.key}/changelog")["values"]
    told = [(item["field"], item["fromString"], item["toString"]) for entry in entries for item in entry["items"]]
    assert ("Key", "PAY-30", moved.key) in told
    assert ("project", "Payments", "Data Platform") in told
    assert jira.changed_since_start() == [moved.key]
    with pytest.raises(MutationError, match="cannot be moved"):
        jira.edit.move("DATA-5", "DATA")


def test_a_renamed_project_is_found_by_both_keys_and_no_issue_was_updated(jira):
    jira.edit.rename_project("PAY", "MONEY")
    assert jira.ask.get("/rest/api/3/project/PAY")["key"] == "MONEY"
    assert jira.issue("PAY-30")["key"] == "MONEY-30"
    assert jira.keys("project = PAY") == jira.keys("project = MONEY") != []
    assert jira.changed_since_start() == []
    jira.edit.create("MONEY", "New")
    assert jira.changed_since_start() == ["MONEY-242"]


def test_a_hidden_issue_comes_back(jira):
    jira.edit.hide_issue("PAY-30")
    jira.ask.get("/rest/api/3/issue/PAY-30", expect=404)
    assert "PAY-30" not in jira.keys("project = PAY")
    jira.edit.hide_issue("PAY-30", is_hidden=False)
    assert "PAY-30" in jira.keys("project = PAY")


@pytest.mark.parametrize(
    ("change", "browsable"), [({"kind": "hide_project"}, []), ({"kind": "archive_project"}, ["PAY"])]
)
def test_a_project_may_go_out_of_sight(jira, change: dict[str, Any], browsable: list[str]):
    jira.edit.apply([change | {"project": "PAY"}])
    jira.ask.post("/rest/api/3/search/jql", {"jql": "project = PAY"}, expect=400)
    found = jira.ask.get("/rest/api/3/project/search", action="browse", status=["live", "archived"])["values"]
    assert [project["key"] for project in found if project["key"] == "PAY"] == browsable


def test_a_sprint_is_closed_and_what_is_left_moves_on(jira):
    done, left = jira.edit.create("PAY", "Done", sprint=59), jira.edit.create("PAY", "Left", sprint=59)
    jira.edit.update(done.key, status="Done")
    jira.edit.close_sprint(59, following=60)
    sprint = jira.ask.get("/rest/agile/1.0/sprint/59")
    assert sprint["state"] == "closed"
    assert NOW + timedelta(seconds=4) <= datetime.fromisoformat(sprint["completeDate"]) <= jira.time
    shown = [jira.issue(key)["fields"]["customfield_10020"] for key in (done.key, left.key)]
    assert [[one["id"] for one in sprints] for sprints in shown] == [[59], [59, 60]]
    (item,) = jira.history(left.key)
    assert (item["from"], item["to"]) == ("59", "59, 60")
    with pytest.raises(MutationError, match="is closed"):
        jira.edit.close_sprint(59)


@pytest.mark.parametrize("with_history", [True, False])
def test_a_deleted_sprint_vanishes_from_its_issues(jira, with_history: bool):
    holding = jira.keys("sprint = 57")
    assert holding
    jira.edit.delete_sprint(57, with_history=with_history)
    jira.ask.get("/rest/agile/1.0/sprint/57", expect=404)
    assert jira.changed_since_start() == (holding if with_history else [])
    assert [one["id"] for one in jira.issue(holding[0])["fields"]["customfield_10020"]] == [58, 59]


def test_a_sprint_gets_another_board_and_other_dates(jira):
    jira.edit.move_sprint(58, 2)
    jira.edit.update_sprint(58, name="Ours", end_at=datetime(2026, 12, 1, tzinfo=UTC))
    sprint = jira.ask.get("/rest/agile/1.0/sprint/58")
    assert (sprint["originBoardId"], sprint["name"], sprint["endDate"]) == (2, "Ours", "2026-12-01T00:00:00.000Z")
    made = jira.edit.create_sprint(2, "Next")
    jira.edit.start_sprint(made.id, datetime(2026, 12, 1, tzinfo=UTC))
    assert jira.ask.get(f"/rest/agile/1.0/sprint/{made.id}")["state"] == "active"


def test_what_hangs_on_an_issue_tells_of_itself(jira):
    jira.edit.add_remote_link("PAY-30", "https://example.org/1", "One", "is blocked by")
    assert jira.history("PAY-30")[0]["field"] == "RemoteIssueLink"
    assert len(jira.ask.get("/rest/api/3/issue/PAY-30/remotelink")) == 1
    worklog = jira.edit.log_work("PAY-31", 3_600)
    assert jira.issue("PAY-31")["fields"]["timespent"] == 3_600
    assert jira.history("PAY-31")[0]["to"] == "3600"
    jira.edit.delete_worklog(worklog.id)
    assert jira.issue("PAY-31")["fields"]["worklog"]["total"] == 0
    assert {item["field"] for item in jira.history("PAY-31")} == {"timespent", "WorklogId"}
    link = jira.edit.link("PAY-32", "PAY-33")
    assert jira.issue("PAY-33")["fields"]["issuelinks"][0]["inwardIssue"]["key"] == "PAY-32"
    jira.edit.unlink(link.id)
    assert jira.issue("PAY-33")["fields"]["issuelinks"] == []
    assert jira.changed_since_start() == ["PAY-30", "PAY-31", "PAY-32", "PAY-33"]


def test_boards_and_releases_change_without_a_trace_in_issues(jira):
    jira.edit.configure_board(1, columns=[("Open", ["1", "3"]), ("Shut", ["10002"])], estimation_field="customfield_1")
    shown = jira.ask.get("/rest/agile/1.0/board/1/configuration")
    assert [column["name"] for column in shown["columnConfig"]["columns"]] == ["Open", "Shut"]
    assert shown["estimation"]["field"]["fieldId"] == "customfield_1"
    jira.edit.update_version("10011", release_date=date(2027, 1, 1))
    versions = {one["id"]: one for one in jira.ask.get("/rest/api/3/project/PAY/versions")}
    assert versions["10011"]["releaseDate"] == "2027-01-01"
    assert jira.changed_since_start() == []


@pytest.mark.parametrize(
    ("mutations", "words"),
    [
        ([{"kind": "explode"}], r"mutations\[0\]\.kind: explode is none of update, "),
        ([{"kind": "comment", "issue": "PAY-1"}, {"kind": "update"}], r"mutations\[1\]\.update\.issue: Field required"),
        ([{"kind": "update", "issue": "PAY-1", "colour": 1}], r"update\.colour: Extra inputs"),
        ([{"kind": "update", "issue": "PAY-1", "points": "many"}], r"update\.points: Input should be a valid number"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_told_before_anything_is_done(jira_edit, mutations: list[dict[str, Any]], words: str):
    with pytest.raises(MutationError, match=words):
        jira_edit.apply(mutations)
    assert updated(jira_edit) == []


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "comment", "issue": "PAY-9999"}, {"kind": "move", "issue": "PAY-1", "project": "NONE"},
        {"kind": "update", "issue": "PAY-1", "status": "Nowhere"}, {"kind": "close_sprint", "sprint": 999},
        {"kind": "update", "issue": "PAY-1", "assignee": "nobody"}, {"kind": "update", "issue": "PAY-1", "sprint": 999},
        {"kind": "unlink", "link": "999"}, {"kind": "delete_worklog", "worklog": "999"},
        {"kind": "configure_board", "board": 99}, {"kind": "update_version", "version": "1"},
        {"kind": "configure_board", "board": 1, "columns": [["A", ["77"]]]},
        {"kind": "rename_project", "project": "PAY", "key": "DATA"},
    ],
    ids=lambda change: change["kind"],
)  # fmt: skip
def test_what_cannot_be_is_told(jira_edit, change: dict[str, Any]):
    with pytest.raises(MutationError, match=rf"mutations\[1\]\.{change['kind']}: .* \(1 before it were made\)"):
        jira_edit.apply([{"kind": "comment", "issue": "PAY-50"}, change])
    assert updated(jira_edit) == ["PAY-50"]
