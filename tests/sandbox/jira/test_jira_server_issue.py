"""One issue: its fields, its parts that are cut, moved keys, deleted issues."""

from typing import Any

V3 = "/rest/api/3"


def test_fields_in_jiras_shapes(jira_site: Any) -> None:
    fields = jira_site.get(f"{V3}/issue/PAY-4")["fields"]
    assert fields["customfield_10020"][1:] == [
        {"id": 58, "name": "PAY Sprint 58", "state": "closed", "boardId": 1, "goal": "ship it",
         "startDate": "2026-10-19T08:00:00.000Z", "endDate": "2026-11-02T08:00:00.000Z",
         "completeDate": "2026-11-02T11:00:00.000Z"},
        {"id": 59, "name": "PAY Sprint 59", "state": "active", "boardId": 1, "goal": "ship it",
         "startDate": "2026-11-02T08:00:00.000Z", "endDate": "2026-11-16T08:00:00.000Z"},
    ]  # fmt: skip
    assert [option["value"] for option in fields["customfield_10021"]] == ["Impediment"]
    assert fields["customfield_10034"] == 3.0
    assert fields["customfield_10016"] is None
    assert fields["duedate"] == "2026-12-01"
    assert fields["timeoriginalestimate"] == 90_000
    assert fields["timetracking"]["originalEstimate"] == "3d 1h"
    assert [version["name"] for version in fields["fixVersions"]] == ["1.0", "2.0"]
    assert fields["created"] == "2025-10-13T07:00:00.003+0200"
    assert fields["comment"]["total"] == 7
    assert "parent" not in fields


def test_team_managed_projects_have_their_own_types_and_points(jira_site: Any) -> None:
    fields = jira_site.get(f"{V3}/issue/DATA-2")["fields"]
    assert (fields["customfield_10034"], fields["customfield_10016"]) == (None, 3.0)
    assert fields["issuetype"]["scope"] == {"type": "PROJECT", "project": {"id": "10002"}}
    assert (fields["issuetype"]["name"], fields["issuetype"]["hierarchyLevel"]) == ("Subtask", -1)
    stories = [t["id"] for t in jira_site.get(f"{V3}/issuetype") if t["name"] == "Story"]
    assert len(stories) == 2


def test_parent_epic_link_and_subtasks(jira_site: Any) -> None:
    child, subtask = (jira_site.get(f"{V3}/issue/{key}")["fields"] for key in ("PAY-2", "PAY-3"))
    assert child["parent"]["key"] == child["customfield_10014"] == "PAY-1"
    assert child["parent"]["fields"]["issuetype"]["hierarchyLevel"] == 1
    assert [issue["key"] for issue in child["subtasks"]] == ["PAY-3"]
    assert subtask["parent"]["key"] == "PAY-2"
    assert subtask["customfield_10014"] is None
    assert jira_site.get(f"{V3}/issue/DATA-2")["fields"]["customfield_10014"] is None


def test_links_stand_at_both_ends_and_not_to_what_cannot_be_seen(jira_site: Any) -> None:
    here = jira_site.get(f"{V3}/issue/PAY-4")["fields"]["issuelinks"]
    there = jira_site.get(f"{V3}/issue/PAY-5")["fields"]["issuelinks"]
    assert [(link["type"]["name"], "outwardIssue" in link) for link in here] == [("Blocks", True), ("Hampers", False)]
    assert here[0]["outwardIssue"]["key"] == "PAY-5"
    assert there[0]["inwardIssue"]["key"] == "PAY-4"
    assert there[0]["type"]["inward"] == "is blocked by"


def test_description_is_a_document_in_version_3_and_text_in_version_2(jira_site: Any) -> None:
    document = jira_site.get(f"{V3}/issue/PAY-4")["fields"]["description"]
    first, second = document["content"]
    assert [node["type"] for node in first["content"]] == ["text", "hardBreak", "text", "inlineCard", "text"]
    assert first["content"][3]["attrs"]["url"] == "https://github.com/acme/checkout/issues/7"
    assert second["content"] == [{"type": "text", "text": "Blocked by PAY-9"}]
    text = jira_site.get("/rest/api/2/issue/PAY-4")["fields"]["description"]
    assert text.startswith("First line\nsecond line")
    assert jira_site.get(f"{V3}/issue/PAY-5")["fields"]["description"] is None


def test_embedded_worklogs_are_cut_at_20(jira_site: Any) -> None:
    embedded = jira_site.get(f"{V3}/issue/PAY-4")["fields"]["worklog"]
    assert (len(embedded["worklogs"]), embedded["maxResults"], embedded["total"]) == (20, 20, 26)
    pages = [jira_site.get(f"{V3}/issue/PAY-4/worklog", startAt=at, maxResults=10) for at in (0, 10, 20)]
    numbers = [worklog["id"] for page in pages for worklog in page["worklogs"]]
    assert len(numbers) == len(set(numbers)) == pages[0]["total"] == 26
    assert numbers[:20] == [worklog["id"] for worklog in embedded["worklogs"]]


def test_changed_worklogs_hide_the_last_minute(jira_site: Any) -> None:
    everything = jira_site.get(f"{V3}/worklog/updated")
    assert len(everything["values"]) == 25
    assert everything["lastPage"] is True
    since = everything["values"][20]["updatedTime"]
    later = [value["worklogId"] for value in jira_site.get(f"{V3}/worklog/updated", since=since)["values"]]
    assert later == [30021, 30022, 30023, 30024]
    listed = jira_site.post(f"{V3}/worklog/list", {"ids": [*later, 1]})
    assert [worklog["id"] for worklog in listed] == ["30021", "30022", "30023", "30024"]


def test_a_moved_issue_answers_to_its_old_key(jira_site: Any) -> None:
    by_old, by_new = (jira_site.get(f"{V3}/issue/{key}") for key in ("DATA-3", "pay-241"))
    assert by_old == by_new
    assert by_old["key"] == "PAY-241"


def test_deleted_unreadable_and_unknown_issues_look_the_same(jira_site: Any) -> None:
    answers = [jira_site.get(f"{V3}/issue/{ref}", 404) for ref in ("PAY-8", "11007", "SEC-1", "PAY-9999")]
    assert all(answer == answers[0] for answer in answers)
    fetched = jira_site.post(f"{V3}/issue/bulkfetch", {"issueIdsOrKeys": ["PAY-5", "SEC-1", "DATA-3", "PAY-4"]})
    assert [issue["key"] for issue in fetched["issues"]] == ["PAY-4", "PAY-5", "PAY-241"]
    assert [error["id"] for error in fetched["issueErrors"]] == ["SEC-1"]


def test_bulk_fetch_takes_100(jira_site: Any) -> None:
    refs = [f"PAY-{number}" for number in range(100, 201)]
    assert len(jira_site.post(f"{V3}/issue/bulkfetch", {"issueIdsOrKeys": refs[:100]})["issues"]) == 100
    jira_site.post(f"{V3}/issue/bulkfetch", {"issueIdsOrKeys": refs}, 400)
    jira_site.post(f"{V3}/issue/bulkfetch", {"issueIdsOrKeys": []}, 400)


def test_people_who_left_and_apps_show_no_address(jira_site: Any) -> None:
    people = {person["accountId"]: person for person in jira_site.get(f"{V3}/users/search")}
    assert "emailAddress" in people["557058:acc-2"]
    assert "emailAddress" not in people["557058:acc-3"]
    assert people["557058:acc-3"]["active"] is False
    assert people["557058:bot"]["accountType"] == "app"
