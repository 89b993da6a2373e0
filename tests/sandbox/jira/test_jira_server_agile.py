"""Boards and sprints."""

from typing import Any

AGILE = "/rest/agile/1.0"


def test_boards_are_found_by_type_name_and_project(jira_site: Any) -> None:
    def found(**query: Any) -> list[int]:
        return [board["id"] for board in jira_site.get(f"{AGILE}/board", **query)["values"]]

    assert found() == [1, 2, 3]  # board 4 shows only what cannot be read
    assert found(type="kanban") == [3]
    assert found(projectKeyOrId="DATA") == [2]
    assert found(name="pay") == [1, 3]
    assert found(startAt=2, maxResults=1) == [3]
    jira_site.get(f"{AGILE}/board", 404, projectKeyOrId="SEC")
    jira_site.get(f"{AGILE}/board/4", 404)
    jira_site.get(f"{AGILE}/board/x", 404)


def test_sprints_come_by_50_without_total_closed_first(jira_site: Any) -> None:
    first = jira_site.get(f"{AGILE}/board/1/sprint", maxResults=1000)
    second = jira_site.get(f"{AGILE}/board/1/sprint", startAt=50)
    assert (len(first["values"]), first["isLast"], first["maxResults"]) == (50, False, 50)
    assert (len(second["values"]), second["isLast"]) == (10, True)
    assert "total" not in first
    assert [sprint["state"] for sprint in second["values"]][-3:] == ["closed", "active", "future"]
    assert not {"startDate", "endDate", "completeDate"} & second["values"][-1].keys()
    future = jira_site.get(f"{AGILE}/board/1/sprint", state="active,future")["values"]
    assert [sprint["id"] for sprint in future] == [59, 60]


def test_a_kanban_board_has_no_sprints(jira_site: Any) -> None:
    answer = jira_site.get(f"{AGILE}/board/3/sprint", 400)
    assert answer["errorMessages"] == ["The board does not support sprints"]


def test_a_sprint_shows_on_every_board_with_one_of_its_issues(jira_site: Any) -> None:
    elsewhere = jira_site.get(f"{AGILE}/board/2/sprint")["values"]
    assert [(sprint["id"], sprint["originBoardId"]) for sprint in elsewhere] == [(58, 1)]
    assert jira_site.get(f"{AGILE}/sprint/58") == elsewhere[0]
    keys = {issue["key"] for issue in jira_site.get(f"{AGILE}/sprint/58/issue", fields="status")["issues"]}
    there = {i["key"] for i in jira_site.get(f"{AGILE}/board/2/sprint/58/issue", fields="status")["issues"]}
    assert (keys, there) == ({"PAY-4", "DATA-1"}, {"DATA-1"})
    jira_site.get(f"{AGILE}/sprint/999", 404)


def test_configuration_tells_columns_and_estimation(jira_site: Any) -> None:
    points, counted, kanban = (jira_site.get(f"{AGILE}/board/{number}/configuration") for number in (1, 2, 3))
    assert points["estimation"]["field"]["fieldId"] == "customfield_10034"
    assert counted["estimation"] == {"type": "issueCount"}
    assert "estimation" not in kanban
    assert [column["name"] for column in points["columnConfig"]["columns"]] == ["To Do", "Doing", "Done"]
    assert points["columnConfig"]["columns"][2]["statuses"][0]["id"] == "10002"


def test_board_issues_page_by_offset_and_leave_epics_out_on_scrum_boards(jira_site: Any) -> None:
    scrum = jira_site.get(f"{AGILE}/board/1/issue", maxResults=500, fields="status")
    kanban = jira_site.get(f"{AGILE}/board/3/issue", maxResults=500, fields="status")
    scrum_keys, kanban_keys = ({issue["key"] for issue in page["issues"]} for page in (scrum, kanban))
    assert kanban_keys - scrum_keys == {"PAY-1"}
    assert scrum["total"] == len(scrum["issues"]) == 239
    narrowed = jira_site.get(f"{AGILE}/board/1/issue", jql="status = Done", fields="status")
    assert {issue["key"] for issue in narrowed["issues"]} == {"PAY-5", "PAY-7"}
    assert [epic["key"] for epic in jira_site.get(f"{AGILE}/board/1/epic", done="false")["values"]] == ["PAY-1"]
    assert jira_site.get(f"{AGILE}/board/1/epic", done="true")["values"] == []


def test_estimation_is_that_of_the_board(jira_site: Any) -> None:
    path = f"{AGILE}/issue/PAY-5/estimation"
    assert jira_site.get(path, boardId=1) == {"fieldId": "customfield_10034", "value": "4.0"}
    assert jira_site.get(path, boardId=3) == {}
    jira_site.get(path, 400)
    jira_site.get(path, 404, boardId=2)
